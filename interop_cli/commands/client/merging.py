"""``client merge``: several clients that are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import confirm
from interop_cli.commands.frame import Command, option, pass_app
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.output import Style


@click.command("merge", cls=Command)
@click.argument("winner", metavar="WINNER")
@click.argument("losers", nargs=-1, required=True, metavar="LOSER…")
@option("--confirm", "confirmation", metavar="WINNER", help=N_("Repeat the code that stays."))
@pass_app
def merge_command(app: App, winner: str, losers: tuple[str, ...], confirmation: str | None) -> None:
    """Merge clients into one: LOSER becomes WINNER, with all that belongs to it.

    The winner's values stay and its blanks are filled; equal contacts and addresses are combined;
    the codes of the losers lead to the winner. See it first with --dry-run.

    \b
    interop client merge ACME ACME-2 --dry-run
    interop client merge ACME ACME-2 --confirm ACME
    """
    from interop_cli.domain.services import merging

    confirm.severe(app, winner, confirmation)
    outcome = app.run("client.merge", lambda uow: merging.merge(uow, winner, losers))
    if app.output.format == "table" and not app.output.quiet and not app.output.fields:
        app.output.record(outcome.extra["plan"], card=plan_card)
    app.output.result(outcome.as_dict())


# Fields whose titles name the rows of a table.
_MANY = {
    "address": "addresses", "contact": "contacts", "document": "documents", "note": "notes",
}  # fmt: skip


def plan_card(plan: Mapping[str, Any], style: Style) -> Iterator[str]:
    """The plan of a merge as people read it."""
    from interop_cli.output.titles import title

    yield _("{losers} into {winner}", losers=", ".join(plan["losers"]),
            winner=style.bold(plan["winner"]))  # fmt: skip
    if plan["fields"]:
        yield style.bold(_("Fields in which they differ"))
        for field in plan["fields"]:
            yield f"  {_field(field)}"
    if plan["moves"]:
        yield style.bold(_("What moves"))
        for move in plan["moves"]:
            yield f"  {labelled(title(_MANY.get(move['kind'], move['kind'])), move['count'])}"
    if plan["collisions"]:
        yield style.bold(_("What is combined"))
        for found in plan["collisions"]:
            yield f"  {title(found['kind'])} #{found['id']} → #{found['into']}"
    yield ""


def _field(field: Mapping[str, Any]) -> str:
    source = field["from"] or _("all")
    others = "; ".join(labelled(other["code"], _value(other["value"])) for other in field["others"])
    line = labelled(field["field"], f"{_value(field['value'])} ({source})")
    return f"{line}; {others}" if others else line


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items())
    return "—" if value is None else str(value)
