"""Importing notes about clients that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.note import Note
from interop_cli.services.imports.belonging import BelongingImport, Part
from interop_cli.services.imports.nested_matching import (
    NOTE_KEPT,
    NotedItem,
    noted,
    of_notes,
    said_anew,
)
from interop_cli.services.imports.rows import also_on_line
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

    def _conclude(self, client_id: int, parts: list[Part[Row]]) -> None:
        rows = self._rows[client_id]
        free = [row for row in rows if not self._lines.get(row["id"])]
        met = {row["uid"]: self._lines.get(row["id"]) for row in rows}
        again = {part: also_on_line("uid", first) for part in parts if (first := met.get(part.uid))}
        built: dict[Part[Row], NotedItem] = {}
        for part in self._checked(parts, again):
            try:
                built[part] = noted(part.values, self.uow.actor, part.context)
            except InvalidData as error:
                self._refuse(part.record, part.owner, error)
        found = of_notes(self.uow, rows, list(built.values()), self._files, self.context, free=free)
        for part, (item, row) in zip(built, found, strict=True):
            try:
                if isinstance(row, InvalidData):
                    raise row
                self._planned.append((part, *self._planned_note(part, item, row)))
            except InvalidData as error:
                self._refuse(part.record, part.owner, error)

    def _planned_note(
        self, part: Part[Row], item: NotedItem, row: Row | None
    ) -> tuple[Note, list[File]]:
        if row is None:
            item.note.client_id = part.owner.id
            return item.note, item.missing(part.context)
        part.stored = row
        kept = self.uow.notes.entity(row).revise(said_anew(item.values, NOTE_KEPT), part.context)
        return kept, item.missing(part.context, self._files.get(row["id"], set()))

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
