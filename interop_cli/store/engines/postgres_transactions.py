"""Transactions on a PostgreSQL server: writers side by side, and what became of a lost commit.

Writers work READ COMMITTED. All lock the table ``write_turn``, which whoever may only read cannot,
in a mode that shuts out nobody but those who have to be alone: a migration, a move. On 40001 and
40P01 a unit of work is run again, and where an index or a reference does not allow what another
writer has made impossible meanwhile.

An answer that is lost while committing is looked up, by the number of the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import TransactionStatus

from interop_cli.domain.errors import Busy, InteropError, IoFailure, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines.distribute import ONE_BY_ONE
from interop_cli.store.engines.postgres_errors import READ_ONLY, translating
from interop_cli.store.engines.postgres_session import Session, open_session
from interop_cli.store.engines.twins import MOVED, refuse_moved

MAKERS_LOCK = 0x494F434C  # the advisory lock of those who make the tables
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
TURN = "LOCK TABLE write_turn IN "
BESIDE = "ROW EXCLUSIVE MODE"
NUMBER = "SELECT CAST(pg_current_xact_id() AS TEXT)"
BEGUN = f"{NUMBER}, ({MOVED})"
# Who finds another one at it, or one who has to be alone, leaves it to the next.
SEALING = (
    f"SET LOCAL synchronous_commit = off; {TURN}{BESIDE} NOWAIT;"  # noqa: S608
    " SELECT 1 FROM task WHERE name = 'seal' FOR UPDATE SKIP LOCKED"
)
AGAIN = 0.2  # seconds between two questions for the outcome of a commit


class Transactions:
    """The transactions of a session; see ``Connection`` for what each method gives."""

    def __init__(self, raw: Session, lock_timeout: float) -> None:
        self.raw = raw
        self.lock_timeout = lock_timeout

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
            if not self._is_lost(error):
                raise  # this is the answer: it was rolled back
            if not self._is_committed(number):
                raise
            return
        if done != "COMMIT":
            raise RuntimeError("an error of the database was passed over")

    def _is_lost(self, error: psycopg.Error) -> bool:
        """Whether the session ended with this error, which is so no answer to what was asked."""
        return self.raw.closed or (error.sqlstate or "08").startswith(("08", "57P"))

    def _is_committed(self, number: str) -> bool:
        """What became of a transaction whose session was lost; another session goes on."""
        before, address = self.raw.facts, self.raw.address
        self.raw.close()
        deadline = time.monotonic() + address.patience
        while time.monotonic() < deadline:
            try:
                self.raw = open_session(address.url, lock_timeout=self.lock_timeout)
                if self.raw.facts.standby:
                    self.raw.close()
                elif self.raw.facts.started != before.started:
                    break  # numbers are given anew after a crash, and by another server
                elif (status := self._status(number)) != "in progress":
                    if status is None:
                        break
                    return status == "committed"
                else:
                    self.raw.close()
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

    def _status(self, number: str) -> str | None:
        with self.raw.cursor() as cursor:
            cursor.execute("SELECT pg_xact_status(CAST(%s AS xid8))", [number])
            (status,) = cursor.fetchone() or (None,)
        return status and str(status)

    @contextmanager
    def read(self) -> Iterator[None]:
        if self.raw.info.transaction_status != TransactionStatus.IDLE:
            yield  # within a unit of work, which has its snapshot
            return
        with translating():
            # Not SERIALIZABLE, which a standby refuses; one snapshot it is all the same.
            self.raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
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
