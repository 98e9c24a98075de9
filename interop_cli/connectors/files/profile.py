"""Profiles: what a file for another system looks like, read from TOML; the forms of its columns.

Some are shipped (``profiles/*.toml``); a target may name a file of the user's own instead.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from interop_cli.disk import expanded
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.fields import CLIENT, Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.payload import email, listed, text
from interop_cli.domain.values.phone import format_phone
from interop_cli.domain.values.places import country_name

_STORED = re.compile(r"\+(\d+)(?:;ext=(\d+))?")
_MARKS = str.maketrans("", "", " ()-.+/")


def digits(value: object) -> str | None:
    """A phone number in digits, without the 1 of North America; an extension follows it.

    Letters of a number that was kept as typed stay, so that the column's pattern refuses it.
    """
    found = text(value)
    if found is None:
        return None
    stored = _STORED.fullmatch(found)
    if stored is None:
        return found.translate(_MARKS)
    number, extension = stored[1], stored[2] or ""
    national = number[1:] if number.startswith("1") and len(number) == 11 else number
    return national + extension


def _phone(lang: str) -> Callable[[object], str | None]:
    return lambda value: text(format_phone(str(value), lang)) if value else None


def _country(lang: str) -> Callable[[object], str | None]:
    return lambda value: text(country_name(str(value), lang)) if value else None


def _changed(change: Callable[[str], str]) -> Callable[[object], str | None]:
    def form(value: object) -> str | None:
        found = text(value)
        return change(found) if found is not None else None

    return form


FORMS: dict[str, Callable[[object], str | None]] = {
    "text": listed,
    "email": email,
    "digits": digits,
    "phone_fr": _phone("fr"),
    "phone_en": _phone("en"),
    "country_fr": _country("fr"),
    "country_en": _country("en"),
    "compact": _changed(lambda found: found.replace(" ", "")),
    "alphanumeric": _changed(lambda found: "".join(filter(str.isalnum, found))),
    "upper": _changed(str.upper),
    "flag": lambda value: None if value is None else "1" if value else "0",
}
"""By the name that a profile gives (``form = "digits"``)."""


SHIPPED = Path(__file__).parent / "profiles"
NEWLINES = {"crlf": "\r\n", "lf": "\n"}
QUOTING = ("all", "minimal", "none")
INSIDE = ("double", "refuse", "drop")
FIELDS = frozenset(
    {field.name for field in CLIENT if field.synced and field.kind is not Kind.NAMED}
    | {"billing_name", "billing_email", "billing_phone"}
)
"""Our fields that a column may have, besides ``accounting.*``."""
MAX_SIZE = 256 * 1024

_TOP: dict[str, tuple[type, object]] = {
    "title": (str, ""),
    "file": (str, None),
    "encoding": (str, "utf-8"),
    "newline": (str, "crlf"),
    "delimiter": (str, ","),
    "quoting": (str, "minimal"),
    "quotes_inside": (str, "double"),
    "header": (bool, False),
    "guard": (bool, False),
    "key": (str, None),
    "before": (list, []),
    "after": (list, []),
    "columns": (list, None),
}
_COLUMN: dict[str, tuple[type, object]] = {
    "title": (str, ""),
    "field": (str, ""),
    "value": (str, ""),
    "prefer": (str, ""),
    "form": (str, "text"),
    "required": (bool, False),
    "max": (int, 0),
    "pattern": (str, ""),
    "map": (dict, {}),
}


@dataclass(frozen=True, slots=True)
class ProfileColumn:
    """One column: a ``field`` of ours (``prefer``: another one first) in a form, or a ``value``
    that is always the same. ``max`` counts characters; 0 is no limit. ``map`` has what stands for
    each of our values (``net30``: ``3``; under "" what stands for none): a value that is not in it
    has no place in the file.
    """

    title: str
    field: str
    value: str
    prefer: str
    form: str
    required: bool
    max: int
    pattern: str
    map: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A file's form. ``key`` is the field the other system knows a client by.

    ``before`` and ``after`` are lines around the rows. ``sha256`` is of the profile itself.
    """

    name: str
    sha256: str
    title: str
    file: str
    encoding: str
    newline: str
    delimiter: str
    quoting: str
    quotes_inside: str
    header: bool
    guard: bool
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    columns: tuple[ProfileColumn, ...]


def shipped() -> list[str]:
    """The names of the profiles that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(name: str) -> Profile:
    """A shipped profile by its name, or one of the user's by its path.

    Raises ConfigError ``sync.profile.*``, naming what is wrong in it.
    """
    path = SHIPPED / f"{name}.toml" if name in shipped() else Path(expanded(name, "--profile"))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError:
        raise ConfigError(
            "sync.profile.unknown",
            msg("There is no profile {name}.", name=name[:200]),
            hint=msg("Profiles: {names}; or the path of a TOML file.", names=", ".join(shipped())),
        ) from None
    if len(content) > MAX_SIZE:
        raise _wrong(path.name, msg("it is too large"))
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise _wrong(path.name, msg("it is not TOML: {why}", why=str(error)[:200])) from None
    return _checked(path.name, _values(path.name, data, _TOP), hashlib.sha256(content).hexdigest())


def _values(file: str, data: Mapping[str, Any], known: Mapping[str, tuple[type, object]]) -> Any:
    """The keys of a table with their defaults; raises ConfigError for what does not belong."""
    for key, value in data.items():
        if key not in known:
            raise _wrong(file, msg("there is no setting {key}", key=key[:40]))
        if type(value) is not known[key][0]:
            raise _wrong(file, msg("{key} has the wrong type", key=key))
    found = {key: data.get(key, default) for key, (_type, default) in known.items()}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        raise _wrong(file, msg("{key} is missing", key=missing[0]))
    return found


def _checked(file: str, found: dict[str, Any], sha256: str) -> Profile:
    for key, choices in (("newline", NEWLINES), ("quoting", QUOTING), ("quotes_inside", INSIDE)):
        if found[key] not in choices:
            raise _wrong(
                file, msg("{key} must be one of {choices}", key=key, choices=", ".join(choices))
            )
    try:
        codecs.lookup(found["encoding"])
        "".encode(found["encoding"])
    except LookupError:
        encoding = found["encoding"][:40]
        raise _wrong(file, msg("there is no encoding {name}", name=encoding)) from None
    if not re.fullmatch(r"[\w.-]*\{batch\}[\w.-]*", found["file"]):
        raise _wrong(file, msg("file must be a file name that has batch in braces"))
    if len(found["delimiter"]) != 1 or found["delimiter"] in '"\r\n':
        raise _wrong(file, msg("delimiter must be one character"))
    lines = [*found["before"], *found["after"]]
    if not all(isinstance(line, str) and line.isprintable() for line in lines):
        raise _wrong(file, msg("before and after must be lists of lines"))
    columns = tuple(_column(file, one) for one in found["columns"])
    fields = [one.field for one in columns if one.field]
    if len(set(fields)) != len(fields):
        raise _wrong(file, msg("a field stands in two columns"))
    if found["key"] not in fields:
        raise _wrong(file, msg("key must be the field of a column"))
    lists = {key: tuple(found[key]) for key in ("before", "after")}
    return Profile(
        **{
            **found,
            **lists,
            "name": Path(file).stem,
            "sha256": sha256,
            "columns": columns,
            "newline": NEWLINES[found["newline"]],
        }
    )


def _column(file: str, data: object) -> ProfileColumn:
    if not isinstance(data, dict):
        raise _wrong(file, msg("{key} has the wrong type", key="columns"))
    found = _values(file, data, _COLUMN)
    for name in (found["field"], found["prefer"]):
        if name and name not in FIELDS and not re.fullmatch(r"accounting\.\w+", name):
            raise _wrong(file, msg("there is no field {name}", name=name[:40]))
    if found["form"] not in FORMS:
        raise _wrong(
            file, msg("{key} must be one of {choices}", key="form", choices=", ".join(FORMS))
        )
    try:
        re.compile(found["pattern"])
    except re.error:
        name = found["field"][:40]
        raise _wrong(file, msg("the pattern of {name} cannot be read", name=name)) from None
    if not all(isinstance(value, str) for value in found["map"].values()):
        raise _wrong(file, msg("{key} has the wrong type", key="map"))
    if bool(found["field"]) == ("value" in data):
        raise _wrong(file, msg("a column has either a field or a value"))
    return ProfileColumn(**{**found, "title": found["title"] or found["field"]})


def _wrong(file: str, why: Message) -> ConfigError:
    return ConfigError(
        "sync.profile.invalid", msg("The profile {file} cannot be used: {why}.", file=file, why=why)
    )


def known_to(profile: Profile, payload: Mapping[str, Any]) -> str:
    """What the other system knows a record by."""
    return cast(str, payload.get(profile.key) or "")
