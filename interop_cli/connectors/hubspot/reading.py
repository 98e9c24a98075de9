"""Reading from HubSpot: by key, by id, all of it, or what has changed.

Records are found by our unique property, never by search: its index lags by up to a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from interop_cli.connectors import hosts
from interop_cli.connectors.base import HttpConnector
from interop_cli.connectors.hubspot import answers, fields
from interop_cli.domain.sync.link import Trouble
from interop_cli.domain.sync.records import RemoteRecord, Send

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

VERSION = "2026-09"
OBJECTS = {"client": "companies", "contact": "contacts"}
KEYS = {"client": fields.COMPANY_KEY, "contact": fields.CONTACT_KEY}
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

    def is_empty(self) -> bool:
        """Whether there is no company at all."""
        return next(self._listed("client", 1), None) is None

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        if not sends:
            return {}
        entity = sends[0].entity
        found = {
            remote.key: remote
            for remote in self._read(entity, [send.key for send in sends], KEYS[entity])
        }
        return {send.id: found[send.key] for send in sends if send.key in found}

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        found = {}
        for row in self._rows(entity, remote_ids, None):
            remote = self._remote(entity, row)
            merged = str(_properties(row).get(MERGED) or "").split(";")
            for asked in remote_ids:
                if asked == remote.remote_id or asked in merged:
                    found[asked] = remote
        return found

    def everything(self, entity: str) -> Iterator[RemoteRecord]:
        return self._listed(entity, PAGE)

    def _listed(self, entity: str, limit: int) -> Iterator[RemoteRecord]:
        after: str | None = None
        while True:
            params = {"limit": limit, "properties": ",".join(self._wanted(entity))}
            if after:
                params["after"] = after
            path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}"
            data = self.http.call("GET", path, params=params).data
            yield from (self._remote(entity, row) for row in _objects(data))
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

    def _read(self, entity: str, ids: Sequence[str], id_property: str) -> list[RemoteRecord]:
        return [self._remote(entity, row) for row in self._rows(entity, ids, id_property)]

    def _rows(
        self, entity: str, ids: Sequence[str], id_property: str | None
    ) -> list[Mapping[str, Any]]:
        """Read by id or by a unique property; those that are not there are left out."""
        if not ids:
            return []
        body: dict[str, Any] = {
            "inputs": [{"id": one} for one in dict.fromkeys(ids)],
            "properties": [*self._wanted(entity), MERGED],
            "propertiesWithHistory": [],
        }
        if id_property:
            body["idProperty"] = id_property
        path = f"/crm/objects/{VERSION}/{OBJECTS[entity]}/batch/read"
        return _objects(self.http.call("POST", path, json=body, reads=True).data)

    def _wanted(self, entity: str) -> list[str]:
        sent = [field.remote for field in self.descriptor(entity).sent() if field.remote]
        return list(dict.fromkeys([KEYS[entity], *sent]))

    def _remote(self, entity: str, row: Mapping[str, Any]) -> RemoteRecord:
        properties = _properties(row)
        key = properties.get(KEYS[entity])
        archived = row.get("archived") is True
        return RemoteRecord(
            str(row["id"]),
            None,
            fields.read(properties, self.descriptor(entity)),
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
