"""An open database: reads, and writes as units of work that can be run again."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, TypeVar, cast

from interop_cli.domain.errors import Busy, Conflict, Denied, InteropError, IoFailure, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection

if TYPE_CHECKING:
    from interop_cli.domain.rights import User
    from interop_cli.store.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
ATTEMPTS = 8
LOST = frozenset({"db.unreachable", "db.starting"})
SEALING = 0.25  # seconds between two times that a store seals what it and others have committed


class _Discard(Exception):
    """Ends a dry run: the transaction is rolled back, the result kept."""


class Store:
    """The database of one run of the program.

    ``applied`` turns true once something has been committed; a signal's last words depend on it,
    so within ``unbroken`` no signal comes between the commit and the note of it.
    ``user`` is whose rights are asked before each unit of work; without one nobody asks (a program
    that uses the store by itself).
    """

    def __init__(
        self,
        conn: Connection,
        today: Callable[[], str],
        now: Callable[[], str],
        actor: str,
        command: str = "",
        user: User | None = None,
        sleep: Callable[[float], None] = time.sleep,
        unbroken: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.conn = conn
        self.today = today
        self.now = now
        self.actor = actor
        self.command = command
        self.user = user
        self.sleep = sleep
        self.unbroken = unbroken
        self.applied = False
        self._sealed = -math.inf
        self._to_seal = False

    def run(
        self,
        work: Callable[[UnitOfWork], T],
        *,
        operation: str,
        dry_run: bool = False,
        undoes: int | None = None,
    ) -> tuple[T, int | None]:
        """Run ``work`` in one transaction; its result, and the operation's id if it wrote.

        Run again when what others wrote meanwhile was in the way, and when the server was lost
        before anything was committed; so ``work`` must not print, prompt, or speak to a network,
        and must not keep state from one attempt to the next.
        ``dry_run`` is the same code, rolled back at the end; the id is then None.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(work, operation, dry_run, undoes, again=attempt > 0)
            except (Busy, Conflict) as error:
                if attempt + 1 == ATTEMPTS or not error.again:
                    raise
                import random

                self.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - not a secret
            except RemoteFailure as error:
                # The session was lost, and what it did with it.
                if attempt + 1 == ATTEMPTS or error.code not in LOST or not self.conn.renew():
                    raise
        raise AssertionError("unreachable")

    def _attempt(
        self,
        work: Callable[[UnitOfWork], T],
        name: str,
        dry_run: bool,
        undoes: int | None,
        *,
        again: bool,
    ) -> tuple[T, int | None]:
        # Imported here: a read needs none of them.
        from interop_cli.store.writing import rights
        from interop_cli.store.writing.journal import Operation
        from interop_cli.store.writing.unit_of_work import UnitOfWork

        today = self.today()
        operation_id: int | None = None
        uow: UnitOfWork | None = None
        with ExitStack() as ending:
            try:
                with self.conn.write():
                    if self.user is not None:
                        rights.check(self.conn, self.user, name, undoes)
                    operation = Operation(name, self.actor, self.command, self.now(), undoes)
                    uow = UnitOfWork(self.conn, operation, today, again=again)
                    ending.push(uow.writer.given_up)
                    outcome = work(uow)
                    operation_id = uow.writer.close()
                    if dry_run:
                        raise _Discard
                    ending.enter_context(self.unbroken())
            except _Discard:
                cast("UnitOfWork", uow).writer.give_back()
                return outcome, None
            except IoFailure as failure:
                if failure.applied is None and uow is not None:
                    failure.applied = self._is_written(uow)
                    self.applied = self.applied or bool(failure.applied)
                if failure.code != "io.commit_unknown" or failure.applied is None:
                    raise
                if not failure.applied:
                    raise RemoteFailure(
                        "db.unreachable", msg("The database server cannot be reached.")
                    ) from failure
            except Denied as denied:
                # The server refused; whether the role lacks the right is said in more words.
                if uow is None and denied.code == "db.denied" and self.user is not None:
                    rights.check(self.conn, self.user, name, undoes)
                raise
            if operation_id is not None or (uow is not None and uow.writer.derived):
                self.applied = True
        self._to_seal |= operation_id is not None and self.conn.side_by_side
        if time.monotonic() >= self._sealed + SEALING:
            self.seal()
        return outcome, operation_id

    def seal(self) -> None:
        """Seal what was committed. By itself that is done now and then, and at the end."""
        if self._to_seal:
            from interop_cli.store.writing import journal

            journal.seal_apart(self.conn)
            self._sealed, self._to_seal = time.monotonic(), False

    def _is_written(self, uow: UnitOfWork) -> bool | None:
        """Whether a unit of work that was done to its end is in the database; None: not known."""
        from interop_cli.store.writing import journal

        if not uow.writer.digest:
            return None if uow.writer.derived else False
        with suppress(InteropError):
            return journal.holds(self.conn, uow.writer.operation_id, uow.writer.digest)
        return None

    @contextmanager
    def alone(self, task: str, *, wait: bool) -> Iterator[None]:
        """Be the only process at work on ``task``; ``wait`` for another one to end.

        Raises Busy ``task.running``, which says who is at it.
        """
        holder = f"{self.actor}, pid {os.getpid()}, since {self.now()}"
        while found := self.conn.hold(task, holder):
            if not wait:
                raise Busy(
                    "task.running",
                    msg("This is being done already, by {holder}.", holder=found),
                    hint=msg("Try again later, or wait for it with --wait."),
                )
            self.sleep(0.2)
        try:
            yield
        finally:
            self.conn.let_go(task)

    def company_settings(self) -> dict[str, str]:
        """What the company set, as text: name -> value."""
        return {
            row["name"]: row["value"] for row in self.conn.query("SELECT name, value FROM setting")
        }

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot for several reads."""
        with self.conn.read():
            yield self.conn

    def close(self) -> None:
        """Seal what is left to seal, and let go of the database."""
        self.seal()
        self.conn.close()
