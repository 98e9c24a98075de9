"""``python -m interop_cli`` and the ``interop`` command."""

# Nothing that is read from a file before Ctrl-C is seen to: not even ``signal`` and ``__future__``.
import _signal as signal  # type: ignore[import-not-found]
import gc
import sys


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # Ctrl-C while the libraries load: end at once, without Python's traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # One command makes objects until it ends: looking for cycles among them finds nothing and
    # takes a tenth of the time of an import.
    gc.set_threshold(100_000, 50)
    from interop_cli.cli import main as run

    code = run(sys.argv[1:])
    # All is closed and written: what is left would be looked through for cycles once more, which
    # takes a sixth of the time of a short command.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
