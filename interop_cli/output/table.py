"""Rows as a table for people, drawn by tabulate.

Widths need all rows, and memory must not grow with them: the first ``BOUND`` rows settle the
widths and are drawn by tabulate, the rest follows in the same widths as it comes (a wider cell
then pushes its row). Only on a terminal are cells cut, the widest columns of text first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from interop_cli.i18n import _
from interop_cli.output.cells import for_people
from interop_cli.output.columns import NUMBERS, Choice, Row
from interop_cli.output.style import Style, clip, width
from interop_cli.output.titles import title

BOUND = 1000
NARROWEST = 8  # a column is not cut below this
_GAP = 2
Lines = list[list[str]]


def table(
    choices: list[Choice],
    batches: Iterable[list[Row]],
    *,
    style: Style,
    room: int | None = None,
    dim: int | None = None,
    bound: int = BOUND,
) -> Iterator[str]:
    """Header and rows. ``room``: cells of the terminal, ``None`` where nothing is to be cut.

    ``dim`` is the index of a boolean in the rows; a row where it is false is greyed.
    """
    rest = iter(batches)
    first: list[Row] = []
    for batch in rest:
        first.extend(batch)
        if len(first) >= bound:
            break
    titles = [_(choice.header) if choice.header else title(choice.name) for choice in choices]
    cells = _cells(choices, first[:bound])
    limits = _limits(choices, titles, cells, room)
    drawn = _draw(choices, _clipped([titles], limits)[0], _clipped(cells, limits))
    yield "\n".join(drawn[:2]) + "\n"
    yield from _dressed(drawn[2:], first[:bound], style, dim)
    widths = [len(dashes) for dashes in drawn[1].split()]
    for batch in chain([first[bound:]], rest):
        lines = _clipped(_cells(choices, batch), limits)
        yield from _dressed([_line(choices, line, widths) for line in lines], batch, style, dim)


def _cells(choices: list[Choice], rows: Iterable[Row]) -> Lines:
    return [[for_people(choice, row[choice.index]).strip() for choice in choices] for row in rows]


def _draw(choices: list[Choice], titles: list[str], cells: Lines) -> list[str]:
    """The lines of the table: titles, dashes, rows."""
    from tabulate import tabulate

    if not cells:  # tabulate draws no header of its own then
        return [_line(choices, titles, [width(t) for t in titles]), _dashes(titles)]
    text = tabulate(
        cells,
        headers=titles,
        tablefmt="simple",
        disable_numparse=True,
        colalign=["right" if choice.kind in NUMBERS else "left" for choice in choices],
    )
    return text.split("\n")


def _dashes(titles: list[str]) -> str:
    return "  ".join("-" * max(width(title), 1) for title in titles)


def _line(choices: list[Choice], cells: list[str], widths: list[int]) -> str:
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
    choices: list[Choice], titles: list[str], cells: Lines, room: int | None
) -> list[int] | None:
    """The width each column is cut to, so that the table fits in ``room``."""
    if room is None:
        return None
    columns = zip(titles, *cells, strict=True)
    widths = [max(width(texts[0]) + _GAP, *map(width, texts)) for texts in columns]
    excess = sum(widths) + _GAP * (len(widths) - 1) - room
    texts = [i for i, choice in enumerate(choices) if choice.kind not in NUMBERS]
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
