"""A HubSpot portal: companies and contacts with ids, unique properties, limits and archives.

Written from the published contract of the dated API 2026-09: what a request may look like is
checked by ``SHAPES``, and what is wrong with one is both refused and noted as a violation.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import jsonschema

from tests.fakes.hubspot_shapes import ANSWERS, ERROR, SHAPES
from tests.fakes.server import Call, FakeServer, Reply, route

V = "2026-09"
OBJECT = r"(companies|contacts)"
DEFINED = {
    "companies": {
        "name",
        "phone",
        "address",
        "address2",
        "city",
        "state",
        "zip",
        "country",
        "website",
        "domain",
        "hs_lastmodifieddate",
        "hs_object_id",
        "hs_merged_object_ids",
        "owner_note",
        "industry",
    },
    "contacts": {
        "email",
        "firstname",
        "lastname",
        "phone",
        "mobilephone",
        "jobtitle",
        "lastmodifieddate",
        "hs_object_id",
        "hs_merged_object_ids",
        "owner_note",
    },
}
GROUPS = {"companies": "companyinformation", "contacts": "contactinformation"}
FILLED_IN = {"hs_lastmodifieddate", "lastmodifieddate", "hs_object_id", "hs_merged_object_ids"}
OPTIONS = {"industry": ("PRINTING", "RETAIL")}
MODIFIED = {"companies": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class FakeHubSpot(FakeServer):
    """The portal. ``style`` is the status of a batch with some errors: 207, or 200 as of 2026-09.

    ``per_window`` calls are allowed in ten seconds, ``per_day`` in a day. ``refuse`` is the portal
    admin's own rule: given an object and its properties it answers the name of a refused one.
    """

    held_to_contract = True
    """Whether each answer is checked, which takes time that no portal takes."""

    def __init__(self, now: Callable[[], float] | None = None, *, style: int = 207) -> None:
        super().__init__(now)
        self.style = style
        self.per_window = 100_000
        self.per_day = 10_000_000
        self.refuse: Callable[[str, Mapping[str, str]], str | None] = lambda *_: None
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"companies": {}, "contacts": {}}
        self.unique: dict[str, set[str]] = {"companies": set(), "contacts": {"email"}}
        self.custom: dict[str, set[str]] = {"companies": set(), "contacts": set()}
        self.portal_id = 8_081_001
        self.refuse_merge = False
        self.linked: set[tuple[str, str]] = set()
        self._index: dict[tuple[str, str], dict[str, str]] = {}
        self._next = 1000
        self._recent: deque[float] = deque()
        self._today = 0

    # -- for tests ----------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What it has, for another portal to ``become``."""
        names = ("objects", "unique", "custom", "linked", "_index", "_next")
        return deepcopy({name: getattr(self, name) for name in names})

    def become(self, state: Mapping[str, Any]) -> None:
        """Have what another portal had."""
        self.__dict__.update(deepcopy(state))

    def is_write(self, call: Call) -> bool:
        return call.method != "GET" and not call.path.endswith(("/batch/read", "/search"))

    def live(self, objects: str = "companies") -> dict[str, dict[str, str]]:
        """The records that are not archived: id -> properties."""
        return {
            remote_id: row["properties"]
            for remote_id, row in self.objects[objects].items()
            if not row["archived"]
        }

    def held(self) -> dict[str, dict[str, Any]]:
        return {remote_id: dict(row) for remote_id, row in self.live().items()}

    def companies_of(self, contact_id: str) -> set[str]:
        """The companies a contact is associated with."""
        return {company for contact, company in self.linked if contact == contact_id}

    def add(self, objects: str = "companies", **properties: str) -> str:
        """A record that somebody made there; its id."""
        with self.lock:
            return str(self._made(objects, properties)["id"])

    def edit(self, remote_id: str, objects: str = "companies", **properties: str) -> None:
        """Change a record as a person there would."""
        with self.lock:
            self._write(objects, remote_id, properties)

    def touch(self, remote_id: str) -> None:
        self.edit(remote_id, owner_note="seen by sales")

    def remove(self, remote_id: str, objects: str = "companies") -> None:
        """Archive a record."""
        with self.lock:
            self.objects[objects][remote_id]["archived"] = True
            self._reindex(objects)

    def merge(self, loser: str, winner: str, objects: str = "companies") -> str:
        """Merge two records; the id of the one that is left, which is a new one."""
        with self.lock:
            return str(self._merged(objects, loser, winner)["id"])

    def valid_change(self) -> dict[str, Any]:
        return {"city": "Gaspé"}

    def invalid_change(self) -> tuple[dict[str, Any], str]:
        self.refuse = lambda _o, properties: "city" if properties.get("city") == "Nowhere" else None
        return {"city": "Nowhere"}, "city"

    # -- state --------------------------------------------------------------------------------

    def _merged(self, objects: str, loser: str, winner: str) -> dict[str, Any]:
        """Make one of two: what the winner lacks is the loser's, what was linked stays so."""
        rows, known = self.objects[objects], "hs_merged_object_ids"
        unique = self.unique[objects]
        theirs = {k: v for k, v in rows[loser]["properties"].items() if k not in unique}
        kept = {**theirs, **rows[winner]["properties"]}
        if "email" in unique:
            kept.setdefault("email", rows[loser]["properties"].get("email", ""))
        before = [one for one in kept.pop(known, "").split(";") if one]
        before += [one for one in theirs.get(known, "").split(";") if one and one not in before]
        for gone in (loser, winner):
            rows[gone]["archived"] = True
        self._reindex(objects)
        row = self._made(objects, kept)
        row["properties"]["hs_object_id"] = row["id"]
        row["properties"][known] = ";".join([*before, loser, winner])
        at = 1 if objects == "companies" else 0
        for pair in [pair for pair in self.linked if pair[at] in (loser, winner)]:
            self.linked.discard(pair)
            moved = (row["id"], pair[1]) if at == 0 else (pair[0], row["id"])
            self.linked.add(moved)
        return row

    def _made(self, objects: str, properties: Mapping[str, str]) -> dict[str, Any]:
        self._next += 1
        remote_id = str(self._next)
        stamp = self._stamp()
        self.objects[objects][remote_id] = {
            "id": remote_id,
            "properties": {"hs_object_id": remote_id},
            "createdAt": stamp,
            "updatedAt": stamp,
            "archived": False,
        }
        self._write(objects, remote_id, properties)
        return self.objects[objects][remote_id]

    def _write(self, objects: str, remote_id: str, properties: Mapping[str, str]) -> None:
        row = self.objects[objects][remote_id]
        for name, value in properties.items():
            if name in self.unique[objects]:
                old = row["properties"].get(name)
                if old:
                    self._of(objects, name).pop(old, None)
                if value:
                    self._of(objects, name)[value] = remote_id
            if value == "":
                row["properties"].pop(name, None)
            else:
                row["properties"][name] = value
        row["updatedAt"] = self._stamp()
        row["properties"][MODIFIED[objects]] = row["updatedAt"]

    def _of(self, objects: str, name: str) -> dict[str, str]:
        return self._index.setdefault((objects, name), {})

    def _reindex(self, objects: str) -> None:
        for name in self.unique[objects]:
            self._index[objects, name] = {
                row["properties"][name]: remote_id
                for remote_id, row in self.objects[objects].items()
                if not row["archived"] and row["properties"].get(name)
            }

    def _stamp(self) -> str:
        moment = datetime.fromtimestamp(self.now(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _holder(self, objects: str, name: str, value: str) -> str | None:
        if name == "email":
            value = value.lower()
        return self._of(objects, name).get(value)

    def answer(self, call: Call) -> Reply:
        """The answer, held against the contract, too: a fake that answers otherwise is none."""
        reply = super().answer(call)
        if not self.held_to_contract:
            return reply
        line = f"{call.method} {call.path}"
        shape = next((one for known, one in ANSWERS if re.fullmatch(known, line)), {})
        if reply.status >= 400:
            shape = ERROR
        for error in jsonschema.Draft202012Validator(shape).iter_errors(reply.body or {}):
            self.violation(f"answer to {line}: {error.json_path}: {error.message}")
        return reply

    # -- who may come, how often --------------------------------------------------------------

    def allowed(self, call: Call) -> Reply | None:
        if super().allowed(call) is None:
            return None
        return self._error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")

    def limited(self, call: Call) -> Reply | None:
        now = self.now()
        while self._recent and self._recent[0] <= now - 10:
            self._recent.popleft()
        policy = None
        if self._today >= self.per_day:
            policy = "DAILY"
        elif len(self._recent) >= self.per_window:
            policy = "TEN_SECONDLY_ROLLING"
        if policy is None:
            self._recent.append(now)
            self._today += 1
            return None
        reply = self._error(429, "RATE_LIMITS", "You have reached your limit.")
        reply.body.update(policyName=policy, errorType="RATE_LIMIT")
        return reply

    def headers(self, call: Call) -> Mapping[str, str]:
        return {
            "X-HubSpot-Correlation-Id": str(uuid.uuid4()),
            "X-HubSpot-RateLimit-Max": str(self.per_window),
            "X-HubSpot-RateLimit-Remaining": str(max(self.per_window - len(self._recent), 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }

    # -- the portal ---------------------------------------------------------------------------

    @route("GET", rf"/account-info/{V}/details")
    def _details(self, call: Call, match: re.Match[str]) -> Reply:
        return Reply(
            200,
            {
                "portalId": self.portal_id,
                "accountType": "STANDARD",
                "timeZone": "Canada/Eastern",
                "companyCurrency": "CAD",
                "additionalCurrencies": [],
                "utcOffset": "-05:00",
                "utcOffsetMilliseconds": -18_000_000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            },
        )

    # -- properties ---------------------------------------------------------------------------

    @route("GET", rf"/crm/properties/{V}/{OBJECT}")
    def _properties(self, call: Call, match: re.Match[str]) -> Reply:
        names = sorted(DEFINED[match[1]] | self.custom[match[1]])
        return Reply(200, {"results": [self._definition(match[1], name) for name in names]})

    @route("GET", rf"/crm/properties/{V}/{OBJECT}/([a-z_0-9]+)")
    def _property(self, call: Call, match: re.Match[str]) -> Reply:
        objects, name = match.groups()
        if name not in DEFINED[objects] | self.custom[objects]:
            return self._error(404, "OBJECT_NOT_FOUND", f"No property {name}")
        return Reply(200, self._definition(objects, name))

    def _definition(self, objects: str, name: str) -> dict[str, Any]:
        values = OPTIONS.get(name, ())
        return {
            "name": name,
            "label": name.replace("_", " "),
            "description": "",
            "groupName": GROUPS[objects],
            "type": "enumeration" if values else "string",
            "fieldType": "select" if values else "text",
            "options": [{"label": one, "value": one, "hidden": False} for one in values],
            "hasUniqueValue": name in self.unique[objects],
            "calculated": False,
            "modificationMetadata": {
                "archivable": name in self.custom[objects],
                "readOnlyDefinition": name not in self.custom[objects],
                "readOnlyValue": name in FILLED_IN,
            },
        }

    @route("POST", rf"/crm/properties/{V}/{OBJECT}")
    def _define(self, call: Call, match: re.Match[str]) -> Reply:
        objects = match[1]
        if refused := self._misshapen(call, "property"):
            return refused
        name = call.body["name"]
        if name in DEFINED[objects] | self.custom[objects]:
            return self._error(409, "CONFLICT", f"A property named {name} already exists.")
        self.custom[objects].add(name)
        if call.body.get("hasUniqueValue"):
            self.unique[objects].add(name)
        return Reply(201, {**self._definition(objects, name), **call.body, "archived": False})

    # -- reading ------------------------------------------------------------------------------

    @route("GET", rf"/crm/objects/{V}/{OBJECT}")
    def _list(self, call: Call, match: re.Match[str]) -> Reply:
        after, limit = int(call.query.get("after", "0")), int(call.query.get("limit", "10"))
        archived = call.query.get("archived") == "true"
        rows = [row for row in self.objects[match[1]].values() if row["archived"] is archived]
        names = call.query.get("properties", "").split(",")
        page = [self._shown(row, names) for row in rows[after : after + limit]]
        if call.query.get("associations") == "companies":
            page = [{**row, "associations": self._companies(row["id"])} for row in page]
        paging = {"next": {"after": str(after + limit)}} if after + limit < len(rows) else None
        return Reply(200, {"results": page, **({"paging": paging} if paging else {})})

    def _companies(self, contact_id: str) -> dict[str, Any]:
        """The companies of a contact as a list tells them; the first one is the primary."""
        found: list[dict[str, str]] = []
        for company in sorted(self.companies_of(contact_id), key=int):
            found.append({"id": company, "type": "contact_to_company_unlabeled"})
            if len(found) == 1:
                found.append({"id": company, "type": "contact_to_company"})
        return {"companies": {"results": found}} if found else {}

    @route("POST", rf"/crm/objects/{V}/{OBJECT}/batch/read")
    def _read(self, call: Call, match: re.Match[str]) -> Reply:
        objects = match[1]
        if refused := self._misshapen(call, "read"):
            return refused
        found, lost = [], []
        for one in call.body["inputs"]:
            remote_id: str | None = one["id"]
            if "idProperty" in call.body:
                remote_id = self._holder(objects, call.body["idProperty"], one["id"])
            row = self._live(objects, remote_id)
            if row is None:
                lost.append(one["id"])
            elif row not in found:
                found.append(row)
        errors = [self._row_error("OBJECT_NOT_FOUND", "Could not get some objects.", ids=lost)]
        shown = [self._shown(row, call.body["properties"]) for row in found]
        return self._answered(shown, errors if lost else [], 200)

    def _live(self, objects: str, remote_id: str | None) -> dict[str, Any] | None:
        """The record of an id; that of a merged one is the record it was merged into."""
        row = self.objects[objects].get(remote_id or "")
        if row is not None and not row["archived"]:
            return row
        for other in self.objects[objects].values():
            losers = other["properties"].get("hs_merged_object_ids", "").split(";")
            if remote_id in losers and not other["archived"]:
                return other
        return None

    @route("POST", rf"/crm/objects/{V}/{OBJECT}/search")
    def _search(self, call: Call, match: re.Match[str]) -> Reply:
        if refused := self._misshapen(call, "search"):
            return refused
        if int(call.body["after"]) + call.body["limit"] > 10_000:
            return self._error(400, "VALIDATION_ERROR", "paging past 10,000")
        filters = call.body["filterGroups"][0]["filters"]
        rows = [
            row
            for row in self.objects[match[1]].values()
            if not row["archived"] and all(_passes(row, one) for one in filters)
        ]
        rows.sort(key=lambda row: int(row["id"]))
        page = rows[: call.body["limit"]]
        shown = [self._shown(row, call.body["properties"]) for row in page]
        return Reply(200, {"results": shown, "total": len(rows)})

    # -- writing ------------------------------------------------------------------------------

    @route("POST", rf"/crm/objects/{V}/{OBJECT}/batch/(create|update|upsert)")
    def _batch_write(self, call: Call, match: re.Match[str]) -> Reply:
        objects, verb = match.groups()
        if refused := self._misshapen(call, verb) or self._unknown(objects, call):
            return refused
        inputs = call.body["inputs"]
        keys = [(one.get("idProperty"), one.get("id")) for one in inputs if "id" in one]
        if len(set(keys)) < len(keys):
            return self._error(400, "VALIDATION_ERROR", "Duplicate inputs in the batch.")
        results, errors = [], []
        for one in inputs:
            error = self._apply(objects, verb, one, results)
            if error is not None:
                if "objectWriteTraceId" not in one:
                    return Reply(400, {**error, "correlationId": str(uuid.uuid4())})
                errors.append(error)
        return self._answered(results, errors, 200 if verb != "create" else 201)

    def _apply(
        self, objects: str, verb: str, one: dict[str, Any], results: list[Any]
    ) -> dict[str, Any] | None:
        """Write one row; its error, where it has one."""
        properties = dict(one["properties"])
        trace = one.get("objectWriteTraceId")
        remote_id = one.get("id")
        if "idProperty" in one:
            properties[one["idProperty"]] = one["id"]
            remote_id = self._holder(objects, one["idProperty"], one["id"])
        elif verb == "update" and (row := self._live(objects, remote_id)) is not None:
            remote_id = row["id"]
        if verb == "update" and self._live(objects, remote_id) is None:
            return self._row_error("OBJECT_NOT_FOUND", "No such object", trace, ids=[one["id"]])
        error = self._refused(objects, properties, remote_id, trace)
        if error is not None:
            return error
        new = remote_id is None
        if new:
            remote_id = str(self._made(objects, properties)["id"])
        else:
            self._write(objects, str(remote_id), properties)
        for link in one.get("associations", []):
            self.linked.add((str(remote_id), link["to"]["id"]))
        shown = self._shown(self.objects[objects][str(remote_id)], list(properties))
        results.append(
            {**shown, "objectWriteTraceId": trace, **({"new": new} if verb == "upsert" else {})}
        )
        return None

    def _refused(
        self, objects: str, properties: dict[str, str], remote_id: str | None, trace: str | None
    ) -> dict[str, Any] | None:
        for name in self.unique[objects] & properties.keys():
            holder = self._holder(objects, name, properties[name]) if properties[name] else None
            if holder is not None and holder != remote_id:
                text = f"{objects} already exists. Existing ID: {holder}"
                return self._row_error("CONFLICT", text, trace, propertyName=[name])
        email = properties.get("email")
        if email and not EMAIL.fullmatch(email):
            text = f"Email address {email} is invalid"
            return self._row_error("VALIDATION_ERROR", text, trace, propertyName=["email"])
        wrong = self.refuse(objects, properties)
        if wrong:
            text = f"{properties.get(wrong)} is not allowed here"
            return self._row_error("VALIDATION_ERROR", text, trace, propertyName=[wrong])
        return None

    def _unknown(self, objects: str, call: Call) -> Reply | None:
        known = DEFINED[objects] | self.custom[objects]
        names = {name for one in call.body["inputs"] for name in one["properties"]}
        names |= {one["idProperty"] for one in call.body["inputs"] if "idProperty" in one}
        if names <= known:
            return None
        strangers = sorted(names - known)
        reply = self._error(400, "VALIDATION_ERROR", f"Property {strangers} does not exist")
        reply.body["errors"] = [
            {
                "message": "no such property",
                "code": "PROPERTY_DOESNT_EXIST",
                "context": {"propertyName": strangers},
            }
        ]
        return reply

    @route("POST", rf"/crm/objects/{V}/{OBJECT}/merge")
    def _merge(self, call: Call, match: re.Match[str]) -> Reply:
        objects = match[1]
        if refused := self._misshapen(call, "merge"):
            return refused
        winner, loser = call.body["primaryObjectId"], call.body["objectIdToMerge"]
        rows = self.objects[objects]
        for one in (winner, loser):
            if one not in rows or rows[one]["archived"]:
                return self._error(404, "OBJECT_NOT_FOUND", f"No {objects} with id {one}")
        if self.refuse_merge:
            return self._error(400, "VALIDATION_ERROR", "This merge is not allowed here.")
        if winner == loser:
            return self._error(400, "VALIDATION_ERROR", "An object is not merged with itself.")
        return Reply(200, self._shown(self._merged(objects, loser, winner), ["name"]))

    @route("POST", rf"/crm/objects/{V}/contacts/gdpr-delete")
    def _gdpr_delete(self, call: Call, match: re.Match[str]) -> Reply:
        if refused := self._misshapen(call, "gdpr-delete"):
            return refused
        if self.objects["contacts"].pop(call.body["objectId"], None) is None:
            return self._error(404, "OBJECT_NOT_FOUND", "No such contact")
        self._reindex("contacts")
        return Reply(204)

    @route("POST", rf"/crm/associations/{V}/contacts/companies/batch/associate/default")
    def _associate(self, call: Call, match: re.Match[str]) -> Reply:
        if refused := self._misshapen(call, "associate"):
            return refused
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
        made, lost = [], []
        for one in call.body["inputs"]:
            pair = one["from"]["id"], one["to"]["id"]
            if self.objects["companies"].get(pair[1], {"archived": True})["archived"]:
                lost.append(pair[1])
                continue
            self.linked.add(pair)
            made.append({"from": one["from"], "to": one["to"], "associationSpec": spec})
        errors = [self._row_error("OBJECT_NOT_FOUND", "Could not get some objects.", ids=lost)]
        return self._answered(made, errors if lost else [], 200)

    @route("POST", rf"/crm/associations/{V}/contacts/companies/batch/archive")
    def _unassociate(self, call: Call, match: re.Match[str]) -> Reply:
        if refused := self._misshapen(call, "unassociate"):
            return refused
        for one in call.body["inputs"]:
            for company in one["to"]:
                self.linked.discard((one["from"]["id"], company["id"]))
        return Reply(204)

    # -- answers ------------------------------------------------------------------------------

    def _misshapen(self, call: Call, shape: str) -> Reply | None:
        errors = list(jsonschema.Draft202012Validator(SHAPES[shape]).iter_errors(call.body))
        for error in errors:
            self.violation(f"{call.method} {call.path}: {error.json_path}: {error.message}")
        return self._error(400, "VALIDATION_ERROR", "Invalid input JSON") if errors else None

    def _shown(self, row: dict[str, Any], names: Any) -> dict[str, Any]:
        wanted = {*names, "hs_object_id"}
        properties = {name: row["properties"].get(name) for name in wanted if name}
        return {**row, "properties": properties}

    def _answered(self, results: list[Any], errors: list[Any], status: int) -> Reply:
        body: dict[str, Any] = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": self._stamp(),
            "completedAt": self._stamp(),
        }
        if not errors:
            return Reply(status, body)
        return Reply(self.style, {**body, "errors": errors, "numErrors": len(errors)})

    def _row_error(
        self, category: str, message: str, trace: str | None = None, **context: Any
    ) -> dict[str, Any]:
        if trace is not None:
            context["objectWriteTraceId"] = [trace]
        return {
            "status": "error",
            "category": category,
            "message": message,
            "context": context,
            "errors": [],
            "links": {},
        }

    def _error(self, status: int, category: str, message: str) -> Reply:
        body = {
            "status": "error",
            "message": message,
            "category": category,
            "correlationId": str(uuid.uuid4()),
        }
        return Reply(status, body)


def _passes(row: dict[str, Any], one: dict[str, Any]) -> bool:
    value = row["properties"].get(one["propertyName"])
    if value is None:
        return False
    if one["operator"] == "HAS_PROPERTY":
        return True
    if one["propertyName"] == "hs_object_id":
        return int(value) > int(one["value"])
    moment = datetime.fromisoformat(value).timestamp() * 1000
    return moment >= int(one["value"])
