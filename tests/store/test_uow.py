"""The unit of work: four verbs, each journaled; on both engines."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.undoing import undo
from interop_cli.store.engines.connection import FEW
from interop_cli.store.reading import operations
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import add_client, dump


def deactivate(store: Store, *codes: str) -> int | None:
    selector = Selector(keys=list(enumerate(codes, 1)))
    _, operation = store.run(
        lambda uow: status.deactivate(uow, selector), operation="client.deactivate"
    )
    return operation


def take_back(store: Store, operation_id: int, *, keep_newer: bool = False) -> int | None:
    _, operation = store.run(
        lambda uow: undo(uow, operation_id, keep_newer=keep_newer),
        operation="journal.undo",
        undoes=operation_id,
    )
    return operation


def test_a_write_is_journaled_with_the_fields_before(store: Store) -> None:
    add_client(store, code="A")
    operation = deactivate(store, "a")
    assert operation == 2
    changes = list(journal.changes_of(store.conn, operation))
    assert [(c["entity"], c["action"], c["version"]) for c in changes] == [("client", "update", 2)]
    assert changes[0]["before"].replace(" ", "") == '{"active":1}'


def test_nothing_changed_is_no_operation(store: Store) -> None:
    add_client(store, code="A")
    deactivate(store, "A")
    assert deactivate(store, "A") is None
    store.seal()
    assert journal.head(store.conn)[0] == 2


def test_a_dry_run_leaves_everything_as_it_was(store: Store) -> None:
    add_client(store, code="A")
    before = dump(store.conn)
    outcome, operation = store.run(
        lambda uow: status.deactivate(uow, Selector()), operation="x", dry_run=True
    )
    assert (outcome.changed, operation) == (1, None)
    assert dump(store.conn) == before
    assert store.applied  # from the creation


def test_an_error_leaves_everything_as_it_was(store: Store) -> None:
    add_client(store, code="A")
    before = dump(store.conn)

    def fails(uow: UnitOfWork) -> None:
        uow.writer.update("client", {"active": 0}, "TRUE")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run(fails, operation="x")
    assert dump(store.conn) == before


def test_a_stale_row_is_refused(store: Store) -> None:
    client_id = add_client(store, code="A")
    row = store.conn.query("SELECT * FROM client WHERE id = :id", id=client_id)[0]
    deactivate(store, "A")
    with pytest.raises(Conflict) as caught:
        store.run(
            lambda uow: uow.writer.save("client", [(row, {**row, "name": "B"})]), operation="x"
        )
    assert caught.value.code == "conflict.version"


def held(store: Store, table: str, column: str) -> list[object]:
    rows = store.conn.query(f"SELECT {column} FROM {table} ORDER BY id")
    return [row[column] for row in rows]


def test_undo_brings_back_exactly_what_was(store: Store) -> None:
    for code in ("A", "B", "C"):
        add_client(store, code=code)
    before = dump(store.conn)
    operation = deactivate(store, "A", "C")
    assert operation
    again = take_back(store, operation)
    assert dump(store.conn) == before
    assert again
    take_back(store, again)
    assert held(store, "client", "active") == [0, 1, 0]


def test_undo_of_a_creation_deletes_it_and_its_address(store: Store) -> None:
    add_client(store, code="A")
    before = dump(store.conn)
    add_client(store, code="B")
    take_back(store, 2)
    assert dump(store.conn) == before


def test_undo_of_a_delete_brings_everything_back(store: Store) -> None:
    add_client(store, code="A", tags=["vip"])
    before = dump(store.conn)
    store.run(lambda uow: status.delete(uow, Selector(keys=[(1, "A")])), operation="client.delete")
    assert dump(store.conn)["client"] == dump(store.conn)["client_search"] == []
    take_back(store, 2)
    assert dump(store.conn) == before


def test_undo_refuses_rows_edited_since_and_can_keep_them(store: Store) -> None:
    for code in ("A", "B"):
        add_client(store, code=code)
    operation = deactivate(store, "A", "B")
    assert operation
    store.run(
        lambda uow: card.edit(uow, Selector(keys=[(1, "A")]), {"terms": "net30"}, Context()),
        operation="client.edit",
    )
    with pytest.raises(Conflict) as caught:
        take_back(store, operation)
    assert caught.value.code == "journal.newer"
    assert [detail.path for detail in caught.value.details] == ["client"]
    take_back(store, operation, keep_newer=True)
    assert held(store, "client", "active") == [0, 1]


def test_undo_of_an_undone_operation_is_refused(store: Store) -> None:
    add_client(store, code="A")
    operation = deactivate(store, "A")
    assert operation
    take_back(store, operation)
    with pytest.raises(Conflict) as caught:
        take_back(store, operation)
    assert caught.value.code == "journal.undone"


def test_undo_of_a_creation_that_others_use_is_refused(store: Store) -> None:
    add_client(store, code="PAYER")
    add_client(store, code="A", bill_to="PAYER")
    with pytest.raises(Conflict) as caught:
        take_back(store, 1)
    assert caught.value.code == "journal.newer"
    before = dump(store.conn)
    take_back(store, 1, keep_newer=True)  # the payer stays, and so does its address
    assert dump(store.conn) == before


def test_a_moved_main_flag_goes_back(store: Store) -> None:
    from interop_cli.services.people import addresses

    add_client(store, code="A")
    place = {"line1": "5, rue du Port", "city": "Lévis", "postal_code": "G6V 1A1", "main": True}
    before = dump(store.conn)
    store.run(lambda uow: addresses.create(uow, "A", place, Context()), operation="address.create")
    assert held(store, "address", "main") == [0, 1]
    take_back(store, 2)
    assert dump(store.conn) == before


def test_the_journal_shows_tampering(store: Store) -> None:
    add_client(store, code="A")
    deactivate(store, "A")
    assert list(journal.broken_links(store.conn)) == []
    if store.conn.engine == "sqlite":
        store.conn.execute("DROP TRIGGER change_no_UPDATE")
    else:
        store.conn.execute("DROP TRIGGER change_no_update ON change")
    store.conn.execute("UPDATE change SET before = '{}' WHERE operation_id = 2")
    assert list(journal.broken_links(store.conn)) == [{"operation_id": 2, "reason": "changes"}]


@pytest.mark.parametrize("after", [False, True])
def test_the_journal_has_every_row_of_many_that_are_made(store: Store, *, after: bool) -> None:
    """The database writes those changes itself, and their digest is made beside."""
    add_client(store, code="A")
    (client_id,) = held(store, "client", "id")
    before = dump(store.conn)
    codes = [(client_id, f"WAS-{n}", f"was-{n}", 0) for n in range(FEW + 1)]

    def work(uow: UnitOfWork) -> None:
        uow.clients.add_former_codes(codes)
        if after:  # what is handed to it comes behind them
            uow.clients.set_active(client_id, 0)

    _, operation = store.run(work, operation="x")
    assert operation is not None
    changes = list(journal.changes_of(store.conn, operation))
    assert [change["entity_id"] for change in changes[: FEW + 1]] == held(
        store, "client_code", "id"
    )
    told = {(c["entity"], c["client_id"], c["action"], c["version"]) for c in changes}
    made = ("client_code", client_id, "insert", 1)
    assert told == ({made, ("client", client_id, "update", 2)} if after else {made})
    assert list(journal.broken_links(store.conn)) == []
    take_back(store, operation)
    assert dump(store.conn) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operation SET actor = 'x'",
        "DELETE FROM change",
        "UPDATE change SET before = '{}'",
        "UPDATE change SET version = 9",
    ],
)
def test_the_journal_is_append_only(store: Store, statement: str) -> None:
    add_client(store, code="A")
    with pytest.raises(Exception, match=r"db\."):
        store.conn.execute(statement)


def test_two_main_addresses_are_refused_by_the_database(store: Store) -> None:
    add_client(store, code="A")
    columns = ", ".join(column for column in dump_columns())
    with pytest.raises(Conflict):
        store.conn.execute(
            f"INSERT INTO address ({columns}, version, created_at, updated_at)"
            f" SELECT {columns}, 1, created_at, updated_at FROM address"
        )


def dump_columns() -> tuple[str, ...]:
    from interop_cli.store.writing.tables import ADDRESS

    return ADDRESS.columns


def test_the_last_operations_can_be_undone_one_after_the_other(store: Store) -> None:
    before = dump(store.conn)
    add_client(store, code="A")
    deactivate(store, "A")
    for operation in (2, 1):
        take_back(store, operation)
    assert dump(store.conn) == before


def test_a_redone_change_stands_in_the_way_again(store: Store) -> None:
    add_client(store, code="A")
    deactivate(store, "A")
    undone = take_back(store, 2)
    assert undone
    take_back(store, undone)
    with pytest.raises(Conflict) as caught:
        take_back(store, 1)
    assert caught.value.code == "journal.newer"


def test_a_change_that_was_kept_in_part_still_counts(store: Store) -> None:
    for code in ("A", "B"):
        add_client(store, code=code)
    both = deactivate(store, "A", "B")
    terms = lambda uow: card.edit(  # noqa: E731
        uow, Selector(keys=[(1, "A")]), {"terms": "net30"}, Context()
    )
    store.run(terms, operation="client.edit")
    assert both
    take_back(store, both, keep_newer=True)
    take_back(store, 2)  # B is as it was made
    with pytest.raises(Conflict):
        take_back(store, 1)


def test_what_came_after_a_change_is_found_by_an_index_and_piece_after_piece(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_client(store, code="A")
    add_client(store, code="B")
    one = Selector(keys=[(1, "A")])
    edits = [{"terms": f"t{n}"} for n in range(5)] + [{"phone": "418 555-0101"}]
    done = []
    for values in edits:
        edit = partial(card.edit, selector=one, changes=values, context=Context())
        done.append(store.run(edit, operation="client.edit")[1])
    told: list[str] = []
    plain = type(store.conn).query

    def query(self: Any, sql: str, /, **params: object) -> Any:
        if "upto" in params:
            told.append(sql)
        return plain(self, sql, **params)

    monkeypatch.setattr(type(store.conn), "query", query)
    monkeypatch.setattr(operations, "PIECE", 1)

    def after(operation: int | None) -> Any:
        assert operation is not None
        told.clear()
        return [row["after"] for row in operations.changes(store.conn, operation, 10)]

    assert [after(one) for one in done[:5]] == [[{"terms": f"t{n}"}] for n in range(5)]
    assert after(done[0]) == [{"terms": "t0"}]
    assert len(told) == 1  # the next change says it
    (made, _place) = after(1)
    assert made["code"] == "A"
    assert made.keys().isdisjoint({"terms", "phone"})
    assert len(told) > 1
    if store.conn.engine == "sqlite":  # of a few rows a server reads all
        values = {"among": "[1]", "entity": "client", "first": 0, "upto": 10**6}
        plan = plain(store.conn, f"EXPLAIN QUERY PLAN {told[0]}", **values)
        assert any("change_row" in row["detail"] for row in plan)
