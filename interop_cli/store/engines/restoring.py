"""A backup looked at, and put in the place of what a database holds, while people use it.

A file is overwritten, or moved away where it no longer works. On a server all rows are deleted and
written anew in one transaction. So who reads sees the old content or the new one, nobody writes
meanwhile (``write_turn``), and what hangs on the tables stays: rights, groups, how they lie over
nodes, the views and tables of others. Who has which role stays, too: the server enforces that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from interop_cli.disk import sync_folder, temporary_file
from interop_cli.domain.errors import Denied, NotFound, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.store.engines import copies, grants, soundness, sqlite, twins
from interop_cli.store.engines.beside import JOURNALS, KEPT
from interop_cli.store.engines.connection import Connection, quoted, schema_of
from interop_cli.store.engines.copies import backup as back_up
from interop_cli.store.engines.copies import copied, problems_of, unsound
from interop_cli.store.engines.create import has_tables
from interop_cli.store.engines.open import checked_path, connect
from interop_cli.store.engines.soundness import Part
from interop_cli.store.engines.sqlite import SqliteConnection
from interop_cli.store.engines.transfer import Place, admit, count, fill, layout
from interop_cli.store.migrations import applied, apply_pending, make, migrate, pending

DUMP = "pg_restore"


@dataclass(frozen=True)
class Backup:
    """A sound backup, open.

    ``tool`` read it: ``sqlite`` or ``pg_restore``. ``older`` are the steps of the schema that it
    lacks, ``strange`` the triggers and views that interop did not make. ``targets`` of sync have to
    be matched again; ``mail``: it sends some. ``operations`` is how long its journal is, ``broken``
    how many of them are not as they were written; None of an older schema. ``admin`` is who was
    made one, since users have other names where it was made.
    """

    file: Path
    conn: SqliteConnection
    tool: str
    older: list[str]
    strange: list[Part] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    mail: bool = False
    operations: int | None = None
    broken: int | None = None
    admin: str | None = None


@contextmanager
def opened_backup(
    file: Path,
    now: str,
    advance: Callable[[int], None],
    *,
    lock_timeout: float,
    place: str | None = None,
    for_file: User | None = None,
) -> Iterator[Backup]:
    """Open a backup: a SQLite file, or a dump of ``pg_dump``.

    ``place`` is the schema that is meant where a dump holds several. ``for_file`` is who restores
    it to a file. Raises UnusableDb where it is no sound interop database of a schema that we know,
    and as ``dumps.unpacked`` does.
    """
    from interop_cli.store.engines import dumps, sqlite
    from interop_cli.store.engines.open import checked_path
    from interop_cli.store.engines.transfer import admit

    admin = None
    with ExitStack() as ending:
        if dumps.is_dump(file):
            conn, tool = ending.enter_context(dumps.unpacked(file, place, advance)), DUMP
            if for_file is not None and "user_role" in conn.tables():
                with conn.write():
                    admin = admit(conn, for_file, now)
            path = conn.path
        else:
            path, tool = checked_path(file), "sqlite"
            conn = None
        if problems := problems_of(path, lock_timeout=lock_timeout):
            raise unsound(msg("{what}", what=problems[0]["what"]))
        if conn is None:
            conn = sqlite.connect(path, lock_timeout=lock_timeout)
            ending.callback(conn.close)
        yield _looked_at(file, conn, tool, admin)


def _looked_at(file: Path, conn: SqliteConnection, tool: str, admin: str | None) -> Backup:
    from interop_cli.store.engines.twins import met_targets, sends_mail
    from interop_cli.store.migrations import pending
    from interop_cli.store.writing import journal

    older = [step.name for step in pending(conn)]
    if lacking := soundness.lacking(conn):
        raise unsound(msg("{name} (schema)", name=lacking[0].name))
    operations = broken = None
    if not older:
        operations = int(conn.query("SELECT COUNT(*) AS n FROM operation")[0]["n"])
        broken = sum(1 for _row in journal.broken_links(conn))
    return Backup(
        file,
        conn,
        tool,
        older,
        soundness.strange(conn),
        met_targets(conn),
        sends_mail(conn),
        operations,
        broken,
        admin,
    )


class Restored(NamedTuple):
    """The file or schema that keeps the content of before, if there was any; those that are gone.

    ``admin`` is who was made one, in a database of a server that knew no users.
    """

    kept: str | None
    dropped: list[str]
    admin: str | None = None


def restore_file(
    backup: Backup,
    target: Path,
    *,
    lock_timeout: float,
    keep: int | None = None,
    dry_run: bool = False,
) -> Restored:
    """Make ``target`` hold what the backup holds.

    The old content goes to ``NAME.before-restore``, with a number behind where that is taken; of
    those the newest ``keep`` stay. A database that works is overwritten in one transaction, so that
    programs which have it open see the old or the new one; one that does not is moved away.
    Triggers and views that interop did not make stay behind. Targets of sync may hold more by now
    than the backup knows of: nothing is created there before it is matched again; nor does mail go,
    of which it may not know either.
    """
    target = Path(os.path.realpath(target))
    aside = copies.free_name(target, KEPT) if target.exists() else None
    if not dry_run:
        with _fit(backup, target) as clean:
            if aside is None or not _overwrite(clean, target, aside, lock_timeout):
                _move_in(clean, target, aside)
    dropped = copies.drop_files(target, keep, source=backup.file, coming=aside, dry_run=dry_run)
    return Restored(str(aside) if aside else None, dropped)


@contextmanager
def _fit(backup: Backup, target: Path) -> Iterator[SqliteConnection]:
    """The backup as it is to be restored: without some parts of its schema, its targets unmatched,
    and sending no mail.
    """
    if not backup.strange and not backup.targets and not backup.mail:
        yield backup.conn
        return
    with copied(backup.conn, target) as path:
        clean = sqlite.connect(path)
        try:
            soundness.drop_parts(clean, backup.strange)
            if backup.targets or backup.mail:
                with clean.write(moved=True):
                    twins.as_clone(clean)
            yield clean
        finally:
            clean.close()


def _overwrite(copy: SqliteConnection, target: Path, aside: Path, lock_timeout: float) -> bool:
    """Keep a copy of the database at ``target`` and overwrite it; False where it is damaged."""
    try:
        live = sqlite.connect(checked_path(target), lock_timeout=lock_timeout)
    except (UnusableDb, NotFound):
        return False
    try:
        try:
            back_up(live, aside)
        except UnusableDb:
            return False
        live.become(copy)
    finally:
        live.close()
    return True


def _move_in(copy: SqliteConnection, target: Path, aside: Path | None) -> None:
    """Put a copy in the place of a file that is no working database, or of none."""
    if target.exists() and not target.is_file():
        raise UnusableDb("db.not_a_file", msg("{place} is not a file.", place=str(target)))
    with copied(copy, target) as fresh:
        if aside is not None:
            os.replace(target, aside)
            for suffix in JOURNALS:  # they belong to the old file
                with suppress(FileNotFoundError):
                    os.replace(f"{target}{suffix}", f"{aside}{suffix}")
        os.replace(fresh, target)
        sync_folder(target.parent)


def name_and_schema(location: str, lock_timeout: float) -> tuple[str, str]:
    """The name of a server's database, and the schema that is meant."""
    with closing(connect(location, lock_timeout=lock_timeout)) as conn:
        (row,) = conn.query("SELECT current_database() AS name, current_schema() AS place")
    return row["name"], row["place"]


@dataclass
class Restoring:
    """A backup to be restored to the database at ``location``.

    Of the schemas that keep what was there before, the newest ``keep`` stay. ``progress`` gets the
    number of rows; ``settled`` is called before the whole is committed, ``applied`` after it.
    """

    location: str
    now: str
    user: User
    lock_timeout: float
    keep: int | None
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]]
    settled: Callable[[], object]
    applied: Callable[[], object]

    def run(self, backup: Backup, *, dry_run: bool) -> Restored:
        """Have the database hold what the backup holds, or leave it as it is.

        Raises Conflict ``db.exists`` where the tables there are another program's, UnusableDb
        ``db.newer`` where they are newer than ours, Denied ``db.denied``.
        """
        target = connect(self.location, lock_timeout=self.lock_timeout)
        try:
            there = bool(target.tables())
            if there:
                self._check(target)
            aside = copies.next_schema(target) if there else None
            dropped = copies.superfluous(target, self.keep, coming=aside) if aside else []
            if dry_run:
                return Restored(aside, dropped, None)
            with _present(backup, self.now) as source, target.write(alone=True):
                target.patient()
                if aside:
                    _set_aside(target, applied(target), aside)
                    copies.drop_schemas(target, dropped)
                admin = self._replace(source, target)
                self.settled()
            self.applied()
            grants.renew(target)  # of new tables, and of users that came with the backup
            return Restored(aside, dropped, admin)
        finally:
            target.close()

    def _check(self, target: Connection) -> None:
        if "migration" not in target.tables():
            raise has_tables(self.location)
        pending(target)  # refuses a newer schema
        if not grants.may_replace(target):
            raise Denied(
                "db.denied",
                msg("The database server does not allow this to the user it knows."),
                hint=msg("Restore as the owner of the tables, with CREATE on the database."),
            )

    def _replace(self, source: Connection, target: Connection) -> str | None:
        """Write the rows; who was made admin."""
        apply_pending(target, self.now)
        users = bool(target.query("SELECT 1 AS x FROM user_role LIMIT 1"))
        places = [place for place in layout() if not (users and place.name == "user_role")]
        with _rewritable(target):
            _empty(target, places)
            with self.progress(2 * sum(count(source, places).values())) as advance:
                fill(source, target, places, advance)
            twins.as_clone(target)
            target.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return None if users else admit(target, self.user, self.now)


def _empty(target: Connection, places: list[Place]) -> None:
    for place in reversed(places):
        target.execute(f"DELETE FROM {place.name}")


@contextmanager
def _rewritable(conn: Connection) -> Iterator[None]:
    """Let go of the rule that the journal only grows, for the rest of the transaction."""
    rows = conn.query(
        "SELECT c.relname AS name, t.tgname AS rule FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE c.relnamespace = CAST(current_schema() AS regnamespace)"
        " AND p.pronamespace = c.relnamespace AND p.proname LIKE '%\\_is\\_append\\_only'"
    )
    for row in rows:
        conn.execute(f"ALTER TABLE {row['name']} DISABLE TRIGGER {row['rule']}")
    yield
    for row in rows:
        conn.execute(f"ALTER TABLE {row['name']} ENABLE TRIGGER {row['rule']}")


@contextmanager
def _present(backup: Backup, now: str) -> Iterator[Connection]:
    """The backup with the present schema: brought there in a copy, where it is older."""
    if not backup.older:
        yield backup.conn
        return
    import tempfile

    with temporary_file():
        folder = Path(tempfile.gettempdir())
    with copied(backup.conn, folder / "interop-older") as path:
        conn = sqlite.connect(path)
        try:
            soundness.drop_parts(conn, backup.strange)
            migrate(conn, now)
            yield conn
        finally:
            conn.close()


def _set_aside(conn: Connection, steps: list[str], name: str) -> None:
    """Copy our tables, which have had these steps, into a schema of their own.

    It is a whole database for whoever may use it: those who make it, and nobody else.
    """
    place, last = quoted(schema_of(conn)), conn.last_ids()
    conn.execute(f"CREATE SCHEMA {quoted(name)}")
    with _within(conn, name):
        make(conn, steps)
        tables = conn.tables()
        order = [one.name for one in layout(steps) if one.name in tables]
        for table in (*order, *sorted(tables.difference(order))):
            columns = ", ".join(_columns(conn, table))
            conn.execute(f"DELETE FROM {table}")
            conn.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {place}.{table}")
        for table, row_id in last.items():
            if row_id and table in tables:
                conn.set_last_id(table, row_id)
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")


@contextmanager
def _within(conn: Connection, name: str) -> Iterator[None]:
    """Mean the tables of another schema, in a transaction."""
    (before,) = conn.query("SELECT current_setting('search_path') AS path")
    sql = "SELECT set_config('search_path', :path, true)"
    conn.query(sql, path=quoted(name))
    yield
    conn.query(sql, path=before["path"])


def _columns(conn: Connection, table: str) -> list[str]:
    rows = conn.query(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name)"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        name=table,
    )
    return [quoted(row["attname"]) for row in rows]
