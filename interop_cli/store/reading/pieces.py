"""Clients as an export reads them: some at a time, with their files in memory and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from interop_cli.store.engines.connection import Connection, Row
from interop_cli.store.reading import notes

MOST_BYTES = 16_000_000  # of files, held at a time
FEW = 10_000  # clients, whose ids are held


class Owners:
    """Which clients have something in a table, where those are few: the others are not looked up.

    Asked when the clients are being read already, so that whoever is among these is known here
    with all that was written along with it.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._known: dict[str, frozenset[int] | None] = {}

    def among(self, table: str, ids: list[int]) -> list[int]:
        """Those of ``ids`` that may have something there."""
        if table not in self._known:
            rows = self._conn.query(
                f"SELECT DISTINCT client_id FROM {table} LIMIT :most", most=FEW + 1
            )
            found = frozenset(row["client_id"] for row in rows)
            self._known[table] = found if len(found) <= FEW else None
        known = self._known[table]
        if known is None:
            return ids
        return [one for one in ids if one in known] if known else []


class Piece:
    """Some clients: their rows, where the values stand in them, whether they have files."""

    def __init__(
        self,
        rows: list[tuple[Any, ...]],
        at: Mapping[str, int],
        known: Owners,
        *,
        has_files: bool = False,
    ) -> None:
        self.rows = rows
        self.at = at
        self.known = known
        self.has_files = has_files
        self.ids = [row[0] for row in rows]
        """Whose rows they are."""

    @property
    def none(self) -> dict[int, list[Row]]:
        """An empty list for each of them."""
        return {client_id: [] for client_id in self.ids}

    def owners(self, table: str) -> list[int]:
        """Those who may have something in a table."""
        return self.known.among(table, self.ids)

    def those_with(self, name: str) -> list[int]:
        """Those whose row has a value under a name."""
        place = self.at[name]
        return [row[0] for row in self.rows if row[place] is not None]


def in_pieces(conn: Connection, batch: Piece, *, files: bool) -> Iterator[Piece]:
    """The batch in parts whose files fit in memory together."""
    sizes = notes.sizes(conn, batch.owners("attachment")) if files else {}
    if not sizes:
        yield batch
        return
    piece: list[tuple[Any, ...]] = []
    held = 0
    for row in batch.rows:
        size = sizes.get(row[0], 0)
        if piece and held + size > MOST_BYTES:
            yield Piece(piece, batch.at, batch.known, has_files=True)
            piece, held = [], 0
        piece.append(row)
        held += size
    yield Piece(piece, batch.at, batch.known, has_files=True)
