"""Who a document is for and where it was shipped: the client's contact and address that are meant.

Named by id, a contact also by its e-mail or its name, an address by its label or its text. What
fits none of them stays the text that it is; what fits several, and an id that is none of the
client's, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.entity import several
from interop_cli.domain.errors import Detail, NotFound
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.address_text import bare_line, one_line
from interop_cli.domain.values.text import fold

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


class Linked(NamedTuple):
    """The id of what is meant (None: only text), and the text that the document shows."""

    id: int | None
    text: str | None


NOTHING = Linked(None, None)


class Parties:
    """The contacts and addresses of some clients, as documents name them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._contacts: dict[int, list[Row]] = {}
        self._addresses: dict[int, list[Row]] = {}
        self._texts: dict[int, dict[str, list[Row]]] = {}

    def load(self, client_ids: Iterable[int]) -> None:
        """Read those of these clients, in place of those read before."""
        ids = list(client_ids)
        self._contacts = self.uow.contacts.named(ids)
        self._addresses = self.uow.addresses.of_clients(ids)
        self._texts.clear()

    def contact(
        self, client_id: int, typed: object, *, ids: bool = True, stands: int | None = None
    ) -> Linked:
        """The contact that is meant.

        Raises NotFound ``contact.not_found`` for an id, InvalidData ``import.ambiguous``.
        ``ids``: a number is one, and not only text. Of several, the one that ``stands`` is meant.
        """
        text = str(typed or "").strip()
        if not text:
            return NOTHING
        people = self._contacts[client_id]
        if ids and (wanted := _id_in(text)) is not None:
            for row in people:
                if row["id"] == wanted:
                    return Linked(row["id"], row["name"])
            code = self.uow.clients.by_id(client_id)["code"]
            raise _not_found(
                "contact",
                msg("{code} has no contact {id}.", code=code, id=wanted),
                msg("interop contact list {code}", code=code),
            )
        key = fold(text)
        for row in people:
            if row["email_key"] == key:
                return Linked(row["id"], row["name"])
        named = (row for row in people if row["name_key"] == key)
        return Linked(_only("contact", named, stands), text)

    def address(
        self, client_id: int, typed: object, *, ids: bool = True, stands: int | None = None
    ) -> Linked:
        """The address that is meant.

        Raises NotFound ``address.not_found`` for an id, InvalidData ``import.ambiguous``.
        ``ids``: a number is one, and not only text. Of several, the one that ``stands`` is meant.
        """
        text = str(typed or "").strip()
        if not text:
            return NOTHING
        rows = self._addresses[client_id]
        if ids and (wanted := _id_in(text)) is not None:
            for row in rows:
                if row["id"] == wanted:
                    return Linked(row["id"], bare_line(row))
            code = self.uow.clients.by_id(client_id)["code"]
            raise _not_found(
                "ship_to",
                msg("{code} has no address {id}.", code=code, id=wanted),
                msg("interop address list {code}", code=code),
            )
        key = fold(text)
        labelled = [row for row in rows if row["label"] and fold(row["label"]) == key]
        if (found := _only("ship_to", labelled, stands)) is not None:
            return Linked(found, bare_line(self.of_id(found)))
        return Linked(_only("ship_to", self._of_text(client_id).get(key, ()), stands), text)

    def _of_text(self, client_id: int) -> dict[str, list[Row]]:
        """The addresses of a client by their folded text, with and without whom it is for."""
        known = self._texts.get(client_id)
        if known is None:
            known = self._texts[client_id] = {}
            for row in self._addresses[client_id]:
                bare = {**row, "label": None, "attention": None}
                forms = (one_line(row), bare_line(row), one_line(bare))
                for text in {fold(form) for form in forms}:
                    known.setdefault(text, []).append(row)
        return known

    def place(
        self, client_id: int, parts: Mapping[str, Any], stands: int | None = None
    ) -> int | None:
        """The address at the place of these parts (``line1``, ``city`` …).

        Raises InvalidData ``import.ambiguous`` where there are several.
        """
        wanted = _place(parts)
        there = (row for row in self._addresses[client_id] if _place(row) == wanted)
        return _only("ship_to", there, stands)

    def of_id(self, address_id: int) -> Row:
        """The row of an address that was found."""
        rows = (row for rows in self._addresses.values() for row in rows)
        return next(row for row in rows if row["id"] == address_id)


def _only(path: str, rows: Iterable[Row], stands: int | None) -> int | None:
    """The id of the one row there is; of several, the one that stands, else they are refused."""
    ids = [row["id"] for row in rows]
    if stands in ids:
        return stands
    if len(ids) > 1:
        raise several(path, ids)
    return ids[0] if ids else None


def _place(parts: Mapping[str, Any]) -> tuple[str, str, str]:
    street = fold(f"{parts.get('line1') or ''} {parts.get('line2') or ''}")
    postal_code = "".join(char for char in str(parts.get("postal_code") or "") if char.isalnum())
    return street, fold(str(parts.get("city") or "")), postal_code.upper()


def _id_in(text: str) -> int | None:
    """The id in ``17`` or ``#17``; None for other text."""
    digits = text.removeprefix("#")
    return int(digits) if digits.isdecimal() and len(digits) < 19 else None


def _not_found(path: str, message: Message, hint: Message) -> NotFound:
    entity = "address" if path == "ship_to" else path
    code = f"{entity}.not_found"
    return NotFound(code, message, hint=hint, details=[Detail(path, code, message)])
