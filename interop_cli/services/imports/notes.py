"""Importing notes about clients that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.note import Note
from interop_cli.services.imports.belonging import BelongingImport, Part
from interop_cli.services.imports.nested import attached_files, missing_files
from interop_cli.services.imports.nested_matching import NOTE_KEPT, note_row, said_anew
from interop_cli.services.imports.unique import also_on_line
from interop_cli.services.people import notes
from interop_cli.services.people.notes import File
from interop_cli.store.engines.connection import Row


@dataclass
class NoteImport(BelongingImport[Row]):
    """Notes, recognised by their text; one without an author is of whoever imports it."""

    kind: ClassVar[str] = "note"

    def _load(self, client_ids: list[int]) -> None:
        self._rows = self.uow.notes.of_clients(client_ids)
        ids = [row["id"] for rows in self._rows.values() for row in rows]
        self._files = self.uow.notes.files(ids)
        self._planned: list[tuple[Part[Row], Note, list[File]]] = []

    def _settle(self, client_id: int, parts: list[Part[Row]]) -> None:
        free = [row for row in self._rows[client_id] if not self._lines.get(row["id"])]
        self._uids = {part.uid for part in parts}
        met = {row["uid"]: self._lines.get(row["id"]) for row in self._rows[client_id]}
        again = {part: also_on_line("uid", first) for part in parts if (first := met.get(part.uid))}
        for part in self._checked(parts, again):
            try:
                self._planned.append((part, *self._built(part, client_id, free)))
            except InvalidData as error:
                self._refuse(part.record, part.owner, error)

    def _built(self, part: Part[Row], client_id: int, free: list[Row]) -> tuple[Note, list[File]]:
        values = dict(part.values)
        limit = part.context.policy.max_attachment
        files = attached_files(values.pop("attachments", None), "", limit)
        note = Note.build({"author": self.uow.actor, **values}, part.context)
        note.client_id = client_id
        row = next((row for row in free if row["uid"] == part.uid), None)
        if not part.uid:
            row = note_row(note, [row for row in free if row["uid"] not in self._uids])
        if row is None:
            return note, files
        free.remove(row)
        part.stored = row
        kept = self.uow.notes.entity(row).revise(said_anew(values, NOTE_KEPT), part.context)
        return kept, missing_files(files, self._files.get(row["id"], set()))

    def _write(self) -> None:
        stored = [(part, note) for part, note, _files in self._planned if part.stored is not None]
        self.uow.notes.save([(part.stored or {}, note) for part, note in stored])
        new = [(part, note) for part, note, _files in self._planned if part.stored is None]
        ids = iter(self.uow.notes.add([note for _part, note in new]))
        for part, _note, files in self._planned:
            row: Row = part.stored or {"id": next(ids), "client_id": part.owner.id}
            if files:
                notes.put_files(self.uow, row, files)
                self.uow.touched.add(("note", row["id"]))
            self._written(part, row["id"], new=part.stored is None)
