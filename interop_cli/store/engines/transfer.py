"""A whole database copied to another place, between files and servers: every table, row by row.

The tables, their columns and their order come from the steps of the schema. All is written in one
transaction, from one snapshot, and read again before it is committed: it has to be what was read.

A copy is a clone of what goes on being used: see ``twins.py``. One that takes its place (``move``)
is first committed as a clone, too; then the source is marked as moved, and only then does the copy
get what it lacks. So wherever it is cut off, never do two databases send the same things.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from interop_cli.domain.errors import Conflict, UnusableDb
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import User
from interop_cli.store.engines import soundness, twins
from interop_cli.store.engines.address import is_url, without_password
from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.engines.create import has_tables, made, make_admin
from interop_cli.store.engines.open import connect, is_free, open_database
from interop_cli.store.migrations import MIGRATIONS, Migration, known
from interop_cli.store.writing import rights, taken

BATCH = 1000
INDEX = "client_search_fts"  # SQLite's full-text index, made anew from client_search
STAYS = "moved"  # says something of one place alone
# What ``db init`` writes into a database; the rest has to be empty in one that is copied to.
INITIAL = ("user_role", "setting", "migration")

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Place:
    """One table: how its rows are read, in an order that is the same on both engines."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    batch: int
    parents: frozenset[str]

    def rows(self, conn: Connection) -> Iterator[list[tuple[Any, ...]]]:
        """All rows, as batches."""
        sql = f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {', '.join(self.key)}"
        return conn.batches(sql, {}, self.batch)


@dataclass
class Sum:
    """How many rows a table has, and a hash of them in their order."""

    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, batch: list[tuple[Any, ...]]) -> None:
        """Count some more in."""
        self.rows += len(batch)
        # As in the journal: of texts, integers and bytes this says the same on both engines.
        self.digest.update("\n".join(map(repr, batch)).encode("utf-8", "surrogatepass") + b"\n")

    @property
    def told(self) -> tuple[int, str]:
        """Both, to compare."""
        return self.rows, self.digest.hexdigest()


@dataclass(frozen=True)
class Copied:
    """What was copied: rows by table; the targets of sync that have to be matched again.

    ``admin`` is who was made one: whoever copied, where the engine knows users by other names.
    ``mail_off``: the source sends mail, and the copy does not.
    """

    tables: dict[str, int]
    targets: list[str]
    admin: str | None
    mail_off: bool = False


@dataclass
class Copying:
    """A copy to be made of the database at ``source``.

    ``settled`` is called before what was copied is committed, ``applied`` after it. ``progress``
    gets the number of rows.
    """

    source: str
    target: str
    now: str
    user: User
    lock_timeout: float
    progress: Callable[[int], AbstractContextManager[Advance]]
    settled: Callable[[], object]
    applied: Callable[[], object]

    def run(self, *, move: bool = False, dry_run: bool = False) -> Copied:
        """Copy everything, or nothing.

        Raises Conflict ``db.exists`` where the target holds anything, UnusableDb ``db.copy`` where
        the copy is not what was read, and as ``open_database`` does.
        """
        source = _ready(self.source, self.lock_timeout)
        try:
            with source.write(alone=True) if move else source.read():
                if move:
                    rights.check(source, self.user, "db.move", None)
                source.patient()
                places = layout()
                counts = count(source, places)
                met, mail = twins.kept_of(source), twins.sends_mail(source)
                targets = [] if move else twins.met_targets(source)
                copied = Copied(counts, targets, None, mail_off=mail and not move)
                if dry_run:
                    self._check_target(places)
                    return copied
                copied = replace(copied, admin=self._copy(source, places, sum(counts.values())))
                self.applied()
                if move:
                    twins.mark_moved(source, _absolute(self.target), self.now)
        finally:
            source.close()
        if move:
            self._take_over(met, mail=mail)
        return copied

    def _copy(self, source: Connection, places: list[Place], rows: int) -> str | None:
        """Copy what is in ``places``; who was made admin."""
        with _emptied(self.target, self.now, places, lock_timeout=self.lock_timeout) as target:
            target.patient()
            with self.progress(2 * rows) as advance:
                fill(source, target, places, advance)
            twins.as_clone(target)
            differs = target.engine != source.engine
            admin = admit(target, self.user, self.now) if differs else None
            self.settled()
        return admin

    def _take_over(self, met: list[Row], *, mail: bool) -> None:
        """Give the copy what makes it more than a clone."""
        target = open_database(self.target, lock_timeout=self.lock_timeout)
        try:
            with target.write():
                twins.give_back(target, met, mail=mail)
        finally:
            target.close()

    def _check_target(self, places: list[Place]) -> None:
        """Raise as the copying would where something is there."""
        if _is_new(self.target, self.lock_timeout):
            return
        target = _opened(self.target, self.lock_timeout)
        try:
            _check_empty(target, self.target, places)
        finally:
            target.close()


def layout(steps: Iterable[str] | None = None) -> list[Place]:
    """Our tables that are copied, those that others refer to first.

    As these steps of the schema have made them; all steps where none are named.
    """
    return [*_laid_out(known(steps or (step.name for step in MIGRATIONS)))]


@cache
def _laid_out(steps: tuple[Migration, ...]) -> tuple[Place, ...]:
    found = {}
    with soundness.fresh_schema(step.name for step in steps) as conn:
        for name in sorted(conn.tables()):
            if name == STAYS or name.startswith((INDEX, "sqlite_")):
                continue
            columns = conn.query(f"PRAGMA table_info({name})")
            key = sorted((row for row in columns if row["pk"]), key=lambda row: row["pk"])
            parents = {row["table"] for row in conn.query(f"PRAGMA foreign_key_list({name})")}
            found[name] = Place(
                name,
                tuple(row["name"] for row in columns),
                tuple(row["name"] for row in key),
                # A file may be large, and a batch is held in memory.
                1 if any(row["type"] == "BLOB" for row in columns) else BATCH,
                frozenset(parents - {name}),
            )
    order = TopologicalSorter({name: place.parents for name, place in found.items()})
    return tuple(found[name] for name in order.static_order())


def count(source: Connection, places: list[Place]) -> dict[str, int]:
    """The number of rows by table."""
    return {place.name: _count(source, place.name) for place in places}


def fill(source: Connection, target: Connection, places: list[Place], advance: Advance) -> None:
    """Write what is in ``places`` into tables that are empty, and read it again there.

    ``advance`` gets every row twice. Raises UnusableDb ``db.copy`` where it is not what was read.
    """
    sums = {one.name: _copied(one, source, target, advance).told for one in places}
    names = {place.name for place in places}
    taken.fill(target)
    for name, last in source.last_ids().items():
        if last and name in names:
            target.set_last_id(name, last)
    for place in places:
        if _read_again(place, target, advance).told != sums[place.name]:
            raise UnusableDb(
                "db.copy",
                msg(
                    "The table {table} of the copy is not what was read; nothing was kept.",
                    table=place.name,
                ),
                hint=msg("See: interop db check"),
            )


def admit(target: Connection, one: User, now: str) -> str | None:
    """Make whoever copies admin, where there are users and none of them is this one; who it is."""
    user = rights.identity(target, one)
    uids = {row["uid"] for row in target.query("SELECT uid FROM user_role")}
    if not uids or user.uid in uids:
        return None
    make_admin(target, one, now)
    return user.name


def _copied(place: Place, source: Connection, target: Connection, advance: Advance) -> Sum:
    """Write what a table has to the target; the sum of what was read."""
    total = Sum()

    def rows() -> Iterator[tuple[Any, ...]]:
        for batch in place.rows(source):
            total.add(batch)
            yield from batch
            advance(len(batch))

    target.insert_many(place.name, place.columns, rows())
    return total


def _read_again(place: Place, target: Connection, advance: Advance) -> Sum:
    """The sum of what a table of the target has; what is searched is put into the index."""
    total = Sum()
    for batch in place.rows(target):
        total.add(batch)
        if place.name == "client_search":
            target.learn_words(batch)
        advance(len(batch))
    return total


@contextmanager
def _emptied(
    location: str, now: str, places: list[Place], *, lock_timeout: float
) -> Iterator[Connection]:
    """A database with nothing in it, in a transaction; made where there is none."""
    if _is_new(location, lock_timeout):
        with made(location, now, lock_timeout=lock_timeout) as conn:
            _clear(conn)
            yield conn
        return
    conn = _opened(location, lock_timeout)
    try:
        with conn.write(alone=True):
            _check_empty(conn, location, places)
            _clear(conn)
            yield conn
    finally:
        conn.close()


def _is_new(location: str, lock_timeout: float) -> bool:
    """Whether nothing is there yet, not even what ``db init`` makes."""
    if not is_url(location):
        return is_free(Path(location))
    conn = connect(location, lock_timeout=lock_timeout)
    try:
        return not conn.tables()
    finally:
        conn.close()


def _opened(location: str, lock_timeout: float) -> Connection:
    """A database that is there; Conflict ``db.exists`` where it is another program's."""
    if is_url(location):
        conn = connect(location, lock_timeout=lock_timeout)
        try:
            if "migration" not in conn.tables():
                raise has_tables(location)
        finally:
            conn.close()
    return _ready(location, lock_timeout)


def _ready(location: str, lock_timeout: float) -> Connection:
    """A database of the present schema; the error says which of the two is not."""
    try:
        return open_database(location, lock_timeout=lock_timeout)
    except UnusableDb as error:
        if error.code == "db.older":
            place = without_password(location)
            error.hint = msg("Run: interop --db {place} db migrate", place=place)
        raise


def _check_empty(conn: Connection, location: str, places: Iterable[Place]) -> None:
    for place in places:
        if place.name not in INITIAL and conn.query(f"SELECT 1 AS x FROM {place.name} LIMIT 1"):
            raise _taken(location)


def _taken(location: str) -> Conflict:
    return Conflict(
        "db.exists",
        msg(
            "The database at {place} holds something already; it was left as it is.",
            place=without_password(location),
        ),
        hint=msg("Copy to a new file, or to an empty database of the server."),
    )


def _clear(conn: Connection) -> None:
    for table in INITIAL:
        conn.execute(f"DELETE FROM {table}")


def _count(conn: Connection, table: str) -> int:
    return int(conn.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


def _absolute(location: str) -> str:
    """A place as it is shown, wherever one is."""
    return without_password(location) if is_url(location) else str(Path(location).resolve())
