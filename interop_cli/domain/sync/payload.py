"""Payloads: what we would send about one record, in a normal form, and when two are equal.

A payload is keyed by *our* names of fields and holds values in the *remote's* form (a country's
name where the remote wants names). Whether anything has to be sent at all is decided by comparing
payloads, never by who wrote last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from interop_cli.domain.errors import InteropError
from interop_cli.domain.values.phone import format_phone, normalize_phone
from interop_cli.domain.values.places import country_code, country_name, country_rules
from interop_cli.domain.values.text import nfc

Value = str | int | bool | None
Payload = dict[str, Value]

HALVES = frozenset({"first_name", "last_name"})
"""The two fields there that one of ours, a name, is sent in."""

NORTH_AMERICA = ("CA", "US")

_COMPACT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Change(NamedTuple):
    """One field of a difference: what was last pushed, and what it is now."""

    field: str
    before: Value
    after: Value


def text(value: object) -> str | None:
    """A value as remote systems get it: composed, trimmed, inner spaces single; None if empty."""
    if value is None:
        return None
    found = value if type(value) is str else str(value)
    return " ".join((found if found.isascii() else nfc(found)).split()) or None


def listed(value: object) -> str | None:
    """The same; of several values with commas between them."""
    if isinstance(value, (list, tuple)):
        return text(", ".join(map(str, value)))
    return text(value)


def email(value: object) -> str | None:
    """An e-mail in lower case: remotes compare it so."""
    found = text(value)
    return found.lower() if found else None


def country(value: object) -> str | None:
    """A country, whichever way it is said: its English name; what means none is left as it is.

    So ``CA``, ``CAN`` and ``Canada`` are the same, whoever wrote them.
    """
    found = text(value)
    return _named(found) if found else None


@lru_cache(1024)  # few are met, and again and again
def _named(found: str) -> str:
    code = country_code(found)
    return country_name(code, "en") if code else found


def province(value: object, of_country: object) -> str | None:
    """A province of Canada or a state of the United States, whichever way it is said: its code."""
    found = text(value)
    return _abbreviated(found, country(of_country)) if found else None


@lru_cache(1024)  # few are met, and again and again
def _abbreviated(found: str, of_country: str | None) -> str:
    codes = (country_code(of_country),) if of_country else NORTH_AMERICA
    named = (country_rules(code).province_code(found) for code in codes if code in NORTH_AMERICA)
    return next((code for code in named if code), found)


def phone(value: object) -> str | None:
    """A telephone number as we show it, whichever way it is written; else the text as it is."""
    found = text(value)
    return _dialled(found) if found else None


@lru_cache(4096)
def _dialled(found: str) -> str:
    try:
        number, valid = normalize_phone(found, "CA")
    except InteropError:  # a control character
        return found
    return format_phone(number) if valid else found


def stored_phone(stored: str | None) -> str | None:
    """One of our telephone numbers, in the same form."""
    if not stored:
        return None
    return text(format_phone(stored)) if stored.startswith("+") else phone(stored)


def dumped(payload: Mapping[str, Value]) -> str:
    """A payload as it is stored: equal payloads are the same text."""
    return _COMPACT(payload)


def digest(payload: Mapping[str, Value], form: str) -> str:
    """The SHA-256 of a payload; ``form`` names the version of the rules that made it."""
    return digest_of(dumped(payload), form)


def digest_of(text: str, form: str) -> str:
    """The same of a payload as it is stored."""
    return hashlib.sha256(f"[{_COMPACT(form)},{text}]".encode()).hexdigest()


def differences(
    before: Mapping[str, Value] | None, after: Mapping[str, Value]
) -> tuple[Change, ...]:
    """The fields of ``after`` that ``before`` does not hold as they are, in order.

    A field that ``before`` had and ``after`` has not is not ours any more: it is left alone.
    """
    if not before:
        return tuple(
            [Change(name, None, value) for name, value in after.items() if value is not None]
        )
    known = before.get
    return tuple(
        [Change(name, was, value) for name, value in after.items() if (was := known(name)) != value]
    )


def kept(ours: Payload, theirs: Mapping[str, Value]) -> Payload:
    """The fields in which a record says something else there than here: one that was brought in,
    or one that the system there writes in its own way.

    What is there may not be ours to say (another split of a name, terms that are unknown here). So
    it stays, until somebody edits the field: the pair of both values is known by its digest.
    """
    return pairs(
        ours,
        {name: found for name in ours if (found := theirs.get(name)) not in (None, "", ours[name])},
    )


def pairs(ours: Mapping[str, Value], theirs: Mapping[str, Value]) -> Payload:
    """The fields of ``theirs``, which are to stay as they are there until ours are edited."""
    return {name: _pair(ours.get(name), found) for name, found in theirs.items()}


def as_kept(ours: Payload, theirs: Mapping[str, Value], kept: Mapping[str, Value]) -> Payload:
    """A payload that says what is there in those fields of ``kept`` that nobody edited since."""
    if not kept:
        return ours
    same = {name for name in kept if kept[name] == _pair(ours.get(name), theirs.get(name))}
    if not kept.keys() & HALVES <= same:  # of a name that was edited, both halves are sent
        same -= HALVES
    return {**ours, **{name: theirs.get(name) for name in same if name in ours}}


def _pair(ours: Value, theirs: Value) -> str:
    return hashlib.sha256(_COMPACT([ours, theirs]).encode()).hexdigest()
