"""The clients that the rows of an import name, each looked up once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from interop_cli.domain.code import code_key

if TYPE_CHECKING:
    from interop_cli.store.connection import Row
    from interop_cli.store.uow import UnitOfWork

MAX_CACHED = 200_000


class Owner(NamedTuple):
    """What an import needs to know of a client."""

    id: int
    code: str
    active: bool
    prospect: bool
    currency: str
    bill_to_id: int | None


class Owners:
    """Clients by what a row calls them: a code, present or former."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.clients = uow.clients
        self._known: dict[str, Owner | None] = {}

    def load(self, refs: Iterable[str]) -> None:
        """Make sure that every one of these is known, or known to be nobody."""
        if len(self._known) > MAX_CACHED:
            self._known.clear()
        unknown = {ref: code_key(ref) for ref in set(refs) - self._known.keys() if ref}
        wanted = set(unknown.values())
        found = self.clients.by_column("code_key", wanted)
        former = self.clients.retired_codes(wanted - found.keys())
        rows = self.clients.by_column("id", former.values())
        found.update({key: rows[client_id] for key, client_id in former.items()})
        for ref, key in unknown.items():
            self._known[ref] = _owner(found[key]) if key in found else None

    def get(self, ref: str) -> Owner | None:
        """The client of this name, among those that were loaded."""
        return self._known.get(ref)


def _owner(row: Row) -> Owner:
    return Owner(
        row["id"], row["code"], bool(row["active"]), bool(row["prospect"]), row["currency"],
        row["bill_to_id"],
    )  # fmt: skip
