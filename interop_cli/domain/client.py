"""A client or prospect: who it is, how it is reached, billed, and known to tax and accounting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from interop_cli.domain.entity import (
    Lasting,
    Name,
    On,
    Value,
    invalid_details,
    optional,
    optional_line,
)
from interop_cli.domain.errors import Detail
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rules import Context, context_of, fault, too_long
from interop_cli.domain.values.closed_lists import (
    SHIPPER_IDENTITIES,
    check_currency,
    parse_bool,
    read_choice,
    read_language,
)
from interop_cli.domain.values.code import check_code
from interop_cli.domain.values.email import check_email, read_website
from interop_cli.domain.values.phone import read_phone
from interop_cli.domain.values.taxnumbers import check_gst, check_neq, check_qst, compact
from interop_cli.domain.values.text import clean, fold

if TYPE_CHECKING:
    from interop_cli.domain.sync.descriptor import RemoteField


MAX_TERMS = 40
MAX_PHONE = 60
MAX_TAG = 40
MAX_ACCOUNTING = 500


def _code(value: object) -> object:
    # Empty stays empty: the code is then made from the name, inside the transaction.
    return check_code(str(value)) if value not in (None, "") else ""


def _prospect(value: object, info: ValidationInfo[Any]) -> bool:
    return context_of(info).policy.prospect if value in (None, "") else parse_bool(value)


def _language(value: object, info: ValidationInfo[Any]) -> str:
    return read_language(value) if value else context_of(info).policy.language


def _currency(value: object, info: ValidationInfo[Any]) -> str:
    return check_currency(value) if value else context_of(info).policy.currency


def _identity(value: object) -> str:
    return read_choice(value, SHIPPER_IDENTITIES) if value else "standard"


def read_own_phone(value: str, info: ValidationInfo[Any]) -> str | None:
    """A phone number of a client or a contact, read in ``Context.phone_country``."""
    context = context_of(info)
    if len(value) > MAX_PHONE:
        raise too_long(MAX_PHONE)
    name = info.field_name or "phone"
    if name in context.kept:
        return value
    if not value.strip():
        return None
    return read_phone(name, value, context.phone_country or context.policy.country, context) or None


def _website(value: str, info: ValidationInfo[Any]) -> str | None:
    context = context_of(info)
    return value if "website" in context.kept else read_website("website", value, context) or None


def _qst(value: str, info: ValidationInfo[Any]) -> str | None:
    context = context_of(info)
    if "qst" in context.kept or not value.strip():
        return value.strip() or None
    return check_qst(value, context)


def _tags(value: object) -> list[str]:
    if not value:
        return []
    if isinstance(value, str):
        return _split_tags(value)  # pydantic makes a new list of it
    if isinstance(value, (list, tuple, set, frozenset)):
        return _distinct_tags(value)
    raise fault("client.tags.format", N_("is not a list of tags"))


@lru_cache(maxsize=1024)
def _split_tags(text: str) -> list[str]:
    """The tags of a cell; thousands of rows share the same few cells."""
    return _distinct_tags(text.split(","))


def _distinct_tags(given: Iterable[object]) -> list[str]:
    """Each tag once on its folded form, sorted by it."""
    found: dict[str, str] = {}
    for tag in (clean(str(item)) for item in given):
        if "," in tag:
            raise fault("client.tags.format", N_("a tag has no comma"))
        if len(tag) > MAX_TAG:
            raise too_long(MAX_TAG)
        if tag:
            found.setdefault(fold(tag), tag)
    return [found[key] for key in sorted(found)]


def _accounting(value: object) -> dict[str, str]:
    """The fields of the accounting system, as text; one that is set to nothing is left out."""
    if not value:
        return {}
    fields = _named_values(value)
    if fields is None:
        raise fault("client.accounting.format", N_("is not a set of names and values"))
    if any(len(key) + len(item) > MAX_ACCOUNTING for key, item in fields.items()):
        raise too_long(MAX_ACCOUNTING)
    if "" in fields:
        raise fault("client.accounting.format", N_("is not a set of names and values"))
    return {key: item for key, item in sorted(fields.items()) if item}


def _named_values(value: object) -> dict[str, str] | None:
    """Names and values as text, ``""`` for no value; ``None`` for what is no such set."""
    if isinstance(value, str):  # the cell of a CSV
        with suppress(ValueError):
            value = json.loads(value)
    if not isinstance(value, dict):
        return None
    return {
        clean(str(name)): "" if item is None else clean(str(item)) for name, item in value.items()
    }


Phone = Annotated[str, AfterValidator(read_own_phone)] | None
Email = Annotated[str, optional(check_email)] | None


class Client(Lasting):
    """A client. ``code`` is ``""`` until one is given or made; ``phone`` is E.164.

    What is not given comes from the policy: ``prospect``, ``language``, ``currency``
    and ``terms``.
    ``bill_to_id`` is the client who pays (see ``payer``), ``accounting`` the fields that the
    accounting system asks for. ``logo`` names the blob of its picture by SHA-256.
    ``merged_into_id`` is the client that a merged one has become.
    """

    code: Annotated[str, BeforeValidator(_code)] = ""
    name: Name
    active: On = True
    prospect: Annotated[bool, BeforeValidator(_prospect)] = Field(
        default=None, validate_default=True
    )
    language: Annotated[Literal["fr", "en"], BeforeValidator(_language)] = Field(
        default=None, validate_default=True
    )
    email: Email = None
    phone: Phone = None
    website: Annotated[str, AfterValidator(_website)] | None = None
    currency: Annotated[str, BeforeValidator(_currency)] = Field(
        default=None, validate_default=True
    )
    terms: Annotated[str, optional_line(MAX_TERMS)] | None = None
    bill_to_id: int | None = None
    shipper_identity: Annotated[
        Literal["standard", "client", "none"], BeforeValidator(_identity)
    ] = "standard"
    gst: Annotated[str, optional(check_gst)] | None = None
    qst: Annotated[str, AfterValidator(_qst)] | None = None
    neq: Annotated[str, optional(check_neq)] | None = None
    tags: Annotated[list[str], BeforeValidator(_tags)] = Field(default_factory=list)
    external_id: Value = None
    accounting: Annotated[dict[str, str], BeforeValidator(_accounting)] = Field(
        default_factory=dict
    )
    logo: str | None = None
    merged_into_id: int | None = None

    @classmethod
    def build(cls, values: Mapping[str, Any], context: Context) -> Self:
        """As ``Entity.build``; raises InvalidData also for what a configured target cannot take."""
        # Not the default of the field: it must not come back where a revision clears it.
        if context.policy.terms and not values.get("terms"):
            values = {**values, "terms": context.policy.terms}
        client = super().build(values, context)
        check_accounting(client.accounting, {}, context, prospect=client.prospect)
        return client

    def revise(self, changes: Mapping[str, Any], context: Context) -> Self:
        """As ``Entity.revise``. Accounting fields that are not named stay, one set to nothing goes.

        Nothing in the place of all of them (``None``, ``""``) clears them all.
        """
        if self.qst and compact(str(changes.get("qst") or "")) == self.qst:
            changes = {**changes, "qst": self.qst}  # accepted, however it is spelt
        if changes.get("accounting") not in (None, ""):
            with suppress(ValueError):  # what cannot be read is refused as the field's own error
                named = _named_values(changes["accounting"])
                if named is not None:
                    changes = {**changes, "accounting": {**self.accounting, **named}}
        client = super().revise(changes, context)
        if client.accounting != self.accounting:
            check_accounting(client.accounting, self.accounting, context, prospect=client.prospect)
        return client


PREFIX = "accounting."


def check_accounting(
    fields: Mapping[str, str], before: Mapping[str, str], context: Context, *, prospect: bool
) -> None:
    """Refuse values that a configured target could not take; warn of names that none knows.

    Only what differs from ``before`` is looked at, and nothing where no target is configured.
    Raises InvalidData with a detail a field. Warns of what a client still lacks before it can be
    sent; a prospect need not have it.
    """
    changed = {name: value for name, value in fields.items() if before.get(name) != value}
    known = context.policy.accounting_fields() if changed or not before else None
    if known is None:
        return
    place, details = context.place, []
    for name, value in changed.items():
        path = PREFIX + name
        field = known.get(name)
        if field is None:
            names = ", ".join(sorted(known))
            reason = (
                msg("no configured target has this field; fields: {names}", names=names)
                if names
                else msg("no configured target has this field, nor any other")
            )
            context.warn(path, "client.accounting.unknown", reason)
        elif (problem := field.problem(value)) is not None:
            details.append(Detail(path, problem.code, problem.message, place.line, place.key))
    if details:
        raise invalid_details(details)
    if not prospect:
        _warn_lacking(fields, known, context)


def _warn_lacking(
    fields: Mapping[str, str], known: Mapping[str, RemoteField], context: Context
) -> None:
    for name, field in known.items():
        if field.required and not fields.get(name):
            reason = msg("is required before the client can be sent to accounting")
            context.warn(PREFIX + name, "client.accounting.missing", reason)
