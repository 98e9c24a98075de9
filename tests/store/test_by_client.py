"""What grows with documents lies by client: keys, rows that move, and what nobody may share."""

from __future__ import annotations

from typing import Any

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services.clients import merge as merging
from interop_cli.services.people import notes
from interop_cli.services.sales import documents, invoices
from interop_cli.services.undoing import undo
from interop_cli.store import migrations
from interop_cli.store.engines import postgres
from interop_cli.store.engines.connection import Row
from interop_cli.store.engines.create import create_database
from interop_cli.store.engines.open import connect
from interop_cli.store.engines.soundness import check
from interop_cli.store.store import Store
from interop_cli.store.writing.tables import TABLES
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import NOW, add_client, dump, store

__all__ = ["store"]

GROWING = {name for name, table in TABLES.items() if table.grows} | {"sales_total", "sales_stale"}
# Unique keys, and who refers to whom by which columns.
KEYS = """
SELECT t.relname AS table, i.relname AS key, array_agg(a.attname) AS columns
  FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(x.indkey)
  WHERE x.indisunique AND t.relnamespace = CAST(current_schema() AS regnamespace)
  GROUP BY t.relname, i.relname
"""
REFERENCES = """
SELECT t.relname AS table, p.relname AS parent, c.condeferrable AS late,
  (SELECT array_agg(a.attname) FROM pg_attribute a
    WHERE a.attrelid = t.oid AND a.attnum = ANY(c.conkey)) AS columns
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class p ON p.oid = c.confrelid
  WHERE c.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace)
"""


@pytest.fixture(params=[False, True], ids=["together", "spread"])
def spread(request: pytest.FixtureRequest, engine: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the server is one that has rows lie on several nodes."""
    if request.param and engine == "sqlite":
        pytest.skip("a file has all in one place")
    if request.param:
        monkeypatch.setattr(postgres.PostgresConnection, "distributed", True)
    return bool(request.param)


@pytest.fixture
def furnished(store: Store) -> Store:
    """Two clients; A has an invoice with a line and a mailing, and a note with a file."""
    a = add_client(store, code="A")
    add_client(store, code="B")

    def work(uow: UnitOfWork) -> None:
        line = {"description": "Cartes", "quantity": "1", "unit_price": "5"}
        made = invoices.create(uow, "A", {"lines": [line]}, Context())
        uow.mailings.begin((made.items[0]["id"], a), 1, "<1@x>", ["a@x.ca"], [])
        notes.create(uow, "A", {"text": "x"}, Context(), [notes.File("a.txt", b"a")])

    store.run(work, operation="x")
    return store


def rows(store: Store, table: str) -> list[Row]:
    return store.conn.query(f"SELECT * FROM {table} ORDER BY id")


def family(store: Store) -> dict[str, set[int]]:
    """Whose the rows of each table are."""
    tables = ("document", "document_line", "mailing", "note", "attachment")
    return {table: {row["client_id"] for row in rows(store, table)} for table in tables}


def record(store: Store, code: str, number: str, **more: Any) -> None:
    values = {"number": number, "subtotal": "10", **more}
    store.run(
        lambda uow: documents.add(uow, code, "invoice", values, Context()), operation="document.add"
    )


def take_back(store: Store) -> None:
    """Undo the last operation."""
    (last,) = store.conn.query("SELECT MAX(id) AS id FROM operation")
    store.run(lambda uow: undo(uow, last["id"]), operation="journal.undo", undoes=last["id"])


def test_keys_of_what_grows_have_the_client_in_them(postgres_ready_url: str) -> None:
    conn = postgres.connect(postgres_ready_url)
    keys = [row for row in conn.query(KEYS) if row["table"] in GROWING]
    assert {row["table"] for row in keys} == GROWING
    assert [row["key"] for row in keys if "client_id" not in row["columns"]] == []
    references = conn.query(REFERENCES)
    # Among themselves they refer by client, and what does not grow refers to none of them.
    own = [row for row in references if row["parent"] in GROWING]
    assert len(own) == 3
    for row in own:
        assert row["table"] in GROWING
        assert "client_id" in row["columns"]
        assert row["late"]
    conn.close()


def test_no_table_has_an_identity_column(postgres_ready_url: str) -> None:
    conn = postgres.connect(postgres_ready_url)
    assert not conn.query(
        "SELECT attname FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid WHERE"
        " attidentity <> '' AND t.relnamespace = CAST(current_schema() AS regnamespace)"
    )
    conn.close()


def test_a_number_is_given_once_whoever_has_it(furnished: Store) -> None:
    record(furnished, "A", "F-1")
    before = dump(furnished.conn)
    row = rows(furnished, "document")[-1]
    (b,) = furnished.conn.query("SELECT id FROM client WHERE code = 'B'")
    for change in ({"uid": None}, {"number": "F-9", "number_key": "f-9"}):
        twin = {**row, "client_id": b["id"], **change}

        def work(uow: UnitOfWork, twin: Row = twin) -> None:
            uow.writer.insert("document", [twin])

        with pytest.raises(Conflict, match=r"db\.constraint"):
            furnished.run(work, operation="x")
    assert dump(furnished.conn) == before


def test_a_number_that_is_given_up_can_be_given_again(furnished: Store) -> None:
    record(furnished, "A", "F-1")
    take_back(furnished)
    record(furnished, "B", "F-1")
    row = rows(furnished, "document")[-1]

    def rename(uow: UnitOfWork) -> None:
        uow.writer.save("document", [(row, {**row, "number": "F-2", "number_key": "f-2"})])

    furnished.run(rename, operation="x")
    record(furnished, "A", "F-1")
    numbers = [row["number"] for row in rows(furnished, "document")][1:]
    assert numbers == ["F-2", "F-1"]


@pytest.mark.usefixtures("spread")
def test_what_is_merged_goes_whole_and_comes_back_whole(furnished: Store) -> None:
    store = furnished
    before = {table: rows(store, table) for table in family(store)}
    a, b = (row["id"] for row in store.conn.query("SELECT id FROM client ORDER BY id"))
    assert set(map(tuple, family(store).values())) == {(a,)}
    store.run(lambda uow: merging.merge(uow, "B", ["A"]), operation="client.merge")
    assert set(map(tuple, family(store).values())) == {(b,)}
    for table, old in before.items():
        moved = rows(store, table)
        kept = ("id", "uid") if "uid" in old[0] else ("id",)
        for was, now in zip(old, moved, strict=True):
            assert {name: was[name] for name in kept} == {name: now[name] for name in kept}
            assert now["version"] > was["version"]
    assert check(store.conn) == []
    take_back(store)
    assert set(map(tuple, family(store).values())) == {(a,)}
    assert check(store.conn) == []


@pytest.mark.usefixtures("spread")
def test_a_document_takes_its_mailings_along(furnished: Store) -> None:
    (b,) = furnished.conn.query("SELECT id FROM client WHERE code = 'B'")

    def work(uow: UnitOfWork) -> None:
        row = uow.documents.row("1")
        document = uow.documents.entity(row)
        uow.documents.save([(row, document.model_copy(update={"client_id": b["id"]}))])

    furnished.run(work, operation="x")
    found = family(furnished)
    assert found["document"] == found["document_line"] == found["mailing"] == {b["id"]}
    assert check(furnished.conn) == []


def test_rows_go_to_another_client_where_they_lie(
    furnished: Store, spread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where they may lie elsewhere are they deleted, for which one needs the right."""
    told: list[str] = []
    plain = type(furnished.conn).execute_many
    monkeypatch.setattr(
        type(furnished.conn),
        "execute_many",
        lambda self, sql, rows: told.append(sql) or plain(self, sql, rows),  # type: ignore[func-returns-value]
    )
    (row,) = rows(furnished, "document")

    def work(uow: UnitOfWork) -> None:
        uow.writer.save("document", [(row, {**row, "client_id": 2})])
        for table in ("document_line", "mailing"):
            uow.writer.update(table, {"client_id": 2}, "document_id = :id", id=row["id"])

    furnished.run(work, operation="x")
    assert any(sql.startswith("DELETE") for sql in told) is spread
    assert check(furnished.conn) == []


@pytest.mark.usefixtures("spread")
def test_a_move_of_what_changed_meanwhile_is_refused(furnished: Store) -> None:
    (row,) = rows(furnished, "document")
    before = dump(furnished.conn)

    def work(uow: UnitOfWork) -> None:
        uow.writer.save("document", [({**row, "version": 7}, {**row, "client_id": 2})])

    with pytest.raises(Conflict, match=r"conflict\.version"):
        furnished.run(work, operation="x")
    assert dump(furnished.conn) == before


def test_an_older_database_gets_the_keys(engine_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mailing had stayed behind with the client that its invoice left."""
    steps = migrations.MIGRATIONS
    at = [step.name for step in steps].index("0016_by_client")
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", steps[:at])
        create_database(engine_url, NOW, lock_timeout=30)
    conn = connect(engine_url, lock_timeout=30)
    with conn.write():
        _fill(conn)
    assert "0016_by_client" in migrations.migrate(conn, NOW)
    assert [row["client_id"] for row in conn.query("SELECT client_id FROM mailing")] == [2]
    if conn.engine == "postgres":
        names = conn.query("SELECT name FROM taken ORDER BY name")
        assert [row["name"] for row in names] == ["document u1", "invoice f-1", "note u2"]
    conn.close()


def _fill(conn: Any) -> None:
    """As it was before: two clients, an invoice of the second, and a note."""
    stamp = {"version": 1, "created_at": NOW, "updated_at": NOW}

    def put(table: str, **values: object) -> None:
        conn.insert_many(table, tuple(values), [tuple(values.values())])

    for number in (1, 2):
        name = f"C{number}"
        called = {"code": name, "code_key": name, "name": name, "name_key": name, "uid": name}
        put("client", id=number, **called, **stamp)
    money = {"subtotal_cents": 5, "tax_cents": 0, "total_cents": 5, "currency": "CAD"}
    named = {"number": "F-1", "number_key": "f-1", "kind": "invoice", "status": "posted"}
    date = {"date": "2026-01-02", "year": 2026}
    put("document", id=1, client_id=2, uid="u1", **named, **date, **money, **stamp)
    put("note", id=1, client_id=1, uid="u2", category="c", text="t", noted_at=NOW, **stamp)
    sent = {"recipients": "[]", "copies": "[]", "refused": "[]", "message_id": "m", "at": NOW}
    put("mailing", id=1, document_id=1, client_id=1, attempt=1, state="sent", **sent, **stamp)


def test_every_reference_is_found_by_an_index(postgres_ready_url: str) -> None:
    """Or deleting what is referred to reads the whole table, once a row."""
    conn = connect(postgres_ready_url, lock_timeout=30)
    found = conn.query(
        "SELECT CAST(CAST(c.conrelid AS regclass) AS TEXT) AS name, c.conname FROM pg_constraint c"
        " WHERE c.contype = 'f' AND c.connamespace = CAST(current_schema() AS regnamespace)"
        " AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid"
        " AND (CAST(i.indkey AS int2[]))[0] = c.conkey[1])"
    )
    conn.close()
    assert found == []
