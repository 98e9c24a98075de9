"""Run every benchmark: ``python -m benchmarks [--full]``; the figures go to ``results.json``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> int:
    """Run them one after the other; ``--full`` takes the sizes of the README."""
    full = "--full" in sys.argv[1:]
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__))
    for name in names:
        if name.startswith("bench_"):
            print(f"== {name.removeprefix('bench_')}", flush=True)
            importlib.import_module(f"benchmarks.{name}").main(["--full"] if full else [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
