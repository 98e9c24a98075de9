"""``interop note``: what everybody should know about a client, with attachments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interop_cli.commands import lists
from interop_cli.commands.belonging import note_import_command
from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import NOTE
from interop_cli.domain.fields.field import taken
from interop_cli.domain.messages import N_, counted, msg
from interop_cli.i18n import _, labelled
from interop_cli.shell import confirm
from interop_cli.shell.command import Group, RowId, argument, command, given, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.options import OVERWRITE, attachment_option, field_options, version_option
from interop_cli.shell.paths import FileRead, FileWritten

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.services.people.notes import File
    from interop_cli.store.engines.connection import Row


NOTE_ID = argument("note_id", type=RowId(), metavar="ID")
MEGABYTE = 1_000_000


def read_files(app: App, paths: Sequence[str]) -> list[File]:
    """The files to attach, read whole before the transaction begins."""
    from interop_cli.domain.note import attachment_name
    from interop_cli.inputs.source import read_whole
    from interop_cli.services.people.notes import File

    limit = int(app.settings.get("note.max_attachment_mb")) * MEGABYTE
    return [File(attachment_name(path), read_whole(path, limit=limit)) for path in paths]


@command("attach")
@NOTE_ID
@argument("files", nargs=-1, required=True, type=FileRead(), metavar="FILE…")
def attach_command(app: App, note_id: int, files: tuple[str, ...]) -> None:
    """Attach files to a note; they are kept in the database.

    A file of the same content is kept once. Symbolic links are not followed.

    \b
    interop note attach 3 plan.pdf photo.jpg
    """
    from interop_cli.services.people import notes

    attached = read_files(app, files)
    app.write("note.attach", lambda uow: notes.attach(uow, note_id, attached))


@command("detach")
@NOTE_ID
@attachment_option(N_("Which attachment; several times for several."))
@option("--all", "everything", is_flag=True, help=N_("All attachments of the note."))
def detach_command(
    app: App, note_id: int, attachment_ids: tuple[int, ...], everything: bool
) -> None:
    """Take attachments off a note.

    \b
    interop note detach 3 --attachment 8
    interop note detach 3 --all
    """
    from interop_cli.services.people import notes

    if bool(attachment_ids) == everything:
        raise UsageError(
            "usage.attachment", msg("Say which attachments: --attachment ID, or --all.")
        )
    wanted = None if everything else attachment_ids
    app.write("note.detach", lambda uow: notes.detach(uow, note_id, wanted))


@command("save")
@NOTE_ID
@argument("place", metavar="FILE|FOLDER", type=FileWritten(Path, folder=True))
@attachment_option(N_("Which attachment; all of them where none is named."))
@OVERWRITE
def save_command(
    app: App, note_id: int, place: Path, attachment_ids: tuple[int, ...], overwrite: bool
) -> None:
    """Write attachments of a note to a file, or into a folder that exists.

    In a folder, a file is called by its id (attachment-8.pdf): the name it had when it was
    attached is shown and never used.

    \b
    interop note save 3 plan.pdf --attachment 8
    interop note save 3 downloads/
    """
    from interop_cli.output.sink import save_file
    from interop_cli.store.reading import notes

    saved: list[Row] = []
    with app.store.reading() as conn:
        _client_id, note = notes.one(conn, note_id)
        chosen = _chosen(note, attachment_ids)
        if not place.is_dir() and len(chosen) != 1:
            raise UsageError(
                "usage.attachment",
                counted(
                    "The note has {count} attachment: name a folder that exists.",
                    "The note has {count} attachments: name a folder that exists, or one of them.",
                    count=len(chosen),
                ),
                hint=msg("See: interop note show {note}", note=note_id),
            )
        for attached in chosen:
            path = place / file_name(attached) if place.is_dir() else place
            if path != place:
                app.paths.claim(str(path))
            saved.append({**attached, "file": str(path)})
        for attached in saved if not app.dry_run else ():
            content = notes.content(conn, attached["id"])
            save_file(Path(attached["file"]), content, overwrite=overwrite)
    if app.output.quiet:
        return
    columns = notes.saved_columns()
    rows = [tuple(row[column.name] for column in columns) for row in saved]
    app.output.rows(columns, [rows], key="file")


def file_name(attached: Row) -> str:
    """A name made of the id, with the extension where it is a plain one."""
    extension = Path(attached["name"]).suffix.lower()
    plain = extension[1:].isascii() and extension[1:].isalnum() and len(extension) <= 9
    return f"attachment-{attached['id']}{extension if plain else ''}"


def _chosen(note: Row, attachment_ids: tuple[int, ...]) -> list[Row]:
    from interop_cli.services.people.notes import attachment_not_found

    found = {attached["id"]: attached for attached in note["attachments"]}
    for attachment_id in attachment_ids:
        if attachment_id not in found:
            raise attachment_not_found(attachment_id, note["id"])
    return [found[chosen] for chosen in dict.fromkeys(attachment_ids)] or list(found.values())


note_command = Group("note", help=N_("Notes about a client, with attachments."))
CATEGORY = option(
    "--category",
    metavar="TEXT",
    empty=True,
    help=N_("One of the company's: interop note categories"),
)


@note_command.command("list")
@lists.ANY_CLIENT
@CATEGORY
@lists.row_options()
def list_command(app: App, client: str | None, category: str | None, asked: lists.Asked) -> None:
    """List a client's notes, or those of all clients, the latest first.

    Of attachments, filters compare how many there are.

    \b
    interop note list ACME --category facturation
    interop note list --filter "created_at >= -7d and attachments > 0"
    """
    from interop_cli.store.reading import notes
    from interop_cli.store.reading.lists import EVERYTHING

    also = EVERYTHING
    if category is not None:
        offered = app.settings.get("note.categories")
        also = notes.of_category(app.store.conn, category, offered)
    lists.show(
        app, notes.VIEW, notes.columns(), asked, also, client=client, head=False, dress=_with_names
    )


def _with_names(batches: lists.Batches, names: Sequence[str]) -> lists.Batches:
    """The rows with the names of attachments in their place."""
    if "attachments" not in names:
        return batches
    at = list(names).index("attachments")
    return ([(*row[:at], _names(row[at]), *row[at + 1 :]) for row in batch] for batch in batches)


@note_command.command("show")
@NOTE_ID
def show_command(app: App, note_id: int) -> None:
    """Show a note, with the ids of its attachments.

    \b
    interop note show 3
    """
    from interop_cli.store.reading import notes

    with app.store.reading() as conn:
        _client_id, found = notes.one(conn, note_id)
    app.output.record(found, "note", card=_card, key="id")


@note_command.command("create")
@argument("client", metavar="CODE")
@CATEGORY
@field_options(NOTE, required=("text",))
@option(
    "--attach",
    "files",
    multiple=True,
    type=FileRead(),
    metavar="FILE",
    help=N_("A file to attach; several times for several."),
)
def create_command(app: App, client: str, text: str, files: tuple[str, ...], **fields: Any) -> None:
    """Write a note about a client; it then heads every view of the client.

    \b
    interop note create ACME --category facturation --text "Toujours avec bon de commande"
    interop note create ACME --text - --attach plan.pdf < note.txt
    """
    from interop_cli.services.people import notes

    attached = read_files(app, files)
    values = {"author": app.store.actor, **given(fields), "text": _text(text)}
    app.write("note.create", lambda uow: notes.create(uow, client, values, app.rules(), attached))


@note_command.command("edit")
@NOTE_ID
@CATEGORY
@field_options(NOTE)
@version_option(N_("Refuse unless the note is at this version."))
def edit_command(
    app: App, note_id: int, text: str | None, if_version: int | None, **fields: Any
) -> None:
    """Change the text, the category or the author of a note.

    \b
    interop note edit 3 --category production
    """
    from interop_cli.services.clients import card
    from interop_cli.services.people import notes

    changes = given(fields)
    if text is not None:
        changes["text"] = _text(text)
    card.check_changes(changes)
    app.write(
        "note.edit",
        lambda uow: notes.edit(uow, note_id, changes, app.rules(), if_version=if_version),
    )


@note_command.command("delete")
@argument("note_ids", nargs=-1, required=True, type=RowId(), metavar="ID…")
def delete_command(app: App, note_ids: tuple[int, ...]) -> None:
    """Delete notes; one with attachments is refused until they are taken off.

    \b
    interop note delete 3 --yes
    """
    from interop_cli.services.people import notes

    confirm.agreed(
        app,
        "note.delete",
        lambda uow: notes.delete(uow, note_ids),
        asking("Delete {count} note?", "Delete {count} notes?"),
    )


@note_command.command("categories")
def categories_command(app: App) -> None:
    """List the categories of notes, and how many notes each has.

    They are a setting of the company; notes keep a category that is no longer in it.

    \b
    interop note categories
    interop config set note.categories "général,production,expédition,facturation"
    """
    from interop_cli.output import Column, ValueKind
    from interop_cli.store.reading import notes

    columns = [
        Column("category"),
        Column("notes", ValueKind.INT),
        Column("offered", ValueKind.BOOL),
    ]
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
    yield style.bold(f"#{note['id']} {note['client']}")
    yield from lists.note_lines([note], style)
    yield style.dim(f"    {note['author'] or ''} {note['created_at'][:10]}".rstrip())
    for field in taken(NOTE):
        if field.help and field.name not in ("text", "author") and note[field.name]:
            yield f"    {labelled(_(field.title), note[field.name])}"


note_command.add_command(attach_command)
note_command.add_command(detach_command)
note_command.add_command(save_command)
note_command.add_command(note_import_command)
