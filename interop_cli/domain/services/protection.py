"""Refusing to delete what is used, with the whole list of what uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import Message, msg


def in_use(
    code: str, blockers: Sequence[Mapping[str, Any]], message: Message, hint: Message
) -> Conflict:
    """The error that lists every blocker: its kind, how many, and the first references."""
    details = [
        Detail(
            blocker["kind"],
            f"in_use.{blocker['kind']}",
            msg(
                "{kind}: {count} ({references})",
                kind=blocker["kind"],
                count=blocker["count"],
                references=", ".join(blocker["references"]),
            ),
        )
        for blocker in blockers
    ]
    return Conflict(code, message, hint=hint, details=details, blockers=list(blockers))
