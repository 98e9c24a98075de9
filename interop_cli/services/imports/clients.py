"""Importing clients with what belongs to them: rows upserted by a key, whole batches at a time."""

from __future__ import annotations

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
from interop_cli.domain.rules import Context
from interop_cli.domain.validation import wrong
from interop_cli.domain.values.code import code_key
from interop_cli.domain.values.doubts import is_no_value
from interop_cli.domain.values.uid import uid_key
from interop_cli.services.clients.card import built, revised
from interop_cli.services.clients.unique import code_for
from interop_cli.services.clients.writing import CardWriter, Others, Revision
from interop_cli.services.imports.nested import NestedItems, logo_blob, nested_items, with_main
from interop_cli.services.imports.nested_writing import NestedImport, Plan
from interop_cli.services.imports.payers import Endings, Payers
from interop_cli.services.imports.rows import FileRow, RowImport
from interop_cli.services.imports.unique import LineNumbers, Unique, also_on_line, uid_of
from interop_cli.services.outcome import MAX_ITEMS

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row


class Written(NamedTuple):
    """A row that passed its rules: the client, and what else the row changes.

    A new one has its main ``address``, a stored one its ``revision``.
    """

    record: Any
    key: object
    client: Client
    plan: Plan | None
    address: Address | None = None
    revision: Revision | None = None


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
    def _nested(self) -> NestedImport:
        return NestedImport(self.uow, self.context, self.uow.actor)

    @cached_property
    def _writer(self) -> CardWriter:
        return CardWriter(self.uow, self.context)

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
        self._writer.finish(self._lines.get)
        self._nested.finish()

    # -- a batch ----------------------------------------------------------------------------

    def batch(self, records: Sequence[FileRow], *, last: bool = False) -> None:
        """Write these rows, or reject some of them; those that end a payer wait till ``last``."""
        keys = [self._key_of(record) for record in records]
        existing = self._existing(keys)
        named = self._named(records)
        rows = [
            named.get(uid_of(record)) or existing.get(key)
            for record, key in zip(records, keys, strict=True)
        ]
        ids = [row["id"] for row in rows if row is not None]
        ending = set() if last else self._endings.among(zip(records, rows, strict=True))
        mains = self.uow.addresses.main_of(ids)
        self._unique.load(records)
        others = Others(self.uow, ids)
        read: list[tuple[FileRow, object, NestedItems, Row | None]] = []
        for record, key, row in zip(records, keys, rows, strict=True):
            try:
                self._begin(record, key, row)
                self._agree(key, row, existing.get(key))
                if row is not None and row["id"] in ending:
                    self._endings.waiting.append(record)
                    continue
                read.append((record, key, nested_items(record.values), row))
            except InteropError as error:
                self.reject(record, _code_of(record), error)
        self._nested.load(
            [row["id"] for _record, _key, parts, row in read if row and parts],
            [parts for _record, _key, parts, _row in read if parts or parts.main],
        )
        new: list[Written] = []
        saves: list[Written] = []
        for record, key, parts, row in read:
            context = self.context.at(record.line, _code_of(record))
            try:
                self._unique.check(record, row["id"] if row else None)
                if row is None:
                    new.append(self._built(record, key, parts, context))
                else:
                    main = mains[row["id"]]
                    saves.append(self._revised(record, key, parts, row, main, others, context))
            except InteropError as error:
                self.reject(record, context.place.key, error)
        if self.refused:
            return
        self._insert(new)
        self._save(saves)

    def _key_of(self, record: FileRow) -> object:
        value = record.values.get(self.key)
        if not value:
            return None
        return code_key(str(value)) if self.key == "code" else str(value).strip() or None

    def _begin(self, record: FileRow, key: object, row: Row | None) -> None:
        """Check the row as a row, before what it says."""
        if record.error is not None:
            raise InvalidData(record.error.code, record.error.message, details=[record.error])  # type: ignore[arg-type]
        if row is not None:
            first = self._lines.setdefault(row["id"], record.line)
        else:
            first = self._seen.setdefault(key, record.line) if key else record.line
        if first != record.line:
            raise also_on_line(self.key, first)

    def _named(self, records: Iterable[FileRow]) -> dict[object, Row]:
        """The stored clients of the uids that rows bring: uid -> row."""
        uids = {uid for record in records if (uid := uid_of(record))}
        return self.uow.clients.by_column("uid", uids) if uids else {}

    def _agree(self, key: object, row: Row | None, keyed: Row | None) -> None:
        """Refuse a row whose uid names one client and whose code or external id another."""
        if row is None or not key or self.key == "email":
            return
        if keyed is not None and keyed["id"] != row["id"]:
            raise wrong(self.key, "import.uid", msg("is of another client than the uid"))
        if keyed is None and self.key == "code":
            raise _other_code()

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

    def _built(self, record: FileRow, key: object, parts: NestedItems, context: Context) -> Written:
        values = with_main(record.values, parts.main)
        client, address = built(values, context)
        if logo := values.get("logo"):
            client.logo = logo_blob(self.uow, logo)
        check_identity(client.shipper_identity, has_logo=client.logo is not None)
        plan = self._plan(parts, client, address, context)
        if client.code and self.reuse:
            self.uow.clients.release_code(code_key(client.code))
        return Written(record, key, client, plan, address)

    def _revised(
        self,
        record: FileRow,
        key: object,
        parts: NestedItems,
        row: Row,
        main: Row,
        others: Others,
        context: Context,
    ) -> Written:
        values = {
            name: value
            for name, value in with_main(record.values, parts.main).items()
            if (value not in ("", None) or name not in KEPT_WHEN_EMPTY) and not is_no_value(value)
        }
        code = values.pop("code", None)
        if self.key != "code" and code is not None and code_key(str(code)) != row["code_key"]:
            raise _other_code()
        if (said := values.get("main_address", {}).get("uid")) and uid_key(said) != main["uid"]:
            reason = msg("is not that of the client's main address; use: interop address main")
            raise wrong(f"{parts.main.path if parts.main else ''}uid", "import.uid", reason)
        revision = revised(self.uow, row, main, values, context.at(record.line, row["code"]))
        client = revision.client
        client.logo = logo_blob(self.uow, values.get("logo")) or client.logo
        if client.shipper_identity != revision.before.shipper_identity:
            check_identity(client.shipper_identity, has_logo=client.logo is not None)
        plan = self._plan(parts, client, revision.address, context)
        if not self.refused:  # or those it pays for have not been moved
            others.check(revision.before, client)
        return Written(record, key, client, plan, revision=revision)

    def _plan(
        self, parts: NestedItems, client: Client, main: Address | None, context: Context
    ) -> Plan | None:
        if not parts:
            if parts.main is not None:
                self._nested.claim("address", parts.main, client.id or 0)
            return None
        context = context.phones_in(main.country if main else None)
        return self._nested.plan(parts, client, main, context)

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[Written]) -> None:
        if not new:
            return
        self._make_codes(new)
        ids = self._writer.add([(one.client, one.address) for one in new if one.address])
        for client_id, one in zip(ids, new, strict=True):
            self._seen.pop(one.key, None)
            self._unique.forget(one.record)
            self._lines.setdefault(client_id, one.record.line)
            self._tell(one.record, one.client.code, client_id, "ok", "created")
            if payer := one.record.values.get("bill_to"):
                self._payers.note(one.record, client_id, payer, "created")
        pairs = zip(ids, new, strict=True)
        self._nested.write([(client_id, one.plan) for client_id, one in pairs if one.plan])
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
        stored = [(one, one.revision) for one in saves if one.revision]
        changed = self._writer.save([revision for _one, revision in stored])
        for active in (0, 1):
            self.uow.contacts.follow(
                [
                    revision.row["id"]
                    for one, revision in stored
                    if revision.row["active"] != active == int(one.client.active)
                    and not (one.plan and one.plan.contacts)
                ],
                active,
            )
        plans = [(revision.row["id"], one.plan) for one, revision in stored if one.plan]
        changed |= self._nested.write(plans)
        self.updated += len(changed)
        for one, revision in stored:
            row = revision.row
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


def _other_code() -> InvalidData:
    reason = msg("is another than the client's; use: interop client recode")
    return wrong("code", "import.code", reason)


def _code_of(record: FileRow) -> str | None:
    """The code as a row gives it, to name the row by."""
    if record.error is not None:  # cells out of place
        return None
    return str(record.values.get("code") or "").strip()[:20] or None
