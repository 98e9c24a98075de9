"""HubSpot at work: reading by key, id or change; writing in batches of 100, a result a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from interop_cli.connectors import hosts
from interop_cli.connectors.base import BASE_URL, HttpConnector, unnamed
from interop_cli.connectors.hubspot import answers, fields, properties
from interop_cli.connectors.hubspot.properties import OBJECTS, VERSION
from interop_cli.connectors.protocol import TargetSetting
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload
from interop_cli.domain.sync.records import (
    Action,
    Done,
    Failed,
    LocalRecord,
    RemoteIdentity,
    RemoteRecord,
    Result,
    Role,
    Send,
)

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer


MODIFIED = {"client": "hs_lastmodifieddate", "contact": "lastmodifieddate"}
MERGED = "hs_merged_object_ids"
PAGE = 100
SEARCH_PAGE = 200


class HubSpotReader(HttpConnector):
    """The reading half of the connector."""

    host = hosts.HUBSPOT
    request_id_header = "X-HubSpot-Correlation-Id"
    descriptors: ClassVar = {"client": fields.COMPANY, "contact": fields.CONTACT}

    def judge(self, answer: HttpAnswer) -> Trouble | None:
        return answers.judged(answer, self.clock)

    def chosen(self, entity: str) -> Mapping[str, str] | None:
        found = super().chosen(entity)
        if found is None:
            return None
        # The properties that records were known by before are not ours to write any more.
        return {ours: theirs for ours, theirs in found.items() if theirs != fields.OLD_KEYS[entity]}

    def identity(self) -> RemoteIdentity:
        data = self.http.call("GET", f"/account-info/{VERSION}/details").data
        found = data.get("portalId") if isinstance(data, Mapping) else None
        if not isinstance(found, int):
            raise unnamed()
        return RemoteIdentity(str(found), f"HubSpot {found}")

    def is_empty(self) -> bool:
        """Whether there is no company at all."""
        return next(self._listed("client", 1), None) is None

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        if not sends:
            return {}
        entity = sends[0].entity
        found: dict[int, RemoteRecord] = {}
        for name in (fields.KEY, fields.OLD_KEYS[entity]):
            keys = {send.key: send.id for send in sends if fields.key_of(send.key, entity) == name}
            for row in self._rows(entity, list(keys), name):
                if (key := _properties(row).get(name)) in keys:
                    found[keys[key]] = self._remote(entity, row)
        return found

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        found = {}
        for row in self._rows(entity, remote_ids, None):
            remote = self._remote(entity, row)
            merged = str(_properties(row).get(MERGED) or "").split(";")
            for asked in remote_ids:
                if asked == remote.remote_id or asked in merged:
                    found[asked] = remote
        return found

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        field = self.descriptor(entity).named(name)
        if field is None or not field.remote:
            return {}
        rows = self._rows(entity, values, field.remote)
        return {str(_properties(row).get(field.remote)): str(row["id"]) for row in rows}

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        return self._listed(entity, PAGE, whole=whole)

    def _listed(self, entity: str, limit: int, *, whole: bool = False) -> Iterator[RemoteRecord]:
        after: str | None = None
        while True:
            wanted = ",".join(self._wanted(entity, whole=whole))
            params = {"limit": limit, "properties": wanted}
            if whole and entity == "contact":
                params["associations"] = OBJECTS["client"]
            if after:
                params["after"] = after
            path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}"
            data = self.http.call("GET", path, params=params).data
            yield from (self._remote(entity, row, whole=whole) for row in _objects(data))
            previous, after = after, _next(data)
            if after is None or after == previous:
                return

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        # By id inside the window rather than by time: any number may share one moment.
        moment = str(int(datetime.fromisoformat(since).timestamp() * 1000))
        last = "0"
        while True:
            filters = [
                {"propertyName": MODIFIED[entity], "operator": "GTE", "value": moment},
                {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            ]
            body = {
                "filterGroups": [{"filters": filters}],
                "sorts": ["hs_object_id"],
                "properties": self._wanted(entity),
                "limit": SEARCH_PAGE,
                "after": "0",
            }
            path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/search"
            data = self.http.call("POST", path, json=body, reads=True).data
            found = [self._remote(entity, row) for row in _objects(data)]
            yield from found
            ids = [int(one.remote_id) for one in found if one.remote_id.isdecimal()]
            highest = max(ids, default=0)
            if highest <= int(last):
                return
            last = str(highest)

    def _rows(
        self, entity: str, ids: Sequence[str], id_property: str | None
    ) -> list[Mapping[str, Any]]:
        """Read by id or by a unique property; those that are not there are left out."""
        if not ids:
            return []
        body: dict[str, Any] = {
            "inputs": [{"id": one} for one in dict.fromkeys(ids)],
            "properties": [*self._wanted(entity), MERGED, *([id_property] if id_property else [])],
            "propertiesWithHistory": [],
        }
        if id_property:
            body["idProperty"] = id_property
        path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/batch/read"
        return _objects(self.http.call("POST", path, json=body, reads=True).data)

    def _wanted(self, entity: str, *, whole: bool = False) -> list[str]:
        descriptor = self.descriptor(entity)
        wanted = descriptor.placed() if whole else descriptor.sent()
        return list(dict.fromkeys([fields.KEY, *(one.remote for one in wanted if one.remote)]))

    def _remote(self, entity: str, row: Mapping[str, Any], *, whole: bool = False) -> RemoteRecord:
        told = _properties(row)
        values = fields.read(told, self.descriptor(entity), whole=whole)
        if whole and entity == "contact":
            values["client"] = answers.company_of(row)
        key = told.get(fields.KEY)
        archived = row.get("archived") is True
        return RemoteRecord(
            str(row["id"]),
            None,
            values,
            str(key) if key else None,
            active=not archived,
            gone=archived,
        )


def _objects(data: Any) -> list[Mapping[str, Any]]:
    return [row for row in answers.rows(data, "results") if isinstance(row.get("id"), str)]


def _properties(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = row.get("properties")
    return found if isinstance(found, Mapping) else {}


def _next(data: Any) -> str | None:
    paging = data.get("paging") if isinstance(data, Mapping) else None
    following = paging.get("next") if isinstance(paging, Mapping) else None
    after = following.get("after") if isinstance(following, Mapping) else None
    return str(after) if after else None


# A contact's company without a label, as HubSpot defines it.
ASSOCIATION = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}


class HubSpot(HubSpotReader):
    """One HubSpot portal."""

    kind: ClassVar[str] = "hubspot"
    role: ClassVar[Role] = Role.CRM
    form: ClassVar[int] = 2
    entities: ClassVar[tuple[str, ...]] = ("client", "contact")
    batch_size: ClassVar[int] = 100
    looks_first: ClassVar[bool] = False
    knows_versions: ClassVar[bool] = False
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        BASE_URL,
        TargetSetting("prospects", N_("Whether prospects are sent too."), flag=True),
    )

    def payload(self, local: LocalRecord) -> Payload:
        make = fields.company if local.entity == "client" else fields.contact
        return self.with_constants(local.entity, make(local, self.descriptor(local.entity)))

    _connected = False
    """Whether the properties of ours were looked for in this run."""

    # -- setting up ---------------------------------------------------------------------------

    def connect(self) -> list[str]:
        made, lacking = [], []
        for entity in OBJECTS:
            known = properties.known(self.http, entity)
            made += self._key_made(entity, known)
            lacking += properties.lacking(self.descriptor(entity), known)
        if lacking:
            raise properties.refused(lacking)
        return made

    def _key_made(self, entity: str, known: properties.Definitions) -> list[str]:
        self._connected = True
        return properties.key_made(self.http, entity, known)

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
        try:
            answer = self.http.call("POST", path, json={"inputs": inputs})
        except Trouble as trouble:
            if trouble.field != fields.KEY or self._connected:
                raise
            # The portal was connected before records had uids; nothing was written.
            self._key_made(entity, properties.known(self.http, entity))
            answer = self.http.call("POST", path, json={"inputs": inputs})
        return self._results(answer.data, sends)

    def _results(self, data: Any, sends: Sequence[Send]) -> list[Result]:
        """A result for each row that the answer speaks of, errors inside a 2xx too."""
        entity, found = sends[0].entity, dict[int, Result]()
        for row in answers.rows(data, "results"):
            send = answers.send_of(row, sends, fields.KEY)
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
            "idProperty": fields.KEY,
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


def _filled(sent: dict[str, str]) -> dict[str, str]:
    """Without what is empty: a new record has nothing to clear."""
    return {name: value for name, value in sent.items() if value != ""}
