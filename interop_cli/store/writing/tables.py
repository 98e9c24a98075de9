"""The journaled tables: what the unit of work may write, parents before children.

Those of the entities are made of their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

from interop_cli.domain import fields
from interop_cli.domain.fields.field import SYSTEM, Fields, Kind, columns

Ordered = list[Any]
"""A row as the values of ``Table.all_columns``, in their order."""


@dataclass(frozen=True)
class Table:
    """One table of entities.

    ``columns`` are those an entity owns; ``client`` is the column that names the client on whose
    history a change is shown; a change of a column in ``search`` renews that client's place in the
    search index. Rows of a table that ``counts`` make up the sales totals; those of one that is
    ``named`` get a ``uid``, theirs for ever. A table that ``grows`` with the documents lies by
    client on a server (see ``taken.py``).
    """

    name: str
    columns: tuple[str, ...]
    client: str | None = None
    search: frozenset[str] = field(default_factory=frozenset)
    counts: bool = False
    named: bool = False
    grows: bool = False

    @cached_property
    def all_columns(self) -> tuple[str, ...]:
        """Every column, the system's first."""
        return SYSTEM + self.columns

    def place(self, column: str) -> int:
        """Where the value of a column stands in an ``Ordered`` row."""
        return self.all_columns.index(column)

    def ordered(self, rows: Iterable[Mapping[str, Any]]) -> list[Ordered]:
        """New rows, by column and without those of the system, as they are inserted."""
        return [[None, 1, None, None, *self._values(row)] for row in rows]

    @cached_property
    def _values(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        return itemgetter(*self.columns)


def _entity(
    name: str,
    fields: Fields,
    *,
    client: str = "client_id",
    counts: bool = False,
    grows: bool = False,
) -> Table:
    """The table of an entity, out of its fields."""
    found = {field.stands_in for field in fields if field.searched and not field.place}
    if found and client in columns(fields):
        found.add(client)  # it goes to another client, and with it what that one is found by
    named = any(field.kind is Kind.UID for field in fields)
    return Table(name, columns(fields), client, frozenset(found), counts, named, grows)


CLIENT = _entity("client", fields.CLIENT, client="id")
CLIENT_CODE = Table(
    "client_code",
    ("client_id", "code", "code_key", "merged"),
    client="client_id",
    search=frozenset({"code"}),
)
ADDRESS = _entity("address", fields.ADDRESS)
CONTACT = _entity("contact", fields.CONTACT)
NOTE = _entity("note", fields.NOTE, grows=True)
ATTACHMENT = Table(
    "attachment", ("client_id", "note_id", "name", "size", "sha256"), client="client_id", grows=True
)
SETTING = Table("setting", ("name", "value"))
USER_ROLE = Table("user_role", ("uid", "name", "role"))
DOCUMENT = _entity("document", fields.DOCUMENT, counts=True, grows=True)
DOCUMENT_LINE = _entity("document_line", fields.LINE, grows=True)
COUNTER = Table("counter", ("name", "last"))
MAILING = Table(
    "mailing",
    (
        "document_id",
        "client_id",
        "attempt",
        "state",
        "at",
        "recipients",
        "copies",
        "refused",
        "message_id",
        "error",
    ),
    client="client_id",
    grows=True,
)
# What a person configures; what a run finds out about a target stands beside it, unjournaled.
SYNC_TARGET = Table("sync_target", ("name", "kind", "uid", "settings"))

TABLES = {
    table.name: table
    for table in (
        CLIENT,
        CLIENT_CODE,
        ADDRESS,
        CONTACT,
        NOTE,
        ATTACHMENT,
        SETTING,
        USER_ROLE,
        COUNTER,
        SYNC_TARGET,
        DOCUMENT,
        DOCUMENT_LINE,
        MAILING,
    )
}
