"""JSON as text, as the engines make it: byte for byte what ``output`` would write.

Texts and numbers are written alike by all of them, without an escape that need not be. Truth is
kept as 0 and 1; JSON is kept as text, always an array of texts, which is written anew where it is
not as it should be. What is no JSON becomes a text.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    "CASE WHEN {sql} = '[]' THEN CAST('[]' AS json)"  # noqa: S608 - our own names
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
