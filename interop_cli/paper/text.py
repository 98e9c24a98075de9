"""Documents as plain text, for a mail or a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from interop_cli.paper.sheets import Block, Sheet

WIDTH = 78
_NUMBERS = 14  # columns of figures
FORM_FEED = "\f"


def pages(sheets: Iterable[Sheet]) -> Iterator[str]:
    """The documents one after the other, a form feed between them."""
    for number, one in enumerate(sheets):
        yield (FORM_FEED if number else "") + "\n".join(_lines(one)) + "\n"


def _lines(one: Sheet) -> Iterator[str]:
    if one.sender is not None:
        yield from (one.sender.title, *one.sender.lines, "")
    if one.head:
        yield from (*one.head.splitlines(), "")
    title = one.heading.upper()
    yield f"{title} — {one.mark.upper()}" if one.mark else title
    yield "=" * len(title)
    width = max((len(label) for label, _text in one.facts), default=0)
    for label, text in one.facts:
        yield f"{label:<{width}}  {text}"
    yield ""
    for block in one.parties:
        yield from (*_block(block), "")
    yield from _table(one)
    for block in one.notes:
        yield from ("", *_block(block))
    for text in (*one.registrations, *one.foot.splitlines()):
        yield text


def _block(block: Block) -> Iterator[str]:
    yield block.title
    for line in block.lines:
        yield from (f"  {part}" for part in wrap(line, WIDTH - 2) or [""])


def _table(one: Sheet) -> Iterator[str]:
    figures = len(one.columns) - 1
    first = WIDTH - figures * _NUMBERS
    if one.rows:
        yield _row(one.columns, first)
        yield "-" * WIDTH
    for row in one.rows:
        head, *more = wrap(row[0], first - 1) or [""]
        yield _row((head, *row[1:]), first)
        yield from (f"  {part}" for part in more)
    if one.totals:
        yield "-" * WIDTH
        for label, text in one.totals:
            yield f"{label:>{WIDTH - _NUMBERS}}{text:>{_NUMBERS}}"
        yield ""


def _row(cells: Iterable[str], first: int) -> str:
    head, *figures = cells
    return f"{head:<{first}}" + "".join(f"{cell:>{_NUMBERS}}" for cell in figures)
