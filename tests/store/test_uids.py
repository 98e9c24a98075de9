"""A name for ever: made once, never another, whatever becomes of row ids and codes."""

from __future__ import annotations

from typing import Any
from uuid import RFC_4122, UUID

import pytest

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import derived_uid
from interop_cli.seed import clients as made_up
from interop_cli.services import Outcome
from interop_cli.services.clients import card, merge, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.addresses import AddressImport
from interop_cli.services.imports.belonging import NoteImport
from interop_cli.services.imports.contacts import ContactImport
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.people import addresses, contacts, notes
from interop_cli.services.sales import documents, invoices
from interop_cli.services.seeding import seed_clients
from interop_cli.services.undoing import undo
from interop_cli.store.engines.connection import Connection
from interop_cli.store.migrations import migrate
from interop_cli.store.store import Store
from interop_cli.store.writing.taken import new_uids
from tests.store.test_imports import Row, rows, statuses, take_in
from tests.support.many_stores import NewStore
from tests.support.stores import NOW, add_client, dump

TABLES = ("client", "contact", "address", "note", "document")
PLACE = {"line1": "12, rue du Quai", "city": "Québec", "postal_code": "G1K 7X2"}
DEPOT = {"line1": "9, rue C", "city": "Alma", "postal_code": "G8B 1A1"}
LINE = {"description": "Cartes", "quantity": "1", "unit_price": "5"}
A = Selector(keys=[(1, "A")])
ONE, TWO, THREE = (f"01935d2a-7c4e-7b1f-9a60-3f6d2c8e5b1{digit}" for digit in "123")


def uids(conn: Connection, table: str) -> dict[int, str]:
    return {row["id"]: row["uid"] for row in conn.query(f"SELECT id, uid FROM {table}")}


def one_of_each(store: Store) -> None:
    """A client with all that can belong to it, made by the services that make it."""
    add_client(store, code="A")
    draft = {"lines": [LINE], "draft": False}
    for work in (
        lambda uow: contacts.create(uow, "A", {"name": "Ève Côté"}, Context()),
        lambda uow: addresses.create(uow, "A", {"label": "Entrepôt", **PLACE}, Context()),
        lambda uow: notes.create(uow, "A", {"text": "Quai 3"}, Context()),
        lambda uow: documents.add(uow, "A", "quote", {}, Context()),
        lambda uow: invoices.create(uow, "A", draft, Context()),
        lambda uow: invoices.credit(uow, "1", {}, Context()),
    ):
        store.run(work, operation="x")


def test_new_ones_are_of_version_7_and_all_different() -> None:
    found = [UUID(uid) for uid in new_uids(5000)]
    assert len(set(found)) == 5000
    assert {(uid.version, uid.variant) for uid in found} == {(7, RFC_4122)}
    assert [str(uid) for uid in found[:1]] <= list(new_uids(1))  # the time comes first


def test_everything_that_is_made_gets_one(store: Store) -> None:
    one_of_each(store)
    everyone = [uid for table in TABLES for uid in uids(store.conn, table).values()]
    assert len(everyone) == 1 + 1 + 2 + 1 + 3
    assert len(set(everyone)) == len(everyone)
    assert {UUID(uid).version for uid in everyone} == {7}


def test_it_stays_through_changes_and_comes_back_with_an_undo(store: Store) -> None:
    one_of_each(store)
    before = {table: uids(store.conn, table) for table in TABLES}
    for work in (
        lambda uow: card.edit(uow, A, {"name": "Autre", "line1": "1 rue B"}, Context()),
        lambda uow: status.recode(uow, "A", "B", Context()),
        lambda uow: contacts.edit(uow, 1, {"name": "Ana"}, Context()),
    ):
        store.run(work, operation="x")
    assert {table: uids(store.conn, table) for table in TABLES} == before
    _outcome, gone = store.run(lambda uow: notes.delete(uow, [1]), operation="x")
    held = dump(store.conn)
    assert uids(store.conn, "note") == {}
    _outcome, back = store.run(lambda uow: undo(uow, gone or 0), operation="journal.undo")
    assert uids(store.conn, "note") == before["note"]
    store.run(lambda uow: undo(uow, back or 0), operation="journal.undo")
    assert dump(store.conn) == held


def test_no_revision_changes_it(store: Store) -> None:
    add_client(store, code="A")
    (found,) = uids(store.conn, "client").values()
    for said in (found, found.upper(), "", None):
        store.run(
            lambda uow, said=said: card.edit(uow, A, {"uid": said}, Context()),  # type: ignore[misc]
            operation="x",
        )
    assert list(uids(store.conn, "client").values()) == [found]
    store.run(lambda uow: contacts.create(uow, "A", {"name": "Ève"}, Context()), operation="x")
    with pytest.raises(InvalidData) as refused:
        store.run(lambda uow: contacts.edit(uow, 1, {"uid": ONE}, Context()), operation="x")
    assert refused.value.code == "uid.other"


def test_what_a_merge_moves_keeps_its_own_and_what_it_copies_gets_one(store: Store) -> None:
    for code, line in (("A", "1 rue A"), ("B", "2 rue B")):
        add_client(store, code=code, line1=line)
        store.run(
            lambda uow, code=code: contacts.create(uow, code, {"name": code}, Context()),  # type: ignore[misc]
            operation="x",
        )
    before = {table: uids(store.conn, table) for table in TABLES}
    _outcome, merged = store.run(lambda uow: merge.merge(uow, "A", ["B"]), operation="x")
    for table in TABLES:
        after = uids(store.conn, table)
        assert {row_id: after[row_id] for row_id in before[table]} == before[table]
        assert len(set(after.values())) == len(after)
    assert len(uids(store.conn, "address")) == 3
    store.run(lambda uow: undo(uow, merged or 0), operation="journal.undo")
    assert {table: uids(store.conn, table) for table in TABLES} == before


# -- files ----------------------------------------------------------------------------------


def test_a_row_brings_it_and_is_found_by_it(store: Store) -> None:
    everything = {
        "uid": ONE,
        "contact.uid": ONE,
        "address.uid": ONE,
        "address.main": "true",
        "address2.line1": "5 rue du Port",
        "address2.city": "Québec",
        "address2.postal_code": "G1K 4A1",
        "address2.uid": TWO,
        "note.text": "Quai 3",
        "note.uid": ONE,
        "contact.name": "Ève",
    }
    assert statuses(take_in(store, rows({"code": "A", **everything}))) == ["ok"]
    assert uids(store.conn, "client") == {1: ONE}
    assert uids(store.conn, "contact") == {1: ONE}
    assert sorted(uids(store.conn, "address").values()) == [ONE, TWO]
    assert uids(store.conn, "note") == {1: ONE}
    assert statuses(take_in(store, rows({"code": "A", **everything}))) == ["unchanged"]
    changed = {
        "uid": ONE.upper(),
        "contact.uid": f"{{{ONE}}}",
        "contact.name": "Ana",
        "address.uid": TWO,
        "address.line1": "6 rue du Port",
        "note.uid": ONE,
        "note.text": "Quai 4",
    }
    # Without a code: nothing but its uid tells which client it is.
    assert statuses(take_in(store, rows(changed))) == ["ok"]
    held = dump(store.conn)
    assert len(held["client"]) == len(held["contact"]) == len(held["note"]) == 1
    (contact,) = store.conn.query("SELECT name FROM contact")
    (note,) = store.conn.query("SELECT text FROM note")
    assert (contact["name"], note["text"]) == ("Ana", "Quai 4")
    found = store.conn.query("SELECT line1 FROM address ORDER BY main, id")
    assert [row["line1"] for row in found] == ["6 rue du Port", "12, rue du Quai"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"code": "B", "uid": "nothing of the kind"}, "uid.format"),
        ({"code": "B", "uid": "00000000-0000-0000-0000-000000000000"}, "uid.format"),
        ({"code": "B", "uid": ONE}, "import.code"),  # the first one's, which has another code
        ({"code": "A", "uid": TWO}, "uid.other"),
        ({"code": "B", "contact.name": "Luc", "contact.uid": ONE}, "import.uid"),
        ({"code": "B", "address.main": "1", "address.uid": ONE}, "import.uid"),
        ({"code": "A", "address.main": "1", "address.uid": TWO}, "import.uid"),
        ({"code": "B", "note.text": "x", "note.uid": ONE}, "import.uid"),
        ({"code": "B", "note.text": "x", "note.uid": "1"}, "uid.format"),
    ],
)
def test_one_that_is_wrong_or_of_another_is_refused(
    store: Store, second: dict[str, Any], expected: str
) -> None:
    first = {
        "code": "A",
        "uid": ONE,
        "contact.uid": ONE,
        "contact.name": "Ève",
        "address.uid": ONE,
        "address.main": "1",
        "note.uid": ONE,
        "note.text": "Quai 3",
    }
    take_in(store, rows(first))
    before = dump(store.conn)
    outcome = take_in(store, rows(second), continue_on_error=True)
    assert statuses(outcome) == [expected]
    assert dump(store.conn) == before


@pytest.mark.parametrize(
    "twice", [{"uid": ONE}, {"contact.uid": ONE, "contact.name": "Ève"}, {"address.uid": ONE}]
)
@pytest.mark.parametrize("size", [1, 100])
def test_the_same_twice_in_a_file(
    store: Store, twice: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop_cli.services.imports import clients as imports

    monkeypatch.setattr(imports.Import, "size", size)
    port = {"address.line1": "5 rue du Port", "address.city": "Québec", **PORT}
    more = {**twice, **(port if "address.uid" in twice else {})}
    outcome = take_in(
        store, rows({"code": "A", **more}, {"code": "B", **more}), continue_on_error=True
    )
    both = "uid" in twice  # nobody knows which of the two rows is that client
    assert statuses(outcome)[0] == ("import.duplicate" if both else "ok")
    assert statuses(outcome)[1] in ("import.duplicate", "import.uid")
    assert len(uids(store.conn, "client")) == (0 if both else 1)


PORT = {"address.postal_code": "G1K 4A1"}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("kind", "said"),
    [("contact", {"name": "Ève Côté"}), ("address", DEPOT), ("note", {"text": "Quai 3"})],
)
def test_one_that_is_unknown_is_of_somebody_else_which_is_said(
    store: Store, kind: str, said: dict[str, Any], *, apart: bool
) -> None:
    add_client(store, code="A")

    def taken(**more: Any) -> list[tuple[str, str, int | None]]:
        values = {f"{kind}.{name}": value for name, value in {**said, **more}.items()}
        if apart:
            outcome = take_in_apart(store, kind, {"client": "A", **said, **more})
        else:
            outcome = take_in(store, rows({"code": "A", **values}))
        return [(one.code, one.path, one.line) for one in outcome.warnings]

    assert taken(uid=ONE) == []
    path = "uid" if apart else f"{kind}.uid"
    assert taken(uid=TWO) == [("import.alike", path, 2)]  # as a file of another database has it
    there = 2 + (kind == "address")
    assert len(uids(store.conn, kind)) == there
    assert taken(uid=ONE) == taken(uid=TWO) == []
    assert len(uids(store.conn, kind)) == there


# -- files of what belongs to clients ---------------------------------------------------------


IMPORTS = {"contact": ContactImport, "address": AddressImport, "note": NoteImport}
SAY = {
    "contact": [{"name": "Ève"}, {"name": "Ana"}],
    "address": [
        {"line1": f"{number} rue B", "city": "Alma", "postal_code": "G8B 1A1"} for number in (1, 2)
    ],
    "note": [{"text": "Quai 3"}, {"text": "Quai 4"}],
}


def take_in_apart(store: Store, kind: str, *values: dict[str, Any]) -> Outcome:
    records = [Row(line, one) for line, one in enumerate(values, 2)]
    outcome, _ = store.run(
        lambda uow: IMPORTS[kind](uow, Context(), want_rows=True, continue_on_error=True).run(
            records
        ),
        operation=f"{kind}.import",
    )
    return outcome


def taken_in(store: Store, kind: str, *values: dict[str, Any]) -> list[str]:
    return statuses(take_in_apart(store, kind, *values))


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("kind", IMPORTS)
def test_what_belongs_to_a_client_is_found_by_its_own(
    store: Store, kind: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IMPORTS[kind], "size", size)
    add_client(store, code="A")
    add_client(store, code="B")
    first, second = SAY[kind]
    there = len(uids(store.conn, kind))
    mine = {"client": "A", "uid": ONE.upper()}
    assert taken_in(store, kind, {**mine, **first}) == ["ok"]
    assert taken_in(store, kind, {**mine, **first}) == ["unchanged"]
    assert taken_in(store, kind, {**mine, **second}) == ["ok"]  # all of it is another now
    assert len(uids(store.conn, kind)) == there + 1
    held = dump(store.conn)
    assert taken_in(store, kind, {"client": "B", "uid": ONE, **first}) == ["import.uid"]
    twice = [{"client": code, "uid": TWO, **first} for code in "AB"]
    if size > 1:
        assert taken_in(store, kind, *twice) == ["import.duplicate"] * 2
        assert dump(store.conn) == held
    again = taken_in(store, kind, {**mine, **first}, {**mine, **second})
    assert "import.duplicate" in again
    assert len(uids(store.conn, kind)) == there + 1
    # One that nobody has is of something else, however alike.
    assert taken_in(store, kind, {"client": "A", "uid": TWO, **second}) == ["ok"]
    assert len(uids(store.conn, kind)) == there + 2


def documents_in(store: Store, *values: dict[str, Any]) -> list[str]:
    usual = {"client": "A", "kind": "invoice", "date": "2026-01-02", "subtotal": "5"}
    records = [Row(line, {**usual, **one}) for line, one in enumerate(values, 2)]
    outcome, _ = store.run(
        lambda uow: DocumentImport(uow, Context(), want_rows=True, continue_on_error=True).run(
            iter(records)
        ),
        operation="sales.import",
    )
    return statuses(outcome)


def test_a_document_brings_its_own(store: Store) -> None:
    add_client(store, code="A")
    assert documents_in(store, {"number": "1", "uid": ONE}, {"number": "2"}) == ["ok", "ok"]
    assert uids(store.conn, "document")[1] == ONE
    assert documents_in(store, {"number": "1", "uid": ONE}) == ["unchanged"]
    assert documents_in(store, {"number": "1", "uid": ""}) == ["unchanged"]
    assert documents_in(
        store,
        {"number": "2", "uid": ONE},
        {"number": "3", "uid": ONE},
        {"number": "1", "uid": TWO},
        {"number": "4", "uid": THREE},
        {"number": "5", "uid": THREE},
        {"number": "6", "uid": "?"},
    ) == ["import.uid", "import.uid", "uid.other", "ok", "import.uid", "uid.format"]


def test_made_up_clients_have_the_same_everywhere(new_store: NewStore) -> None:
    found = []
    for count in (5, 12):
        store = new_store()
        for size in (count, 12):
            store.run(
                lambda uow, size=size: seed_clients(uow, made_up(size, 3), Context(), 3),  # type: ignore[misc]
                operation="db.seed",
            )
        found.append((uids(store.conn, "client"), uids(store.conn, "address")))
    assert found[0] == found[1]
    assert len({*found[0][0].values(), *found[0][1].values()}) == 24
    store.run(lambda uow: seed_clients(uow, made_up(12, 4), Context(), 4), operation="db.seed")
    assert len({*uids(store.conn, "client").values()}) == 24


# -- databases from before there were any -----------------------------------------------------


def take_away(conn: Connection) -> None:
    """The database as it was before the step."""
    with conn.write():
        for table in TABLES:
            conn.execute(f"DROP INDEX {table}_uid")
            conn.execute(f"ALTER TABLE {table} DROP COLUMN uid")
        conn.execute("DELETE FROM migration WHERE name = '0010_uids'")
        if conn.engine == "sqlite":
            conn.execute("PRAGMA user_version = 9")


def test_older_records_get_the_same_in_every_copy_and_stay_at_their_version(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop_cli.store.migrations import release_0_2

    monkeypatch.setattr(release_0_2, "CHUNK", 2)  # as if there were many
    one_of_each(store)
    conn = store.conn
    versions = {t: conn.query(f"SELECT id, version, updated_at FROM {t}") for t in TABLES}
    (first,) = conn.query("SELECT hash FROM seal WHERE position = 1")
    for _copy in range(2):
        take_away(conn)
        assert "0010_uids" in migrate(conn, NOW)
        for table in TABLES:
            assert uids(conn, table) == {
                row["id"]: derived_uid(first["hash"], table, row["id"]) for row in versions[table]
            }
    assert versions == {t: conn.query(f"SELECT id, version, updated_at FROM {t}") for t in TABLES}
    assert {UUID(uid).version for uid in uids(conn, "address").values()} == {5}
    add_client(store, code="NEW")
    assert UUID(uids(conn, "client")[2]).version == 7


def test_what_was_deleted_before_comes_back_with_the_one_it_would_have(store: Store) -> None:
    one_of_each(store)
    (first,) = store.conn.query("SELECT hash FROM seal WHERE position = 1")
    (note,) = store.conn.query("SELECT * FROM note")
    store.run(lambda uow: notes.delete(uow, [note["id"]]), operation="x")
    del note["uid"]  # as a journal from before has it
    store.run(lambda uow: uow.writer.restore("note", [note]), operation="x")
    assert uids(store.conn, "note") == {1: derived_uid(first["hash"], "note", 1)}
