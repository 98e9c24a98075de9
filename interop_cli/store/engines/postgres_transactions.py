"""Transactions on a PostgreSQL server: writers side by side, and what became of a lost commit.

Writers work READ COMMITTED. All lock the table ``write_turn``, which whoever may only read cannot,
in a mode that shuts out nobody but those who have to be alone: a migration, a move. On 40001 and
40P01 a unit of work is run again, and where an index or a reference does not allow what another
writer has made impossible meanwhile.

An answer that is lost while committing is looked up, by the number of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from psycopg.pq import TransactionStatus

from interop_cli.store.engines.distribute import ONE_BY_ONE
from interop_cli.store.engines.postgres_errors import READ_ONLY, Silent, translating
from interop_cli.store.engines.postgres_lost import is_committed, is_lost, open_patiently
from interop_cli.store.engines.postgres_session import Session
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
