"""Which client a row of a file means that is about something of a client's.

By its code, present or former, its external id, e-mail or name. What the file says of a client that
was merged into another one is about that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.errors import Detail, InvalidData, NotFound
from interop_cli.domain.fields.references import BY
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.validation import wrong

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

IDENTIFIERS = frozenset({"code", "external_id"})
NOBODY: Mapping[str, Message] = {
    "code": msg("There is no client of this code."),
    "external_id": msg("There is no client of this external id."),
    "email": msg("There is no client of this e-mail."),
    "name": msg("There is no client of this name."),
}
MAX_CACHED = 200_000
MAX_NAMED = 5


class Owner(NamedTuple):
    """What an import needs to know of a client."""

    id: int
    code: str
    active: bool
    prospect: bool
    currency: str
    bill_to_id: int | None


class Owners:
    """The clients that rows name; ``load`` looks them up, a batch at a time."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.clients = uow.clients
        self._known: dict[str, dict[str, Sequence[Owner]]] = {kind: {} for kind in BY.values()}

    def load(self, rows: Sequence[Mapping[str, Any]], codes: Iterable[str] = ()) -> None:
        """Look up whom these rows name, and who else has these ``codes``."""
        for name, kind in BY.items():
            texts = {_text(row, name) for row in rows if row.get(name)}
            if kind == "code":
                texts.update(codes)
            known = self._known[kind]
            if len(known) > MAX_CACHED:
                known.clear()
            if unknown := texts - known.keys() - {""}:
                found = self._winners(self.clients.referred_to(kind, unknown))
                known.update({text: found.get(text, ()) for text in unknown})

    def _winners(self, found: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Owner]]:
        """The clients themselves, each once; for one that was merged, the one that it is now."""
        rows = {row["id"]: row for of_one in found.values() for row in of_one}
        while missing := {row["merged_into_id"] for row in rows.values()} - rows.keys() - {None}:
            rows |= {row["id"]: row for row in self.clients.by_column("id", missing).values()}
        owners: dict[str, Sequence[Owner]] = {}
        for text, of_one in found.items():
            winners: dict[int, Owner] = {}
            for row in of_one:
                while row["merged_into_id"] is not None:
                    row = rows[row["merged_into_id"]]
                winners[row["id"]] = _owner(row)
            owners[text] = tuple(winners.values())
        return owners

    def of_code(self, code: str, path: str) -> Owner:
        """The client of a code among those loaded; raises NotFound ``client.not_found``."""
        found = self._known["code"].get(code)
        if not found:
            raise no_such_client(path)
        return found[0]

    def of_row(self, values: Mapping[str, Any], likely: Owner | None = None) -> Owner | None:
        """The client that a row names among those loaded; None where it names nobody.

        An identifier decides, and all that are given must agree; an e-mail or a name decides
        between those that are left, then ``likely``.

        Raises NotFound ``client.not_found``, InvalidData ``import.ambiguous`` and
        ``import.contradiction``.
        """
        left: Sequence[Owner] = ()
        by = ""
        for name, kind in BY.items():
            text = _text(values, name)
            if not text or (len(left) == 1 and kind not in IDENTIFIERS):
                continue
            found = self._known[kind].get(text, ())
            if not found:
                raise no_such_client(name, kind)
            both = [owner for owner in found if not left or owner in left]
            if not both:
                reason = msg("is another client's than {field}", field=by)
                raise wrong(name, "import.contradiction", reason)
            left, by = both, name
        if len(left) > 1 and likely in left:
            return likely
        if len(left) > 1:
            raise ambiguous(by, [owner.code for owner in left])
        return left[0] if left else None


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _owner(row: Row) -> Owner:
    return Owner(
        row["id"],
        row["code"],
        bool(row["active"]),
        bool(row["prospect"]),
        row["currency"],
        row["bill_to_id"],
    )


def no_such_client(path: str, kind: str = "code") -> NotFound:
    """A row names a client that does not exist."""
    reason = NOBODY[kind]
    return NotFound("client.not_found", reason, details=[Detail(path, "client.not_found", reason)])


def ambiguous(path: str, codes: Sequence[str]) -> InvalidData:
    """A row or a reference fits several clients."""
    named = ", ".join([*codes[:MAX_NAMED], *(["…"] if len(codes) > MAX_NAMED else [])])
    return wrong(path, "import.ambiguous", msg("fits several clients: {codes}", codes=named))
