"""Which client a row of a file means that is about something of a client's.

By its uid, its code, present or former, its external id, e-mail or name, compared as those of the
rows of a file of clients are. A client that was merged into another one is that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import Detail, InvalidData, NotFound
from interop_cli.domain.fields.nested import BY
from interop_cli.domain.matching import IDENTIFIERS, identity
from interop_cli.domain.messages import Message, first_of, msg
from interop_cli.store.writing.writer import changed_meanwhile

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

NOBODY: Mapping[str, Message] = {
    "uid": msg("There is no client of this uid."),
    "code": msg("There is no client of this code."),
    "external_id": msg("There is no client of this external id."),
    "email": msg("There is no client of this e-mail."),
    "name": msg("There is no client of this name."),
}
KEYS = {
    "uid": "uid",
    "code": "code_key",
    "external_id": "external_id_key",
    "email": "email_key",
    "name": "name_key",
}
"""The column in which each is compared."""
MAX_CACHED = 200_000


class Owner(NamedTuple):
    """What an import needs to know of a client."""

    id: int
    code: str
    active: bool
    prospect: bool
    currency: str
    bill_to_id: int | None
    billed_in: str
    """The currency of who pays: its payer, else itself."""


class Owners:
    """The clients that rows name; ``load`` looks them up, a batch at a time."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._known: dict[str, dict[str, Sequence[Owner]]] = {kind: {} for kind in BY.values()}
        self._asked: Sequence[tuple[str, str]] = ()

    def load(self, rows: Sequence[Mapping[str, Any]], codes: Iterable[str] = ()) -> set[str]:
        """Look up whom these rows name, and who else has these ``codes``; the rows' columns."""
        named = set().union(*rows)  # the columns that there are: to ask each row for all takes long
        self._asked = [(name, kind) for name, kind in BY.items() if name in named]
        for name, kind in BY.items():
            said = {str(row.get(name) or "") for row in rows} if name in named else set()
            texts = set(map(str.strip, said))
            if kind == "code":
                texts.update(codes)
            known = self._known[kind]
            if len(known) > MAX_CACHED:
                known.clear()
            if unknown := texts - known.keys() - {""}:
                known.update(self._looked_up(kind, unknown))
        return named

    def _looked_up(self, kind: str, texts: Iterable[str]) -> dict[str, Sequence[Owner]]:
        """Whom each of these texts names, each client once."""
        keys = {text: getattr(identity({kind: text}), kind) for text in texts}
        found = self.uow.candidates()
        ids: dict[str, set[int]] = {key: set() for key in keys.values()}
        for key, one in found.by_column(KEYS[kind], filter(None, ids)):
            ids[key].add(one.id)
        if kind == "code":
            for key, one in found.by_former_code(key for key, own in ids.items() if not own):
                ids[key].add(one.id)
        rows = self.uow.clients.by_column("id", set().union(*ids.values()), lock=False)
        payers = {row["bill_to_id"] for row in rows.values()} - rows.keys() - {None}
        rows.update(self.uow.clients.by_column("id", payers, lock=False))
        return {
            text: [_owner(rows[client_id], rows) for client_id in sorted(ids[key])]
            for text, key in keys.items()
        }

    def of_code(self, code: str, path: str) -> Owner:
        """The client of a code among those loaded; raises NotFound ``client.not_found``."""
        found = self._known["code"].get(code)
        if not found:
            raise no_such_client(path)
        return found[0]

    def of_row(self, values: Mapping[str, Any], likely: Owner | None = None) -> Owner | None:
        """The client that one of the rows of the last ``load`` names; None where it names nobody.

        An identifier decides, and all that are given must agree; an e-mail or a name decides
        between those that are left, then ``likely``.

        Raises NotFound ``client.not_found``, InvalidData ``import.ambiguous`` and
        ``import.contradiction``.
        """
        if len(self._asked) == 1:  # as nearly always, and of somebody
            ((name, kind),) = self._asked
            if len(found := self._known[kind].get(str(values.get(name) or ""), ())) == 1:
                return found[0]
        left: Sequence[Owner] = ()
        by = ""
        for name, kind in self._asked:
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


def _owner(row: Row, clients: Mapping[object, Row]) -> Owner:
    return Owner(
        row["id"],
        row["code"],
        bool(row["active"]),
        bool(row["prospect"]),
        row["currency"],
        row["bill_to_id"],
        clients.get(row["bill_to_id"], row)["currency"],
    )


def no_such_client(path: str, kind: str = "code") -> NotFound:
    """A row names a client that does not exist."""
    reason = NOBODY[kind]
    return NotFound("client.not_found", reason, details=[Detail(path, "client.not_found", reason)])


def ambiguous(path: str, codes: Iterable[str]) -> InvalidData:
    """A row or a reference fits several clients."""
    reason = msg("fits several clients: {codes}", codes=first_of(codes))
    return wrong(path, "import.ambiguous", reason)


class Met:
    """The clients that documents are of and billed to: they must be the same at the end."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self._met = bytearray()  # of each id, whether it was met

    def note(self, parties: Iterable[tuple[int | None, int | None]]) -> None:
        """Remember whom documents are of and billed to."""
        if not self.uow.conn.side_by_side:
            return  # nobody else writes meanwhile
        met = self._met
        for client_id in filter(None, chain.from_iterable(parties)):
            if client_id >= len(met):
                met.extend(bytes(client_id - len(met) + 4096))
            met[client_id] = 1

    def keep(self) -> None:
        """Keep others off them from now on, and only now: so nobody waits for all of the file.

        Raises Conflict ``conflict.version``, to be tried again, where one was merged into another
        meanwhile: its documents go to that one.
        """
        met = [client_id for client_id, met in enumerate(self._met) if met]
        if self.uow.clients.keep(met):
            raise changed_meanwhile(again=True)
