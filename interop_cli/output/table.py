"""Rows as a table for people, drawn by tabulate.

Widths need all rows, and memory must not grow with them: the first ``BOUND`` rows settle the
widths and are drawn by tabulate, the rest follows in the same widths as it comes (a wider cell
then pushes its row). Only on a terminal is anything left out or broken: see ``fitted``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import NamedTuple

from interop_cli.domain.fields.field import NUMBERS, Column, ValueKind
from interop_cli.i18n import _
from interop_cli.output.columns import ColumnChoice, Row, wrapped_named
from interop_cli.output.people import readers
from interop_cli.output.style import Style, clip, width
from interop_cli.output.words import title

BOUND = 1000
NARROWEST = 8  # a column that was asked for is not cut below this
NARROW, ROOMY = 18, 24  # what texts keep while others leave; those of the first rank keep more
BROKEN = 12  # what goes on below needs no more
DAY = len("2026-01-05")
_GAP = 2
Lines = list[list[str]]
LeftOut = Callable[[list[ColumnChoice]], None]


def table(
    choices: list[ColumnChoice],
    batches: Iterable[list[Row]],
    *,
    columns: Sequence[Column] = (),
    style: Style,
    room: int | None = None,
    dim: int | None = None,
    key: str | None = None,
    asked: bool = False,
    feminine: bool = False,
    left_out: LeftOut | None = None,
    bound: int = BOUND,
) -> Iterator[str]:
    """Header and rows. ``room``: cells of the terminal, ``None`` where nothing is to be cut.

    ``columns`` are those of the rows. The column called ``key`` is never cut, and none leaves where
    the person ``asked`` for them; ``left_out`` is told which did. ``dim`` is the index of a boolean
    in the rows; a row where it is false is greyed. ``feminine``: as ``readers`` has it.
    """
    rest = iter(batches)
    first: list[Row] = []
    for batch in rest:
        first.extend(batch)
        if len(first) >= bound:
            break
    read = readers(choices, columns, feminine=feminine)
    titles = [_(choice.header) if choice.header else title(choice.name) for choice in choices]

    def cells(rows: Iterable[Row]) -> Lines:
        return [[one(row).strip() for one in read] for row in rows]

    lines = cells(first[:bound])
    limits = dict.fromkeys(range(len(choices)), Cut())
    wrapped = {place for place, choice in enumerate(choices) if wrapped_named(choice.name)}
    if room is not None:
        limits = fitted(_traits(choices, titles, lines, key), room, leave=not asked)
        gone = [choice for place, choice in enumerate(choices) if place not in limits]
        if gone and left_out:
            left_out(gone)
    kept = [choices[place] for place in limits]
    head = [cut.of(titles[place]) for place, cut in limits.items()]
    shown, rows = _laid_out(lines, first[:bound], limits, wrapped)
    drawn, widths = _draw(kept, head, shown)
    yield "\n".join(drawn[:2]) + "\n"
    yield from _dressed(drawn[2:], rows, style, dim)
    for batch in chain([first[bound:]], rest):
        shown, rows = _laid_out(cells(batch), batch, limits, wrapped)
        yield from _dressed([_line(kept, line, widths) for line in shown], rows, style, dim)


class Cut(NamedTuple):
    """What a cell is cut to: so many cells of the terminal, or its day."""

    columns: int | None = None
    day: bool = False

    def of(self, text: str) -> str:
        """``text``, cut."""
        if self.day:  # its title has none
            return text[:DAY] if text[:1].isdecimal() else text
        return text if self.columns is None else clip(text, self.columns)

    def broken(self, text: str) -> list[str]:
        """``text``, in lines that are so wide."""
        if self.columns is None or width(text) <= self.columns:
            return [text]
        from textwrap import wrap

        return [self.of(line) for line in wrap(text, self.columns)]


@dataclass(frozen=True, slots=True)
class Trait:
    """What decides whether a column stays, and how wide: its whole width and its narrowest."""

    width: int
    narrowest: int
    rank: int
    day: int = 0  # how wide it is where its times are shown as days
    constant: bool = False  # it says the same in each row, or nothing


def _traits(
    choices: Sequence[ColumnChoice], titles: Sequence[str], cells: Lines, key: str | None
) -> list[Trait]:
    traits = []
    for choice, head, texts in zip(
        choices, titles, zip(*cells, strict=True) if cells else [()] * len(choices), strict=True
    ):
        widest = max(map(width, (head, *texts)))
        cut = ROOMY if choice.rank == 1 else NARROW
        if wrapped_named(choice.name):
            cut = BROKEN
        narrowest = max(min(widest, cut), width(head))
        if choice.whole or choice.name == key:
            narrowest = widest
        day = max(DAY, width(head)) if choice.kind is ValueKind.TIME else 0
        same = len(set(texts)) == 1 and (len(texts) > 1 or not texts[0])
        constant = same and choice.name != key
        rank = 1 if choice.name == key else choice.rank
        traits.append(Trait(widest, narrowest, rank, day, constant))
    return traits


def fitted(traits: Sequence[Trait], room: int, *, leave: bool) -> dict[int, Cut]:
    """The columns that stay in ``room`` cells, by their place, and what each is cut to.

    Where not all has room, times become days, and columns that say the same in each row leave; then
    those of low rank, the last first, until texts are wide enough to be read. What stays shares the
    room, the first rank last to give; only what nobody can leave out is wider.
    """
    stay = dict(enumerate(traits))
    if _total(one.width for one in traits) > room:
        stay = {
            place: replace(one, width=one.day, narrowest=one.day) if one.day else one
            for place, one in stay.items()
        }
    while leave:
        free = [(one.constant, one.rank, place) for place, one in stay.items() if one.rank > 1]
        constant, _rank, place = max(free, default=(False, 0, 0))
        narrow = _total((one.width if constant else one.narrowest) for one in stay.values())
        if not free or narrow <= room:
            break
        del stay[place]
    widths = {place: one.width for place, one in stay.items()}
    excess = _total(widths.values()) - room
    for floors in (
        {place: one.narrowest for place, one in stay.items()},
        {place: min(one.narrowest, NARROWEST) for place, one in stay.items()},
    ):
        for first_rank in (False, True):
            mine = [
                place
                for place, one in stay.items()
                if (one.rank == 1) is first_rank and one.narrowest < one.width
            ]
            excess = _narrow(widths, mine, floors, excess)
    return {
        place: Cut(widths[place] if one.narrowest < one.width else None, one.day == one.width)
        for place, one in stay.items()
    }


def _narrow(widths: dict[int, int], places: list[int], floors: dict[int, int], excess: int) -> int:
    """Take from the widest of ``places`` until nothing is too much; what still is."""
    while excess > 0:
        free = [place for place in places if widths[place] > floors[place]]
        if not free:
            break
        widths[max(free, key=lambda place: widths[place])] -= 1
        excess -= 1
    return excess


def _total(widths: Iterable[int]) -> int:
    found = list(widths)
    return sum(found) + _GAP * (len(found) - 1)


def _draw(
    choices: list[ColumnChoice], titles: list[str], cells: Lines
) -> tuple[list[str], list[int]]:
    """The lines of the table (titles, dashes, rows), and its widths.

    The titles are drawn as a row, since tabulate makes a column two wider than its header.
    """
    from tabulate import tabulate

    lines = [titles, *cells]
    text = tabulate(
        lines,
        tablefmt="plain",
        disable_numparse=True,
        colalign=["right" if choice.kind in NUMBERS else "left" for choice in choices],
    )
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    drawn = text.split("\n")
    drawn.insert(1, "  ".join("-" * columns for columns in widths))
    return drawn, widths


def _line(choices: list[ColumnChoice], cells: list[str], widths: list[int]) -> str:
    """One row in widths that are settled."""
    padded = []
    for choice, text, columns in zip(choices, cells, widths, strict=True):
        space = " " * (columns - (len(text) if text.isascii() else width(text)))
        padded.append(space + text if choice.kind in NUMBERS else text + space)
    return "  ".join(padded).rstrip()


def _dressed(lines: list[str], rows: Sequence[Row], style: Style, dim: int | None) -> Iterator[str]:
    if dim is None or not style.enabled:
        if lines:
            yield "\n".join(lines) + "\n"
        return
    for line, row in zip(lines, rows, strict=True):
        yield (line if row[dim] else style.render(style.dim(line))) + "\n"


def _laid_out(
    lines: Lines, rows: Sequence[Row], limits: dict[int, Cut], wrapped: Collection[int]
) -> tuple[Lines, Sequence[Row]]:
    """The cells of the columns that stay, each cut, and the row that each line is of.

    What is ``wrapped`` goes on in lines below its row.
    """
    if not any(cut.columns for place, cut in limits.items() if place in wrapped):
        return [[cut.of(line[place]) for place, cut in limits.items()] for line in lines], rows
    found: Lines = []
    of: list[Row] = []
    for line, row in zip(lines, rows, strict=True):
        parts = [
            cut.broken(line[place]) if place in wrapped else [cut.of(line[place])]
            for place, cut in limits.items()
        ]
        below = [[*cells] for cells in zip_longest(*parts, fillvalue="")]
        found += below
        of += [row] * len(below)
    return found, of
