"""Rows as a table for people, drawn by tabulate.

Widths need all rows, and memory must not grow with them: the first ``BOUND`` rows settle the
widths and are drawn by tabulate, the rest follows in the same widths as it comes (a wider cell
then pushes its row). Only on a terminal are cells cut, the widest columns of text first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from interop_cli.domain.fields.field import NUMBERS
from interop_cli.i18n import _
from interop_cli.output.cells import for_people
from interop_cli.output.columns import ColumnChoice, Row
from interop_cli.output.style import Style, clip, width
from interop_cli.output.titles import title

BOUND = 1000
NARROWEST = 8  # a column is not cut below this
_GAP = 2
Lines = list[list[str]]


def table(
    choices: list[ColumnChoice],
    batches: Iterable[list[Row]],
    *,
    style: Style,
    room: int | None = None,
    dim: int | None = None,
    key: str | None = None,
    bound: int = BOUND,
) -> Iterator[str]:
    """Header and rows. ``room``: cells of the terminal, ``None`` where nothing is to be cut.

    The column called ``key`` is never cut. ``dim`` is the index of a boolean in the rows; a row
    where it is false is greyed.
    """
    rest = iter(batches)
    first: list[Row] = []
    for batch in rest:
        first.extend(batch)
        if len(first) >= bound:
            break
    titles = [_(choice.header) if choice.header else title(choice.name) for choice in choices]
    cells = _cells(choices, first[:bound])
    limits = _limits(choices, titles, cells, room, key)
    drawn, widths = _draw(choices, _clipped([titles], limits)[0], _clipped(cells, limits))
    yield "\n".join(drawn[:2]) + "\n"
    yield from _dressed(drawn[2:], first[:bound], style, dim)
    for batch in chain([first[bound:]], rest):
        lines = _clipped(_cells(choices, batch), limits)
        yield from _dressed([_line(choices, line, widths) for line in lines], batch, style, dim)


def _cells(choices: list[ColumnChoice], rows: Iterable[Row]) -> Lines:
    return [[for_people(choice, row[choice.index]).strip() for choice in choices] for row in rows]


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


def _dressed(lines: list[str], rows: list[Row], style: Style, dim: int | None) -> Iterator[str]:
    if dim is None or not style.enabled:
        if lines:
            yield "\n".join(lines) + "\n"
        return
    for line, row in zip(lines, rows, strict=True):
        yield (line if row[dim] else style.render(style.dim(line))) + "\n"


def _limits(
    choices: list[ColumnChoice], titles: list[str], cells: Lines, room: int | None, key: str | None
) -> list[int] | None:
    """The width each column is cut to, so that the table fits in ``room``."""
    if room is None:
        return None
    columns = zip(titles, *cells, strict=True)
    widths = [max(map(width, texts)) for texts in columns]
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    texts = [i for i, c in enumerate(choices) if c.kind not in NUMBERS and c.name != key]
    while excess > 0 and texts:
        widest = max(texts, key=widths.__getitem__)
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _clipped(lines: Lines, limits: list[int] | None) -> Lines:
    if limits is None:
        return lines
    return [[clip(text, limit) for text, limit in zip(line, limits, strict=True)] for line in lines]
