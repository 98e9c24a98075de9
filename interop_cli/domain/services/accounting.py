"""The fields of the accounting system on a client: checked against what the targets take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Rules

if TYPE_CHECKING:
    from interop_cli.domain.client import Client
    from interop_cli.domain.sync.descriptor import Field

PREFIX = "accounting."


def check(client: Client, before: Mapping[str, str], rules: Rules) -> None:
    """Refuse values that a configured target could not take; warn of names that none knows.

    Only what differs from ``before`` is looked at, and nothing where no target is configured.
    Raises InvalidData with a detail a field.
    """
    changed = {
        name: value for name, value in client.accounting.items() if before.get(name) != value
    }
    known = rules.accounting_fields() if changed or not before else None
    if known is None:
        return
    details = []
    for name, value in changed.items():
        field = known.get(name)
        if field is None:
            names = ", ".join(sorted(known))
            rules.warn(
                PREFIX + name, "client.accounting.unknown",
                msg("no configured target has this field; fields: {names}", names=names or "-"),
            )  # fmt: skip
            continue
        problem = field.problem(value)
        if problem is not None:
            details.append(
                Detail(PREFIX + name, problem.code, problem.message, rules.line, rules.key)
            )
    if details:
        first = details[0]
        raise InvalidData(
            first.code, msg("{field}: {what}", field=first.path, what=first.message),
            details=details,
        )  # fmt: skip
    _warn_lacking(client, known, rules)


def _warn_lacking(client: Client, known: Mapping[str, Field], rules: Rules) -> None:
    """Tell what a client still lacks before it can be sent; a prospect need not have it."""
    if client.prospect:
        return
    for name, field in known.items():
        if field.required and not client.accounting.get(name):
            rules.warn(
                PREFIX + name, "client.accounting.missing",
                msg("is required before the client can be sent to accounting"),
            )  # fmt: skip
