"""A backup of a PostgreSQL database: a dump by its own tool, else a SQLite file of ours.

A dump is read by ``pg_restore``, into a SQLite file: so it is checked before anything is restored
from it, and goes to a file as well as to a server, where rights and what others have made stay.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from interop_cli.disk import nameless_file, sync_file, temporary_file
from interop_cli.domain.errors import ConfigError, Conflict, RemoteFailure, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.store import migrations
from interop_cli.store.engines import beside
from interop_cli.store.engines.connection import Connection
from interop_cli.store.engines.copies import (
    ASIDE,
    cannot_write,
    put_in_place,
    refuse_taken,
    unsound,
)
from interop_cli.store.engines.open import not_ours
from interop_cli.store.engines.sqlite import SqliteConnection
from interop_cli.store.engines.transfer import INDEX, STAYS

DUMP, COPY = "pg_dump", "copy"
MAGIC = b"PGDMP"
_NAME = rb'(?:"(?:[^"]|"")+"|[^\s".]+)'
_COPY = re.compile(rb"COPY " + _NAME + rb"\.(\w+) \(([^)]*)\) FROM stdin;$")
_SETVAL = re.compile(
    rb"SELECT pg_catalog\.setval\('" + _NAME + rb"\.(\w+)_id_seq', (\d+), (true|false)\);$"
)
_MIGRATION = re.compile(r" TABLE DATA (.+) migration ")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_READING: dict[str, Callable[[str], object]] = {
    "INTEGER": int,
    "TEXT": str,
    "BLOB": lambda cell: bytes.fromhex(cell.removeprefix("\\x")),
}


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
    compared row by row. Raises as ``copies.backup`` does, and RemoteFailure ``db.dump``.
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

    from interop_cli.store.engines.postgres_session import NAME

    given = conninfo_to_dict(location)
    environ = {"PGAPPNAME": NAME, **os.environ}
    if password := given.pop("password", None):  # the list of processes shows what is said
        environ["PGPASSWORD"] = str(password)
    where = make_conninfo("", **given)
    out = ("--format=custom", "--no-password", f"--exclude-schema=*{ASIDE}*", f"--file={part}")
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


def is_dump(file: Path) -> bool:
    """Whether a file is a dump in the custom form of ``pg_dump``."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # whoever opens it as a database says what is wrong


@contextmanager
def unpacked(
    file: Path, schema: str | None, advance: Callable[[int], None]
) -> Iterator[SqliteConnection]:
    """A SQLite file, gone afterwards, of what a dump holds, with the schema that it has there.

    Of several databases in it the one in ``schema``. Raises ConfigError ``db.pg_restore`` where
    that program is not there or too old, UnusableDb where the dump is damaged, or its schema newer.
    """
    import tempfile

    from interop_cli.store.engines import sqlite

    program = shutil.which("pg_restore")
    if program is None:
        raise _needs_pg_restore()
    dump = _Dump(program, file)
    place = f"--schema={dump.place(schema)}"
    with ExitStack() as ending:
        with temporary_file():
            folder = Path(tempfile.gettempdir())
            beside.clear(folder)
            path = ending.enter_context(beside.made(folder, "interop-dump"))
        conn = sqlite.connect(path)
        ending.callback(conn.close)
        with dump.script(place, "--table=migration") as lines:
            steps = [line.split(b"\t")[0].decode() for line in _first_rows(lines)]
        migrations.refuse_newer(steps)
        try:
            with conn.write():
                _fill(conn, steps, dump.script(place), advance)
        except Conflict as error:  # what a table of ours does not hold, it never gave
            raise unsound(error.message) from error
        yield conn


class _Dump(NamedTuple):
    """A dump, and the program that reads it."""

    program: str
    file: Path

    def place(self, wanted: str | None) -> str:
        """The schema of the database in it: the one that is wanted, or the only one there is."""
        with self.script("--list", data=False) as lines:
            found = [_MIGRATION.search(line.decode("utf-8", "replace")) for line in lines]
        places = [match[1] for match in found if match]
        if wanted in places:
            return str(wanted)
        ours = [place for place in places if ASIDE not in place]
        if not ours:
            raise not_ours()
        if len(ours) > 1:
            raise UnusableDb(
                "db.several",
                msg("The dump holds several databases: {names}.", names=", ".join(ours)),
                hint=msg("Restore it where search_path names one of them; see docs/server.md"),
            )
        return ours[0]

    @contextmanager
    def script(self, *words: str, data: bool = True) -> Iterator[Iterator[bytes]]:
        """The lines that ``pg_restore`` writes; raises where it ends with an error."""
        if data:
            words = ("--data-only", "--file=-", *words)
        with nameless_file() as said:
            process = subprocess.Popen(  # noqa: S603 - found on the path, and no shell between
                [self.program, *words, str(self.file)],
                env={**os.environ, "LC_ALL": "C"},
                stdout=subprocess.PIPE,
                stderr=said,
            )
            try:
                yield iter(cast("IO[bytes]", process.stdout))
            except BaseException:
                process.kill()
                raise
            finally:
                cast("IO[bytes]", process.stdout).close()
                code = process.wait()
            said.seek(0)
            text = said.read(10_000).decode("utf-8", "replace")
        if "unsupported version" in text:
            raise _needs_pg_restore()
        if code:
            raise unsound(msg("pg_restore ended with an error"))


def _fill(
    conn: SqliteConnection,
    steps: list[str],
    script: AbstractContextManager[Iterator[bytes]],
    advance: Callable[[int], None],
) -> None:
    """Make the tables, and put into them what the script has for them."""
    from interop_cli.store.engines.open import APPLICATION_ID

    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {len(steps)}")
    conn.patient()
    migrations.make(conn, steps)
    tables = conn.tables()
    for name in tables:
        if not name.startswith((INDEX, "sqlite_")):
            conn.execute(f"DELETE FROM {name}")
    with script as lines:
        for line in lines:
            if found := _COPY.match(line):
                name, columns = found[1].decode(), found[2].decode().replace('"', "").split(", ")
                rows = _rows(lines)
                if name in tables and name != STAYS:
                    _insert(conn, name, columns, rows, advance)
                for _row in rows:
                    pass
            elif (found := _SETVAL.match(line)) and (name := found[1].decode()) in tables:
                conn.set_last_id(name, int(found[2]) - (found[3] == b"false"))
    for batch in conn.batches("SELECT client_id, words FROM client_search", {}):
        conn.learn_words(batch)


def _insert(
    conn: SqliteConnection,
    table: str,
    columns: list[str],
    rows: Iterator[bytes],
    advance: Callable[[int], None],
) -> None:
    types = {row["name"]: row["type"] for row in conn.query(f"PRAGMA table_info({table})")}
    if not types.keys() >= set(columns):
        raise unsound(msg("{name} (schema)", name=table))
    reading = [_READING[types[name]] for name in columns]

    def values() -> Iterator[list[object]]:
        for number, row in enumerate(rows):
            cells = row.decode().split("\t")
            if number % 1000 == 0:
                advance(1000)
            yield [
                None if cell == r"\N" else read(_plain(cell) if "\\" in cell else cell)
                for read, cell in zip(reading, cells, strict=True)
            ]

    try:
        conn.insert_many(table, columns, values())
    except ValueError as error:
        raise unsound(msg("{name} (schema)", name=table)) from error


def _first_rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The rows of the one table of a script."""
    for line in lines:
        if _COPY.match(line):
            yield from _rows(lines)


def _rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The rows that follow, up to the line that ends them."""
    for line in lines:
        if line == b"\\.\n":
            return
        yield line[:-1]


def _plain(cell: str) -> str:
    """The text of a cell as COPY writes it.

    https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-TEXT
    """
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), cell)


def _needs_pg_restore() -> ConfigError:
    return ConfigError(
        "db.pg_restore",
        msg("The backup is a dump, which takes a pg_restore as new as the pg_dump that made it."),
        hint=msg("Install the programs of PostgreSQL, or name their folder in PATH."),
    )
