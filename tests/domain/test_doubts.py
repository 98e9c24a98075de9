"""Cells that hold what nobody typed."""

from __future__ import annotations

import pytest

from interop_cli.domain.document import Document
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import encoded_twice, is_no_value, without_value

TEXTS = ["Imprimerie Léger", "Éditions du Château", "l’œuvre", "« Noël »", "10 € à côté", "N° 3…"]


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("text", TEXTS)
def test_letters_that_were_encoded_twice(text: str, codec: str) -> None:
    misread = "".join(
        byte.decode("latin-1") if (read := byte.decode(codec, "replace")) == "\ufffd" else read
        for byte in (bytes([number]) for number in text.encode())
    )
    assert encoded_twice(misread)
    assert not encoded_twice(text)


@pytest.mark.parametrize(
    "text",
    [
        "CHÂTEAU",
        "PÂTÉ",
        "L'Âge d'or",
        "Ångström",
        "São Paulo",
        "JOÃO",
        "Österreich",
        "√2",
        "MAÎTRE « PÂTRE »",
        "Škoda",
        "ÂGE°",
        "Łódź",
        "東京",
        "a ¬ b",
        "Ô",
        "plain",
    ],
)
def test_other_letters_are_no_fault(text: str) -> None:
    assert not encoded_twice(text)


@pytest.mark.parametrize("word", ["#N/A", "#VALEUR!", "NULL", "null", "(null)", "\\N", "NaN"])
def test_words_for_nothing(word: str) -> None:
    assert is_no_value(word)
    (found,) = without_value({"email": word, "name": "Luc Null", "tags": ["NULL"], "phone": ""})
    assert found[0] == "email"
    assert found[1].params == {"word": word}


def test_values_that_look_like_such_words_are_none() -> None:
    assert list(without_value({"shipper_identity": "None", "name": "Null", "terms": "n/a"})) == []
    assert [name for name, _message in without_value({"terms": "None"})] == ["terms"]


def test_a_place_of_several_lines_is_one_line_of_a_document() -> None:
    values = {"kind": "quote", "date": "2026-01-05", "ship_to": "Quai 3\r\n1 rue A\n\nQuébec"}
    assert Document.build(values, Context()).ship_to == "Quai 3, 1 rue A, Québec"
