"""How interop shows things: data on stdout, words on stderr.

``Output`` is the only writer of both streams. Commands give it rows, a record or a write result,
and it knows the formats, the chosen fields, ``--out``, colour, and what must be
escaped on a terminal. See ``CLI.md`` for the shapes it keeps.
"""

from __future__ import annotations

from interop_cli.domain.fields.field import Column, ValueKind
from interop_cli.output.columns import pick
from interop_cli.output.sanitise import guard, printable, unguard
from interop_cli.output.style import Style
from interop_cli.output.writer import Output

__all__ = ["Column", "Output", "Style", "ValueKind", "guard", "pick", "printable", "unguard"]
