"""Erasing a person: nowhere in the file any more, and the journal still tells of tampering."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interop_cli.domain.errors import Conflict, NotFound, UnusableDb
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import fold
from interop_cli.services import Outcome
from interop_cli.services.clients import merge
from interop_cli.services.people import addresses, contacts, erasing, notes
from interop_cli.services.undoing import undo
from interop_cli.store.engines.soundness import check
from interop_cli.store.reading import persons
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from interop_cli.store.writing.person import LOOSE, UNLOOKED
from interop_cli.store.writing.tables import DOCUMENT, TABLES
from tests.support.stores import add_client, all_text, dump

PERSON = {
    "name": "Marie-Ève Trépanier",
    "title": "Acheteuse",
    "email": "meve.trepanier@presse.ca",
    "phone": "418 555-0177 poste 22",
    "mobile": "581 555-0166",
}
# What no byte of the file may say afterwards, in any case.
NEVER = (
    "marie-ève trépanier",
    "marie eve trepanier",
    "marie-eve trepanier",
    "trepanier",
    "meve.trepanier",
    "5550177",
    "555-0177",
    "555 0177",
    "5550166",
    "555-0166",
    "mevet@ancien.ca",
    "mariette",
)


def create(store: Store, code: str = "A", **values: Any) -> int:
    fields = {**PERSON, **values}
    outcome, _ = store.run(
        lambda uow: contacts.create(uow, code, fields, Context()), operation="contact.create"
    )
    return int(outcome.items[0]["id"])


def edit(store: Store, contact: int, **changes: Any) -> int:
    _, operation = store.run(
        lambda uow: contacts.edit(uow, contact, changes, Context()), operation="contact.edit"
    )
    assert operation is not None
    return operation


def note(store: Store, code: str, text: str, *files: tuple[str, bytes]) -> int:
    attached = [notes.File(name, content) for name, content in files]
    outcome, _ = store.run(
        lambda uow: notes.create(uow, code, {"text": text}, Context(), attached),
        operation="note.create",
    )
    return int(outcome.items[0]["id"])


def erase(store: Store, contact: int, **how: Any) -> Outcome:
    outcome, _ = store.run(
        lambda uow: erasing.erase(uow, contact, Context(), **how), operation="contact.erase"
    )
    assert store.conn.scrub() is None
    return outcome


def everything(store: Store) -> str:
    return all_text(store.conn)


def fill(store: Store) -> int:
    """A person who stands in every place there is."""
    add_client(store, code="A", name="Presse du Quai")
    contact = create(store, email="mevet@ancien.ca", name="Mariette Trépanier")
    edit(store, contact, **PERSON)
    edited = note(store, "A", "Voir MARIE-EVE  TREPANIER au 418.555.0177, poste 22")
    note(store, "A", "Rien", ("Trépanier, Marie-Ève.txt", b"CV"))
    store.run(
        lambda uow: notes.edit(uow, edited, {"text": "Voir (581) 555-0166"}, Context()),
        operation="note.edit",
    )
    place = {
        "line1": "5 rue B",
        "city": "Québec",
        "postal_code": "G1K 7X2",
        "attention": "Marie-Ève Trépanier",
        "instructions": "Demander Mme Marie-Eve Trepanier",
        "phone": "581 555-0166",
    }
    store.run(lambda uow: addresses.create(uow, "A", place, Context()), operation="address.create")
    return contact


def test_nothing_is_left_in_the_file(store: Store) -> None:
    contact = fill(store)
    found = everything(store)
    assert all(text in found for text in ("mevet@ancien.ca", "mariette", "555-0166", "trepanier"))
    outcome = erase(store, contact)
    found = everything(store)
    assert [text for text in NEVER if text in found] == []
    assert [text for text in NEVER if fold(text) in fold(found)] == []
    erased = outcome.extra["erased"]
    assert erased["contact"] == 1
    assert erased["note"] == 1
    assert erased["address"] == 1
    assert erased["journal"] > 3
    (row,) = store.conn.query("SELECT * FROM contact WHERE id = :id", id=contact)
    assert (row["name"], row["email"], row["phone"], row["active"]) == (
        f"#{contact}",
        None,
        None,
        0,
    )
    assert list(journal.broken_links(store.conn)) == []
    assert check(store.conn) == []


def test_an_attachment_goes_when_it_is_asked_for(store: Store) -> None:
    contact = fill(store)
    content = b"CV de Marie-Eve Trepanier"
    noted = note(store, "A", "Marie-Ève Trépanier", ("cv.txt", content), ("b.txt", content))
    other = note(store, "A", "Autre", ("plan.txt", b"plan"))
    before = len(store.conn.query("SELECT 1 AS x FROM attachment"))
    outcome = erase(store, contact)
    assert "erase.attachments" in {warning.code for warning in outcome.warnings}
    assert "cv de marie" in everything(store)
    erase(store, contact, attachments=True)  # nothing mentions the person any more
    ids = [
        row["id"]
        for row in store.conn.query("SELECT id FROM attachment WHERE note_id = :id", id=noted)
    ]
    outcome = erase(store, contact, attachment_ids=ids)
    assert outcome.extra["erased"]["attachment"] == 2
    assert "cv de marie" not in everything(store)
    assert len(store.conn.query("SELECT 1 AS x FROM attachment")) == before - 2
    assert store.conn.query("SELECT 1 AS x FROM attachment WHERE note_id = :id", id=other)


def test_what_was_attached_once_goes_too(store: Store) -> None:
    contact = fill(store)
    noted = note(store, "A", "Marie-Ève Trépanier", ("cv.txt", b"secret one"), ("x", b"secret two"))
    store.run(lambda uow: notes.detach(uow, noted, [2]), operation="note.detach")
    assert "secret one" in everything(store)
    erase(store, contact, attachments=True)
    found = everything(store)
    assert "secret one" not in found
    assert "secret two" not in found


def test_undo_does_not_bring_a_person_back(store: Store) -> None:
    contact = fill(store)
    operations = [row["id"] for row in store.conn.query("SELECT id FROM operation ORDER BY id")]
    erase(store, contact)
    (erasure,) = store.conn.query("SELECT MAX(id) AS id FROM operation")
    with pytest.raises(Conflict, match=r"journal\.erased"):
        store.run(lambda uow: undo(uow, erasure["id"]), operation="journal.undo")
    for operation in reversed(operations):
        store.run(
            lambda uow, operation=operation: undo(uow, operation, keep_newer=True),  # type: ignore[misc]
            operation="journal.undo",
            undoes=operation,
        )
        found = everything(store)
        assert [text for text in NEVER if text in found] == []
    assert list(journal.broken_links(store.conn)) == []


def test_a_contact_that_was_deleted_is_erased_from_the_journal(store: Store) -> None:
    contact = fill(store)
    _, deleted = store.run(
        lambda uow: contacts.delete(uow, [contact], Context()), operation="contact.delete"
    )
    assert persons.export(store.conn, contact)["journal"]
    erase(store, contact)
    found = everything(store)
    assert [text for text in NEVER if text in found] == []
    store.run(lambda uow: undo(uow, deleted), operation="journal.undo", undoes=deleted)
    (row,) = store.conn.query("SELECT * FROM contact WHERE id = :id", id=contact)
    assert (row["name"], row["email"], row["active"]) == (f"#{contact}", None, 0)
    assert list(journal.broken_links(store.conn)) == []


def test_what_others_have_too_is_left_and_said(store: Store) -> None:
    add_client(store, code="A", phone="418 555-0177", email="info@presse.ca")
    add_client(store, code="B", name="Autre", line1="9 rue C")
    contact = create(store, email="info@presse.ca")
    colleague = create(store, name="Luc Roy", email=None, phone=None)
    namesake = create(store, "B", email="other@x.ca", phone=None, mobile=None)
    note(store, "B", "Marie-Ève Trépanier")
    seen = note(store, "A", "Mme Trépanier")
    outcome = erase(store, contact)
    assert outcome.extra["left"] == [
        {"what": "email", "kind": "client", "reference": "A"},
        {"what": "phone", "kind": "client", "reference": "A"},
        {"what": "phone", "kind": "contact", "reference": f"#{colleague}"},
    ]
    told = {warning.code: str(warning.message) for warning in outcome.warnings}
    assert f"#{namesake}" in told["erase.namesakes"]
    assert f"#{seen}" in told["erase.look"]
    rows = {row["id"]: row for row in store.conn.query("SELECT * FROM contact")}
    assert rows[namesake]["name"] == PERSON["name"]
    assert rows[colleague]["mobile"] == "+15815550166"
    (client,) = store.conn.query("SELECT * FROM client WHERE code = 'A'")
    assert (client["email"], client["phone"]) == ("info@presse.ca", "+14185550177")
    erase(store, contact, everywhere=True)
    # Nobody knows any more that they were the person's.
    assert store.conn.query("SELECT email FROM client WHERE code = 'A'") == [
        {"email": "info@presse.ca"}
    ]


def test_everywhere_takes_what_others_have_too(store: Store) -> None:
    add_client(store, code="A", phone="418 555-0177", email="meve.trepanier@presse.ca")
    contact = create(store)
    colleague = create(store, name="Luc Roy", email=None, phone=None)
    outcome = erase(store, contact, everywhere=True)
    assert outcome.extra["left"] == []
    (client,) = store.conn.query("SELECT * FROM client WHERE code = 'A'")
    assert (client["email"], client["phone"]) == (None, None)
    (row,) = store.conn.query("SELECT * FROM contact WHERE id = :id", id=colleague)
    assert (row["name"], row["mobile"]) == ("Luc Roy", None)
    found = everything(store)
    assert [text for text in NEVER if text in found] == []


def test_one_person_at_two_clients_and_after_a_merge(store: Store) -> None:
    for code in ("A", "B", "C"):
        add_client(store, code=code, line1=f"{code} rue D")
    first = create(store, "A")
    create(store, "B")
    create(store, "C", email="mevet@ancien.ca")
    note(store, "C", "Marie-Ève Trépanier")
    store.run(lambda uow: merge.merge(uow, "A", ["C"]), operation="client.merge")
    outcome = erase(store, first)
    # The one of C has another e-mail: it is at the same client now, but may be somebody else.
    assert outcome.extra["erased"]["contact"] == 2
    assert {one["what"] for one in outcome.extra["left"]} == {"name", "phone"}


def test_documents_keep_their_links_and_lose_the_name(store: Store) -> None:
    client = add_client(store, code="A")
    contact = create(store)

    def bill(uow: Any) -> Outcome:
        fields = dict.fromkeys(DOCUMENT.columns) | {
            "client_id": client,
            "kind": "invoice",
            "number": "F-1",
            "number_key": "f-1",
            "status": "posted",
            "date": "2026-01-05",
            "year": 2026,
            "currency": "CAD",
            "subtotal_cents": 100,
            "tax_cents": 0,
            "total_cents": 100,
            "taxes": "[]",
            "issued": 0,
            "contact_id": contact,
            "contact": "Marie-Ève Trépanier",
            "ship_to": '{"attention": "Marie-Ève Trépanier", "line1": "1 rue A"}',
        }
        uow.writer.insert("document", [fields])
        return Outcome()

    store.run(bill, operation="test.bill")
    assert [one["number"] for one in persons.export(store.conn, contact)["documents"]] == ["F-1"]
    erase(store, contact)
    (row,) = store.conn.query("SELECT * FROM document")
    assert (row["contact_id"], row["contact"]) == (contact, None)
    assert json.loads(row["ship_to"]) == {"attention": "[…]", "line1": "1 rue A"}
    assert [text for text in NEVER if text in everything(store)] == []
    # The document itself is still held, without a name.
    assert [one["number"] for one in persons.export(store.conn, contact)["documents"]] == ["F-1"]


def test_what_was_sent_about_a_person_goes_too(store: Store) -> None:
    add_client(store, code="A")
    contact = create(store)
    store.conn.execute(
        "INSERT INTO sync_target (id, name, kind, uid, created_at, updated_at)"
        " VALUES (1, 'crm', 'hubspot', 'u', 'x', 'x')"
    )
    for row, (entity, local) in enumerate((("contact", contact), ("client", 1), ("client", 99)), 1):
        store.conn.execute(
            "INSERT INTO sync_link (id, target_id, entity, local_id, state, remote_id, pushed,"
            " created_at, updated_at)"
            " VALUES (:id, 1, :entity, :local, 'in_sync', :remote, :pushed, 'x', 'x')",
            id=row,
            entity=entity,
            local=local,
            remote=f"r{row}",
            pushed='{"mail": "meve.trepanier@presse.ca", "name": "Marie-Ève Trépanier"}',
        )
    assert persons.export(store.conn, contact)["sync"][0]["target"] == "crm"
    outcome = erase(store, contact)
    assert "erase.targets" in {warning.code for warning in outcome.warnings}
    pushed = [row["pushed"] for row in store.conn.query("SELECT pushed FROM sync_link ORDER BY id")]
    assert pushed[:2] == ['{"mail": "[…]", "name": "[…]"}'] * 2
    # At a client that is none of the person's, the e-mail says that the name is theirs.
    assert pushed[2] == '{"mail": "[…]", "name": "[…]"}'


def test_erasing_twice_changes_nothing(store: Store) -> None:
    contact = fill(store)
    erase(store, contact)
    before = dump(store.conn)
    outcome = erase(store, contact)
    assert (outcome.changed, outcome.unchanged) == (0, 1)
    assert dump(store.conn) == before
    with pytest.raises(NotFound, match=r"contact\.not_found"):
        erase(store, 99)


def drop_triggers(store: Store) -> None:
    for table in ("change", "redaction"):
        if store.conn.engine == "sqlite":
            store.conn.execute(f"DROP TRIGGER {table}_no_UPDATE")
            store.conn.execute("DROP TRIGGER redaction_no_DELETE") if table == "redaction" else None
        else:
            store.conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE change SET before = '{}' WHERE operation_id = 3 AND before IS NOT NULL",
        'UPDATE change SET before = \'{"name": "X"}\' WHERE operation_id ='
        " (SELECT MAX(id) FROM operation) AND entity = 'contact'",
        "UPDATE redaction SET after = before",
        "UPDATE redaction SET before = after",
        "DELETE FROM redaction",
        "INSERT INTO redaction (id, operation_id, redacted_id, before, after)"
        " SELECT 900, (SELECT MAX(id) FROM operation), 1, 'a', 'b'",
    ],
)
def test_tampering_still_shows_after_an_erasure(store: Store, tampering: str) -> None:
    contact = fill(store)
    erase(store, contact)
    assert store.conn.query("SELECT 1 AS x FROM redaction")
    assert list(journal.broken_links(store.conn)) == []
    drop_triggers(store)
    store.conn.execute(tampering)
    assert list(journal.broken_links(store.conn)) != []


def test_what_was_tampered_with_is_not_laundered(store: Store) -> None:
    contact = fill(store)
    drop_triggers(store)
    store.conn.execute(
        'UPDATE change SET before = \'{"name": "Marie-Ève Trépanier"}\' WHERE operation_id = 3'
    )
    with pytest.raises(UnusableDb, match=r"journal\.broken"):
        erase(store, contact)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE change SET before = '{}'",
        "UPDATE redaction SET after = 'x'",
        "DELETE FROM redaction",
        "DELETE FROM change",
        "UPDATE change SET entity_id = 9",
        "UPDATE operation SET digest = 'x'",
    ],
)
def test_the_journal_stays_append_only(store: Store, statement: str) -> None:
    contact = fill(store)
    erase(store, contact)
    with pytest.raises(Exception, match=r"db\."):
        store.conn.execute(statement)


def test_all_that_is_held_about_a_person(store: Store) -> None:
    contact = fill(store)
    other = note(store, "A", "Rien à voir")
    found = persons.export(store.conn, contact)
    assert found["contacts"][0]["email"] == PERSON["email"]
    assert found["clients"] == ["A"]
    assert [one["id"] for one in found["notes"]] == [1]
    assert other not in [one["id"] for one in found["notes"]]
    assert [one["attention"] for one in found["addresses"]] == ["Marie-Ève Trépanier"]
    befores = [entry["before"] for entry in found["journal"]]
    assert {"mevet@ancien.ca"} & {(b or {}).get("email") for b in befores}
    assert {entry["operation"] for entry in found["journal"]} >= {
        "contact.create",
        "contact.edit",
        "note.edit",
    }
    with pytest.raises(NotFound):
        persons.export(store.conn, 99)


def test_every_text_column_is_looked_at_or_known_to_name_nobody(store: Store) -> None:
    """A new table or column must say whether it may hold a person."""
    nobody = {
        "sync_link": {
            "leaves",
            "entity",
            "state",
            "remote_id",
            "remote_version",
            "stamp",
            "pushed_at",
            "seen_at",
            "attempt_key",
            "attempt_hash",
            "owner",
            "lease_until",
            "next_at",
            "batch",
            "error_class",
            "error_code",
            "error_field",
            "created_at",
            "updated_at",
            "kept",
        },
        "operation": {"name", "at", "actor", "command", "digest"},
        "change": {"entity", "action", "before"},
        "redaction": {"before", "after"},
        "seal": {"hash"},
        "migration": {"name", "applied_at"},
        "task": {"name"},
        "erasure": {"at", "remains"},  # numbers of rows
        "blob": {"sha256", "created_at"},
        "client_search": {"words"},  # renewed from the rows
        "sales_total": {"currency", "computed_at"},
        "sales_stale": {"basis"},
        "sales_run": {"at", "computed_at"},
        "sales_year": {"computed_at"},
        "sync_orphan": {"entity", "remote_id", "remote_key", "seen_at"},
        "moved": {"place", "at"},  # of the database
        "taken": {"name"},  # uids, and numbers of documents
        "sync_event": {"run", "at", "entity", "action", "outcome", "code", "request_id"},
    }
    if store.conn.engine == "sqlite":
        columns = store.conn.query(
            "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.type = 'TEXT' AND m.name NOT LIKE 'sqlite_%'"
            " AND m.name NOT LIKE 'client_search_fts%'"
        )
    else:
        columns = store.conn.query(
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type = 'text'"
        )
    assert len(columns) > 100
    unknown = {
        (row["t"], row["c"])
        for row in columns
        if row["t"] not in TABLES
        and row["c"] not in nobody.get(row["t"], set())
        and row["c"] not in LOOSE.get(row["t"], ())
    }
    assert unknown == set()
    assert set(TABLES) >= UNLOOKED
