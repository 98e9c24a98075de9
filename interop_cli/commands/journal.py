"""``interop journal``: what was done, by whom, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from interop_cli.app import EXIT_ATTENTION
from interop_cli.commands import lists
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.text import closest, fold
from interop_cli.i18n import local_time, ngettext
from interop_cli.output.words import OPERATIONS, operation_named
from interop_cli.shell import confirm
from interop_cli.shell.command import Count, Group, RowId, argument, option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork

journal_command = Group("journal", help=N_("What was done, by whom; undo."))
LAST = "last"


@journal_command.command("list")
@option("--name", metavar="OPERATION", help=N_("Only operations of this name, as client.edit."))
@option("--actor", metavar="USER", help=N_("Only operations of this user."))
@option("--since", metavar="YYYY-MM-DD[THH:MM]", help=N_("From this date or time on."))
@option("--until", metavar="YYYY-MM-DD[THH:MM]", help=N_("Up to this date or time."))
@option("--limit", type=Count(min=0), metavar="N", help=N_("The latest N; 0: all."))
def list_command(
    app: App,
    name: str | None,
    actor: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
) -> None:
    """List operations, the latest first.

    A date is a day of the company's time zone, and a time one there, unless it says its own zone.

    \b
    interop journal list --limit 10
    interop journal list --actor marie --since 2026-11-01
    interop journal list --since 2026-11-28T10:00 --until 2026-11-28T10:30
    """
    from interop_cli.store.reading import operations

    since_time = lists.moment(app, "--since", since)
    until_time = lists.moment(app, "--until", until, after=True)
    lists.check_span(since_time, until_time, after=True)
    chosen = operations.chosen_by(
        name=None if name is None else _operation(name, operations.names(app.store.conn)),
        actor=actor,
        since=since_time,
        until=until_time,
    )
    columns = operations.columns()
    app.output.pick(columns, key="id")
    batches = operations.operation_rows(app.store.conn, chosen, limit=limit or None)
    if app.output.format == "table":
        batches = _named(batches)
    app.output.rows(columns, batches, key="id", spool=app.store.conn.readers_block_writers)


def _operation(text: str, done: Sequence[str]) -> str:
    """The name of an operation, also where a table's word for it was typed.

    ``done`` are the names of those there are. Raises UsageError ``filter.value``.
    """
    names = {fold(operation_named(name)): name for name in (*OPERATIONS, *done)}
    names |= {name: name for name in names.values()}
    if found := names.get(text) or names.get(fold(text)):
        return found
    near = closest(text, names)
    raise UsageError(
        "filter.value",
        msg("--name: no operation is called so."),
        hint=msg("Did you mean {field}?", field=names[near])
        if near
        else msg("See: interop journal list --fields name"),
    )


def _named(batches: Iterable[list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
    """Operations with their names as people say them."""
    for batch in batches:
        yield [(row[0], operation_named(row[1]), *row[2:]) for row in batch]


@journal_command.command("show")
@argument("operation_id", type=RowId(), metavar="OPERATION")
@option(
    "--limit",
    type=Count(min=1),
    default=100,
    metavar="N",
    help=N_("At most N of its changes (100)."),
)
def show_command(app: App, operation_id: int, limit: int) -> None:
    """Show an operation and its changes, with the fields before and after.

    \b
    interop journal show 17
    """
    from interop_cli.store.reading import operations

    with app.store.reading() as conn:
        found = operations.operation(conn, operation_id)
        if app.output.format == "table" and not app.output.fields:
            found["name"] = operation_named(found["name"])
        items = operations.changes(conn, operation_id, limit)
        spool = conn.readers_block_writers
        app.output.record(found, "operation", key="id", last=("items", items), spool=spool)


class Operation(RowId):
    """The id of an operation, or the word for the latest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return LAST if str(value).casefold() == LAST else super().convert(value, param, ctx)


def _last(app: App) -> tuple[int, str]:
    """The latest operation of this user that is not undone: its id, and a line that shows it."""
    from interop_cli.output.sanitise import one_line
    from interop_cli.store.reading import operations

    with app.store.reading() as conn:
        found = operations.latest(conn, app.store.actor)
    shown = ngettext("{n} change", "{n} changes", found["changes"])
    at = local_time(found["at"])
    line = one_line(f"{found['id']}  {at}  {found['command']}  {shown}")
    return int(found["id"]), f"  {line}"


@journal_command.command("undo")
@argument("operation_id", type=Operation(), metavar="OPERATION|last")
@option("--keep-newer", is_flag=True, help=N_("Keep the rows changed since, undo the others."))
@option(
    "--unlink",
    is_flag=True,
    help=N_("Also what a target of sync holds by now, or has merged: that stays there."),
)
def undo_command(app: App, operation_id: int | str, keep_newer: bool, unlink: bool) -> None:
    """Bring back what an operation changed, and nothing else.

    last is the latest operation of yours that is not undone; it is shown, and you are asked, before
    anything is done. An invoice or a credit note that was posted here stays: credit it, or make it
    void.

    \b
    interop journal undo 17 --dry-run
    interop journal undo 17
    interop journal undo last
    interop journal undo 17 --unlink
    """
    from interop_cli.services import undoing

    wanted, line = (operation_id, "") if isinstance(operation_id, int) else _last(app)

    def undo(uow: UnitOfWork) -> Outcome:
        return undoing.undo(uow, wanted, keep_newer=keep_newer, unlink=unlink)

    asked = bool(line) and confirm.needed(app)
    if asked:
        confirm.tried(app, "journal.undo", undo)  # what refuses it is said before anybody agrees
        app.output.notices.always(line)
        confirm.ask(msg("Undo operation {id}?", id=wanted))
    outcome = app.run("journal.undo", undo, undoes=wanted)
    if line and not asked:
        app.output.message(line)
    if outcome.notice:
        from interop_cli.i18n import translate

        app.output.message(translate(outcome.notice))
    app.output.result(outcome.as_dict())


@journal_command.command("verify")
def verify_command(app: App) -> None:
    """Check that the journal is as it was written (exit 10 where it is not).

    \b
    interop journal verify
    """
    from interop_cli.output import Column, ValueKind
    from interop_cli.store.writing import journal

    with app.store.reading() as conn:
        findings = list(journal.broken_links(conn))
        count, head = journal.head(conn)
        waiting = journal.unsealed(conn)
    if app.output.format == "table" and not findings:
        app.output.message(
            ngettext(
                "{n} operation verified; head {hash}",
                "{n} operations verified; head {hash}",
                count,
                hash=head,
            )
        )
        if waiting:
            app.output.message(
                ngettext(
                    "{n} operation is not sealed yet: the next one that is written sees to it.",
                    "{n} operations are not sealed yet: the next one that is written sees to it.",
                    waiting,
                )
            )
        return
    columns = [Column("operation_id", ValueKind.INT), Column("reason")]
    rows = [(finding["operation_id"], finding["reason"]) for finding in findings]
    app.output.rows(columns, [rows] if rows else [], key="operation_id")
    app.exit_code = EXIT_ATTENTION if findings else 0
