"""Writing to HubSpot: in batches of 100, a result a row; what cannot be taken back, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from interop_cli.connectors.base import BASE_URL, Maker, halved
from interop_cli.connectors.hubspot import answers, fields
from interop_cli.connectors.hubspot.fields import OBJECTS, VERSION
from interop_cli.connectors.hubspot.reading import HubSpotReader
from interop_cli.connectors.protocol import TargetSetting
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.sync.descriptor import Descriptor
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import (
    FINAL,
    Action,
    Done,
    Failed,
    LocalRecord,
    Result,
    Role,
    Send,
)

if TYPE_CHECKING:
    from interop_cli.connectors.http import Made

# A contact's company without a label, as HubSpot defines it.
ASSOCIATION = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
ASSOCIATIONS = f"/crm/associations/{VERSION}/contacts/companies/batch"
UNTOLD = Trouble(
    TroubleKind.UNKNOWN, "remote.no_result", msg("The answer says nothing about this record.")
)


class Request(NamedTuple):
    """A call of a batch, made ready, and the properties that it sends of each record."""

    made: Made
    sent: Mapping[int, Mapping[str, str]]


class HubSpot(HubSpotReader):
    """One HubSpot portal."""

    kind: ClassVar[str] = "hubspot"
    role: ClassVar[Role] = Role.CRM
    form: ClassVar[int] = 2
    entities: ClassVar[tuple[str, ...]] = ("client", "contact")
    batch_size: ClassVar[int] = 100
    looks_first: ClassVar[bool] = False
    knows_versions: ClassVar[bool] = False
    merges: ClassVar[frozenset[str]] = frozenset({"client", "contact"})
    erases: ClassVar[frozenset[str]] = frozenset({"contact"})
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        BASE_URL,
        TargetSetting("prospects", N_("Whether prospects are sent too."), flag=True),
    )

    def payload(self, local: LocalRecord) -> Payload:
        return self.with_constants(local.entity, self._makers[local.entity](local.values))

    @cached_property
    def _makers(self) -> dict[str, Maker]:
        return {entity: fields.maker(self.descriptor(entity)) for entity in self.entities}

    _connected = False
    """Whether the properties of ours were looked for in this run."""

    # -- setting up ---------------------------------------------------------------------------

    def connect(self) -> list[str]:
        made, lacking, unique = [], [], {}
        for entity in OBJECTS:
            known = fields.known(self.http, entity)
            made += self._key_made(entity, known)
            lacking += fields.lacking(self.descriptor(entity), known)
            if places := fields.unique(self.descriptor(entity), known):
                unique[entity] = places
        if lacking:
            raise fields.refused(lacking)
        if unique or self.target.settings.get("unique"):
            self.learned = {"unique": unique}
        return made

    def _key_made(self, entity: str, known: fields.Definitions) -> list[str]:
        self._connected = True
        return fields.key_made(self.http, entity, known)

    # -- writing ------------------------------------------------------------------------------

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        return self.ready(action, sends)()

    def ready(self, action: str, sends: Sequence[Send]) -> Callable[[], list[Result]]:
        if action in FINAL:
            return lambda: [self._final(send) for send in sends]
        return partial(self._pushed, action, sends, self._request(action, sends))

    def _pushed(self, action: str, sends: Sequence[Send], request: Request) -> list[Result]:
        results = self._batch(action, sends, request)
        if action == Action.CREATE or sends[0].entity != "contact":
            return results
        done = {result.id for result in results if isinstance(result, Done)}
        moved = [send for send in sends if send.id in done and "client" in send.changed]
        if moved:
            failed = self._associate(moved)
            results = [failed.get(result.id, result) for result in results]
        return results

    def _final(self, send: Send) -> Result:
        """Merge a record with another, or delete a person for privacy: there is no way back."""
        path = f"/crm/objects/{VERSION}/{OBJECTS[send.entity]}"
        try:
            if send.action is Action.ERASE:
                self.http.call("POST", f"{path}/gdpr-delete", json={"objectId": send.remote_id})
                return Done(send.id, str(send.remote_id))
            into = str(send.payload["into"])
            body = {"primaryObjectId": into, "objectIdToMerge": send.remote_id}
            data = self.http.call("POST", f"{path}/merge", json=body).data
        except Trouble as trouble:
            if trouble.kind is TroubleKind.GONE and send.action is Action.ERASE:
                return Done(send.id, str(send.remote_id))
            if trouble.kind in (TroubleKind.VALIDATION, TroubleKind.GONE):
                return Failed(send.id, trouble)
            raise
        left = data.get("id") if isinstance(data, Mapping) else None
        return Done(send.id, left if isinstance(left, str) else into)

    def _batch(
        self, action: str, sends: Sequence[Send], request: Request | None = None
    ) -> list[Result]:
        """One call; where HubSpot refuses the whole for the sake of some, halves are sent."""
        try:
            return self._call(sends, request or self._request(action, sends))
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
        return halved(sends, partial(self._batch, action), lambda send: send.id)

    def _request(self, action: str, sends: Sequence[Send]) -> Request:
        entity = sends[0].entity
        descriptor = self.descriptor(entity)
        sent = {send.id: fields.properties(send.changes(), descriptor) for send in sends}
        if action == Action.CREATE:
            # No upsert: it would write over what somebody changed on a record that is there.
            verb, inputs = "create", [_create(send, sent[send.id]) for send in sends]
        else:
            verb, inputs = "update", [_update(send, sent[send.id]) for send in sends]
        path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/batch/{verb}"
        return Request(self.http.made("POST", path, json={"inputs": inputs}), sent)

    def _call(self, sends: Sequence[Send], request: Request) -> list[Result]:
        entity = sends[0].entity
        try:
            answer = self.http.send(request.made)
        except Trouble as trouble:
            if trouble.field != fields.KEY or self._connected:
                raise
            # The portal was connected before records had uids; nothing was written.
            self._key_made(entity, fields.known(self.http, entity))
            answer = self.http.send(request.made)
        return self._results(answer.data, sends, request.sent)

    def _results(
        self, data: Any, sends: Sequence[Send], sent: Mapping[int, Mapping[str, str]]
    ) -> list[Result]:
        """A result for each row that the answer speaks of, errors inside a 2xx too."""
        descriptor, found = self.descriptor(sends[0].entity), dict[int, Result]()
        traced = {send.attempt: send for send in sends}
        for row in answers.rows(data, "results"):
            trace = row.get("objectWriteTraceId")
            send = traced.get(trace) if isinstance(trace, str) else None
            send = send or answers.send_of(row, sends, fields.KEY)
            if send is not None and isinstance(row.get("id"), str):
                found[send.id] = _done(send, row, sent[send.id], descriptor)
        for error in answers.rows(data, "errors"):
            trouble = answers.of_error(error, descriptor)
            for send in answers.sends_of(error, sends):
                found.setdefault(send.id, Failed(send.id, trouble))
        return list(found.values())

    def _associate(self, sends: Sequence[Send]) -> dict[int, Result]:
        """Move contacts to the companies of their clients; those that failed."""
        left = [
            {"from": {"id": send.remote_id}, "to": [{"id": str(send.base["client"])}]}
            for send in sends
            if send.base.get("client")
        ]
        joined = [send for send in sends if send.payload.get("client")]
        try:
            if left:
                # A company that is gone has nobody: one that was merged gave them on.
                with _gone_or_not():
                    self.http.call("POST", f"{ASSOCIATIONS}/archive", json={"inputs": left})
            return {one.id: one for one in self._join(joined)} if joined else {}
        except Trouble as trouble:
            return {send.id: Failed(send.id, trouble) for send in sends}

    def _join(self, sends: Sequence[Send]) -> list[Result]:
        """Let contacts be of their companies; those that are not, errors inside a 2xx too."""
        inputs = [
            {"from": {"id": send.remote_id}, "to": {"id": str(send.payload["client"])}}
            for send in sends
        ]
        try:
            path = f"{ASSOCIATIONS}/associate/default"
            data = self.http.call("POST", path, json={"inputs": inputs}).data
        except Trouble as trouble:
            if trouble.kind not in (TroubleKind.VALIDATION, TroubleKind.GONE):
                raise
            if len(sends) == 1:
                return [Failed(sends[0].id, _not_joined(trouble))]
            return halved(sends, self._join, lambda send: send.id)
        pairs = answers.joined(data)
        errors = [answers.of_error(one, None) for one in answers.rows(data, "errors")]
        return [
            Failed(send.id, _not_joined(errors[0]) if errors else UNTOLD)
            for send in sends
            if {send.remote_id, str(send.payload["client"])} not in pairs
        ]

    def _ours(self, trouble: Trouble, entity: str) -> Trouble:
        """A trouble with the field under our name."""
        known = self.descriptor(entity).at(trouble.field) if trouble.field else None
        if known is not None:
            trouble.field = known.name
        return trouble


def _not_joined(trouble: Trouble) -> Trouble:
    """The trouble of a contact that its company did not get: the contact itself is there."""
    if trouble.kind is TroubleKind.GONE:
        text = msg("The company that it belongs to is not there.")
        return Trouble(TroubleKind.MISSING_REF, "remote.missing_ref", text, field="client")
    trouble.field = "client"
    return trouble


@contextmanager
def _gone_or_not() -> Iterator[None]:
    """Let it pass that what is to be taken away is not there."""
    try:
        yield
    except Trouble as trouble:
        if trouble.kind is not TroubleKind.GONE:
            raise


def _update(send: Send, sent: Mapping[str, str]) -> dict[str, Any]:
    return {"id": send.remote_id, "properties": sent, "objectWriteTraceId": send.attempt}


def _create(send: Send, sent: Mapping[str, str]) -> dict[str, Any]:
    client = send.payload.get("client")
    linked = [{"to": {"id": str(client)}, "types": [ASSOCIATION]}] if client else []
    return {"properties": _filled(sent), "associations": linked, "objectWriteTraceId": send.attempt}


def _done(
    send: Send, row: Mapping[str, Any], sent: Mapping[str, str], descriptor: Descriptor
) -> Result:
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
    return Done(send.id, remote_id, held=_otherwise(send, row, sent, descriptor))


def _otherwise(
    send: Send, row: Mapping[str, Any], sent: Mapping[str, str], descriptor: Descriptor
) -> Payload:
    """The fields that an answer tells otherwise than they were sent."""
    told = row.get("properties")
    if not isinstance(told, dict) or sent.items() <= told.items():  # nearly always
        return {}
    found = fields.read(told, descriptor)
    return {
        name: found[name]
        for name in send.changed
        if name in found and found[name] != send.payload[name]
    }


def _filled(sent: Mapping[str, str]) -> dict[str, str]:
    """Without what is empty: a new record has nothing to clear."""
    return {name: value for name, value in sent.items() if value != ""}
