"""Reading from QuickBooks: finding ours before they are made again, and what changed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from interop_cli.connectors.base import unanswered, unnamed
from interop_cli.connectors.protocol import Untold
from interop_cli.connectors.quickbooks import answers, customers, invoices
from interop_cli.connectors.quickbooks.calling import (
    OBJECTS,
    PAGE,
    QuickBooksCalls,
    chunks,
    literal,
)
from interop_cli.domain.sync.records import RemoteIdentity, RemoteRecord, Send
from interop_cli.domain.values.text import nfc

CDC_DAYS = 30
# Who shares their names.
NAMED = ("Customer", "Vendor", "Employee")
# What QuickBooks fills in by itself where we say nothing.
FILLED_IN = (customers.DELIVERY, "accounting.tax_code")


class QuickBooksReader(QuickBooksCalls):
    """The reading half of the connector."""

    # -- the protocol ---------------------------------------------------------------------------

    def identity(self) -> RemoteIdentity:
        data = self.call("GET", f"/companyinfo/{self.realm}")
        name = customers.at(data, "CompanyInfo.CompanyName") if isinstance(data, Mapping) else None
        if not isinstance(name, str):
            raise unnamed()
        return RemoteIdentity(self.realm, name)

    def connect(self) -> list[str]:
        return []  # it was asked which company it is

    def is_empty(self) -> bool:
        """Whether there is no customer at all, not even an inactive one."""
        everybody = " where Active in (true,false)"
        return not self.query("Customer", everybody, " STARTPOSITION 1 MAXRESULTS 1")

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        if sends and sends[0].entity != "client":
            return self._numbered(sends)
        names = {send.id: str(send.payload.get("name") or "") for send in sends}
        # One that was made inactive has another name, and may still be the same client.
        asked = [text for name in names.values() for text in (name, name + customers.DELETED)]
        by_name: dict[str, Mapping[str, Any]] = {}
        for row in self.those("client", "DisplayName", dict.fromkeys(asked)):
            name = _plain_name(row)
            if name not in by_name or row.get("Active") is not False:
                by_name[name] = row
        found = {}
        for send in sends:
            same = by_name.get(_same(names[send.id]))
            if same is not None:
                found[send.id] = self._found(send, same)
        return found

    def _found(self, send: Send, row: Mapping[str, Any]) -> RemoteRecord:
        """A customer of that name, without what it cannot be compared by."""
        remote = self.remote("client", row)
        values = dict(remote.values)
        for name in FILLED_IN:
            if send.payload.get(name) is None:
                values.pop(name, None)
        if self.term_id(send.payload.get("terms")) is None:
            values.pop("terms", None)
        return RemoteRecord(remote.remote_id, remote.version, values, active=remote.active)

    def _numbered(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        """What has the number of one of ours; where several have it, the one that is equal."""
        entity = sends[0].entity
        numbers = dict.fromkeys(str(send.payload.get("number") or "") for send in sends)
        rows = [invoices.remote(row) for row in self.those(entity, "DocNumber", numbers)]
        found = {}
        for send in sends:
            same = [one for one in rows if one.values.get("number") == send.payload.get("number")]
            same.sort(key=lambda one: not invoices.is_same(one.values, send.payload))
            if same:
                found[send.id] = same[0]
        return found

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        wanted = [one for one in dict.fromkeys(remote_ids) if one.isdecimal()]
        found = {row["Id"]: row for row in self.those(entity, "Id", wanted)}
        # A query leaves out what it does not find, without a word: only a read of the one record
        # tells that it is not there any more.
        for missing in [one for one in wanted if one not in found]:
            if (row := self.one(entity, missing)) is not None:
                found[missing] = row
        return {asked: self.remote(entity, row) for asked, row in found.items()}

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        wanted, found = {_same(value): value for value in values}, dict[str, str]()
        for kind in NAMED:
            for chunk in chunks(literal(value) for value in values):
                for row in self.query(kind, f" where DisplayName in ({','.join(chunk)})"):
                    value = wanted.get(_same(str(row.get("DisplayName") or "")))
                    if value is not None:
                        found.setdefault(value, str(row["Id"]))
        return found

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        everybody = " where Active in (true,false)" if entity == "client" else ""
        return self._listed(entity, everybody, whole=whole)

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        moment = datetime.fromisoformat(since).astimezone(UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        if self.clock.now() - moment >= timedelta(days=CDC_DAYS):
            raise Untold  # longer ago than it remembers
        changed = self._changed(entity, stamp)
        if len(changed) >= PAGE:
            raise Untold  # more than it tells of at once
        return (self.remote(entity, row) for row in changed)

    def _changed(self, entity: str, stamp: str) -> list[Mapping[str, Any]]:
        name = OBJECTS[entity]
        data = self.call("GET", "/cdc", params={"entities": name, "changedSince": stamp})
        if not answers.items(data, "CDCResponse"):
            raise unanswered()
        return [
            row
            for answer in answers.items(data, "CDCResponse")
            for response in answers.items(answer, "QueryResponse")
            for row in answers.items(response, name)
            if isinstance(row.get("Id"), str)
        ]

    def _listed(self, entity: str, where: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        start, last = 1, None
        while True:
            limits = f" ORDERBY Id STARTPOSITION {start} MAXRESULTS {PAGE}"
            rows = self.query(OBJECTS[entity], where, limits)
            yield from (self.remote(entity, row, whole=whole) for row in rows)
            if not rows:  # a page may be shorter than was asked for
                return
            if rows[-1]["Id"] == last:  # the rest cannot be had
                raise unanswered()
            start, last = start + len(rows), rows[-1]["Id"]

    def remote(self, entity: str, row: Mapping[str, Any], *, whole: bool = False) -> RemoteRecord:
        """A customer, an invoice or a credit memo in our words."""
        if entity != "client":
            return invoices.remote(row)
        has_terms = customers.at(row, "SalesTermRef.value") not in (None, "")
        names = self.terms if has_terms and (whole or self._sends("terms")) else {}
        version = row.get("SyncToken")
        return RemoteRecord(
            str(row["Id"]),
            None if version is None else str(version),
            customers.read(row, self.descriptor("client"), names, whole=whole),
            active=row.get("Active") is not False,
            gone=row.get("status") == "Deleted",
        )


def _plain_name(row: Mapping[str, Any]) -> str:
    name = str(row.get("DisplayName") or "")
    return _same(name.removesuffix(customers.DELETED) if row.get("Active") is False else name)


def _same(name: str) -> str:
    """Names that QuickBooks holds to be the same: it minds accents, not capitals."""
    return nfc(name).casefold()
