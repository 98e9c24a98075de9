"""Notes and their categories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from interop_cli.domain.note import MAX_TEXT, Note, attachment_name
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


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plan.pdf", "plan.pdf"),
        ("/home/julie/plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Bureau\\plan.pdf", "plan.pdf"),
        ("a/b/", "b"),
        ("..", ".."),
        ("", "file"),
        ("a\x1b[31m\n.pdf", "a�[31m�.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_the_name_of_a_file_is_its_last_part(path: str, name: str) -> None:
    assert attachment_name(path) == name


@given(st.text(max_size=300))
def test_any_name_can_be_shown(path: str) -> None:
    name = attachment_name(path)
    assert 0 < len(name) <= 200
    assert not set(name) & set("/\\\n\r\t\x00\x1b")
    assert attachment_name(name) == name


@pytest.mark.parametrize(
    ("given_time", "stored"),
    [
        (None, None),
        ("", None),
        ("2026-03-02", "2026-03-02T00:00:00Z"),
        ("2026-03-02T15:04:05Z", "2026-03-02T15:04:05Z"),
    ],
)
def test_a_note_may_say_when_it_was_written(given_time: object, stored: str | None) -> None:
    assert Note.build({"text": "x", "created_at": given_time}, Rules()).created_at == stored


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", "2026-03-02T15:04:05", 20260302])
def test_what_is_no_time_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Note.build({"text": "x", "created_at": wrong}, Rules())
    assert [error["type"] for error in caught.value.errors()] == ["note.created_at.format"]
