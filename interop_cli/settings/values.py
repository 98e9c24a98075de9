"""Values of settings: from text, from a TOML file, and back to text."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable

from interop_cli.domain.messages import Message, msg
from interop_cli.settings.table import Setting, SettingType

Value = str | bool | int | float | list[str]

_YES = frozenset(("true", "yes", "on", "1", "oui", "o", "y", "vrai"))
_NO = frozenset(("false", "no", "off", "0", "non", "n", "faux"))


class BadValue(ValueError):
    """The value does not fit; ``wanted`` says what would. It never holds the value itself."""

    def __init__(self, wanted: Message) -> None:
        super().__init__(str(wanted))
        self.wanted = wanted


def from_text(row: Setting, text: str) -> Value:
    """The value that ``text`` (of the environment, the database or an option) means."""
    return _checked(row, _READERS[row.type](text.strip()))


def from_toml(row: Setting, value: object) -> Value:
    """A value of a TOML file, which has types of its own and must have the right one."""
    if row.type is SettingType.LIST:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif row.type is SettingType.BOOL:
        fits = isinstance(value, bool)
    elif row.type is SettingType.INT:
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif row.type is SettingType.SECONDS:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise BadValue(_wanted(row))
    return _checked(row, value)


def to_text(value: object) -> str:
    """The text that ``from_text`` reads as ``value``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        items = [str(item) for item in value]
        plain = all(item.strip() == item and item and "," not in item for item in items)
        if plain and not (items and items[0].startswith("[")):
            return ", ".join(items)
        return json.dumps(items, ensure_ascii=False)
    return "" if value is None else str(value)


def _list(text: str) -> list[str]:
    if text.startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    return [item.strip() for item in text.split(",") if item.strip()]


def _bool(text: str) -> bool | None:
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def _number(read: Callable[[str], float]) -> Callable[[str], float | None]:
    def number(text: str) -> float | None:
        try:
            return read(text)
        except ValueError:
            return None

    return number


_READERS: dict[SettingType, Callable[[str], object]] = {
    SettingType.TEXT: str,
    SettingType.PATH: str,
    SettingType.BOOL: _bool,
    SettingType.INT: _number(int),
    SettingType.SECONDS: _number(float),
    SettingType.LIST: _list,
}


def _checked(row: Setting, value: object) -> Value:
    """``value`` in its final form; ``BadValue`` where it breaks the rules of its row."""
    if isinstance(value, list):
        return [_checked_text(row, str(item)) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and value >= 0:
        return float(value) if row.type is SettingType.SECONDS else value
    if isinstance(value, str):
        return _checked_text(row, value)
    raise BadValue(_wanted(row))


def _checked_text(row: Setting, text: str) -> str:
    text = text.upper() if row.upper else text
    if row.choices and text not in row.choices:
        raise BadValue(_wanted(row))
    if row.pattern and not re.fullmatch(row.pattern, text):
        raise BadValue(_wanted(row))
    if row.type is SettingType.PATH:
        return os.path.expanduser(text)  # noqa: PTH111 - a Path would drop "//" and "./"
    return text


def _wanted(row: Setting) -> Message:
    if row.choices:
        return msg("one of {choices}", choices=", ".join(row.choices))
    if row.pattern:
        length = row.pattern.partition("{")[2].rstrip("}")
        return (
            msg("codes of {n} letters", n=length)
            if row.type is SettingType.LIST
            else msg("a code of {n} letters", n=length)
        )
    return {
        SettingType.BOOL: msg("true or false"),
        SettingType.INT: msg("a whole number, zero or more"),
        SettingType.SECONDS: msg("a number, zero or more"),
        SettingType.LIST: msg("a list of texts"),
        SettingType.TEXT: msg("a text"),
        SettingType.PATH: msg("a text"),
    }[row.type]
