"""Size: what a made-up shop takes on disk, by kind of row, in a file and on a server.

python -m benchmarks.bench_size [--clients N] [--engine postgresql://…]

``bytes_each`` is what a row of a table takes with its indexes. The server's database is an empty
one; without ``--engine`` the file alone is measured. Neither was changed since it was filled: a
database at work has room between its rows, a fifth more as a rule.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import LiteralString, NamedTuple

from benchmarks.common import interop, record

PARTS = {
    "client": ("client", "client_code", "client_search"),
    "contact": ("contact",),
    "address": ("address",),
    "note": ("note", "attachment", "blob"),
    "document": ("document",),
    "line": ("document_line",),
    "change": ("change",),
}
"""The tables that a row of a kind has a part in; the first one has as many rows."""
COUNTS: LiteralString = " UNION ALL ".join(
    f"SELECT '{tables[0]}', COUNT(*) FROM {tables[0]}" for tables in PARTS.values()
)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--full", action="store_true", help="10,000 clients")
    parser.add_argument("--engine", help="a postgresql:// address with an empty database")
    asked = parser.parse_args(argv)
    clients = 10_000 if asked.full else asked.clients
    with tempfile.TemporaryDirectory() as name:
        db = Path(name) / "shop.db"
        interop("db", "init", "-q", db=db)
        made = ("--clients", clients, "--seed", 7, "--end", "2025-12-31", "-q")
        interop("db", "seed", "--profile", "shop", *made, db=db)
        interop("sales", "refresh", "-q", db=db)
        keep("sqlite", clients, in_file(db))
        if asked.engine:
            interop("db", "copy", db, asked.engine, "-q", db=db)
            keep("postgres", clients, on_server(asked.engine))


class Taken(NamedTuple):
    """What a database takes: its bytes, those of each table, and how many rows that has."""

    whole: int
    sizes: dict[str, int]
    rows: dict[str, int]


def in_file(db: Path) -> Taken:
    """Ask SQLite itself for the pages of each table and index."""
    with closing(sqlite3.connect(db)) as conn:
        sizes = conn.execute(
            "SELECT CASE WHEN m.tbl_name LIKE 'client_search%' THEN 'client_search'"
            " ELSE m.tbl_name END, SUM(pgsize) FROM dbstat d JOIN sqlite_master m"
            " ON m.name = d.name GROUP BY 1"
        ).fetchall()
        rows = dict(conn.execute(COUNTS).fetchall())
    return Taken(db.stat().st_size, dict(sizes), rows)


def on_server(url: str) -> Taken:
    """Ask PostgreSQL, once it has tidied up."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
        ((whole,),) = conn.execute("SELECT pg_database_size(current_database())").fetchall()
        sizes = conn.execute(
            "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"
        ).fetchall()
        rows: dict[str, int] = dict(conn.execute(COUNTS).fetchall())
    return Taken(whole, dict(sizes), rows)


def keep(engine: str, clients: int, taken: Taken) -> None:
    """Record what a row of each kind takes, and what the whole does."""
    each = {
        kind: round(sum(taken.sizes.get(name, 0) for name in tables) / taken.rows[tables[0]])
        for kind, tables in PARTS.items()
    }
    documents = taken.rows["document"]
    record(
        f"size.{engine}.{clients}",
        {
            "megabytes": round(taken.whole / 1e6, 1),
            "documents": documents,
            "bytes_each": each,
            "bytes_a_document_all_in": round(taken.whole / documents),
        },
    )


if __name__ == "__main__":
    main()
