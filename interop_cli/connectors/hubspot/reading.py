"""Reading from HubSpot: by our key, by id, by change, all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from interop_cli.connectors import hosts
from interop_cli.connectors.base import HttpConnector, unanswered, unnamed
from interop_cli.connectors.hubspot import answers, fields
from interop_cli.connectors.hubspot.fields import OBJECTS, VERSION
from interop_cli.domain.sync.records import RemoteIdentity, RemoteRecord, Send

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer
    from interop_cli.domain.sync.link import Trouble


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
            merged = _merged(row)
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

    def _listed(
        self, entity: str, limit: int, *, whole: bool = False, archived: bool = False
    ) -> Iterator[RemoteRecord]:
        after: str | None = None
        while True:
            wanted = ",".join(self._wanted(entity, whole=whole))
            params: dict[str, Any] = {"limit": limit, "properties": wanted}
            if archived:
                params["archived"] = "true"
            if whole and entity == "contact":
                params["associations"] = OBJECTS["client"]
            if after:
                params["after"] = after
            path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}"
            data = self.http.call("GET", path, params=params).data
            yield from (self._remote(entity, row, whole=whole) for row in _objects(data))
            previous, after = after, _next(data)
            if after is None:
                return
            if after == previous:  # the rest of the list cannot be had
                raise unanswered()

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        moment = str(int(datetime.fromisoformat(since).timestamp() * 1000))
        condition = {"propertyName": MODIFIED[entity], "operator": "GTE", "value": moment}
        for row in self._found(entity, condition, MERGED):
            yield self._remote(entity, row)
            for loser in _merged(row):
                yield RemoteRecord(loser, None, {}, active=False, gone=True)
        # A search knows nothing of what was archived.
        yield from self._listed(entity, PAGE, archived=True)

    def of_ours(self, entity: str) -> Iterator[RemoteRecord]:
        if fields.KEY not in fields.known(self.http, entity):
            return iter(())  # nothing carries what is not there
        return self._searched(entity, {"propertyName": fields.KEY, "operator": "HAS_PROPERTY"})

    def _searched(self, entity: str, condition: Mapping[str, str]) -> Iterator[RemoteRecord]:
        return (self._remote(entity, row) for row in self._found(entity, condition))

    def _found(
        self, entity: str, condition: Mapping[str, str], *more: str
    ) -> Iterator[Mapping[str, Any]]:
        """Every record that meets a condition, by id: any number may share one moment."""
        last = "0"
        while True:
            beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": last}
            body = {
                "filterGroups": [{"filters": [condition, beyond]}],
                "sorts": ["hs_object_id"],
                "properties": [*self._wanted(entity), *more],
                "limit": SEARCH_PAGE,
                "after": "0",
            }
            path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/search"
            data = self.http.call("POST", path, json=body, reads=True).data
            found = _objects(data)
            yield from found
            ids = [int(row["id"]) for row in found if row["id"].isdecimal()]
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
        data = self.http.call("POST", path, json=body, reads=True).data
        found = _objects(data)
        if not id_property:
            _whole(ids, found, answers.rows(data, "errors"))
        return found

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


def _whole(
    ids: Sequence[str], found: Sequence[Mapping[str, Any]], errors: Sequence[Mapping[str, Any]]
) -> None:
    """Raise Trouble where records are missing in an answer that does not say why: one that is not
    there is told as an error, with its id where it has any, and one that was merged is within
    another.
    """
    told = {one for error in errors for one in answers.ids_of(error)}
    if any(map(_merged, found)) or (errors and not told):
        return
    if not told.union(str(row["id"]) for row in found) >= set(ids):
        raise unanswered()


def _merged(row: Mapping[str, Any]) -> list[str]:
    """The records that a record was made of."""
    return [one for one in str(_properties(row).get(MERGED) or "").split(";") if one]


def _objects(data: Any) -> list[Mapping[str, Any]]:
    return [row for row in answers.results(data) if isinstance(row.get("id"), str)]


def _properties(row: Mapping[str, Any]) -> Mapping[str, Any]:
    found = row.get("properties")
    return found if isinstance(found, Mapping) else {}


def _next(data: Any) -> str | None:
    paging = data.get("paging") if isinstance(data, Mapping) else None
    following = paging.get("next") if isinstance(paging, Mapping) else None
    after = following.get("after") if isinstance(following, Mapping) else None
    return str(after) if after else None
