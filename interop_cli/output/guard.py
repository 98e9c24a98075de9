"""Cells that a spreadsheet would run as a formula, made harmless and put back.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab, a line end or NUL (or the full-width
form of one of the signs) gets an apostrophe in front, as the OWASP advice on CSV injection says.
A cell that already looks so guarded gets one more, and that is all: ``unguard(guard(x)) == x`` for
every text, while ``'t Hooft`` and the like stay as they are.
"""

from __future__ import annotations

TRIGGERS = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
SUSPECT = TRIGGERS | {"'"}


def guard(cell: str) -> str:
    """``cell`` as it may stand in a CSV file that a spreadsheet opens."""
    if cell[:1] in SUSPECT and cell.lstrip("'")[:1] in TRIGGERS:
        return "'" + cell
    return cell


def unguard(cell: str) -> str:
    """The text that ``guard`` was given."""
    if cell[:1] == "'" and cell.lstrip("'")[:1] in TRIGGERS:
        return cell[1:]
    return cell
