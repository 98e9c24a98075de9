"""The properties of a portal: ours is made there, and those that are chosen are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.connectors.hubspot import answers, fields
from interop_cli.domain.messages import Message, joined, msg
from interop_cli.domain.sync.descriptor import Descriptor, Policy
from interop_cli.domain.sync.link import Trouble, TroubleKind

if TYPE_CHECKING:
    from interop_cli.connectors.http import Http

VERSION = "2026-09"
OBJECTS = {"client": "companies", "contact": "contacts"}
GROUPS = {"client": "companyinformation", "contact": "contactinformation"}
Definitions = Mapping[str, Mapping[str, Any]]


def _path(entity: str) -> str:
    return f"/crm/properties/{VERSION}/{OBJECTS[entity]}"


def known(http: Http, entity: str) -> Definitions:
    """The properties of an object there, by their names."""
    rows = answers.results(http.call("GET", _path(entity)).data)
    return {row["name"]: row for row in rows if isinstance(row.get("name"), str)}


def key_made(http: Http, entity: str, there: Definitions) -> list[str]:
    """Make the property that our uid stands in, where it is not there; what was made.

    Raises Trouble ``hubspot.property`` where two records could have the same.
    """
    found = there.get(fields.KEY)
    if found is None:
        http.call("POST", _path(entity), json=_definition(entity))
        return [f"{OBJECTS[entity]}.{fields.KEY}"]
    if not found.get("hasUniqueValue"):
        raise Trouble(
            TroubleKind.FORBIDDEN,
            "hubspot.property",
            msg(
                "The property {name} is there but not unique: remove it, then connect.",
                name=fields.KEY,
            ),
        )
    return []


def _definition(entity: str) -> dict[str, Any]:
    return {
        "name": fields.KEY,
        "label": "interop uid",
        "type": "string",
        "fieldType": "text",
        "groupName": GROUPS[entity],
        "hasUniqueValue": True,
    }


def lacking(descriptor: Descriptor, there: Definitions) -> list[Message]:
    """What cannot be sent of the properties that are chosen, and why."""
    found = []
    for one in descriptor.sent():
        if not one.remote or one.remote == fields.KEY:
            continue
        name = f"{OBJECTS[descriptor.entity]}.{one.remote} ({one.name})"
        definition = there.get(one.remote)
        if definition is None:
            found.append(msg("{name} is not there", name=name))
        elif _is_read_only(definition):
            found.append(msg("{name} can only be read", name=name))
        elif one.policy is Policy.CREATE_ONLY and (options := _options(definition)):
            wrong = [value for value in one.choices if value not in options]
            found += [
                msg("{name} does not take {value}", name=name, value=value) for value in wrong
            ]
    return found


def refused(reasons: Sequence[Message]) -> Trouble:
    """The trouble of properties that cannot be sent."""
    return Trouble(
        TroubleKind.MISSING_REF,
        "hubspot.property.missing",
        msg("These properties are chosen and cannot be sent: {why}.", why=joined(reasons)),
    )


def _is_read_only(definition: Mapping[str, Any]) -> bool:
    """Whether HubSpot alone fills in a property."""
    about = definition.get("modificationMetadata")
    read_only = isinstance(about, Mapping) and about.get("readOnlyValue") is True
    return read_only or definition.get("calculated") is True


def _options(definition: Mapping[str, Any]) -> set[str]:
    """The values that a property takes; none where it takes any text."""
    return {str(one.get("value")) for one in answers.rows(definition, "options")}
