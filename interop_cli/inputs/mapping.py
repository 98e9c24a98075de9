"""Which column of a foreign file is which of our fields: pairs, or a map in a TOML file.

A column whose name is a field's is that field; for the others the user says, in a TOML file or
with ``Column=field`` pairs. A column that nobody knows is an error: dropping it in silence would
lose data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from interop_cli.domain.errors import ConfigError, InteropError, UsageError
from interop_cli.domain.matching import NAMEABLE, read_keys
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs.records import REJECT_REASON, invalid, nearest
from interop_cli.inputs.source import open_source


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What the user said about the columns.

    ``columns``: field by column name, ``""`` to leave the column out. ``defaults``: text by field,
    for fields that no column gives. ``key``: the fields by which rows are found again, with
    commas between them. ``file``: where it was said; ``None`` for the command line.
    """

    columns: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    file: str | None = None

    def apply(
        self,
        header: Sequence[str],
        known: Collection[str],
        *,
        accepts: Callable[[str], bool] | None = None,
        ignored: Collection[str] = (),
        file: str = "",
        partial: bool = False,
    ) -> list[str | None]:
        """The field of each column of ``header``; ``None`` for one that is left out.

        ``known`` are our fields. ``accepts`` says yes to fields that are not worth listing
        (``contact7.email``), ``ignored`` are columns that are known and not read, ``file`` is
        the name to show. With ``partial`` the header is that of one object, and others may have
        the columns it lacks. Names are compared without case and accents, and a space is ``_``.

        Raises ``InvalidData``: ``import.column.unknown``, ``import.column.missing``,
        ``import.column.twice``; for a field that does not exist ``ConfigError`` or ``UsageError``
        (``import.map.field``).
        """
        for target in (*filter(None, self.columns.values()), *self.defaults):
            if target not in known and not (accepts and accepts(target)):
                raise self._no_field(target, known)
        chosen = self._places(header, file, partial=partial)
        left_out = {_key(name) for name in (*ignored, REJECT_REASON)}
        fields = {_key(name): name for name in known}
        if header and not chosen and not any(_key(name) in fields for name in header):
            raise _no_header(file)
        targets: list[str | None] = []
        for index, column in enumerate(header):
            key = _key(column)
            if index in chosen:
                targets.append(chosen[index] or None)
            elif key in left_out:
                targets.append(None)
            elif key in fields or (accepts and accepts(key)):
                targets.append(fields.get(key, key))
            else:
                raise _unknown(column, known, file)
        _refuse_twice(header, targets, file)
        return targets

    def absent(self, targets: Iterable[str | None]) -> dict[str, str]:
        """The defaults of the fields that ``targets`` (of ``apply``) leaves without a column."""
        present = set(targets)
        return {name: text for name, text in self.defaults.items() if name not in present}

    def _places(self, header: Sequence[str], file: str, *, partial: bool) -> dict[int, str]:
        """The field for each place of ``header`` that the user named a column for."""
        keys = [_key(column) for column in header]
        places: dict[int, str] = {}
        for column, target in self.columns.items():
            if column in header:
                places[header.index(column)] = target
            elif _key(column) in keys:
                places[keys.index(_key(column))] = target
            elif not partial and _key(column) != REJECT_REASON:
                reason = msg("there is no column {name}", name=column)
                hint = nearest(column, header)
                raise invalid("import.column.missing", file, reason, line=1, hint=hint)
        return {
            index: "" if keys[index] == REJECT_REASON else target
            for index, target in places.items()
        }

    def _no_field(self, name: str, known: Collection[str]) -> InteropError:
        hint = nearest(name, known)
        if self.file is None:
            message = msg("There is no field {name}.", name=name)
            return UsageError("import.map.field", message, hint=hint, field=name)
        message = msg("{file}: there is no field {name}.", file=self.file, name=name)
        return ConfigError("import.map.field", message, hint=hint, file=self.file, field=name)


def parse_pairs(pairs: Iterable[str]) -> ColumnMap:
    """The ``Column=field`` of ``--map``; ``Column=`` leaves a column out.

    Raises ``UsageError`` (``import.map.pair``) for what is no pair, or names a column twice.
    """
    columns: dict[str, str] = {}
    for number, pair in enumerate(pairs, 1):
        column, equals, target = pair.rpartition("=")  # a column's name may hold a "="
        column = column.strip()
        if not equals or not column or column in columns:
            raise UsageError(
                "import.map.pair",
                msg(
                    "--map number {number} is not Column=field, or its column was named.",
                    number=number,
                ),
                hint=msg("Such as: {examples}", examples="--map CompanyName=name --map Fax="),
            )
        columns[column] = target.strip()
    return ColumnMap(columns)


def _no_header(file: str) -> InteropError:
    """None of the names is said: where there is no header, they are data about people."""
    return invalid(
        "import.column.unknown",
        file,
        msg("no column is named as a field"),
        line=1,
        hint=msg("The first line must hold the names of the columns."),
    )


def _unknown(column: str, known: Collection[str], file: str) -> InteropError:
    return invalid(
        "import.column.unknown",
        file,
        msg("no field is named as the column {name}", name=column),
        line=1,
        hint=nearest(_key(column), known)
        or msg("Name its field, or leave it out: {option}", option=f"--map '{column}='"),
    )


def _refuse_twice(header: Sequence[str], targets: list[str | None], file: str) -> None:
    seen: dict[str, str] = {}
    for column, target in zip(header, targets, strict=True):
        if target is None:
            continue
        if target in seen:
            columns = f"{seen[target]}, {column}"
            reason = msg("two columns give {field}: {columns}", field=target, columns=columns)
            raise invalid("import.column.twice", file, reason, line=1)
        seen[target] = column


def _key(name: str) -> str:
    return fold(name).replace(" ", "_")


_LARGEST = 1024 * 1024  # bytes
_TABLES = ("key", "columns", "defaults")


def load_map(name: str) -> ColumnMap:
    """The column map in the TOML file ``name``: ``key``, ``[columns]`` and ``[defaults]``.

    Raises ``ConfigError`` (``import.map.file``, ``import.map.unknown``, ``import.map.value``)
    with the file and the key, and what ``open_source`` raises.
    """
    document = _document(name)
    for entry in document:
        if entry not in _TABLES:
            message = msg("{file}: {key} is not known here.", file=name, key=entry)
            hint = nearest(entry, _TABLES)
            raise ConfigError("import.map.unknown", message, hint=hint, file=name, key=entry)
    key = _keys(name, document.get("key"))
    columns = _texts(name, "columns", document)
    return ColumnMap(
        {column.strip(): target.strip() for column, target in columns.items()},
        _texts(name, "defaults", document),
        key,
        name,
    )


def _keys(file: str, value: object) -> str | None:
    """The keys as ``--key`` has them; a list is as good as commas."""
    if value is None:
        return None
    text = ",".join(map(str, value)) if isinstance(value, list) else value
    try:
        if not isinstance(text, str):
            raise ValueError
        return ",".join(read_keys(text))
    except ValueError:
        wanted = msg("keys, each once, out of: {choices}", choices=", ".join(NAMEABLE))
        raise _bad_value(file, "key", wanted) from None


def _document(name: str) -> dict[str, Any]:
    import tomllib

    with open_source(name, None) as source, source.binary() as stream:
        data = stream.read(_LARGEST + 1)
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


def _texts(file: str, key: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A table of text; numbers and booleans become what one would write in a cell."""
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise _bad_value(file, key, msg("a table"))
    texts: dict[str, str] = {}
    for name, value in table.items():
        if not isinstance(value, str | int) or (key == "columns" and not isinstance(value, str)):
            raise _bad_value(file, f"{key}.{name}", msg("text in quotes"))
        texts[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _bad_value(file: str, key: str, wanted: Message) -> ConfigError:
    message = msg("{file}: {key} must be {wanted}.", file=file, key=key, wanted=wanted)
    return ConfigError("import.map.value", message, file=file, key=key)
