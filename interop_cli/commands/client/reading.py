"""``client list``, ``show``, ``history``: reads, each one view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.commands import lists
from interop_cli.commands.lists import FILTER, LIMIT, SORT_HELP, note_lines, say_limit
from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import CLIENT, CONTACT, Card, Kind
from interop_cli.domain.fields.field import names, on_card
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.closed_lists import KIND_NAMES, KINDS
from interop_cli.i18n import _, labelled, language, translate
from interop_cli.shell.command import Count, argument, command, gathered, option
from interop_cli.shell.options import STATUS, Word, search_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Column, Style
    from interop_cli.store.reading.clients import ListQuery


class Asked(NamedTuple):
    """The options of a list of clients as they were typed."""

    status: str | None
    everything: bool
    prospect: bool | None
    filters: tuple[str, ...]
    search: str | None
    sort: str
    limit: int | None
    after: str | None


# Which clients, in which order.
list_options = gathered(
    "asked",
    Asked,
    Asked._fields,
    option("--all", "everything", is_flag=True, help=N_("Same as --status all.")),
    option("--prospect/--no-prospect", default=None, help=N_("Prospects only, or none.")),
    FILTER,
    search_option(N_("Clients having words that begin so.")),
    option("--sort", default="code", metavar="F|-F", help=SORT_HELP),
    LIMIT,
    option("--after", metavar="CODE", help=N_("Start after this client.")),
)


@command("list")
@option("--status", type=STATUS, help=N_("Which clients; active ones by default."))
@list_options
def list_command(app: App, asked: Asked) -> None:
    """List clients: the active ones, unless you say otherwise.

    \b
    interop client list --search québec
    interop client list --filter country=CA --filter "created_at >= -1y" -o csv
    interop client list --filter contacts=0
    interop client list --json --fields code,contacts.email
    """
    from interop_cli.output.rows import pick_together, whole
    from interop_cli.store.reading import clients

    query = list_query(app, "active", asked)
    shown = [*(field.column for field in clients.LISTED), *nested_columns()]
    columns = pick_together(app.output, shown, clients.COLUMNS)
    conn = app.store.conn
    spool = conn.readers_block_writers
    if members := whole(columns):
        app.output.objects(clients.client_objects(conn, query, members), spool=spool)
        return
    batches = clients.client_rows(conn, query, [one.name for one in columns])
    app.output.rows(columns, batches, spool=spool, dim="active")
    say_limit(app, query.limit, lambda: clients.count_clients(conn, query))


def list_query(app: App, default: str, asked: Asked) -> ListQuery:
    """The query of the options; ``default`` is the status where none is given."""
    from interop_cli.shell.selectors import compiled, say_left_out
    from interop_cli.store.reading.clients import SOURCE, ListQuery, where

    status, everything, prospect, filters, search, sort, limit, after = asked
    if everything and status not in (None, "all"):
        raise UsageError("usage.status", msg("--all and --status exclude each other."))
    chosen = "all" if everything else status or default
    condition = compiled(app, filters)
    query = ListQuery(chosen, prospect, condition, search, sort, limit or None, after)
    if condition.left_out:
        say_left_out(app, SOURCE, where(app.store.conn, query._replace(limit=None)))
    return query


def nested_columns() -> list[Column]:
    """The columns of what belongs to a client; shown where ``--fields`` asks for them."""
    from interop_cli.store.reading import addresses, contacts, lists, notes

    members = {"contacts": contacts.NAMES, "addresses": addresses.NAMES, "notes": notes.NAMES}
    return [lists.column(name, names) for name, names in members.items()]


@command("show")
@argument("client", metavar="CODE")
@option("--exact", is_flag=True, help=N_("Do not resolve a former code."))
def show_command(app: App, client: str, exact: bool) -> None:
    """Show a client's card, with everything that belongs to it.

    \b
    interop client show ACME
    interop client show ACME --json --fields name,addresses.city
    """
    from interop_cli.store.reading import clients

    with app.store.reading() as conn:
        client_id, _code = resolved(app, conn, client, exact=exact)
        found = clients.card(conn, client_id, app.this_year)
    app.output.record(found, "client", card=card)


def resolved(app: App, conn: Any, ref: str, *, exact: bool = False) -> tuple[int, str]:
    """Id and present code of a client; a former code is said on stderr."""
    from interop_cli.domain.errors import NotFound
    from interop_cli.store.reading.called import resolve

    client_id, code, former = resolve(conn, ref)
    if former:
        if exact:
            raise NotFound("client.not_found", msg("There is no client {code}.", code=ref[:40]))
        app.output.message(_("{former} is now {code}.", former=ref.upper(), code=code))
    return client_id, code


@command("history")
@argument("client", metavar="CODE")
@option(
    "--kind",
    type=Word((*KIND_NAMES, "change"), KINDS),
    help=N_("Only documents of this kind, or only changes."),
)
@option("--limit", type=Count(min=0), metavar="N", help=N_("The latest N; 0: all."))
def history_command(app: App, client: str, kind: str | None, limit: int | None) -> None:
    """Show a client's documents and what was changed on it, the latest first.

    \b
    interop client history ACME
    interop client history ACME --kind invoice
    interop client history ACME --kind change
    """
    from interop_cli.output.writer import Part
    from interop_cli.store.reading import history

    with app.store.reading() as conn:
        client_id, _code = resolved(app, conn, client)
        rows = history.of_client(conn, client_id, kind, limit or None)
        head = lists.lines_above(app, conn, client_id)
    if app.output.format != "table" or app.output.fields:
        key = "number" if kind in KIND_NAMES else "operation_id"
        app.output.rows(history.columns(), [rows], key=key, head=head)
        return
    documents = [row for row in rows if row[4] == "document" and row[0] is None]
    changes = [_readable(row) for row in rows if row[0] is not None]
    parts = []
    if kind != history.CHANGE:
        parts.append(Part(_("Documents"), history.columns("document"), documents, "number"))
    if kind in (None, history.CHANGE):
        parts.append(Part(_("Changes"), history.columns(history.CHANGE), changes, "operation_id"))
    app.output.parts(parts, head=head)


def _readable(change: tuple[Any, ...]) -> tuple[Any, ...]:
    """A change as a table shows it: its field by its title, its values as people read them."""
    from interop_cli.domain.fields import ENTITIES
    from interop_cli.output.people import field_text
    from interop_cli.output.words import spoken
    from interop_cli.store.reading.history import NAMES

    row = dict(zip(NAMES, change, strict=True))
    row["action"] = spoken("done", row["action"], row["entity"])
    fields = ENTITIES.get(str(row["entity"]).removeprefix("document_"), ())
    name = row["field"]
    known = next((field for field in fields if name in (field.name, field.stands_in)), None)
    if known:
        values = {part: field_text(known, row[part]) for part in ("before", "after")}
        row |= {**values, "field": _(known.title) or name}
    return tuple(row.values())


def card(client: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The lines of the card: who, notes, how to reach it, people, places, accounting."""
    from interop_cli.domain.values.address_text import one_line

    name = style.bold(client["name"]) if client["active"] else style.dim(client["name"])
    marks = [_("inactive")] if not client["active"] else []
    if client["merged_into"]:
        marks.append(_("merged into {code}", code=client["merged_into"]))
    if client["prospect"]:
        marks.append(_("prospect"))
    suffix = f" ({', '.join(marks)})" if marks else ""
    yield f"{style.bold(client['code'])}  {name}{suffix}"
    yield from note_lines(client["notes"], style)
    yield ""
    yield from _section(_("Contact details"), _coordinates(client), style)
    yield from _section(_("Billing"), _billing(client), style)
    if client["contacts"]:
        yield ""
        yield style.bold(_("Contacts"))
        for contact in client["contacts"]:
            yield from _contact(contact, style)
    if client["addresses"]:
        yield ""
        yield style.bold(_("Addresses"))
        for address in client["addresses"]:
            mark = "⌂" if address["main"] else " "
            yield from wrapped(f"  {mark} #{address['id']} ", one_line(address).split(", "), style)
    yield from _history(client["documents"], style)
    yield from _mailings(client["mailings"], style)
    yield from _sales(client["sales"], style)
    if client["sync"]:
        yield ""
        yield from _section(
            _("Sync"), [(one["target"], _synced(one)) for one in client["sync"]], style
        )


def _synced(one: Mapping[str, Any]) -> str:
    """Where the client stands in a target: its state, since when, and what is wrong."""
    from interop_cli.i18n import local_time
    from interop_cli.output.words import spoken

    parts = [spoken("state", one["state"]), local_time(one["pushed_at"] or "")]
    if one["error"]:
        parts += [one["error"]["field"], translate(one["error"]["message"])]
    return ", ".join(part for part in parts if part)


MARKS = {"default": "★", "billing": "▦", "billing_copy": "✉", "hubspot_synced": "●"}
PHONES = names(field for field in CONTACT if field.kind is Kind.PHONE)


def _contact(contact: Mapping[str, Any], style: Style) -> Iterator[str]:
    """A contact on one line: its marks, then who it is and how to reach it.

    Where the terminal is too narrow for that, the line goes on below.
    """
    from interop_cli.domain.values.phone import format_phone

    marks = "".join(mark if contact[name] else " " for name, mark in MARKS.items())
    numbers = [contact[name] for name in PHONES if contact[name]]
    reached = [contact["email"], *(format_phone(number, language()) for number in numbers)]
    parts = [contact["name"], contact["title"], *reached]
    if not contact["active"]:
        parts.append(_("inactive"))
    for line in wrapped(f"  {marks} #{contact['id']} ", [part for part in parts if part], style):
        yield line if contact["active"] else style.dim(line)


def wrapped(before: str, parts: Sequence[str], style: Style) -> Iterator[str]:
    """``parts`` with commas between them behind ``before``, on as few lines as fit."""
    line = before + parts[0]
    for part in parts[1:]:
        if style.room is not None and style.width(f"{line}, {part},") > style.room:
            yield line + ","
            line = " " * style.width(before) + part
        else:
            line += f", {part}"
    yield line


def _section(title: str, rows: list[tuple[str, Any]], style: Style) -> Iterator[str]:
    filled = [(label, value) for label, value in rows if value not in (None, "", [], {})]
    if not filled:
        return
    yield style.bold(title)
    width = max(len(label) for label, _value in filled)
    for label, value in filled:
        yield from wrapped(f"  {label.ljust(width)}  ", str(value).split(", "), style)


def _coordinates(client: Mapping[str, Any]) -> list[tuple[str, Any]]:
    place = " ".join(filter(None, [client["city"], client["province"], client["postal_code"]]))
    lines = [client["line1"], client["line2"], place, client["country"]]
    return [
        (_("Address"), ", ".join(line for line in lines if line)),
        *_fields(client, Card.COORDINATES),
        (_("Former codes"), ", ".join(client["former_codes"])),
    ]


def _billing(client: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [*_fields(client, Card.BILLING), *client["accounting"].items()]


def _fields(client: Mapping[str, Any], part: Card) -> Iterator[tuple[str, Any]]:
    """The title and the value of each field that stands in this part of the card."""
    from interop_cli.output.people import field_text

    for field in on_card(CLIENT, part):
        value = client[field.name]
        text = ", ".join(value) if field.kind is Kind.TAGS else field_text(field, value)
        yield _(field.title), text


def _history(documents: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The documents of each kind apart: how many there are, and the latest."""
    from interop_cli.domain.values.closed_lists import KIND_TITLES
    from interop_cli.domain.values.money import format_cents
    from interop_cli.i18n import language
    from interop_cli.output.words import spoken

    counts = {kind: count for kind, count in documents["counts"].items() if count}
    if not counts:
        return
    yield ""
    yield style.bold(_("Documents"))
    for kind, count in counts.items():
        yield f"  {labelled(_(KIND_TITLES[kind]), count)}"
        for row in documents["latest"]:
            if row["kind"] == kind:
                total = format_cents(row["total_cents"], row["currency"], language())
                status = spoken("status", row["status"], kind)
                yield f"    {row['date']}  {row['number'] or '—'}  {total}  {status}"


def _mailings(mailings: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """The latest documents that were sent by e-mail."""
    if not mailings:
        return
    yield ""
    yield style.bold(_("E-mails"))
    for row in mailings:
        yield f"  {row['number'] or '—'}  {lists.mailing_line(row)}"


def _sales(totals: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Sales by year; an asterisk where documents changed since."""
    from interop_cli.domain.values.money import format_cents
    from interop_cli.i18n import language

    if not any(row["amount_cents"] or row["stale"] for row in totals):
        return
    yield ""
    yield style.bold(_("Sales"))
    amounts = [format_cents(row["amount_cents"], row["currency"], language()) for row in totals]
    width = max(len(amount) for amount in amounts)
    for row, amount in zip(totals, amounts, strict=True):
        stale = f"  {_('(documents changed since)')}" if row["stale"] else ""
        yield f"  {row['year']}  {amount.rjust(width)}{stale}"
