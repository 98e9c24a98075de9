"""Reading what HubSpot answers: which row a result is about, and what an error means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from interop_cli.connectors.base import no_such_place, unanswered
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.descriptor import Descriptor
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Send
from interop_cli.system import Clock

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

_EXISTING = re.compile(r"(?:Existing ID|existing id)[:\s]+(\d+)")
_TAKEN = re.compile(r"already (?:exists|has|in use)|duplicate", re.IGNORECASE)
# Seconds to wait where the answer does not say.
_WINDOWS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}


def judged(answer: HttpAnswer, clock: Clock) -> Trouble | None:
    """A whole answer that is not a 2xx; None where its status says enough."""
    body = answer.data if isinstance(answer.data, dict) else {}
    if answer.status == 429:
        return _limit(answer, body, clock)
    if answer.status in (400, 404, 409, 422):
        if answer.status == 404 and not body.get("category"):
            return no_such_place(answer)
        trouble = of_error(body, None)
        trouble.status = answer.status
        if answer.status == 404:
            return Trouble(
                TroubleKind.GONE, "remote.gone", msg("The record is not there."), status=404
            )
        if answer.status == 409 and trouble.kind is TroubleKind.VALIDATION:
            return _taken(body, None, 409)
        return trouble
    return None


def _limit(answer: HttpAnswer, body: Mapping[str, Any], clock: Clock) -> Trouble:
    policy = str(body.get("policyName") or "")
    wait = answer.retry_after()
    if policy == "DAILY":
        return Trouble(
            TroubleKind.QUOTA,
            "remote.quota",
            msg("The day's limit of calls is reached."),
            retry_after=wait or _until_midnight(clock),
            status=429,
        )
    return Trouble(
        TroubleKind.RETRY,
        "remote.limit",
        msg("The server asks us to wait."),
        retry_after=wait if wait is not None else _WINDOWS.get(policy, 10.0),
        status=429,
    )


def _until_midnight(clock: Clock) -> float:
    """Seconds to the next midnight, UTC: the zone of the HubSpot portal is not told."""
    now = clock.now()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max((midnight - now).total_seconds(), 3600.0)


def of_error(error: Mapping[str, Any], descriptor: Descriptor | None) -> Trouble:
    """What one error object means, that of a call or that of a row."""
    category = str(error.get("category") or "")
    text = str(error.get("message") or "")
    if category == "OBJECT_NOT_FOUND":
        return Trouble(TroubleKind.GONE, "remote.gone", msg("The record is not there."))
    if category == "CONFLICT" or _TAKEN.search(text):
        return _taken(error, descriptor, None)
    name = _property(error)
    known = descriptor.at(name) if descriptor and name else None
    field = known.name if known else name
    return Trouble(TroubleKind.VALIDATION, "remote.refused", _why(error, field), field=field)


def _taken(error: Mapping[str, Any], descriptor: Descriptor | None, status: int | None) -> Trouble:
    found = _EXISTING.search(str(error.get("message") or ""))
    name = _property(error)
    known = descriptor.at(name) if descriptor and name else None
    return Trouble(
        TroubleKind.NAME_TAKEN,
        "remote.name_taken",
        msg("Another record there has this key or e-mail."),
        field=known.name if known else name,
        remote_id=found[1] if found else None,
        status=status,
    )


def _why(error: Mapping[str, Any], field: str | None) -> Message:
    """A sentence without HubSpot's own text, which repeats the values of people."""
    codes = [str(detail.get("code")) for detail in _details(error) if detail.get("code")]
    reason = codes[0] if codes else str(error.get("subCategory") or error.get("category") or "-")
    reason = re.sub(r"[^A-Za-z0-9_.]", "", reason)[:60] or "-"
    if field:
        return msg("HubSpot refuses {field} ({reason}).", field=field, reason=reason)
    return msg("HubSpot refuses this record ({reason}).", reason=reason)


def _property(error: Mapping[str, Any]) -> str | None:
    """The property an error is about: it may stand in three places."""
    for context in (error.get("context"), *(d.get("context") for d in _details(error))):
        if isinstance(context, Mapping):
            for key in ("propertyName", "propertyNames"):
                values = context.get(key)
                if isinstance(values, list) and values:
                    return str(values[0])[:60]
    for detail in _details(error):
        if isinstance(detail.get("in"), str):
            return str(detail["in"])[:60]
    return None


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = error.get("errors")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def results(data: Any) -> list[Mapping[str, Any]]:
    """The objects that were asked for. Raises Trouble where the answer does not list them, or
    where it is not done.
    """
    found = data.get("results") if isinstance(data, Mapping) else None
    if not isinstance(found, list) or data.get("status", "COMPLETE") != "COMPLETE":
        raise unanswered()
    return rows(data, "results")


def rows(data: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects in an array of the answer; what is none of it is left out."""
    found = data.get(name) if isinstance(data, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def joined(data: Any) -> list[set[str]]:
    """The pairs of records that were associated; each may be told in both directions."""
    ends = [(row.get("from"), row.get("to")) for row in rows(data, "results")]
    return [
        {str(one.get("id")), str(other.get("id"))}
        for one, other in ends
        if isinstance(one, Mapping) and isinstance(other, Mapping)
    ]


def company_of(row: Mapping[str, Any]) -> str | None:
    """The company that a contact is associated with: its primary one, where it has several."""
    associations = row.get("associations")
    found = associations.get("companies") if isinstance(associations, Mapping) else None
    companies = rows(found, "results")
    companies.sort(key=lambda one: one.get("type") != "contact_to_company")  # the primary one
    return str(companies[0]["id"]) if companies and companies[0].get("id") else None


def send_of(row: Mapping[str, Any], sends: Sequence[Send], key_property: str) -> Send | None:
    """The record a result is about: by its trace, its id or our key; never by its place."""
    trace = row.get("objectWriteTraceId")
    properties = row.get("properties")
    key = properties.get(key_property) if isinstance(properties, Mapping) else None
    for send in sends:
        if trace is not None:
            if trace == send.attempt:
                return send
        elif (send.remote_id is not None and send.remote_id == row.get("id")) or key == send.key:
            return send
    return None


def sends_of(error: Mapping[str, Any], sends: Sequence[Send]) -> list[Send]:
    """The records that an error of a batch is about."""
    context, ids = error.get("context"), ids_of(error)
    traces = set(_texts(context.get("objectWriteTraceId")) if isinstance(context, Mapping) else ())
    return [
        send
        for send in sends
        if send.attempt in traces or send.remote_id in ids or (send.key in ids and not traces)
    ]


def ids_of(error: Mapping[str, Any]) -> set[str]:
    """The ids there, or keys of ours, that an error of a batch is about."""
    context = error.get("context")
    if not isinstance(context, Mapping):
        return set()
    return {*_texts(context.get("ids")), *_texts(context.get("id"))}


def _texts(value: Any) -> Iterable[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
