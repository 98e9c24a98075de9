"""``interop note``: what everybody should know about a client, with attachments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import confirm
from interop_cli.commands.attachments import (
    NOTE_ID,
    attach_command,
    detach_command,
    read_files,
    save_command,
)
from interop_cli.commands.complete import client_argument
from interop_cli.commands.frame import Command, Group, RowId, given, option, pass_app
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App

note_command = Group("note", help=N_("Notes about a client, with attachments."))
CATEGORY = option(
    "--category", metavar="TEXT", help=N_("One of the company's: interop note categories")
)


@note_command.command("list", cls=Command)
@client_argument()
@CATEGORY
@pass_app
def list_command(app: App, client: str, category: str | None) -> None:
    """List a client's notes, the latest first.

    \b
    interop note list ACME --category facturation
    """
    from interop_cli.commands.client.reading import resolved
    from interop_cli.store.views import notes

    columns = app.output.pick(notes.columns(), key="id")
    with app.store.reading() as conn:
        client_id, _code = resolved(app, conn, client)
        found = notes.of_client(conn, client_id, category=category)
    if app.output.format == "table" and not app.output.fields:
        found = [{**note, "attachments": _names(note["attachments"])} for note in found]
    rows = notes.as_tuples(found, [column.name for column in columns])
    app.output.rows(columns, [rows] if rows else [], key="id")


@note_command.command("show", cls=Command)
@NOTE_ID
@pass_app
def show_command(app: App, note_id: int) -> None:
    """Show a note, with the ids of its attachments.

    \b
    interop note show 3
    """
    from interop_cli.store.views import notes

    with app.store.reading() as conn:
        _client_id, found = notes.one(conn, note_id)
    app.output.record(found, "note", card=_card, key="id")


@note_command.command("create", cls=Command)
@client_argument()
@option("--text", required=True, metavar="TEXT|-", help=N_("What it says; - reads stdin."))
@CATEGORY
@option("--author", metavar="TEXT", help=N_("Who says so; you, unless another is named."))
@option("--attach", "files", multiple=True, metavar="FILE",
        help=N_("A file to attach; several times for several."))  # fmt: skip
@pass_app
def create_command(
    app: App, client: str, text: str, category: str | None, author: str | None,
    files: tuple[str, ...],
) -> None:  # fmt: skip
    """Write a note about a client; it then heads every view of the client.

    \b
    interop note create ACME --category facturation --text "Toujours avec bon de commande"
    interop note create ACME --text - --attach plan.pdf < note.txt
    """
    from interop_cli.domain.services import notes

    attached = read_files(app, files)
    values = {
        "text": _text(text), "category": category,
        "author": app.user.actor if author is None else author,
    }  # fmt: skip
    app.write("note.create", lambda uow: notes.create(uow, client, values, app.rules(), attached))


@note_command.command("edit", cls=Command)
@NOTE_ID
@option("--text", metavar="TEXT|-", help=N_("What it says; - reads stdin."))
@CATEGORY
@option("--author", metavar="TEXT", help=N_("Who says so."))
@option("--if-version", type=click.IntRange(min=1), metavar="N",
        help=N_("Refuse unless the note is at this version."))  # fmt: skip
@pass_app
def edit_command(
    app: App, note_id: int, text: str | None, if_version: int | None, **fields: Any
) -> None:
    """Change the text, the category or the author of a note.

    \b
    interop note edit 3 --category production
    """
    from interop_cli.domain.services import client_cards, notes

    changes = given(fields)
    if text is not None:
        changes["text"] = _text(text)
    client_cards.check_changes(changes)
    app.write(
        "note.edit",
        lambda uow: notes.edit(uow, note_id, changes, app.rules(), if_version=if_version),
    )


@note_command.command("delete", cls=Command)
@click.argument("note_ids", nargs=-1, required=True, type=RowId(), metavar="ID…")
@pass_app
def delete_command(app: App, note_ids: tuple[int, ...]) -> None:
    """Delete notes; one with attachments is refused until they are taken off.

    \b
    interop note delete 3 --yes
    """
    from interop_cli.domain.services import notes

    confirm.moderate(app, msg("Delete these notes?"))
    app.write("note.delete", lambda uow: notes.delete(uow, note_ids))


@note_command.command("categories", cls=Command)
@pass_app
def categories_command(app: App) -> None:
    """List the categories of notes, and how many notes each has.

    They are a setting of the company; notes keep a category that is no longer in it.

    \b
    interop note categories
    interop config set note.categories "général,production,expédition,facturation"
    """
    from interop_cli.output import Column, Kind
    from interop_cli.store.views import notes

    columns = [Column("category"), Column("notes", Kind.INT), Column("offered", Kind.BOOL)]
    rows = notes.categories(app.store.conn, app.settings.get("note.categories"))
    app.output.pick(columns, key="category")
    app.output.rows(columns, [rows], key="category", dim="offered")


def _text(given: str) -> str:
    """The text of a note, from stdin where it is ``-``."""
    if given != "-":
        return given
    from interop_cli.inputs.lines import TextLines
    from interop_cli.inputs.source import open_source

    with open_source("-", sys.stdin) as source:
        return "".join(TextLines(source))


def _names(attachments: Any) -> list[str]:
    return [f"#{attached['id']} {attached['name']}" for attached in attachments]


def _card(note: Any, style: Any) -> Any:
    from interop_cli.commands.heading import note_lines

    yield style.bold(f"#{note['id']} {note['client']}")
    yield from note_lines([note], style)
    yield style.dim(f"    {note['author'] or ''} {note['created_at'][:10]}".rstrip())


note_command.add_command(attach_command)
note_command.add_command(detach_command)
note_command.add_command(save_command)
