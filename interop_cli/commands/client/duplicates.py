"""``client duplicates`` and ``merge``: clients that were entered twice, and making them one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled
from interop_cli.shell import confirm
from interop_cli.shell.command import Command, Count, argument, option, pass_app
from interop_cli.shell.options import STATUS, confirm_option

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.fields.field import Field
    from interop_cli.output import Style
    from interop_cli.services.outcome import Outcome
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@click.command("duplicates", cls=Command)
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
@pass_app
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
    from interop_cli.domain.duplicates import pairs
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


@click.command("merge", cls=Command)
@argument("winner", metavar="KEPT_CODE")
@argument("losers", nargs=-1, required=True, metavar="ABSORBED_CODE…")
@confirm_option("KEPT_CODE", N_("Repeat the code that stays."))
@pass_app
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
