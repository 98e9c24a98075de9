"""``python -m interop_cli`` and the ``interop`` command."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # One command makes objects until it ends: looking for cycles among them finds nothing and
    # takes a tenth of the time of an import.
    gc.set_threshold(20_000)
    from interop_cli.cli import main as run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
