"""Importing what belongs to clients that are there: a contact, an address or a note a row.

A row finds its client as documents do (see ``references.py``), and what it is about among what that
client has: a contact by its e-mail, else its name; an address by its place, else its label; a note
by its text. Several that fit, and several rows about one, are refused. Notes stand here, contacts
and addresses in modules of their own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import InteropError, InvalidData
from interop_cli.domain.fields.nested import BY, FIELDS
from interop_cli.domain.messages import msg
from interop_cli.domain.note import Note
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import uid_key
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.nested_matching import (
    NOTE_KEPT,
    NotedItem,
    noted,
    of_notes,
    said_anew,
)
from interop_cli.services.imports.references import Owner, Owners
from interop_cli.services.imports.rows import FileRow, LineNumbers, RowImport, also_on_line
from interop_cli.services.people import notes
from interop_cli.services.people.notes import File
from interop_cli.store.engines.connection import Row

if TYPE_CHECKING:
    from interop_cli.services import Outcome

T = TypeVar("T")


@dataclass(eq=False)
class Part(Generic[T]):
    """A row whose client is known: what it says, and what will be written for it.

    ``stored`` is what it is about; ``None`` where that is new.
    """

    record: FileRow
    owner: Owner
    values: dict[str, Any]
    context: Context
    stored: T | None = None

    @property
    def line(self) -> int:
        """Its line in the file."""
        return self.record.line

    @property
    def uid(self) -> str:
        """The uid that it brings, as it is stored; "" where it brings none."""
        return uid_key(self.values.get("uid") or "")

    def key(self, name: str) -> str:
        """A field as it is compared."""
        return fold(str(self.values.get(name) or ""))


@dataclass
class BelongingImport(RowImport, Generic[T]):
    """An import of one kind; ``client`` is whose the rows are that name nobody."""

    client: str | None = None
    kind: ClassVar[str]
    # On which line of the file each stood that was met, and each that took a flag of a client's.
    _lines: LineNumbers = field(default_factory=LineNumbers)
    _flags: dict[str, LineNumbers] = field(default_factory=dict)
    _whose: Owner | None = None

    def __post_init__(self) -> None:
        self._owners = Owners(self.uow)

    def run(self, records: Iterable[FileRow]) -> Outcome:
        """As ``RowImport.run``; raises NotFound where ``client`` is nobody."""
        if self.client is not None:
            code = self.uow.clients.row(self.client)["code"]
            self._owners.load((), [code])
            self._whose = self._owners.of_code(code, "client")
        return super().run(records)

    def batch(self, records: Sequence[FileRow]) -> None:
        """Find the clients of these rows, then what each row is about, then write."""
        self._owners.load([record.values for record in records if record.error is None])
        parts: list[Part[T]] = []
        for record in records:
            try:
                parts.append(self._part(record))
            except InteropError as error:
                self._refuse(record, None, error)
        holders = self.uow.owners_by_uid(self.kind, {part.uid for part in parts if part.uid})
        reason = msg("is the uid of a record of another client")
        others = self._twice(parts, {part: ("uid", part.uid) for part in parts if part.uid})
        others |= {
            part: wrong("uid", "import.uid", reason)
            for part in parts
            if holders.get(part.uid, part.owner.id) != part.owner.id
        }
        groups: dict[int, list[Part[T]]] = {}
        for part in self._checked(parts, others):
            groups.setdefault(part.owner.id, []).append(part)
        self._load(list(groups))
        for client_id, parts in groups.items():
            self._conclude(client_id, parts)
        if not self.refused:
            self.uow.touched.clear()
            self._write()

    def _part(self, record: FileRow) -> Part[T]:
        if record.error is not None:
            message = record.error.message or msg("is not valid")
            raise InvalidData(record.error.code, message, details=[record.error])
        owner = self._owners.of_row(record.values, self._whose)
        if owner is None:
            owner = self._whose
        elif self._whose is not None and owner != self._whose:
            name = next(name for name in BY if record.values.get(name))
            reason = msg("is another client than {code}", code=self._whose.code)
            raise wrong(name, "import.client", reason)
        if owner is None:
            raise wrong("client", "field.missing", msg("is required"))
        values = {name: record.values[name] for name in record.values if name in FIELDS[self.kind]}
        return Part(record, owner, values, self.context.at(record.line, owner.code, record.parts))

    @abstractmethod
    def _load(self, client_ids: list[int]) -> None:
        """Read what these clients have."""

    @abstractmethod
    def _conclude(self, client_id: int, parts: list[Part[T]]) -> None:
        """Plan what is written for the rows of one client, or refuse some."""

    @abstractmethod
    def _write(self) -> None:
        """Write what was planned."""

    # -- what became of a row ---------------------------------------------------------------

    def _refuse(self, record: FileRow, owner: Owner | None, error: InteropError) -> None:
        code = owner.code if owner else None
        self.reject(record, code, error, {"id": None, "client": code})

    def _checked(
        self, parts: list[Part[T]], faults: Mapping[Part[T], InvalidData]
    ) -> list[Part[T]]:
        """The rows without a fault; the others are refused."""
        for part, error in faults.items():
            self._refuse(part.record, part.owner, error)
        return [part for part in parts if part not in faults]

    def _written(self, part: Part[T], row_id: int, *, new: bool) -> None:
        """Count a row that was written, or found as it is."""
        self._lines.setdefault(row_id, part.line)
        hit = new or (self.kind, row_id) in self.uow.touched
        self.created += new
        self.updated += hit and not new
        action = "created" if new else "updated" if hit else "unchanged"
        self.note(
            part.line,
            part.owner.code,
            {
                "id": row_id,
                "client": part.owner.code,
                "status": "ok" if hit else "unchanged",
                "error": None,
                "action": action,
            },
        )

    # -- rows about one thing ---------------------------------------------------------------

    def _twice(
        self, parts: list[Part[T]], keys: Mapping[Part[T], tuple[str, object]]
    ) -> dict[Part[T], InvalidData]:
        """The rows that have the key of another: all of them.

        ``keys``: the field that each is recognised by, and what no two may have.
        """
        first: dict[object, Part[T]] = {}
        faults: dict[Part[T], InvalidData] = {}
        for part in parts:
            if (key := keys.get(part)) is None:
                continue
            other = first.setdefault(key[1], part)
            if other is not part:
                faults[part] = also_on_line(key[0], other.line)
                faults.setdefault(other, also_on_line(keys[other][0], part.line))
        return faults

    def _takes(self, flag: str, part: Part[T]) -> InvalidData | None:
        """What is wrong where a row gives a flag of the client that an earlier row gave away."""
        lines = self._flags.setdefault(flag, LineNumbers())
        first = lines.setdefault(part.owner.id, part.line)
        return None if first == part.line else flag_twice(flag, first)


def flag_twice(flag: str, line: int) -> InvalidData:
    """Two rows of one client give a flag that only one can have."""
    reason = msg("line {line} gives this flag, too, which only one can have", line=line)
    return wrong(flag, "import.flag.twice", reason)


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
        found = of_notes(self.uow, rows, list(built.values()), self._files, free=free)
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
            return item.note, item.missing()
        part.stored = row
        kept = self.uow.notes.entity(row).revise(said_anew(item.values, NOTE_KEPT), part.context)
        return kept, item.missing(self._files.get(row["id"], set()))

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
