"""Who may do what: roles, the rights each has, and the right that an operation needs.

An operation is known by its dotted name, so a new one needs nothing here unless it needs more than
the right to write: whatever deletes ends in ``.delete``, whatever sets ends with its group.
"""

from __future__ import annotations

from typing import NamedTuple

# Each role has what those before it have.
ROLES = ("viewer", "editor", "manager", "admin")
DEFAULT_ROLE = "editor"
# The lowest role that has a right.
RIGHTS = {
    "write": "editor",
    "delete": "manager",
    "recode": "manager",
    "merge": "manager",
    "undo": "manager",
    "sync": "manager",
    "settings": "admin",
    "erase": "admin",
}
_BY_NAME = {
    "client.recode": "recode",
    "client.merge": "merge",
    "client.send": "sync",
    "sales.invoice.send": "sync",
    "contact.erase": "erase",
    "journal.undo": "undo",
    "db.move": "settings",
}
_BY_VERB = {"delete": "delete"}
_BY_GROUP = {"config": "settings", "user": "settings", "sync": "sync"}


class User(NamedTuple):
    """Who runs the program: the operating system's uid, which nobody can put on, and its name.

    On a server both are the login there, and ``system`` is the name that the system knows.
    ``behind`` is the uid of the person behind sudo, noted in the journal and believed by nobody.
    """

    uid: str
    name: str
    behind: str | None = None
    system: str | None = None

    @property
    def actor(self) -> str:
        """How the journal names the user."""
        beside = [f"system: {self.system}"] if self.system not in (None, self.name) else []
        if self.behind:
            beside.append(f"sudo: uid {self.behind}")
        return f"{self.name} ({', '.join(beside)})" if beside else self.name


def right_of(operation: str) -> str:
    """The right that an operation needs: ``write`` where it needs no more."""
    group, _, verb = operation.partition(".")
    return _BY_NAME.get(operation) or _BY_VERB.get(verb) or _BY_GROUP.get(group) or "write"


def has(role: str, right: str) -> bool:
    """Whether a role has a right."""
    return ROLES.index(role) >= ROLES.index(RIGHTS[right])


def rights_of(role: str) -> tuple[str, ...]:
    """The rights of a role, in the order of ``RIGHTS``."""
    return tuple(right for right in RIGHTS if has(role, right))
