"""What can be done with notes about a client, and with their attachments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome, item, people
from interop_cli.services.clients.card import check_version

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class File:
    """A file of a note: the name to show, and its content."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What the content is known by."""
        return hashlib.sha256(self.content).hexdigest()


def create(
    uow: UnitOfWork,
    ref: str,
    values: Mapping[str, Any],
    context: Context,
    files: Sequence[File] = (),
) -> Outcome:
    """Write a note about a client, with its attachments."""
    client = uow.clients.row(ref)
    note = Note.build(values, context.at(None, client["code"]))
    note.client_id = client["id"]
    (note_id,) = uow.notes.add([note])
    put_files(uow, uow.notes.row(note_id), files)
    return people.created(client, note_id, context)


def edit(
    uow: UnitOfWork,
    note_id: int,
    changes: Mapping[str, Any],
    context: Context,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change the text, category or author of a note."""
    row = uow.notes.row(note_id)
    check_version(row, if_version)
    note = uow.notes.entity(row).revise(changes, context)
    changed = uow.notes.save([(row, note)]) > 0
    return people.edited(uow, row, context, changed=changed)


def delete(uow: UnitOfWork, note_ids: Iterable[int]) -> Outcome:
    """Delete notes without attachments; all of them or none.

    Raises Conflict ``note.in_use``, which lists the attachments.
    """
    return people.delete(uow, uow.notes, note_ids)


def attach(uow: UnitOfWork, note_id: int, files: Sequence[File]) -> Outcome:
    """Attach files to a note; the items are the attachments."""
    row = uow.notes.row(note_id)
    ids = put_files(uow, row, files)
    outcome = Outcome(matched=len(files), changed=len(files))
    for attachment_id, file in zip(ids, files, strict=True):
        outcome.items.append(_attachment(attachment_id, row, file.name))
    return outcome


def detach(uow: UnitOfWork, note_id: int, attachment_ids: Sequence[int] | None) -> Outcome:
    """Take attachments off a note; all of them where none is named.

    Raises NotFound ``attachment.not_found`` for one that is not of this note.
    """
    row = uow.notes.row(note_id)
    found = {attached["id"]: attached for attached in uow.notes.attachments(note_id)}
    wanted = list(found) if attachment_ids is None else list(dict.fromkeys(attachment_ids))
    outcome = Outcome(matched=len(wanted), changed=len(wanted))
    for attachment_id in wanted:
        if attachment_id not in found:
            raise attachment_not_found(attachment_id, note_id)
        outcome.items.append(_attachment(attachment_id, row, found[attachment_id]["name"]))
        uow.notes.detach(attachment_id)
    return outcome


def attachment_not_found(attachment_id: int, note_id: int) -> NotFound:
    """The error for an id that no attachment of the note has."""
    return NotFound(
        "attachment.not_found",
        msg("Note {note} has no attachment {id}.", note=note_id, id=attachment_id),
        hint=msg("See: interop note show {note}", note=note_id),
    )


def put_files(uow: UnitOfWork, note: Row, files: Sequence[File]) -> list[int]:
    """Keep files and attach them to a note; the ids of the attachments."""
    return uow.notes.attach(
        note, [(file.name, len(file.content), uow.blobs.add(file.content)) for file in files]
    )


def _attachment(attachment_id: int, note: Row, name: str) -> dict[str, Any]:
    return item({"id": attachment_id, "note": note["id"], "name": name})
