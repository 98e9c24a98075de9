"""What a row of documents says by itself: read without a database, also in a second process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.document import Document, read_amounts
from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import InteropError, InvalidData
from interop_cli.domain.fields import PLACE_PARTS
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.values.address_text import bare_line
from interop_cli.domain.values.closed_lists import KINDS, SOLD, find_currency
from interop_cli.domain.values.text import fold
from interop_cli.services.imports import second_process
from interop_cli.services.sales.documents import AMOUNT_FIELDS, OWN_FIELDS
from interop_cli.store.writing.repositories.documents import ordered

if TYPE_CHECKING:
    from interop_cli.store.writing.tables import Ordered


PLACE_NAMES = frozenset(f"ship_to.{part}" for part in PLACE_PARTS)
# What may name a contact or an address.
NAMES_PARTY = PLACE_NAMES | {"contact", "ship_to"}
OWN, AMOUNT_NAMES = frozenset(OWN_FIELDS), frozenset(AMOUNT_FIELDS)

DocumentKey = tuple[str, str]
"""The kind of a document and its folded number."""


def key_of(values: Mapping[str, Any], kind: str | None) -> DocumentKey:
    """The key of a row's document, ``kind`` where the row says none; raises InvalidData."""
    number = str(values.get("number") or "").strip()
    if not number:
        raise wrong("number", "field.missing", msg("is required"))
    return _kind_of(values.get("kind"), kind), fold(number)


def _kind_of(given: object, usual: str | None) -> str:
    if not given:
        if usual is None:
            raise wrong("kind", "field.missing", msg("is required"))
        return usual
    kind = KINDS.get(str(given)) or KINDS.get(fold(str(given)))
    if kind is None:
        choices = ", ".join(dict.fromkeys(KINDS.values()))
        reason = msg("is not one of {choices}", choices=choices)
        raise wrong("kind", "document.kind.unknown", reason)
    return kind


def own_of(values: Mapping[str, Any], kind: str, currency: str | None) -> dict[str, Any]:
    """What a row says of its own of a new document, whose amounts count in ``currency``."""
    own = {name: value for name, value in values.items() if name in OWN and value}
    own.update(place_of(values), **amounts_of(values, kind, currency))
    return own


def check_amounts(own: Mapping[str, Any], kind: str) -> None:
    """Raise InvalidData where a new document of what is sold has no amounts."""
    if kind in SOLD and "subtotal_cents" not in own:
        raise wrong("subtotal", "field.missing", msg("is required"))


def amounts_of(values: Mapping[str, Any], kind: str, currency: str | None) -> dict[str, int]:
    """The amounts of a row in cents; nothing where it has none."""
    return {} if AMOUNT_NAMES.isdisjoint(values) else read_amounts(values, kind, currency)


def currency_of(values: Mapping[str, Any], usual: str | None) -> str | None:
    """What the amounts of a row count in: as it says, else ``usual``.

    ``None`` where that is wrong, which is told of the field.
    """
    given = values.get("currency")
    return find_currency(given) if given else usual


def place_parts(values: Mapping[str, Any]) -> dict[str, str]:
    """The parts of ``ship_to``, where the file has those."""
    if PLACE_NAMES.isdisjoint(values):
        return {}
    parts = {part: str(values.get(f"ship_to.{part}") or "").strip() for part in PLACE_PARTS}
    return parts if any(parts.values()) else {}


def place_of(values: Mapping[str, Any]) -> dict[str, str]:
    """``ship_to`` out of its parts, where the file has those."""
    parts = place_parts(values)
    if not parts:
        return {}
    return {"ship_to": bare_line({**parts, "label": None, "attention": parts["name"]})}


class PlainDocuments:
    """Tells of rows of documents; see ``second_process.Teller``."""

    def __init__(self, context: Context, kind: str | None) -> None:
        self._context = second_process.apart(context)
        self._kind = kind

    def told(
        self, values: dict[str, Any], *, build: bool
    ) -> tuple[DocumentKey, Ordered | None] | None:
        """The key of a row, and what is stored of a new document of it that names no party.

        As far as that can be told without its client, who is taken to count in the usual currency.
        """
        try:
            key = key_of(values, self._kind)
        except InvalidData:
            return None
        return key, self._row(values, key[0]) if build else None

    def _row(self, values: dict[str, Any], kind: str) -> Ordered | None:
        if values.get("lines") is not None or any(map(values.get, NAMES_PARTY & values.keys())):
            return None
        usual = self._context.policy.currency
        self._context.warnings.clear()
        try:
            own = own_of(values, kind, currency_of(values, usual))
            check_amounts(own, kind)
            own.setdefault("currency", usual)
            document = Document.build({**own, "kind": kind}, self._context)
        except InteropError:
            return None
        return None if self._context.warnings else ordered(document)
