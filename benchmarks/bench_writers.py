"""Writers side by side on a server: what an import does to those beside it, and eight against one.

python -m benchmarks.bench_writers --engine postgresql://… [--rows N] [--seconds S]

The server is one on which databases may be made; one a measurement is made there, and dropped.
Its user has to be a superuser for the last figure, for which a commit waits five milliseconds
(``commit_delay``): whoever writes the log sleeps before it does, and takes along those who commit
meanwhile, as on a disk that takes so long to be written to. A standby so far away keeps each
waiting by itself, side by side, which is no less than that. Seals are not waited for (see
``sealing``). The more a write takes of the processors, on both sides, the less is won by the
others' waiting. Without ``--engine`` nothing is measured.

Those who write are processes of their own that have been started already: what is measured is the
work, not the start of the program. Each goes by clients of its own, as people do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bench_clients import write_csv
from benchmarks.bench_sales import open_store
from benchmarks.common import ROOT, environment, interop, once, record
from interop_cli.domain.errors import InteropError
from interop_cli.domain.rules import Context
from interop_cli.services.clients import card
from interop_cli.services.clients.bulk import Selector

WRITERS = 8
SLOW_COMMIT = "-c commit_delay=5000 -c commit_siblings=0"
PLACE = {"line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="a postgresql:// address where databases may be made")
    parser.add_argument("--rows", type=int, default=20_000, help="clients of the import")
    parser.add_argument("--seconds", type=float, default=10, help="how long writers write")
    parser.add_argument("--full", action="store_true", help="an import of 100,000")
    parser.add_argument("--work", nargs=4, metavar=("URL", "NAME", "SECONDS", "PAUSE"))
    asked = parser.parse_args(argv)
    if asked.work:
        url, name, seconds, pause = asked.work
        print(json.dumps(write(url, name, float(seconds), float(pause))))
    elif asked.engine is None:
        print("writers: needs --engine")
    else:
        beside_an_import(asked.engine, 100_000 if asked.full else asked.rows)
        against_one(asked.engine, asked.seconds, "writers")
        against_one(asked.engine, asked.seconds, "writers.slow_commit", SLOW_COMMIT)


# -- what is measured ---------------------------------------------------------------------------


def beside_an_import(server: str, rows: int) -> None:
    """An import alone, and one beside which eight create and edit once a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clients.csv"
        write_csv(file, rows)
        with made(server) as url:
            alone = once(lambda: interop("client", "import", file, "-q", db=url))
        with made(server) as url:
            others = start(url, WRITERS, 1.5 * alone, 1.0)
            beside = once(lambda: interop("client", "import", file, "-q", db=url))
            told = ended(others)
    record(
        f"writers.import.{rows}",
        {
            "ratio": round(beside / alone, 2),
            "seconds": round(beside, 1),
            "seconds_alone": round(alone, 1),
            "longest_wait": round(max(one["longest"] for one in told), 2),
            "written_beside": sum(one["written"] for one in told),
            "failed": sum(one["failed"] for one in told),
        },
    )


def against_one(server: str, seconds: float, name: str, options: str = "") -> None:
    """How much more eight write than one, each as fast as it can."""
    speed = {}
    for count in (1, WRITERS):
        with made(server, options) as url:
            told = ended(start(url, count, seconds, 0))
            speed[count] = sum(one["written"] for one in told) / seconds
    record(
        f"{name}.{WRITERS}",
        {
            "ratio": round(speed[WRITERS] / speed[1], 2),
            "a_second": round(speed[WRITERS]),
            "a_second_by_one": round(speed[1]),
        },
    )


# -- those who write ----------------------------------------------------------------------------


def write(url: str, name: str, seconds: float, pause: float) -> dict[str, Any]:
    """Create a client and edit it, again and again: how often, and the longest that took."""
    store = open_store(url)
    told: dict[str, Any] = {"written": 0, "failed": 0, "longest": 0.0}
    print("ready", flush=True)
    sys.stdin.readline()
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        code = f"{name}-{number}"
        values = {"code": code, "name": f"Atelier {code}", **PLACE}
        one = Selector(keys=[(1, code)])
        for operation, work in {
            "client.create": partial(card.create, values=values, context=Context()),
            "client.edit": partial(
                card.edit, selector=one, changes={"terms": "net30"}, context=Context()
            ),
        }.items():
            begun = time.monotonic()
            try:
                store.run(work, operation=operation)
            except InteropError:
                told["failed"] += 1
            else:
                told["written"] += 1
            told["longest"] = max(told["longest"], time.monotonic() - begun)
        time.sleep(pause)
    store.close()
    return told


def start(url: str, count: int, seconds: float, pause: float) -> list[subprocess.Popen[str]]:
    """Processes that write, all of which have begun."""
    command = [sys.executable, "-m", "benchmarks.bench_writers", "--work", url]
    others = [
        subprocess.Popen(
            [*command, f"W{number}", str(seconds), str(pause)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(),
        )
        for number in range(count)
    ]
    for other in others:
        assert other.stdout
        other.stdout.readline()
    for other in others:
        assert other.stdin
        other.stdin.write("\n")
        other.stdin.flush()
    return others


def ended(others: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What became of them, once all are done."""
    return [json.loads(other.communicate()[0]) for other in others]


@contextmanager
def made(server: str, options: str = "") -> Iterator[str]:
    """The address of a new database on the server, of our schema; it is dropped at the end."""
    import psycopg

    name = "interop_bench_writers"
    parts = urllib.parse.urlsplit(server)
    query = f"{parts.query}&options={urllib.parse.quote(options)}" if options else parts.query
    url = parts._replace(path=f"/{name}", query=query).geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
        try:
            interop("db", "init", "-q", db=url)
            yield url
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
