"""Conditions on many ids, in statements that every engine takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from interop_cli.store.connection import Connection, Row

CHUNK = 500


def chunked(values: Iterable[object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values in chunks: the places ``:v0, :v1 …`` for an ``IN (…)``, and what they hold."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        params = {f"v{number}": value for number, value in enumerate(chunk)}
        yield ", ".join(f":{name}" for name in params), params


def query_in(conn: Connection, sql: str, values: Iterable[object]) -> Iterator[Row]:
    """The rows of a statement with ``{places}`` where the values go, chunk after chunk."""
    for places, params in chunked(values):
        yield from conn.query(sql.replace("{places}", places), **params)
