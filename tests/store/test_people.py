"""Contacts, notes and attachments in the store: what the tables hold to, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from interop_cli.domain.contact import Contact
from interop_cli.domain.errors import Conflict
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.undoing import undo
from interop_cli.store.reading.lists import Condition
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import dump


def a_client(uow: UnitOfWork, code: str) -> int:
    values = {
        "name": code,
        "code": code,
        "line1": "1 rue X",
        "city": "Québec",
        "postal_code": "G1K 7X2",
    }
    return int(card.create(uow, values, Context()).items[0]["id"])


def a_contact(uow: UnitOfWork, client_id: int, name: str, **values: Any) -> int:
    contact = Contact.build({"client_id": client_id, "name": name, **values}, Context())
    return uow.contacts.add([contact])[0]


def a_note(uow: UnitOfWork, client_id: int, text: str) -> int:
    return uow.notes.add([Note.build({"client_id": client_id, "text": text}, Context())])[0]


@pytest.mark.parametrize("flag", ["is_default", "billing"])
def test_the_database_itself_holds_a_flag_to_one_contact_of_a_client(
    store: Store, flag: str
) -> None:
    def work(uow: UnitOfWork) -> None:
        one, two = a_client(uow, "ONE"), a_client(uow, "TWO")
        for client_id, name in ((one, "Ana"), (one, "Bob"), (two, "Eva")):
            a_contact(uow, client_id, name)

    store.run(work, operation="test")
    store.conn.execute(f"UPDATE contact SET {flag} = 1 WHERE name IN ('Ana', 'Eva')")
    with pytest.raises(Conflict, match=r"db\.constraint"):
        store.conn.execute(f"UPDATE contact SET {flag} = 1 WHERE name = 'Bob'")


def test_an_e_mail_is_unique_within_a_client_whatever_its_case(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        one, two = a_client(uow, "ONE"), a_client(uow, "TWO")
        a_contact(uow, one, "Ana", email="ana@example.com")
        a_contact(uow, two, "Ana", email="ana@example.com")
        a_contact(uow, one, "Twin", email="ANA@example.com")

    with pytest.raises(Conflict, match=r"db\.constraint"):
        store.run(work, operation="test")


@pytest.mark.parametrize("table", ["client", "note", "blob"])
def test_the_database_refuses_to_delete_what_rows_refer_to(store: Store, table: str) -> None:
    def work(uow: UnitOfWork) -> None:
        note = uow.notes.row(a_note(uow, a_client(uow, "ONE"), "Rappeler"))
        uow.notes.attach(note, [("plan.pdf", 3, uow.blobs.add(b"abc"))])
        uow.conn.execute("DELETE FROM address")

    store.run(work, operation="test")
    with pytest.raises(Conflict, match=r"db\.constraint"):
        store.conn.execute(f"DELETE FROM {table}")


def test_a_file_is_kept_once_and_comes_back_as_it_was(store: Store) -> None:
    content = bytes(range(256)) * 10

    def work(uow: UnitOfWork) -> list[int]:
        note = uow.notes.row(a_note(uow, a_client(uow, "ONE"), "Rappeler"))
        files = [(name, len(content), uow.blobs.add(content)) for name in ("a.bin", "b.bin")]
        return uow.notes.attach(note, files)

    (first, second), _operation = store.run(work, operation="test")
    from interop_cli.store.reading import notes

    assert notes.content(store.conn, first) == notes.content(store.conn, second) == content
    assert store.conn.query("SELECT COUNT(*) AS n FROM blob")[0]["n"] == 1


def test_clients_are_found_by_the_words_of_their_contacts(store: Store) -> None:
    from interop_cli.store.reading.clients import ListQuery, client_rows

    def found(text: str) -> list[str]:
        batches = client_rows(store.conn, ListQuery(search=text), ["code"])
        return [row[0] for batch in batches for row in batch]

    def work(uow: UnitOfWork) -> int:
        a_client(uow, "TWO")
        return a_contact(
            uow,
            a_client(uow, "ONE"),
            "Ève Côté",
            title="Acheteuse",
            email="eve@imprimerie.example",
            phone="418 555-0134",
            mobile="581 555-0177",
        )

    contact_id, _operation = store.run(work, operation="test")
    for text in ("cote", "achet", "eve imprimerie", "4185550134", "5815550177"):
        assert found(text) == ["ONE"], text

    store.run(lambda uow: uow.contacts.remove(contact_id), operation="test")
    assert found("cote") == []


def test_flags_that_change_hands_crosswise_are_undone(store: Store) -> None:
    def setup(uow: UnitOfWork) -> tuple[int, int]:
        client_id = a_client(uow, "ONE")
        return (
            a_contact(uow, client_id, "Ana", default=True),
            a_contact(uow, client_id, "Bob", billing=True),
        )

    (ana, bob), _operation = store.run(setup, operation="test")
    before = dump(store.conn)

    def swap(uow: UnitOfWork) -> None:
        uow.contacts.give_flag("is_default", uow.contacts.row(bob))
        uow.contacts.give_flag("billing", uow.contacts.row(ana))

    _done, operation = store.run(swap, operation="test")
    assert dump(store.conn) != before
    assert operation is not None
    store.run(lambda uow: undo(uow, operation), operation="undo", undoes=operation)
    assert dump(store.conn) == before


def test_a_contact_that_was_deleted_gets_its_flag_back(store: Store) -> None:
    def setup(uow: UnitOfWork) -> tuple[int, int]:
        client_id = a_client(uow, "ONE")
        return a_contact(uow, client_id, "Ana", default=True), a_contact(uow, client_id, "Bob")

    (ana, bob), _operation = store.run(setup, operation="test")
    before = dump(store.conn)

    def replace(uow: UnitOfWork) -> None:
        uow.contacts.remove(ana)
        uow.contacts.give_flag("is_default", uow.contacts.row(bob))

    _done, operation = store.run(replace, operation="test")
    assert operation is not None
    store.run(lambda uow: undo(uow, operation), operation="undo", undoes=operation)
    assert dump(store.conn) == before


def test_a_note_with_attachments_made_since_is_not_undone(store: Store) -> None:
    client_id, _operation = store.run(lambda uow: a_client(uow, "ONE"), operation="test")
    note_id, made = store.run(lambda uow: a_note(uow, client_id, "Rappeler"), operation="test")

    def attach(uow: UnitOfWork) -> None:
        uow.notes.attach(uow.notes.row(note_id), [("a", 1, uow.blobs.add(b"a"))])

    _done, attached = store.run(attach, operation="test")
    assert made is not None
    assert attached is not None
    with pytest.raises(Conflict, match=r"journal\.newer"):
        store.run(lambda uow: undo(uow, made), operation="undo", undoes=made)
    kept, _operation = store.run(
        lambda uow: undo(uow, made, keep_newer=True), operation="undo", undoes=made
    )
    assert (kept.changed, kept.extra["kept"]) == (0, 1)
    store.run(lambda uow: undo(uow, attached), operation="undo", undoes=attached)
    store.run(lambda uow: undo(uow, made), operation="undo", undoes=made)
    assert dump(store.conn)["note"] == dump(store.conn)["attachment"] == []


def test_a_client_takes_its_active_contacts_along_and_brings_those_back(store: Store) -> None:
    def setup(uow: UnitOfWork) -> None:
        one, two = a_client(uow, "ONE"), a_client(uow, "TWO")
        a_contact(uow, one, "Ana", default=True)
        a_contact(uow, one, "Bob", active=False)
        a_contact(uow, two, "Eva")

    store.run(setup, operation="test")
    before = dump(store.conn)

    def active() -> list[str]:
        return [
            row["name"]
            for row in store.conn.query("SELECT name FROM contact WHERE active = 1 ORDER BY name")
        ]

    everyone = Selector(condition=Condition("c.code = 'ONE'", {}))
    outcome, operation = store.run(
        lambda uow: status.deactivate(uow, everyone), operation="client.deactivate"
    )
    assert (active(), outcome.extra) == (["Eva"], {"contacts": 1})
    outcome, _operation = store.run(
        lambda uow: status.deactivate(uow, everyone), operation="client.deactivate"
    )
    assert (outcome.changed, outcome.extra) == (0, {"contacts": 0})
    store.run(lambda uow: status.activate(uow, everyone), operation="client.activate")
    assert active() == ["Ana", "Eva"]
    assert dump(store.conn) == before
    _outcome, operation = store.run(
        lambda uow: status.deactivate(uow, everyone), operation="client.deactivate"
    )
    assert operation is not None
    store.run(lambda uow: undo(uow, operation), operation="undo", undoes=operation)
    assert dump(store.conn) == before


def test_a_client_is_deleted_with_its_parts_and_comes_back_with_them(store: Store) -> None:
    def setup(uow: UnitOfWork) -> None:
        client_id = a_client(uow, "ONE")
        a_contact(uow, client_id, "Ana", default=True, email="ana@example.com")
        note = uow.notes.row(a_note(uow, client_id, "Rappeler"))
        uow.notes.attach(note, [("plan.pdf", 3, uow.blobs.add(b"abc"))])

    store.run(setup, operation="test")
    before = dump(store.conn)
    _outcome, operation = store.run(
        lambda uow: status.delete(uow, Selector(keys=[(1, "ONE")])), operation="client.delete"
    )
    assert not any(dump(store.conn).values())
    assert operation is not None
    store.run(lambda uow: undo(uow, operation), operation="undo", undoes=operation)
    assert dump(store.conn) == before
