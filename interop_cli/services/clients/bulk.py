"""Working on many clients at once: who they are, how many may be touched, what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail, InteropError, NotFound
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.services import MAX_ITEMS, Outcome
from interop_cli.store.reading.lists import EVERYTHING, Condition

if TYPE_CHECKING:
    from interop_cli.store.writing.repositories.selection import Which
    from interop_cli.store.writing.unit_of_work import UnitOfWork

MAX_DETAILS = 100
BATCH = 500


@dataclass(frozen=True)
class Selector:
    """Which clients a bulk command works on, and how carefully.

    Either ``keys`` (line, code or ``#id``), or a ``condition`` of the filters. ``expect`` refuses
    another count, ``max_affected`` a greater one. ``from_file`` says that the lines mean something
    to whoever reads an error.
    """

    keys: list[tuple[int, str]] | None = None
    condition: Condition = EVERYTHING
    expect: int | None = None
    max_affected: int | None = None
    continue_on_error: bool = False
    want_rows: bool = False
    from_file: bool = False


OF_ONE = "#"  # between the code of an error and the id of the one client that it is about
NOT_FOUND = "client.not_found"
NO_SUCH_CODE = msg("There is no client of this code.")


def select(uow: UnitOfWork, selector: Selector) -> None:
    """Fill the selection; refuse what the selector does not allow.

    Raises NotFound where a code names nobody (unless the selector goes on), Conflict
    ``bulk.expect`` or ``bulk.max_affected``.
    """
    selection = uow.selection
    if selector.keys is not None:
        selection.by_keys(selector.keys)
    else:
        selection.by_condition(selector.condition)
    check_limits(selector, selection.count())
    missing = selection.missing(MAX_DETAILS)
    if missing and not selector.continue_on_error:
        details = [
            Detail("code", NOT_FOUND, NO_SUCH_CODE, line=_line(selector, row), key=row["key"][:40])
            for row in missing
        ]
        raise NotFound(
            NOT_FOUND,
            msg("There is no client {code}.", code=missing[0]["key"][:40]),
            hint=msg("Look for it with: interop client list --status all --search TEXT"),
            details=details,
        )
    if missing:
        selection.mark_missing(NOT_FOUND)
        selection.reasons[NOT_FOUND] = NO_SUCH_CODE


def check_limits(selector: Selector, count: int, *, sends: bool = False) -> None:
    """Refuse a number of clients that the selector does not allow, as ``check_count`` does.

    ``sends``: they would be sent rather than changed.
    """
    expected, limit = selector.expect, selector.max_affected
    hint = None
    if sends:
        another = counted(
            "{count} client matches, not {expected}; nothing was sent.",
            "{count} clients match, not {expected}; nothing was sent.",
            count=count,
            expected=expected,
        )
        more = counted(
            "{count} client matches, more than the {limit} allowed; nothing was sent.",
            "{count} clients match, more than the {limit} allowed; nothing was sent.",
            count=count,
            limit=limit,
        )
    else:
        another = counted(
            "{count} client matches, not {expected}; nothing was changed.",
            "{count} clients match, not {expected}; nothing was changed.",
            count=count,
            expected=expected,
        )
        more = counted(
            "{count} client matches, more than the {limit} allowed; nothing was changed.",
            "{count} clients match, more than the {limit} allowed; nothing was changed.",
            count=count,
            limit=limit,
        )
        hint = msg("Look at them with: interop client list, and the same --filter.")
    check_count(count, expected, limit, another=another, more=more, hint=hint)


def check_count(
    count: int,
    expected: int | None,
    limit: int | None,
    *,
    another: Message,
    more: Message,
    hint: Message | None = None,
) -> None:
    """Refuse another number than the expected one, or a greater one than allowed.

    Raises Conflict ``bulk.expect``, which says ``another`` and its ``hint``, or
    ``bulk.max_affected``, which says ``more``.
    """
    if expected is not None and count != expected:
        raise Conflict("bulk.expect", another, hint=hint)
    if limit is not None and count > limit:
        hint = msg("Allow it with: --max-affected {count}", count=count)
        raise Conflict("bulk.max_affected", more, hint=hint)


def refuse(
    uow: UnitOfWork,
    selector: Selector,
    which: Which,
    code: str,
    reason: Message,
    *,
    hint: Message | None = None,
) -> None:
    """Refuse the picked clients that are so.

    Raises Conflict with one detail a client, or marks them where the selector goes on.
    """
    if not uow.selection.mark("error", which, error=code):
        return
    uow.selection.reasons[code] = reason
    if not selector.continue_on_error:
        details = [
            Detail("code", code, reason, line=_line(selector, row), key=row["key"])
            for row in uow.selection.errors(MAX_DETAILS)
        ]
        raise Conflict(code, reason, hint=hint, details=details)


def _line(selector: Selector, row: dict[str, Any]) -> int | None:
    return int(row["position"]) if selector.from_file else None


def each(uow: UnitOfWork, selector: Selector, work: Callable[[int], bool]) -> None:
    """Do ``work`` for each picked client; it says whether it changed something.

    Without ``continue_on_error`` the first error ends it all. ``work`` must check before it
    writes: what a failing one wrote would stay.
    """
    for client_id in uow.selection.ids():
        try:
            changed = work(client_id)
        except InteropError as error:
            _refuse_one(uow, selector, client_id, error)
        else:
            uow.selection.mark_id(client_id, "ok" if changed else "unchanged")


def each_batch(
    uow: UnitOfWork,
    selector: Selector,
    work: Callable[[Sequence[int]], Mapping[int, bool | InteropError]],
) -> None:
    """As ``each``, for many clients at a time; ``work`` tells of each, or why it was refused."""
    ids = uow.selection.ids()
    for start in range(0, len(ids), BATCH):
        tidings = work(ids[start : start + BATCH])
        for client_id, told in tidings.items():
            if isinstance(told, InteropError):
                _refuse_one(uow, selector, client_id, told)
        uow.selection.mark_ids([one for one, told in tidings.items() if told is True], "ok")
        uow.selection.mark_ids([one for one, told in tidings.items() if told is False], "unchanged")


def _refuse_one(uow: UnitOfWork, selector: Selector, client_id: int, error: InteropError) -> None:
    if not selector.continue_on_error:
        raise error
    # Two clients may break one rule, and each in its own words.
    reason = f"{error.code}{OF_ONE}{client_id}"
    uow.selection.reasons[reason] = error.message
    uow.selection.mark_id(client_id, "error", reason)


def conclude(uow: UnitOfWork, selector: Selector) -> Outcome:
    """Count what became of the picked clients, and list them where they are few or asked for."""
    selection = uow.selection
    tally = selection.tally()
    matched = sum(tally.values())
    outcome = Outcome(
        matched=matched,
        changed=tally.get("ok", 0),
        unchanged=tally.get("unchanged", 0) + tally.get("skipped", 0),
        failed=tally.get("error", 0),
    )
    error_of = partial(_error, selection.reasons)
    if selector.want_rows:
        outcome.rows = [
            {"line": line, "key": key, "status": status, "id": client_id, "error": error_of(error)}
            for line, key, client_id, _code, status, error in selection.rows()
        ]
    if matched <= MAX_ITEMS:
        outcome.items = [
            {"id": client_id, "code": code or key, "status": status, "error": error_of(error)}
            for _line, key, client_id, code, status, error in selection.rows(MAX_ITEMS)
        ]
    return outcome


def _error(reasons: dict[str, Message], code: str | None) -> dict[str, Any] | None:
    if not code:
        return None
    return {"code": code.partition(OF_ONE)[0], "message": reasons.get(code)}
