"""A backup of a PostgreSQL database: a dump by its own tool, else a SQLite file of ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from interop_cli.disk import sync_file
from interop_cli.domain.errors import RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines import beside
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.files import cannot_write, put_in_place, refuse_taken

DUMP, COPY = "pg_dump", "copy"


def backup(
    conn: Connection,
    location: str,
    target: Path,
    *,
    copied: Callable[[Path], object],
    overwrite: bool,
    dry_run: bool,
) -> tuple[int, str]:
    """Write a checked backup to ``target``; its size in bytes, and what made it.

    ``pg_dump`` where it is installed and no older than the server: its custom format, which is
    read again whole by ``pg_restore``. Else ``copy``: ``copied`` makes a SQLite file at a path,
    compared row by row. Raises as ``files.backup`` does, and RemoteFailure ``db.dump``.
    """
    refuse_taken(target, overwrite=overwrite)
    tools = _tools(conn)
    try:
        folder = target.resolve().parent
        beside.clear(folder)
        with beside.made(folder, target.name) as part:
            if tools:
                _dump(*tools, location, part)
            else:
                copied(part)
            sync_file(part)
            size = part.stat().st_size
            if not dry_run:
                put_in_place(part, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return size, DUMP if tools else COPY


def _tools(conn: Connection) -> tuple[str, str] | None:
    """The paths of ``pg_dump`` and ``pg_restore``, where both can do with this server."""
    sql = "SELECT CAST(current_setting('server_version_num') AS INTEGER) / 10000 AS major"
    major = conn.query(sql)[0]["major"]
    found = [shutil.which(name) for name in ("pg_dump", "pg_restore")]
    for path in found:
        if path is None:
            return None
        done = _run([path, "--version"])
        version = re.search(r"\) (\d+)", done.stdout)
        if done.returncode or version is None or int(version[1]) < major:
            return None
    return str(found[0]), str(found[1])


def _dump(pg_dump: str, pg_restore: str, location: str, part: Path) -> None:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    given = conninfo_to_dict(location)
    environ = dict(os.environ)
    if password := given.pop("password", None):  # the list of processes shows what is said
        environ["PGPASSWORD"] = str(password)
    where = make_conninfo("", **given)
    out = ("--format=custom", "--no-password", f"--file={part}")
    for words in (
        [pg_dump, *out, f"--dbname={where}"],
        [pg_restore, f"--file={os.devnull}", str(part)],
    ):
        if _run(words, environ).returncode:
            raise RemoteFailure(
                "db.dump",
                msg("{tool} ended with an error; no backup was made.", tool=Path(words[0]).name),
                hint=msg("Run it yourself as the owner of the tables to see what it says."),
            )


def _run(
    words: list[str], environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - found on the path, and no shell between
        words, env=environ, capture_output=True, text=True, check=False
    )
