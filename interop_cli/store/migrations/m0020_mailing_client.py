"""An index for the e-mails of a client, which are asked for whenever a client is deleted.

In a file the key of an attempt begins with the client; on a server it has not since rows lie there
by client.
"""

from __future__ import annotations

from collections.abc import Callable

from interop_cli.store.engines.connection import Connection


def apply(conn: Connection, run_ddl: Callable[[str], None]) -> None:
    """Make the index."""
    if conn.engine == "postgres":
        run_ddl("CREATE INDEX mailing_client ON mailing (client_id)")
