"""What HubSpot takes of a client and of a contact, and how our values look there. Pure.

Every property is text there. The list is narrow unless the target's settings widen it: whatever is
sent overwrites what sales people typed, and sets off their workflows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interop_cli.domain.fields import CLIENT
from interop_cli.domain.sync import payload as form
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField, others
from interop_cli.domain.sync.payload import Payload, Value
from interop_cli.domain.sync.records import LocalRecord
from interop_cli.domain.values.phone_text import format_phone
from interop_cli.domain.values.places import country_name
from interop_cli.domain.values.uid import is_uid

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
        ),
        but=("email",),
    ),
)
CONTACT = Descriptor(
    "contact",
    (
        RemoteField("uid", KEY, Need.REQUIRED, policy=Policy.OURS),
        RemoteField("first_name", "firstname"),
        RemoteField("last_name", "lastname"),
        RemoteField("email", "email", pattern=EMAIL),
        RemoteField("phone", "phone"),
        RemoteField("client", "", policy=Policy.OURS, refers_to="client"),
        RemoteField("mobile", "mobilephone", usual=False),
        RemoteField("title", "jobtitle", usual=False),
        RemoteField("language", "", Need.UNSUPPORTED, usual=False),
    ),
)


def key_of(key: str, entity: str) -> str:
    """The property that a key stands in: records were known by others before there were uids."""
    return KEY if is_uid(key) else OLD_KEYS[entity]


def company(local: LocalRecord, descriptor: Descriptor) -> Payload:
    """A client as a company."""
    return _made(local.values, descriptor, _COMPANY)


def contact(local: LocalRecord, descriptor: Descriptor) -> Payload:
    """A contact. Without its e-mail where an earlier contact has the same one: it is unique."""
    return _made(local.values, descriptor, _CONTACT)


def properties(payload: Mapping[str, Value], descriptor: Descriptor) -> dict[str, str]:
    """The properties to send; what is cleared is ``""``."""
    found = {}
    for name, value in payload.items():
        field = descriptor.named(name)
        if field is not None and field.remote:
            found[field.remote] = "" if value is None else str(value)
    return found


def read(properties: Mapping[str, Any], descriptor: Descriptor) -> Payload:
    """What HubSpot holds, under our names; only what it told."""
    found: Payload = {}
    for field in descriptor.sent():
        if field.remote and field.remote in properties:
            value = form.text(properties[field.remote])
            found[field.name] = form.email(value) if field.name == "email" else value
    return found


def _made(values: Mapping[str, Any], descriptor: Descriptor, ways: Mapping[str, _Way]) -> Payload:
    return {
        field.name: ways[field.name](values) if field.name in ways else _other(field.name, values)
        for field in descriptor.sent()
    }


_Way = Callable[[Mapping[str, Any]], Value]


def _plain(name: str) -> _Way:
    return lambda values: form.text(values.get(name))


def _other(name: str, values: Mapping[str, Any]) -> Value:
    """A field that only this target's settings name: ours, or one of ``accounting``."""
    if name.startswith("accounting."):
        return form.text((values.get("accounting") or {}).get(name.partition(".")[2]))
    value = values.get(name)
    if name in ("active", "prospect") and value is not None:
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return form.text(", ".join(map(str, value)))
    return form.text(value)


def _phone(name: str) -> _Way:
    def shown(values: Mapping[str, Any]) -> Value:
        stored = values.get(name)
        return form.text(format_phone(stored)) if stored else None

    return shown


def _country(values: Mapping[str, Any]) -> Value:
    code = values.get("country")
    return country_name(code, "en") if code else None


def _first(values: Mapping[str, Any]) -> Value:
    name = form.text(values.get("name")) or ""
    return name.rpartition(" ")[0] or None


def _last(values: Mapping[str, Any]) -> Value:
    name = form.text(values.get("name")) or ""
    return name.rpartition(" ")[2] or None


def _email(values: Mapping[str, Any]) -> Value:
    return form.email(values.get("email")) if values.get("email_free", True) else None


_COMPANY: dict[str, _Way] = {
    "code": _plain("code"),
    "name": _plain("name"),
    "phone": _phone("phone"),
    "country": _country,
}
_CONTACT: dict[str, _Way] = {
    "uid": _plain("uid"),
    "first_name": _first,
    "last_name": _last,
    "email": _email,
    "phone": _phone("phone"),
    "mobile": _phone("mobile"),
    "client": _plain("client_remote"),
}
