"""Importing in batches: where one ends changes nothing; on both engines."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from interop_cli.domain.errors import NOWHERE, Detail, InvalidData, Parts
from interop_cli.domain.rules import Context
from interop_cli.seed import clients as made_up
from interop_cli.services import Outcome
from interop_cli.services.clients import status
from interop_cli.services.imports import clients as imports
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.matching import Refusals
from interop_cli.services.imports.rows import repeated
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import add_client, dump

PLACE = {"line1": "12, rue du Quai", "city": "Québec", "postal_code": "G1K 7X2"}


class Row(NamedTuple):
    line: int
    values: dict[str, Any]
    error: Detail | None = None
    parts: Parts = NOWHERE.parts


def rows(*values: dict[str, Any]) -> list[Row]:
    return [Row(line, {"name": "Léger", **PLACE, **one}) for line, one in enumerate(values, 2)]


def take_in(store: Store, records: list[Row], **options: Any) -> Outcome:
    refusals: Refusals = {}

    def work(uow: UnitOfWork) -> Outcome:
        task = Import(uow, Context(), want_rows=True, refusals=refusals, **options)
        return task.run(iter(records))

    return repeated(lambda: store.run(work, operation="client.import")[0])


def statuses(outcome: Outcome) -> list[str]:
    assert outcome.rows is not None
    return [
        row["status"] if row["error"] is None else f"{row['error']['code']}" for row in outcome.rows
    ]


@pytest.fixture(params=[1, 2, 3, 100])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(imports.Import, "size", request.param)
    return int(request.param)


@pytest.mark.usefixtures("batch")
def test_a_key_twice(store: Store) -> None:
    add_client(store, code="OLD")
    records = rows(
        {"code": "A"},
        {"code": "OLD", "terms": "net30"},
        {"code": "BAD", "email": "no"},
        {"code": "a"},
        {"code": "old"},
        {"code": "BAD"},
        {"code": "", "name": "Autre"},
        {"code": "A"},
    )
    outcome = take_in(store, records, continue_on_error=True)
    twice = "import.duplicate"
    assert statuses(outcome) == [*[twice] * 6, "ok", twice]
    assert outcome.rows is not None
    assert [str(row["error"]["message"]) for row in outcome.rows if row["error"]] == [
        f"is also on line {line}" for line in (5, 6, 7, 2, 3, 4, 2)
    ]
    with pytest.raises(InvalidData) as caught:
        take_in(store, records)
    assert [(d.line, d.code) for d in caught.value.details] == [
        (line, twice) for line in (2, 3, 4, 5, 6, 7, 9)
    ]


@pytest.mark.usefixtures("batch")
def test_a_client_by_two_of_its_codes(store: Store) -> None:
    add_client(store, code="OLD")
    store.run(lambda uow: status.recode(uow, "OLD", "NEW", Context()), operation="client.recode")
    records = rows({"code": "NEW", "terms": "a"}, {"code": "B"}, {"code": "OLD", "terms": "b"})
    outcome = take_in(store, records, continue_on_error=True)
    assert statuses(outcome) == ["import.duplicate", "ok", "import.duplicate"]


@pytest.mark.usefixtures("batch")
def test_who_pays(store: Store) -> None:
    add_client(store, code="RETIRED", active=False)
    add_client(store, code="P")
    records = rows(
        {"code": "A", "bill_to": "B"},  # which comes later
        {"code": "B"},
        {"code": "C", "bill_to": "A"},  # which is billed itself
        {"code": "D", "bill_to": "d"},
        {"code": "E", "bill_to": "RETIRED"},
        {"code": "F", "bill_to": "NOBODY"},
        {"code": "G", "bill_to": "#2"},
        {"code": "B2", "prospect": True},
        {"code": "H", "bill_to": "B2"},
        {"code": "I", "bill_to": "#4"},  # B's, which nobody could know
    )
    outcome = take_in(store, records, continue_on_error=True)
    assert statuses(outcome) == [
        "ok",
        "ok",
        "client.bill_to.level",
        "client.bill_to.self",
        "client.bill_to.inactive",
        "client.not_found",
        "ok",
        "ok",
        "client.bill_to.prospect",
        "client.not_found",
    ]
    assert (outcome.matched, outcome.changed, outcome.unchanged, outcome.failed) == (10, 4, 0, 6)
    assert [item["code"] for item in outcome.items] == [*list("ABCDEFG"), "B2", "H", "I"]
    paid = store.conn.query(
        "SELECT c.code, p.code AS payer FROM client c JOIN client p ON p.id = c.bill_to_id"
        " ORDER BY c.code"
    )
    assert [(row["code"], row["payer"]) for row in paid] == [("A", "B"), ("G", "P")]
    again = rows({"code": "A", "bill_to": "B"}, {"code": "G", "bill_to": ""}, {"code": "B"})
    outcome = take_in(store, again)
    assert (outcome.changed, outcome.unchanged) == (1, 2)
    # B pays for A, so that nobody pays for B; once A pays for itself, somebody may.
    outcome = take_in(store, rows({"code": "B", "bill_to": "G"}), continue_on_error=True)
    assert statuses(outcome) == ["client.bill_to.level"]
    take_in(store, rows({"code": "A", "bill_to": ""}, {"code": "B", "bill_to": "G"}))


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize(
    "wrong",
    [
        {"bill_to": "NOBODY"},
        {"former_codes": "OLD"},
        {"former_codes": "é!"},
        {"merged_into": "NOBODY", "active": "false"},
        {"merged_into": "#3", "active": "false"},  # Y's, once the others are left out
    ],
)
def test_a_row_that_is_refused_at_the_end_writes_nothing(
    store: Store, wrong: dict[str, str]
) -> None:
    add_client(store, code="OLD")
    part = {"terms": "net30", "contact.name": "Ève", "note.text": "Quai 3"}
    before = dump(store.conn)
    records = rows(
        {"code": "OLD", **part, **wrong, "bill_to": "NOBODY"}, {"code": "N", **part, **wrong}
    )
    for found in (records, rows({"code": "OLD", "former_codes": "PAST", "bill_to": "NOBODY"})):
        outcome = take_in(store, found, continue_on_error=True)
        assert (outcome.changed, outcome.failed) == (0, len(found))
        assert dump(store.conn) == before
    with pytest.raises(InvalidData) as told:
        take_in(store, rows({"code": "OLD", "bill_to": "NOBODY"} | wrong))
    assert len({detail.line for detail in told.value.details}) == len(told.value.details) == 1
    records = [*records, *rows({"code": "X", "bill_to": "N"}, {"code": "Y"})]
    records = [Row(line, row.values) for line, row in enumerate(records, 2)]
    outcome = take_in(store, records, continue_on_error=True)
    assert (outcome.changed, outcome.failed, outcome.extra["created"]) == (1, 3, 1)
    assert statuses(outcome)[3] == "ok"
    codes = store.conn.query("SELECT code FROM client ORDER BY code")
    assert [row["code"] for row in codes] == ["OLD", "Y"]


def test_a_batch_more_or_less_writes_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = enumerate(made_up(60, 3), 1)
    records = [Row(number, {**values, "bill_to": None}) for number, values in made]
    written = []
    for size in (7, 60):
        monkeypatch.setattr(imports.Import, "size", size)

        def work(uow: UnitOfWork) -> None:
            outcome = Import(uow, Context(), want_rows=True).run(records)
            uow.writer.close()
            # Without ids and uids: a sequence goes on after a rollback, and uids are new.
            tables = dump(uow.conn)
            written.append(
                (
                    outcome.changed,
                    {
                        name: [row[3 if name == "address" else 2 :] for row in found]
                        for name, found in tables.items()
                    },
                )
            )
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.run(work, operation="client.import")
    assert len(written[0][1]["client"]) == len(written[0][1]["address"]) == written[0][0] == 60
    assert written[0] == written[1]


def test_a_made_code_is_none_that_a_later_row_has(store: Store) -> None:
    records = rows({"code": ""}, {"code": "LEGER-1"}, {"code": ""})
    for number, record in enumerate(records):  # who are three
        record.values["postal_code"] = f"G1K 7X{number}"
        record.values["line1"] = f"{number}, rue A"
    outcome = take_in(store, records)
    assert [item["code"] for item in outcome.items] == ["LEGER-2", "LEGER-1", "LEGER-3"]
