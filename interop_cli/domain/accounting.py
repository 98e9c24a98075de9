"""The fields that accounting systems ask of a client, checked against what the targets take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Detail
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.validation import invalid_details

if TYPE_CHECKING:
    from interop_cli.domain.sync.descriptor import RemoteField

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
            reason = msg("no configured target has this field; fields: {names}", names=names or "-")
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
