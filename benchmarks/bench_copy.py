"""Imports on a server against psql's ``\\copy`` of the same rows into the same tables.

python -m benchmarks.bench_copy --engine postgresql://… [--clients N] [--invoices N] [--pairs N]

What ``\\copy`` gets is what our import has made: rows that are checked, have their ids, their
search words and their journal. It writes them in one transaction into tables with all our keys
and indexes. The server is one on which databases may be made (see ``bench_writers``), and psql has
to be installed; without ``--engine`` nothing is measured.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.bench_clients import write_csv
from benchmarks.bench_sales import fill, open_store, write_invoices
from benchmarks.bench_writers import made
from benchmarks.common import interop, once, record, run

JOURNAL = ("operation", "change", "unsealed")
OWNERS = 10_000  # of the invoices


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="a postgresql:// address where databases may be made")
    parser.add_argument("--clients", type=int, default=20_000)
    parser.add_argument("--invoices", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="100,000 of each")
    asked = parser.parse_args(argv)
    if asked.engine is None:
        print("copy: needs --engine")
        return
    clients, invoices = (100_000,) * 2 if asked.full else (asked.clients, asked.invoices)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "clients.csv"
        write_csv(file, clients)
        measure(
            f"import.postgres.{clients}",
            asked.engine,
            lambda _url: None,
            ["client", "import", file],
            ("client", "address", "client_search", *JOURNAL),
            asked.pairs,
        )
        file = Path(name) / "invoices.csv"
        owners = min(OWNERS, invoices)
        write_invoices(file, owners, invoices)
        measure(
            f"sales.import.postgres.{invoices}",
            asked.engine,
            lambda url: fill(open_store(url).conn, owners, 0),
            ["sales", "import", file, "--kind", "invoice"],
            ("document", "taken", "sales_stale", *JOURNAL),
            asked.pairs,
        )


def measure(
    name: str,
    server: str,
    prepare: Callable[[str], object],
    command: Sequence[object],
    tables: Sequence[str],
    pairs: int,
) -> None:
    """An import and a ``\\copy`` in turn, each into a new database; the shortest of each."""
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        files = {table: Path(folder) / table for table in tables}
        for _ in range(pairs):
            with made(server) as url:
                prepare(url)
                ours = once(lambda url=url: interop(*command, "-q", db=url))
                if not times:
                    psql(url, (f"\\copy {table} TO '{to}'" for table, to in files.items()))
            with made(server) as url:
                prepare(url)
                copying = [f"\\copy {table} FROM '{source}'" for table, source in files.items()]
                times.append((ours, once(lambda url=url, copying=copying: psql(url, copying))))
    ours, theirs = (min(one) for one in zip(*times, strict=True))
    record(
        name,
        {
            "target": 3.0,
            "ratio": round(ours / theirs, 2),
            "seconds": round(ours, 2),
            "copy_seconds": round(theirs, 2),
            "pairs": pairs,
        },
    )


def psql(url: str, lines: Iterable[str]) -> None:
    """Run these lines in one transaction."""
    asked = [word for line in lines for word in ("-c", line)]
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", *asked, url)


if __name__ == "__main__":
    main()
