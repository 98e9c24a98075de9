"""A mapping that is guessed: by the headings of a file, and by the shape of its values.

It is text for a person to read and change: what was guessed, and, as comments, what is left to
say. Nothing of the values themselves stands in it, except the words of closed lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from interop_cli.domain.fields import NEEDED, Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.address_text import parse_address
from interop_cli.domain.values.text import fold, words
from interop_cli.inputs.mapping import Fields
from interop_cli.inputs.mapping.columns import column_key
from interop_cli.inputs.mapping.forms import kind_of
from interop_cli.inputs.mapping.headings import (
    FIRST_NAME,
    HOLDS,
    LAST_NAME,
    TOTALS,
    headings,
    meanings,
    meant_entity,
    nearly,
)
from interop_cli.inputs.mapping.rows import as_text
from interop_cli.inputs.mapping.sampling import (
    Table,
    date_forms,
    decimal_marks,
    sampled,
    shape_of,
    strange_words,
)
from interop_cli.inputs.mapping.systems import known_system, written
from interop_cli.inputs.source import Source

MOST_WORDS = 40  # of a closed list
Line = str | Message

_CODE = re.compile(r"[A-Z0-9_-]{1,20}")
_WORD = re.compile(r"[^\W\d_][^@\d]{0,30}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SAID = ("sheet", "encoding", "delimiter")  # of the options, to be said once for all
_SEPARATORS = (" ::: ", ":::", ";")


def suggestion(source: Source, entity: str, fields: Fields, **form: Any) -> Iterator[Line]:
    """The lines of a mapping for this file of clients, contacts, documents …; comments are said.

    ``form`` is what is known of the file (``format``, ``encoding``, ``delimiter``). Raises what
    reading does.
    """
    table = sampled(source, headings(entity), **form)
    yield msg(
        "A mapping guessed from {file}: read it, and change it where it is wrong.", file=source.name
    )
    yield msg(
        "columns: on the left their column, on the right our field. fields: on the left our"
        " field, on the right what it is made of. See: interop help mapping"
    )
    if (meant := meant_entity(entity, table.columns)) != entity:
        yield ""
        yield msg("The columns are those of other records than this command takes; for them:")
        yield f"#   {HOLDS[meant]} FILE --suggest"
    said = {name: str(form[name]) for name in _SAID if form.get(name)}
    if entity == "client" and (name := known_system(table.columns)):
        yield msg(
            "These are the columns of {name}: --mapping {name} reads them, which is this:",
            name=name,
        )
        yield ""
        yield from written(name, {key: _quoted(text) for key, text in said.items()})
        return
    if form.get("format") == "xlsx" and form.get("sheet") is None:
        from interop_cli.inputs.workbook import sheets_left_out

        if names := sheets_left_out(source):
            yield msg("sheets that were not read: {names}", names=", ".join(names))
    yield from _Guess(table, entity, fields, said).lines()


class _Guess:
    """What each column is, and what of it is to be said."""

    def __init__(self, table: Table, entity: str, fields: Fields, said: dict[str, str]) -> None:
        self._said = said
        self._table = table
        self._entity = entity
        self._fields = fields
        self._columns: dict[str, str] = {}  # ours by theirs
        self._made: dict[str, str] = {}  # templates by our field
        self._split: dict[str, list[str]] = {}
        self._unknown: list[str] = []
        self._open: list[Message] = []
        self._join = ""
        self._noted: set[str] = set()

    def lines(self) -> Iterator[Line]:
        own = self._guess()
        found = {**self._columns, **{f"{{{name}}}": target for target, name in self._made.items()}}
        values = [*self._words()]
        top = [*self._top()]
        self._missing({*own.values(), *found.values(), *self._made})
        if self._unknown:
            names = ", ".join(self._unknown)
            self._open.append(
                msg("{names}: no field is like these; name one in columns.", names=names)
            )
        if self._open:
            yield ""
            yield msg("Left to say:")
            yield from self._open
        elif len(own) == len(self._table.columns) and not (top or values or self._split):
            yield ""
            yield msg("Every column is named as a field of ours: the file needs no mapping.")
        yield ""
        yield from top
        if self._unknown:
            note = self._fields.has("note.text")
            comment = ' # or "note": keep them in a note; or "error"' if note else ' # or "error"'
            yield f'others = "ignore"{comment}'
        yield from _table("split", dict(self._split))
        yield from _table("columns", self._columns)
        yield from _table("fields", self._made, dotted=True)
        yield from values

    # -- which column is which ----------------------------------------------------------------

    def _guess(self) -> dict[str, str]:
        """Give every column its field; answers with those that are named as ours already."""
        own = {c: column_key(c) for c in self._table.columns if self._is_own(column_key(c))}
        taken = {key: column for column, key in reversed(own.items())}
        waiting = [column for column in self._table.columns if column not in own]
        # Columns without anything in them come after those that have.
        for filled in (True, False):
            for guesser in (self._by_heading, self._nearly, self._by_shape):
                for column in list(waiting):
                    cells = self._table.cells(column)
                    target = self._refined(guesser(column), cells)
                    if bool(cells) is filled and target is not None and target not in taken:
                        taken[target] = column
                        waiting.remove(column)
        self._unknown += waiting
        self._place(taken, own)
        return own

    def _by_heading(self, column: str) -> str | None:
        known = headings(self._entity)
        heading = words(column)
        if heading in ("nom", "name"):  # beside a first name, it is the last one
            parts = {known.get(words(other)) for other in self._table.columns}
            if FIRST_NAME in parts and LAST_NAME not in parts:
                return LAST_NAME
        return known.get(heading)

    def _nearly(self, column: str) -> str | None:
        return nearly(self._entity, column)

    def _by_shape(self, column: str) -> str | None:
        shape = shape_of(self._table.cells(column))
        return shape if shape and self._fields.has(shape) else None

    def _is_own(self, key: str) -> bool:
        if key in ("nom", "name") and self._by_heading(key) == LAST_NAME:
            return False
        ours = self._fields.has(key) and key not in ("notes", "contacts", "addresses")
        ignored = key in map(column_key, self._fields.ignored) and key != "id"
        return ours or ignored

    def _refined(self, target: str | None, cells: list[str]) -> str | None:
        """The field that the values speak for, among those that the heading may mean."""
        sample = cells[:50]
        if target in ("line1", "full_address") and sample:
            whole = sum(parse_address(cell, "CA") is not None for cell in sample)
            return "full_address" if whole * 2 >= len(sample) else "line1"
        if target in ("client", "client.name") and sample:
            return "client" if all(_CODE.fullmatch(cell) for cell in sample) else "client.name"
        if target == "ship_to" or target is None or self._fields.has(target):
            return target
        return target if target in (FIRST_NAME, LAST_NAME) else None

    def _place(self, taken: dict[str, str], own: dict[str, str]) -> None:
        self._noted = {name for name in taken if name.startswith("note")}
        named = self._name(taken)
        self._find_join(taken)
        if named and self._entity == "client":
            self._reach_person(taken, named)
        elif self._entity == "client":
            for target in ("contact.title", "contact.mobile"):
                if target in taken:
                    self._unknown.append(taken.pop(target))
        for target, column in taken.items():
            if not self._splits(target, column) and column not in own:
                self._columns[column] = target

    def _name(self, taken: dict[str, str]) -> list[str]:
        """Say what names are made of; the columns that name the person."""
        first, last = taken.pop(FIRST_NAME, None), taken.pop(LAST_NAME, None)
        person = " ".join(f"{{{column}}}" for column in (first, last) if column)
        named = [column for column in (first, last) if column]
        if person and self._entity == "client":
            self._made["name"] = (
                f"{{{taken.pop('name')}}} | {person}" if "name" in taken else person
            )
            self._made["contact.name"] = person
            if "contact.name" in taken:
                self._unknown.append(taken.pop("contact.name"))
        elif person:
            self._made["name"] = person
        if self._entity == "client" and "name" not in {*taken, *self._made} and "code" in taken:
            self._made["name"] = f"{{{taken['code']}}}"
            self._made["code"] = f"{{{taken.pop('code')}}}"
        return [taken["contact.name"]] if "contact.name" in taken else named

    def _reach_person(self, taken: dict[str, str], named: list[str]) -> None:
        """The e-mail is the person's; the client's too, unless each row is another person."""
        column = taken.get("email")
        if column is not None:
            self._splits("email", column)
            column = f"{column}[1]" if column in self._split else column
            self._columns.pop(column, None)
            choices = [f"{{?{name}}}{{{column}}}" for name in named]
            self._made["contact.email"] = " | ".join(choices)
            if self._join:
                self._made["contact.email"] = f"{{{column}}}"
            else:
                self._made["email"] = f"{{{column}}}"
            del taken["email"]
        for target in ("contact.title", "contact.mobile"):
            if target in taken:
                text = taken.pop(target)
                self._made[target] = " | ".join(f"{{?{name}}}{{{text}}}" for name in named)

    def _find_join(self, taken: dict[str, str]) -> None:
        """Whether several rows are one record: a row a person, or a row a line."""
        lines = any(target.startswith("line.") for target in taken)
        if self._entity == "document" and lines and "number" in taken:
            self._join = taken["number"]
            return
        person = "contact.name" in taken or "contact.name" in self._made
        column = taken.get("code") or taken.get("name") or _sole(self._made.get("code", ""))
        if self._entity != "client" or not person or not column:
            return
        keys = [fold(as_text(row.get(column))) for row in self._table.rows]
        repeated = len({key for key in keys if key}) < len([key for key in keys if key])
        if repeated or (all(keys[:1]) and not all(keys)):
            self._join = column

    def _splits(self, target: str, column: str) -> bool:
        """Say how the cells of this column are split; whether that says its field too."""
        cells = self._table.cells(column)
        by = [mark for mark in _SEPARATORS if any(mark in cell for cell in cells)]
        if not by or target not in ("tags", "email", "phone"):
            return False
        self._split[column] = [mark.strip() for mark in by[:1]]
        if ";" in by and ";" not in self._split[column]:
            self._split[column].append(";")
        if target == "tags":
            return False
        self._columns[f"{column}[1]"] = target
        if self._fields.has("note.text"):
            note = "note.text" if "note.text" not in {*self._made, *self._noted} else "note2.text"
            self._made[note] = f"{column}: {{{column}[*]}}"
        else:
            self._columns[f"{column}[*]"] = ""
            self._open.append(
                msg("{column}: what its second part and those after it are", column=column)
            )
        return True

    # -- what is said once for the file ---------------------------------------------------------

    def _top(self) -> Iterator[Line]:
        yield from (f"{name} = {_quoted(text)}" for name, text in self._said.items())
        if self._table.header == 0:
            yield "header = false # #1 is the first column"
        elif self._table.header is not None:
            yield f"header = {self._table.header}"
        if self._join:
            yield f"join = {_quoted(self._join)} # rows that are alike there are one record"
        total = self._total()
        if total:
            yield f"where = {_quoted(total)}"
        yield from self._dates()
        yield from self._decimal()

    def _total(self) -> str:
        for column in self._table.columns[:3]:
            found = {fold(cell): cell for cell in self._table.cells(column)}
            if several := [found[word] for word in found if words(word) in TOTALS]:
                return " and ".join(f"{{{column}}} != {json.dumps(text)}" for text in several)
        return ""

    def _named(self) -> dict[str, str]:
        """Our field by column, for those that have one."""
        own = {c: key for c in self._table.columns if self._is_own(key := column_key(c))}
        return {**own, **self._columns}

    def _of_kind(self, *kinds: Kind) -> list[str]:
        """The cells of all columns whose field is of this kind."""
        return [
            cell
            for column, target in self._named().items()
            if kind_of(target) in kinds
            for cell in self._table.cells(column)
        ]

    def _dates(self) -> Iterator[Line]:
        cells = self._of_kind(Kind.DATE, Kind.TIME)
        forms = date_forms(cells)
        if forms is None:
            return
        if len(forms) == 1:
            yield f"dates = {_quoted(forms[0])}"
        elif forms:
            shown = " ".join(map(_quoted, forms))
            self._open.append(
                msg("dates: day and month can be read in several ways: {forms}", forms=shown)
            )
            yield f"# dates = {_quoted(forms[0])}"
        else:
            self._open.append(
                msg("dates: the form of the dates, such as {example}", example='"%d/%m/%Y"')
            )

    def _decimal(self) -> Iterator[Line]:
        cells = self._of_kind(Kind.MONEY)
        marks = decimal_marks(cells)
        if marks is not None and len(marks) == 1:
            yield f"decimal = {_quoted(marks[0])}"
        elif marks is not None:
            self._open.append(msg("decimal: the mark before the cents, a comma or a point"))

    def _words(self) -> Iterator[Line]:
        """What words of closed lists mean, where they are not ours."""
        for column, target in self._named().items():
            strange = strange_words(target, self._table.cells(column))
            if not strange:
                continue
            if len(strange) > MOST_WORDS or not all(map(_WORD.fullmatch, strange)):
                self._open.append(
                    msg(
                        "{column}: its words are none that {field} knows",
                        column=column,
                        field=target,
                    )
                )
                continue
            if any(words(word) not in meanings(target) for word in strange):
                self._open.append(msg("values.{field}: what each word means", field=target))
            yield ""
            yield f"[values.{target}]"
            for word, text in strange.items():
                meaning = meanings(target).get(words(word))
                yield (
                    f"{_quoted(text)} = {_quoted(meaning)}"
                    if meaning
                    else (f'# {_quoted(text)} = ""')
                )

    def _missing(self, found: set[str]) -> None:
        for name in NEEDED[self._entity]:
            if name == "client" and any(target.startswith("client") for target in found):
                continue
            if name == "client":
                self._open.append(
                    msg("nothing names the client; say it with {option}", option="--client CODE")
                )
            elif name == "kind" and name not in found:
                self._open.append(
                    msg("nothing says the kind of the documents: kind in fields, or --kind")
                )
            elif name not in found and not ("full_address" in found and name in ("line1", "city")):
                self._open.append(msg("nothing gives {field}, which is required", field=name))


def _sole(template: str) -> str | None:
    found = re.fullmatch(r"\{([^{}]+)\}", template)
    return found[1] if found else None


def _table(name: str, entries: dict[str, Any], *, dotted: bool = False) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield f"[{name}]"
    for key, value in entries.items():
        shown = key if dotted or _BARE.fullmatch(key) else _quoted(key)
        text = f"[{', '.join(map(_quoted, value))}]" if isinstance(value, list) else _quoted(value)
        yield f"{shown} = {text}"


def _quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
