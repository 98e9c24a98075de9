"""Web addresses: a light check."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from interop_cli.domain.values.email import check_website


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
    assert check_website(f" {text} ") == text


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
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        check_website(text)
    assert caught.value.type == "client.website.format"
    assert text not in caught.value.message()


def test_too_long() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        check_website("acme.ca/" + "x" * 200)
    assert caught.value.type == "text.too_long"
