"""Reading what QuickBooks answers: what a Fault means, also one that stands inside a 200."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.connectors.http import Answer
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, Field
from interop_cli.domain.sync.records import Action, Send
from interop_cli.domain.sync.trouble import Kind, Trouble

WAIT = 60.0
"""Seconds to wait at a limit: its answers do not say, and its windows are of one minute."""
_ID = re.compile(r"\bId=(\d+)")

_KINDS = {
    "6240": Kind.NAME_TAKEN,
    "6140": Kind.NAME_TAKEN,
    "5010": Kind.STALE,
    "610": Kind.GONE,
    "2500": Kind.MISSING_REF,
    "600": Kind.UNKNOWN,  # the same request id is being worked on: look before anything else
    "3200": Kind.AUTH,
    "120": Kind.AUTH,
    "3100": Kind.FORBIDDEN,
    "5020": Kind.FORBIDDEN,
    "6190": Kind.FORBIDDEN,
    "3001": Kind.RETRY,
    "003001": Kind.RETRY,
}
_OF_TYPES = {
    "authentication": Kind.AUTH, "authenticationfault": Kind.AUTH,
    "authorization": Kind.FORBIDDEN, "authorizationfault": Kind.FORBIDDEN,
    "systemfault": Kind.UNKNOWN, "servicefault": Kind.UNKNOWN, "service": Kind.UNKNOWN,
}  # fmt: skip
OF_A_RECORD = frozenset({Kind.NAME_TAKEN, Kind.STALE, Kind.GONE, Kind.MISSING_REF, Kind.VALIDATION})
"""Troubles of one record, not of the call."""


def fault_of(data: Any) -> Mapping[str, Any] | None:
    """The Fault in an answer, or in an item of a batch."""
    found = (data.get("Fault") or data.get("fault")) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else None


def judged(answer: Answer) -> Trouble | None:
    """An answer that is not a 2xx; None where its status says enough."""
    if answer.status == 429:
        wait = answer.retry_after()
        return _limit(WAIT if wait is None else wait)
    fault = fault_of(answer.data)
    if fault is None or answer.status == 401 or answer.status >= 500:
        return None
    trouble = of_fault(fault)
    if answer.status == 403 and trouble.kind is not Kind.RETRY:
        return None
    trouble.status = trouble.status or answer.status
    return trouble


def _limit(wait: float) -> Trouble:
    text = msg("The server asks us to wait.")
    return Trouble(Kind.RETRY, "remote.limit", text, retry_after=wait, status=429)


def of_fault(fault: Mapping[str, Any], *, reads: bool = False) -> Trouble:
    """What a Fault means. ``field`` is still QuickBooks' own name."""
    error = _first(fault)
    code = re.sub(r"[^A-Za-z0-9_]", "", str(error.get("code") or ""))[:20] or "-"
    kind = _KINDS.get(code) or _OF_TYPES.get(str(fault.get("type") or "").lower())
    if kind is Kind.RETRY:
        return _limit(WAIT)
    if kind is Kind.UNKNOWN and reads:
        kind = Kind.RETRY
    element = error.get("element")
    field = str(element)[:60] if isinstance(element, str) and element else None
    found = _ID.search(str(error.get("Detail") or error.get("detail") or ""))
    kind = kind or Kind.VALIDATION
    name, text = _SAID.get(kind, ("remote.refused", None))
    return Trouble(
        kind, name, text or _refusal(code), field=field,
        remote_id=found[1] if found and kind is Kind.NAME_TAKEN else None,
        status=401 if kind is Kind.AUTH else None,
    )  # fmt: skip


_SAID: dict[Kind, tuple[str, Message]] = {
    Kind.NAME_TAKEN: (
        "remote.name_taken",
        msg("A customer, vendor or employee there has this name: link it, or give the client"
            " another one there with --accounting display_name=NAME."),
    ),
    Kind.STALE: ("remote.stale", msg("Someone changed the record there.")),
    Kind.GONE: ("remote.gone", msg("The record is not there.")),
    Kind.MISSING_REF: ("remote.missing_ref", msg("Something it refers to is not there.")),
    Kind.UNKNOWN: ("remote.error", msg("QuickBooks failed: it may have done it or not.")),
    Kind.AUTH: ("remote.auth", msg("The server does not let us in.")),
    Kind.FORBIDDEN: ("remote.forbidden", msg("The server forbids this.")),
}  # fmt: skip


NUMBER_TAKEN = msg(
    "Another document there has this number: give that one another number there, then sync retry."
)


def _first(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("Error", "error"):
        errors = fault.get(name)
        if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
            return errors[0]
    return {}


def _refusal(code: str, field: str | None = None) -> Message:
    """A sentence without QuickBooks' own text, which repeats the values of people."""
    if field:
        return msg("QuickBooks refuses {field} ({reason}).", field=field, reason=code)
    return msg("QuickBooks refuses this record ({reason}).", reason=code)


def for_record(trouble: Trouble, send: Send, descriptor: Descriptor) -> Trouble:
    """The trouble of one record, with the field under our name."""
    field = _field(trouble.field, descriptor)
    kind = trouble.kind
    if kind is Kind.NAME_TAKEN:
        trouble.field = descriptor.key or "name"
        if descriptor.once:
            trouble.message = NUMBER_TAKEN
        return trouble
    if kind is Kind.GONE and (send.action == Action.CREATE or _is_ref(field)):
        # Not the customer itself: a payment term, a parent.
        kind = Kind.MISSING_REF
        code, text = _SAID[kind]
        return Trouble(kind, code, text, field=field.name if field else None)
    if kind is Kind.VALIDATION and field is None and send.action == Action.DEACTIVATE:
        field = descriptor.named("active")  # a balance is open there
    trouble.field = field.name if field else None
    if kind is Kind.VALIDATION:
        trouble.message = _refusal(str(trouble.message.params.get("reason", "-")), trouble.field)
    return trouble


def _is_ref(field: Field | None) -> bool:
    return field is not None and field.remote.endswith("Ref.value")


def _field(element: str | None, descriptor: Descriptor) -> Field | None:
    """Ours for an element of theirs: ``PrimaryEmailAddr``, ``Customer.BillAddr.City``."""
    if not element:
        return None
    name = re.sub(r"^(Customer|Invoice|CreditMemo)\.", "", element)
    whole = tuple(name + end for end in ("", ".value", ".Address", ".FreeFormNumber", ".URI"))
    for field in descriptor.sent():
        if field.remote in whole or field.remote.endswith((f".{name}", f".{name}.value")):
            return field
    return descriptor.named("billing_name") if name == "FamilyName" else None


def items(data: Any, name: str) -> Sequence[Mapping[str, Any]]:
    """The objects in an array of the answer; what is none of it is left out."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
