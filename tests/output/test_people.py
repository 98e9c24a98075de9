"""What people read: times of their zone, telephones, money, and words that agree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from interop_cli import i18n
from interop_cli.domain.messages import counted, msg
from interop_cli.domain.sync.plan import Todo
from interop_cli.output import Column, ValueKind
from interop_cli.output.columns import choose
from interop_cli.output.people import readers
from interop_cli.output.words import OPERATIONS, operation_named, spoken

PACKAGE = Path(i18n.__file__).parent


@pytest.fixture
def french() -> Iterator[None]:
    i18n.set_language("fr")
    yield
    i18n.set_language("en")


def cells(columns: list[Column], row: tuple[Any, ...], *fields: str) -> list[str]:
    return [one(row) for one in readers(choose(columns, fields or None), columns)]


def test_times_are_those_of_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_zone", lambda: timezone(timedelta(hours=-5)))
    columns = [Column("at", ValueKind.TIME), Column("pushed_at"), Column("date", ValueKind.DATE)]
    row = ("2026-01-05T02:03:04Z", "2026-01-05T02:03:04Z", "2026-01-05")
    assert cells(columns, row) == ["2026-01-04 21:03", "2026-01-04 21:03", "2026-01-05"]
    assert cells(columns, ("2026-13-45T00:00:00Z", "soon", None)) == [
        *("2026-13-45T00:00:00Z", "soon", "")
    ]


def test_money_is_of_the_currency_beside_it(french: None) -> None:
    columns = [Column("total_cents", ValueKind.MONEY), Column("currency")]
    assert cells(columns, (123450, "CAD"), "total_cents") == ["1\u00a0234,50\u00a0$"]
    assert cells(columns, (123450, "USD"), "total_cents") == ["1\u00a0234,50\u00a0$\u00a0US"]
    assert cells(columns[:1], (123450,)) == ["1\u00a0234,50"]
    assert cells(columns, (None, "CAD"), "total_cents") == [""]


def test_telephones_are_written_as_people_do(french: None) -> None:
    columns = [Column("phone", ValueKind.PHONE), Column("contacts", ValueKind.JSON)]
    row = ("+14185550123;ext=22", '[{"mobile":"+14185550199"},{"mobile":null}]')
    assert cells(columns, row, "phone", "contacts.mobile") == [
        *("418 555-0123, poste 22", "418 555-0199")
    ]


@pytest.mark.parametrize("todo", [one for one in Todo if one is not Todo.BLOCKED])
def test_every_action_of_sync_has_its_noun(french: None, todo: Todo) -> None:
    assert cells([Column("action")], (str(todo),)) != [str(todo)]


@pytest.mark.parametrize("what", ["changed", "merged", "deleted", "orphan"])
def test_what_became_of_a_record_there_has_its_word(french: None, what: str) -> None:
    assert cells([Column("what")], (what,)) != [what]


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("invoice", "posted", ["facture", "émise"]),
        ("job", "posted", ["dossier de production", "émis"]),
        ("quote", "void", ["soumission", "annulée"]),
        ("packing_slip", "void", ["bon d'expédition", "annulé"]),
        ("credit_note", "draft", ["note de crédit", "brouillon"]),
        ("quickbooks", "else", ["quickbooks", "else"]),
    ],
)
def test_words_agree_with_what_they_are_said_of(
    french: None, kind: str, status: str, words: list[str]
) -> None:
    columns = [Column("kind"), Column("status")]
    assert cells(columns, (kind, status)) == words


def test_what_a_write_did_agrees_with_what_it_wrote(french: None) -> None:
    columns = [Column("action")]
    for feminine, word in ((True, "créée"), (False, "créé")):
        (read,) = readers(choose(columns, None), columns, feminine=feminine)
        assert read(("created",)) == word
    assert spoken("action", "update", "note") == "modification"


def test_english_has_the_words_without_what_tells_them_apart() -> None:
    columns = [Column("kind"), Column("status")]
    assert cells(columns, ("credit_note", "posted")) == ["credit note", "posted"]


def test_every_operation_has_a_name(french: None) -> None:
    """What is written is said in words: no name of an operation is left for people to read."""
    named = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if called in ("write", "_write", "run") and texts and isinstance(texts[0], str):
                    named.add(texts[0])
                named |= {
                    one.value.value
                    for one in node.keywords
                    if one.arg == "operation" and isinstance(one.value, ast.Constant)
                }
    named = {name for name in named if "." in str(name)}
    assert len(named) > 20
    assert sorted(named - set(OPERATIONS)) == []
    assert not [name for name in OPERATIONS if operation_named(name) == name]


def test_a_name_that_ends_with_a_full_stop_gets_no_second_one() -> None:
    assert i18n.translate(msg("There is no client {code}.", code="inc.")) == (
        "There is no client inc."
    )
    assert i18n.translate(
        counted("{count} of {name}.", "{count} of {name}.", count=1, name="inc.")
    ) == ("1 of inc.")
    assert i18n._("{name}.png {name}… {name}.", name="a.") == "a..png a.… a."
