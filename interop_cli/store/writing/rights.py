"""Whether a user may do an operation, asked once for every unit of work before it begins.

Roles are rows of ``user_role``, by uid: on a file that of the operating system, on a server the
name under which the session logged in, which no client machine can choose. A database without any
role (one that no ``db init`` of today has made) keeps nobody out.

On a file this is advice: whoever may write it needs no program of ours. On PostgreSQL
``store/engines/grants.py`` makes the server itself refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

from interop_cli.domain.errors import Denied
from interop_cli.domain.messages import msg
from interop_cli.domain.rights import DEFAULT_ROLE, ROLES, User, has, right_of
from interop_cli.store.engines.connection import Connection, Row

DEFAULT_SETTING = "rights.default_role"
SHOWN = 5


def check(conn: Connection, user: User, operation: str, undoes: int | None) -> None:
    """Raise Denied ``rights.missing`` where the user's role lacks what the operation needs.

    Undoing an operation needs the right to do it too: else the undo of a demotion would be open to
    the one demoted.
    """
    users = conn.query("SELECT uid, name, role FROM user_role ORDER BY name, uid")
    if not users:
        return
    role = _role(conn, users, user)
    needed = [right_of(operation), *(right_of(name) for name in _undone(conn, undoes))]
    missing = next((right for right in needed if not has(role, right)), None)
    if missing is None:
        return
    holders = [f"{row['name']} ({row['role']})" for row in users if has(row["role"], missing)]
    raise Denied(
        "rights.missing",
        msg(
            "This needs the right {right}, which the role {role} does not have.",
            right=missing,
            role=role,
        ),
        hint=msg("Those who have it: {users}", users=", ".join(holders[:SHOWN])),
        right=missing,
        role=role,
    )


def identity(conn: Connection, user: User) -> User:
    """The user as this database knows it: a server goes by the name of the session."""
    login = conn.login()
    return user if login is None else User(login, login, user.behind, user.name)


def _role(conn: Connection, users: list[Row], user: User) -> str:
    uid = identity(conn, user).uid
    found = next((row["role"] for row in users if row["uid"] == uid), None)
    if found is None:
        # Read here and not through the settings: no environment may answer for the company.
        rows = conn.query("SELECT value FROM setting WHERE name = :name", name=DEFAULT_SETTING)
        found = rows[0]["value"] if rows else DEFAULT_ROLE
    return found if found in ROLES else ROLES[0]


def _undone(conn: Connection, operation_id: int | None) -> Iterator[str]:
    """The names of the operations that an undo brings back or takes back."""
    while operation_id is not None:
        rows = conn.query("SELECT name, undoes FROM operation WHERE id = :id", id=operation_id)
        if not rows:
            return
        yield rows[0]["name"]
        operation_id = rows[0]["undoes"]
