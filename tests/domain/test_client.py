"""Clients: their fields, their defaults, and what a revision keeps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.client import Client
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context, Policy


def build(rules: Context | None = None, /, **values: Any) -> Client:
    return Client.build(
        {"name": "Imprimerie Québec"} | values, Context() if rules is None else rules
    )


def faults(rules: Context | None = None, /, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidData) as caught:
        build(rules, **values)
    return {e.path: e.code for e in caught.value.details}


def test_defaults() -> None:
    client = build()
    assert (client.code, client.active, client.prospect) == ("", True, False)
    assert (client.language, client.currency, client.terms) == ("fr", "CAD", None)
    assert (client.shipper_identity, client.tags, client.accounting) == ("standard", [], {})
    assert (client.id, client.version, client.bill_to_id) == (None, 1, None)


def test_defaults_come_from_the_rules() -> None:
    rules = Context(Policy(prospect=True, language="en", currency="USD", terms="net30"))
    for values in ({}, {"prospect": "", "language": "", "currency": None, "terms": ""}):
        client = build(rules, **values)
        assert (client.prospect, client.language) == (True, "en")
        assert (client.currency, client.terms) == ("USD", "net30")
    client = build(rules, prospect="non", language="fr", currency="cad", terms="comptant")
    assert (client.prospect, client.language) == (False, "fr")
    assert (client.currency, client.terms) == ("CAD", "comptant")


def test_no_field_is_shared_between_clients() -> None:
    one, two = build(tags="vip"), build(tags="vip")
    one.tags.append("x")
    assert two.tags == ["vip"]


def test_empty_cells_are_like_absent_ones() -> None:
    empty = {
        name: ""
        for name in Client.model_fields
        if name
        not in (
            "id",
            "name",
            "version",
            "bill_to_id",
            "created_at",
            "updated_at",
            "logo",
            "merged_into_id",
        )
    }
    assert build(**empty) == build()
    assert build(**dict.fromkeys(empty)) == build()


@pytest.mark.parametrize("name", ["", "  ", None, "\u200b"])
def test_a_name_is_required(name: object) -> None:
    assert faults(name=name) == {"name": "field.missing"}


def test_a_name_absent() -> None:
    with pytest.raises(InvalidData) as caught:
        Client.build({}, Context())
    assert [e.code for e in caught.value.details] == ["field.missing"]


def test_each_bad_field_is_named() -> None:
    assert faults(
        name="x" * 201,
        code="é",
        language="de",
        email="x",
        website="x" * 201,
        currency="ABC",
        terms="x" * 41,
        shipper_identity="us",
        gst="1",
        qst="1",
        neq="1",
        tags=3,
        accounting="x",
        prospect="peut-être",
        active="?",
        phone="1" * 61,
        external_id="\0",
        bill_to_id="x",
        colour="red",
    ) == {
        "name": "text.too_long",
        "code": "client.code.format",
        "language": "client.language.unknown",
        "email": "email.format",
        "website": "text.too_long",
        "currency": "client.currency.unknown",
        "terms": "text.too_long",
        "shipper_identity": "choice.unknown",
        "gst": "client.gst.format",
        "qst": "client.qst.format",
        "neq": "client.neq.format",
        "tags": "client.tags.format",
        "accounting": "client.accounting.format",
        "prospect": "bool.format",
        "active": "bool.format",
        "phone": "text.too_long",
        "external_id": "text.control",
        "bill_to_id": "field.int_parsing",
        "colour": "field.extra_forbidden",
    }


def test_nothing_typed_is_in_an_error() -> None:
    with pytest.raises(InvalidData) as caught:
        build(email="secret-thing", phone="secret-thing" * 9, website="secret-thing", tags=["a,b"])
    assert "secret-thing" not in str(caught.value)
    assert all("secret-thing" not in str(e.message) for e in caught.value.details)


@pytest.mark.parametrize("name", ["name", "email", "phone", "website", "terms", "tags", "qst"])
@pytest.mark.parametrize("char", ["\0", "\x1b", "\ud800"])
def test_controls_are_refused_everywhere(name: str, char: str) -> None:
    assert faults(**{name: f"a{char}b"}) == {name: "text.control"}


def test_numbers_of_json_are_text() -> None:
    client = build(code=123, external_id=7, accounting={"terms": 30})
    assert (client.code, client.external_id) == ("123", "7")
    assert client.accounting == {"terms": "30"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Français", "fr"),
        ("francais", "fr"),
        ("FR", "fr"),
        ("fr-CA", "fr"),
        ("fr_CA", "fr"),
        ("English", "en"),
        ("anglais", "en"),
        ("EN", "en"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert build(language=text).language == language


def test_tags() -> None:
    tags = ["vip", "Éco"]
    assert build(tags=" vip, Éco ,VIP,, éco").tags == sorted(tags, key=lambda t: t != "Éco")
    assert build(tags=["vip", "offset"]).tags == ["offset", "vip"]
    assert faults(tags=["a,b"]) == {"tags": "client.tags.format"}
    assert faults(tags="x" * 41) == {"tags": "text.too_long"}


def test_accounting_fields() -> None:
    assert build(accounting={"b": "1", "a": " x ", "c": "", "d": None}).accounting == {
        "a": "x",
        "b": "1",
    }


def test_a_phone_is_read_where_the_caller_says() -> None:
    assert build(phone="514 555-0123").phone == "+15145550123"
    assert build(Context().phones_in("FR"), phone="01 42 68 53 00").phone == "+33142685300"
    rules = Context()
    assert build(rules, phone="01 42 68 53 00").phone == "01 42 68 53 00"
    assert [(w.path, w.code) for w in rules.warnings] == [("phone", "phone.invalid")]


def test_without_rules_the_defaults_apply() -> None:
    assert Client.model_validate({"name": "x"}).language == "fr"


def test_a_revision_changes_what_it_says() -> None:
    client = build(code="ACME", email="a@acme.ca", tags="vip", terms="net30")
    other = client.revise(
        {"name": "Acme inc.", "email": "", "terms": ""}, Context(Policy(terms="net60"))
    )
    assert (other.name, other.email, other.terms) == ("Acme inc.", None, None)
    assert (other.code, other.tags) == ("ACME", ["vip"])
    assert client.email == "a@acme.ca"


def test_a_revision_checks_what_changes_and_nothing_else() -> None:
    old = Client.stored(build().model_dump() | {"id": 4, "phone": "911", "qst": "1012345672TQ0001"})
    rules = Context()
    new = old.revise({"name": "Acme inc."}, rules)
    assert (new.phone, new.qst, new.id) == ("911", "1012345672TQ0001", 4)
    assert rules.warnings == []
    with pytest.raises(InvalidData) as caught:
        old.revise({"qst": "1012345673TQ0001"}, rules)
    assert caught.value.details[0].code == "client.qst.check"
    old.revise({"phone": "912"}, rules)
    assert [w.code for w in rules.warnings] == ["phone.invalid"]


def test_a_revision_of_an_address_let_in() -> None:
    from interop_cli.domain.address import Address

    values = {
        "line1": "x",
        "city": "y",
        "province": "BC",
        "postal_code": "T2F 8M4",
        "country": "CA",
    }
    old = Address.build(values, Context(Policy(allow_mismatch=True)))
    rules = Context()
    assert old.revise({"phone": "604 555-4729"}, rules).phone == "+16045554729"
    assert rules.warnings == []
    typed = Address.build(values | {"phone": "911"}, Context(Policy(allow_mismatch=True)))
    assert typed.revise({"label": "Quai"}, rules).phone == "911"
    assert rules.warnings == []
    with pytest.raises(InvalidData):
        old.revise({"postal_code": "T2F 8M5"}, rules)
    with pytest.raises(InvalidData):
        old.revise({"country": "US"}, rules)


@given(
    st.fixed_dictionaries(
        {"name": st.text(min_size=1, max_size=30)},
        optional={
            "code": st.text("ab-9.", max_size=9),
            "phone": st.text("0123456789 ()-", max_size=15),
            "tags": st.text("abÉé, ", max_size=15),
            "external_id": st.text(max_size=9),
            "terms": st.text(max_size=9),
            "accounting": st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3),
            "prospect": st.sampled_from(["oui", "", None, False]),
        },
    )
)
def test_a_checked_client_passes_again_unchanged(values: dict[str, Any]) -> None:
    try:
        client = Client.build(values, Context())
    except InvalidData:
        return
    assert Client.build(client.model_dump(), Context()) == client
    assert client.revise({}, Context()) == client
    assert Client.stored(client.model_dump()) == client
