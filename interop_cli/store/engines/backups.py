"""A backup that is to be restored: what it holds, and whether it is sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.store.engines import schema
from interop_cli.store.engines.files import problems_of, unsound
from interop_cli.store.engines.schema import Part
from interop_cli.store.engines.sqlite import SqliteConnection

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
def opened(
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
    if lacking := schema.lacking(conn):
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
        schema.strange(conn),
        met_targets(conn),
        sends_mail(conn),
        operations,
        broken,
        admin,
    )
