"""The schema, as an ordered list of steps.

What is pending is applied in one transaction, together with its record in the table ``migration``,
while the writers' lock is held; so eight processes that start on an old database apply it once, and
one that dies leaves it as it was. An older program refuses a database that has steps it does not
know.

A step's SQL is written once. Words in braces are the few that differ: ``{id}`` a primary key drawn
from the table's own sequence, ``{int}`` a 64-bit integer, ``{text}`` text compared byte by byte,
``{blob}`` bytes, ``{strict}`` SQLite's STRICT, ``{clustered}`` the same for a table that is kept in
the order of its primary key.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from interop_cli.domain.errors import Detail, InteropError, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection

SQLITE_WORDS = {
    "int": "INTEGER",
    "text": "TEXT",
    "blob": "BLOB",
    "strict": "STRICT",
    "clustered": "STRICT, WITHOUT ROWID",
}
POSTGRES_WORDS = {
    "int": "BIGINT",
    "text": 'TEXT COLLATE "C"',
    "blob": "BYTEA",
    "strict": "",
    "clustered": "",
}


class Migration(NamedTuple):
    """One step: ``m<name>`` in the module ``where``, which is its SQL, or what makes it."""

    name: str
    where: str

    def apply(self, conn: Connection, run_ddl: Callable[[str], None]) -> None:
        """Make the step, with the database open in a transaction."""
        # Imported on use: every command asks which steps there are, few apply one.
        module = importlib.import_module(f"{__name__}.{self.where}")
        step = getattr(module, f"m{self.name}")
        if callable(step):
            step(conn, run_ddl)
        else:
            run_ddl(step)


STEPS = {
    "founding": ("0001_clients", "0002_people", "0003_sales"),
    "release_0_2": (
        "0004_sync",
        "0005_merge_and_erase",
        "0006_posted_here",
        "0007_remote_identity",
        "0008_erasures",
        "0009_turns",
        "0010_uids",
        "0011_who_is_who",
        "0012_departures",
        "0013_memo",
        "0014_moved",
        "0015_mailings",
    ),
    "release_0_3": (
        "0016_by_client",
        "0017_side_by_side",
        "0018_kept_there",
        "0019_later",
        "0020_mailing_client",
        "0021_latest_first",
        "0022_search_parts",
    ),
}
"""In order, by the module they stand in; a new one goes to the end of the last."""
MIGRATIONS = tuple(Migration(name, where) for where, names in STEPS.items() for name in names)


def run_ddl(conn: Connection, script: str) -> None:
    """Run a script of our DDL, statement by statement, in the words of the engine."""
    words = SQLITE_WORDS if conn.engine == "sqlite" else POSTGRES_WORDS
    for statement in script.split(";\n"):
        sql = statement.strip().rstrip(";")
        if not sql:
            continue
        if "{id}" in sql:
            table = sql.split("CREATE TABLE ")[1].split()[0]
            sql = sql.replace("{id}", _primary_key(conn, table))
        for word, meaning in words.items():
            sql = sql.replace("{" + word + "}", meaning)
        conn.execute(sql)


def _primary_key(conn: Connection, table: str) -> str:
    if conn.engine == "sqlite":
        return "INTEGER PRIMARY KEY AUTOINCREMENT"
    # A sequence rather than an identity column: distributed engines refuse those.
    conn.execute(f"CREATE SEQUENCE {table}_id_seq")
    return f"BIGINT PRIMARY KEY DEFAULT nextval('{table}_id_seq')"


def applied(conn: Connection) -> list[str]:
    """The names of the steps this database has, in order; empty for a new one."""
    if "migration" not in conn.tables():
        return []
    return [row["name"] for row in conn.query("SELECT name FROM migration ORDER BY name")]


def pending(conn: Connection) -> list[Migration]:
    """The steps still to apply. Raises UnusableDb where the database has newer ones."""
    done = applied(conn)
    refuse_newer(done, conn.schema_version())
    return [migration for migration in MIGRATIONS if migration.name not in done]


def refuse_newer(steps: Iterable[str], count: int = 0) -> None:
    """Raise UnusableDb ``db.newer`` where we do not know all these steps, or this many."""
    known = [migration.name for migration in MIGRATIONS]
    if any(name not in known for name in steps) or count > len(known):
        raise UnusableDb(
            "db.newer",
            msg("The database was made by a newer interop."),
            hint=msg("Upgrade interop: pipx upgrade interop-cli"),
        )


def make(conn: Connection, steps: Iterable[str]) -> None:
    """Make the tables as these steps leave them, where there are none; no step is noted down."""
    for step in known(steps):
        step.apply(conn, lambda script: run_ddl(conn, script))


def known(steps: Iterable[str]) -> tuple[Migration, ...]:
    """The steps of these names, in their order."""
    wanted = set(steps)
    return tuple(step for step in MIGRATIONS if step.name in wanted)


def missing(conn: Connection) -> list[Migration]:
    """The steps that the database lacks, also where it has newer ones."""
    done = applied(conn)
    return [migration for migration in MIGRATIONS if migration.name not in done]


def migrate(conn: Connection, now: str, settled: Callable[[], object] = bool) -> list[str]:
    """Apply what is pending, all of it or nothing; the names of the steps applied.

    ``settled`` is called before they are committed. On a server Busy ``db.busy`` soon, where others
    hold what a step changes.
    """
    # Also what was moved, or it could not be read any more.
    with conn.write(moved=True, alone=True, hasty=True):
        if conn.side_by_side:
            conn.patient()
        steps = apply_pending(conn, now)
        settled()
        return steps


def apply_pending(conn: Connection, now: str) -> list[str]:
    """The same inside a write transaction that is open already."""
    # Read under the lock: another process may have been faster.
    steps = pending(conn)
    for step in steps:
        _apply(conn, step)
        conn.execute(
            "INSERT INTO migration (name, applied_at) VALUES (:name, :at)", name=step.name, at=now
        )
        if conn.engine == "sqlite":
            conn.execute(f"PRAGMA user_version = {MIGRATIONS.index(step) + 1}")
    return [step.name for step in steps]


def _apply(conn: Connection, step: Migration) -> None:
    """Make one step; the error of one that fails names it."""
    failed = Detail(step.name, "db.migration", msg("this step failed; nothing was changed"))
    try:
        step.apply(conn, lambda script: run_ddl(conn, script))
    except InteropError as error:
        error.details.append(failed)
        raise
    except Exception as error:
        raise InteropError(
            "db.migration",
            msg("A bug in interop: {kind}.", kind=type(error).__name__),
            hint=msg("Run it again with --debug."),
            details=[failed],
        ) from error
