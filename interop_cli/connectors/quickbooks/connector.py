"""Writing to QuickBooks: alone or thirty at a time, always sparse, always with a request id.

Without ``sparse`` whatever an update leaves out would be erased. The request id is that of the
attempt, so whoever sends it again, after a lost answer or a new token, gets the first answer again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from interop_cli.connectors.base import BASE_URL, OAUTH_SETTINGS, Maker, halved
from interop_cli.connectors.protocol import TargetSetting
from interop_cli.connectors.quickbooks import answers, customers, invoices
from interop_cli.connectors.quickbooks.calling import OBJECTS, REALM
from interop_cli.connectors.quickbooks.items import Item, Items
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import Action, Done, Failed, LocalRecord, Result, Role, Send

# Request ids of batches are made of the attempts in them: the same batch has the same one.
BATCHES = uuid.UUID("6f1f1c0e-1c1f-4f0e-9a55-3f0a52f7b9d1")
MERGED = msg("The record was merged into another one.")


VOIDING = Trouble(
    TroubleKind.VALIDATION,
    "qbo.credit_note_void",
    msg("QuickBooks cannot make a credit memo void: delete it there, then sync retry."),
    field="active",
)


class QuickBooks(Items):
    """One company in QuickBooks Online."""

    kind: ClassVar[str] = "qbo"
    role: ClassVar[Role] = Role.ACCOUNTING
    form: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = tuple(OBJECTS)
    batch_size: ClassVar[int] = 30
    looks_first: ClassVar[bool] = True
    knows_versions: ClassVar[bool] = True
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        TargetSetting(
            "realm_id",
            N_("The number of the company in QuickBooks; a login notes it."),
            pattern=REALM,
        ),
        TargetSetting("sandbox", N_("Whether it is a company to try things out."), flag=True),
        BASE_URL,
        *OAUTH_SETTINGS,
        TargetSetting(
            "invoices", N_("Whether invoices and credit notes go there, too (true)."), flag=True
        ),
        TargetSetting(
            "invoices_from",
            N_("Invoices of this date and later go there; else those posted from now on."),
            pattern=r"\d{4}-\d\d-\d\d",
        ),
        TargetSetting(
            "item",
            N_("The number of the item there under which the lines of invoices are sold."),
            pattern="[0-9]{1,20}",
        ),
        TargetSetting(
            "tax_codes",
            N_("Its tax codes by place of supply: CA-QC=9,CA-ON=5,federal=7,exempt=4,abroad=4."),
            pattern=invoices.TAX_CODES,
        ),
    )

    def payload(self, local: LocalRecord) -> Payload:
        if local.entity == "client":
            made = self._payload_of_client(local.values)
        else:
            descriptor = self.descriptor(local.entity)
            made = invoices.payload(local, descriptor, self.target.settings)
        return self.with_constants(local.entity, made)

    @cached_property
    def _payload_of_client(self) -> Maker:
        return customers.maker(self.descriptor("client"))

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        if action == Action.DEACTIVATE and sends[0].entity != "client":
            return self._void(sends)
        items, results = self.items(sends)
        return results + self._sent(items) if items else results

    # -- sending ----------------------------------------------------------------------------------

    def _sent(self, items: Sequence[Item]) -> list[Result]:
        """One call; where QuickBooks refuses the whole without a word about any (as too large, for
        one), halves are sent.
        """
        if len(items) == 1:
            return [self._alone(items[0])]
        try:
            return self._batch(items)
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.VALIDATION:
                raise
        return halved(items, self._sent, lambda item: item.send.id)

    def _alone(self, item: Item) -> Result:
        try:
            path, params = f"/{OBJECTS[item.send.entity].lower()}", {"requestid": item.send.attempt}
            data = self.call("POST", path, json=item.body, params=params)
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
                    OBJECTS[item.send.entity]: item.body,
                }
                for item in items
            ]
        }
        request_id = str(uuid.uuid5(BATCHES, attempts))
        data = self.call("POST", "/batch", json=body, params={"requestid": request_id})
        answered = {str(one.get("bId")): one for one in answers.items(data, "BatchItemResponse")}
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
        row = data.get(OBJECTS[send.entity]) if isinstance(data, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(row.get("Id"), str):
            return None
        if send.remote_id is not None and row["Id"] != send.remote_id:
            merged = Trouble(TroubleKind.GONE, "remote.merged", MERGED, remote_id=str(row["Id"]))
            return Failed(send.id, merged)
        version = row.get("SyncToken")
        notes, held = [*item.notes], Payload()
        if send.entity == "client":
            held = self._otherwise(send, row)
        else:
            notes += _other_total(send, row)
        now = None if version is None else str(version)
        return Done(send.id, str(row["Id"]), now, tuple(notes), held)

    def _otherwise(self, send: Send, row: Mapping[str, Any]) -> Payload:
        """What QuickBooks did not take over as it was sent, though it said yes."""
        held = customers.read(row, self.descriptor("client"), {})
        looked_at = set(send.changed) - {"terms", "currency"}
        return {
            name: held[name]
            for name in send.changed
            if name in looked_at and name in held and held[name] != send.payload[name]
        }

    def _ours(self, trouble: Trouble, send: Send) -> Trouble:
        return answers.for_record(trouble, send, self.descriptor(send.entity))

    def _void(self, sends: Sequence[Send]) -> list[Result]:
        """Make invoices void, one by one: a batch has no word for it."""
        if sends[0].entity == "credit_note":
            there = self.fetch("credit_note", [str(send.remote_id) for send in sends])
            return [
                Failed(send.id, VOIDING)
                if send.remote_id in there
                else Done(send.id, str(send.remote_id), send.remote_version)
                for send in sends
            ]
        results: list[Result] = []
        for send in sends:
            body = {"Id": send.remote_id, "SyncToken": send.remote_version}
            params = {"operation": "void", "requestid": send.attempt}
            try:
                data = self.call("POST", "/invoice", json=body, params=params)
            except Trouble as trouble:
                if trouble.kind not in answers.OF_A_RECORD:
                    # Nothing more is asked now; those left are looked at before they are sent.
                    left = sends[len(results) :]
                    return [*results, *(Failed(one.id, trouble) for one in left)]
                results.append(Failed(send.id, self._ours(trouble, send)))
            else:
                result = self._result(Item(send, body), data)
                results.append(result or Failed(send.id, _no_result()))
        return results


def _other_total(send: Send, row: Mapping[str, Any]) -> list[Message]:
    """What a person should know where QuickBooks comes to another total than we do."""
    total = invoices.cents(row.get("TotalAmt"))
    if send.action != Action.CREATE or total == send.payload.get("total_cents"):
        return []
    text = msg(
        "{number}: QuickBooks comes to a total of {total}: check tax_codes.",
        number=send.key,
        total=f"{total / 100:.2f}",
    )
    return [text]


def _no_result() -> Trouble:
    text = msg("The answer says nothing about this record.")
    return Trouble(TroubleKind.UNKNOWN, "remote.no_result", text)
