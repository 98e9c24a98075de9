"""What tells that two rows of a file are about one record: where each was met, and its uid."""

from __future__ import annotations

from array import array
from typing import Any

from interop_cli.domain.errors import InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.validation import wrong
from interop_cli.domain.values.code import uid_key

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


def also_on_line(name: str, line: int) -> InvalidData:
    """Another row is about the same client, or has the same value."""
    return wrong(name, "import.duplicate", msg("is also on line {line}", line=line))


def uid_of(record: Any) -> str | None:
    """The uid that a record brings, as it is stored; None where it brings none."""
    return uid_key(record.values.get("uid") or "") or None
