"""A backup put in the place of what a database on a server holds, while people are connected.

All rows are deleted and written anew in one transaction. So who reads sees the old content or the
new one, nobody writes meanwhile (``write_turn``), and what hangs on the tables stays: rights,
groups, how they lie over nodes, the views and tables of others. Who has which role stays, too: it
is what the server enforces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from interop_cli.domain.errors import Denied
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.store.engines import grants, kept, twins
from interop_cli.store.engines.backups import Backup
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.create import has_tables
from interop_cli.store.engines.open import connect
from interop_cli.store.engines.transfer import Place, admit, count, fill, layout
from interop_cli.store.migrations import applied, apply_pending, migrate, pending


class Replaced(NamedTuple):
    """The schema that keeps the content of before, if there was any; those that are gone.

    ``admin`` is who was made one, in a database that knew no users.
    """

    kept: str | None
    dropped: list[str]
    admin: str | None


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

    def run(self, backup: Backup, *, dry_run: bool) -> Replaced:
        """Have the database hold what the backup holds, or leave it as it is.

        Raises Conflict ``db.exists`` where the tables there are another program's, UnusableDb
        ``db.newer`` where they are newer than ours, Denied ``db.denied``.
        """
        target = connect(self.location, lock_timeout=self.lock_timeout)
        try:
            there = bool(target.tables())
            if there:
                self._check(target)
            aside = kept.next_schema(target) if there else None
            dropped = kept.superfluous(target, self.keep, coming=aside) if aside else []
            if dry_run:
                return Replaced(aside, dropped, None)
            with _present(backup, self.now) as source, target.write(alone=True):
                target.patient()
                if aside:
                    kept.set_aside(target, applied(target), aside)
                    kept.drop_schemas(target, dropped)
                admin = self._replace(source, target)
                self.settled()
            self.applied()
            grants.renew(target)  # of new tables, and of users that came with the backup
            return Replaced(aside, dropped, admin)
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
        target.execute(f"DELETE FROM {place.name}")  # noqa: S608 - our own names


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

    from interop_cli.disk import temporary_file
    from interop_cli.store.engines import schema, sqlite
    from interop_cli.store.engines.files import copied

    with temporary_file():
        folder = Path(tempfile.gettempdir())
    with copied(backup.conn, folder / "interop-older") as path:
        conn = sqlite.connect(path)
        try:
            schema.drop(conn, backup.strange)
            migrate(conn, now)
            yield conn
        finally:
            conn.close()
