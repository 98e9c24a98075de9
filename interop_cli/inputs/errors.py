"""The errors of reading: which file, which line, which column, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from interop_cli.domain.errors import Detail, InvalidData, IoFailure
from interop_cli.domain.messages import Message, msg


def invalid(
    code: str,
    file: str,
    reason: Message,
    *,
    line: int | None = None,
    column: int | None = None,
    hint: Message | None = None,
) -> InvalidData:
    """The error of a file whose content cannot be read; lines and columns count from 1."""
    if column is not None:
        reason = msg("column {column}: {reason}", column=column, reason=reason)
    place: dict[str, Any] = {"file": file, "line": line, "column": column}
    return InvalidData(
        code,
        msg("{file} cannot be read.", file=file),
        hint=hint,
        details=[Detail("", code, reason, line)],
        **{name: value for name, value in place.items() if value is not None},
    )


def unreadable(
    code: str, file: str, reason: Message | str, hint: Message | None = None
) -> IoFailure:
    """The error of a file that the system does not give us."""
    return IoFailure(
        code,
        msg("{file} cannot be read: {reason}.", file=file, reason=reason),
        hint=hint,
        file=file,
    )


def nearest(name: str, names: Iterable[str]) -> Message | None:
    """A hint with the one of ``names`` that was probably meant."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(names), 1, 0.5)
    return msg("Did you mean {name}?", name=found[0]) if found else None
