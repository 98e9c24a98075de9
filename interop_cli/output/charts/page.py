"""A report as one page of HTML: its chart and its table, for a browser, on paper, read aloud.

The page stands alone: it has its style inside, runs no script and asks no network for anything,
and its own policy (CSP) forbids a browser both. Everything from data is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

from interop_cli.domain.fields.field import NUMBERS, Column, ValueKind
from interop_cli.i18n import _, language, ngettext
from interop_cli.output.charts import Drawing
from interop_cli.output.charts.svg import svg
from interop_cli.output.columns import ColumnChoice, Row, choose
from interop_cli.output.people import readers
from interop_cli.output.words import title

MOST_BARS = 50  # of a currency; the table has them all
_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--grey:#59636e;--line:#d1d9e0;--paper:#fff;
--gain:#1f6feb;--loss:#cf222e}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--grey:#9198a1;--line:#3d444d;
--paper:#0d1117;--gain:#4493f8;--loss:#f85149}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.5rem}
h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
svg{display:block;width:100%;min-width:35rem;height:auto;font:13px system-ui,sans-serif}
svg text{fill:var(--ink);white-space:pre}
svg .mark{fill:var(--grey);font-size:11px}
svg .grid{stroke:var(--line)}
svg .axis{stroke:var(--grey)}
.gain{fill:var(--gain)}
.loss{fill:var(--loss)}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:1.5rem 0;width:100%}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);font-weight:400}
td{white-space:pre-wrap;overflow-wrap:anywhere}
thead th{font-weight:600;border-bottom-width:2px}
.time{white-space:nowrap}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
ul{color:var(--grey);padding-left:1.2rem}
@media print{:root{--ink:#000;--grey:#333;--paper:#fff;--line:#999;--gain:#555;--loss:#000}
body{margin:0;max-width:none;padding:0}.wide{overflow:visible}thead{display:table-header-group}
tr,svg{break-inside:avoid}}
"""


def html(
    drawing: Drawing, columns: Sequence[Column], rows: Sequence[Row], fields: Sequence[str] | None
) -> Iterator[str]:
    """The page, in pieces; the table has ``fields``, or the columns that a table shows."""
    choices = choose(columns, fields, table=True)
    name = escape(drawing.title)
    yield (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{name}</h1>\n"
    )
    yield from _charts(drawing)
    yield from _table(choices, columns, rows, name)
    if drawing.notes:
        notes = "".join(f"<li>{escape(note)}</li>\n" for note in drawing.notes)
        yield f"<ul>\n{notes}</ul>\n"
    yield "</main>\n</body>\n</html>\n"


def _policy() -> str:
    """Nothing but this very style."""
    seal = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{seal}'; base-uri 'none'; form-action 'none'"


def _charts(drawing: Drawing) -> Iterator[str]:
    for number, chart in enumerate(drawing.charts):
        yield f'<section>\n<h2>{escape(chart.currency)}</h2>\n<div class="wide">\n'
        yield from svg(drawing, replace(chart, bars=chart.bars[:MOST_BARS]), number)
        yield "</div>\n"
        hidden = len(chart.bars) - MOST_BARS
        if hidden > 0:
            text = ngettext("{n} more is in the table.", "{n} more are in the table.", hidden)
            yield f"<p>{escape(text)}</p>\n"
        yield "</section>\n"


def _table(
    choices: Sequence[ColumnChoice], columns: Sequence[Column], rows: Sequence[Row], name: str
) -> Iterator[str]:
    yield (
        '<div class="wide" role="region" tabindex="0" aria-labelledby="table">\n'
        f'<table>\n<caption id="table">{name}</caption>\n<thead>\n<tr>'
    )
    for choice in choices:
        head = _(choice.header) if choice.header else title(choice.name)
        yield f'<th scope="col"{_side(choice)}>{escape(head)}</th>'
    yield "</tr>\n</thead>\n<tbody>\n"
    cells_of = readers(choices, columns)
    for row in rows:
        cells = [
            (choice, escape(read(row))) for choice, read in zip(choices, cells_of, strict=True)
        ]
        (first, text), *rest = cells
        yield f'<tr><th scope="row"{_side(first)}>{text}</th>'
        yield "".join(f"<td{_side(choice)}>{text}</td>" for choice, text in rest)
        yield "</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _side(choice: ColumnChoice) -> str:
    if choice.kind in NUMBERS:
        return ' class="number"'
    return ' class="time"' if choice.kind is ValueKind.TIME else ""
