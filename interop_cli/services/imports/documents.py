"""Importing documents: history from the ERP, upserted on kind and number, in constant memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from interop_cli.domain.document import Document, DocumentLine
from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import Conflict, InteropError, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_not_prospect
from interop_cli.domain.rules import Context, RuleWarning
from interop_cli.domain.values.closed_lists import SOLD
from interop_cli.domain.values.text import fold
from interop_cli.services import MAX_ITEMS
from interop_cli.services.imports.document_rows import (
    NAMES_PARTY,
    DocumentKey,
    PlainDocuments,
    amounts_of,
    check_amounts,
    currency_of,
    key_of,
    own_of,
    place_of,
    place_parts,
)
from interop_cli.services.imports.references import Met, Owner, Owners
from interop_cli.services.imports.rows import FileRow, uid_of
from interop_cli.services.imports.second_process import ToldImport
from interop_cli.services.sales.documents import (
    OWN_FIELDS,
    Linked,
    Parties,
    already_issued,
    lines_of,
    say_ended,
    with_subtotal,
)
from interop_cli.store.writing.repositories.documents import ordered
from interop_cli.store.writing.tables import DOCUMENT, Ordered

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row


_CLIENT, _PAYER, _CURRENCY, _NUMBER, _KIND = map(
    DOCUMENT.place, ("client_id", "bill_to_id", "currency", "number", "kind")
)
KEPT_WHEN_EMPTY = frozenset({"date", "status", "currency"})
Told = tuple[DocumentKey, Ordered | None] | None
"""What ``PlainDocuments`` tells of a row."""


class New(NamedTuple):
    """A row whose document will be inserted: its line in the file, what is stored, its lines."""

    line: int
    row: Ordered
    lines: list[DocumentLine] | None


class Revised(NamedTuple):
    """A row whose document is stored: its line in the file, what it makes of it, its lines."""

    line: int
    document: Document
    lines: list[DocumentLine] | None


@dataclass
class DocumentImport(ToldImport):
    """Rows of documents; ``kind`` is that of rows which do not say theirs."""

    kind: str | None = None
    _seen: bytearray = field(default_factory=bytearray)
    _inactive: int = 0
    _doubtful: int = 0  # whose currency is their client's, and not their payer's
    _first_doubtful: int | None = None
    _jobs: bool = False
    size: ClassVar[int] = 2500  # each batch asks a server some ten times

    def __post_init__(self) -> None:
        self._owners = Owners(self.uow)
        self._parties = Parties(self.uow)
        self._met = Met(self.uow)

    def teller(self) -> PlainDocuments:
        """Tells of rows of documents."""
        return PlainDocuments(self.context, self.kind)

    def batches(self, records: Iterator[FileRow]) -> Generator[Sequence[FileRow]]:
        """The rows in batches."""
        if self.large:
            self.uow.documents.expect_many()
        yield from super().batches(records)

    # -- a batch ----------------------------------------------------------------------------

    def batch(self, records: Sequence[FileRow]) -> None:
        """Write new documents and changed ones, each set with one statement."""
        rows = [record.values for record in records]
        codes = (str(v).strip() for row in rows if (v := row.get("bill_to")))
        columns = self._owners.load(rows, codes)
        told: Sequence[Told] = self.told or [None] * len(records)
        keys = [self._key_of(record, one) for record, one in zip(records, told, strict=True)]
        existing = self._existing(keys)
        known = [None if isinstance(key, InvalidData) else existing.get(key) for key in keys]
        owners = [self._owner_of(record) for record in records]
        if existing or not NAMES_PARTY.isdisjoint(columns):
            self._load_parties(rows, known, owners)
        uids = [uid_of(record) for record in records] if "uid" in columns else [None] * len(rows)
        named = self.uow.documents.by_uids(filter(None, uids))
        new: dict[DocumentKey, New] = {}
        saves: list[tuple[Row, Revised]] = []
        for record, key, row, owner, uid, one in zip(
            records, keys, known, owners, uids, told, strict=True
        ):
            try:
                if isinstance(key, InvalidData):
                    raise key
                if key in new:
                    raise _twice()
                if isinstance(owner, InteropError):
                    raise owner
                if uid:
                    self._agree(uid, row, named)
                if row is None:
                    new[key] = self._new(record, key[0], owner, one[1] if one else None)
                else:
                    self._once(row["id"])
                    saves.append((row, self._revised(record, row, owner)))
            except InteropError as error:
                number = _number(record)
                kind = self.kind if isinstance(key, InvalidData) else key[0]
                self.reject(record, number, error, {"id": None, "number": number, "kind": kind})
        if not self.refused:
            self._insert(list(new.values()))
            self._save(saves)

    def _key_of(self, record: FileRow, told: Told) -> DocumentKey | InvalidData:
        """The key of a row, or what is wrong with it as a row."""
        if told is not None:
            return told[0]
        if record.error is not None:
            message = record.error.message or msg("is not valid")
            return InvalidData(record.error.code, message, details=[record.error])
        try:
            return key_of(record.values, self.kind)
        except InvalidData as error:
            return error

    def _existing(self, keys: Sequence[DocumentKey | InvalidData]) -> dict[DocumentKey, Row]:
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

    @staticmethod
    def _agree(uid: str, row: Row | None, named: dict[object, Row]) -> None:
        """Refuse a row whose uid another document has, stored or earlier in the file."""
        holder = named.get(uid)
        if holder is not None and (row is None or holder["id"] != row["id"]):
            raise wrong("uid", "import.uid", msg("is the uid of another document"))
        if row is None:
            named[uid] = {"id": 0}

    # -- one row ----------------------------------------------------------------------------

    def _new(self, record: FileRow, kind: str, owner: Owner | None, plain: Ordered | None) -> New:
        """A row of a new document; ``plain`` is what was told of it before its client was known."""
        values: Mapping[str, Any] = record.values
        said, lines = values.get("currency"), None
        if plain is not None and owner is not None and (said or plain[_CURRENCY] == owner.currency):
            self._check_sold(owner, kind)
            plain[_CLIENT], plain[_PAYER] = owner.id, self._payer(values, owner, kind)
            row = plain
        else:
            context = self.context.at(record.line, _number(record), record.parts)
            currency = currency_of(values, owner.currency if owner else None)
            lines = _lines(values, currency, context)
            values = with_subtotal(values, lines) if lines else values
            row = ordered(self._built(values, kind, owner, context))
        if row[_PAYER] is not None and owner is not None and not said and kind in SOLD:
            self._doubt_currency(record, owner)
        self._inactive += not (owner and owner.active)
        self._jobs = self._jobs or kind == "job"
        return New(record.line, row, lines)

    def _built(
        self, values: Mapping[str, Any], kind: str, owner: Owner | None, context: Context
    ) -> Document:
        if owner is None:
            raise wrong("client", "field.missing", msg("is required"))
        self._check_sold(owner, kind)
        own = own_of(values, kind, currency_of(values, owner.currency))
        self._link(own, values, owner.id, None)
        check_amounts(own, kind)
        own.setdefault("currency", owner.currency)
        own.update(kind=kind, client_id=owner.id, bill_to_id=self._payer(values, owner, kind))
        return Document.build(own, context)

    def _revised(self, record: FileRow, row: Row, owner: Owner | None) -> Revised:
        """What a row makes of the document that is stored as ``row``."""
        context = self.context.at(record.line, _number(record), record.parts)
        currency = currency_of(record.values, str(row["currency"]))
        lines = _lines(record.values, currency, context)
        values = with_subtotal(record.values, lines) if lines else record.values
        changes: dict[str, Any] = {
            name: values[name] or None
            for name in OWN_FIELDS
            if name in values
            and name != "number"
            and not (name in KEPT_WHEN_EMPTY and values[name] in (None, ""))
        }
        changes.update(place_of(values), **amounts_of(values, row["kind"], currency))
        self._link(changes, values, owner.id if owner else row["client_id"], row)
        if owner is not None:
            changes["client_id"] = owner.id
            moved = owner.id != row["client_id"]
            if moved:
                self._check_sold(owner, row["kind"])
            if moved or "bill_to" in values:
                changes["bill_to_id"] = self._payer(values, owner, row["kind"])
        before = self.uow.documents.entity(row)
        document = before.revise(changes, context)
        self._jobs = self._jobs or row["kind"] == "job"
        if row["issued"] and document.__dict__ != before.__dict__:
            raise already_issued()
        if row["issued"] and lines is not None:
            self._check_lines(row, lines)
        return Revised(record.line, document, lines)

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
                if name == "ship_to" and (parts := place_parts(values)):
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
        self._check_sold(payer, kind, "bill_to")
        return payer.id

    def _doubt_currency(self, record: FileRow, owner: Owner) -> None:
        """Count a document that names no currency where its payer has another than its client."""
        named = record.values.get("bill_to")
        payer = self._owners.of_code(str(named).strip(), "bill_to") if named else None
        if owner.currency != (payer.currency if payer else owner.billed_in):
            self._doubtful += 1
            self._first_doubtful = self._first_doubtful or record.line

    @staticmethod
    def _check_sold(owner: Owner, kind: str, path: str = "client") -> None:
        """Refuse to a prospect what is sold."""
        if kind not in SOLD or not owner.prospect:
            return
        try:
            check_not_prospect(owner.code, owner.prospect)
        except Conflict as error:
            raise wrong(path, error.code, error.message) from None

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[New]) -> None:
        self._met.note((one.row[_CLIENT], one.row[_PAYER]) for one in new)
        ids = self.uow.documents.add_ordered([one.row for one in new])
        for document_id, one in zip(ids, new, strict=True):
            self._once(document_id)
            self._note(one.line, one.row[_NUMBER], one.row[_KIND], document_id, "created")
        self.uow.documents.add_lines(
            (document_id, one.row[_CLIENT], one.lines)
            for document_id, one in zip(ids, new, strict=True)
            if one.lines
        )
        self.created += len(new)

    def _save(self, saves: list[tuple[Row, Revised]]) -> None:
        met = (taken.document for _row, taken in saves)
        self._met.note((document.client_id, document.bill_to_id) for document in met)
        documents, touched = self.uow.documents, self.uow.touched
        touched.clear()
        documents.save([(row, taken.document) for row, taken in saves])
        for row, taken in saves:
            hit = ("document", row["id"]) in touched
            if taken.lines is not None:
                client_id = taken.document.client_id or 0
                hit = documents.set_lines(row["id"], client_id, taken.lines) or hit
            self.updated += hit
            number, kind = taken.document.number, taken.document.kind
            self._note(taken.line, number, kind, row["id"], "updated" if hit else "unchanged")

    def _check_lines(self, row: Row, lines: list[DocumentLine]) -> None:
        """Refuse other lines for what was issued here."""
        if not self.uow.documents.has_lines(row["id"], row["client_id"], lines):
            raise already_issued()

    def _note(
        self, line: int, number: str | None, kind: str, document_id: int, action: str
    ) -> None:
        if self.outcome.rows is None and len(self._items) > MAX_ITEMS:
            return
        status = "unchanged" if action == "unchanged" else "ok"
        item = {"id": document_id, "number": number, "kind": kind, "status": status}
        self.note(line, number, {**item, "error": None, "action": action})

    def finish(self) -> None:
        """End the prospects that have a job, and say what was taken as history."""
        self._met.keep()
        if self._jobs:
            say_ended(self.context, self.uow.documents.end_prospects())
        if self._doubtful:
            reason = msg(
                "documents that count in their client's currency, and whose payer is billed in"
                " another: {count}",
                count=self._doubtful,
            )
            self.context.warnings.append(
                RuleWarning("currency", "document.currency.payer", reason, self._first_doubtful)
            )
        if self._inactive:
            reason = msg("documents of inactive clients: {count}", count=self._inactive)
            self.context.warnings.append(RuleWarning("client", "document.client.inactive", reason))


def _number(record: FileRow) -> str | None:
    return str(record.values.get("number") or "").strip()[:40] or None


def _twice() -> InvalidData:
    return wrong("number", "import.duplicate", msg("is in the file twice"))


def _lines(
    values: Mapping[str, Any], currency: str | None, context: Context
) -> list[DocumentLine] | None:
    """The lines that a row has (NDJSON)."""
    given = values.get("lines")
    return None if given is None else lines_of(given, context.counted_in(currency))


def _same(typed: object, stored: str | None) -> bool:
    return bool(typed and stored) and fold(str(typed)) == fold(stored or "")
