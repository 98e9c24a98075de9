"""A mapping that is guessed: by the headings of a file, and by the shape of its values.

It is text for a person to read and change: what was guessed, and, as comments, what is left to
say. Nothing of the values themselves stands in it, except the words of closed lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interop_cli.domain.fields import NEEDED, Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.text import fold, words
from interop_cli.inputs.mapping import Fields
from interop_cli.inputs.mapping.forms import kind_of
from interop_cli.inputs.mapping.guessing import (
    Guess,
    date_forms,
    decimal_marks,
    sampled,
    strange_words,
)
from interop_cli.inputs.mapping.headings import HOLDS, TOTALS, headings, meanings, meant_entity
from interop_cli.inputs.mapping.loading import READY
from interop_cli.inputs.source import Source

SIGNS: dict[str, tuple[set[str], ...]] = {
    "quickbooks": (
        {"customer full name", "phone numbers", "bill address"},
        {"nom complet du client", "numeros de telephone", "adresse de facturation"},
        {"bill to 1", "main phone", "customer"},
        {"bill to", "main phone", "customer"},
    ),
    "sage50": ({"bill to address line one", "customer id"},),
    "hubspot": (
        {"record id", "company domain name"},
        {"nom de l entreprise", "nom de domaine de l entreprise"},
    ),
    "shopify": ({"default address address1", "customer id"},),
    "odoo": (
        {"external id", "complete name"},
        {"id externe", "nom complet", "rue"},
        {"complete name", "state id", "country id"},
        {"name", "state id", "country id"},
    ),
    "salesforce": (
        {"billingstreet", "billingpostalcode"},
        {"account name", "billing street", "billing zip postal code"},
        {"nom du compte", "rue de facturation", "code postal de facturation"},
    ),
    "xero": ({"poaddressline1", "accountnumber"},),
    "google": ({"e mail 1 value", "organization name"},),
    "outlook": ({"business street", "business phone"}, {"rue bureau", "telephone bureau"}),
    "dolibarr": ({"code client", "departement canton"}, {"customer code", "vendor code", "zip"}),
    "northwind": ({"customerid", "companyname", "contactname"},),
}
"""Columns that only the list of clients of one system has together, in each of its forms."""


def known_system(columns: Sequence[str]) -> str | None:
    """The system whose list of clients has these columns."""
    there = {words(column) for column in columns}
    known = ((name, one) for name, several in SIGNS.items() for one in several)
    return next((name for name, signs in known if signs <= there), None)


def written(name: str, said: Mapping[str, str]) -> Iterator[str]:
    """The lines of a ready mapping, and before its first entry what is ``said`` of the file."""
    lines = (READY / f"{name}.toml").read_text("utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line and not line.startswith("#"))
    yield from lines[:first]
    yield from (f"{key} = {value}" for key, value in said.items())
    yield from lines[first:]


MOST_WORDS = 40  # of a closed list
Line = str | Message

_WORD = re.compile(r"[^\W\d_][^@\d]{0,30}")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SAID = ("sheet", "encoding", "delimiter")  # of the options, to be said once for all


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
            yield msg("sheets that were not read (--sheet NAME): {names}", names=", ".join(names))
    yield from _Text(Guess(table, entity, fields), said).lines()


class _Text:
    """The lines of a mapping: what each column was guessed to be, and what else is to be said."""

    def __init__(self, guess: Guess, said: dict[str, str]) -> None:
        self._guess = guess
        self._said = said

    def lines(self) -> Iterator[Line]:
        own = self._guess.find()
        found = {
            **self._guess.columns,
            **{f"{{{name}}}": target for target, name in self._guess.made.items()},
        }
        values = [*self._words()]
        top = [*self._top()]
        self._missing({*own.values(), *found.values(), *self._guess.made})
        if self._guess.unknown:
            names = ", ".join(self._guess.unknown)
            self._guess.open.append(
                msg("{names}: no field is like these; name one in columns.", names=names)
            )
        if self._guess.open:
            yield ""
            yield msg("Left to say:")
            yield from self._guess.open
        elif len(own) == len(self._guess.table.columns) and not (
            top or values or self._guess.split
        ):
            yield ""
            yield msg("Every column is named as a field of ours: the file needs no mapping.")
        yield ""
        yield from top
        if self._guess.unknown:
            note = self._guess.fields.has("note.text")
            yield (
                msg("Columns without a field are left out; or they go into a note, or are refused:")
                if note
                else msg("Columns without a field are left out; or they are refused:")
            )
            yield f'others = "ignore" # {"note, " if note else ""}error'
        yield from _table("split", dict(self._guess.split))
        yield from _table("columns", self._guess.columns)
        yield from _table("fields", self._guess.made, dotted=True)
        yield from values

    # -- what is said once for the file ---------------------------------------------------------

    def _top(self) -> Iterator[Line]:
        yield from (f"{name} = {_quoted(text)}" for name, text in self._said.items())
        if self._guess.table.header == 0:
            yield msg("No line names the columns: #1 is the first one.")
            yield "header = false"
        elif self._guess.table.header is not None:
            yield f"header = {self._guess.table.header}"
        if self._guess.join:
            yield msg("Rows that have the same there are one record:")
            yield f"join = {_quoted(self._guess.join)}"
        total = self._total()
        if total:
            yield f"where = {_quoted(total)}"
        yield from self._dates()
        yield from self._decimal()

    def _total(self) -> str:
        for column in self._guess.table.columns[:3]:
            found = {fold(cell): cell for cell in self._guess.table.cells(column)}
            if several := [found[word] for word in found if words(word) in TOTALS]:
                return " and ".join(f"{{{column}}} != {json.dumps(text)}" for text in several)
        return ""

    def _of_kind(self, *kinds: Kind) -> list[str]:
        """The cells of all columns whose field is of this kind."""
        return [
            cell
            for column, target in self._guess.named().items()
            if kind_of(target) in kinds
            for cell in self._guess.table.cells(column)
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
            self._guess.open.append(
                msg("dates: day and month can be read in several ways: {forms}", forms=shown)
            )
            yield f"# dates = {_quoted(forms[0])}"
        else:
            self._guess.open.append(
                msg("dates: the form of the dates, such as {example}", example='"%d/%m/%Y"')
            )

    def _decimal(self) -> Iterator[Line]:
        cells = self._of_kind(Kind.MONEY)
        marks = decimal_marks(cells)
        if marks is not None and len(marks) == 1:
            yield f"decimal = {_quoted(marks[0])}"
        elif marks is not None:
            self._guess.open.append(msg("decimal: the mark before the cents, a comma or a point"))

    def _words(self) -> Iterator[Line]:
        """What words of closed lists mean, where they are not ours."""
        for column, target in self._guess.named().items():
            strange = strange_words(target, self._guess.table.cells(column))
            if not strange:
                continue
            if len(strange) > MOST_WORDS or not all(map(_WORD.fullmatch, strange)):
                self._guess.open.append(
                    msg(
                        "{column}: its words are none that {field} knows",
                        column=column,
                        field=target,
                    )
                )
                continue
            if any(words(word) not in meanings(target) for word in strange):
                self._guess.open.append(msg("values.{field}: what each word means", field=target))
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
        for name in NEEDED[self._guess.entity]:
            if name == "client" and any(target.startswith("client") for target in found):
                continue
            if name == "client":
                self._guess.open.append(
                    msg("nothing names the client; say it with {option}", option="--client CODE")
                )
            elif name == "kind" and name not in found:
                self._guess.open.append(
                    msg("nothing says the kind of the documents: kind in fields, or --kind")
                )
            elif name not in found and not ("full_address" in found and name in ("line1", "city")):
                self._guess.open.append(msg("nothing gives {field}, which is required", field=name))


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
