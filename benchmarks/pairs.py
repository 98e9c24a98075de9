"""Two commands in turn, A B A B, as whole processes: what a user waits for, and what it costs.

A shared machine changes its speed from one second to the next; taken in turn, both commands meet
the same weather, and the median of the pairs' ratios is worth quoting.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import environment


@dataclass(frozen=True)
class Run:
    """One process: seconds waited, and seconds of processor."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Command:
    """A command to time; ``before`` puts things in place each time and is not counted."""

    args: Sequence[object]
    before: Callable[[], object] = lambda: None
    stdin: str | None = None

    def run(self) -> Run:
        """Run it once, its output thrown away; raises where it fails."""
        self.before()
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        source = Path(self.stdin).open("rb") if self.stdin else None  # noqa: SIM115
        try:
            subprocess.run(
                [str(arg) for arg in self.args],
                stdin=source or subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment(),
                check=True,
            )
        finally:
            if source:
                source.close()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Run(time.perf_counter() - start, cpu)


def compare(ours: Command, theirs: Command, *, pairs: int, target: float) -> dict[str, float]:
    """The medians of both, and of their ratios pair by pair, after one run of each to warm up."""
    ours.run()
    theirs.run()
    runs = [(ours.run(), theirs.run()) for _ in range(pairs)]
    return {
        "target": target,
        "ratio": round(statistics.median(a.wall / b.wall for a, b in runs), 2),
        "cpu_ratio": round(statistics.median(a.cpu / b.cpu for a, b in runs), 2),
        "seconds": round(statistics.median(a.wall for a, _ in runs), 3),
        "reference_seconds": round(statistics.median(b.wall for _, b in runs), 3),
        "pairs": pairs,
    }
