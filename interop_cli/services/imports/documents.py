"""Importing documents: history from the ERP, upserted on kind and number, in constant memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.document import Document, DocumentLine, read_amounts
from interop_cli.domain.errors import Conflict, InteropError, InvalidData
from interop_cli.domain.fields.document import PLACE_PARTS
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_not_prospect
from interop_cli.domain.rules import Context, RuleWarning
from interop_cli.domain.validation import wrong
from interop_cli.domain.values.address_text import bare_line
from interop_cli.domain.values.closed_lists import KINDS, SOLD, find_currency
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.references import Owner, Owners
from interop_cli.services.imports.rows import FileRow, RowImport, uid_of
from interop_cli.services.sales.documents import (
    AMOUNT_FIELDS,
    OWN_FIELDS,
    already_issued,
    lines_of,
    say_ended,
    with_subtotal,
)
from interop_cli.services.sales.parties import Linked, Parties

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row


KEPT_WHEN_EMPTY = frozenset({"date", "status", "currency"})
PLACE_NAMES = frozenset(f"ship_to.{part}" for part in PLACE_PARTS)
# What may name a contact or an address.
NAMES_PARTY = PLACE_NAMES | {"contact", "ship_to"}
OWN, AMOUNT_NAMES = frozenset(OWN_FIELDS), frozenset(AMOUNT_FIELDS)


class Taken(NamedTuple):
    """A row that will be written: its line in the file, the document and its lines."""

    line: int
    document: Document
    lines: list[DocumentLine] | None


@dataclass
class DocumentImport(RowImport):
    """Rows of documents; ``kind`` is that of rows which do not say theirs."""

    kind: str | None = None
    _seen: bytearray = field(default_factory=bytearray)
    _inactive: int = 0
    _jobs: bool = False

    def __post_init__(self) -> None:
        self._owners = Owners(self.uow)
        self._parties = Parties(self.uow)

    # -- a batch ----------------------------------------------------------------------------

    def batch(self, records: Sequence[FileRow]) -> None:
        """Write new documents and changed ones, each set with one statement."""
        rows = [record.values for record in records]
        self._owners.load(rows, (str(v).strip() for row in rows if (v := row.get("bill_to"))))
        keys = [self._key_of(record) for record in records]
        existing = self._existing(keys)
        known = [None if isinstance(key, InvalidData) else existing.get(key) for key in keys]
        owners = [self._owner_of(record) for record in records]
        self._load_parties(rows, known, owners)
        named = self.uow.documents.by_uids(uid for record in records if (uid := uid_of(record)))
        new: dict[tuple[str, str], Taken] = {}
        saves: list[tuple[Row, Taken]] = []
        for record, key, row, owner in zip(records, keys, known, owners, strict=True):
            number = _number(record)
            context = self.context.at(record.line, number, record.parts)
            try:
                if isinstance(key, InvalidData):
                    raise key
                if key in new:
                    raise _twice()
                if isinstance(owner, InteropError):
                    raise owner
                self._agree(record, row, named)
                if row is None:
                    new[key] = self._taken(record, key[0], None, owner, context)
                else:
                    self._once(row["id"])
                    saves.append((row, self._taken(record, key[0], row, owner, context)))
            except InteropError as error:
                kind = self.kind if isinstance(key, InvalidData) else key[0]
                self.reject(record, number, error, {"id": None, "number": number, "kind": kind})
        if not self.refused:
            self._insert(list(new.values()))
            self._save(saves)

    def _key_of(self, record: FileRow) -> tuple[str, str] | InvalidData:
        """The kind and the folded number of a row, or what is wrong with it as a row."""
        if record.error is not None:
            message = record.error.message or msg("is not valid")
            return InvalidData(record.error.code, message, details=[record.error])
        number = str(record.values.get("number") or "").strip()
        try:
            if not number:
                raise wrong("number", "field.missing", msg("is required"))
            return self._kind_of(record.values.get("kind")), fold(number)
        except InvalidData as error:
            return error

    def _kind_of(self, given: object) -> str:
        if not given:
            if self.kind is None:
                raise wrong("kind", "field.missing", msg("is required"))
            return self.kind
        kind = KINDS.get(str(given)) or KINDS.get(fold(str(given)))
        if kind is None:
            choices = ", ".join(dict.fromkeys(KINDS.values()))
            reason = msg("is not one of {choices}", choices=choices)
            raise wrong("kind", "document.kind.unknown", reason)
        return kind

    def _existing(
        self, keys: Sequence[tuple[str, str] | InvalidData]
    ) -> dict[tuple[str, str], Row]:
        numbers: dict[str, list[str]] = {}
        for key in keys:
            if not isinstance(key, InvalidData):
                numbers.setdefault(key[0], []).append(key[1])
        return {
            (kind, number): row
            for kind, wanted in numbers.items()
            for number, row in self.uow.documents.by_numbers(kind, wanted).items()
        }

    def _once(self, document_id: int) -> None:
        """Refuse a document that an earlier batch has met: one bit for each."""
        place, bit = divmod(document_id, 8)
        if place >= len(self._seen):
            self._seen.extend(bytes(place - len(self._seen) + 4096))
        if self._seen[place] >> bit & 1:
            raise _twice()
        self._seen[place] |= 1 << bit

    def _owner_of(self, record: FileRow) -> Owner | InteropError | None:
        """The client that a row names, or what is wrong with that."""
        try:
            return self._owners.of_row(record.values) if record.error is None else None
        except InteropError as error:
            return error

    def _load_parties(
        self,
        rows: Sequence[Mapping[str, Any]],
        known: Sequence[Row | None],
        owners: Sequence[Owner | InteropError | None],
    ) -> None:
        """Read the contacts and addresses that these rows may name."""
        wanted: set[int] = set()
        for values, row, owner in zip(rows, known, owners, strict=True):
            if isinstance(owner, InteropError):
                continue
            named = not NAMES_PARTY.isdisjoint(values)
            if row is None:
                if named and owner is not None:
                    wanted.add(owner.id)
            elif named or (owner is not None and owner.id != row["client_id"]):
                wanted.add(owner.id if owner is not None else row["client_id"])
        self._parties.load(wanted)

    def _agree(self, record: FileRow, row: Row | None, named: dict[object, Row]) -> None:
        """Refuse a row whose uid another document has, stored or earlier in the file."""
        uid = uid_of(record)
        if not uid:
            return
        holder = named.get(uid)
        if holder is not None and (row is None or holder["id"] != row["id"]):
            raise wrong("uid", "import.uid", msg("is the uid of another document"))
        if row is None:
            named[uid] = {"id": 0}

    # -- one row ----------------------------------------------------------------------------

    def _built(
        self, values: Mapping[str, Any], kind: str, owner: Owner | None, context: Context
    ) -> Document:
        if owner is None:
            raise wrong("client", "field.missing", msg("is required"))
        if kind in SOLD:
            self._check_prospect(owner, "client")
        own = {name: value for name, value in values.items() if name in OWN and value}
        own.update(_place(values), **_amounts(values, kind, _currency(values, None, owner)))
        self._link(own, values, owner.id, None)
        if kind in SOLD and "subtotal_cents" not in own:
            raise wrong("subtotal", "field.missing", msg("is required"))
        own.setdefault("currency", owner.currency)
        own.update(kind=kind, client_id=owner.id, bill_to_id=self._payer(values, owner, kind))
        document = Document.build(own, context)
        self._inactive += not owner.active
        self._jobs = self._jobs or kind == "job"
        return document

    def _revised(
        self, values: Mapping[str, Any], row: Row, owner: Owner | None, context: Context
    ) -> Document:
        changes: dict[str, Any] = {
            name: values[name] or None
            for name in OWN_FIELDS
            if name in values
            and name != "number"
            and not (name in KEPT_WHEN_EMPTY and values[name] in (None, ""))
        }
        changes.update(
            _place(values), **_amounts(values, row["kind"], _currency(values, row, owner))
        )
        self._link(changes, values, owner.id if owner else row["client_id"], row)
        if owner is not None:
            changes["client_id"] = owner.id
            moved = owner.id != row["client_id"]
            if moved and row["kind"] in SOLD:
                self._check_prospect(owner, "client")
            if moved or "bill_to" in values:
                changes["bill_to_id"] = self._payer(values, owner, row["kind"])
        before = self.uow.documents.entity(row)
        document = before.revise(changes, context)
        self._jobs = self._jobs or row["kind"] == "job"
        if row["issued"] and document.__dict__ != before.__dict__:
            raise already_issued()
        return document

    def _link(
        self, own: dict[str, Any], values: Mapping[str, Any], client_id: int, row: Row | None
    ) -> None:
        """Say in ``own`` which contact and address of the client are meant.

        What the text of the stored ``row`` is linked with stays, as long as text and client do.
        """
        moved = row is not None and client_id != row["client_id"]
        for name, column, find in (
            ("contact", "contact_id", self._parties.contact),
            ("ship_to", "ship_to_id", self._parties.address),
        ):
            if name not in own and not moved:
                continue
            stored = None if row is None or moved else row
            typed = own[name] if row is None or name in own else row[name]
            if stored and _same(typed, stored[name]) and (stored[column] or stored["issued"]):
                continue
            stands = stored[column] if stored else None
            try:
                if name == "ship_to" and (parts := _parts(values)):
                    found = Linked(self._parties.place(client_id, parts, stands), typed)
                else:
                    found = find(client_id, typed, ids=name in own, stands=stands)
            except InvalidData:
                if name in own and not (stored and _same(typed, stored[name])):
                    raise
                found = Linked(None, typed)  # the text that is stored: the row says no more
            own[name] = found.text
            if stored and found.id is not None and found.id == stored[column]:
                own[name] = stored[name]
            own[column] = found.id

    def _payer(self, values: Mapping[str, Any], owner: Owner, kind: str) -> int | None:
        """Who pays: as the row says, else as the client's card says today."""
        if not values.get("bill_to"):
            return owner.bill_to_id
        payer = self._owners.of_code(str(values["bill_to"]).strip(), "bill_to")
        if payer.id == owner.id:
            return None
        if kind in SOLD:
            self._check_prospect(payer, "bill_to")
        return payer.id

    def _check_prospect(self, owner: Owner, path: str) -> None:
        try:
            check_not_prospect(owner.code, owner.prospect)
        except Conflict as error:
            raise wrong(path, error.code, error.message) from None

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[Taken]) -> None:
        ids = self.uow.documents.add([taken.document for taken in new])
        for document_id, taken in zip(ids, new, strict=True):
            self._once(document_id)
            self._note(taken, document_id, "ok", "created")
        self.uow.documents.add_lines(
            (document_id, taken.document.client_id or 0, taken.lines)
            for document_id, taken in zip(ids, new, strict=True)
            if taken.lines
        )
        self.created += len(new)

    def _save(self, saves: list[tuple[Row, Taken]]) -> None:
        documents, touched = self.uow.documents, self.uow.touched
        touched.clear()
        documents.save([(row, taken.document) for row, taken in saves])
        for row, taken in saves:
            hit = ("document", row["id"]) in touched
            if taken.lines is not None:
                client_id = taken.document.client_id or 0
                hit = documents.set_lines(row["id"], client_id, taken.lines) or hit
            self.updated += hit
            status, action = ("ok", "updated") if hit else ("unchanged", "unchanged")
            self._note(taken, row["id"], status, action)

    def _taken(
        self, record: FileRow, kind: str, row: Row | None, owner: Owner | None, context: Context
    ) -> Taken:
        """A row that passed, with the lines it has (NDJSON); ``row`` is what is stored of it."""
        given = record.values.get("lines")
        currency = _currency(record.values, row, owner)
        lines = None if given is None else lines_of(given, context.counted_in(currency))
        values = with_subtotal(record.values, lines) if lines else record.values
        if row is None:
            return Taken(record.line, self._built(values, kind, owner, context), lines)
        document = self._revised(values, row, owner, context)
        if row["issued"] and lines is not None:
            self._check_lines(row, lines)
        return Taken(record.line, document, lines)

    def _check_lines(self, row: Row, lines: list[DocumentLine]) -> None:
        """Refuse other lines for what was issued here."""
        if not self.uow.documents.has_lines(row["id"], row["client_id"], lines):
            raise already_issued()

    def _note(self, taken: Taken, document_id: int, status: str, action: str) -> None:
        number, kind = taken.document.number, taken.document.kind
        item = {"id": document_id, "number": number, "kind": kind, "status": status}
        self.note(taken.line, number, {**item, "error": None, "action": action})

    def finish(self) -> None:
        """End the prospects that have a job, and say what was taken as history."""
        if self._jobs:
            say_ended(self.context, self.uow.documents.end_prospects())
        if self._inactive:
            reason = msg("documents of inactive clients: {count}", count=self._inactive)
            self.context.warnings.append(RuleWarning("client", "document.client.inactive", reason))


def _number(record: FileRow) -> str | None:
    return str(record.values.get("number") or "").strip()[:40] or None


def _twice() -> InvalidData:
    return wrong("number", "import.duplicate", msg("is in the file twice"))


def _amounts(values: Mapping[str, Any], kind: str, currency: str | None) -> dict[str, int]:
    return {} if AMOUNT_NAMES.isdisjoint(values) else read_amounts(values, kind, currency)


def _currency(values: Mapping[str, Any], row: Row | None, owner: Owner | None) -> str | None:
    """What the amounts of a row count in: as it says, as stored, or as its client does.

    ``None`` where that is wrong, which is told of the field.
    """
    if given := values.get("currency"):
        return find_currency(given)
    if row is not None:
        return str(row["currency"])
    return owner.currency if owner else None


def _same(typed: object, stored: str | None) -> bool:
    return bool(typed and stored) and fold(str(typed)) == fold(stored or "")


def _parts(values: Mapping[str, Any]) -> dict[str, str]:
    """The parts of ``ship_to``, where the file has those."""
    if PLACE_NAMES.isdisjoint(values):
        return {}
    parts = {part: str(values.get(f"ship_to.{part}") or "").strip() for part in PLACE_PARTS}
    return parts if any(parts.values()) else {}


def _place(values: Mapping[str, Any]) -> dict[str, str]:
    """``ship_to`` out of its parts, where the file has those."""
    parts = _parts(values)
    if not parts:
        return {}
    return {"ship_to": bare_line({**parts, "label": None, "attention": parts["name"]})}
