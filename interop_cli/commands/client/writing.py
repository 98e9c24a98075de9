"""``client create``, ``edit``, ``recode``, ``logo``; ``duplicates``, and ``merge`` of those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands.address import PICK, completed
from interop_cli.commands.client.reading import resolved
from interop_cli.domain.errors import NotFound, UsageError
from interop_cli.domain.fields import CLIENT, NEEDED
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, labelled
from interop_cli.shell import confirm, selectors
from interop_cli.shell.command import Count, argument, command, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.options import (
    ALLOW_MISMATCH,
    OVERWRITE,
    STATUS,
    confirm_option,
    field_options,
    field_values,
    version_option,
)
from interop_cli.shell.paths import FileRead, FileWritten
from interop_cli.shell.selectors import Picked, selector_options

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.fields.field import Field
    from interop_cli.output import Style
    from interop_cli.services import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@command("create")
@argument("name", empty=True)
@field_options(CLIENT, but=("name",), needed=NEEDED["client"])
@option(
    "--logo", type=FileRead(), metavar="FILE", help=N_("Its logo: PNG, JPEG or SVG, by content.")
)
@ALLOW_MISMATCH
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@option("--autofill", metavar="TEXT", help=N_("Complete the address through Google Places."))
@PICK
def create_command(
    app: App,
    name: str,
    reuse: bool,
    autofill: str | None,
    pick: int | None,
    logo: str | None,
    allow_mismatch: bool,
    **fields: Any,
) -> None:
    """Create a client and its main address.

    \b
    interop client create "Imprimerie Boréale inc." --line1 "12, rue du Quai" \\
        --city Québec --postal-code "G1K 7X2" --phone "418 555-0134 poste 22"
    """
    from interop_cli.services.clients import card

    picture = _picture(logo) if logo is not None else None
    values = {"name": name, **completed(app, autofill, pick), **field_values(CLIENT, fields)}

    def create(uow: UnitOfWork) -> Outcome:
        rules = app.rules(allow_mismatch=allow_mismatch)
        return card.create(uow, values, rules, reuse=reuse, logo=picture)

    app.write("client.create", create)


def _picture(file: str) -> bytes:
    from interop_cli.domain.values.logo import MAX_BYTES
    from interop_cli.inputs.source import read_whole

    return read_whole(file, limit=MAX_BYTES)


@command("edit")
@selector_options
@field_options(CLIENT)
@ALLOW_MISMATCH
@version_option(N_("Refuse unless the client is at this version."))
def edit_command(
    app: App, picked: Picked, if_version: int | None, allow_mismatch: bool, **fields: Any
) -> None:
    """Change fields of clients and of their main addresses.

    \b
    interop client edit ACME --terms net45 --phone ""
    interop client edit --filter "terms = net30" --terms net45 --yes
    """
    from interop_cli.services.clients import card

    selectors.check(picked)
    changes = field_values(CLIENT, fields)
    card.check_changes(changes)
    ask = picked.is_bulk and confirm.needed(app, stdin_is_data=picked.reads_stdin)
    selector = selectors.selector(app, picked)

    def edit(uow: UnitOfWork) -> Outcome:
        rules = app.rules(allow_mismatch=allow_mismatch)
        return card.edit(uow, selector, changes, rules, if_version=if_version)

    if ask:
        count = confirm.write(
            app, "client.edit", edit, asking("Change {count} client?", "Change {count} clients?")
        )
        selector = selectors.exactly(selector, count)
    outcome = app.run("client.edit", edit)
    selectors.deliver(app, outcome, picked.results)


@command("recode")
@argument("client", metavar="CODE")
@argument("new_code", metavar="NEW_CODE")
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@confirm_option("CODE", N_("Repeat the present code."))
def recode_command(
    app: App, client: str, new_code: str, reuse: bool, confirmation: str | None
) -> None:
    """Give a client another code; the old one goes on leading to it.

    \b
    interop client recode ACME ACME-QC --confirm ACME
    """
    from interop_cli.services.clients import status
    from interop_cli.store.reading.called import lines

    def work(uow: UnitOfWork) -> Outcome:
        return status.recode(uow, client, new_code, app.rules(), reuse=reuse)

    def about() -> Iterator[str]:
        (item,) = confirm.tried(app, "client.recode", work).items
        with app.store.reading() as conn:
            yield from lines(conn, "client", [item["id"]])
        yield f"→ {item['code']}"

    confirm.severe(app, client, confirmation, about=about)
    app.write("client.recode", work)


@command("logo")
@argument("client", metavar="CODE")
@argument("file", type=FileRead(), metavar="[FILE]", required=False)
@option(
    "--save", "target", metavar="FILE", type=FileWritten(Path), help=N_("Write the logo to a file.")
)
@OVERWRITE
@option("--remove", is_flag=True, help=N_("Take the logo away."))
def logo_command(
    app: App, client: str, file: str | None, target: Path | None, overwrite: bool, remove: bool
) -> None:
    """Set, show, save or remove a client's logo: PNG, JPEG or SVG, by its content.

    Packing slips and labels show it where the client's shipper identity is client.

    \b
    interop client logo ACME acme.svg
    interop client logo ACME --save acme.svg
    interop client logo ACME --remove
    """
    from interop_cli.services.clients import card

    if (file is not None) + (target is not None) + remove > 1:
        raise UsageError("usage.logo", msg("One of these only: FILE, --save, --remove."))
    if file is not None:
        content = _picture(file)
        app.write("client.logo", lambda uow: card.set_logo(uow, client, content))
    elif remove:
        app.write("client.logo", lambda uow: card.remove_logo(uow, client))
    else:
        _show(app, client, target, overwrite)


def _show(app: App, client: str, target: Path | None, overwrite: bool) -> None:
    from interop_cli.output.sink import save_file
    from interop_cli.store.reading import clients

    with app.store.reading() as conn:
        client_id, code = resolved(app, conn, client)
        found = clients.of_client(conn, client_id)
        content = clients.contents(conn, [client_id]).get(client_id) if target else None
    if target is not None:
        if content is None:
            raise NotFound("client.logo.missing", msg("Client {code} has no logo.", code=code))
        if not app.dry_run:
            save_file(target, content, overwrite=overwrite)
    if target is None or not app.output.quiet:
        known = found or {"type": None, "size": None, "sha256": None}
        app.output.record({"code": code, **known, "file": str(target) if target else None})


@command("duplicates")
@argument("codes", nargs=-1, metavar="[CODE…]")
@option(
    "--min-score",
    type=click.IntRange(1, 100),
    default=60,
    metavar="N",
    help=N_("Only pairs of this score or more, of 100 (60)."),
)
@option(
    "--status", type=STATUS, default="active", help=N_("Which clients; active ones by default.")
)
@option("--limit", type=Count(min=0), metavar="N", help=N_("At most N rows; 0: all."))
def duplicates_command(
    app: App, codes: tuple[str, ...], min_score: int, status: str, limit: int | None
) -> None:
    """List pairs of clients that are probably one, the likeliest first, with the reasons.

    Compared are names without their legal form (inc., ltée, enr. …), e-mails, phones and postal
    codes, those of contacts too. With CODE, only the pairs of these clients.

    \b
    interop client duplicates --min-score 80
    interop client duplicates ACME --status all --json
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.domain.merging import pairs
    from interop_cli.store.reading import duplicates

    columns = app.output.pick(duplicates.columns())
    with app.store.reading() as conn:
        only = frozenset(resolved(app, conn, code)[0] for code in codes) if codes else None
        candidates = duplicates.candidates(conn, status)
    found = pairs(candidates, min_score=min_score, only=only)
    rows = [
        {
            "score": pair.score,
            "code": pair.one.code,
            "name": pair.one.name,
            "other": pair.other.code,
            "other_name": pair.other.name,
            "reasons": list(pair.reasons),
        }
        for pair in (found[:limit] if limit else found)
    ]
    names = [column.name for column in columns]
    shown = [tuple(row[name] for name in names) for row in rows]
    app.output.rows(columns, [shown] if shown else [])


@command("merge")
@argument("winner", metavar="KEPT_CODE")
@argument("losers", nargs=-1, required=True, metavar="ABSORBED_CODE…")
@confirm_option("KEPT_CODE", N_("Repeat the code that stays."))
def merge_command(app: App, winner: str, losers: tuple[str, ...], confirmation: str | None) -> None:
    """Merge clients into one, which is kept and gets all that belongs to the absorbed ones.

    The values of the one that is kept stay and its blanks are filled; equal contacts and addresses
    are combined; the codes of the absorbed ones lead to it. See it first with --dry-run.

    \b
    interop client merge ACME ACME-2 --dry-run
    interop client merge ACME ACME-2 --confirm ACME
    """
    from interop_cli.output.style import Style
    from interop_cli.services.clients import merge

    def work(uow: UnitOfWork) -> Outcome:
        return merge.merge(uow, winner, losers)

    def about() -> Iterator[str]:
        plan = confirm.tried(app, "client.merge", work).extra["plan"]
        return filter(None, plan_card(plan, Style(enabled=False)))

    confirm.severe(app, winner, confirmation, about=about)
    outcome = app.run("client.merge", work)
    if app.output.format == "table" and not app.output.quiet and not app.output.fields:
        app.output.record(outcome.extra["plan"], card=plan_card)
    app.output.result(outcome.as_dict())


def plan_card(plan: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The plan of a merge as people read it."""
    from interop_cli.output.words import counted_rows, title

    yield _(
        "{losers} into {winner}",
        losers=", ".join(plan["losers"]),
        winner=style.bold(plan["winner"]),
    )
    if plan["fields"]:
        yield style.bold(_("Fields in which they differ"))
        for field in plan["fields"]:
            yield f"  {_field(field)}"
    if plan["moves"]:
        yield style.bold(_("What moves"))
        for move in plan["moves"]:
            yield f"  {counted_rows(move['kind'], move['count'])}"
    if plan["collisions"]:
        yield style.bold(_("What is combined"))
        for found in plan["collisions"]:
            yield f"  {title(found['kind'])} #{found['id']} → #{found['into']}"
    yield ""


def _field(field: Mapping[str, Any]) -> str:
    """A line about a field: its title, the value that stays and of whom, those that go."""
    from interop_cli.domain.fields import ENTITIES
    from interop_cli.output.words import title

    of = next((one for one in ENTITIES["client"] if one.name == field["field"]), None)
    source = field["from"] or _("all")
    others = "; ".join(
        labelled(other["code"], _value(other["value"], of)) for other in field["others"]
    )
    head = _(of.title) if of else title(field["field"])
    line = labelled(head, f"{_value(field['value'], of)} ({source})")
    return f"{line}; {others}" if others else line


def _value(value: object, of: Field | None) -> str:
    from interop_cli.output.people import field_text

    if isinstance(value, str) and of:
        return field_text(of, value) or ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items())
    return "—" if value is None else str(value)
