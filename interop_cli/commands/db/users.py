"""``interop db user`` and ``grant``: who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interop_cli.domain.errors import ConfigError, NotFound
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.rights import ROLES, User
from interop_cli.shell.command import Group, argument, command

if TYPE_CHECKING:
    from interop_cli.app import App


user_command = Group(
    "user",
    help=N_(
        "Roles of users: viewer, editor, manager, admin.\n\n"
        "In a file, roles are advice: whoever can write the file can change everything in it."
        " Keep it to one user, or use a PostgreSQL server, which holds everyone to their role."
    ),
)
ROLE = argument("role", type=click.Choice(ROLES), metavar="ROLE")
USER = argument("user", metavar="USER")


@user_command.command("list")
def list_command(app: App) -> None:
    """List the users that have a role, and what each may do.

    Anyone else has the role of the setting rights.default_role (editor).

    \b
    interop db user list
    """
    from interop_cli.store.reading import users

    columns = app.output.pick(users.columns(), key="name")
    with app.store.reading() as conn:
        rows = users.rows(conn)
    at = [users.NAMES.index(column.name) for column in columns]
    found = [tuple(row[place] for place in at) for row in rows]
    app.output.rows(columns, [found] if found else [], key="name")


@user_command.command("set")
@USER
@ROLE
def set_command(app: App, user: str, role: str) -> None:
    """Give a user a role: viewer, editor, manager or admin.

    USER is a name or number (uid) of this system; on a PostgreSQL server the name of a login there.

    \b
    interop db user set marie manager
    interop db user set 1002 viewer
    """
    _set(app, user, role)


@user_command.command("remove")
@USER
def remove_command(app: App, user: str) -> None:
    """Forget a user's role; from then on it is that of anyone not listed.

    \b
    interop db user remove marie
    """
    from interop_cli.services import admin

    found = _named(app, user)
    app.write("user.remove", lambda uow: admin.remove(uow, found))


@command("grant")
@USER
@ROLE
def grant_command(app: App, user: str, role: str) -> None:
    """Give a user of a PostgreSQL server a role, and have the server hold them to it.

    The server refuses what the role may not do, whatever program asks: a viewer only reads, an
    editor deletes no client, only an admin changes settings and roles.

    \b
    interop --db postgresql://db.example/interop db grant marie viewer
    """
    if app.store.conn.login() is None:
        raise ConfigError(
            "db.file",
            msg("A file has no users of its own: nothing holds them to their role there."),
            hint=msg(
                "Write the role down as advice: interop db user set {user} {role}",
                user=user,
                role=role,
            ),
        )
    _set(app, user, role)


def _set(app: App, name: str, role: str) -> None:
    from interop_cli.services import admin

    user = _named(app, name)
    app.write("user.set", lambda uow: admin.set_role(uow, user, role))


def _named(app: App, name: str) -> User:
    """The user of a name: of the server where there is one, else of this system."""
    from interop_cli.system import user_named

    if app.store.conn.login() is not None:
        return User(name, name)
    user = user_named(name)
    if user is None:
        raise NotFound(
            "user.unknown",
            msg("This system knows no user {name}.", name=name),
            hint=msg("Name one of this system, or give a uid."),
        )
    return user
