"""``note attach``, ``detach``, ``save``: files in and out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interop_cli.commands.frame import Command, RowId, option, pass_app
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.attached import File
    from interop_cli.store.connection import Row

NOTE_ID = click.argument("note_id", type=RowId(), metavar="ID")
MEGABYTE = 1_000_000


def read_files(app: App, paths: Sequence[str]) -> list[File]:
    """The files to attach, read whole before the transaction begins."""
    from interop_cli.domain.note import attachment_name
    from interop_cli.domain.services.attached import File
    from interop_cli.inputs.wholefile import read_whole

    limit = int(app.settings.get("note.max_attachment_mb")) * MEGABYTE
    return [File(attachment_name(path), read_whole(path, limit=limit)) for path in paths]


@click.command("attach", cls=Command)
@NOTE_ID
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@pass_app
def attach_command(app: App, note_id: int, files: tuple[str, ...]) -> None:
    """Attach files to a note; they are kept in the database.

    A file of the same content is kept once. Symbolic links are not followed.

    \b
    interop note attach 3 plan.pdf photo.jpg
    """
    from interop_cli.domain.services import notes

    attached = read_files(app, files)
    app.write("note.attach", lambda uow: notes.attach(uow, note_id, attached))


@click.command("detach", cls=Command)
@NOTE_ID
@option("--attachment", "attachment_ids", multiple=True, type=RowId(), metavar="ID",
        help=N_("Which attachment; several times for several."))  # fmt: skip
@option("--all", "everything", is_flag=True, help=N_("All attachments of the note."))
@pass_app
def detach_command(
    app: App, note_id: int, attachment_ids: tuple[int, ...], everything: bool
) -> None:
    """Take attachments off a note.

    \b
    interop note detach 3 --attachment 8
    interop note detach 3 --all
    """
    from interop_cli.domain.services import notes

    if bool(attachment_ids) == everything:
        raise UsageError(
            "usage.attachment", msg("Say which attachments: --attachment ID, or --all.")
        )
    wanted = None if everything else attachment_ids
    app.write("note.detach", lambda uow: notes.detach(uow, note_id, wanted))


@click.command("save", cls=Command)
@NOTE_ID
@click.argument("place", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@option("--attachment", "attachment_ids", multiple=True, type=RowId(), metavar="ID",
        help=N_("Which attachment; all of them where none is named."))  # fmt: skip
@option("--overwrite", is_flag=True, help=N_("Replace the file if there is one."))
@pass_app
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
    from interop_cli.output.saving import save_file
    from interop_cli.store.views import notes

    saved: list[Row] = []
    with app.store.reading() as conn:
        _client_id, note = notes.one(conn, note_id)
        chosen = _chosen(note, attachment_ids)
        if not place.is_dir() and len(chosen) != 1:
            raise UsageError(
                "usage.attachment",
                msg("The note has {count} attachments: name a folder that exists, or one of them.",
                    count=len(chosen)),
                hint=msg("See: interop note show {note}", note=note_id),
            )  # fmt: skip
        for attached in chosen:
            path = place / file_name(attached) if place.is_dir() else place
            if not app.dry_run:
                save_file(path, notes.content(conn, attached["id"]), overwrite=overwrite)
            saved.append({**attached, "file": str(path)})
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
    from interop_cli.domain.services.notes import attachment_not_found

    found = {attached["id"]: attached for attached in note["attachments"]}
    for attachment_id in attachment_ids:
        if attachment_id not in found:
            raise attachment_not_found(attachment_id, note["id"])
    return [found[chosen] for chosen in dict.fromkeys(attachment_ids)] or list(found.values())
