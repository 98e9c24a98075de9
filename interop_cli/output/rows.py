"""Rows in the formats that are text: JSON, CSV, TSV, a list of codes, and vCards of contacts.

JSON is one object a line (ndjson), or an array with one object a line. Its formatter is made for
each call, out of the columns: one expression that unpacks a row and fills its text, with C's string
quoting for each text value. A million rows of 27 columns take 2 s so; ``json.dumps`` of a dict
takes 7 s.

CSV is that of RFC 4180, or what Excel reads in French. Cells are data: they are only guarded
against formulas, but for codes, and in TSV backslashes, tabs and line ends are written as
``\\\\ \\t \\n \\r``. Where the reader is a terminal they are made printable too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from json.encoder import encode_basestring as quote
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields.field import NUMBERS, Column, ValueKind
from interop_cli.domain.messages import msg
from interop_cli.output.columns import (
    ColumnChoice,
    Row,
    as_json,
    as_text,
    dig,
    embed,
    embed_at,
    loaded,
)
from interop_cli.output.sanitise import SUSPECT, guard, printable

if TYPE_CHECKING:
    from interop_cli.output.writer import Output

Formatter = Callable[[Sequence[Row]], list[str]]
PIECE = 200  # rows
_VALUE = {
    ValueKind.TEXT: "quote({v})",
    ValueKind.DATE: "quote({v})",
    ValueKind.TIME: "quote({v})",
    ValueKind.PHONE: "quote({v})",
    ValueKind.INT: "digits({v})",
    ValueKind.MONEY: "digits({v})",
    ValueKind.BOOL: "'true' if {v} else 'false'",
    ValueKind.JSON: "embed({v})",
}


def ndjson(
    choices: list[ColumnChoice], columns: int, batches: Iterable[list[Row]]
) -> Iterator[str]:
    """One object a line."""
    objects = formatter(choices, columns)
    for piece in _pieces(batches):
        yield "\n".join(objects(piece)) + "\n"


def array(choices: list[ColumnChoice], columns: int, batches: Iterable[list[Row]]) -> Iterator[str]:
    """An array of objects; an empty one is ``[]``."""
    objects = formatter(choices, columns)
    before = "[\n"
    for piece in _pieces(batches):
        yield before + ",\n".join(objects(piece))
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def made(blocks: Iterable[bytes], *, array: bool) -> Iterator[bytes]:
    """Objects of an engine, which come in whole lines, as ``ndjson`` or ``array`` has them."""
    if not array:
        yield from blocks
        return
    before = b"[\n"
    for block in blocks:
        yield before + block[:-1].replace(b"\n", b",\n")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _pieces(batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """The rows in pieces whose text fits the processor's cache."""
    for batch in batches:
        for start in range(0, len(batch), PIECE):
            yield batch[start : start + PIECE]


def formatter(choices: list[ColumnChoice], columns: int) -> Formatter:
    """From rows of ``columns`` values to the JSON objects of ``choices``.

    Nothing of the user's enters the compiled text but as a quoted literal.
    """
    if not choices:
        return lambda rows: ["{}"] * len(rows)
    names: dict[str, object] = {
        "quote": quote,
        "digits": int.__repr__,
        "embed": embed,
        "embed_at": embed_at,
    }
    parts = []
    for place, choice in enumerate(choices):
        before = "," if place else "{"
        if choice.kind is ValueKind.MEMBERS:
            parts.append(f"{before!r} f'{{v{choice.at}[1:-1]}}'")
            continue
        key = before + quote(choice.name) + ":"
        names[f"path{place}"] = choice.path
        value = _VALUE[choice.kind] if not choice.path else "embed_at({v}, path{place})"
        filled = value.format(v=f"v{choice.at}", place=place)
        parts.append(f"{key!r} f\"{{'null' if v{choice.at} is None else {filled}}}\"")
    unpacked = ",".join(f"v{index}" for index in range(columns))
    source = f"def fast(rows): return [{' '.join(parts)} '}}' for {unpacked}, in rows]"
    exec(compile(source, "<json row>", "exec"), names)  # noqa: S102
    fast: Formatter = names["fast"]  # type: ignore[assignment]

    def objects(rows: Sequence[Row]) -> list[str]:
        try:
            return fast(rows)
        except TypeError:  # a value of another type than its column's: SQLite allows it
            return [_object(choices, row) for row in rows]

    return objects


def _object(choices: list[ColumnChoice], row: Row) -> str:
    pairs = (
        str(row[choice.at])[1:-1]
        if choice.kind is ValueKind.MEMBERS
        else f"{quote(choice.name)}:{as_json(choice, row[choice.at])}"
        for choice in choices
    )
    return "{" + ",".join(pairs) + "}"


def pick_together(
    output: Output, columns: Sequence[Column], made: Collection[str], lists: Collection[str] = ()
) -> list[Column]:
    """As ``output.pick``; in JSON, each run of those in ``made`` is one, ``first,second,…``.

    Whoever reads the rows has the engine make the text of its members (``json_members``), which
    takes less than to take every value over and write it. ``lists``: JSON that is made so too.
    """
    picked = output.pick(columns)
    if output.format not in ("json", "ndjson") or "." in "".join(output.fields or ()):
        return picked
    found: list[Column] = []

    def way(one: Column) -> str:
        if one.name in lists:
            return "lists"
        return "made" if one.name in made else "apart"

    for how, run in groupby(picked, way):
        ones = [*run]
        if how == "apart" or len(ones) == 1:
            found += ones
        else:
            found.append(Column(",".join(one.name for one in ones), ValueKind.MEMBERS))
    return found


def whole(columns: Sequence[Column]) -> list[str]:
    """The members, where an engine makes all of each object for ``Output.objects``; else none."""
    if not all(one.kind is ValueKind.MEMBERS for one in columns):
        return []
    return [name for one in columns for name in one.name.split(",")]


Batches = Iterable[list[Row]]
Convert = Callable[[Sequence[object]], Iterable[str | int | None]]  # of a whole column

_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TSV_SPECIAL = re.compile(r"[\\\t\n\r]").search


class _Lines(list[str]):
    """A file for ``csv.writer`` that keeps each record by itself."""

    write = list.append


def csv_rows(
    choices: list[ColumnChoice],
    batches: Batches,
    *,
    dialect: str = "rfc4180",
    terminal: bool = False,
    words: bool = False,
) -> Iterator[str]:
    """Header and records; ``excel-fr``: a BOM, ``;`` and CRLF. ``words``: as ``guard`` has it."""
    import csv

    french = dialect == "excel-fr"
    end = "\r\n" if french else "\n"
    lines = _Lines()
    # The writer quotes what its own line end holds, so CR must be in it; we put ours after.
    writer = csv.writer(lines, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow([printable(c.name) if terminal else c.name for c in choices])
    yield ("\ufeff" if french else "") + lines.pop()[:-2] + end
    converters = [_csv_column(choice, terminal, partial(guard, words=words)) for choice in choices]
    for batch in batches:
        writer.writerows(zip(*_converted(choices, converters, batch), strict=True))
        yield "".join([line[:-2] + end for line in lines])
        lines.clear()


def tsv_rows(
    choices: list[ColumnChoice], batches: Batches, *, terminal: bool = False, header: bool = True
) -> Iterator[str]:
    """Header and records; ``header=False`` with one column is the format ``codes``."""
    if header:
        names = (choice.name.translate(_TSV) for choice in choices)
        yield "\t".join(map(printable, names) if terminal else names) + "\n"
    converters = [_tsv_column(choice, terminal, guarded=header) for choice in choices]
    for batch in batches:
        cells = _converted(choices, converters, batch)
        records = zip(*(map(str, column) for column in cells), strict=True)
        yield "".join(["\t".join(record) + "\n" for record in records])


def _converted(
    choices: list[ColumnChoice], converters: list[Convert], batch: Sequence[Row]
) -> list[Iterable[str | int | None]]:
    """The cells of ``batch``, column by column: that is much faster than cell by cell."""
    if not batch:
        return []
    values = list(zip(*batch, strict=True))
    pairs = zip(choices, converters, strict=True)
    return [convert(values[choice.at]) for choice, convert in pairs]


def cell(choice: ColumnChoice, value: object) -> str | None:
    """The value as text, without guard or escapes; ``None`` where there is none."""
    if value is None:
        return None
    if choice.kind is ValueKind.JSON:
        return as_text(dig(loaded(value), choice.path))
    if choice.kind is ValueKind.BOOL:
        return "true" if value else "false"
    return as_text(value)


def _csv_column(choice: ColumnChoice, terminal: bool, guarded: Callable[[str], str]) -> Convert:
    def one(value: object) -> str | None:
        text = cell(choice, value)
        if text is None or (choice.kind in NUMBERS and isinstance(value, int)):
            return text
        return printable(guarded(text)) if terminal else guarded(text)

    def texts(column: Sequence[Any]) -> Iterable[str | None]:
        try:
            return [v if v is None or v[:1] not in SUSPECT else guarded(v) for v in column]
        except TypeError:  # not all of them are text: SQLite allows it
            return map(one, column)

    def numbers(column: Sequence[object]) -> Iterable[str | int | None]:
        return [v if type(v) is int else one(v) for v in column]

    if terminal or choice.kind in (ValueKind.BOOL, ValueKind.JSON):
        return partial(map, one)
    return numbers if choice.kind in NUMBERS else texts


def _tsv_column(choice: ColumnChoice, terminal: bool, *, guarded: bool) -> Convert:
    def one(value: object) -> str:
        if type(value) is int and choice.kind in NUMBERS:
            return str(value)
        if type(value) is not str or choice.kind is ValueKind.JSON:
            value = cell(choice, value) or ""
        if guarded and value[:1] in SUSPECT:
            value = guard(value)
        text = value.translate(_TSV) if _TSV_SPECIAL(value) else value
        return printable(text) if terminal else text

    return partial(map, one)


VERSIONS = {"vcard": "3.0", "vcard4": "4.0"}
"""The formats, and the version of each."""
COMPANY = "client_name"
"""The column with the name of a contact's client, where there is one."""


def card_rows(
    choices: Sequence[ColumnChoice],
    batches: Iterable[Sequence[Row]],
    version: str,
    *,
    terminal: bool = False,
) -> Iterator[str]:
    """The cards of rows of contacts; a terminal gets what it may show."""
    for batch in batches:
        cards = ({one.name: row[one.at] for one in choices} for row in batch)
        text = "".join(card(contact, version) for contact in cards)
        yield "\n".join(map(printable, text.splitlines())) + "\n" if terminal and text else text


def no_contact() -> UsageError:
    """What was asked for is no list of contacts, or not whole ones."""
    return UsageError(
        "output.vcard",
        msg("Only contacts go out as vCards, and whole ones: without --fields."),
        hint=msg("interop contact list -o vcard"),
    )


def card(contact: Mapping[str, Any], version: str) -> str:
    """One card."""
    from vobjectx import vCard
    from vobjectx.vcard import Name

    made = vCard()
    made.add("version").value = version
    name = str(contact["name"])
    given, _space, family = name.rpartition(" ")
    made.add("n").value = Name(family=family, given=given)
    made.add("fn").value = name
    for field, prop in (("title", "title"), ("client", "x-interop-client"), ("language", "lang")):
        if contact.get(field):
            made.add(prop).value = str(contact[field])
    if contact.get(COMPANY):
        made.add("org").value = [str(contact[COMPANY])]
    if contact.get("email"):
        made.add("email").value = str(contact["email"])
    for field, kind in (("phone", "work"), ("mobile", "cell")):
        if contact.get(field):
            _telephone(made.add("tel"), str(contact[field]), kind, version)
    if contact.get("uid"):
        made.add("uid").value = f"urn:uuid:{contact['uid']}"
    text: str = made.serialize()
    return text


def _telephone(prop: Any, stored: str, kind: str, version: str) -> None:
    """A number as it is stored; version 4 has it as an address, where it is one."""
    prop.params["TYPE"] = [kind]
    if version == "4.0" and stored.startswith("+"):
        prop.params["VALUE"] = ["uri"]
        prop.value = f"tel:{stored}"
    else:
        prop.value = stored.replace(";ext=", " ext. ")
