"""Writing to HubSpot: batches of 100, each row with a result of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from interop_cli.connectors.base import BASE_URL
from interop_cli.connectors.hubspot import answers, fields
from interop_cli.connectors.hubspot.reading import KEYS, OBJECTS, VERSION, HubSpotReader
from interop_cli.connectors.protocol import TargetSetting
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import Action, Done, Failed, LocalRecord, Result, Role, Send

GROUPS = {"client": "companyinformation", "contact": "contactinformation"}
# A contact's company without a label, as HubSpot defines it.
ASSOCIATION = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}


class HubSpot(HubSpotReader):
    """One HubSpot portal."""

    kind: ClassVar[str] = "hubspot"
    role: ClassVar[Role] = Role.CRM
    form: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = ("client", "contact")
    batch_size: ClassVar[int] = 100
    looks_first: ClassVar[bool] = False
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        BASE_URL,
        TargetSetting("prospects", N_("Whether prospects are sent too."), flag=True),
    )

    def payload(self, local: LocalRecord) -> Payload:
        make = fields.company if local.entity == "client" else fields.contact
        return make(local, self.descriptor(local.entity))

    # -- setting up ---------------------------------------------------------------------------

    def connect(self) -> list[str]:
        made = []
        for entity, objects in OBJECTS.items():
            path = f"/crm/properties/{VERSION}/{objects}"
            try:
                answer = self.http.call("GET", f"{path}/{KEYS[entity]}")
                found = answer.data if isinstance(answer.data, Mapping) else {}
            except Trouble as trouble:
                if trouble.kind is not TroubleKind.GONE:
                    raise
                found = {"hasUniqueValue": True}
                self.http.call("POST", path, json=_definition(entity))
                made.append(f"{objects}.{KEYS[entity]}")
            if not found.get("hasUniqueValue"):
                raise Trouble(
                    TroubleKind.FORBIDDEN,
                    "hubspot.property",
                    msg(
                        "The property {name} is there but not unique: remove it, then connect.",
                        name=KEYS[entity],
                    ),
                )
        return made

    # -- writing ------------------------------------------------------------------------------

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        results = self._batch(action, list(sends))
        done = {result.id for result in results if isinstance(result, Done)}
        moved = [
            send
            for send in sends
            if send.id in done and action != Action.CREATE and "client" in send.changed
        ]
        if moved and sends[0].entity == "contact":
            failed = self._associate(moved)
            results = [failed.get(result.id, result) for result in results]
        return results

    def _batch(self, action: str, sends: list[Send]) -> list[Result]:
        """One call; where HubSpot refuses the whole for the sake of some, halves are sent."""
        try:
            return self._call(action, sends)
        except Trouble as trouble:
            # Refused as a whole, so nothing of it was written.
            if trouble.kind not in (
                TroubleKind.VALIDATION,
                TroubleKind.NAME_TAKEN,
                TroubleKind.GONE,
            ):
                raise
            if len(sends) == 1:
                return [Failed(sends[0].id, self._ours(trouble, sends[0].entity))]
        middle = len(sends) // 2
        results: list[Result] = []
        for half in (sends[:middle], sends[middle:]):
            try:
                results += self._batch(action, half)
            except Trouble as trouble:
                results += [Failed(send.id, trouble) for send in half]
        return results

    def _call(self, action: str, sends: list[Send]) -> list[Result]:
        entity = sends[0].entity
        if action != Action.CREATE:
            verb, inputs = "update", [self._update(send) for send in sends]
        elif entity == "contact":
            verb, inputs = "create", [self._create(send) for send in sends]
        else:
            verb, inputs = "upsert", [self._upsert(send) for send in sends]
        path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/batch/{verb}"
        answer = self.http.call("POST", path, json={"inputs": inputs})
        return self._results(answer.data, sends)

    def _results(self, data: Any, sends: Sequence[Send]) -> list[Result]:
        """A result for each row that the answer speaks of, errors inside a 2xx too."""
        entity, found = sends[0].entity, dict[int, Result]()
        for row in answers.rows(data, "results"):
            send = answers.send_of(row, sends, KEYS[entity])
            if send is not None and isinstance(row.get("id"), str):
                found[send.id] = _done(send, row)
        for error in answers.rows(data, "errors"):
            trouble = answers.of_error(error, self.descriptor(entity))
            for send in answers.sends_of(error, sends):
                found.setdefault(send.id, Failed(send.id, trouble))
        return list(found.values())

    def _properties(self, send: Send) -> dict[str, str]:
        return fields.properties(send.changes(), self.descriptor(send.entity))

    def _update(self, send: Send) -> dict[str, Any]:
        return {
            "id": send.remote_id,
            "properties": self._properties(send),
            "objectWriteTraceId": send.attempt,
        }

    def _upsert(self, send: Send) -> dict[str, Any]:
        return {
            "id": send.key,
            "idProperty": KEYS[send.entity],
            "properties": _filled(self._properties(send)),
            "objectWriteTraceId": send.attempt,
        }

    def _create(self, send: Send) -> dict[str, Any]:
        client = send.payload.get("client")
        linked = [{"to": {"id": str(client)}, "types": [ASSOCIATION]}] if client else []
        return {
            "properties": _filled(self._properties(send)),
            "associations": linked,
            "objectWriteTraceId": send.attempt,
        }

    def _associate(self, sends: Sequence[Send]) -> dict[int, Result]:
        """Move contacts to the companies of their clients; those that failed."""
        path = f"/crm/associations/{VERSION}/contacts/companies/batch"
        left = [
            {"from": {"id": send.remote_id}, "to": [{"id": str(send.base["client"])}]}
            for send in sends
            if send.base.get("client")
        ]
        joined = [
            {"from": {"id": send.remote_id}, "to": {"id": str(send.payload["client"])}}
            for send in sends
            if send.payload.get("client")
        ]
        try:
            if left:
                self.http.call("POST", f"{path}/archive", json={"inputs": left})
            if joined:
                self.http.call("POST", f"{path}/associate/default", json={"inputs": joined})
        except Trouble as trouble:
            return {send.id: Failed(send.id, trouble) for send in sends}
        return {}

    def _ours(self, trouble: Trouble, entity: str) -> Trouble:
        """A trouble with the field under our name."""
        known = self.descriptor(entity).at(trouble.field) if trouble.field else None
        if known is not None:
            trouble.field = known.name
        return trouble


def _done(send: Send, row: Mapping[str, Any]) -> Result:
    remote_id = str(row["id"])
    if send.remote_id is not None and remote_id != send.remote_id:
        return Failed(
            send.id,
            Trouble(
                TroubleKind.GONE,
                "remote.merged",
                msg("The record was merged into another one."),
                remote_id=remote_id,
            ),
        )
    return Done(send.id, remote_id)


def _filled(properties: dict[str, str]) -> dict[str, str]:
    """Without what is empty: a new record has nothing to clear."""
    return {name: value for name, value in properties.items() if value != ""}


def _definition(entity: str) -> dict[str, Any]:
    return {
        "name": KEYS[entity],
        "label": "interop code" if entity == "client" else "interop contact id",
        "type": "string",
        "fieldType": "text",
        "groupName": GROUPS[entity],
        "hasUniqueValue": True,
    }
