"""Web addresses: a light check."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from interop_cli.domain.rules import Context
from interop_cli.domain.values.email import read_website


@pytest.mark.parametrize(
    "text",
    [
        "acme.ca",
        "www.acme.ca",
        "http://acme.ca",
        "HTTPS://Acme.CA/Fr?x=1#y",
        "québec.ca",
        "acme.ca:8080/a",
        "https://a-b.c-d.example.com/",
        "www.xn--qubec-csa.ca",
    ],
)
def test_good(text: str) -> None:
    context = Context()
    assert read_website("website", f" {text} ", context) == text
    assert context.warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "acme",
        "ftp://acme.ca",
        "javascript:alert(1)",
        "http://",
        "http://acme",
        "acme .ca",
        "http://luc:secret@acme.ca",
        "a..ca",
        ".ca",
        "-acme.ca",
        "acme.123",
        "luc@acme.ca",
        "n/a",
        "2233",
    ],
)
def test_what_is_none_is_kept_with_a_warning(text: str) -> None:
    context = Context()
    assert read_website("website", f"{text} ", context) == text
    (warning,) = context.warnings
    assert (warning.path, warning.code) == ("website", "client.website.format")
    assert text not in str(warning.message)


def test_too_long() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        read_website("website", "acme.ca/" + "x" * 200, Context())
    assert caught.value.type == "text.too_long"
