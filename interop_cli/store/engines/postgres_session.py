"""A session on a PostgreSQL server: what the address says stands, and nobody waits for ever.

Imported where a server is asked for: psycopg is heavy, and an extra.
"""

from __future__ import annotations

import math
import os
import re
import select
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.generators import fetch
from psycopg.waiting import Wait

from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import ATTEMPT, in_attempts
from interop_cli.store.engines.postgres_errors import (
    MALFORMED,
    Silent,
    is_locked,
    refusal,
    translating,
)

T = TypeVar("T")
CONNECTING = 10  # seconds to wait for a server that says nothing at all, at most
SHORTEST = 2.0  # seconds of silence that are always granted
HOUR = 3600_000
NAME = "interop"
NAMED = {"fallback_application_name": NAME}
BLOCK = 32 * 1024  # bytes, which fit the processor's cache with what is made of them
# What a session is set to where nobody said otherwise: neither the address, nor PGOPTIONS, nor
# whoever runs the server. A parameter that the server does not know is left out.
DEFAULTS = {
    "statement_timeout": str(HOUR),
    "idle_in_transaction_session_timeout": "300000",
    "client_connection_check_interval": "10000",  # a statement of a killed client ends with it
}
SETTING = """
(SELECT count(set_config(s.name, wanted.value, %(local)s)) FROM pg_settings s
  JOIN unnest(CAST(%(names)s AS TEXT[]), CAST(%(values)s AS TEXT[])) AS wanted (name, value)
    USING (name)
  WHERE (s.source = 'default' OR (s.name = 'lock_timeout' AND s.source <> 'client'))
    AND (%(local)s OR pg_backend_pid() = %(pid)s))
"""
# Behind a pooler that lends its sessions to one transaction after the other, nothing is set that
# the next one would find: the process is another one than that which we were told when connecting.
FACTS = f"""
SELECT session_user, pg_backend_pid(), pg_is_in_recovery(), current_setting('server_encoding'),
  CAST(pg_postmaster_start_time() AS TEXT), to_regclass('pg_dist_partition') IS NOT NULL,
  pg_backend_pid() <> %(pid)s,
  CASE WHEN pg_backend_pid() = %(pid)s THEN set_config('client_encoding', 'UTF8', false) END,
  {SETTING}
"""
ALIVE = b"SELECT true"
WORKING = (
    b"SELECT state NOT LIKE 'idle%' AND COALESCE(wait_event_type, '') <> 'Client'"
    b" FROM pg_stat_activity WHERE pid = "
)
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | :: | :(?P<name>[A-Za-z_]\w*)""", re.X
)


@lru_cache(maxsize=512)
def to_pyformat(sql: str) -> LiteralString:
    """Rewrite ``:name`` as ``%(name)s``; literals, comments and casts are left alone."""
    return _TOKEN.sub(lambda m: f"%({m['name']})s" if m["name"] else m[0], sql.replace("%", "%%"))


@dataclass(frozen=True)
class Facts:
    """What a server said about a session when it began."""

    login: str = ""
    backend: int = 0
    standby: bool = False
    encoding: str = ""
    started: str = ""
    """When the server was started: another answer is another server, or one that has crashed."""
    distributed: bool = False
    """Whether the tables may lie on several nodes (Citus)."""
    pooled: bool = False
    """Whether a pooler stands between: a session is ours for one transaction alone."""


@dataclass(frozen=True)
class Address:
    """Where a server is, and how long it is waited for."""

    url: str = field(repr=False)
    patience: float


NOWHERE = Address("", math.inf)


class Session(psycopg.Connection[Any]):
    """A connection that gives a server up which has been silent for too long.

    Silence alone is no sign: a statement may take its time. So halfway the server is asked, in a
    session of its own, whether it is at work for this one.
    """

    address = NOWHERE
    facts = Facts()
    lock_timeout = 0.0
    _asked: psycopg.Cursor[Any] | None = None

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = None, binary: bool = False
    ) -> psycopg.Cursor[Any]:
        """As of any connection, with one cursor for all: a new one costs as much as a statement.

        So an answer is read before the next question.
        """
        if self._asked is None or self.closed:
            self._asked = self.cursor()
        return self._asked.execute(query, params, prepare=prepare, binary=binary)

    @property
    def patience(self) -> str:
        """What has a transaction wait for its first lock no longer than asked: no snapshot yet."""
        if not self.facts.pooled:
            return ""
        return f"SET LOCAL lock_timeout = {max(int(self.lock_timeout * 1000), 1)}; "

    def alone(self, begin: str, turn: str, then: str, *, hasty: bool) -> psycopg.Cursor[Any]:
        """Begin a transaction with a lock that others have to wait for (``in_attempts``).

        ``hasty`` tries once, and has no lock of the transaction waited for any longer.
        """
        (usual,) = next(self.execute("SELECT current_setting('lock_timeout')"))
        soon = f"{max(int(min(ATTEMPT, self.lock_timeout) * 1000), 1)}ms"
        begun = f"{begin}; SET LOCAL lock_timeout = '{soon}'; {turn}; "
        then = f"SET LOCAL lock_timeout = '{soon if hasty else usual}'; {then}"

        def attempt() -> psycopg.Cursor[Any]:
            try:
                return self.execute(begun + then)
            except psycopg.Error:
                with suppress(psycopg.Error):
                    self.execute("ROLLBACK")
                raise

        return in_attempts(attempt, 0 if hasty else self.lock_timeout, is_locked)

    def settle(self) -> None:
        """Set what a session is set to, in a transaction that begins, where that is all we have."""
        if self.facts.pooled:
            self.execute(f"SELECT {SETTING}", {**_settings(self), "local": True})

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        return super().wait(self._watched(gen), *args, **options)

    def _watched(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready or (now > heard + self.address.patience / 2 and self._at_work(heard)):
                    heard = now
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _at_work(self, heard: float) -> bool:
        """Whether the server works for this session; raises Silent where it does not."""
        deadline = heard + self.address.patience
        try:
            if _works(self, self.address, deadline):
                return True
            # An answer to us may be under way, and gets the time that is left.
            left = max(deadline - time.monotonic(), 0)
            if select.select([self.pgconn.socket], [], [], left)[0]:
                return True
        except (OSError, ValueError):
            pass  # the socket is gone
        self.close()
        raise Silent("the server does not answer")

    def fetched(
        self, cursor: psycopg.ServerCursor[Any], size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a cursor on the server, ``size`` at a time.

        The server makes the next ones while somebody is busy with these: else each would wait in
        turn for the other.
        """
        rows = cursor.fetchmany(size)
        if len(rows) < size:
            if rows:
                yield rows
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as ahead:
            while rows:
                coming = ahead.submit(cursor.fetchmany, size)
                yield rows
                rows = coming.result()

    def copied(self, copying: str, params: Mapping[str, object]) -> Generator[bytes]:
        """What ``COPY … TO STDOUT`` gives, in blocks of whole rows."""
        with self.cursor() as cursor, cursor.copy(copying, params or None):
            more = True
            while more:
                block, more = self.wait(_block(self.pgconn))
                if block:
                    yield block


def _block(pgconn: pq.abc.PGconn) -> PQGen[tuple[bytes, bool]]:
    """The next rows of a COPY, and whether there may be more."""
    rows: list[bytes | memoryview] = []
    room = BLOCK
    while room > 0:
        length, row = pgconn.get_copy_data(1)
        if length > 0:
            rows.append(row)
            room -= length
        elif length < 0:
            failed = None
            while (result := (yield from fetch(pgconn))) is not None:
                if result.status != pq.ExecStatus.COMMAND_OK:
                    failed = failed or result
            if failed is not None:
                raise psycopg.errors.error_from_result(failed)
            return b"".join(rows), False
        elif (yield Wait.R):
            pgconn.consume_input()
    return b"".join(rows), True


def open_session(url: str, *, lock_timeout: float) -> Session:
    """A session on the server of ``url``.

    What the URL and the environment of libpq say stands; where they say nothing, a server that
    does not answer is given up after ``lock_timeout`` seconds, a list of hosts means the one of
    them that takes writes. Raises ConfigError, Denied, Busy or RemoteFailure, in words of its own.
    """
    address = Address(url, max(lock_timeout, SHORTEST))
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise MALFORMED.error() from None  # its words hold pieces of the address
    raw = _connected(url, _defaults(given, address.patience))
    try:
        raw.address, raw.lock_timeout = address, lock_timeout
        with translating():
            raw.facts = Facts(*next(raw.execute(FACTS, {**_settings(raw), "local": False}))[:7])
        if raw.facts.pooled:
            raw.prepare_threshold = None  # the next session does not know what was prepared in this
        if raw.facts.encoding != "UTF8":
            raise ConfigError(
                "db.encoding",
                msg(
                    "The database is in {encoding}; interop needs UTF8.",
                    encoding=raw.facts.encoding,
                ),
                hint=msg("Make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"),
            )
    except BaseException:
        raw.close()
        raise
    return raw


def _connected(url: str, defaults: dict[str, str]) -> Session:
    try:
        told = _named(url, **defaults, client_encoding="UTF8")
        return Session.connect(told, autocommit=True)
    except psycopg.Error as error:
        failure = refusal(str(error))
    raise failure  # out of reach of the driver's own words, which hold pieces of the address


def _settings(raw: Session) -> dict[str, object]:
    wanted = {"lock_timeout": str(max(int(raw.lock_timeout * 1000), 1)), **DEFAULTS}
    return {"names": list(wanted), "values": list(wanted.values()), "pid": raw.info.backend_pid}


def _defaults(given: dict[str, Any], patience: float) -> dict[str, str]:
    """What is added to an address, as far as neither it nor the environment says something."""
    seconds = max(int(patience), 1)
    wanted = {
        "connect_timeout": str(min(CONNECTING, seconds)),
        "keepalives_idle": str(seconds),
        "keepalives_interval": str(max(seconds // 3, 1)),
        "keepalives_count": "3",
        "tcp_user_timeout": str(seconds * 1000),
    }
    hosts = str(given.get("host") or os.environ.get("PGHOST") or "")
    if "," in hosts:
        wanted["target_session_attrs"] = "read-write"
    if "service" in given or "PGSERVICE" in os.environ:  # whose file may say any of these
        wanted = {"connect_timeout": wanted["connect_timeout"]}
    said = {
        option.keyword.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.envvar.decode() in os.environ
    }
    return {name: value for name, value in wanted.items() if name not in given and name not in said}


def _named(url: str, **more: Any) -> str:
    """An address with our name beside it, for whoever looks at the sessions of its server.

    Where neither it nor the environment nor a service says another.
    """
    return make_conninfo("", **{**NAMED, **conninfo_to_dict(url), **more})


def _works(raw: Session, address: Address, deadline: float) -> bool:
    """Whether the server says, before ``deadline``, that it works for ``raw``.

    Also where it answers that it cannot say: it is not hung, then.
    """
    there: dict[str, Any] = {
        "host": raw.info.host,
        "port": raw.info.port,
        "hostaddr": raw.info.hostaddr or None,
    }
    probe = pq.PGconn.connect_start(_named(address.url, **there).encode())
    try:
        while (status := probe.connect_poll()) not in (
            pq.PollingStatus.OK,
            pq.PollingStatus.FAILED,
        ):
            writing = status == pq.PollingStatus.WRITING
            if not _ready(probe.socket, deadline, writing=writing):
                return False
        if status == pq.PollingStatus.FAILED:
            return b"FATAL" in probe.error_message
        # Behind a pooler nobody knows which session works for us; that the server answers must do.
        asked = ALIVE if raw.facts.pooled else WORKING + str(raw.facts.backend).encode()
        probe.send_query(asked)
        while probe.is_busy():
            if not _ready(probe.socket, deadline):
                return False
            probe.consume_input()
        result = probe.get_result()
        return result is not None and result.get_value(0, 0) == b"t"
    except psycopg.Error:
        return False
    finally:
        probe.finish()


def _ready(socket: int, deadline: float, *, writing: bool = False) -> bool:
    left = deadline - time.monotonic()
    found = select.select(
        [] if writing else [socket], [socket] if writing else [], [], max(left, 0)
    )
    return any(found)
