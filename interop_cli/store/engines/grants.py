"""Roles made real on a PostgreSQL server: GRANTs on the tables, refused by the server itself.

What a server can tell apart are tables and verbs, so it holds a viewer to reading, an editor to
writing without deleting clients and what belongs to them, a manager to all but the settings and
the roles of users. Recode, merge, undo and sync are writes like others to it: the program alone
asks for those. The owner of the tables and superusers are above all this.

The rights hang on four group roles of this database, which its owner makes, and people are put
into them: a dump has only what the owner gave to the groups, so restoring it needs nobody else. An
admin may put others in. Where the owner may not make roles, each login gets the rights itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from interop_cli.domain.errors import Denied, NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import ROLES
from interop_cli.store.engines.connection import Connection, Row, quoted, schema_of
from interop_cli.store.writing.tables import TABLES

ADMIN_TABLES = frozenset({"setting", "user_role", "erasure", "moved"})
JOURNAL = frozenset({"operation", "change", "redaction", "seal"})
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


PREFIX = "interop:"
LONGEST = 63  # bytes of a name


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
    _put(conn, login, role, grouped=_grouped(conn))
    _settle(conn)
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
    for row in _memberships(conn, login):
        by = f" GRANTED BY {quoted(row['grantor'])}" if row["many"] and row["ours"] else ""
        conn.execute(f"REVOKE {quoted(row['name'])} FROM {quoted(login)}{by} CASCADE")
    _revoke(conn, login)


def holds(conn: Connection, login: str, role: str) -> bool:
    """Whether the server holds ``login`` to exactly ``role``; never so for those above it."""
    if not _exists(conn, login):
        return False
    asked = ", ".join(
        f"has_table_privilege(:login, name, '{verb}') AS {verb.lower()}" for verb in EVERYTHING
    )
    rows = conn.query(
        f"SELECT name, {asked} FROM unnest(CAST(:tables AS TEXT[])) AS ours (name)",
        login=login,
        tables=list(TABLES),
    )
    return all(
        row[verb.lower()] == (verb in verbs(role, row["name"]))
        for row in rows
        for verb in EVERYTHING
    )


def renew(conn: Connection) -> None:
    """Give the users their rights on tables made since; only what the present user may give."""
    with conn.write():
        users = conn.query("SELECT uid, role FROM user_role ORDER BY uid")
        if not users:
            return
        if _grouped(conn, anew=True):
            _settle(conn)
            return
        for row in users:
            if _exists(conn, row["uid"]):
                give(conn, row["uid"], row["role"])


def compared(conn: Connection) -> dict[str, list[str]]:
    """The logins by how what the server enforces differs from what the table of users says.

    ``above``: it cannot hold them; ``unknown``: it has no such login (a user of a file by the name
    there, too); ``other``: they may do more there, or less; ``direct``: a dump that is restored may
    lose their rights; ``unlisted``: they have rights there and no role here.
    """
    found: dict[str, list[str]] = {
        key: [] for key in ("above", "unknown", "other", "direct", "unlisted")
    }
    listed = conn.query("SELECT uid, name, role FROM user_role ORDER BY uid")
    users = {row["uid"]: row["role"] for row in listed}
    called = {
        row["uid"]: row["uid"] if row["name"] == row["uid"] else f"{row['name']} ({row['uid']})"
        for row in listed
    }
    above = {
        row["rolname"]
        for row in conn.query(
            "SELECT rolname FROM pg_roles WHERE rolsuper OR rolname = :owner", owner=_owner(conn)
        )
    }
    groups = {role: _group(conn, role) for role in ROLES}
    for login, role in users.items():
        if not _exists(conn, login):
            found["unknown"].append(called[login])
        elif login in above:
            found["above"].append(login)
        elif not holds(conn, login, role):
            found["other"].append(login)
        elif {row["name"] for row in _memberships(conn, login)} != {groups[role]}:
            found["direct"].append(login)
    asked = " OR ".join(f"has_any_column_privilege(r.oid, c.oid, '{v}')" for v in EVERYTHING[:3])
    rows = conn.query(
        "SELECT DISTINCT r.rolname FROM pg_roles r, pg_class c WHERE r.rolcanlogin"
        " AND c.relname = ANY(:tables) AND c.relkind IN ('r', 'p')"
        " AND c.relnamespace = CAST(current_schema() AS regnamespace)"
        f" AND ({asked} OR has_table_privilege(r.oid, c.oid, 'DELETE')) ORDER BY r.rolname",
        tables=list(TABLES),
    )
    found["unlisted"] = [
        row["rolname"]
        for row in rows
        if row["rolname"] not in above and row["rolname"] not in users
    ]
    return found


def may_replace(conn: Connection) -> bool:
    """Whether we may write all tables anew, and keep the old rows in a schema of their own."""
    sql = "SELECT has_database_privilege(current_database(), 'CREATE') AS yes"
    return _rules(conn) and bool(conn.query(sql)[0]["yes"])


def _put(conn: Connection, login: str, role: str, *, grouped: bool) -> None:
    """Give a login the rights of a role, of which it has none yet."""
    if not grouped:
        _grant(conn, login, role, " WITH GRANT OPTION" if role == "admin" else "")
        return
    options = ["ADMIN TRUE"] if role == "admin" else []
    if _version(conn) >= 16:
        options.append("INHERIT TRUE")  # whatever the login was made with
    elif options:
        options = ["ADMIN OPTION"]
    option = f" WITH {', '.join(options)}" if options else ""
    conn.execute(f"GRANT {quoted(_group(conn, role))} TO {quoted(login)}{option}")


def _settle(conn: Connection) -> None:
    """Put all users into their groups, where we may: into new ones, or what a REVOKE took along."""
    if not _rules(conn) or not _grouped(conn):
        return
    owner = _owner(conn)
    for row in conn.query("SELECT uid, role FROM user_role ORDER BY uid"):
        login, group = row["uid"], _group(conn, row["role"])
        if login == owner or not _exists(conn, login):
            continue
        if {one["name"] for one in _memberships(conn, login)} != {group}:
            take(conn, login)
            _put(conn, login, row["role"], grouped=True)


def _grouped(conn: Connection, *, anew: bool = False) -> bool:
    """Whether people can be put into groups; makes them, and gives them their rights, if we may.

    ``anew`` gives them their rights again: tables were made since.
    """
    groups = {role: _group(conn, role) for role in ROLES}
    rules = _rules(conn)
    lacking = [name for name in groups.values() if not _exists(conn, name)]
    if lacking:
        if not rules or not _makes_roles(conn):
            return False
        for name in lacking:
            conn.execute(f"CREATE ROLE {quoted(name)} NOLOGIN")
        for role, name in groups.items():
            if role != "admin":
                conn.execute(f"GRANT {quoted(name)} TO {quoted(groups['admin'])} WITH ADMIN OPTION")
    if rules and (anew or not all(holds(conn, name, role) for role, name in groups.items())):
        for row in _strange_groups(conn, list(groups.values())):
            _revoke(conn, row["name"])
        for role, name in groups.items():
            _revoke(conn, name)
            _grant(conn, name, role)
    return all(_puts(conn, name) for name in groups.values())


def _group(conn: Connection, role: str) -> str:
    """The name of the group of a role, which no other database of the server has."""
    (place,) = conn.query("SELECT current_database() || ':' || current_schema() AS name")
    name = f"{PREFIX}{place['name']}:{role}"
    if len(name.encode()) > LONGEST:
        name = f"{PREFIX}{hashlib.sha256(place['name'].encode()).hexdigest()[:32]}:{role}"
    return name


def _strange_groups(conn: Connection, ours: list[str]) -> list[Row]:
    """The groups of another database that have rights here, as a restored dump brings them."""
    return conn.query(
        "SELECT DISTINCT r.rolname AS name FROM pg_class c, aclexplode(c.relacl) a, pg_roles r"
        " WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND r.oid = a.grantee"
        " AND starts_with(r.rolname, :prefix) AND r.rolname <> ALL(:ours)",
        prefix=PREFIX,
        ours=ours,
    )


def _memberships(conn: Connection, login: str) -> list[Row]:
    """The groups of this database that a login was put into: name, and who put it in.

    ``many``: there may be several who did; ``ours``: we may act for the one of this row.
    """
    return conn.query(
        "SELECT g.rolname AS name, by.rolname AS grantor,"
        " CAST(current_setting('server_version_num') AS INTEGER) >= 160000 AS many,"
        " COALESCE(pg_has_role(by.oid, 'USAGE'), false) AS ours"
        " FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " JOIN pg_roles u ON u.oid = m.member LEFT JOIN pg_roles by ON by.oid = m.grantor"
        " WHERE u.rolname = :login AND g.rolname = ANY(:groups) ORDER BY g.rolname",
        login=login,
        groups=[_group(conn, role) for role in ROLES],
    )


def _grant(conn: Connection, grantee: str, role: str, option: str = "") -> None:
    name = quoted(grantee)
    conn.execute(f"GRANT USAGE ON SCHEMA {_schema(conn)} TO {name}{option}")
    for table in sorted(conn.tables()):
        conn.execute(f"GRANT {', '.join(verbs(role, table))} ON {table} TO {name}{option}")
    if role != "viewer":
        for sequence in _sequences(conn):
            conn.execute(f"GRANT USAGE ON SEQUENCE {sequence} TO {name}{option}")


def _revoke(conn: Connection, grantee: str) -> None:
    name = quoted(grantee)
    for table in sorted(conn.tables()):
        conn.execute(f"REVOKE {', '.join(EVERYTHING)} ON {table} FROM {name} CASCADE")
    for sequence in _sequences(conn):
        conn.execute(f"REVOKE USAGE ON SEQUENCE {sequence} FROM {name} CASCADE")
    conn.execute(f"REVOKE USAGE ON SCHEMA {_schema(conn)} FROM {name} CASCADE")


def _rules(conn: Connection) -> bool:
    """Whether we may do what the owner of the tables may."""
    return bool(
        conn.query("SELECT pg_has_role(:owner, 'USAGE') AS yes", owner=_owner(conn))[0]["yes"]
    )


def _makes_roles(conn: Connection) -> bool:
    rows = conn.query(
        "SELECT rolcreaterole OR rolsuper AS yes FROM pg_roles WHERE rolname = current_user"
    )
    return bool(rows and rows[0]["yes"])


def _puts(conn: Connection, group: str) -> bool:
    """Whether we may put others into a group."""
    if _version(conn) < 16 and _makes_roles(conn):
        return True
    sql = "SELECT pg_has_role(:group, 'MEMBER WITH ADMIN OPTION') AS yes"
    return bool(conn.query(sql, group=group)[0]["yes"])


def _version(conn: Connection) -> int:
    sql = "SELECT CAST(current_setting('server_version_num') AS INTEGER) / 10000 AS major"
    return int(conn.query(sql)[0]["major"])


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
    return quoted(schema_of(conn))


def _sequences(conn: Connection) -> Iterable[str]:
    rows = conn.query(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1"
    )
    return [row["sequencename"] for row in rows]
