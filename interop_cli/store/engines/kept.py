"""What a database held before it was restored, kept beside it: a file, or a schema of the server.

The first is ``NAME.before-restore`` or ``NAME_before_restore``; the others have a number behind,
the newest the highest.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from interop_cli.store.engines.beside import JOURNALS, KEPT
from interop_cli.store.engines.connection import Connection, quoted, schema_of

ASIDE = "_before_restore"
LONGEST = 63  # bytes of a name on a server
LAST = 10**9


def free_name(target: Path, suffix: str) -> Path:
    """``target`` with a suffix, and after it the next number where there is such a file already."""
    number = max(_files(target, suffix), default=0) + 1
    while True:
        path = target.with_name(target.name + suffix + (f"-{number}" if number > 1 else ""))
        if not os.path.lexists(path):
            return path
        number += 1


def drop_files(
    target: Path, keep: int | None, *, source: Path, coming: Path | None, dry_run: bool
) -> list[str]:
    """Remove what was kept of a file, all but the newest ``keep`` and the ``source``; which.

    ``coming`` is the newest, also where it is not there yet.
    """
    numbered, dropped = _files(target, KEPT), []
    if coming is not None:
        numbered |= _numbered(target.name + KEPT, "-", [coming.name])
    for name in _older(numbered, keep):
        path = target.with_name(name)
        if source.exists() and path.exists() and path.samefile(source):
            continue
        dropped.append(str(path))
        for suffix in ("", *JOURNALS) if not dry_run else ():
            with suppress(FileNotFoundError):
                os.unlink(f"{path}{suffix}")
    return dropped


def _files(target: Path, suffix: str) -> dict[int, str]:
    with suppress(OSError):
        names = (path.name for path in target.parent.iterdir())
        return _numbered(target.name + suffix, "-", names)
    return {}


def schemas(conn: Connection) -> list[str]:
    """The schemas of this database that hold what ours held before a restore, the oldest first."""
    return [name for _number, name in sorted(_schemas(conn).items())]


def next_schema(conn: Connection) -> str:
    """The name of the one to come."""
    number = max(_schemas(conn), default=0) + 1
    return _stem(schema_of(conn)) + (f"_{number}" if number > 1 else "")


def superfluous(conn: Connection, keep: int | None, *, coming: str) -> list[str]:
    """All but the newest ``keep``, of which ``coming`` is one, also where it is not there yet."""
    return _older(_schemas(conn) | {LAST: coming}, keep)


def drop_schemas(conn: Connection, names: Iterable[str]) -> None:
    """Drop schemas, in a transaction."""
    for name in names:
        conn.execute(f"DROP SCHEMA {quoted(name)} CASCADE")


def _schemas(conn: Connection) -> dict[int, str]:
    stem = _stem(schema_of(conn))
    rows = conn.query(
        "SELECT n.nspname AS name FROM pg_namespace n JOIN pg_class c"
        " ON c.relnamespace = n.oid AND c.relname = 'migration' AND c.relkind = 'r'"
        " WHERE starts_with(n.nspname, :stem)",
        stem=stem,
    )
    return _numbered(stem, "_", (row["name"] for row in rows))


def _stem(schema: str) -> str:
    """How the names begin that belong to a schema, with room for a number behind."""
    name = f"{schema}{ASIDE}"
    if len(name.encode()) > LONGEST - 8:
        name = hashlib.sha256(schema.encode()).hexdigest()[:16] + ASIDE
    return name


def _numbered(stem: str, between: str, names: Iterable[str]) -> dict[int, str]:
    """Of these names those of what was kept, by their number."""
    pattern = re.compile(rf"{re.escape(stem)}(?:{between}([1-9]\d{{0,8}}))?")
    found = ((pattern.fullmatch(name), name) for name in names)
    return {int(match[1] or 1): name for match, name in found if match}


def _older(numbered: dict[int, str], keep: int | None) -> list[str]:
    numbers = sorted(numbered)
    return [numbered[number] for number in (numbers[:-keep] if keep else [])]
