"""An undo that would not fit what was done since is refused, in words, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import card, status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.stores import add_client, dump


def run(store: Store, work: Callable[[UnitOfWork], Outcome]) -> int:
    _outcome, operation = store.run(work, operation="test")
    assert operation is not None
    return operation


def edit(store: Store, code: str, **changes: str) -> int:
    selector = Selector(keys=[(1, code)])
    return run(store, lambda uow: card.edit(uow, selector, changes, Context()))


def recode(store: Store, old: str, new: str) -> int:
    return run(store, lambda uow: status.recode(uow, old, new, Context()))


def remove(store: Store, client_id: int) -> int:
    selector = Selector(keys=[(1, f"#{client_id}")])
    return run(store, lambda uow: status.delete(uow, selector))


def refused(store: Store, operation: int) -> None:
    before = dump(store.conn)
    for keep_newer in (False, True):
        with pytest.raises(Conflict) as caught:
            store.run(
                lambda uow, keep=keep_newer: undo(uow, operation, keep_newer=keep),  # type: ignore[misc]
                operation="journal.undo",
            )
        assert caught.value.code == "journal.clash"
    assert dump(store.conn) == before


def test_a_code_that_is_somebody_elses_now(store: Store) -> None:
    deleted = remove(store, add_client(store, code="A"))
    add_client(store, code="A")
    refused(store, deleted)


def test_a_former_code_that_is_somebody_elses_now(store: Store) -> None:
    client = add_client(store, code="B")
    recode(store, "B", "C")
    deleted = remove(store, client)
    add_client(store, code="B")
    refused(store, deleted)


def test_a_payer_who_is_billed_to_another_now(store: Store) -> None:
    for code in ("P", "Q"):
        add_client(store, code=code)
    add_client(store, code="X", bill_to="P")
    freed = edit(store, "X", bill_to="")
    edit(store, "P", bill_to="Q")
    refused(store, freed)


def test_a_prospect_who_pays_for_others_now(store: Store) -> None:
    add_client(store, code="Q", prospect="true")
    ended = edit(store, "Q", prospect="false")
    add_client(store, code="X", bill_to="Q")
    refused(store, ended)


def test_what_has_nothing_to_do_with_it_is_undone(store: Store) -> None:
    add_client(store, code="P")
    add_client(store, code="X", bill_to="P")
    edited = edit(store, "X", terms="net10")
    edit(store, "P", terms="net20")
    outcome, _ = store.run(lambda uow: undo(uow, edited), operation="journal.undo")
    assert outcome.changed == 1
