"""A session that is lost: what became of its transaction, and another session in its place.

Of several servers in an address another one may take writes by then, after a failover. Numbers of
transactions say nothing there, nor after a crash: the journal does.
"""

from __future__ import annotations

import os
import time
from typing import Protocol

import psycopg
from psycopg.conninfo import conninfo_to_dict

from interop_cli.domain.errors import Busy, InteropError, IoFailure, RemoteFailure
from interop_cli.domain.messages import msg
from interop_cli.store.engines.attempts import in_attempts
from interop_cli.store.engines.postgres_session import Session, open_session

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
