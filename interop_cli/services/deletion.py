"""Refusing to delete what is used, with the whole list of what uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.values.closed_lists import USER_TITLES


def in_use(
    code: str, blockers: Sequence[Mapping[str, Any]], message: Message, hint: Message
) -> Conflict:
    """The error that lists every blocker: its kind, how many, and the first references."""
    details = [
        Detail(
            blocker["kind"],
            f"in_use.{blocker['kind']}",
            msg(
                "{count} ({references})",
                count=blocker["count"],
                references=", ".join(blocker["references"]),
            ),
            title=Message(USER_TITLES[blocker["kind"]]),
        )
        for blocker in blockers
    ]
    return Conflict(code, message, hint=hint, details=details, blockers=list(blockers))


def kept(entity: str, key: str) -> RuleWarning:
    """What tells that one asked to be deleted was deactivated: it is in use."""
    return RuleWarning(
        "active", f"{entity}.kept", msg("is in use: inactive instead of deleted"), key=key
    )
