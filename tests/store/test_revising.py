"""Editing and importing change a client alike; on both engines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import bulk, card
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports import clients as imports
from interop_cli.services.imports.clients import Import
from interop_cli.store.store import Store
from interop_cli.store.writing.repositories import clients as repository
from interop_cli.store.writing.repositories.selection import Selection
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.store.test_imports import rows
from tests.support.stores import add_client

GST, QST, NEQ = "123456782RT0001", "1000000007TQ0001", "1149000006"


def edit(store: Store, code: str | None, **changes: Any) -> Outcome:
    selector = Selector(keys=[(1, code)] if code else None)
    outcome, _ = store.run(
        lambda uow: card.edit(uow, selector, changes, Context()), operation="client.edit"
    )
    return outcome


def take_in(store: Store, code: str, **values: Any) -> Outcome:
    return take_in_all(store, {"code": code, **values})


def take_in_all(store: Store, *values: dict[str, Any]) -> Outcome:
    outcome, _ = store.run(
        lambda uow: Import(uow, Context()).run(rows(*values)), operation="client.import"
    )
    return outcome


def told(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [
        (one.line, one.key, one.code, one.message.params.get("code"))
        for one in outcome.warnings
        if one.code != "client.similar"  # all of these have one name and place
    ]


def accounting(store: Store, code: str) -> dict[str, str]:
    found = store.conn.query("SELECT accounting FROM client WHERE code = :code", code=code)
    return dict(json.loads(found[0]["accounting"]))


ROADS = pytest.mark.parametrize("change", [edit, take_in])


@ROADS
def test_accounting_fields_that_are_not_named_stay(store: Store, change: Any) -> None:
    add_client(store, code="A", accounting={"class": "4", "group": "B", "zone": "1"})
    change(store, "A", accounting={"group": "C", "zone": ""})
    assert accounting(store, "A") == {"class": "4", "group": "C"}
    change(store, "A", accounting={})
    assert accounting(store, "A") == {"class": "4", "group": "C"}
    change(store, "A", accounting='{"group": null}')  # the cell of a CSV
    assert accounting(store, "A") == {"class": "4"}
    change(store, "A", accounting="")
    assert accounting(store, "A") == {}


@ROADS
@pytest.mark.parametrize(("name", "number"), [("gst", GST), ("qst", QST), ("neq", NEQ)])
def test_a_number_that_another_client_has(
    store: Store, change: Any, name: str, number: str
) -> None:
    add_client(store, code="OTHER", **{name: number})
    add_client(store, code="A")
    outcome = change(store, "A", **{name: number})
    line = None if change is edit else 2
    assert told(outcome) == [(line, "A", f"client.{name}.shared", "OTHER")]
    assert told(change(store, "A", **{name: number})) == []  # nothing changed


@pytest.mark.parametrize(("size", "many"), [(1, 10_000), (2, 1), (100, 10_000)])
def test_numbers_shared_within_a_file(
    store: Store, monkeypatch: pytest.MonkeyPatch, size: int, many: int
) -> None:
    monkeypatch.setattr(imports.Import, "size", size)
    monkeypatch.setattr(repository, "MANY", many)
    add_client(store, code="OTHER", neq=NEQ, active=False)
    outcome = take_in_all(
        store,
        {"code": "A", "gst": GST},
        {"code": "B"},
        {"code": "C", "gst": GST, "neq": NEQ},
        {"code": "D", "gst": GST},
        {"code": "E", "gst": GST},
        {"code": "F", "gst": GST},
    )
    assert sorted(told(outcome), key=lambda one: (one[0], one[2])) == [
        (2, "A", "client.gst.shared", "C, D, E"),
        (4, "C", "client.gst.shared", "A, D, E"),
        (4, "C", "client.neq.shared", "OTHER"),
        (5, "D", "client.gst.shared", "A, C, E"),
        (6, "E", "client.gst.shared", "A, C, D"),
        (7, "F", "client.gst.shared", "A, C, D"),
    ]


@pytest.mark.parametrize("size", [1, 2, 500])
def test_many_are_edited_as_one_after_the_other(
    store: Store, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(bulk, "BATCH", size)
    add_client(store, code="PAYER")
    add_client(store, code="A", bill_to="PAYER")
    add_client(store, code="B", external_id="X-1")
    add_client(store, code="C")
    codes = ["PAYER", "A", "B", "C"]
    selector = Selector(keys=list(enumerate(codes, 1)), continue_on_error=True, want_rows=True)
    for changes, expected in (
        ({"prospect": True}, ["client.prospect.payer", "ok", "ok", "ok"]),
        ({"prospect": False}, ["unchanged", "ok", "ok", "ok"]),
        ({"external_id": "X-2"}, ["ok", *["client.external_id.duplicate"] * 3]),
        ({"bill_to": "PAYER"}, ["client.bill_to.self", "unchanged", "ok", "ok"]),
        ({"postal_code": "no"}, ["address.postal_code.format"] * 4),
    ):
        outcome, _ = store.run(
            lambda uow, changes=changes: card.edit(uow, selector, changes, Context()),
            operation="client.edit",
        )
        assert outcome.rows is not None
        found = [row["error"]["code"] if row["error"] else row["status"] for row in outcome.rows]
        assert found == expected


# Values of the fields that are checked once and written for all: good, odd, refused, and none.
ALONE: dict[str, list[Any]] = {
    "language": ["fr", "English", "de", "", None],
    "email": ["info@boreal.example", "INFO@BOREAL.EXAMPLE", "no", "", None],
    "website": ["boreal.example", "https://boreal.example", "none at all", "", None],
    "currency": ["CAD", "usd", "XXZ", "", None],
    "terms": ["net30", "Net 30", "x" * 50, "", None],
    "tags": ["vip", "vip, Été", ["Été", "vip"], "", None],
}


def test_every_field_that_stands_alone_is_tried() -> None:
    assert [field.name for field in CLIENT if field.alone] == list(ALONE)


NAMED = [(number, code) for number, code in enumerate("ABC", 1)]


def edited(
    store: Store, changes: dict[str, Any], version: int | None, *, keys: Any = None
) -> list[Any]:
    """What an edit of all clients comes to: outcome, rows and journal; rolled back."""

    def work(uow: UnitOfWork) -> list[Any]:
        selector = Selector(keys=keys, continue_on_error=True, want_rows=True)
        context = Context()
        try:
            outcome = card.edit(uow, selector, changes, context, if_version=version)
        except InteropError as error:
            return [error.code]
        uow.writer.flush()
        tables = [
            uow.conn.query("SELECT * FROM client ORDER BY id"),
            uow.conn.query(
                "SELECT entity, entity_id, client_id, action, before, version FROM change"
                " WHERE action = 'update' ORDER BY entity_id"
            ),
        ]
        for change in tables[1]:
            change["before"] = change["before"] and json.loads(change["before"])
        return [outcome.rows, outcome.warnings, outcome.changed, *tables]

    return store.run(work, operation="client.edit", dry_run=True)[0]


@given(
    st.sets(st.sampled_from(list(ALONE)), min_size=1, max_size=3).flatmap(
        lambda names: st.fixed_dictionaries({name: st.sampled_from(ALONE[name]) for name in names})
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_written_for_all_as_for_each(store: Store, changes: dict[str, Any]) -> None:
    if not store.conn.query("SELECT id FROM client"):
        add_client(store, code="A")
        add_client(store, code="B", terms="net30", tags="vip", language="en", currency="USD")
        add_client(store, code="C", email="info@boreal.example", website="boreal.example")
    at_once, each = edited(store, changes, None), edited(store, changes, 1)
    assert at_once == each
    assert edited(store, changes, None, keys=NAMED) == each


@pytest.mark.parametrize(
    ("changes", "together"),
    [
        ({"terms": "net60"}, True),
        ({"terms": "net60", "language": "en", "currency": "USD"}, True),
        ({"terms": "net60", "language": "en", "currency": "USD", "tags": "vip"}, False),
        ({"terms": "net60", "prospect": True}, False),
    ],
)
def test_few_columns_are_written_for_all_and_many_for_each(
    store: Store, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], together: bool
) -> None:
    add_client(store, code="A")
    written: list[Any] = []
    write = Selection.write
    monkeypatch.setattr(
        Selection, "write", lambda self, values: (written.append(values), write(self, values))
    )
    assert edit(store, None, **changes).changed == 1
    assert bool(written) is together
    written.clear()
    assert edit(store, "A", **changes).unchanged == 1
    assert written == []  # of a few, each


def test_to_look_at_the_first_of_few_makes_no_table(store: Store) -> None:
    for code in ("A", "B"):
        add_client(store, code=code)

    def work(uow: UnitOfWork) -> list[str]:
        picked, seen = uow.selection, []
        picked.by_keys([(1, "NOBODY"), (2, "b"), (3, "a")])
        while (row := picked.first()) is not None:
            seen.append(row["code"])
            picked.mark_id(row["id"], "ok")
        assert picked.few is not None
        return seen

    assert store.run(work, operation="x")[0] == ["B", "A"]
