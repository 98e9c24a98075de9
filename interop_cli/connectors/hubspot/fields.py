"""What HubSpot takes of a client and of a contact, how our values look there, and the
properties that have to be there for it: ours is made, those that are chosen are looked for.

Every property is text there. The list is narrow unless the target's settings widen it: whatever is
sent overwrites what sales people typed, and sets off their workflows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.connectors import base
from interop_cli.connectors.base import Maker, Way
from interop_cli.connectors.hubspot import answers
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.fields import CONTACT as CONTACTS
from interop_cli.domain.messages import Message, joined, msg
from interop_cli.domain.sync import payload as form
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField, Unique, others
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, Value
from interop_cli.domain.values.code import is_uid

if TYPE_CHECKING:
    from interop_cli.connectors.http import Http

VERSION = "2026-09"
OBJECTS = {"client": "companies", "contact": "contacts"}
GROUPS = {"client": "companyinformation", "contact": "contactinformation"}
Definitions = Mapping[str, Mapping[str, Any]]
KEY = "interop_uid"
"""The property of ours that no two records share; it names a record wherever it came from."""
OLD_KEYS = {"client": "interop_code", "contact": "interop_contact_id"}
"""What records were known by before: codes and row numbers, which change hands."""
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"

COMPANY = Descriptor(
    "client",
    # Properties of the others have to be made there first, under a name of one's choice; a company
    # has no e-mail there.
    others(
        CLIENT,
        (
            RemoteField("uid", KEY, Need.REQUIRED, policy=Policy.OURS),
            RemoteField("name", "name", Need.REQUIRED),
            RemoteField("phone", "phone"),
            RemoteField("city", "city"),
            RemoteField("province", "state"),
            RemoteField("country", "country"),
            RemoteField("line1", "address", usual=False),
            RemoteField("line2", "address2", usual=False),
            RemoteField("postal_code", "zip", usual=False),
            RemoteField("website", "website", usual=False),
            # The host of the web site: what HubSpot tells companies apart by.
            RemoteField("domain", "domain", usual=False),
        ),
        but=("email",),
    ),
)
CONTACT = Descriptor(
    "contact",
    others(
        CONTACTS,
        (
            RemoteField("uid", KEY, Need.REQUIRED, policy=Policy.OURS),
            RemoteField("first_name", "firstname"),
            RemoteField("last_name", "lastname"),
            RemoteField("email", "email", pattern=EMAIL, unique=Unique.ALL),
            RemoteField("phone", "phone"),
            RemoteField("client", "", policy=Policy.OURS, refers_to="client"),
            RemoteField("mobile", "mobilephone", usual=False),
            RemoteField("title", "jobtitle", usual=False),
        ),
        but=("name", "billing"),
    ),
)


def key_of(key: str, entity: str) -> str:
    """The property that a key stands in: records were known by others before there were uids."""
    return KEY if is_uid(key) else OLD_KEYS[entity]


def maker(descriptor: Descriptor) -> Maker:
    """What makes the payloads of a descriptor out of the values of our records.

    A contact goes without its e-mail where an earlier contact has the same one: it is unique.
    """
    return base.maker(descriptor, _WAYS[descriptor.entity], form.listed)


def properties(payload: Mapping[str, Value], descriptor: Descriptor) -> dict[str, str]:
    """The properties to send; what is cleared is ``""``."""
    places = descriptor.places
    return {
        places[name]: "" if value is None else str(value)
        for name, value in payload.items()
        if name in places
    }


def read(properties: Mapping[str, Any], descriptor: Descriptor, *, whole: bool = False) -> Payload:
    """What HubSpot holds, under our names; only what it told. ``whole``: unsent fields, too."""
    found: Payload = {}
    for field in descriptor.placed() if whole else descriptor.sent():
        if field.remote and field.remote in properties:
            found[field.name] = _NORMAL.get(field.name, form.text)(properties[field.remote])
    if found.get("province"):
        found["province"] = form.province(found["province"], properties.get("country"))
    return found


def domain_of(website: object) -> str | None:
    """The host of a web site as HubSpot writes it: in small letters, without ``www``."""
    from urllib.parse import urlsplit

    text = form.text(website) or ""
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return None
    return host.removeprefix("www.") or None


_NORMAL = {
    "email": form.email,
    "country": form.country,
    "domain": domain_of,
    "phone": form.phone,
    "mobile": form.phone,
}
"""What HubSpot may say in another way than we do."""


def _plain(name: str) -> Way:
    return lambda values: form.text(values.get(name))


def _flag(name: str) -> Way:
    def said(values: Mapping[str, Any]) -> Value:
        value = values.get(name)
        return None if value is None else "true" if value else "false"

    return said


def _phone(name: str) -> Way:
    def shown(values: Mapping[str, Any]) -> Value:
        return form.stored_phone(values.get(name))

    return shown


def _first(values: Mapping[str, Any]) -> Value:
    name = form.text(values.get("name")) or ""
    return name.rpartition(" ")[0] or None


def _last(values: Mapping[str, Any]) -> Value:
    name = form.text(values.get("name")) or ""
    return name.rpartition(" ")[2] or None


def _email(values: Mapping[str, Any]) -> Value:
    return form.email(values.get("email")) if values.get("email_free", True) else None


_FLAGS = {name: _flag(name) for name in ("active", "prospect")}
_WAYS: dict[str, dict[str, Way]] = {
    "client": {
        **_FLAGS,
        "code": _plain("code"),
        "name": _plain("name"),
        "phone": _phone("phone"),
        "country": lambda values: form.country(values.get("country")),
        "domain": lambda values: domain_of(values.get("website")),
    },
    "contact": {
        **_FLAGS,
        "uid": _plain("uid"),
        "first_name": _first,
        "last_name": _last,
        "email": _email,
        "phone": _phone("phone"),
        "mobile": _phone("mobile"),
        "client": _plain("client_remote"),
    },
}


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
    found = there.get(KEY)
    if found is None:
        http.call("POST", _path(entity), json=_definition(entity))
        return [f"{OBJECTS[entity]}.{KEY}"]
    if not found.get("hasUniqueValue"):
        raise Trouble(
            TroubleKind.FORBIDDEN,
            "hubspot.property",
            msg("The property {name} is there but not unique: remove it, then connect.", name=KEY),
        )
    return []


def _definition(entity: str) -> dict[str, Any]:
    return {
        "name": KEY,
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
        if not one.remote or one.remote == KEY:
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


def unique(descriptor: Descriptor, there: Definitions) -> list[str]:
    """Of the properties that are chosen, those that no two records there may have the same in."""
    chosen = (one.remote for one in descriptor.sent() if one.remote not in ("", KEY, "email"))
    return [name for name in chosen if there.get(name, {}).get("hasUniqueValue")]


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
