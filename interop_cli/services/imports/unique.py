"""Values that no two clients may share, checked over a file and the database before anything
written: a code or an external id that is not what rows are recognised by."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.validation import wrong
from interop_cli.domain.values.code import code_key
from interop_cli.domain.values.uid import uid_key
from interop_cli.services.clients.unique import (
    COLUMNS,
    duplicate_code,
    duplicate_external_id,
    holders,
)

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
        self._names = (*(name for name in COLUMNS if name != self.key), "uid")

    def load(self, batch: Sequence[Any]) -> None:
        """Look up who has the values of these records."""
        for name in self._names:
            values = {value for record in batch if (value := _value(record, name))}
            # A row of a stored uid is about the client that has it.
            self._holders[name] = {} if name == "uid" else holders(self.uow, name, values)

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
                    raise (
                        duplicate_code(str(record.values["code"]).strip()[:20])
                        if name == "code"
                        else duplicate_external_id()
                    )
            first = first or self._seen.setdefault((name, value), record.line)
            if first != record.line:
                raise also_on_line(name, first)

    def forget(self, record: Any) -> None:
        """Its values are written: from now on the database tells of them."""
        for name in self._names:
            if value := _value(record, name):
                self._seen.pop((name, value), None)


def _value(record: Any, name: str) -> object:
    value = record.values.get(name)
    if not value:
        return None
    return _READ[name](str(value))


_READ: dict[str, Callable[[str], str]] = {
    "code": code_key,
    "external_id": str.strip,
    "uid": uid_key,
}


def uid_of(record: Any) -> object:
    """The uid that a record brings, as it is stored; None where it brings none."""
    return _value(record, "uid")


def also_on_line(name: str, line: int) -> InvalidData:
    """Another row has the same value."""
    return wrong(name, "import.duplicate", msg("is also on line {line}", line=line))
