"""Where in its file each client of an import stood, in little memory."""

from __future__ import annotations

from array import array

_PAGE = 256


class Lines:
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
