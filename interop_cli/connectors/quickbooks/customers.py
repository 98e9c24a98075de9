"""What QuickBooks Online takes of a client, and how our values look there. Pure.

Lengths are those of its documentation of customers; DisplayName is held to 100, the older and
smaller of the two figures given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from interop_cli.connectors import base
from interop_cli.connectors.base import Maker, Way
from interop_cli.domain.fields import CLIENT as CLIENT_FIELDS
from interop_cli.domain.messages import msg
from interop_cli.domain.sync import payload as form
from interop_cli.domain.sync.descriptor import (
    Descriptor,
    Need,
    Policy,
    Problem,
    RemoteField,
    Unique,
    others,
)
from interop_cli.domain.sync.payload import Payload, Value
from interop_cli.domain.values.days import due_date
from interop_cli.domain.values.text import fold

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
MAX_PART = 100
DELETED = " (deleted)"
"""What is put after the name of a customer that is made inactive."""
DELIVERY = "accounting.delivery_method"
COMPANY = "accounting.company_name"


def _check(payload: Mapping[str, Value]) -> list[Problem]:
    """Each part of the billing contact's name has its own limit."""
    long = any(len(part) > MAX_PART for part in halves(payload.get("billing_name")) if part)
    if not long:
        return []
    why = msg("has a part longer than the {max} characters this system takes", max=MAX_PART)
    return [Problem("billing_name", "sync.field.too_long", why)]


CLIENT = Descriptor(
    "client",
    # Where the others are wanted, they need a place of one's choice there.
    others(
        CLIENT_FIELDS,
        (
            # One that is made inactive gives its name up.
            RemoteField(
                "name",
                "DisplayName",
                Need.REQUIRED,
                max_length=100,
                pattern="[^:]+",
                unique=Unique.ACTIVE,
            ),
            RemoteField(COMPANY, "CompanyName", max_length=100),
            RemoteField("billing_name", "GivenName"),
            RemoteField("email", "PrimaryEmailAddr.Address", max_length=100, pattern=EMAIL),
            RemoteField("phone", "PrimaryPhone.FreeFormNumber", max_length=30),
            RemoteField("website", "WebAddr.URI", max_length=1000),
            RemoteField("line1", "BillAddr.Line1", max_length=500),
            RemoteField("line2", "BillAddr.Line2", max_length=500),
            RemoteField("city", "BillAddr.City", max_length=255),
            RemoteField("province", "BillAddr.CountrySubDivisionCode", max_length=255),
            RemoteField("postal_code", "BillAddr.PostalCode", max_length=30),
            RemoteField("country", "BillAddr.Country", max_length=255),
            RemoteField("terms", "SalesTermRef.value", choices_from="Term"),
            RemoteField("currency", "CurrencyRef.value", pattern="[A-Z]{3}", policy=Policy.OURS),
            RemoteField("bill_to", "ParentRef.value", policy=Policy.OURS, refers_to="client"),
            RemoteField("active", "Active", policy=Policy.OURS),
            RemoteField(
                DELIVERY, "PreferredDeliveryMethod", choices=("Email", "Print"), usual=False
            ),
            RemoteField(
                "accounting.tax_code",
                "DefaultTaxCodeRef.value",
                usual=False,
                choices_from="TaxCode",
            ),
            # The name there, where it must differ from ours: another one has it already.
            RemoteField(
                "accounting.display_name",
                "DisplayName",
                max_length=100,
                pattern="[^:]+",
                usual=False,
            ),
        ),
    ),
    check=_check,
)


def maker(descriptor: Descriptor) -> Maker:
    """What makes customers out of the values of our clients."""
    return base.maker(descriptor, _WAYS, _plain)


def _plain(value: object) -> Value:
    if value is None or isinstance(value, bool):
        return value
    return form.listed(value)


def _of_accounting(values: Mapping[str, Any], name: str) -> str | None:
    return form.text((values.get("accounting") or {}).get(name))


def _name(values: Mapping[str, Any]) -> Value:
    return _of_accounting(values, "display_name") or form.text(values.get("name"))


def _company(values: Mapping[str, Any]) -> Value:
    return _of_accounting(values, "company_name") or form.text(values.get("name"))


def _email(values: Mapping[str, Any]) -> Value:
    return form.email(values.get("billing_email") or values.get("email"))


def _phone(values: Mapping[str, Any]) -> Value:
    return form.stored_phone(values.get("phone"))


def _terms(values: Mapping[str, Any]) -> Value:
    return plain_terms(values.get("terms"))


def _delivery(values: Mapping[str, Any]) -> Value:
    found = _of_accounting(values, "delivery_method")
    return None if found == "None" else found


_WAYS: dict[str, Way] = {
    "name": _name,
    COMPANY: _company,
    "email": _email,
    "phone": _phone,
    "country": lambda values: form.country(values.get("country")),
    "terms": _terms,
    "bill_to": lambda values: form.text(values.get("bill_to_remote")),
    "active": lambda values: bool(values.get("active")),
    DELIVERY: _delivery,
}


def plain_terms(text: object) -> str | None:
    """Payment terms in one form: ``net30`` where they are so many days, else as they are, folded.

    So ``30 jours`` here and ``Net 30`` there are the same.
    """
    terms = form.text(text)
    return None if terms is None else _in_one_form(terms)


@lru_cache(1024)  # few are met, and again and again
def _in_one_form(terms: str) -> str:
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    due = due_date(first, terms)
    later = due_date(second, terms)
    if due is None or later != due + timedelta(days=1) or "/" in terms or "%" in terms:
        return fold(terms)
    return f"net{(due - first).days}"


def halves(name: Value) -> tuple[str | None, str | None]:
    """A person's name as given name and family name."""
    text = form.text(name) or ""
    first, _space, last = text.rpartition(" ")
    return first or None, last or None


def at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a path (``BillAddr.City``) of a record there; None where there is none."""
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path."""
    names = path.split(".")
    for name in names[:-1]:
        record = record.setdefault(name, {})
    record[names[-1]] = value


def body(changes: Mapping[str, Value], descriptor: Descriptor) -> dict[str, Any]:
    """The part of a customer to send; what is cleared is ``""``.

    Without ``terms`` and ``currency``: only the company there knows what they are called.
    """
    found: dict[str, Any] = {}
    for name, value in changes.items():
        field = descriptor.named(name)
        if field is None or not field.remote or name in ("terms", "currency"):
            continue
        if name == "billing_name":
            first, last = halves(value)
            found |= {"GivenName": first or "", "FamilyName": last or ""}
        elif name == "bill_to":
            found |= _parent(value)
        elif isinstance(value, bool) and name == "active":
            found["Active"] = value
        elif name == DELIVERY:
            found[field.remote] = value or "None"
        else:
            put(found, field.remote, "" if value is None else str(value))
    return found


def _parent(value: Value) -> dict[str, Any]:
    if value is None:
        return {"Job": False, "BillWithParent": False}
    return {"ParentRef": {"value": str(value)}, "Job": True, "BillWithParent": True}


def read(
    record: Mapping[str, Any],
    descriptor: Descriptor,
    terms: Mapping[str, str],
    *,
    whole: bool = False,
) -> Payload:
    """What QuickBooks holds, under our names. ``terms`` are its payment terms by their ids.

    ``whole``: with the fields that have a place there and are not sent.

    What it leaves out is empty, but for the currency, which it only tells where there are several.
    """
    found: Payload = {}
    for field in descriptor.placed() if whole else descriptor.sent():
        value = at(record, field.remote) if field.remote else None
        if field.name == "currency":
            if isinstance(value, str) and value:
                found["currency"] = value
        elif field.name == "terms":
            found["terms"] = None if value in (None, "") else terms.get(str(value), f"#{value}")
        else:
            found[field.name] = _read(field.name, value, record)
    return found


def _read(name: str, value: Any, record: Mapping[str, Any]) -> Value:
    if name == "active":
        return record.get("Active") is not False
    if name == "billing_name":
        parts = (form.text(record.get("GivenName")), form.text(record.get("FamilyName")))
        return " ".join(part for part in parts if part) or None
    if isinstance(value, Mapping | list):
        return None
    if name == "email":
        return form.email(value)
    if name == "country":
        return form.country(value)
    if name == "phone":
        return form.phone(value)
    if name == "province":
        return form.province(value, at(record, "BillAddr.Country"))
    text = form.text(value)
    if name == "name" and text and record.get("Active") is False:
        return text.removesuffix(DELETED)
    if name == DELIVERY and text in ("None", "NotSet"):
        return None
    return text
