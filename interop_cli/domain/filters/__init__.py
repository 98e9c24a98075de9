"""Filters: what an expression says, a tree of comparisons under ``and``, ``or`` and ``not``.

And what a value in it means for its field: it is read as ``create`` reads what one types, into the
stored values that it stands for. One of a closed list that the list does not have is refused with
the nearest, unless some row holds it as it was typed: old foreign data may.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from typing import Protocol

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values import closed_lists, days
from interop_cli.domain.values.closed_lists import ClosedList
from interop_cli.domain.values.code import uid_key
from interop_cli.domain.values.text import fold, nfc

SEE_HELP = msg("See: interop help filters")
RANGES = frozenset({"<", "<=", ">", ">="})
"""The operators that compare with more or less."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as typed, without its quotes. Within quotes it is text: ``"null"`` is a word."""

    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether it is the word null."""
        return not self.quoted and self.text.lower() == "null"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """``field op value``; ``op`` is one of ``= != < <= > >= ~``."""

    field: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class In:
    """``field in (…)``; ``not in`` is this inside a ``Not``."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IsNull:
    """``field is null``."""

    field: str


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The opposite."""

    part: Node


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds."""

    parts: tuple[Node, ...]


Leaf = Comparison | In | IsNull
Node = Leaf | Not | All | Some


def leaves(node: Node) -> Iterator[Leaf]:
    """Every comparison of a tree, in the order in which they were written."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Not):
            waiting.append(node.part)
        elif isinstance(node, All | Some):
            waiting.extend(reversed(node.parts))
        else:
            yield node


# -- what the values mean -------------------------------------------------------------------------

DATES = frozenset({Kind.TIME, Kind.DATE})
NUMBERS = frozenset({Kind.INT, Kind.MONEY})
FOLDED = frozenset({Kind.FOLDED, Kind.CODE, Kind.EMAIL})
MAX_INT = 2**63 - 1
# As tables say them too, in both languages.
_TRUTHS = dict.fromkeys(("true", "yes", "oui", "vrai"), 1) | dict.fromkeys(
    ("false", "no", "non", "faux"), 0
)
_PLACES = {ClosedList.PROVINCE, ClosedList.COUNTRY}

_RELATIVE = re.compile(r"-(\d{1,4})([dwmy])", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A telephone as people write one, or a part of it.
_DIALLED = re.compile(r"[\d\s().+\-\u00a0\u2011]*\d[\d\s().+\-\u00a0\u2011]*")


class Filtered(Protocol):
    """What has to be known of a field to read its values."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def kind(self) -> Kind:
        """What it holds."""

    @property
    def choices(self) -> ClosedList | None:
        """The list its values are out of."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` on, until before ``end``: UTC as stored."""

    start: str
    end: str


Held = Callable[[str], Sequence[str]]
"""The stored values of the field that are folded as this one is."""


def nobody_holds(_text: str) -> Sequence[str]:
    """No row holds it."""
    return ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading depends on: the day, the zone whose days are meant, and what is the company's.

    That is its country and its ``categories`` of notes. The zone ``None`` is that of this machine.
    """

    today: date
    zone: tzinfo | None = UTC
    country: str = "CA"
    categories: tuple[str, ...] = ()

    def stored(
        self, field: Filtered, value: Value, held: Held = nobody_holds
    ) -> tuple[object, ...]:
        """The stored values that ``value`` stands for, at least one; not for a ``Kind.TIME``.

        Raises UsageError ``filter.value``.
        """
        text = value.text
        if field.choices is not None:
            return self._listed(field, field.choices, text, held)
        if field.kind in FOLDED:
            return (fold(text),)
        if field.kind in NUMBERS:
            return (_number(field, text),)
        if field.kind is Kind.UID:
            return (uid_key(text),)
        if field.kind is Kind.BOOL:
            return (_truth(field, text),)
        if field.kind is Kind.DATE:
            return (self._day(field, text).isoformat(),)
        typed = nfc(text.strip())
        return tuple(dict.fromkeys((self._as_created(field, typed), typed)))

    def span(self, field: Filtered, value: Value) -> Span:
        """The time that ``value`` stands for: a whole day of the zone, or a second."""
        try:
            if moment := days.zoned_time(value.text):
                return Span(days.stamp(moment), days.stamp(moment + timedelta(seconds=1)))
            day = self._day(field, value.text)
            end = days.midnight(day + timedelta(days=1), self.zone)
            return Span(days.midnight(day, self.zone), end)
        except (ValueError, OverflowError):
            raise _no_date(field) from None

    def _day(self, field: Filtered, text: str) -> date:
        try:
            if relative := _RELATIVE.fullmatch(text):
                return before(self.today, int(relative[1]), relative[2].lower())
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except (ValueError, OverflowError):
            pass
        raise _no_date(field)

    def _listed(
        self, field: Filtered, which: ClosedList, text: str, held: Held
    ) -> tuple[object, ...]:
        known = self._meant(which, text)
        if not known:
            known = tuple(held(text))
        if not known:
            raise self._unknown(field, which, text)
        if field.kind in FOLDED:
            return tuple(dict.fromkeys(map(fold, known)))
        # A province of a country without a list was kept as it was typed.
        typed = (nfc(text.strip()),) if which is ClosedList.PROVINCE else ()
        return tuple(dict.fromkeys((*known, *typed)))

    def holding(
        self, field: Filtered, which: ClosedList, text: str, held: Held
    ) -> tuple[object, ...]:
        """The values of a closed list that have the text in their code, or else in their name.

        ``held`` gives the stored values that have it in them. Raises UsageError ``filter.value``
        where neither the list nor any row has one.
        """
        known = self._meant(which, text) or closed_lists.holding(
            which, text, self.country, self.categories
        )
        if not known and not held(text):
            raise self._unknown(field, which, text)
        return known

    def _meant(self, which: ClosedList, text: str) -> tuple[str, ...]:
        if which is ClosedList.DOCUMENT_STATUS and fold(text) in closed_lists.SAYS_MORE:
            return ()
        return closed_lists.meant(which, text, self.country, self.categories)

    def _unknown(self, field: Filtered, which: ClosedList, text: str) -> UsageError:
        near = closed_lists.nearest(which, text, self.country, self.categories)
        if not near and which in _PLACES:  # country = Québec
            (other,) = _PLACES - {which}
            near = f"{other} = {text}" if closed_lists.meant(other, text, self.country) else None
        offered = ", ".join(closed_lists.offered(which, self.categories))
        if near:
            hint = msg("Did you mean {field}?", field=near)
        else:
            hint = msg("One of: {choices}", choices=offered) if offered else SEE_HELP
        return bad(msg("There is no such value, and no row has it."), field, hint)

    def _as_created(self, field: Filtered, text: str) -> str:
        """The form in which ``create`` would store it; as typed where it would refuse."""
        if field.kind is Kind.PHONE:
            from interop_cli.domain.values.phone import normalize_phone

            try:
                return normalize_phone(text, self.country)[0]
            except ValueError:  # a control character
                return text
        if field.name == "postal_code":
            from interop_cli.domain.values.places import country_rules

            return country_rules(self.country).postal_code(text)
        if field.name in ("gst", "qst", "neq"):
            from interop_cli.domain.values.taxnumbers import compact

            return compact(text) if text.isprintable() else text
        return text


def digits_of(text: str) -> str:
    """The digits of a telephone or a part of one; "" where the text holds something else."""
    if not _DIALLED.fullmatch(text):
        return ""
    return "".join(char for char in text if char.isdecimal() and char.isascii())


def before(today: date, count: int, unit: str) -> date:
    """The day so many days, weeks, months or years (``d w m y``) before ``today``.

    The last day of a month that has no such day. Raises ValueError or OverflowError before year 1.
    """
    if unit in "dw":
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    months = count * (12 if unit == "y" else 1)
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def bad(what: Message, field: Filtered, hint: Message = SEE_HELP) -> UsageError:
    """The error ``filter.value`` about a field."""
    text = msg("--filter {field}: {what}", field=field.name, what=what)
    return UsageError("filter.value", text, hint=hint)


def _number(field: Filtered, text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,19}", text, re.ASCII) or abs(int(text)) > MAX_INT:
        raise bad(msg("This field takes a whole number."), field)
    return int(text)


def _truth(field: Filtered, text: str) -> int:
    found = _TRUTHS.get(fold(text))
    if found is None:
        raise bad(msg("This field takes true or false."), field)
    return found


def _no_date(field: Filtered) -> UsageError:
    return bad(msg("This field takes a date: YYYY-MM-DD, or -3y (d w m y)."), field)
