"""Writers side by side on a server: what an import does to those beside it, and eight against one.

python -m benchmarks.bench_writers --engine postgresql://… [--standby postgresql://…]

The server is one on which databases may be made; one a measurement is made there, and dropped.
Its user has to be a superuser for the figures where a commit waits five milliseconds, in two ways.
With ``commit_delay`` whoever writes the log sleeps before it does, and takes along those who commit
meanwhile, as on a disk that takes so long to be written to: commits wait one after the other.
``--standby`` is the address of a standby of that server, which is told to apply each commit five
milliseconds after it was made (``recovery_min_apply_delay``) while the server waits for it
(``synchronous_commit = remote_apply``): so commits wait side by side, as for a standby so far away.
How long a commit did wait by itself is told, and what a write took of the processors on this
side: the more that is, the less is won by the others' waiting, whatever the engine does. Seals are
not waited for (see ``sealing``). Without ``--engine`` nothing is measured.

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
from contextlib import ExitStack, contextmanager
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
CLIENTS = 5000
FAR_COMMIT = "-c synchronous_commit=remote_apply"
SLOW_COMMIT = "-c commit_delay=5000 -c commit_siblings=0"
PLACE = {"line1": "1 rue X", "city": "Québec", "postal_code": "G1K 7X2"}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", help="a postgresql:// address where databases may be made")
    parser.add_argument("--standby", help="the address of a standby of it")
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
        if asked.standby:
            with waited_for(asked.engine, asked.standby):
                against_one(asked.engine, asked.seconds, "writers.standby", FAR_COMMIT)


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
    """How much more eight write than one, each as fast as it can, where there are clients."""
    speed, cost = {}, {}
    for count in (1, WRITERS):
        with made(server, options) as url:
            fill(url)
            told = ended(start(url, count, seconds, 0))
            wait = commit_wait(url)
        written = sum(one["written"] for one in told)
        speed[count] = written / seconds
        cost[count] = 1000 * sum(one["processor"] for one in told) / written
    record(
        f"{name}.{WRITERS}",
        {
            "ratio": round(speed[WRITERS] / speed[1], 2),
            "a_second": round(speed[WRITERS]),
            "a_second_by_one": round(speed[1]),
            "commit_ms": round(wait, 1),
            "client_cpu_ms": round(cost[WRITERS], 2),
            "client_cpu_ms_by_one": round(cost[1], 2),
        },
    )


def fill(url: str) -> None:
    """Clients as a shop has, which the server knows of: it reads a table whole that it thinks tiny.

    Else eight would write into larger tables than one does.
    """
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "clients.csv"
        write_csv(file, CLIENTS)
        interop("client", "import", file, "-q", db=url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")


def commit_wait(url: str) -> float:
    """How long the smallest commit takes by itself, in milliseconds: the middle of many."""
    import psycopg

    taken = []
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE waited (n INT)")
        for n in range(51):
            begun = time.perf_counter()
            conn.execute("INSERT INTO waited VALUES (%s)", [n])
            taken.append(time.perf_counter() - begun)
    return 1000 * sorted(taken)[len(taken) // 2]


@contextmanager
def waited_for(server: str, standby: str) -> Iterator[None]:
    """Have the standby apply commits five milliseconds late, and the server wait for it."""
    import psycopg

    setting = {server: "synchronous_standby_names = '*'", standby: "recovery_min_apply_delay = 5"}
    with ExitStack() as ending:
        for url, said in setting.items():
            conn = ending.enter_context(psycopg.connect(url, autocommit=True))
            name = said.partition(" ")[0]
            before = conn.execute(f"SHOW {name}").fetchone()
            ending.callback(_set, conn, f"{name} = '{before and before[0]}'")
            _set(conn, said)
        time.sleep(1)  # until they have heard
        yield


def _set(conn: Any, said: str) -> None:
    conn.execute(f"ALTER SYSTEM SET {said}")
    conn.execute("SELECT pg_reload_conf()")


# -- those who write ----------------------------------------------------------------------------


def write(url: str, name: str, seconds: float, pause: float) -> dict[str, Any]:
    """Create a client and edit it, again and again: how often, and the longest that took."""
    store = open_store(url)
    told: dict[str, Any] = {"written": 0, "failed": 0, "longest": 0.0}
    print("ready", flush=True)
    sys.stdin.readline()
    told["processor"] = -time.process_time()
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
    told["processor"] += time.process_time()
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
