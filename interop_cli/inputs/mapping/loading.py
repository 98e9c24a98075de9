"""A mapping out of its TOML file, checked as far as it can be without the file that it is for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from interop_cli.domain.errors import ConfigError, UsageError
from interop_cli.domain.filters.grammar import FilterSyntax
from interop_cli.domain.matching import NAMEABLE
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs import nearest
from interop_cli.inputs.mapping import ColumnFault
from interop_cli.inputs.mapping.columns import OTHERS, ColumnMap
from interop_cli.inputs.mapping.expressions import (
    Cell,
    Template,
    Where,
    parse_template,
    parse_where,
)
from interop_cli.inputs.mapping.forms import MARKS
from interop_cli.inputs.source import open_source

KEYS = tuple(str(key) for key in NAMEABLE)
_LARGEST = 1024 * 1024  # bytes
_READY_NAME = re.compile(r"[a-z0-9]+")
_READING = ("encoding", "delimiter", "sheet")
ENTRIES = (
    "key",
    "others",
    "optional",
    "where",
    "join",
    "first",
    "header",
    "dates",
    "decimal",
    *_READING,
    "columns",
    "fields",
    "split",
    "values",
    "defaults",
)


READY = Path(__file__).parent / "ready"
"""Mappings that come with the program: ``NAME.toml`` for clients, else ``NAME.document.toml``."""


def ready(entity: str = "client") -> list[str]:
    """The names of those that come with the program for files of this kind."""
    ending = ".toml" if entity == "client" else f".{entity}.toml"
    names = (path.name.removesuffix(ending) for path in READY.glob(f"*{ending}"))
    return sorted(name for name in names if "." not in name)


def load_map(name: str, entity: str = "client") -> ColumnMap:
    """The mapping called ``name`` that comes with the program, or the one in that TOML file.

    ``entity`` is what the file holds. See ``interop help mapping``.

    Raises ``UsageError`` (``import.map.ready``) for a name that is one of other files,
    ``ConfigError`` (``import.map.file``, ``import.map.unknown``, ``import.map.value``,
    ``import.map.template``, ``import.map.where``) with the file and the key, and what
    ``open_source`` raises.
    """
    return read_map(name, _bytes_of(name, entity))


def text_of_map(name: str, entity: str = "client") -> str:
    """The text of that mapping; raises what ``load_map`` does for one that cannot be opened."""
    return _bytes_of(name, entity).decode("utf-8-sig", "replace")


def _bytes_of(name: str, entity: str) -> bytes:
    if _READY_NAME.fullmatch(name):
        if name in ready(entity):
            path = READY / (f"{name}.toml" if entity == "client" else f"{name}.{entity}.toml")
            return path.read_bytes()
        if not Path(name).exists():
            raise UsageError(
                "import.map.ready",
                msg("There is no mapping {name} for this.", name=name),
                hint=msg("Ready ones: {names}; or a TOML file.", names=", ".join(ready(entity))),
            )
    with open_source(name, None) as source, source.binary() as stream:
        return stream.read(_LARGEST + 1)


def read_map(name: str, data: bytes) -> ColumnMap:
    """The mapping in ``data``; ``name`` is what to call it in an error."""
    return _Reader(name, _document(name, data)).mapping()


class _Reader:
    """Reads the entries of one document, each refused with its name."""

    def __init__(self, file: str, document: dict[str, Any]) -> None:
        self._file = file
        self._document = document

    def mapping(self) -> ColumnMap:
        for entry in self._document:
            if entry not in ENTRIES:
                message = msg("{file}: {key} is not known here.", file=self._file, key=entry)
                hint = nearest(entry, ENTRIES)
                raise ConfigError(
                    "import.map.unknown", message, hint=hint, file=self._file, key=entry
                )
        columns = {name.strip(): to.strip() for name, to in self._texts("columns").items()}
        fields = self._fields()
        for target in fields.keys() & {*columns.values()}:
            raise self._bad(f"fields.{target}", msg("said once: it stands in columns too"))
        return ColumnMap(
            columns,
            self._texts("defaults", flat=True),
            self._key(),
            self._file,
            fields,
            {name.strip(): self._strings(f"split.{name}", by) for name, by in self._table("split")},
            self._values(),
            self._strings("dates", self._document.get("dates", [])),
            self._one_of("decimal", MARKS),
            self._one_of("others", OTHERS) or "error",
            self._optional(),
            self._where(),
            tuple(map(self._join, self._strings("join", self._document.get("join", [])))),
            self._strings("first", self._document.get("first", [])),
            self._header(),
            {name: str(value) for name in _READING if (value := self._reading(name)) is not None},
        )

    # -- the entries ------------------------------------------------------------------------

    def _key(self) -> str | None:
        given = self._document.get("key")
        if given is None:
            return None
        several = given if isinstance(given, list) else str(given).split(",")
        names = [name.strip() for name in several if isinstance(name, str)]
        if not names or len(names) != len(several) or not set(names) <= set(KEYS):
            raise self._bad("key", msg("one of {choices}", choices=", ".join(KEYS)))
        return ",".join(names)

    def _fields(self) -> dict[str, Template]:
        found = {}
        for target, text in self._texts("fields", flat=True).items():
            found[target] = self._template(f"fields.{target}", text)
        return found

    def _join(self, text: str) -> Template:
        """A column, or text that columns make."""
        return self._template("join", text) if "{" in text else Template(text, ((Cell(text),),))

    def _template(self, key: str, text: str) -> Template:
        try:
            return parse_template(text)
        except ColumnFault as fault:
            raise self._not_read("import.map.template", key, fault.reason) from None

    def _values(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for path, text in self._flat("values", dict(self._table("values"))):
            target, word = path
            found.setdefault(target, {})[fold(word)] = self._text(f"values.{target}.{word}", text)
        return found

    def _optional(self) -> tuple[str, ...] | bool:
        given = self._document.get("optional", [])
        return given if isinstance(given, bool) else self._strings("optional", given)

    def _where(self) -> Where | None:
        text = self._document.get("where")
        if text is None:
            return None
        if not isinstance(text, str):
            raise self._bad("where", msg("text in quotes"))
        try:
            return parse_where(text)
        except ColumnFault as fault:
            raise self._not_read("import.map.where", "where", fault.reason) from None
        except FilterSyntax as error:
            raise ConfigError(
                "import.map.where",
                msg(
                    "{file}: where {field}: {reason}",
                    file=self._file,
                    field=error.field,
                    reason=error.reason,
                )
                if error.field
                else msg("{file}: where: {reason}", file=self._file, reason=error.reason),
                hint=error.hint,
                file=self._file,
                key="where",
            ) from None

    def _header(self) -> Any:
        given = self._document.get("header")
        if given is None or given == "find":
            return given
        if given is False:
            return 0
        if isinstance(given, int) and not isinstance(given, bool) and given > 0:
            return given
        raise self._bad("header", msg('a line number, "find", or false'))

    def _reading(self, name: str) -> object:
        given = self._document.get(name)
        if given is not None and not (isinstance(given, str) or (name, type(given)) == _SHEET):
            raise self._bad(name, msg("text in quotes"))
        return given

    # -- their forms ------------------------------------------------------------------------

    def _table(self, key: str) -> Any:
        table = self._document.get(key, {})
        if not isinstance(table, dict):
            raise self._bad(key, msg("a table"))
        return table.items()

    def _texts(self, key: str, *, flat: bool = False) -> dict[str, str]:
        """A table of text; numbers and booleans become what one would write in a cell.

        ``flat``: its names are fields, so that ``contact.name`` needs no quotes.
        """
        table = dict(self._table(key))
        if flat:
            table = {".".join(path): text for path, text in _paths(table)}
        return {
            name: self._text(f"{key}.{name}", value, only_text=key == "columns")
            for name, value in table.items()
        }

    def _flat(self, key: str, table: dict[str, Any]) -> Any:
        """A table of tables: the field and the word, and what it means."""
        for path, value in _paths(table):
            if value == {}:  # only comments
                continue
            if len(path) < 2:
                raise self._bad(f"{key}.{path[0]}", msg("a table"))
            yield (".".join(path[:-1]), path[-1]), value

    def _text(self, key: str, value: object, *, only_text: bool = False) -> str:
        if not isinstance(value, str | int) or (only_text and not isinstance(value, str)):
            raise self._bad(key, msg("text in quotes"))
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _strings(self, key: str, given: object) -> tuple[str, ...]:
        several = given if isinstance(given, list) else [given]
        if not all(isinstance(one, str) and one for one in several):
            raise self._bad(key, msg("text in quotes, or a list of such"))
        return tuple(several)

    def _one_of(self, key: str, choices: Collection[str]) -> Any:
        given = self._document.get(key)
        if given is not None and given not in choices:
            raise self._bad(key, msg("one of {choices}", choices=" ".join(choices)))
        return given

    # -- what is wrong ----------------------------------------------------------------------

    def _bad(self, key: str, wanted: Message) -> ConfigError:
        message = msg("{file}: {key} must be {wanted}.", file=self._file, key=key, wanted=wanted)
        return ConfigError("import.map.value", message, file=self._file, key=key)

    def _not_read(self, code: str, key: str, reason: Message) -> ConfigError:
        message = msg(
            "{file}: {key} cannot be read: {reason}.", file=self._file, key=key, reason=reason
        )
        hint = msg("See: interop help mapping")
        return ConfigError(code, message, hint=hint, file=self._file, key=key)


_SHEET = ("sheet", int)


def _paths(table: Mapping[str, Any]) -> Any:
    """The values of a table and of those in it, with the names that lead there."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from (((name, *path), found) for path, found in _paths(value))
        else:
            yield (name,), value


def _document(name: str, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        if len(data) > _LARGEST:
            raise ValueError
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, too much of it
        where = _line(error, data)
        message = (
            msg("{file} is not valid TOML (line {line}).", file=name, line=where)
            if where
            else msg("{file} is not valid TOML.", file=name)
        )
        raise ConfigError("import.map.file", message, file=name, line=where) from None


def _line(error: Exception, data: bytes) -> int | None:
    """The line in the parser's message, which quotes the text and so is not shown itself."""
    found = re.search(r"\(at (?:line (\d+)|end of document)", str(error))
    if not found:
        return None
    return int(found[1]) if found[1] else data.rstrip().count(b"\n") + 1
