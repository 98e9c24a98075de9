"""What a mapping says in a line: what a field is made of, and ``where``: which rows are taken.

A field is made of ``{Company} | {First Name} {Last Name}``:

::

    template = choice { "|" choice }
    choice   = { text | "{" column "}" | "{?" column "}" }
    column   = its name | name "[" part "]"     of a cell that is split; ``[*]`` is the rest
             | "#" number                       the column at that place

The first choice with anything in its columns counts; one without columns is a constant. An empty
column takes along the text before it, and a bracket that closes after it. ``{?Column}`` gives no
text; where that column is empty, its choice does not count. ``{{``, ``}}`` and ``||`` stand for one
brace or bar. ``where`` is in the language of filters, about the columns of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from interop_cli.domain.filters import RANGES, All, In, IsNull, Leaf, Node, Not, leaves
from interop_cli.domain.filters.grammar import FIELD, parse
from interop_cli.domain.messages import msg
from interop_cli.domain.values.text import fold
from interop_cli.inputs.mapping import ColumnFault

REST = 0
"""The part of a split cell that holds all that no other names."""

_TOKEN = re.compile(r"\{\{|\}\}|\|\||\{([^{}]*)\}|[{}|]|[^{}|]+")
_PART = re.compile(r"(.+)\[([1-9]\d?|\*)\]", re.DOTALL)
_CLOSING = re.compile(r"[)\]»”]+")
_JOINTS = " \t,;:/·–—-"


@dataclass(frozen=True, slots=True)
class Cell:
    """A column that a template names; ``part`` counts from 1, ``None`` for the cell as it is."""

    column: str
    part: int | None = None


def parse_cell(text: str) -> Cell:
    """A column as it is named in a template or on the left of ``[columns]``."""
    found = _PART.fullmatch(text)
    if found is None:
        return Cell(text)
    return Cell(found[1].strip(), REST if found[2] == "*" else int(found[2]))


@dataclass(frozen=True, slots=True)
class Test:
    """A column that must hold something, or its choice does not count."""

    cell: Cell


Piece = str | Cell | Test


@dataclass(frozen=True, slots=True)
class Template:
    """What a field is made of; ``text`` is how it was written."""

    text: str
    choices: tuple[tuple[Piece, ...], ...]

    def cells(self) -> Iterator[Cell]:
        """The columns that it names, in their order."""
        for choice in self.choices:
            for piece in choice:
                if not isinstance(piece, str):
                    yield piece.cell if isinstance(piece, Test) else piece

    @property
    def sole(self) -> Cell | None:
        """The column, where it is just that column."""
        match self.choices:
            case ((Cell() as cell,),):
                return cell
        return None

    @property
    def has_constant(self) -> bool:
        """Whether a choice is a text without columns."""
        return any(all(isinstance(piece, str) for piece in choice) for choice in self.choices)

    def render(self, text_of: Callable[[Cell], str]) -> tuple[str, bool]:
        """The text, and whether a column gave any of it (a constant is the mapping's own)."""
        for choice in self.choices:
            if all(isinstance(piece, str) for piece in choice):
                return "".join(str(piece) for piece in choice).strip(), False
            if any(isinstance(piece, Test) and not text_of(piece.cell) for piece in choice):
                continue
            if text := _rendered(choice, text_of):
                return text, True
        return "", False


def _rendered(choice: tuple[Piece, ...], text_of: Callable[[Cell], str]) -> str:
    """The text of a choice; empty where its columns are."""
    found, waiting, any_before, first = "", "", False, True
    taken = True  # the column before the text at hand was
    for piece in choice:
        if isinstance(piece, Test):
            continue
        if isinstance(piece, str):
            closing = _CLOSING.match(piece)
            if closing and not first:
                found += closing[0] if taken else ""
                piece = piece[closing.end() :]
            waiting += piece
            continue
        text = text_of(piece)
        taken = bool(text)
        if text:
            if not any_before and not first:
                waiting = waiting.lstrip(_JOINTS)
            found += waiting + text
            any_before = True
        waiting, first = "", False
    return (found + (waiting if taken else "")).strip() if any_before or first else ""


def parse_template(text: str) -> Template:
    """Raises ``ColumnFault`` for a brace that is not closed, and where nothing is said."""
    choices: list[list[Piece]] = [[]]
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in ("{{", "}}", "||"):
            choices[-1].append(word[0])
        elif word == "|":
            choices.append([])
        elif word in ("{", "}"):
            raise ColumnFault(msg("a brace stands alone; write it twice where it is meant"))
        elif token[1] is not None:
            name = token[1].strip().removeprefix("?").strip()
            if not name:
                raise ColumnFault(msg("the braces name no column"))
            cell = parse_cell(name)
            choices[-1].append(Test(cell) if token[1].strip().startswith("?") else cell)
        else:
            choices[-1].append(word)
    return Template(text, tuple(_trimmed(choice) for choice in choices))


def _trimmed(choice: list[Piece]) -> tuple[Piece, ...]:
    """A choice without the spaces around the bars, its texts made one."""
    pieces: list[Piece] = []
    for piece in choice:
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    return tuple(piece for piece in pieces if piece != "")


_BRACED = re.compile(r"\{([^{}]*)\}")
_COLUMN = re.compile(rf"{_BRACED.pattern}|{FIELD.pattern}")


@dataclass(frozen=True, slots=True)
class Where:
    """An expression and the columns that it names, by the names it has for them."""

    text: str
    tree: Node
    named: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, as they were written."""
        return tuple(dict.fromkeys(column for _name, column in self.named))

    def holds(self, text_of: Callable[[str], str]) -> bool:
        """Whether a row is taken; ``text_of`` gives the text of a column."""
        names = dict(self.named)

        def true(node: Node) -> bool:
            if isinstance(node, Not):
                return not true(node.part)
            if isinstance(node, Leaf):
                return _true(node, text_of(names[node.field]).strip())
            parts = map(true, node.parts)
            return all(parts) if isinstance(node, All) else any(parts)

        return true(self.tree)


def parse_where(text: str) -> Where:
    """``{Column} = value and …``; a column of one word needs no braces.

    Raises ``ColumnFault``, and ``FilterSyntax`` as filters do.
    """
    tree = parse(text, named=_COLUMN)
    named: dict[str, str] = {}
    for leaf in leaves(tree):
        braced = _BRACED.fullmatch(leaf.field)
        named[leaf.field] = braced[1].strip() if braced else leaf.field
        if isinstance(leaf, IsNull):
            continue
        values = leaf.values if isinstance(leaf, In) else (leaf.value,)
        if any(_BRACED.search(value.text) for value in values):
            raise ColumnFault(msg("braces stand around columns, at the left of a comparison"))
        if isinstance(leaf, In) or leaf.op not in RANGES:
            continue
        if _number(leaf.value.text) is None:
            raise ColumnFault(msg("{op} compares with a number", op=leaf.op))
    return Where(text, tree, tuple(named.items()))


def _true(leaf: Leaf, text: str) -> bool:
    if isinstance(leaf, IsNull):
        return not text
    folded = fold(text)
    if isinstance(leaf, In):
        return any(_same(folded, value.text, null=value.is_null) for value in leaf.values)
    value = leaf.value
    if leaf.op in RANGES:
        return _compares(leaf.op, _number(text), _number(value.text))
    if leaf.op == "~":
        return fold(value.text) in folded
    return _same(folded, value.text, null=value.is_null) == (leaf.op == "=")


def _same(folded: str, text: str, *, null: bool) -> bool:
    return folded == ("" if null else fold(text))


def _compares(op: str, one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return False
    if op.startswith("<"):
        return one < other or (op == "<=" and one == other)
    return one > other or (op == ">=" and one == other)


def _number(text: str) -> Decimal | None:
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
