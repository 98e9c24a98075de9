"""What the benchmarks share: timing, running commands, and keeping the figures.

Every figure is a ratio against what one would use otherwise, measured in the same run on the same
data; the seconds stand beside it for the curious.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).parent / "results.json"


def best(work: Callable[[], Any], times: int = 3) -> float:
    """The shortest of several runs, in seconds."""
    return min(once(work) for _ in range(times))


def once(work: Callable[[], Any]) -> float:
    """One run, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def environment() -> dict[str, str]:
    """What a command is run with: this checkout, compiled as an installed program is."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def run(*args: object, env: dict[str, str] | None = None, stdin: str | Path = os.devnull) -> None:
    """Run a command that reads a file, its output thrown away; raises where it fails."""
    with Path(stdin).open("rb") as source:
        subprocess.run(
            [str(arg) for arg in args],
            stdin=source,
            stdout=subprocess.DEVNULL,
            env={**environment(), **(env or {})},
            check=True,
        )


def interop(*args: object, db: object) -> None:
    """Run the program."""
    run(sys.executable, "-m", "interop_cli", "--db", db, *args)


def peak_memory(args: Sequence[object], stdin: str | Path = os.devnull) -> int:
    """The greatest memory a command had, in megabytes.

    Asked of a small process between us and the command: a child's figure begins with its parent's.
    """
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    with Path(stdin).open("rb") as source:
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, args)],
            stdin=source,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
            check=True,
        )
    return int(done.stdout)


def record(name: str, figures: dict[str, Any]) -> None:
    """Keep figures under a name in ``results.json``, with when and on what, and show them."""
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    found[name] = {
        **figures,
        "measured": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "processors": os.cpu_count(),
    }
    RESULTS.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
    print(f"{name}: {json.dumps(figures)}")
