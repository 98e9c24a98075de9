"""Going back several steps: what was undone since does not count as a change since."""

from __future__ import annotations

from typing import Any

import pytest

from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import card
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.undoing import undo
from interop_cli.store.store import Store
from tests.support.stores import add_client, dump

EVERYONE = Selector()


def edit(store: Store, selector: Selector = EVERYONE, **changes: Any) -> int:
    _outcome, operation = store.run(
        lambda uow: card.edit(uow, selector, changes, Context()), operation="client.edit"
    )
    assert operation is not None
    return operation


def take_back(store: Store, operation: int, *, keep_newer: bool = False) -> tuple[Outcome, int]:
    outcome, undoing = store.run(
        lambda uow: undo(uow, operation, keep_newer=keep_newer),
        operation="journal.undo",
        undoes=operation,
    )
    return outcome, undoing or 0


def test_the_last_steps_are_undone_one_after_the_other(store: Store) -> None:
    client_id = add_client(store)
    states = [dump(store.conn)]
    operations = []
    for terms in ("net10", "net20", "net30"):
        operations.append(edit(store, terms=terms))
        states.append(dump(store.conn))
    for operation, state in zip(reversed(operations), reversed(states[:-1]), strict=True):
        take_back(store, operation)
        assert dump(store.conn) == state
    assert client_id in {row[0] for row in states[0]["client"]}
    take_back(store, 1)
    assert dump(store.conn)["client"] == []


def test_out_of_order_is_still_refused(store: Store) -> None:
    add_client(store)
    first, second, third = (edit(store, terms=terms) for terms in ("net10", "net20", "net30"))
    take_back(store, third)
    with pytest.raises(Conflict, match=r"journal\.newer"):
        take_back(store, first)
    take_back(store, second)
    take_back(store, first)


def test_an_undo_that_was_undone_counts_for_nothing(store: Store) -> None:
    add_client(store)
    first, second = edit(store, terms="net10"), edit(store, terms="net20")
    _outcome, undoing = take_back(store, second)
    _outcome, again = take_back(store, undoing)
    with pytest.raises(Conflict, match=r"journal\.newer"):
        take_back(store, first)
    take_back(store, again)
    take_back(store, first)


def test_an_undo_that_kept_a_row_did_not_take_it_back(store: Store) -> None:
    for code in ("ONE", "TWO"):
        add_client(store, code, code=code)
    first = edit(store, terms="net10")
    second = edit(store, terms="net20")
    newer = edit(store, Selector(keys=[(1, "ONE")]), terms="net30")
    kept, _undoing = take_back(store, second, keep_newer=True)
    assert (kept.changed, kept.extra["kept"]) == (1, 1)
    take_back(store, newer)
    # ONE still has what the second edit gave it, so the first cannot be taken back there.
    with pytest.raises(Conflict, match=r"journal\.newer") as caught:
        take_back(store, first)
    assert len(caught.value.details) == 1
