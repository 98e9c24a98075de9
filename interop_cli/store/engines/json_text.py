"""JSON as text, as the engines make it: byte for byte what ``output`` would write.

Texts and numbers are written alike by all of them, without an escape that need not be. Truth is
kept as 0 and 1; JSON is kept as text, always an array of texts, which is written anew where it is
not as it should be. What is no JSON becomes a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from interop_cli.store.engines.connection import Member

TOGETHER = 50
"""Members that SQLite's function takes at once, at the most."""

_TRUTH = "json(CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END)"
# Only what has an escape is written anew: json() takes the spaces out.
_TEXTS = (
    "CASE WHEN {sql} = '[]' THEN json('[]') WHEN NOT json_valid({sql}) THEN {sql}"
    " WHEN instr({sql}, '\\') = 0 THEN json({sql})"
    " ELSE (SELECT json_group_array(value) FROM json_each({sql})) END"
)


def sqlite_object(members: Sequence[Member]) -> str:
    """SQL for an object of any number of members."""
    made = _sqlite_object(members[:TOGETHER])
    for start in range(TOGETHER, len(members), TOGETHER):
        more = _sqlite_object(members[start : start + TOGETHER])
        made = f"SUBSTR({made}, 1, LENGTH({made}) - 1) || ',' || SUBSTR({more}, 2)"
    return made


def _sqlite_object(members: Sequence[Member]) -> str:
    forms = {"bool": _TRUTH, "json": _TEXTS}
    parts = (f"'{name}', {forms.get(kind, '{sql}').format(sql=sql)}" for name, sql, kind in members)
    return f"json_object({', '.join(parts)})"


# An array of texts as we write it without an escape, and as others may have written it. What a text
# of the server cannot hold is left as it is, in a text.
_OURS = r"""^\["[^"\\,\u0001-\u001f]*"(, "[^"\\,\u0001-\u001f]*")*\]$"""
_SIGN = (
    r"""([^"\\\u0001-\u001f]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}"""
    r"""|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"""
)
_ANY = rf"""^\s*\[\s*("{_SIGN}"\s*(,\s*"{_SIGN}"\s*)*)?\]\s*$"""
_SERVER_TEXTS = (
    "CASE WHEN {sql} = '[]' THEN CAST('[]' AS json)"
    f" WHEN {{sql}} ~ '{_OURS}' THEN CAST(REPLACE({{sql}}, '\", \"', '\",\"') AS json)"
    f" WHEN {{sql}} ~ '{_ANY}' THEN CAST((SELECT '[' || COALESCE(STRING_AGG(CAST(to_json(value)"
    " AS TEXT), ',' ORDER BY place), '') || ']' FROM json_array_elements_text(CAST({sql} AS json))"
    " WITH ORDINALITY AS one (value, place)) AS json) ELSE to_json({sql}) END"
)


def postgres_columns(members: Sequence[Member]) -> str:
    """Columns, of which ``row_to_json`` makes the object."""
    forms = {"bool": "CAST({sql} AS INT) <> 0", "json": _SERVER_TEXTS}
    return ", ".join(
        f'{forms.get(kind, "{sql}").replace("{sql}", sql)} AS "{name}"'
        for name, sql, kind in members
    )


# -- of what a server copies ---------------------------------------------------------------------

# A value is copied with these escapes, all but one of which are those of JSON; NULL is \N, which
# no text is, as a backslash in one is two.
_COPIED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_NULL = b"\\N"
_CONTROLS = bytes([*range(1, 9), *range(11, 32)])
_NOT_JSON = rb"(\\[^v])|\\v|[\x01-\x08\x0b-\x1f]"
_BARE = frozenset({"int", "money", "bool", "json"})
_QUOTED_NULL = b'"%b"' % _NULL
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def copied_objects(members: Sequence[Member]) -> tuple[str, Callable[[bytes], bytes]]:
    """Columns for ``COPY … TO STDOUT``, and what makes lines of objects of the rows it gives.

    Many rows at a time: the text of one is nothing but its values put into a form.
    """
    truth = "CASE CAST({sql} AS INT) <> 0 WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END"
    columns = ", ".join(
        truth.format(sql=sql) if kind == "bool" else sql for _name, sql, kind in members
    )
    values = (f'"{name}":%b' if kind in _BARE else f'"{name}":"%b"' for name, _sql, kind in members)
    form, width = ("{" + ",".join(values) + "}\n").encode(), len(members)
    bare = [(place, kind) for place, (_name, _sql, kind) in enumerate(members) if kind in _BARE]

    def lines(rows: bytes) -> bytes:
        count = rows.count(b"\n")
        found = rows[:-1].replace(b'"', b'\\"').replace(b"\n", b"\t").split(b"\t")
        for place, kind in bare:
            if kind == "json":
                found[place::width] = map(_texts, found[place::width])
            elif _NULL in (column := found[place::width]):
                found[place::width] = [b"null" if one == _NULL else one for one in column]
        made = (form * count % tuple(found)).replace(_QUOTED_NULL, b"null")
        if b"\\v" in rows or len(rows.translate(None, _CONTROLS)) < len(rows):
            made = re.sub(_NOT_JSON, _control, made)
        return made

    return columns, lines


def _control(found: re.Match[bytes]) -> bytes:
    """A control character as JSON has it; other escapes as they are."""
    return found[1] or b"\\u%04x" % (11 if found[0] == b"\\v" else found[0][0])


@lru_cache(1024)  # tags and the like repeat
def _texts(copied: bytes) -> bytes:
    """JSON out of a column, as it was copied, the way all engines write it."""
    if copied == _NULL:
        return b"null"
    text = re.sub(rb"\\(.)", lambda sign: _COPIED.get(sign[1], sign[1]), copied).decode()
    try:
        return _encode(json.loads(text)).encode()
    except (ValueError, RecursionError):
        return _encode(text).encode()
