"""Sentences for people, kept apart from their language.

The domain and the store never know which language the user reads: they build a ``Message`` (an
English msgid and its parameters), and the boundary translates it when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import islice
from typing import Any


def N_(msgid: str) -> str:
    """Mark ``msgid`` for the catalogues and return it as it is."""
    return msgid


class Message:
    """A sentence to translate: ``msgid`` in English with ``{name}`` places, and their values.

    ``plural`` is the msgid for another number than one; its parameter ``count`` decides.
    """

    __slots__ = ("msgid", "params", "plural")

    def __init__(
        self, msgid: str, params: dict[str, Any] | None = None, plural: str | None = None
    ) -> None:
        self.msgid = msgid
        self.params = {} if params is None else params
        self.plural = plural

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        ours, theirs = ((one.msgid, one.params, one.plural) for one in (self, other))
        return ours == theirs

    def __hash__(self) -> int:
        return hash(self.msgid)

    def __repr__(self) -> str:
        return f"Message({self.msgid!r}, {self.params!r}, {self.plural!r})"

    def __str__(self) -> str:
        text = self.plural if self.plural and self.params["count"] != 1 else self.msgid
        return text.format(**self.params) if self.params else text


def msg(msgid: str, /, **params: Any) -> Message:
    """Build a ``Message``; the msgid is found by the catalogue tools through this call."""
    return Message(msgid, params)


def counted(one: str, many: str, /, *, count: int, **params: Any) -> Message:
    """Build a ``Message`` that agrees with ``count``, which also fills the place ``{count}``."""
    return Message(one, {"count": count, **params}, many)


def joined(messages: Iterable[Message]) -> Message:
    """Build a ``Message`` that has these, at least one, with commas between them."""
    return reduce(
        lambda first, second: Message("{first}, {second}", {"first": first, "second": second}),
        messages,
    )


MAX_NAMED = 5


def first_of(names: Iterable[str]) -> str:
    """These names in a sentence; of very many the first, and that there are more."""
    found = list(islice(names, MAX_NAMED + 1))
    return ", ".join([*found[:MAX_NAMED], *(["…"] if len(found) > MAX_NAMED else [])])
