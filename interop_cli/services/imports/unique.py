"""Values that no two clients may share, checked over a file and the database before anything
written: a code or an external id that is not what rows are recognised by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.values.code import code_key
from interop_cli.services.clients.card import duplicate_code

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


_PAGE = 256


class LineNumbers:
    """Line numbers by client id: eight bytes a client, where a dict takes a hundred.

    Ids are given one after the other, so that pages of them are well filled.
    """

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def setdefault(self, client_id: int, line: int) -> int:
        """The line noted for a client; ``line``, which is noted now, where there is none."""
        number, place = divmod(client_id, _PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = array("q", bytes(8 * _PAGE))
        if page[place] == 0:
            page[place] = line
        return page[place]

    def get(self, client_id: int) -> int:
        """The line noted for a client; 0 where there is none."""
        page = self._pages.get(client_id // _PAGE)
        return page[client_id % _PAGE] if page else 0


COLUMNS = {"code": "code_key", "external_id": "external_id"}


@dataclass
class Unique:
    """Who has which value: in the database, for the rows at hand, and in the file so far.

    ``lines`` tells where in the file the clients stand that were written.
    """

    uow: UnitOfWork
    key: str
    lines: LineNumbers
    _names: tuple[str, ...] = ()
    _holders: dict[str, dict[object, int]] = field(default_factory=dict)
    _seen: dict[tuple[str, object], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Rows are recognised by the key: it need not be looked up twice.
        self._names = tuple(name for name in COLUMNS if name != self.key)

    def load(self, batch: Sequence[Any]) -> None:
        """Look up who has the values of these records."""
        for name in self._names:
            values = [value for record in batch if (value := _value(record, name))]
            if not values:
                self._holders[name] = {}
                continue
            rows = self.uow.clients.by_column(COLUMNS[name], values)
            self._holders[name] = {value: row["id"] for value, row in rows.items()}
            if name == "code":
                self._holders[name].update(self.uow.clients.retired_codes(map(str, values)))

    def check(self, record: Any, owner: int | None) -> None:
        """Refuse a record whose value another client has (``owner`` is its own), or another row."""
        for name in self._names:
            value = _value(record, name)
            if not value:
                continue
            holder = self._holders[name].get(value)
            first = 0
            if holder is not None and holder != owner:
                first = self.lines.get(holder)
                if not first:
                    raise self._taken(name, record)
            first = first or self._seen.setdefault((name, value), record.line)
            if first != record.line:
                raise _refused("import.duplicate", name, msg("is also on line {line}", line=first))

    def forget(self, record: Any) -> None:
        """Its values are written: from now on the database tells of them."""
        for name in self._names:
            if value := _value(record, name):
                self._seen.pop((name, value), None)

    def _taken(self, name: str, record: Any) -> Conflict:
        if name == "code":
            return duplicate_code(str(record.values["code"]).strip()[:20], record.line)
        return _refused("client.external_id.duplicate", name, msg("another client has it"))


def _value(record: Any, name: str) -> object:
    value = record.values.get(name)
    if not value:
        return None
    return code_key(str(value)) if name == "code" else str(value).strip()


def _refused(code: str, path: str, reason: Message) -> Conflict:
    return Conflict(code, reason, details=[Detail(path, code, reason)])
