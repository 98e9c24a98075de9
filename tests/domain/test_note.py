"""Notes and their categories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.note import MAX_TEXT, Note, attachment_name
from interop_cli.domain.rules import Context, Policy


def test_a_note() -> None:
    note = Note.build(
        {"category": "EXPEDITION", "text": " un\r\ndeux ", "author": "luc"}, Context()
    )
    assert (note.category, note.text, note.author) == ("expédition", "un\ndeux", "luc")
    assert Note.build({"text": "x"}, Context()).category == "général"


@pytest.mark.parametrize("text", ["", " \n ", None])
def test_a_text_is_required(text: object) -> None:
    with pytest.raises(InvalidData) as caught:
        Note.build({"text": text}, Context())
    assert [e.code for e in caught.value.details] == ["field.missing"]


def test_categories_are_the_company_s() -> None:
    rules = Context(Policy(note_categories=("Presse", "Reliure")))
    assert Note.build({"text": "x", "category": "reliure"}, rules).category == "Reliure"
    with pytest.raises(InvalidData) as caught:
        Note.build({"text": "x", "category": "ventes"}, rules)
    (error,) = caught.value.details
    assert error.code == "note.category.unknown"
    assert error.message.params["choices"] == "Presse, Reliure"


def test_a_category_that_was_removed_stays_on_old_notes() -> None:
    note = Note.build({"text": "x", "category": "ventes"}, Context())
    assert (
        note.revise({"text": "y"}, Context(Policy(note_categories=("Presse",)))).category
        == "ventes"
    )


def test_long_text() -> None:
    with pytest.raises(InvalidData):
        Note.build({"text": "x" * (MAX_TEXT + 1)}, Context())


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
    assert Note.build({"text": "x", "created_at": given_time}, Context()).created_at == stored


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", "2026-03-02T15:04:05", 20260302])
def test_what_is_no_time_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidData) as caught:
        Note.build({"text": "x", "created_at": wrong}, Context())
    assert [error.code for error in caught.value.details] == ["note.created_at.format"]
