"""Importing clients with what belongs to them: rows upserted by a key, whole batches at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.code import code_key
from interop_cli.domain.errors import Detail, InteropError, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_identity
from interop_cli.domain.services.attached import logo_blob
from interop_cli.domain.services.client_cards import payer_id
from interop_cli.domain.services.client_fields import (
    built,
    code_for,
    revised,
    revised_address,
    split,
)
from interop_cli.domain.services.import_parts import PartsImport, Plan
from interop_cli.domain.services.import_report import Report
from interop_cli.domain.services.import_unique import Unique
from interop_cli.domain.services.outcome import Outcome
from interop_cli.domain.services.parts import Parts, parts_of, with_main

if TYPE_CHECKING:
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork

BATCH = 2000
KEYS = {"code": "code_key", "external_id": "external_id", "email": "email"}
# An empty cell leaves these as they are: they always have a value.
KEPT_WHEN_EMPTY = frozenset(
    {"code", "active", "prospect", "language", "currency", "country", "shipper_identity"}
)


class Record(Protocol):
    """A row of the file, its fields already named as ours."""

    @property
    def line(self) -> int: ...
    @property
    def values(self) -> dict[str, Any]: ...
    @property
    def error(self) -> Detail | None: ...


class Written(NamedTuple):
    """A row that passed its rules: the client, its main address, and what else it changes.

    ``row`` and ``place`` are what is stored of client and main address, ``None`` for a new one.
    """

    record: Any
    client: Client
    address: Address
    plan: Plan | None
    row: Row | None = None
    place: Row | None = None


@dataclass
class Import(Report):
    """The import at work; ``run`` does it."""

    uow: UnitOfWork = field(kw_only=True)
    key: str = "code"
    continue_on_error: bool = False
    want_rows: bool = False
    reuse: bool = False
    _seen: dict[object, int] = field(default_factory=dict)
    _made: set[int] = field(default_factory=set)
    _changed: set[int] = field(default_factory=set)
    _payers: list[tuple[Any, int, str]] = field(default_factory=list)

    @cached_property
    def _unique(self) -> Unique:
        return Unique(self.uow, self.key)

    @cached_property
    def _parts(self) -> PartsImport:
        return PartsImport(self.uow, self.rules, self.uow.operation.actor)

    def run(self, records: Iterable[Record]) -> Outcome:
        """Write every row, or none where one is not valid and the import does not go on.

        Raises InvalidData ``import.invalid`` with a detail a fault, ``import.empty`` for a file
        without rows.
        """
        if self.want_rows:
            self.outcome.rows = []
        iterator = iter(records)
        while batch := list(islice(iterator, BATCH)):
            self.outcome.matched += len(batch)
            self._batch(batch)
            self.rejected.settle()
        if self.outcome.matched == 0:
            raise InvalidData("import.empty", msg("The file has no rows; nothing was written."))
        if not self.rejected or self.continue_on_error:
            self._bill_to()
            self._parts.warn_of_shared_emails()
        if self.rejected and not self.continue_on_error:
            raise self.refusal()
        self.count()
        return self.outcome

    # -- a batch ----------------------------------------------------------------------------

    def _batch(self, batch: Sequence[Record]) -> None:
        existing = self._existing(batch)
        mains = self.uow.addresses.main_of(row["id"] for row in existing.values())
        self._unique.load(batch)
        read: list[tuple[Record, Parts, Row | None]] = []
        for record in batch:
            try:
                row = existing.get(self._begin(record))
                read.append((record, parts_of(record.values), row))
            except InteropError as error:
                self.reject(record, error)
        self._parts.load(
            [row["id"] for _record, parts, row in read if row and parts],
            [parts for _record, parts, _row in read],
        )
        new: list[Written] = []
        saves: list[Written] = []
        for record, parts, row in read:
            try:
                self._point_at(record)
                self._unique.check(record, row["id"] if row else None)
                if row is None:
                    new.append(self._built(record, parts))
                else:
                    saves.append(self._revised(record, parts, row, mains[row["id"]]))
            except InteropError as error:
                self.reject(record, error)
        if self.rejected and not self.continue_on_error:
            return  # nothing will be written; the rest is read for its faults
        self._insert(new)
        self._save(saves)

    def _key_of(self, record: Record) -> object:
        value = str(record.values.get(self.key) or "").strip()
        return code_key(value) if self.key == "code" else value or None

    def _point_at(self, record: Record) -> None:
        self.rules.line = record.line
        self.rules.key = str(record.values.get("code") or "").strip()[:20] or None

    def _begin(self, record: Record) -> object:
        """Check the row as a row; its key. Points the rules at it."""
        if record.error is not None:
            raise InvalidData(record.error.code, record.error.message, details=[record.error])  # type: ignore[arg-type]
        key = self._key_of(record)
        self._point_at(record)
        if key:
            first = self._seen.setdefault(key, record.line)
            if first != record.line:
                reason = msg("is also on line {line}", line=first)
                raise self.fault("import.duplicate", self.key, reason)
        return key

    def _existing(self, batch: Sequence[Record]) -> dict[object, Row]:
        keys = [key for record in batch if (key := self._key_of(record))]
        found = self.uow.clients.by_column(KEYS[self.key], keys)
        if self.key == "code":
            former = self.uow.clients.retired_codes(str(key) for key in keys if key not in found)
            if former and not self.reuse:
                rows = self.uow.clients.by_column("id", former.values())
                found.update({key: rows[client_id] for key, client_id in former.items()})
        return found

    def _built(self, record: Record, parts: Parts) -> Written:
        values = with_main(record.values, parts.main)
        client, address = built(values, self.rules)
        logo = logo_blob(self.uow, values.get("logo"), self.rules)
        check_identity(client.shipper_identity, has_logo=logo is not None)
        plan = self._parts.plan(parts, client, None) if parts else None
        if client.code and self.reuse:
            self.uow.clients.release_code(code_key(client.code))
        client.logo = logo
        return Written(record, client, address, plan)

    def _revised(self, record: Record, parts: Parts, row: Row, main: Row) -> Written:
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
        return Written(record, client, address, plan, row, main)

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[Written]) -> None:
        if not new:
            return
        for one in new:
            one.client.code = code_for(self.uow, one.client)
            self._seen.setdefault(code_key(one.client.code), one.record.line)
        ids = self.uow.clients.add([one.client for one in new])
        for client_id, one in zip(ids, new, strict=True):
            one.address.client_id = client_id
            self.note(one.record, one.client.code, client_id, "ok", "created")
            if one.record.values.get("bill_to"):
                self._payers.append((one.record, client_id, str(one.record.values["bill_to"])))
        self.uow.addresses.add([one.address for one in new])
        pairs = zip(ids, new, strict=True)
        self._parts.write([(client_id, one.plan) for client_id, one in pairs if one.plan])
        self.created += len(new)
        self._made.update(ids)

    def _save(self, saves: list[Written]) -> None:
        if not saves:
            return
        changed: set[int] = set()
        touched = self.uow.touched
        stored = [(one, one.row, one.place) for one in saves if one.row and one.place]
        if self.uow.clients.save([(row, one.client) for one, row, _place in stored]):
            changed |= {row["id"] for _one, row, _p in stored if ("client", row["id"]) in touched}
        if self.uow.addresses.save([(place, one.address) for one, _row, place in stored]):
            changed |= {row["id"] for _o, row, p in stored if ("address", p["id"]) in touched}
        for active in (0, 1):
            self.uow.contacts.follow(
                [row["id"] for one, row, _place in stored
                 if row["active"] != active == int(one.client.active)
                 and not (one.plan and one.plan.contacts)],
                active,
            )  # fmt: skip
        plans = [(row["id"], one.plan) for one, row, _place in stored if one.plan]
        changed |= self._parts.write(plans)
        self.updated += len(changed)
        self._changed |= changed
        for one, row, _place in stored:
            status, action = ("ok", "updated") if row["id"] in changed else ("unchanged",) * 2
            self.note(one.record, row["code"], row["id"], status, action)
            if "bill_to" in one.record.values:
                payer = str(one.record.values["bill_to"] or "")
                self._payers.append((one.record, row["id"], payer))

    def _bill_to(self) -> None:
        """Who pays, once every client of the file exists."""
        for record, client_id, ref in self._payers:
            row = self.uow.clients.by_id(client_id)
            client = self.uow.clients.entity(row)
            try:
                client.bill_to_id = payer_id(self.uow, ref, client)
            except InteropError as error:
                self.reject(record, _at(error, record.line, row["code"]))
                continue
            counted = client_id in self._made or client_id in self._changed
            if self.uow.clients.save([(row, client)]) and not counted:
                self.updated += 1


def _at(error: InteropError, line: int, key: str) -> InteropError:
    """The error with the row it is about."""
    details = error.details or [Detail("bill_to", error.code, error.message)]
    error.details = [Detail(d.path, d.code, d.message, line, key) for d in details]
    return error
