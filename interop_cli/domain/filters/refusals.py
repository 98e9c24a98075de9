"""What a filter is refused for, with the form that may have been meant.

A hint repeats the values of a field only where they could name nobody.
"""

from __future__ import annotations

import re

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import Message, msg

SEE_HELP = msg("See: interop help filters")
SHOWN = 60  # characters of a list that a hint writes out


def several(field: str, op: str, sign: str, rest: str, *, tells: bool) -> UsageError:
    """A comma or a parenthesis outside quotes: several values were meant, or it is text.

    ``rest`` is the expression from the value on; ``tells``: the hint may repeat it.
    """
    what = (
        msg("a value outside quotes holds no comma.")
        if sign == ","
        else msg("a value outside quotes holds no parenthesis.")
    )
    values = _list_in(rest)
    if op not in ("=", "!=") or values is None:
        return error(what, quote_it(field, op), field=field)
    words = "in" if op == "=" else "not in"
    shown = values if tells and len(values) <= SHOWN else "(…)"
    return error(
        what,
        msg(
            "Did you mean: {field} {op} {values}? A comma or parenthesis of the value itself"
            " goes in quotes.",
            field=field[:40],
            op=words,
            values=shown,
        ),
        field=field,
    )


def _list_in(rest: str) -> str | None:
    """``(a, b)`` at the beginning of ``rest``, typed with or without parentheses."""
    if rest.startswith("("):
        end = rest.find(")")
        return rest[: end + 1] if end > 0 else None
    stop = re.search(r"[()]|(?<!\S)(?:and|or)(?!\S)", rest, re.IGNORECASE)
    if stop is not None and stop[0] == "(":
        return None
    items = rest[: stop.start()] if stop else rest
    return f"({items.strip()})" if "," in items else None


def word_inside(field: str, op: str, word: str, *, whole: bool) -> UsageError:
    what = msg("a value outside quotes does not hold the word {word}.", word=word)
    if whole and not op.endswith("in"):
        return error(
            what,
            msg('Put it in quotes: {field} {op} "{word}"', field=field[:40], op=op, word=word),
            field=field,
        )
    return error(what, quote_it(field, op), field=field)


def quote_it(field: str, op: str) -> Message:
    """The form of a value in quotes, without the value."""
    if op.endswith("in"):
        return msg('Put such a value in quotes: {field} {op} ("…")', field=field[:40], op=op)
    return msg('Put the value in quotes: {field} {op} "…"', field=field[:40], op=op)


class FilterSyntax(UsageError):
    """An expression that cannot be read: ``reason`` and ``field``, wherever it is written."""

    def __init__(self, reason: Message, hint: Message, field: str) -> None:
        self.reason, self.field = reason, field[:40]
        text = (
            msg("--filter {field}: {what}", field=self.field, what=reason)
            if field
            else msg("--filter: {what}", what=reason)
        )
        super().__init__("filter.syntax", text, hint=hint)


def error(reason: Message, hint: Message = SEE_HELP, *, field: str = "") -> FilterSyntax:
    """The error ``filter.syntax``."""
    return FilterSyntax(reason, hint, field)
