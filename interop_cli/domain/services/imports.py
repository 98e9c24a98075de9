"""Importing clients: rows of flat fields, upserted by a key, whole batches at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.code import code_key
from interop_cli.domain.errors import Conflict, Detail, InteropError, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_identity
from interop_cli.domain.rules import Rules
from interop_cli.domain.services.client_cards import payer_id
from interop_cli.domain.services.client_fields import (
    built,
    code_for,
    duplicate_code,
    revised,
    revised_address,
    split,
)
from interop_cli.domain.services.outcome import MAX_ITEMS, Outcome

if TYPE_CHECKING:
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork

BATCH = 2000
MAX_DETAILS = 1000
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


@dataclass
class Rejected:
    """A row that was not written, and why."""

    record: Any
    details: list[Detail]


@dataclass
class Import:
    """The import at work; ``run`` does it."""

    uow: UnitOfWork
    rules: Rules
    key: str = "code"
    continue_on_error: bool = False
    want_rows: bool = False
    reuse: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    rejected: list[Rejected] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    _seen: dict[object, int] = field(default_factory=dict)
    _made: set[int] = field(default_factory=set)
    _payers: list[tuple[Any, int, str]] = field(default_factory=list)

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
        self._bill_to()
        if self.outcome.matched == 0:
            raise InvalidData("import.empty", msg("The file has no rows; nothing was written."))
        if self.rejected and not self.continue_on_error:
            raise self._refusal()
        self._count()
        return self.outcome

    # -- a batch ----------------------------------------------------------------------------

    def _batch(self, batch: Sequence[Record]) -> None:
        existing = self._existing(batch)
        mains = self.uow.addresses.main_of(row["id"] for row in existing.values())
        taken = self._taken_codes(batch)
        new: list[tuple[Record, Client, Address]] = []
        saves: list[tuple[Record, Row, Client]] = []
        places: list[tuple[Row, Address]] = []
        for record in batch:
            try:
                row = existing.get(self._begin(record))
                if row is None:
                    new.append((record, *self._built(record, taken)))
                else:
                    client, address = self._revised(record, row, mains[row["id"]])
                    saves.append((record, row, client))
                    places.append((mains[row["id"]], address))
            except InteropError as error:
                self._reject(record, error)
        if self.rejected and not self.continue_on_error:
            return  # nothing will be written; the rest is read for its faults
        self._insert(new)
        self._save(saves, places)

    def _key_of(self, record: Record) -> object:
        value = str(record.values.get(self.key) or "").strip()
        return code_key(value) if self.key == "code" else value or None

    def _begin(self, record: Record) -> object:
        """Check the row as a row; its key. Points the rules at it."""
        if record.error is not None:
            raise InvalidData(record.error.code, record.error.message, details=[record.error])  # type: ignore[arg-type]
        key = self._key_of(record)
        self.rules.line = record.line
        self.rules.key = str(record.values.get("code") or "").strip()[:20] or None
        if key:
            first = self._seen.setdefault(key, record.line)
            if first != record.line:
                reason = msg("is also on line {line}", line=first)
                raise self._fault("import.duplicate", self.key, reason)
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

    def _taken_codes(self, batch: Sequence[Record]) -> set[str]:
        """Codes that new rows ask for and others have, where rows are not matched by code."""
        if self.key == "code":
            return set()
        codes = [code_key(str(record.values.get("code") or "")) for record in batch]
        return {str(key) for key in self.uow.clients.by_column("code_key", codes)} | set(
            self.uow.clients.retired_codes(codes)
        )

    def _built(self, record: Record, taken: set[str]) -> tuple[Client, Address]:
        client, address = built(record.values, self.rules)
        check_identity(client.shipper_identity, has_logo=False)
        if client.code and code_key(client.code) in taken:
            raise duplicate_code(client.code, record.line)
        if client.code and self.reuse:
            self.uow.clients.release_code(code_key(client.code))
        return client, address

    def _revised(self, record: Record, row: Row, main: Row) -> tuple[Client, Address]:
        own, place = split(record.values)
        own = {k: v for k, v in own.items() if v not in ("", None) or k not in KEPT_WHEN_EMPTY}
        place = {k: v for k, v in place.items() if v not in ("", None) or k not in KEPT_WHEN_EMPTY}
        if self.key == "code":
            own.pop("code", None)
        elif "code" in own and code_key(str(own["code"])) != row["code_key"]:
            reason = msg("is another than the client's; use: interop client recode")
            raise self._fault("import.code", "code", reason)
        else:
            own.pop("code", None)
        address = self.uow.addresses.entity(main)
        if place:
            address = revised_address(address, place, self.rules, row["code"])
        self.rules.phone_country = address.country
        before = self.uow.clients.entity(row)
        client = revised(before, own, self.rules)
        if client.shipper_identity != before.shipper_identity:
            check_identity(client.shipper_identity, has_logo=client.logo is not None)
        return client, address

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[tuple[Record, Client, Address]]) -> None:
        if not new:
            return
        for _record, client, _address in new:
            client.code = code_for(self.uow, client)
            self._seen.setdefault(code_key(client.code), _record.line)
        ids = self.uow.clients.add([client for _record, client, _address in new])
        for client_id, (record, client, address) in zip(ids, new, strict=True):
            address.client_id = client_id
            self._note(record, client.code, client_id, "ok", "created")
            if record.values.get("bill_to"):
                self._payers.append((record, client_id, str(record.values["bill_to"])))
        self.uow.addresses.add([address for _record, _client, address in new])
        self.created += len(new)
        self._made.update(ids)

    def _save(
        self, saves: list[tuple[Record, Row, Client]], places: list[tuple[Row, Address]]
    ) -> None:
        if not saves:
            return
        changed = self.uow.clients.save([(row, client) for _record, row, client in saves])
        moved = self.uow.addresses.save(places)
        touched = self.uow.touched if changed or moved else frozenset()
        for (record, row, _client), (main, _address) in zip(saves, places, strict=True):
            hit = ("client", row["id"]) in touched or ("address", main["id"]) in touched
            self.updated += hit
            status, action = ("ok", "updated") if hit else ("unchanged", "unchanged")
            self._note(record, row["code"], row["id"], status, action)
            if "bill_to" in record.values:
                self._payers.append((record, row["id"], str(record.values["bill_to"] or "")))

    def _bill_to(self) -> None:
        """Who pays, once every client of the file exists."""
        if self.rejected and not self.continue_on_error:
            return
        for record, client_id, ref in self._payers:
            row = self.uow.clients.by_id(client_id)
            client = self.uow.clients.entity(row)
            try:
                client.bill_to_id = payer_id(self.uow, ref, client)
            except InteropError as error:
                self._reject(record, _at(error, record.line, row["code"]))
                continue
            counted = client_id in self._made or ("client", client_id) in self.uow.touched
            if self.uow.clients.save([(row, client)]) and not counted:
                self.updated += 1

    # -- results ----------------------------------------------------------------------------

    def _note(self, record: Any, code: str, client_id: int, status: str, action: str) -> None:
        item = {"id": client_id, "code": code, "status": status, "error": None, "action": action}
        self._result(record.line, code, item)

    def _result(self, line: int, key: str | None, item: dict[str, Any]) -> None:
        if len(self.outcome.items) <= MAX_ITEMS:  # one more tells that there are too many
            self.outcome.items.append(item)
        if self.outcome.rows is not None:
            shown = {name: item[name] for name in ("status", "id", "error")}
            self.outcome.rows.append({"line": line, "key": key, **shown})

    def _reject(self, record: Any, error: InteropError) -> None:
        if not isinstance(error, (InvalidData, Conflict)) and error.exit_code != 3:
            raise error
        details = error.details or [Detail("", error.code, error.message, record.line)]
        self.rejected.append(Rejected(record, details))
        first = details[0]
        fault = {"code": first.code, "path": first.path, "message": first.message}
        item = {"id": None, "code": self.rules.key, "status": "error", "error": fault}
        self._result(record.line, self.rules.key, item)

    def _fault(self, code: str, path: str, reason: Any) -> InvalidData:
        detail = Detail(path, code, reason, self.rules.line, self.rules.key)
        return InvalidData(code, reason, details=[detail])

    def _refusal(self) -> InvalidData:
        details = [detail for rejected in self.rejected for detail in rejected.details]
        return InvalidData(
            "import.invalid",
            msg("{count} of {total} rows are not valid; nothing was written.",
                count=len(self.rejected), total=self.outcome.matched),
            hint=msg("Write the good rows and keep the others apart:"
                     " --continue-on-error --rejects FILE"),
            details=details[:MAX_DETAILS],
        )  # fmt: skip

    def _count(self) -> None:
        outcome = self.outcome
        outcome.failed = len(self.rejected)
        outcome.changed = self.created + self.updated
        outcome.unchanged = outcome.matched - outcome.changed - outcome.failed
        outcome.extra = {"created": self.created, "updated": self.updated}
        outcome.warnings = self.rules.warnings
        if outcome.rows is not None:
            outcome.rows.sort(key=lambda row: row["line"])


def _at(error: InteropError, line: int, key: str) -> InteropError:
    """The error with the row it is about."""
    details = error.details or [Detail("bill_to", error.code, error.message)]
    error.details = [Detail(d.path, d.code, d.message, line, key) for d in details]
    return error
