"""Agreement before a write that matters; never from a pipe.

Mild: none. Moderate: ``-y`` or a yes. Severe: ``--confirm`` with the code, passed or typed. Off a
terminal nothing asks: a missing agreement is a usage error that names the flag, raised before any
input is read. Whoever is asked is shown what it is about: how many, the first by name, and what
comes along, as the write itself would have it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Declined, UsageError
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.i18n import _, ngettext, translate

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

Question = Callable[[int], Message]
Work = Callable[["UnitOfWork"], "Outcome"]
YES = frozenset({"y", "yes", "o", "oui"})


def asking(one: str, many: str) -> Question:
    """The question whether to do it, for the number of rows that it is about."""
    return lambda count: counted(one, many, count=count)


def can_ask(app: App, *, stdin_is_data: bool = False) -> bool:
    """Whether there is a person to ask, and something to ask about."""
    return not app.dry_run and not stdin_is_data and app.interactive


def needed(app: App, *, stdin_is_data: bool = False) -> bool:
    """Whether to ask, which ``-y`` and ``--dry-run`` make needless.

    Raises UsageError where nobody can be asked.
    """
    if app.options.get("yes") or app.dry_run:
        return False
    if stdin_is_data or not app.interactive:
        raise UsageError(
            "usage.confirmation",
            msg("This needs your agreement."),
            hint=msg("Add --yes to agree, or --dry-run to see what it would do."),
        )
    return True


def write(app: App, operation: str, work: Work, question: Question) -> int:
    """Show what ``work`` would change and ask ``question`` about it; how many it is about.

    ``work`` is done and rolled back for that, so what refuses it is said before anybody agrees;
    where it changes nothing, nothing is asked. Raises Declined where the answer is no.
    """
    found, count = preview(app, operation, work)
    if count:
        ask(question(count))
    return found.matched


def agreed(app: App, operation: str, work: Work, question: Question, *, asks: bool = True) -> None:
    """Do ``work`` once somebody has agreed to it, and hand its outcome to the output.

    ``asks`` false: it is about so little that nobody is asked.
    """
    if asks and needed(app):
        write(app, operation, work, question)
    app.write(operation, work)


def preview(app: App, operation: str, work: Work) -> tuple[Outcome, int]:
    """Show what ``work`` would change; what it would do, and how many it would change."""
    found, ids = _tried(app, operation, work)
    if ids:
        entity = operation.partition(".")[0]
        show(app, entity, ids, len(ids), contacts=found.extra.get("contacts", 0))
    return found, len(ids)


def show(app: App, entity: str, ids: Sequence[int], count: int, *, contacts: int = 0) -> None:
    """Name the first of ``count`` rows, whose ids are in ``ids``, and what comes along."""
    from interop_cli.store.reading.called import lines

    with app.store.reading() as conn:
        named = lines(conn, entity, ids)
    say = app.output.notices.always  # also where a success is quiet: the question is about it
    for line in named:
        say(f"  {line}")
    if left := count - len(named):
        say("  " + ngettext("… and {n} more", "… and {n} more", left))
    if contacts:
        say("  " + ngettext("along with {n} contact", "along with {n} contacts", contacts))


def ask(question: Message) -> None:
    """Ask for a yes; raises Declined where the answer is another."""
    answer = _ask(translate(question) + _(" [y/N] "))
    if answer.casefold() not in YES:
        raise Declined("declined", msg("Nothing was changed."))


def _tried(app: App, operation: str, work: Work) -> tuple[Outcome, list[int]]:
    """What ``work`` would do, and the ids of what it would change."""

    changed: list[int] = []

    def tried(uow: UnitOfWork) -> Outcome:
        found = work(uow)
        if len(found.items) == found.matched:
            changed[:] = [item["id"] for item in found.items if item["status"] == "ok"]
        else:  # too many for a list of items: they are in the selection
            changed[:] = uow.selection.ids("ok")
        return found

    outcome, _operation = app.store.run(tried, operation=operation, dry_run=True)
    return outcome, changed


def tried(app: App, operation: str, work: Work) -> Outcome:
    """What ``work`` would do, done and rolled back; what refuses it is said before one agrees."""
    return app.store.run(work, operation=operation, dry_run=True)[0]


def severe(
    app: App,
    expected: str,
    given: str | None,
    *,
    stdin_is_data: bool = False,
    about: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Make sure the person means ``expected``, typed or passed with ``--confirm``.

    Whoever is asked is shown the lines of ``about`` first.
    """
    if app.dry_run:
        return
    if given is None:
        if stdin_is_data or not app.interactive:
            raise UsageError(
                "usage.confirmation",
                msg("This cannot be taken lightly: it needs a confirmation."),
                hint=msg(
                    "Add --confirm {expected}, or --dry-run to see what it would do.",
                    expected=expected,
                ),
            )
        for line in about():
            app.output.notices.always(f"  {line}")
        given = _ask(_("Type {expected} to confirm: ", expected=expected))
        if given != expected:
            raise Declined("declined", msg("Nothing was changed."))
    elif given.casefold() != expected.casefold():
        raise UsageError(
            "usage.confirmation",
            msg("--confirm does not name what is about to be changed."),
            hint=msg("Pass --confirm {expected}", expected=expected),
        )


def _ask(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
