"""Transactions on a PostgreSQL server: writers side by side, and what became of a lost commit.

Writers work READ COMMITTED. All lock the table ``write_turn``, which whoever may only read cannot,
in a mode that shuts out nobody but those who have to be alone: a migration, a move. On 40001 and
40P01 a unit of work is run again, and where an index or a reference does not allow what another
writer has made impossible meanwhile.

An answer that is lost while committing is looked up, by the number of the transaction. Of several
servers in an address another one may take writes by then, after a failover. Numbers of transactions
say nothing there, nor after a crash: the journal does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from interop_cli.domain.errors import Busy, InteropError, IoFailure, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import in_attempts
from interop_cli.store.engines.distribute import ONE_BY_ONE
from interop_cli.store.engines.postgres_errors import READ_ONLY, Silent, translating
from interop_cli.store.engines.postgres_session import Session, open_session
from interop_cli.store.engines.twins import MOVED, refuse_moved

AGAIN = 0.2  # seconds between two questions for the outcome of a commit
PASSING = frozenset({"db.unreachable", "db.starting", "db.session"})


class Holder(Protocol):
    """Whoever has a session."""

    raw: Session
    lock_timeout: float


def open_patiently(url: str, *, lock_timeout: float) -> Session:
    """A session as ``open_session`` gives it; a failover or a start is waited for.

    For ``lock_timeout`` seconds. One server alone that is not there is not waited for: its address
    may be mistyped.
    """

    def is_passing(error: Exception) -> bool:
        if not isinstance(error, RemoteFailure):
            return False
        return error.code == "db.starting" or (error.code in PASSING and _several(url))

    return in_attempts(
        lambda: open_session(url, lock_timeout=lock_timeout), lock_timeout, is_passing
    )


def _several(url: str) -> bool:
    """Whether an address names several servers, one of which is to take writes."""
    given = conninfo_to_dict(url)
    hosts = str(given.get("host") or os.environ.get("PGHOST") or "")
    kind = given.get("target_session_attrs") or os.environ.get("PGTARGETSESSIONATTRS")
    return "," in hosts and kind in (None, "read-write", "primary")


def is_lost(raw: Session, error: psycopg.Error) -> bool:
    """Whether the session ended with this error, which is so no answer to what was asked."""
    return raw.closed or (error.sqlstate or "08").startswith(("08", "57P"))


def is_committed(conn: Holder, number: str) -> bool:
    """What became of the transaction of this number, whose session was lost; another one goes on.

    Raises IoFailure ``io.commit_unknown`` where that cannot be found out.
    """
    before, address = conn.raw.facts, conn.raw.address
    conn.raw.close()
    deadline = time.monotonic() + address.patience
    while time.monotonic() < deadline:
        try:
            conn.raw = open_session(address.url, lock_timeout=conn.lock_timeout)
            if conn.raw.facts.standby:
                conn.raw.close()
            elif conn.raw.facts.started != before.started:
                break  # numbers are given anew after a crash, and by another server
            elif (status := _status(conn.raw, number)) != "in progress":
                if status is None:
                    break
                return status == "committed"
            else:
                conn.raw.close()
        except (Busy, RemoteFailure, psycopg.OperationalError):
            pass
        except (InteropError, psycopg.Error):
            break
        time.sleep(AGAIN)
    raise IoFailure(
        "io.commit_unknown",
        msg("The connection was lost while the change was being committed."),
        applied=None,
    )


def _status(raw: Session, number: str) -> str | None:
    with raw.cursor() as cursor:
        cursor.execute("SELECT pg_xact_status(CAST(%s AS xid8))", [number])
        (status,) = cursor.fetchone() or (None,)
    return status and str(status)


MAKERS_LOCK = 0x494F434C  # the advisory lock of those who make the tables
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
TURN = "LOCK TABLE write_turn IN "
BESIDE = "ROW EXCLUSIVE MODE"
NUMBER = "SELECT CAST(pg_current_xact_id() AS TEXT)"
BEGUN = f"{NUMBER}, ({MOVED})"
# Who finds another one at it, or one who has to be alone, leaves it to the next.
SEALING = (
    f"SET LOCAL synchronous_commit = off; {TURN}{BESIDE} NOWAIT;"
    " SELECT 1 FROM task WHERE name = 'seal' FOR UPDATE SKIP LOCKED"
)


class Transactions:
    """The transactions of a session; see ``Connection`` for what each method gives."""

    def __init__(self, raw: Session, lock_timeout: float) -> None:
        self.raw = raw
        self.lock_timeout = lock_timeout
        self.tasks: dict[str, Session] = {}
        """What we are the only one at work on, each in a session of its own."""

    @property
    def distributed(self) -> bool:
        """Whether this is Citus."""
        return self.raw.facts.distributed

    @contextmanager
    def write(
        self, *, moved: bool = False, alone: bool = False, hasty: bool = False
    ) -> Iterator[None]:
        with translating(), self._turn(moved, alone, hasty) as number:
            try:
                if self.distributed:
                    self.raw.execute(ONE_BY_ONE)
                yield
            except BaseException:
                with suppress(psycopg.Error):  # a lost session has rolled back already
                    self.raw.execute("ROLLBACK")
                raise
            self._commit(number)

    @contextmanager
    def _turn(self, moved: bool, alone: bool, hasty: bool) -> Iterator[str]:
        """Begin a transaction once nobody is at work who has to be alone; its number."""
        if self.raw.facts.standby:
            raise READ_ONLY.error()
        try:
            if alone:
                answers = self.raw.alone(BEGIN, f"{TURN}EXCLUSIVE MODE", BEGUN, hasty=hasty)
            else:
                answers = self.raw.execute(f"{BEGIN}; {self.raw.patience}{TURN}{BESIDE}; {BEGUN}")
            while answers.nextset():
                pass
            (number, place) = answers.fetchone() or ("", None)
            if not moved and place is not None:
                self.raw.execute("ROLLBACK")
                refuse_moved(place)
        except psycopg.errors.UndefinedTable:
            self.raw.execute("ROLLBACK")
        except psycopg.Error:
            with suppress(psycopg.Error):
                self.raw.execute("ROLLBACK")
            raise
        else:
            self.raw.settle()
            yield number
            return
        # The tables are still to be made, or brought to the present schema. Each statement sees
        # what was committed before it: so those who waited see the tables.
        self.raw.execute(BEGIN)
        try:
            self.raw.settle()
            self.raw.execute("SELECT pg_advisory_xact_lock(%s)", [MAKERS_LOCK])
            (number,) = self.raw.execute(NUMBER).fetchone() or ("",)
        except psycopg.Error:
            with suppress(psycopg.Error):
                self.raw.execute("ROLLBACK")
            raise
        yield number

    def _commit(self, number: str) -> None:
        """Commit the transaction of this number.

        Raises IoFailure ``io.commit_unknown`` where no answer came and none can be found.
        """
        try:
            done = self.raw.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if not is_lost(self.raw, error):
                raise  # this is the answer: it was rolled back
            if not is_committed(self, number):
                raise
            return
        if done != "COMMIT":
            raise RuntimeError("an error of the database was passed over")

    def run_again(
        self, statement: LiteralString, params: Mapping[str, object] | None = None
    ) -> psycopg.Cursor[Any]:
        """Run a statement that reads; in another session where this one was lost outside of a
        transaction, as in a failover.
        """
        idle = self.raw.info.transaction_status == TransactionStatus.IDLE
        try:
            return self.raw.execute(statement, params)
        except Silent:
            raise
        except psycopg.OperationalError as error:
            if not (idle and is_lost(self.raw, error) and self.renew()):
                raise
        return self.raw.execute(statement, params)

    def renew(self) -> bool:
        if self.tasks:
            return False  # others may be at them by now
        if self.raw.closed or self.raw.info.transaction_status != TransactionStatus.IDLE:
            self.raw.close()
            self.raw = open_patiently(self.raw.address.url, lock_timeout=self.lock_timeout)
        return True

    @contextmanager
    def read(self) -> Iterator[None]:
        if self.raw.info.transaction_status != TransactionStatus.IDLE:
            yield  # within a unit of work, which has its snapshot
            return
        with translating():
            # Not SERIALIZABLE, which a standby refuses; one snapshot it is all the same.
            self.run_again("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                self.raw.settle()
                yield
            finally:
                with suppress(psycopg.Error):
                    self.raw.execute("ROLLBACK")

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        with translating():
            try:
                answers = self.raw.execute(f"{BEGIN}; {self.raw.patience}{SEALING}")
                while answers.nextset():
                    pass
                ours = answers.fetchone() is not None
                yield ours
            except BaseException:
                with suppress(psycopg.Error):
                    self.raw.execute("ROLLBACK")
                raise
            self.raw.execute("COMMIT" if ours else "ROLLBACK")
