"""Writing to QuickBooks: alone or thirty at a time, always sparse, always with a request id.

Without ``sparse`` whatever an update leaves out would be erased. The request id is that of the
attempt, so whoever sends it again, after a lost answer or a new token, gets the first answer again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from interop_cli.connectors.base import BASE_URL
from interop_cli.connectors.protocol import TargetSetting
from interop_cli.connectors.qbo import answers, shape
from interop_cli.connectors.qbo.reading import REALM, Reader
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import Action, Done, Failed, Local, Result, Role, Send
from interop_cli.domain.sync.trouble import Kind, Trouble

# Request ids of batches are made of the attempts in them: the same batch has the same one.
BATCHES = uuid.UUID("6f1f1c0e-1c1f-4f0e-9a55-3f0a52f7b9d1")
_SO_ANYWAY = (
    ("Active", True), ("Job", False), ("BillWithParent", False),
    ("PreferredDeliveryMethod", "None"),
)  # fmt: skip
GONE = msg("The record is not there.")
STALE = msg("Someone changed the record there.")
MERGED = msg("The record was merged into another one.")


@dataclass(frozen=True)
class Item:
    """One record to send: its customer as JSON, and what a person should know about it."""

    send: Send
    body: dict[str, Any]
    notes: tuple[Message, ...] = ()


class QuickBooks(Reader):
    """One company in QuickBooks Online."""

    kind: ClassVar[str] = "qbo"
    role: ClassVar[Role] = Role.ACCOUNTING
    form: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = ("client",)
    batch_size: ClassVar[int] = 30
    looks_first: ClassVar[bool] = True
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        TargetSetting(
            "realm_id",
            N_("The number of the company in QuickBooks."),
            required=True,
            pattern=REALM,
        ),
        TargetSetting("sandbox", N_("Whether it is a company to try things out."), flag=True),
        BASE_URL,
        TargetSetting("token_url", N_("Another address of the server that gives tokens.")),
    )

    def payload(self, local: Local) -> Payload:
        return shape.payload(local, self.descriptor(local.entity))

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        there = self._there(sends)
        items: list[Item] = []
        results: list[Result] = []
        for send in sorted(sends, key=lambda one: one.id):
            made = self._item(send, there)
            if isinstance(made, Item):
                items.append(made)
            else:
                results.append(made)
        if len(items) == 1:
            results.append(self._alone(items[0]))
        elif items:
            results += self._batch(items)
        return results

    # -- what to send -----------------------------------------------------------------------------

    def _there(self, sends: Sequence[Send]) -> dict[str, Mapping[str, Any]]:
        """The customers as they are, where a part of an address changes: it is sent as a whole."""
        ids = [
            send.remote_id
            for send in sends
            if send.remote_id is not None and any(map(self._in_address, send.changed))
        ]
        return {str(row["Id"]): row for row in self.those("Id", ids)} if ids else {}

    def _in_address(self, name: str) -> bool:
        field = self.descriptor("client").named(name)
        return field is not None and field.remote.startswith("BillAddr.")

    def _item(self, send: Send, there: Mapping[str, Mapping[str, Any]]) -> Item | Result:
        """What to send about a record, or what became of it without a call."""
        body = shape.body(send.changes(), self.descriptor("client"))
        notes: list[Message] = []
        trouble = self._currency(send, body) or self._terms(send, body, notes)
        if trouble is None and send.action == Action.CREATE:
            return Item(send, _filled(body), tuple(notes))
        if trouble is None and "BillAddr" in body:
            trouble = _on_top(body, there.get(str(send.remote_id)), send)
        if trouble is not None:
            return Failed(send.id, trouble)
        if not body:
            return Done(send.id, str(send.remote_id), send.remote_version, tuple(notes))
        if body.get("Active") is True:
            body["DisplayName"] = send.payload["name"]  # its name was changed with it
        known = {"Id": send.remote_id, "SyncToken": send.remote_version, "sparse": True}
        return Item(send, {**known, **body}, tuple(notes))

    def _currency(self, send: Send, body: dict[str, Any]) -> Trouble | None:
        """Put in the currency where there are several; it never changes after."""
        wanted = send.payload.get("currency")
        if "currency" not in send.changed or wanted is None:
            return None
        home, several = self.currencies
        if not several and home is not None and wanted != home:
            why = msg("The company there keeps its books in {currency} only.", currency=home)
        elif send.action == Action.CREATE or send.base.get("currency") is None:
            if several and send.action == Action.CREATE:
                body["CurrencyRef"] = {"value": wanted}
            return None
        else:
            why = msg("A customer's currency cannot be changed there.")
        return Trouble(Kind.VALIDATION, "qbo.currency", why, field="currency")

    def _terms(self, send: Send, body: dict[str, Any], notes: list[Message]) -> Trouble | None:
        """Put in the payment terms where the company has terms like ours."""
        if "terms" not in send.changed:
            return None
        wanted = send.payload.get("terms")
        found = self.term_id(wanted)
        if found is not None:
            body["SalesTermRef"] = {"value": found}
        elif wanted is not None:
            notes.append(msg("QuickBooks has no payment terms {terms}: sent without.",
                             terms=wanted))  # fmt: skip
        elif send.action != Action.CREATE:
            body["SalesTermRef"] = {"value": ""}
        return None

    # -- sending ----------------------------------------------------------------------------------

    def _alone(self, item: Item) -> Result:
        try:
            data = self.call(
                "POST", "/customer", json=item.body, params={"requestid": item.send.attempt}
            )
        except Trouble as trouble:
            if trouble.kind not in answers.OF_A_RECORD:
                raise
            return Failed(item.send.id, self._ours(trouble, item.send))
        return self._result(item, data) or Failed(item.send.id, _no_result())

    def _batch(self, items: Sequence[Item]) -> list[Result]:
        attempts = "/".join(item.send.attempt for item in items)
        body = {
            "BatchItemRequest": [
                {
                    "bId": str(item.send.id),
                    "operation": "create" if item.send.action == Action.CREATE else "update",
                    "Customer": item.body,
                }
                for item in items
            ]
        }
        request_id = str(uuid.uuid5(BATCHES, attempts))
        data = self.call("POST", "/batch", json=body, params={"requestid": request_id})
        answered = {
            str(one.get("bId")): one for one in answers.items(data, "BatchItemResponse")
        }  # fmt: skip
        found = [
            self._result(item, answered[str(item.send.id)])
            for item in items
            if str(item.send.id) in answered
        ]
        return [result for result in found if result is not None]

    def _result(self, item: Item, data: Any) -> Result | None:
        """What became of a record; None where the answer does not tell."""
        send = item.send
        fault = answers.fault_of(data)
        if fault is not None:
            return Failed(send.id, self._ours(answers.of_fault(fault), send))
        row = data.get("Customer") if isinstance(data, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(row.get("Id"), str):
            return None
        if send.remote_id is not None and row["Id"] != send.remote_id:
            merged = Trouble(Kind.GONE, "remote.merged", MERGED, remote_id=str(row["Id"]))
            return Failed(send.id, merged)
        version = row.get("SyncToken")
        notes = (*item.notes, *self._kept(send, row))
        return Done(send.id, str(row["Id"]), None if version is None else str(version), notes)

    def _kept(self, send: Send, row: Mapping[str, Any]) -> list[Message]:
        """What QuickBooks did not take over, though it said yes."""
        held = shape.read(row, self.descriptor("client"), {})
        looked_at = set(send.changed) - {"terms", "currency"}
        return [
            msg("QuickBooks kept another {field}.", field=name)
            for name in send.changed
            if name in looked_at and name in held and held[name] != send.payload[name]
        ]

    def _ours(self, trouble: Trouble, send: Send) -> Trouble:
        return answers.for_record(trouble, send, self.descriptor("client"))


def _filled(body: dict[str, Any]) -> dict[str, Any]:
    """A new customer without what is empty or is so anyway."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            value = {key: one for key, one in value.items() if one != ""}
        if value not in ("", {}, None) and (name, value) not in _SO_ANYWAY:
            found[name] = value
    return found


def _on_top(body: dict[str, Any], row: Mapping[str, Any] | None, send: Send) -> Trouble | None:
    """Lay the parts of the address that change on top of the address that is there."""
    if row is None:
        return Trouble(Kind.GONE, "remote.gone", GONE)
    if str(row.get("SyncToken")) != send.remote_version:
        return Trouble(Kind.STALE, "remote.stale", STALE)
    there = row.get("BillAddr")
    parts = there if isinstance(there, Mapping) else {}
    kept = {name: value for name, value in parts.items() if name not in ("Id", "Lat", "Long")}
    body["BillAddr"] = {**kept, **body["BillAddr"]}
    return None


def _no_result() -> Trouble:
    text = msg("The answer says nothing about this record.")
    return Trouble(Kind.UNKNOWN, "remote.no_result", text)
