"""``python -m interop_cli`` and the ``interop`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and exit with its code."""
    from interop_cli.cli import main as run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
