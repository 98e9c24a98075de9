"""pydantic's errors in our words."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.entity import invalid, merged, refused
from interop_cli.domain.errors import Conflict, InvalidData
from interop_cli.domain.messages import Message
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import check_code
from interop_cli.domain.values.money import parse_cents


def invalid_client(**values: Any) -> InvalidData:
    with pytest.raises(InvalidData) as caught:
        Client.build(values, Context().at(41, "ACME"))
    return caught.value


def test_one_field() -> None:
    error = invalid_client(name="x", email="not one")
    assert (error.code, error.exit_code) == ("email.format", 65)
    (detail,) = error.details
    assert (detail.path, detail.code, detail.line, detail.key) == (
        "email",
        "email.format",
        41,
        "ACME",
    )
    assert str(error.message) == "email: is not an e-mail address"


def test_several_fields() -> None:
    error = invalid_client(email="x", colour="red")
    assert error.code == "data.invalid"
    assert error.message.params == {"count": 3}
    assert {(d.path, d.code) for d in error.details} == {
        ("name", "field.missing"),
        ("email", "email.format"),
        ("colour", "field.extra_forbidden"),
    }


def test_a_message_keeps_its_msgid_and_parameters() -> None:
    (detail,) = invalid_client(name="x" * 201).details
    assert detail.message is not None
    assert detail.message.msgid == "has more than {max} characters"
    assert detail.message.params == {"max": 200}


def test_a_prefix() -> None:
    with pytest.raises(InvalidData) as caught:
        Address.build({"line1": "x"}, Context().under("address."))
    error = caught.value
    assert {d.path for d in error.details} == {"address.city", "address.postal_code"}
    assert {d.code for d in error.details} == {"field.missing"}


class Sample(BaseModel):
    flag: bool = False
    number: int = 0
    text: str = ""
    choice: Literal["a", "b", "c"] = "a"
    items: list[dict[str, int]] = []


@pytest.mark.parametrize(
    ("values", "path", "code", "sentence"),
    [
        ({"flag": "secret"}, "flag", "field.bool_parsing", "neither a yes nor a no"),
        ({"number": "secret"}, "number", "field.int_parsing", "whole number"),
        ({"number": 1.5}, "number", "field.int_from_float", "whole number"),
        ({"text": ["secret"]}, "text", "field.string_type", "not text"),
        ({"choice": "secret"}, "choice", "field.literal_error", "not one of a, b, c"),
        ({"items": "secret"}, "items", "field.list_type", "not a list"),
        ({"items": [{"n": "secret"}]}, "items.0.n", "field.int_parsing", "whole number"),
    ],
)
def test_pydantic_s_own_errors(values: dict[str, Any], path: str, code: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(values)
    (detail,) = invalid(caught.value).details
    assert (detail.path, detail.code) == (path, code)
    assert sentence in str(detail.message)
    assert "secret" not in str(detail.message)


def test_a_rule_on_its_own() -> None:
    with pytest.raises(ValueError, match="accents") as caught:
        check_code("É")
    error = refused(caught.value, "code").at(3, "ACME")  # type: ignore[arg-type]
    assert (error.code, error.details[0].path, error.details[0].line) == (
        "client.code.format",
        "code",
        3,
    )
    with pytest.raises(ValueError) as missing:  # noqa: PT011
        check_code("")
    assert refused(missing.value, "code").code == "field.missing"  # type: ignore[arg-type]


def test_several_errors_as_one() -> None:
    with pytest.raises(ValueError, match="two ways") as caught:
        parse_cents("1,234", "CAD")
    both = merged(invalid_client(name=""), refused(caught.value, "total"))  # type: ignore[arg-type]
    assert [(d.path, d.code) for d in both.details] == [
        ("name", "field.missing"),
        ("total", "money.ambiguous"),
    ]


def test_one_error_is_given_its_line_where_it_is_known() -> None:
    error = invalid_client(name="x", email="not one")
    assert merged(error) is error
    assert error.at(7, "OTHER") is error
    assert [(d.line, d.key) for d in error.details] == [(41, "ACME")]  # it said so itself
    bare = Conflict("x.y", Message("no")).at(7, "OTHER", "bill_to")
    assert [(d.path, d.code, d.line, d.key) for d in bare.details] == [
        ("bill_to", "x.y", 7, "OTHER")
    ]
