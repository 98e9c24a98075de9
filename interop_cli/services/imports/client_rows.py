"""What a row of clients says by itself: read without a database, also in a second process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from interop_cli.domain.errors import InteropError
from interop_cli.domain.fields import CLIENT, PLACE
from interop_cli.domain.fields.field import given
from interop_cli.domain.fields.nested import any_field
from interop_cli.domain.matching import Identity, identity
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import is_no_value
from interop_cli.services.clients import card
from interop_cli.services.clients.writing import NewCard
from interop_cli.services.imports import second_process
from interop_cli.store.writing.search_index import words_of
from interop_cli.store.writing.tables import Ordered

KEPT_WHEN_EMPTY = given(CLIENT) | {"name"}


def stated(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says; an empty cell leaves what always has a value as it is.

    So does an empty place: only a part of one that is empty says something.
    """
    kept = KEPT_WHEN_EMPTY
    if not any(values.get(name) for name in PLACE):
        kept = KEPT_WHEN_EMPTY.union(PLACE)
    return {
        name: value
        for name, value in values.items()
        if (value not in ("", None) or name not in kept) and not is_no_value(value)
    }


class Ready(NamedTuple):
    """Who a row is about; the ``card`` of a new client where there is nothing special about it."""

    who: Identity
    card: NewCard | None

    @classmethod
    def of(cls, told: Any) -> Ready | None:
        """The same out of what ``PlainClients`` has told."""
        if not told:
            return None
        who, card = told
        return cls(Identity._make(who), NewCard._make(card) if card else None)


class PlainClients:
    """Tells of rows of clients; see ``second_process.Teller``."""

    def __init__(self, context: Context) -> None:
        self._context = second_process.apart(context)

    def told(self, values: dict[str, Any], *, build: bool) -> Any:
        """See ``Ready``."""
        plain = build and not values.get("logo") and not any_field(tuple(values))
        return tuple(identity(values)), self._card(values) if plain else None

    def _card(self, values: Mapping[str, Any]) -> tuple[Ordered, Ordered, str | None] | None:
        self._context.warnings.clear()
        try:
            client, address = card.built(values, self._context)
        except InteropError:
            return None
        if self._context.warnings:
            return None
        if client.shipper_identity == "client":  # which needs a logo
            return None
        made = NewCard.of(client, address)
        # Without a code, one is made as it is written.
        words = words_of(made.client, made.address) if client.code else None
        return made.client, made.address, words
