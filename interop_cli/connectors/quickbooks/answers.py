"""Reading what QuickBooks answers: what a Fault means, also one that stands inside a 200."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.connectors.base import no_such_place
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, RemoteField
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Action, Send

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

WAIT = 60.0
"""Seconds to wait at a limit: its answers do not say, and its windows are of one minute."""
_ID = re.compile(r"\bId=(\d+)")

_KINDS = {
    "6240": TroubleKind.NAME_TAKEN,
    "6140": TroubleKind.NAME_TAKEN,
    "5010": TroubleKind.STALE,
    "610": TroubleKind.GONE,
    "2500": TroubleKind.MISSING_REF,
    "600": TroubleKind.UNKNOWN,  # the same request id is being worked on: look before anything else
    "3200": TroubleKind.AUTH,
    "120": TroubleKind.AUTH,
    "3100": TroubleKind.FORBIDDEN,
    "5020": TroubleKind.FORBIDDEN,
    "6190": TroubleKind.FORBIDDEN,
    "3001": TroubleKind.RETRY,
    "003001": TroubleKind.RETRY,
}
_OF_TYPES = {
    "authentication": TroubleKind.AUTH,
    "authenticationfault": TroubleKind.AUTH,
    "authorization": TroubleKind.FORBIDDEN,
    "authorizationfault": TroubleKind.FORBIDDEN,
    "systemfault": TroubleKind.UNKNOWN,
    "servicefault": TroubleKind.UNKNOWN,
    "service": TroubleKind.UNKNOWN,
}
OF_A_RECORD = frozenset(
    {
        TroubleKind.NAME_TAKEN,
        TroubleKind.STALE,
        TroubleKind.GONE,
        TroubleKind.MISSING_REF,
        TroubleKind.VALIDATION,
    }
)
"""Troubles of one record, not of the call."""


def fault_of(data: Any) -> Mapping[str, Any] | None:
    """The Fault in an answer, or in an item of a batch."""
    found = (data.get("Fault") or data.get("fault")) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else None


def judged(answer: HttpAnswer) -> Trouble | None:
    """An answer that is not a 2xx; None where its status says enough."""
    if answer.status == 429:
        wait = answer.retry_after()
        return _limit(WAIT if wait is None else wait)
    fault = fault_of(answer.data)
    if fault is None and answer.status in (404, 410):
        return no_such_place(answer)
    if fault is None or answer.status == 401 or answer.status >= 500:
        return None
    trouble = of_fault(fault)
    if answer.status == 403 and trouble.kind is not TroubleKind.RETRY:
        return None
    trouble.status = trouble.status or answer.status
    return trouble


def _limit(wait: float) -> Trouble:
    text = msg("The server asks us to wait.")
    return Trouble(TroubleKind.RETRY, "remote.limit", text, retry_after=wait, status=429)


def of_fault(fault: Mapping[str, Any], *, reads: bool = False) -> Trouble:
    """What a Fault means. ``field`` is still QuickBooks' own name."""
    error = _first(fault)
    code = re.sub(r"[^A-Za-z0-9_]", "", str(error.get("code") or ""))[:20] or "-"
    kind = _KINDS.get(code) or _OF_TYPES.get(str(fault.get("type") or "").lower())
    if kind is TroubleKind.RETRY:
        return _limit(WAIT)
    if kind is TroubleKind.UNKNOWN and reads:
        kind = TroubleKind.RETRY
    element = error.get("element")
    field = str(element)[:60] if isinstance(element, str) and element else None
    found = _ID.search(str(error.get("Detail") or error.get("detail") or ""))
    kind = kind or TroubleKind.VALIDATION
    name, text = _SAID.get(kind, ("remote.refused", None))
    return Trouble(
        kind,
        name,
        text or _refusal(code),
        field=field,
        remote_id=found[1] if found and kind is TroubleKind.NAME_TAKEN else None,
        status=401 if kind is TroubleKind.AUTH else None,
    )


_SAID: dict[TroubleKind, tuple[str, Message]] = {
    TroubleKind.NAME_TAKEN: (
        "remote.name_taken",
        msg(
            "A customer, vendor or employee there has this name: link it, or give the client"
            " another one there with --accounting display_name=NAME."
        ),
    ),
    TroubleKind.STALE: ("remote.stale", msg("Someone changed the record there.")),
    TroubleKind.GONE: ("remote.gone", msg("The record is not there.")),
    TroubleKind.MISSING_REF: ("remote.missing_ref", msg("Something it refers to is not there.")),
    TroubleKind.UNKNOWN: ("remote.error", msg("QuickBooks failed: it may have done it or not.")),
    TroubleKind.AUTH: ("remote.auth", msg("The server does not let us in.")),
    TroubleKind.FORBIDDEN: ("remote.forbidden", msg("The server forbids this.")),
}


BUSINESS_RULE = "6000"
OPEN_BALANCE = msg(
    "QuickBooks does not make it inactive, most often because of an open balance: settle or move"
    " what is open there, then sync retry."
)
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
    if kind is TroubleKind.NAME_TAKEN:
        trouble.field = descriptor.key or "name"
        if descriptor.once:
            trouble.message = NUMBER_TAKEN
        return trouble
    if kind is TroubleKind.GONE and (send.action == Action.CREATE or _is_ref(field)):
        # Not the customer itself: a payment term, a parent.
        kind = TroubleKind.MISSING_REF
        code, text = _SAID[kind]
        return Trouble(kind, code, text, field=field.name if field else None)
    if kind is TroubleKind.VALIDATION and field is None and send.action == Action.DEACTIVATE:
        field = descriptor.named("active")
        if trouble.message.params.get("reason") == BUSINESS_RULE:
            trouble.code, trouble.message, trouble.field = (
                "qbo.open_balance",
                OPEN_BALANCE,
                "active",
            )
            return trouble
    trouble.field = field.name if field else None
    if kind is TroubleKind.VALIDATION:
        trouble.message = _refusal(str(trouble.message.params.get("reason", "-")), trouble.field)
    return trouble


def _is_ref(field: RemoteField | None) -> bool:
    return field is not None and field.remote.endswith("Ref.value")


def _field(element: str | None, descriptor: Descriptor) -> RemoteField | None:
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
