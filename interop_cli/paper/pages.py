"""Documents as one page of HTML that fetches nothing, and as plain text, page after page."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from html import escape
from textwrap import wrap

from interop_cli.domain.values.logo import media_type
from interop_cli.paper.sheets import Block, Sheet

_STYLE = """
@page { size: %(paper)s; margin: 18mm }
body { font: 10pt "Noto Sans", "Segoe UI", Arial, sans-serif; color: #222; margin: 0 auto;
  max-width: 190mm }
article { break-after: page; padding: 6mm 0; position: relative }
article:last-child { break-after: auto }
header { display: flex; justify-content: space-between; gap: 8mm;
  border-bottom: 2pt solid %(color)s }
header img { max-width: 60mm; max-height: 22mm }
h1 { font-size: 18pt; color: %(color)s; margin: 0 0 2mm; text-align: right }
dl { display: grid; grid-template-columns: auto auto; gap: 0 4mm; margin: 0; justify-content: end }
dd { margin: 0; text-align: right }
dt, h2, th { color: %(color)s; font-size: 8.5pt; font-weight: bold }
section { display: flex; gap: 10mm; margin: 6mm 0 } section > div { flex: 1 }
h2 { margin: 0 } p { margin: 0; white-space: pre-line }
table { width: 100%%; border-collapse: collapse } thead { display: table-header-group }
th, td { text-align: right; padding: 1mm; vertical-align: top;
  font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left; width: 55%% }
tbody tr { border-bottom: .3pt solid #ccc; break-inside: avoid }
tfoot tr:last-child { font-weight: bold; border-top: 1pt solid %(color)s }
.mark { position: absolute; top: 45%%; left: 0; right: 0; text-align: center; font-size: 60pt;
  color: #0001; transform: rotate(-30deg); pointer-events: none }
footer { margin-top: 8mm; font-size: 8pt; color: #555 }
"""


def html_page(sheets: Iterable[Sheet], paper: str, color: str) -> Iterator[str]:
    """The documents as one page, in pieces, each in its language."""
    style = _STYLE % {"paper": paper, "color": color}
    started = False
    for one in sheets:
        if not started:
            yield (
                f'<!doctype html>\n<html lang="{one.language}"><head><meta charset="utf-8">'
                '<meta http-equiv="Content-Security-Policy"'
                " content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
                f"<title>{escape(one.heading)}</title><style>{style}</style></head><body>\n"
            )
            started = True
        yield "".join(_article(one))
    if started:
        yield "</body></html>\n"


def _article(one: Sheet) -> Iterator[str]:
    yield f'<article lang="{one.language}">'
    if one.mark:
        yield f'<div class="mark">{escape(one.mark)}</div>'
    yield "<header><div>"
    if one.logo:
        data = base64.b64encode(one.logo).decode()
        yield f'<img alt="" src="data:{media_type(one.logo)};base64,{data}">'
    if one.sender:
        yield _html_block(one.sender)
    yield f"</div><div><h1>{escape(one.heading)}</h1><dl>"
    for label, text in one.facts:
        yield f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>"
    yield "</dl></div></header>"
    if one.head:
        yield f"<p>{escape(one.head)}</p>"
    yield f"<section>{''.join(map(_html_block, one.parties))}</section>"
    yield from _html_table(one)
    if one.notes:
        yield f"<section>{''.join(map(_html_block, one.notes))}</section>"
    if one.registrations or one.foot:
        foot = "\n".join(filter(None, (" · ".join(one.registrations), one.foot)))
        yield f"<footer><p>{escape(foot)}</p></footer>"
    yield "</article>\n"


def _html_block(block: Block) -> str:
    lines = escape("\n".join(block.lines))
    return f"<div><h2>{escape(block.title)}</h2><p>{lines}</p></div>"


def _html_table(one: Sheet) -> Iterator[str]:
    if not one.rows and not one.totals:
        return
    yield "<table>"
    if one.rows:
        titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in one.columns)
        yield f"<thead><tr>{titles}</tr></thead><tbody>"
        for row in one.rows:
            yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        yield "</tbody>"
    if one.totals:
        span = len(one.columns) - 1
        rows = "".join(
            f'<tr><td colspan="{span}" style="text-align:right">{escape(label)}</td>'
            f"<td>{escape(text)}</td></tr>"
            for label, text in one.totals
        )
        yield f"<tfoot>{rows}</tfoot>"
    yield "</table>"


WIDTH = 78
_NUMBERS = 14  # columns of figures
FORM_FEED = "\f"


def text_pages(sheets: Iterable[Sheet]) -> Iterator[str]:
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
        yield from (*_text_block(block), "")
    yield from _text_table(one)
    for block in one.notes:
        yield from ("", *_text_block(block))
    for text in (*one.registrations, *one.foot.splitlines()):
        yield text


def _text_block(block: Block) -> Iterator[str]:
    yield block.title
    for line in block.lines:
        yield from (f"  {part}" for part in wrap(line, WIDTH - 2) or [""])


def _text_table(one: Sheet) -> Iterator[str]:
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
