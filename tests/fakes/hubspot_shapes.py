"""What requests to HubSpot and its answers look like, as its published contract 2026-09 has it."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_PROPERTIES = {"type": "object", "additionalProperties": _TEXT}
_ID = {"type": "object", "required": ["id"], "properties": {"id": _TEXT}}


def _batch(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    inputs = {"type": "array", "minItems": 1, "maxItems": 100, "items": item}
    return {
        "type": "object",
        "required": ["inputs", *more],
        "additionalProperties": False,
        "properties": {"inputs": inputs, "idProperty": _TEXT, **more},
    }


def _input(required: list[str], **more: Any) -> dict[str, Any]:
    known = {"properties": _PROPERTIES, "objectWriteTraceId": _TEXT, **more}
    return {
        "type": "object",
        "required": required,
        "properties": known,
        "additionalProperties": False,
    }


_LINKS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["to", "types"],
        "properties": {
            "to": _ID,
            "types": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["associationCategory", "associationTypeId"],
                    "properties": {
                        "associationCategory": {
                            "enum": [
                                "HUBSPOT_DEFINED",
                                "INTEGRATOR_DEFINED",
                                "USER_DEFINED",
                                "WORK",
                            ]
                        },
                        "associationTypeId": {"type": "integer"},
                    },
                },
            },
        },
    },
}
_TEXTS = {"type": "array", "items": _TEXT}
SHAPES = {
    "create": _batch(_input(["associations", "properties"], associations=_LINKS)),
    "update": _batch(_input(["id", "properties"], id=_TEXT, idProperty=_TEXT)),
    "upsert": _batch(_input(["id", "properties"], id=_TEXT, idProperty=_TEXT)),
    "read": _batch(_ID, properties=_TEXTS, propertiesWithHistory=_TEXTS),
    "associate": _batch(
        {"type": "object", "required": ["from", "to"], "properties": {"from": _ID, "to": _ID}}
    ),
    "unassociate": _batch(
        {
            "type": "object",
            "required": ["from", "to"],
            "properties": {"from": _ID, "to": {"type": "array", "items": _ID}},
        }
    ),
    "merge": {
        "type": "object",
        "required": ["objectIdToMerge", "primaryObjectId"],
        "properties": {"objectIdToMerge": _TEXT, "primaryObjectId": _TEXT},
        "additionalProperties": False,
    },
    "gdpr-delete": {
        "type": "object",
        "required": ["objectId"],
        "properties": {"objectId": _TEXT, "idProperty": _TEXT},
        "additionalProperties": False,
    },
    "property": {
        "type": "object",
        "required": ["fieldType", "groupName", "label", "name", "type"],
        "properties": {"hasUniqueValue": {"type": "boolean"}},
    },
    "search": {
        "type": "object",
        "required": ["after", "filterGroups", "limit", "properties", "sorts"],
        "properties": {
            "after": _TEXT,
            "limit": {"type": "integer", "maximum": 200},
            "properties": _TEXTS,
            "sorts": _TEXTS,
            "filterGroups": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["filters"],
                    "properties": {
                        "filters": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["operator", "propertyName"],
                                "properties": {
                                    "value": _TEXT,
                                    "propertyName": _TEXT,
                                    "operator": _TEXT,
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}

_MOMENT = {"type": "string", "pattern": r"\d{4}-\d\d-\d\dT"}
_HELD = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


def _object(required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": more}


_ERROR = _object(
    "category correlationId message",
    category=_TEXT,
    correlationId={"type": "string", "pattern": "[0-9a-f-]{36}"},
    message=_TEXT,
    errors={"type": "array", "items": _object("message", message=_TEXT)},
)
_ROW_ERROR = _object(
    "category context errors links message status",
    context={"type": "object", "additionalProperties": _TEXTS},
    errors={"type": "array", "items": _object("message", message=_TEXT)},
    links={"type": "object"},
)
_RECORD = _object(
    "archived createdAt id properties updatedAt",
    archived={"type": "boolean"},
    createdAt=_MOMENT,
    id=_TEXT,
    properties=_HELD,
    updatedAt=_MOMENT,
)
_PROPERTY = _object(
    "description fieldType groupName label name options type",
    description=_TEXT,
    fieldType=_TEXT,
    groupName=_TEXT,
    label=_TEXT,
    name=_TEXT,
    options={
        "type": "array",
        "items": _object(
            "hidden label value", hidden={"type": "boolean"}, label=_TEXT, value=_TEXT
        ),
    },
    type={"enum": ["string", "number", "date", "datetime", "enumeration", "bool"]},
)


def _many(item: dict[str, Any], required: str = "results") -> dict[str, Any]:
    return _object(required, results={"type": "array", "items": item})


def _batched(item: dict[str, Any]) -> dict[str, Any]:
    found = _many(item, "completedAt results startedAt status")
    found["properties"] |= {
        "completedAt": _MOMENT,
        "startedAt": _MOMENT,
        "status": {"enum": ["PENDING", "PROCESSING", "CANCELED", "COMPLETE"]},
        "errors": {"type": "array", "items": _ROW_ERROR},
        "numErrors": {"type": "integer"},
    }
    return found


_ASSOCIATED = _object(
    "associationSpec from to",
    associationSpec=_object("associationCategory associationTypeId"),
    **{"from": _ID, "to": _ID},
)
_OBJECTS = "/crm/objects/[^/]+/(companies|contacts)"
_PROPERTIES_OF = "/crm/properties/[^/]+/(companies|contacts)"
_ACCOUNT = (
    "accountType additionalCurrencies companyCurrency dataHostingLocation portalId timeZone"
    " uiDomain utcOffset utcOffsetMilliseconds"
)
ANSWERS = (
    ("GET /account-info/[^/]+/details", _object(_ACCOUNT, portalId={"type": "integer"})),
    (f"GET {_PROPERTIES_OF}", _many(_PROPERTY)),
    (f"(POST {_PROPERTIES_OF}|GET {_PROPERTIES_OF}/[^/]+)", _PROPERTY),
    (f"GET {_OBJECTS}", _many(_RECORD)),
    (f"POST {_OBJECTS}/search", _many(_RECORD, "results total")),
    (f"POST {_OBJECTS}/merge", _RECORD),
    ("POST /crm/associations/.*/associate/default", _batched(_ASSOCIATED)),
    (f"POST {_OBJECTS}/batch/(read|create|update)", _batched(_RECORD)),
    (
        f"POST {_OBJECTS}/batch/upsert",
        _batched({**_RECORD, "required": [*_RECORD["required"], "new"]}),
    ),
)
"""Of what is answered with a 2xx: calls, and the shape of the answer."""
ERROR = _ERROR
"""Of every other answer."""
