"""Whether a database is sound inside (``db check``), and what its schema has besides ours or lacks.

A finding is ``{"code", "severity", "what", "fix"}``; ``severity`` is ``error``, ``warning`` or
``info`` (nothing to mend, but good to know). Tables and indexes of other programs change nothing
here. A trigger acts on every write behind the journal's back, and a view may stand for a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from interop_cli.domain.errors import InteropError
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.store.engines.connection import Connection, Row, quoted
from interop_cli.store.engines.sqlite import SqliteConnection, connect
from interop_cli.store.engines.sqlite_errors import damaged, driver
from interop_cli.store.migrations import Migration, applied, known, make, missing
from interop_cli.store.writing import journal

ACTING = ("trigger", "view")


class Part(NamedTuple):
    """A part of a schema: ``kind`` is ``trigger``, ``view``, ``table`` or ``index``."""

    kind: str
    name: str


def strange(conn: Connection) -> list[Part]:
    """The triggers and views that interop did not make."""
    if not isinstance(conn, SqliteConnection):
        rows = conn.query(
            "SELECT 'trigger' AS kind, t.tgname AS name FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = CAST(current_schema() AS regnamespace)"
            " AND (p.pronamespace <> c.relnamespace OR p.proname NOT LIKE '%\\_is\\_append\\_only')"
            " ORDER BY 2"
        )
        return [Part(row["kind"], row["name"]) for row in rows]
    ours = _expected(conn)
    return [part for part in _parts(conn) if part.kind in ACTING and part not in ours]


def lacking(conn: Connection) -> list[Part]:
    """Parts of ours that are not there, or are not what they were; SQLite only.

    A trigger has to do the same, a table to have our columns.
    """
    if not isinstance(conn, SqliteConnection):
        return []
    there = _parts(conn)
    return [
        part
        for part, said in _expected(conn).items()
        if part not in there or (part.kind != "index" and not said <= there[part])
    ]


def truer(error: InteropError, location: str, conn: Connection | None) -> InteropError:
    """The error to show: what seems a bug may be a damaged schema, and damage a failing disk.

    ``conn`` where the database is open already.
    """
    from interop_cli.store.engines.address import is_url
    from interop_cli.store.engines.open import refuse_unreadable

    seems_a_bug = error.exit_code == InteropError.exit_code
    if is_url(location) or not (seems_a_bug or error.code == "db.corrupt"):
        return error
    try:
        if seems_a_bug and not _is_damaged(Path(location), conn):
            return error
        refuse_unreadable(Path(location))
    except InteropError as failure:
        return failure
    return damaged() if seems_a_bug else error


def _is_damaged(path: Path, conn: Connection | None) -> bool:
    """Whether parts of ours are missing: a bit of the schema's text has changed."""
    found = conn or connect(path, frozen=True)
    try:
        return bool(lacking(found))
    except InteropError as error:
        if error.exit_code == InteropError.exit_code:
            return True
        raise
    finally:
        if conn is None:
            found.close()


def drop_parts(conn: SqliteConnection, parts: list[Part]) -> None:
    """Take parts out of a schema, in one transaction."""
    with conn.write(moved=True):
        for kind, name in parts:
            conn.execute(f"DROP {kind.upper()} {quoted(name)}")


def _expected(conn: Connection) -> dict[Part, frozenset[str]]:
    """The parts that the steps make that this database has had."""
    return _made_by(known(applied(conn)))


@cache
def _made_by(steps: tuple[Migration, ...]) -> dict[Part, frozenset[str]]:
    """The parts that these steps make; a check asks twice."""
    with fresh_schema(step.name for step in steps) as made:
        return _parts(made)


@contextmanager
def fresh_schema(steps: Iterable[str]) -> Iterator[SqliteConnection]:
    """An empty database in memory, which has had these steps."""
    conn = SqliteConnection(driver.connect(":memory:", isolation_level=None), Path(), None)
    try:
        make(conn, steps)
        yield conn
    finally:
        conn.close()


def _parts(conn: Connection) -> dict[Part, frozenset[str]]:
    """Each part with the names of its columns, or with what it does."""
    rows = conn.query(
        "SELECT m.type AS type, m.name AS name, COALESCE(c.name, m.sql, '') AS said"
        " FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ON m.type = 'table'"
        " WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.type, m.name"
    )
    found: dict[Part, set[str]] = {}
    for row in rows:
        part = Part(row["type"], row["name"])
        found.setdefault(part, set()).add(" ".join(row["said"].split()))
    return {part: frozenset(said) for part, said in found.items()}


RULES = (
    (
        "rule.corrects",
        "SELECT COUNT(*) AS n FROM document WHERE corrects_id IS NOT NULL"
        " AND corrects_id NOT IN (SELECT id FROM document)",
    ),
    (
        "rule.main_address",
        "SELECT COUNT(*) AS n FROM client WHERE NOT EXISTS (SELECT 1 FROM address"
        " WHERE address.client_id = client.id AND main = 1)",
    ),
    (
        "rule.search_index",
        "SELECT COUNT(*) AS n FROM client WHERE NOT EXISTS (SELECT 1 FROM client_search"
        " WHERE client_search.client_id = client.id)",
    ),
    (
        "rule.bill_to",
        "SELECT COUNT(*) AS n FROM client c JOIN client p ON p.id = c.bill_to_id"
        " WHERE p.bill_to_id IS NOT NULL",
    ),
)


def check(conn: Connection) -> list[Row]:
    """What is wrong inside: damaged pages, dangling references, broken rules, a broken journal."""
    findings = []
    if conn.engine == "sqlite":
        from interop_cli.store.engines.copies import problems

        findings += [
            finding(
                row["code"],
                "error",
                msg("{what}", what=row["what"]),
                msg("Restore a backup: interop db restore FILE"),
            )
            for row in problems(conn)
        ]
        if findings:
            return findings  # what lies on damaged pages is not worth reading
    if steps := missing(conn):
        # The rules are those of the present schema; its tables may not be there yet.
        what = counted(
            "The schema is older: {count} step to apply",
            "The schema is older: {count} steps to apply",
            count=len(steps),
        )
        return [finding("schema.older", "warning", what, msg("interop db migrate"))]
    findings += _about_schema(conn)
    for code, sql in RULES:
        count = conn.query(sql)[0]["n"]
        if count:
            findings.append(finding(code, "error", _broken(count)))
    broken = sum(1 for _name in _changed_files(conn))
    if broken:
        findings.append(finding("rule.file", "error", _broken(broken)))
    for row in journal.broken_links(conn):
        what = msg("operation {id}: {reason}", id=row["operation_id"], reason=row["reason"])
        findings.append(finding("journal", "error", what, msg("See: interop journal verify")))
    return findings


def _about_schema(conn: Connection) -> Iterator[Row]:
    """Parts of other programs that act on ours, and parts of ours that are not there."""
    for kind, name in strange(conn):
        yield finding(
            "schema.strange",
            "error" if kind == "trigger" else "warning",
            msg("interop did not make the {kind} {name}", kind=kind, name=name),
            msg("DROP {kind} {name}, unless you know it", kind=kind.upper(), name=name),
        )
    for kind, name in lacking(conn):
        yield finding(
            "schema.lacking",
            "error",
            msg("the {kind} {name} is not there, or is another", kind=kind, name=name),
            msg("Restore a backup: interop db restore FILE"),
        )


def _changed_files(conn: Connection) -> Iterator[str]:
    """The files whose content is not what their name, its SHA-256, says."""
    for (name,) in (row for batch in conn.batches("SELECT sha256 FROM blob", {}) for row in batch):
        rows = conn.query("SELECT content FROM blob WHERE sha256 = :name", name=name)
        if hashlib.sha256(rows[0]["content"]).hexdigest() != name:
            yield name


def _broken(count: int) -> Message:
    return counted("{count} row breaks this rule", "{count} rows break this rule", count=count)


def finding(code: str, severity: str, what: Message, fix: Message | None = None) -> Row:
    """What is wrong, and what mends it."""
    return {"code": code, "severity": severity, "what": what, "fix": fix}
