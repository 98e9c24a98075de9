"""What is sent about each record: customer, invoice or credit memo, as QuickBooks takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.connectors.quickbooks import customers, invoices
from interop_cli.connectors.quickbooks.reading import QuickBooksReader
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Action, Done, Failed, Result, Send

_SO_ANYWAY = (
    ("Active", True),
    ("Job", False),
    ("BillWithParent", False),
    ("PreferredDeliveryMethod", "None"),
)
GONE = msg("The record is not there.")
STALE = msg("Someone changed the record there.")
NUMBERS = Trouble(
    TroubleKind.VALIDATION,
    "qbo.numbers",
    msg("QuickBooks would give it another number: turn on custom transaction numbers there."),
    field="number",
)
VOID = Trouble(
    TroubleKind.VALIDATION,
    "qbo.void",
    msg("It is void there, and stays so: it needs a new one."),
    field="active",
)


@dataclass(frozen=True)
class Item:
    """One record to send: its object as JSON, and what a person should know about it."""

    send: Send
    body: dict[str, Any]
    notes: tuple[Message, ...] = ()


class Items(QuickBooksReader):
    """Makes items; nothing is written there by it."""

    def items(self, sends: Sequence[Send]) -> tuple[list[Item], list[Result]]:
        """What to send about records of one entity, and what became of those without a call."""
        there = self._there(sends)
        items: list[Item] = []
        results: list[Result] = []
        ends = sends[0].action is Action.DEACTIVATE  # in the order given
        for send in sends if ends else sorted(sends, key=lambda one: one.id):
            made = self._item(send, there) if send.entity == "client" else self._paper(send)
            if isinstance(made, Item):
                items.append(made)
            else:
                results.append(made)
        return items, results

    def _there(self, sends: Sequence[Send]) -> dict[str, Mapping[str, Any]]:
        """The customers as they are, where a part of an address changes: it is sent as a whole."""
        ids = [
            send.remote_id
            for send in sends
            if send.entity == "client"
            and send.remote_id is not None
            and any(map(self._in_address, send.changed))
        ]
        return {str(row["Id"]): row for row in self.those("client", "Id", ids)} if ids else {}

    def _in_address(self, name: str) -> bool:
        field = self.descriptor("client").named(name)
        return field is not None and field.remote.startswith("BillAddr.")

    def _item(self, send: Send, there: Mapping[str, Mapping[str, Any]]) -> Item | Result:
        """What to send about a record, or what became of it without a call."""
        body = customers.body(send.changes(), self.descriptor("client"))
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
        elif send.action == Action.CREATE or send.base.get("currency") in (None, wanted):
            if several and send.action == Action.CREATE:
                body["CurrencyRef"] = {"value": wanted}
            return None
        else:
            why = msg("A customer's currency cannot be changed there.")
        return Trouble(TroubleKind.VALIDATION, "qbo.currency", why, field="currency")

    def _terms(self, send: Send, body: dict[str, Any], notes: list[Message]) -> Trouble | None:
        """Put in the payment terms where the company has terms like ours."""
        if "terms" not in send.changed:
            return None
        wanted = send.payload.get("terms")
        found = self.term_id(wanted)
        if found is not None:
            body["SalesTermRef"] = {"value": found}
        elif wanted is not None:
            notes.append(
                msg("QuickBooks has no payment terms {terms}: sent without.", terms=wanted)
            )
        elif send.action != Action.CREATE:
            body["SalesTermRef"] = {"value": ""}
        return None

    def _paper(self, send: Send) -> Item | Result:
        """A new invoice or credit memo; one that is there changes no more."""
        if send.action != Action.CREATE:
            return Failed(send.id, VOID)
        if not self.keeps_numbers:
            return Failed(send.id, NUMBERS)
        body = invoices.body(send.changes())
        notes: list[Message] = []
        trouble = self._currency(send, body) or self._terms(send, body, notes)
        return Failed(send.id, trouble) if trouble else Item(send, body, tuple(notes))


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
        return Trouble(TroubleKind.GONE, "remote.gone", GONE)
    if str(row.get("SyncToken")) != send.remote_version:
        return Trouble(TroubleKind.STALE, "remote.stale", STALE)
    there = row.get("BillAddr")
    parts = there if isinstance(there, Mapping) else {}
    kept = {name: value for name, value in parts.items() if name not in ("Id", "Lat", "Long")}
    body["BillAddr"] = {**kept, **body["BillAddr"]}
    return None
