"""Roles made real on a PostgreSQL server: GRANTs on the tables, refused by the server itself.

What a server can tell apart are tables and verbs, so it holds a viewer to reading, an editor to
writing without deleting clients and what belongs to them, a manager to all but the settings and
the roles of users. Recode, merge, undo and sync are writes like others to it: the program alone
asks for those. The owner of the tables and superusers are above all this.

An admin gets everything WITH GRANT OPTION, and can so give roles to others; a migration needs the
owner of the tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from interop_cli.domain.errors import Denied, NotFound
from interop_cli.domain.messages import msg
from interop_cli.store.engines.connection import Connection
from interop_cli.store.writing.tables import TABLES

ADMIN_TABLES = frozenset({"setting", "user_role", "erasure", "moved"})
JOURNAL = frozenset({"operation", "change", "redaction"})
# Rows that one needs the right to delete for; what hangs on them goes with an edit, too.
KEPT = frozenset({"client", "contact", "address", "note", "document", "mailing", "blob"})
READ_ONLY = frozenset({"migration"})
EVERYTHING = ("SELECT", "INSERT", "UPDATE", "DELETE")


def verbs(role: str, table: str) -> tuple[str, ...]:
    """What a role may do with a table."""
    if role == "viewer" or table in READ_ONLY:
        return ("SELECT",)
    if table in JOURNAL:
        if table == "redaction" and role != "admin":
            return ("SELECT",)
        # Erasing a person redacts the journal, within what its triggers allow.
        return ("SELECT", "INSERT", "UPDATE") if role == "admin" else ("SELECT", "INSERT")
    if table in ADMIN_TABLES:
        return EVERYTHING if role == "admin" else ("SELECT",)
    if table in KEPT and role == "editor":
        return ("SELECT", "INSERT", "UPDATE")
    return EVERYTHING


def give(conn: Connection, login: str, role: str) -> None:
    """Let the server hold ``login`` to ``role``.

    Nothing is given to the owner of the tables, who has it all. Raises NotFound ``user.unknown``
    where the server has no such role, Denied ``user.grants`` where the rights of before were given
    by someone else, and stay.
    """
    _check_exists(conn, login)
    if login == _owner(conn):
        return
    take(conn, login)
    name, option = _quoted(login), " WITH GRANT OPTION" if role == "admin" else ""
    conn.execute(f"GRANT USAGE ON SCHEMA {_schema(conn)} TO {name}{option}")
    for table in sorted(conn.tables()):
        conn.execute(f"GRANT {', '.join(verbs(role, table))} ON {table} TO {name}{option}")
    if role != "viewer":
        for sequence in _sequences(conn):
            conn.execute(f"GRANT USAGE ON SEQUENCE {sequence} TO {name}{option}")
    if not holds(conn, login, role):
        raise Denied(
            "user.grants",
            msg("The server keeps rights that someone else gave to {name}.", name=login),
            hint=msg("Have the owner of the tables do it."),
        )


def take(conn: Connection, login: str) -> None:
    """Take back what ``give`` gave; nothing where the server has no such role (any more)."""
    if not _exists(conn, login):
        return
    name = _quoted(login)
    for table in sorted(conn.tables()):
        conn.execute(f"REVOKE {', '.join(EVERYTHING)} ON {table} FROM {name} CASCADE")
    for sequence in _sequences(conn):
        conn.execute(f"REVOKE USAGE ON SEQUENCE {sequence} FROM {name} CASCADE")
    conn.execute(f"REVOKE USAGE ON SCHEMA {_schema(conn)} FROM {name} CASCADE")


def holds(conn: Connection, login: str, role: str) -> bool:
    """Whether the server holds ``login`` to exactly ``role``; never so for those above it."""
    if not _exists(conn, login):
        return False
    for table in TABLES:
        wanted = verbs(role, table)
        row = conn.query(
            "SELECT "
            + ", ".join(
                f"has_table_privilege(:login, '{table}', '{verb}') AS {verb.lower()}"
                for verb in EVERYTHING
            ),
            login=login,
        )[0]
        if any(row[verb.lower()] != (verb in wanted) for verb in EVERYTHING):
            return False
    return True


def renew(conn: Connection) -> None:
    """Give the users their rights on tables made since; only what the present user may give."""
    with conn.write():
        for row in conn.query("SELECT uid, role FROM user_role ORDER BY uid"):
            if _exists(conn, row["uid"]):
                give(conn, row["uid"], row["role"])


def _check_exists(conn: Connection, login: str) -> None:
    if not _exists(conn, login):
        raise NotFound(
            "user.unknown",
            msg("The server knows no user {name}.", name=login),
            hint=msg("Make it first, as its administrator: CREATE ROLE … LOGIN"),
        )


def _exists(conn: Connection, login: str) -> bool:
    return bool(conn.query("SELECT 1 AS x FROM pg_roles WHERE rolname = :name", name=login))


def _owner(conn: Connection) -> str:
    rows = conn.query(
        "SELECT tableowner FROM pg_tables"
        " WHERE tablename = 'client' AND schemaname = current_schema()"
    )
    return str(rows[0]["tableowner"])


def _schema(conn: Connection) -> str:
    return _quoted(str(conn.query("SELECT current_schema() AS name")[0]["name"]))


def _sequences(conn: Connection) -> Iterable[str]:
    rows = conn.query(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"
    )
    return [row["sequencename"] for row in rows]


def _quoted(name: str) -> str:
    # %% and :name mean something to us in SQL text, and neither is looked for inside quotes.
    return '"' + name.replace('"', '""') + '"'
