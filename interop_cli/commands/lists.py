"""Lists of rows: the options that all have, how they are written, and the notes at their head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, labelled, ngettext
from interop_cli.shell.command import Count, argument, gathered, option
from interop_cli.shell.options import filter_option, search_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Column, Style
    from interop_cli.store.engines.connection import Connection
    from interop_cli.store.reading.lists import Condition, ListView


F = TypeVar("F", bound=Callable[..., Any])
Batches = Iterator[list[tuple[Any, ...]]]

FILTER = filter_option(N_("field op value; several are AND. See: interop help filters"))
LIMIT = option("--limit", type=Count(min=0), metavar="N", help=N_("At most N rows; 0: all."))
SORT_HELP = N_("Order by a field; - reverses.")
# Of a client's own things, or those of all clients.
ANY_CLIENT = argument("client", metavar="[CODE]", required=False)


class Asked(NamedTuple):
    """The options of a list as they were typed."""

    filters: tuple[str, ...]
    search: str | None
    sort: str | None
    limit: int | None
    after: str | None


def row_options(cursor: str = "ID") -> Callable[[F], F]:
    """The options of a list of rows; the command gets them as one ``asked``.

    ``cursor`` is what a row is named by, in the help of ``--after``.
    """
    return gathered(
        "asked",
        Asked,
        Asked._fields,
        FILTER,
        search_option(N_("Those with all these words, or their client.")),
        option("--sort", metavar="F|-F", help=SORT_HELP),
        LIMIT,
        option("--after", metavar=cursor, help=N_("Start after this one.")),
    )


def show(
    app: App,
    view: ListView,
    columns: Sequence[Column],
    asked: Asked,
    also: Condition,
    *,
    client: str | None,
    head: bool = True,
    dim: str | None = None,
    dress: Callable[[Batches, Sequence[str]], Batches] | None = None,
    comes_back: bool = False,
) -> None:
    """Write the rows of a list: those of a client, under the notes about it, or of all clients.

    ``also`` is what other options ask for. ``head`` false: without the notes. ``dress`` changes
    the rows for a table. ``comes_back``: as ``Output.rows`` has it.
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.shell.selectors import condition_of, say_left_out
    from interop_cli.store.reading import lists
    from interop_cli.store.reading.fields import field_named
    from interop_cli.store.reading.lists import of_clients

    conn = app.store.conn
    shown = columns if client is not None else _with_client(columns)
    chosen = app.output.pick(shown, key=view.key)
    names = [column.name for column in chosen]
    condition = condition_of(app, asked.filters, view.fields, view.source) & also
    if asked.sort is not None:
        field_named(view.fields, asked.sort.removeprefix("-"), option="--sort")
    above: list[str] = []
    if client is not None:
        client_id, _code = resolved(app, conn, client)
        condition &= of_clients([client_id])
        above = lines_above(app, conn, client_id) if head else []
    if asked.search is not None:
        condition &= lists.searching(conn, view, asked.search)
    say_left_out(app, view.source, condition)
    query = lists.RowQuery(condition, asked.sort, asked.limit or None, asked.after)
    batches: Iterable[list[tuple[Any, ...]]] = lists.rows(conn, view, query, names)
    if dress is not None and app.output.format == "table" and not app.output.fields:
        batches = dress(cast(Batches, batches), names)
    spool = conn.readers_block_writers
    app.output.rows(
        chosen, batches, key=view.key, spool=spool, dim=dim, head=above, comes_back=comes_back
    )
    say_limit(app, query.limit, lambda: lists.count(conn, view, condition))


def say_limit(app: App, limit: int | None, count: Callable[[], int]) -> None:
    """Say of a table how many there are, where its limit hides some."""
    if limit and app.output.format == "table":
        total = count()
        if total > limit:
            app.output.message(
                _("{limit} of {total}; --limit 0 for all.", limit=limit, total=total)
            )


def _with_client(columns: Sequence[Column]) -> list[Column]:
    """The columns, with whose each row is in the table too."""
    return [
        column._replace(table=True) if column.name == "client" else column for column in columns
    ]


SHOWN = 10  # above a table; a card shows them all


def note_lines(notes: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Notes as people read them: category, text, and the attachments with their ids."""
    for note in notes:
        first, *others = note["text"].split("\n")
        yield f"  ▸ {labelled(style.bold(note['category']), first)}"
        yield from (f"    {line}" for line in others)
        for attached in note["attachments"]:
            yield style.dim(
                f"    + #{attached['id']} {attached['name']} ({size(attached['size'])})"
            )


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit in (_("B"), _("kB"), _("MB")):
        if count < 1000 or unit == _("MB"):
            break
        count //= 1000
    return f"{count} {unit}"


def lines_above(app: App, conn: Connection, client_id: int) -> list[str]:
    """The lines above a table of what belongs to a client; none where it is no table."""
    from interop_cli.store.reading import notes

    if app.output.format != "table":
        return []
    found = notes.of_client(conn, client_id)
    lines = list(note_lines(found[:SHOWN], app.output.style))
    if (hidden := len(found) - SHOWN) > 0:
        lines.append("  " + ngettext("… and {n} more note.", "… and {n} more notes.", hidden))
    return [*lines, ""] if lines else []


def show_under(
    app: App, conn: Connection, client_id: int, found: Mapping[str, Any], entity: str
) -> None:
    """Write one thing of a client under the client's notes; in JSON they are in ``notes``."""
    from interop_cli.output import records
    from interop_cli.store.reading import notes

    def card(obj: Mapping[str, Any], style: Style) -> Iterator[str]:
        lines = list(note_lines(obj["notes"], style))
        yield from [*lines, ""] if lines else []
        yield from records.card({k: v for k, v in obj.items() if k != "notes"}, style)

    obj = {**found, "notes": notes.of_client(conn, client_id)}
    app.output.record(obj, entity, card=card, key="id")


def mailing_line(mailing: Mapping[str, Any]) -> str:
    """What was sent by e-mail, on a line: when, whether it went, to whom."""
    from interop_cli.i18n import local_time
    from interop_cli.output.words import spoken

    copies = _(" (copies: {cc})", cc=", ".join(mailing["cc"])) if mailing["cc"] else ""
    to = ", ".join(mailing["to"]) + copies
    return f"{local_time(mailing['at'])}  {spoken('mailed', mailing['state'])}  {to}"


def check_span(since: str | None, until: str | None, *, after: bool = False) -> None:
    """UsageError ``usage.dates`` where ``--since`` is later than ``--until``: nothing is both.

    ``after``: ``until`` is when its day or time is over.
    """
    from interop_cli.domain.errors import UsageError

    if since and until and (since >= until if after else since > until):
        raise UsageError("usage.dates", msg("--since is later than --until."))


def day(flag: str, text: str | None) -> str | None:
    """The date given for an option; UsageError ``usage.date`` where it is none."""
    from datetime import date

    from interop_cli.domain.errors import UsageError

    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        raise UsageError(
            "usage.date", msg("{option} takes a date: YYYY-MM-DD.", option=flag)
        ) from None


def moment(app: App, flag: str, text: str | None, *, after: bool = False) -> str | None:
    """When the day or time given for an option begins for the company, as times are stored.

    ``after``: when that day is over, or that minute or second. UsageError ``usage.date`` where it
    is neither.
    """
    from datetime import date, timedelta

    from interop_cli.domain.errors import UsageError
    from interop_cli.domain.values.days import midnight, stamp, time_named

    if not text:
        return None
    try:
        named = time_named(text, app.zone)
        found = None if named else date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "usage.date",
            msg("{option} takes a date or a time: YYYY-MM-DD or YYYY-MM-DDTHH:MM.", option=flag),
        ) from None
    try:
        if named:
            return stamp(named[0] + named[1] * after)
        return midnight(found + timedelta(days=after), app.zone) if found else None
    except (OverflowError, ValueError):  # at an end of the calendar: no limit
        return None
