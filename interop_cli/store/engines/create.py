"""Making a database, and bringing an older one to the present schema."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interop_cli.domain.errors import Busy, Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.store.engines.address import is_url, without_password
from interop_cli.store.engines.beside import KEPT_BEFORE
from interop_cli.store.engines.connection import Connection, Row, in_attempts
from interop_cli.store.engines.open import APPLICATION_ID, check_free, claim_file, connect, exists
from interop_cli.store.migrations import apply_pending, migrate, pending
from interop_cli.store.writing.rights import identity


def create_database(
    location: str,
    now: str,
    creator: User | None = None,
    *,
    lock_timeout: float,
    dry_run: bool = False,
    zone: str = "",
) -> None:
    """Make an empty database of the present schema, whole or not at all.

    Its creator is its first admin; without one nobody has a role, and nobody is kept out.
    ``zone`` is the name of the time zone whose days are meant.

    Raises Conflict ``db.exists`` where there is a file, or where the server's database has tables.
    """
    if not dry_run:
        with made(location, now, lock_timeout=lock_timeout) as conn:
            make_admin(conn, creator, now)
            _set_zone(conn, zone, now)
    elif is_url(location):
        with _made_on_server(location, lock_timeout):
            pass
    else:
        check_free(Path(location))


@contextmanager
def made(location: str, now: str, *, lock_timeout: float) -> Iterator[Connection]:
    """A new database of the present schema, in the transaction that makes it.

    Raises as ``create_database`` does.
    """
    if is_url(location):
        making = _made_on_server(location, lock_timeout)
    else:
        making = _made_file(Path(location), lock_timeout)
    with making as conn:
        apply_pending(conn, now)
        yield conn


@contextmanager
def _made_on_server(location: str, lock_timeout: float) -> Iterator[Connection]:
    conn = connect(location, lock_timeout=lock_timeout)
    try:
        with conn.write(alone=True):
            if conn.tables():
                raise has_tables(location)
            yield conn
    finally:
        conn.close()


def has_tables(location: str) -> Conflict:
    """There is something on a server where a database should be made."""
    return Conflict(
        "db.exists",
        msg(
            "The database at {place} has tables already; it was left as it is.",
            place=without_password(location),
        ),
    )


@contextmanager
def _made_file(path: Path, lock_timeout: float) -> Iterator[Connection]:
    """One transaction makes all of it, so a file is empty or ready; another process may help."""
    from interop_cli.store.engines import sqlite

    ours = claim_file(path)
    conn = sqlite.connect(path.resolve(), lock_timeout=lock_timeout)
    try:
        with conn.write():
            if conn.tables():
                raise exists(path)
            try:
                conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                yield conn
            except BaseException:
                if ours:
                    # While the lock is ours and nobody waits in vain. Windows unlinks nothing
                    # that is open; an empty file may stay, the next init takes it.
                    with suppress(PermissionError):
                        path.unlink()
                raise
        conn.prefer_wal()
    finally:
        conn.close()


def _set_zone(conn: Connection, zone: str, now: str) -> None:
    """The first setting; like the first admin, it belongs to the making of the database."""
    if not zone:
        return
    (row_id,) = conn.next_ids("setting", 1)
    conn.insert_many(
        "setting",
        ("id", "name", "value", "created_at", "updated_at"),
        [(row_id, "timezone", zone, now, now)],
    )


def make_admin(conn: Connection, creator: User | None, now: str) -> None:
    """Make a user admin: no operation, it belongs to the making of a database and stays done."""
    if creator is None:
        return
    user = identity(conn, creator)
    (row_id,) = conn.next_ids("user_role", 1)
    conn.insert_many(
        "user_role",
        ("id", "uid", "name", "role", "created_at", "updated_at"),
        [(row_id, user.uid, user.name, "admin", now, now)],
    )


def migrate_database(
    location: str,
    now: str,
    *,
    lock_timeout: float,
    backup: bool,
    dry_run: bool,
    waiting: Callable[[list[Row]], object],
    settled: Callable[[], object],
) -> tuple[list[str], Path | None]:
    """Apply the pending steps; their names, and the copy made of a file before.

    On a server in short attempts, for ``lock_timeout`` seconds, so that nobody waits long behind
    who waits; ``waiting`` gets the sessions that are in the way. ``settled`` is called before what
    was done is committed.
    """
    from interop_cli.store.engines.metrics import holders

    conn = connect(location, lock_timeout=lock_timeout)
    try:
        steps = [step.name for step in pending(conn)]
        if not steps or dry_run:
            return steps, None
        copy = None
        if backup and not is_url(location):
            copy = _copy_before(conn, location, steps)
        applied = in_attempts(
            lambda: migrate(conn, now, settled),
            lock_timeout,
            lambda error: isinstance(error, Busy) and conn.side_by_side,
            lambda: waiting(holders(conn)),
        )
        if conn.engine == "postgres":
            from interop_cli.store.engines import grants

            grants.renew(conn)  # the new tables have none yet
        return applied, copy
    finally:
        conn.close()


def _copy_before(conn: Connection, location: str, steps: list[str]) -> Path | None:
    """Copy the file as it was before ``steps``; None where another process was faster."""
    from interop_cli.store.engines.copies import copied, free_name, sqlite_only

    with copied(sqlite_only(conn), Path(location)) as fresh:
        if [step.name for step in pending(conn)] != steps:  # it may be a copy of what came after
            return None
        kept = free_name(Path(location), f"{KEPT_BEFORE}{steps[0]}")
        os.replace(fresh, kept)
    return kept
