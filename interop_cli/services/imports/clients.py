"""Importing clients with what belongs to them: rows upserted by a key, whole batches at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.errors import InteropError, InvalidData
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.fields.field import given
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_identity
from interop_cli.domain.values.code import code_key
from interop_cli.services.clients.card import (
    built,
    code_for,
    has_number,
    revised,
    revised_address,
    split,
    warn_same_numbers,
)
from interop_cli.services.imports.attachments import logo_blob
from interop_cli.services.imports.nested import NestedItems, parts_of, with_main
from interop_cli.services.imports.nested_writing import PartsImport, Plan
from interop_cli.services.imports.payers import Endings, Payers
from interop_cli.services.imports.rows import FileRow, RowImport
from interop_cli.services.imports.unique import LineNumbers, Unique
from interop_cli.services.outcome import MAX_ITEMS

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row


class Written(NamedTuple):
    """A row that passed its rules: the client, its main address, and what else it changes.

    ``row`` and ``place`` are what is stored of client and main address, ``None`` for a new one.
    """

    record: Any
    key: object
    client: Client
    address: Address
    plan: Plan | None
    row: Row | None = None
    place: Row | None = None


KEYS = {"code": "code_key", "external_id": "external_id", "email": "email"}
KEPT_WHEN_EMPTY = given(CLIENT)


@dataclass
class Import(RowImport):
    """The import at work; ``run`` does it."""

    key: str = "code"
    reuse: bool = False
    # What is done to so few rows again and again stays in the processor's cache.
    size: ClassVar[int] = 500
    # On which line a key stood that the database does not have: those of the batch at hand, and
    # of rows that were rejected.
    _seen: dict[object, int] = field(default_factory=dict)
    _lines: LineNumbers = field(default_factory=LineNumbers)
    # The clients written that have a tax or enterprise number.
    _numbered: array[int] = field(default_factory=lambda: array("q"))

    @cached_property
    def _payers(self) -> Payers:
        return Payers(self.uow, self)

    @cached_property
    def _endings(self) -> Endings:
        return Endings(self.uow)

    @cached_property
    def _unique(self) -> Unique:
        return Unique(self.uow, self.key, self._lines)

    @cached_property
    def _parts(self) -> PartsImport:
        return PartsImport(self.uow, self.rules, self.uow.actor)

    def settle(self) -> None:
        """Who pays, once every client of the file exists; then who stops paying."""
        if not self.refused:
            self._payers.settle()
        waiting = self._endings.waiting
        for start in range(0, len(waiting), self.size):
            self.batch(waiting[start : start + self.size], last=True)
            self.rejected.settle()
        if not self.refused:
            self._payers.settle()

    def finish(self) -> None:
        """Warn of what only the whole file shows."""
        warn_same_numbers(self.uow, self._numbered, self.rules, self._lines.get)
        self._parts.warn_of_shared_emails()

    # -- a batch ----------------------------------------------------------------------------

    def batch(self, records: Sequence[FileRow], *, last: bool = False) -> None:
        """Write these rows, or reject some of them; those that end a payer wait till ``last``."""
        keys = [self._key_of(record) for record in records]
        existing = self._existing(keys)
        rows = ((record, existing.get(key)) for record, key in zip(records, keys, strict=True))
        ending = set() if last else self._endings.among(rows)
        mains = self.uow.addresses.main_of(row["id"] for row in existing.values())
        self._unique.load(records)
        read: list[tuple[FileRow, object, NestedItems, Row | None]] = []
        for record, key in zip(records, keys, strict=True):
            row = existing.get(key)
            try:
                self._begin(record, key, row)
                if row is not None and row["id"] in ending:
                    self._endings.waiting.append(record)
                    continue
                read.append((record, key, parts_of(record.values), row))
            except InteropError as error:
                self._point_at(record)
                self.reject(record, error)
        self._parts.load(
            [row["id"] for _record, _key, parts, row in read if row and parts],
            [parts for _record, _key, parts, _row in read if parts],
        )
        new: list[Written] = []
        saves: list[Written] = []
        for record, key, parts, row in read:
            try:
                self._point_at(record)
                self._unique.check(record, row["id"] if row else None)
                if row is None:
                    new.append(self._built(record, key, parts))
                else:
                    saves.append(self._revised(record, key, parts, row, mains[row["id"]]))
            except InteropError as error:
                self.reject(record, error)
        if self.refused:
            return
        self._insert(new)
        self._save(saves)

    def _key_of(self, record: FileRow) -> object:
        value = record.values.get(self.key)
        if not value:
            return None
        return code_key(str(value)) if self.key == "code" else str(value).strip() or None

    def _point_at(self, record: FileRow) -> None:
        self.rules.line = record.line
        code = record.values.get("code") if record.error is None else None  # cells out of place
        self.rules.key = str(code or "").strip()[:20] or None

    def _begin(self, record: FileRow, key: object, row: Row | None) -> None:
        """Check the row as a row, before what it says."""
        if record.error is not None:
            raise InvalidData(record.error.code, record.error.message, details=[record.error])  # type: ignore[arg-type]
        if row is not None:
            first = self._lines.setdefault(row["id"], record.line)
        else:
            first = self._seen.setdefault(key, record.line) if key else record.line
        if first != record.line:
            self._point_at(record)
            reason = msg("is also on line {line}", line=first)
            raise self.fault("import.duplicate", self.key, reason)

    def _existing(self, wanted: Iterable[object]) -> dict[object, Row]:
        """The stored clients of these keys: key -> row."""
        keys = [key for key in wanted if key]
        found = self.uow.clients.by_column(KEYS[self.key], keys)
        if self.key == "code":
            former = self.uow.clients.retired_codes(str(key) for key in keys if key not in found)
            if former and not self.reuse:
                rows = self.uow.clients.by_column("id", former.values())
                found.update({key: rows[client_id] for key, client_id in former.items()})
        return found

    def _built(self, record: FileRow, key: object, parts: NestedItems) -> Written:
        values = with_main(record.values, parts.main)
        client, address = built(values, self.rules)
        if logo := values.get("logo"):
            client.logo = logo_blob(self.uow, logo, self.rules)
        check_identity(client.shipper_identity, has_logo=client.logo is not None)
        plan = self._parts.plan(parts, client, None) if parts else None
        if client.code and self.reuse:
            self.uow.clients.release_code(code_key(client.code))
        return Written(record, key, client, address, plan)

    def _revised(
        self, record: FileRow, key: object, parts: NestedItems, row: Row, main: Row
    ) -> Written:
        values = with_main(record.values, parts.main)
        own, place = split(values)
        own = {k: v for k, v in own.items() if v not in ("", None) or k not in KEPT_WHEN_EMPTY}
        place = {k: v for k, v in place.items() if v not in ("", None) or k not in KEPT_WHEN_EMPTY}
        code = own.pop("code", None)
        if self.key != "code" and code is not None and code_key(str(code)) != row["code_key"]:
            reason = msg("is another than the client's; use: interop client recode")
            raise self.fault("import.code", "code", reason)
        address = self.uow.addresses.entity(main)
        if place:
            address = revised_address(address, place, self.rules, row["code"])
        self.rules.phone_country = address.country
        before = self.uow.clients.entity(row)
        client = revised(before, own, self.rules)
        client.logo = logo_blob(self.uow, values.get("logo"), self.rules) or client.logo
        if client.shipper_identity != before.shipper_identity:
            check_identity(client.shipper_identity, has_logo=client.logo is not None)
        plan = self._parts.plan(parts, client, row["id"]) if parts else None
        if not self.refused:  # or those it pays for have not been moved
            self._endings.check(before, client)
        return Written(record, key, client, address, plan, row, main)

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[Written]) -> None:
        if not new:
            return
        self._make_codes(new)
        ids = self.uow.clients.add([one.client for one in new])
        for client_id, one in zip(ids, new, strict=True):
            self._seen.pop(one.key, None)
            self._unique.forget(one.record)
            self._lines.setdefault(client_id, one.record.line)
            if has_number(one.client):
                self._numbered.append(client_id)
            self._tell(one.record, one.client.code, client_id, "ok", "created")
            if payer := one.record.values.get("bill_to"):
                self._payers.note(one.record, client_id, payer, "created")
        self.uow.addresses.add([one.address for one in new], ids)
        pairs = zip(ids, new, strict=True)
        self._parts.write([(client_id, one.plan) for client_id, one in pairs if one.plan])
        self.created += len(new)

    def _make_codes(self, new: list[Written]) -> None:
        """Give a code to those without one, which none of the others has."""
        without = [one.client for one in new if not one.client.code]
        if not without:
            return
        given = {code_key(one.client.code) for one in new if one.client.code}
        for client in without:
            code = code_for(self.uow, client)
            while code_key(code) in given:
                code = code_for(self.uow, client)
            client.code = code

    def _save(self, saves: list[Written]) -> None:
        if not saves:
            return
        changed: set[int] = set()
        touched = self.uow.touched
        touched.clear()  # of the rows before
        stored = [(one, one.row, one.place) for one in saves if one.row and one.place]
        if self.uow.clients.save([(row, one.client) for one, row, _place in stored]):
            changed |= {row["id"] for _one, row, _p in stored if ("client", row["id"]) in touched}
        if self.uow.addresses.save([(place, one.address) for one, _row, place in stored]):
            changed |= {row["id"] for _o, row, p in stored if ("address", p["id"]) in touched}
        for active in (0, 1):
            self.uow.contacts.follow(
                [
                    row["id"]
                    for one, row, _place in stored
                    if row["active"] != active == int(one.client.active)
                    and not (one.plan and one.plan.contacts)
                ],
                active,
            )
        plans = [(row["id"], one.plan) for one, row, _place in stored if one.plan]
        changed |= self._parts.write(plans)
        self.updated += len(changed)
        self._numbered.extend(
            row["id"]
            for one, row, _place in stored
            if ("client", row["id"]) in touched and has_number(one.client)
        )
        for one, row, _place in stored:
            status, action = ("ok", "updated") if row["id"] in changed else ("unchanged",) * 2
            self._unique.forget(one.record)
            self._tell(one.record, row["code"], row["id"], status, action)
            if "bill_to" in one.record.values:
                payer = one.record.values["bill_to"]
                self._payers.note(one.record, row["id"], payer, action)

    def _tell(self, record: FileRow, code: str, client_id: int, status: str, action: str) -> None:
        """Note what became of a row that was written or found as it is."""
        if self.outcome.rows is None and len(self._items) > MAX_ITEMS:
            return
        item = {"id": client_id, "code": code, "status": status, "error": None, "action": action}
        self.note(record.line, code, item)
