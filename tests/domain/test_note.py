"""Notes and their categories."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from interop_cli.domain.note import MAX_TEXT, Note
from interop_cli.domain.rules import Rules


def test_a_note() -> None:
    note = Note.build({"category": "EXPEDITION", "text": " un\r\ndeux ", "author": "luc"}, Rules())
    assert (note.category, note.text, note.author) == ("expédition", "un\ndeux", "luc")
    assert Note.build({"text": "x"}, Rules()).category == "général"


@pytest.mark.parametrize("text", ["", " \n ", None])
def test_a_text_is_required(text: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Note.build({"text": text}, Rules())
    assert [e["type"] for e in caught.value.errors()] == ["missing"]


def test_categories_are_the_company_s() -> None:
    rules = Rules(note_categories=("Presse", "Reliure"))
    assert Note.build({"text": "x", "category": "reliure"}, rules).category == "Reliure"
    with pytest.raises(ValidationError) as caught:
        Note.build({"text": "x", "category": "ventes"}, rules)
    (error,) = caught.value.errors()
    assert error["type"] == "note.category.unknown"
    assert error["ctx"]["choices"] == "Presse, Reliure"


def test_a_category_that_was_removed_stays_on_old_notes() -> None:
    note = Note.build({"text": "x", "category": "ventes"}, Rules())
    assert note.revise({"text": "y"}, Rules(note_categories=("Presse",))).category == "ventes"


def test_long_text() -> None:
    with pytest.raises(ValidationError):
        Note.build({"text": "x" * (MAX_TEXT + 1)}, Rules())
