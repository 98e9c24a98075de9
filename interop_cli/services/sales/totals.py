"""Bringing the sales totals up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.services import MAX_ITEMS, Outcome, item
from interop_cli.services.clients import bulk
from interop_cli.services.clients.bulk import Selector
from interop_cli.store.writing.repositories.selection import Which

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def refresh(
    uow: UnitOfWork, first: int, last: int, *, selector: Selector | None = None, full: bool = False
) -> Outcome:
    """Recompute the totals of the years ``first`` to ``last``.

    Only for clients whose documents changed since, unless ``full``; only for the clients of
    ``selector``, where one is given. ``changed`` counts the clients whose totals were computed.
    """
    if selector is not None:
        outcome = _picked(uow, first, last, selector, full=full)
    elif full or not uow.totals.computed(first, last):
        uow.totals.refresh_all(first, last)
        outcome = Outcome(changed=uow.totals.clients(first, last))
        outcome.matched = outcome.changed
    else:
        uow.totals.find_stale(first, last)
        outcome = _due(uow)
        uow.totals.record_run(first, last)
    outcome.extra = {"first_year": first, "last_year": last}
    return outcome


def _picked(uow: UnitOfWork, first: int, last: int, selector: Selector, *, full: bool) -> Outcome:
    bulk.select(uow, selector)
    if full:
        uow.totals.find_picked(first, last, uow.selection)
    else:
        uow.totals.find_stale(first, last, uow.selection)
    uow.totals.refresh_due()
    uow.selection.mark("ok", Which.COMPUTED)
    uow.selection.mark("unchanged")
    return bulk.conclude(uow, selector)


def _due(uow: UnitOfWork) -> Outcome:
    count, rows = uow.totals.due_clients(MAX_ITEMS)
    if count:
        uow.totals.refresh_due()
    outcome = Outcome(matched=count, changed=count)
    if count <= MAX_ITEMS:
        outcome.items = [item(row) for row in rows]
    return outcome
