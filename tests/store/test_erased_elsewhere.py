"""Erasing a person, further off: odd spellings, other clients, open snapshots, and what remains."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.errors import IoFailure
from interop_cli.domain.rules import Context
from interop_cli.services.people import addresses, notes
from interop_cli.store.engines import sqlite
from interop_cli.store.engines.health import doctor
from interop_cli.store.store import Store
from interop_cli.store.writing import erasures
from tests.store.test_erasing import NEVER, PERSON, create, everything, note
from tests.store.test_erasing import erase as erase_and_rewrite
from tests.support.cli import Run
from tests.support.stores import add_client, open_store

NAME = PERSON["name"]


def full_width(text: str) -> str:
    """As a program of the far east writes Latin letters."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


SPELT: dict[str, Callable[[str], str]] = {
    "soft hyphens": lambda text: "\u00ad".join(text),
    "one soft hyphen": lambda text: text[:3] + "\u00ad" + text[3:],
    "taken apart": lambda text: unicodedata.normalize("NFD", text),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0").replace("-", "\u2011"),
    "narrow spaces": lambda text: text.replace(" ", "\u202f"),
    "no marks": lambda text: "Marie-Eve Trepanier",
    "other marks": lambda text: "Mârié-Ève Trêpanîer",
    "capitals": str.upper,
    "full width": full_width,
    "run together": lambda text: text.replace(" ", "").replace("-", ""),
    "zero width": lambda text: text.replace(" ", "\u200b"),
    "in a name of a file": lambda text: f"cv_{text.replace(' ', '_')}_2026",
    "last name first": lambda text: "TRÉPANIER, Marie-Ève",
}


@pytest.mark.parametrize("spelt", SPELT)
def test_a_name_goes_however_it_is_written(store: Store, spelt: str) -> None:
    add_client(store, code="A")
    contact = create(store)
    noted = note(store, "A", f"Voir {SPELT[spelt](NAME)} demain")
    store.run(
        lambda uow: notes.edit(uow, noted, {"text": f"Ou {SPELT[spelt](NAME)}."}, Context()),
        operation="note.edit",
    )
    erase_and_rewrite(store, contact)
    (row,) = store.conn.query("SELECT text FROM note")
    assert row["text"].startswith("Ou ")
    assert "[…]" in row["text"]
    found = [r["before"] for r in store.conn.query("SELECT before FROM change")]
    assert not any(SPELT[spelt]("Trépanier") in text for text in found if text)
    assert [text for text in NEVER if text in everything(store)] == []


@pytest.mark.parametrize(
    "phone", ["418 555 01 77", "(418) 555.0177 poste 22", "4 1 8 5 5 5 0 1 7 7"]
)
def test_a_phone_goes_however_its_digits_are_grouped(store: Store, phone: str) -> None:
    add_client(store, code="A")
    contact = create(store)
    note(store, "A", f"Rappeler au {phone}, SVP")
    erase_and_rewrite(store, contact)
    (row,) = store.conn.query("SELECT text FROM note")
    assert row["text"] == "Rappeler au […], SVP"


def place(store: Store, code: str, **values: Any) -> int:
    fields = {"line1": "5 rue B", "city": "Québec", "postal_code": "G1K 7X2", **values}
    outcome, _ = store.run(
        lambda uow: addresses.create(uow, code, fields, Context()), operation="address.create"
    )
    return int(outcome.items[0]["id"])


def test_the_name_goes_where_other_clients_have_the_phone_or_the_e_mail(store: Store) -> None:
    add_client(store, code="A")
    add_client(store, code="B", name="Autre", line1="9 rue C")
    contact = create(store)
    noted = note(store, "B", f"{NAME} viendra; {PERSON['mobile']}")
    mailed = note(store, "B", f"{NAME.upper()} <{PERSON['email']}>")
    alone = note(store, "B", f"{NAME} viendra")
    address = place(store, "B", attention=NAME, phone=PERSON["mobile"])
    # The number is not in the row any more, but was; and in the journal the name stands alone.
    store.run(
        lambda uow: notes.edit(uow, noted, {"text": f"{NAME} ne viendra pas"}, Context()),
        operation="note.edit",
    )
    store.run(
        lambda uow: addresses.edit(uow, address, {"attention": "Quai 2"}, Context()),
        operation="address.edit",
    )
    outcome = erase_and_rewrite(store, contact)
    rows = {row["id"]: row["text"] for row in store.conn.query("SELECT id, text FROM note")}
    assert rows == {noted: "[…] ne viendra pas", mailed: "[…] <[…]>", alone: f"{NAME} viendra"}
    befores = [row["before"] or "" for row in store.conn.query("SELECT before FROM change")]
    assert not any(NAME in text for text in befores)
    # What may be another's of that name is said, now and the next time, until it is gone.
    for again in (outcome, erase_and_rewrite(store, contact)):
        assert again.extra["elsewhere"] == [{"kind": "note", "reference": f"#{alone}"}]
        assert "erase.elsewhere" in {warning.code for warning in again.warnings}
    store.run(lambda uow: notes.delete(uow, [alone]), operation="note.delete")
    assert erase_and_rewrite(store, contact).extra["elsewhere"] == []


def test_everywhere_takes_the_name_but_from_a_namesake(store: Store) -> None:
    for code in ("A", "B", "C"):
        add_client(store, code=code, name=f"Client {code}", line1=f"{code} rue D")
    contact = create(store)
    namesake = create(store, "C", email="other@x.ca", phone=None, mobile=None)
    gone, kept = note(store, "B", NAME), note(store, "C", NAME)
    outcome = erase_and_rewrite(store, contact, everywhere=True)
    rows = {row["id"]: row["text"] for row in store.conn.query("SELECT id, text FROM note")}
    assert rows == {gone: "[…]", kept: NAME}
    assert outcome.extra["elsewhere"] == [{"kind": "note", "reference": f"#{kept}"}]
    (row,) = store.conn.query("SELECT name FROM contact WHERE id = :id", id=namesake)
    assert row["name"] == NAME


def test_what_remains_is_said_again(store: Store) -> None:
    add_client(store, code="A", phone="418 555-0177")
    contact = create(store)
    note(store, "A", f"{NAME}", ("plan.txt", b"plan"))
    note(store, "A", "Mme Trépanier")
    outcome = erase_and_rewrite(store, contact)
    told = [(warning.code, str(warning.message)) for warning in outcome.warnings]
    assert {code for code, _ in told} == {"erase.shared", "erase.look", "erase.attachments"}
    again = erase_and_rewrite(store, contact)
    assert [(warning.code, str(warning.message)) for warning in again.warnings] == told
    assert again.extra["left"] == outcome.extra["left"]
    (attached,) = store.conn.query("SELECT id FROM attachment")
    last = erase_and_rewrite(store, contact, attachment_ids=[attached["id"]])
    assert "erase.attachments" not in {warning.code for warning in last.warnings}


# -- who reads meanwhile ----------------------------------------------------------------------


@pytest.fixture
def log_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """WAL, whatever the library; what makes it unsafe does not happen here."""
    monkeypatch.setattr(sqlite, "wal_is_safe", lambda: True)


@pytest.fixture
def erased(ready_url: str, invoke: Run, log_is_safe: None) -> Callable[..., Any]:
    """A client, a contact, and how to erase it while another program has a snapshot."""
    store = open_store(ready_url)
    if isinstance(store.conn, sqlite.SqliteConnection):
        store.conn.prefer_wal()
    add_client(store, code="A")
    create(store)
    store.close()

    def erase(*args: object) -> Any:
        return invoke(
            "--db",
            ready_url,
            "--lock-timeout",
            "0.3",
            "contact",
            "erase",
            "1",
            "--confirm",
            "1",
            "--json",
            *args,
        )

    return erase


def test_a_snapshot_that_is_open_is_told_of_and_a_later_run_finishes(
    erased: Callable[..., Any], ready_url: str, invoke: Run
) -> None:
    reader = open_store(ready_url)
    with reader.reading() as conn:
        assert conn.query("SELECT name FROM contact")
        done = erased()
        assert done.code == 10
        assert done.json["changed"] == 1
        assert "erase.readers" in {warning["code"] for warning in done.json["warnings"]}
        again = erased()
        assert (again.code, again.json["changed"]) == (10, 0)
        assert conn.query("SELECT name FROM contact") == [{"name": NAME}]
    assert erasures.unfinished(reader.conn) == [1]
    findings = doctor(reader.conn, ready_url, reader.now())
    assert "erase.unfinished" in {row["code"] for row in findings}
    reader.close()
    done = erased()
    assert done.code == 0
    store = open_store(ready_url)
    assert [text for text in NEVER if text in everything(store)] == []
    assert erasures.unfinished(store.conn) == []
    assert "erase.unfinished" not in {
        row["code"] for row in doctor(store.conn, ready_url, store.now())
    }
    store.close()


def test_any_later_write_finishes_it(
    sqlite_ready_url: str, invoke: Run, log_is_safe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill right after the commit."""
    store = open_store(sqlite_ready_url)
    add_client(store, code="A")
    create(store)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite.SqliteConnection, "scrub", lambda *_, **__: "readers")
        done = invoke("--db", sqlite_ready_url, "contact", "erase", "1", "--confirm", "1")
    assert done.code == 10
    assert erasures.unfinished(store.conn) == [1]
    assert invoke("--db", sqlite_ready_url, "client", "edit", "A", "--city", "Lévis").code == 0
    assert erasures.unfinished(store.conn) == []
    assert [text for text in NEVER if text in everything(store)] == []
    store.close()


def test_a_file_that_cannot_be_rewritten_is_told_as_applied(
    erased: Callable[..., Any], ready_url: str, invoke: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop_cli.domain.messages import msg

    def full(*_args: object, **_how: object) -> None:
        raise IoFailure("io.disk_full", msg("The disk is full."))

    with monkeypatch.context() as patch:
        patch.setattr(erasures, "finish", full)
        done = erased()
        words = invoke("--db", ready_url, "contact", "erase", "1", "--confirm", "1", "--lang", "en")
    assert (done.code, done.error["code"], done.error["applied"]) == (74, "erase.scrub", True)
    assert "erase 1 --confirm 1" in done.error["hint"]
    assert "nothing was changed" not in done.stderr
    assert "The person was erased" in words.stderr
    assert erased().code == 0


def test_only_copies_of_this_database_are_named(
    sqlite_ready_url: str, invoke: Run, tmp_path: Path
) -> None:
    """By what they hold, whatever they are called."""
    store = open_store(sqlite_ready_url)
    add_client(store, code="A")
    create(store)
    store.close()
    db = ("--db", sqlite_ready_url)
    assert invoke(*db, "db", "backup", "monday.db").code == 0
    (tmp_path / "interop.csv").write_text("a")
    (tmp_path / "interop.db.lock").write_text("")
    other = tmp_path / "interop2.db"
    assert invoke("--db", other, "db", "init").code == 0
    for dry in (("--dry-run",), ()):
        done = invoke(*db, "contact", "erase", "1", "--confirm", "1", "--json", *dry)
        copies = [w["message"] for w in done.json["warnings"] if w["code"] == "erase.copies"]
        assert len(copies) == 1
        assert "monday.db" in copies[0]
