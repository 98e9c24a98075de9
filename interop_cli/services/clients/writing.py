"""Writing clients with their main addresses, many at a time: the one road of every change.

Creating, editing, importing, applying, merging and resolving go through here, one client or
thousands: the same rules, the same warnings.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, MutableMapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.matching import Identity, identity
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_revision
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import code_key, code_stem
from interop_cli.domain.values.text import caseless
from interop_cli.store.writing.repositories import addresses, clients
from interop_cli.store.writing.tables import ADDRESS, CLIENT, Ordered

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


NUMBERS = ("gst", "qst", "neq")
MAX_NAMED = 3
_numbers_of = itemgetter(*map(CLIENT.place, NUMBERS))
_CLIENT_ID = ADDRESS.place("client_id")


class Revision(NamedTuple):
    """A stored client and what it becomes; ``place`` and ``address`` are its main address."""

    row: Row
    before: Client
    client: Client
    place: Row | None = None
    address: Address | None = None

    def identities(self) -> tuple[Identity, Identity] | None:
        """Who it was, and becomes, by name and place; None where it stays the same.

        Where the main address was not looked at, it is left out.
        """
        was: Row = {}
        becomes: Row = {}
        if self.place is not None and self.address is not None:
            was, becomes = self.place, self.address.__dict__
        if self.client.name == self.before.name and all(
            becomes.get(name) == was.get(name) for name in _WHERE
        ):
            return None  # nearly always: nothing need be folded
        before = identity({**was, "name": self.before.name})
        after = identity({**becomes, "name": self.client.name})
        return (before, after) if before != after else None


_WHERE = ("line1", "line2", "city", "postal_code")


class Others:
    """What other rows say of some clients: asked once for all of them, when a rule wants it."""

    def __init__(self, uow: UnitOfWork, client_ids: Iterable[int]) -> None:
        self._uow = uow
        self._ids = client_ids

    @cached_property
    def billed_to(self) -> dict[int, list[Row]]:
        """The clients billed to each."""
        return self._uow.clients.billed_to(self._ids)

    @cached_property
    def jobs(self) -> dict[int, int]:
        """How many jobs each has that are not void."""
        return self._uow.documents.jobs_of(self._ids)

    def paid_by(self, client: Client) -> list[str]:
        """The codes of those billed to a client; nobody is to a new one."""
        if client.id is None:
            return []
        return [row["code"] for row in self.billed_to[client.id]]

    def check(self, before: Client, client: Client) -> None:
        """Refuse what others forbid the client to become; raises Conflict (see ``payer``)."""
        retires = before.active and not client.active
        courts = client.prospect and not before.prospect
        if client.id is not None and (retires or courts):
            check_revision(
                before,
                client,
                pays_for=[(row["code"], bool(row["active"])) for row in self.billed_to[client.id]],
                jobs=self.jobs.get(client.id, 0) if courts else 0,
            )


class NewCard(NamedTuple):
    """What is stored of a new client and of its main address, and the words they are found by.

    Those are known only where somebody has asked for them before it is written.
    """

    client: Ordered
    address: Ordered
    words: str | None = None

    @classmethod
    def of(cls, client: Client, address: Address) -> NewCard:
        """The same of the entities."""
        (own,) = CLIENT.ordered((clients.to_row(client),))
        (place,) = ADDRESS.ordered((addresses.to_row(address),))
        return cls(own, place)


class CardWriter:
    """Adds and revises clients; ``finish`` warns of what only all that was written shows."""

    def __init__(self, uow: UnitOfWork, context: Context) -> None:
        self.uow = uow
        self.context = context
        # The clients written that have a tax or enterprise number: eight bytes for each.
        self._numbered = array("q")

    def add(self, cards: Sequence[tuple[Client, Address]]) -> list[int]:
        """Insert new clients with their main addresses; the ids of the clients."""
        return self.add_cards([NewCard.of(client, address) for client, address in cards])

    def add_cards(self, cards: Sequence[NewCard]) -> list[int]:
        """As ``add``, of what is stored."""
        words = [card.words for card in cards]
        ids = self.uow.clients.add([card.client for card in cards], words)
        for client_id, (client, address, _words) in zip(ids, cards, strict=True):
            address[_CLIENT_ID] = client_id
            if any(_numbers_of(client)):
                self._numbered.append(client_id)
        self.uow.addresses.add_mains([card.address for card in cards], words)
        return ids

    def save(self, revisions: Sequence[Revision]) -> set[int]:
        """Write the revisions that differ; the ids of their clients."""
        touched = self.uow.touched
        touched.clear()  # of what was written before
        self.uow.clients.save([(one.row, one.client) for one in revisions])
        self.uow.addresses.save(
            [(one.place, one.address) for one in revisions if one.place and one.address]
        )
        changed = set()
        for one in revisions:
            client_id = one.row["id"]
            if ("client", client_id) in touched:
                changed.add(client_id)
                if _has_number(one.client):
                    self._numbered.append(client_id)
            elif one.place and ("address", one.place["id"]) in touched:
                changed.add(client_id)
        return changed

    def finish(self, line_of: Callable[[int], int | None] = lambda _client_id: None) -> None:
        """Warn where another client, active or not, has the same tax or enterprise number.

        ``line_of`` tells where in a file a client stands.
        """
        if not self._numbered:
            return
        for row in self.uow.clients.sharing(NUMBERS, self._numbered, MAX_NAMED):
            self.context.at(line_of(row["id"]), row["code"]).warn(
                row["column"],
                f"client.{row['column']}.shared",
                msg("{code} has the same number.", code=", ".join(row["others"])),
            )


def _has_number(client: Client) -> bool:
    return bool(client.gst or client.qst or client.neq)


def holders(uow: UnitOfWork, external_ids: Collection[str]) -> dict[str, int]:
    """Who has these external ids: folded id -> client id."""
    if not external_ids:
        return {}
    keys = {caseless(one) for one in external_ids}
    rows = uow.clients.by_column("external_id_key", keys)
    return {str(value): int(row["id"]) for value, row in rows.items()}


def claim_external_id(
    held: MutableMapping[str, int], external_id: str | None, owner: int | None
) -> None:
    """Refuse an external id that another client has or gets; ``held`` is what ``holders`` gave.

    Raises Conflict ``client.external_id.duplicate``.
    """
    if external_id is None:
        return
    key = caseless(external_id)
    holder = held.get(key)
    if holder is not None and holder != owner:
        raise duplicate_external_id()
    if owner is not None:
        held[key] = owner


def take_code(uow: UnitOfWork, code: str, owner: int | None, *, reuse: bool = False) -> None:
    """Make sure ``code`` may be given to the client ``owner`` (None: a new one).

    Raises Conflict ``client.code.duplicate`` where another client has it, ``client.code.retired``
    where one had it and ``reuse`` does not allow to take it over.
    """
    key = code_key(code)
    holder = uow.clients.by_column("code_key", [key]).get(key)
    if holder is not None and holder["id"] != owner:
        raise duplicate_code(code)
    former = uow.clients.retired_codes([key]).get(key)
    if former is None:
        return
    if former != owner and not reuse:
        raise _retired_code(code)
    uow.clients.release_code(key)


def code_for(uow: UnitOfWork, name: str) -> str:
    """A code for a client of this name, which nobody has."""
    return uow.clients.free_code(code_stem(name))


def duplicate_code(code: str) -> Conflict:
    """Another client has this code."""
    return Conflict(
        "client.code.duplicate",
        msg("Code {code} is already the code of a client.", code=code),
        hint=msg("See: interop client show {code}", code=code),
        details=[Detail("code", "unique", msg("is already taken"), key=code)],
    )


def _retired_code(code: str) -> Conflict:
    return Conflict(
        "client.code.retired",
        msg("Code {code} was another client's and still leads there.", code=code),
        hint=msg("Take it over with --reuse."),
        details=[Detail("code", "retired", msg("was another client's"), key=code)],
    )


def duplicate_external_id() -> Conflict:
    """Another client has this external id."""
    code = "client.external_id.duplicate"
    detail = Detail("external_id", code, msg("another client has it"))
    return Conflict(code, msg("Another client has this external id."), details=[detail])
