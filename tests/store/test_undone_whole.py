"""Whatever a file of clients did, in any order of its rows, its undo takes back and brings back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interop_cli.domain.errors import Conflict
from interop_cli.domain.matching import Key
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.documents import DocumentImport
from interop_cli.services.imports.matching import Refusals
from interop_cli.services.imports.rows import RowImport, repeated
from interop_cli.services.seeding import SeedRecord
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.campaigns import share
from tests.support.stores import Dump, add_client, dump

CODES = ("A", "B", "C", "D", "E")
EMAILS = ("a@x.example", "b@x.example", "c@x.example")
PLACE = {"name": "x", "line1": "1, rue A", "city": "Alma", "postal_code": "G8B 1A1"}

contacts = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["Ève Côté", "Luc Roy"]), "email": st.sampled_from(EMAILS)},
        optional={flag: st.booleans() for flag in ("default", "billing", "active")},
    ),
    max_size=2,
)
addresses = st.lists(
    st.fixed_dictionaries(
        {"line1": st.sampled_from(["2, rue B", "3, rue C"]), "main": st.booleans()}
    ).map(lambda own: {**PLACE, **own, "name": None}),
    max_size=2,
)
rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "bill_to": st.sampled_from(["", *CODES]),
            "external_id": st.sampled_from(["", "1", "2", "3"]),
            "active": st.booleans(),
            "prospect": st.booleans(),
            "contacts": contacts,
            "addresses": addresses.map(
                lambda found: [
                    {name: value for name, value in one.items() if value is not None}
                    for one in found
                ]
            ),
            "notes": st.lists(st.sampled_from(["un", "deux"]).map(lambda text: {"text": text})),
        },
    ),
    max_size=len(CODES),
).flatmap(
    lambda found: st.permutations(CODES).map(
        lambda codes: [
            {**PLACE, **row, "code": code} for code, row in zip(codes, found, strict=False)
        ]
    )
)
documents = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["invoice", "quote", "job"]),
            "number": st.sampled_from(["1", "2", "3"]),
            "client": st.sampled_from(CODES),
            "date": st.just("2026-01-02"),
            "subtotal": st.sampled_from(["1", "2"]),
        },
        optional={
            "bill_to": st.sampled_from(CODES),
            "lines": st.lists(
                st.sampled_from(["un", "deux"]).map(
                    lambda text: {"description": text, "quantity": "1", "unit_price": "1"}
                )
            ),
        },
    ),
    max_size=4,
)


Task = Callable[..., RowImport]
# A row may then give a client another external id.
BY_CODE = partial(Import, keys=(Key.CODE,), named=True)


def take_in(
    store: Store,
    task: Callable[..., RowImport],
    found: list[dict[str, Any]],
    *,
    apart: bool = False,
) -> int | None:
    """Write the rows in one operation; ``apart``: what one gives up is free for the next."""
    if not found:
        return None
    records = [SeedRecord(line, values) for line, values in enumerate(found, 1)]
    refused: Refusals = {}  # rows that an import of clients finds wrong when all are written
    how: dict[str, Any] = {} if task is DocumentImport else {"refusals": refused}

    def work(uow: UnitOfWork) -> Outcome:
        outcome = Outcome()
        for rows in [[record] for record in records] if apart else [records]:
            outcome = task(uow, Context(), continue_on_error=True, **how).run(rows)
        return outcome

    return repeated(lambda: store.run(work, operation="test")[1])


def take_back(store: Store, operation: int) -> int:
    _outcome, undoing = store.run(
        lambda uow: undo(uow, operation), operation="journal.undo", undoes=operation
    )
    assert undoing is not None
    return undoing


@pytest.fixture
def there(store: Store) -> Store:
    """Clients with what the rows may change hands of."""
    for code in ("A", "B", "C"):
        add_client(store, code=code, external_id=str("ABC".index(code) + 1))
    take_in(
        store,
        Import,
        [
            {"code": "A", "bill_to": "B"},
            {
                "code": "B",
                "contacts": [
                    {"name": "Ève Côté", "email": EMAILS[0], "billing": True},
                    {"name": "Luc Roy", "email": EMAILS[1]},
                ],
            },
        ],
    )
    return store


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=share(25))
@given(clients=rows, invoices=documents, apart=st.booleans())
def test_an_import_is_undone_and_done_again(
    there: Store, clients: list[dict[str, Any]], invoices: list[dict[str, Any]], apart: bool
) -> None:
    states: list[Dump] = [dump(there.conn)]
    operations = []
    for task, found in ((BY_CODE, clients), (DocumentImport, invoices)):
        if (operation := take_in(there, task, found, apart=apart)) is not None:
            operations.append(operation)
            states.append(dump(there.conn))
    undone = []
    for operation, before in zip(reversed(operations), reversed(states[:-1]), strict=True):
        undone.append(take_back(there, operation))
        assert dump(there.conn) == before
    again = []
    for operation, after in zip(reversed(undone), states[1:], strict=True):
        again.append(take_back(there, operation))
        assert dump(there.conn) == after
    for operation, before in zip(reversed(again), reversed(states[:-1]), strict=True):
        take_back(there, operation)
        assert dump(there.conn) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=share(25))
@given(clients=rows, invoices=documents)
def test_what_is_used_since_stays_whole(
    there: Store, clients: list[dict[str, Any]], invoices: list[dict[str, Any]]
) -> None:
    first = take_in(there, BY_CODE, clients)
    second = take_in(there, DocumentImport, invoices)
    if first is None:
        return
    after = dump(there.conn)
    done = []
    try:
        _outcome, undoing = there.run(
            lambda uow: undo(uow, first, keep_newer=True), operation="journal.undo", undoes=first
        )
    except Conflict as error:  # a job has ended a prospect, another has the external id
        if error.code != "journal.clash":
            raise
        assert dump(there.conn) == after
        done = [operation for operation in (second, first) if operation is not None]
    else:
        now = dump(there.conn)
        assert [row[0] for row in now["document"]] == [row[0] for row in after["document"]]
        mains = there.conn.query("SELECT client_id FROM address WHERE main = 1 ORDER BY client_id")
        assert [row["client_id"] for row in mains] == [row[0] for row in now["client"]]
        done = [operation for operation in (undoing, second, first) if operation is not None]
    for operation in done:
        take_back(there, operation)


@pytest.mark.parametrize(
    "found",
    [
        [{"code": "A", "bill_to": "D"}, {**PLACE, "code": "D"}],
        [{"code": "A", "external_id": "4"}, {"code": "C", "external_id": "1"}],
        [{"code": "C", "external_id": "4"}, {"code": "A", "external_id": "3"}],
        [{"code": "C", "external_id": ""}, {"code": "A", "external_id": "3"}],
    ],
    ids=["payer", "passed on", "passed back", "given up"],
)
def test_what_changes_hands_goes_back(there: Store, found: list[dict[str, Any]]) -> None:
    before = dump(there.conn)
    operation = take_in(there, BY_CODE, found, apart=True)
    assert operation is not None
    after = dump(there.conn)
    undoing = take_back(there, operation)
    assert dump(there.conn) == before
    take_back(there, undoing)
    assert dump(there.conn) == after


def test_one_who_pays_is_restored_before_whom_it_pays_for(store: Store) -> None:
    """The client stands before its payer, by id: it is deleted first, and restored last."""
    add_client(store, code="X")
    add_client(store, code="P")
    take_in(store, Import, [{"code": "X", "bill_to": "P"}])
    before = dump(store.conn)
    selector = Selector(keys=[(1, "X"), (2, "P")])
    _outcome, operation = store.run(lambda uow: status.delete(uow, selector), operation="test")
    assert operation is not None
    take_back(store, operation)
    assert dump(store.conn) == before
