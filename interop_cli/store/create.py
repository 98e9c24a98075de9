"""Making a database, and bringing an older one to the present schema."""

from __future__ import annotations

from pathlib import Path

from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.store.migrations import migrate, pending
from interop_cli.store.open import connect, create_file, file_exists, is_url, without_password


def create_database(location: str, now: str, *, lock_timeout: float, dry_run: bool = False) -> None:
    """Make an empty database of the present schema; a dry run only looks whether it could.

    Raises Conflict ``db.exists`` where there is a file, or where the server's database has tables.
    A file that could not be finished is taken away again.
    """
    if is_url(location):
        conn = connect(location, lock_timeout=lock_timeout)
        try:
            if conn.tables():
                raise Conflict(
                    "db.exists",
                    msg("The database at {place} has tables already; it was left as it is.",
                        place=without_password(location)),
                )  # fmt: skip
            if not dry_run:
                migrate(conn, now)
        finally:
            conn.close()
        return
    path = Path(location)
    if dry_run:
        if path.exists():
            raise file_exists(path)
        return
    conn = create_file(path, lock_timeout=lock_timeout)
    try:
        migrate(conn, now)
    except BaseException:
        conn.close()
        path.unlink(missing_ok=True)
        raise
    conn.close()


def migrate_database(
    location: str, now: str, *, lock_timeout: float, backup: bool, dry_run: bool
) -> tuple[list[str], Path | None]:
    """Apply the pending steps; their names, and the copy made of a file before."""
    conn = connect(location, lock_timeout=lock_timeout)
    try:
        steps = [step.name for step in pending(conn)]
        if not steps or dry_run:
            return steps, None
        copy = None
        if backup and not is_url(location):
            from interop_cli.store.files import backup as write_backup

            copy = Path(f"{location}.before-{steps[0]}")
            write_backup(conn, copy, overwrite=True)
        return migrate(conn, now), copy
    finally:
        conn.close()
