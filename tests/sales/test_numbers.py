"""Numbers of invoices: without gaps and without doubles, whoever writes at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.sales import documents, invoices
from interop_cli.store.store import Store
from tests.support.stores import add_client
from tests.support.warm_process import WarmProcess

WRITERS, EACH = 8, 4
LINE = {"description": "Cartes", "quantity": "1", "unit_price": "10"}
WRITER = f"""
import sys
from interop_cli.domain.errors import InteropError
from interop_cli.domain.rules import Context
from interop_cli.services.sales import invoices
from tests.support.warm_process import WarmProcess
from tests.support.stores import open_store

store = open_store(sys.argv[1])
line = {{"description": "Cartes", "quantity": "1", "unit_price": "10"}}
for n in range({EACH}):
    def work(uow):
        outcome = invoices.create(uow, "ACME", {{"lines": [line]}}, Context())
        if n == 1 and int(sys.argv[2]) % 2:
            raise InteropError("test", "a writer that fails gives its number back")
        return outcome
    try:
        store.run(work, operation="sales.invoice.create")
    except InteropError:
        pass
store.close()
"""


def create(store: Store, **values: object) -> tuple[Outcome, int]:
    outcome, operation = store.run(
        lambda uow: invoices.create(uow, "ACME", {"lines": [LINE], **values}, Context()),
        operation="sales.invoice.create",
    )
    assert operation is not None
    return outcome, operation


def numbers(store: Store) -> list[int]:
    rows = store.conn.query("SELECT number FROM document WHERE number IS NOT NULL ORDER BY id")
    return [int(row["number"]) for row in rows]


def test_eight_writers_leave_no_gap_and_no_double(store: Store, ready_url: str, root: Path) -> None:
    add_client(store, code="ACME")
    running = [WarmProcess([ready_url, str(n)], program=WRITER, cwd=root) for n in range(WRITERS)]
    assert [process.wait(60) for process in running] == [0] * WRITERS
    made = WRITERS * EACH - WRITERS // 2  # every other writer failed once
    assert sorted(numbers(store)) == list(range(1, made + 1))


def test_the_first_number_follows_those_of_the_erp(store: Store) -> None:
    add_client(store, code="ACME")
    for number in ("1041", "F-9000", "00000000000000000000007"):
        store.run(
            lambda uow, number=number: documents.add(
                uow, "ACME", "invoice", {"number": number, "subtotal": "1"}, Context()
            ),
            operation="sales.document.add",
        )
    outcome, _ = create(store)
    assert outcome.items[0]["number"] == "1042"


def test_a_taken_number_is_passed_over(store: Store) -> None:
    add_client(store, code="ACME")
    create(store)
    values = {"number": "2", "subtotal": "1"}
    store.run(
        lambda uow: documents.add(uow, "ACME", "invoice", values, Context()),
        operation="sales.document.add",
    )
    outcome, _ = create(store)
    assert outcome.items[0]["number"] == "3"


def test_a_draft_has_no_number_until_it_is_posted(store: Store) -> None:
    add_client(store, code="ACME")
    outcome, _ = create(store, draft=True)
    assert outcome.items[0]["number"] is None
    create(store)
    draft = f"#{outcome.items[0]['id']}"
    posted, _ = store.run(
        lambda uow: invoices.post(uow, draft, Context()), operation="sales.invoice.post"
    )
    assert posted.items[0]["number"] == "2"
    assert sorted(numbers(store)) == [1, 2]
    with pytest.raises(Conflict) as raised:
        store.run(lambda uow: invoices.post(uow, draft, Context()), operation="sales.invoice.post")
    assert raised.value.code == "invoice.not_draft"
