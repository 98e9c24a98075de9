"""Where an exception becomes an exit code and words on stderr. Nothing else prints errors.

Data and messages are UTF-8 whatever the locale says; what click writes (help, questions) is in the
locale's encoding, and a letter that it lacks becomes the nearest that it has. What is asked of a
command line before it is parsed, or where that stopped, is read here as well: its language, how
errors are shown, and the command.

SIGINT, SIGTERM and SIGHUP unwind the program as an exception, so that the transaction rolls back
and somebody says what became of it. A second one ends it on the spot.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from interop_cli import FORMATS
from interop_cli.domain.errors import InteropError, IoFailure, UsageError
from interop_cli.domain.messages import Message, msg
from interop_cli.i18n import LANGUAGES, _, language_of

if TYPE_CHECKING:
    from interop_cli.app import App


NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signalled(KeyboardInterrupt):
    """A signal arrived. A KeyboardInterrupt, so that libraries clean up after every one of them."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class _State:
    """Whether signals wait, and which one does."""

    held = 0
    waiting: int | None = None


def catch_signals() -> None:
    """Make the signals raise ``Signalled``; those that were ignored (nohup) stay so."""
    _State.held, _State.waiting = 0, None
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            _handle(number, _arrived)


def ignore_signals() -> None:
    """The work is done and delivered: nothing is left to interrupt."""
    for number in _numbers():
        _handle(number, signal.SIG_IGN)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Let a signal wait until the end of the block, so that its parts are never told apart."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        if not _State.held and _State.waiting is not None:
            number, _State.waiting = _State.waiting, None
            raise Signalled(number)


def _arrived(number: int, _frame: FrameType | None) -> None:
    for other in _numbers():
        if signal.getsignal(other) is _arrived:
            _handle(other, signal.SIG_DFL)  # the next one ends the program at once
    if _State.held:
        _State.waiting = number
    else:
        raise Signalled(number)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _handle(number: int, handler: object) -> None:
    with contextlib.suppress(ValueError):  # not in the main thread: a test in process
        signal.signal(number, handler)  # type: ignore[arg-type]


EXIT_PIPE = 141


def protect_streams() -> None:
    """Fill closed standard descriptors, lest a database be opened as one of them.

    A closed stdout is filled read-only, so that writing data to it fails and is reported. No
    letter is too much for a stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number < 2 else os.O_WRONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    bear_all_letters()


def leave(app: App, exit_code: int) -> int:
    """End after help or version was printed: the output must have reached its reader."""
    try:
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the boundary
        return report(app, error)
    return exit_code


def report(app: App, error: BaseException) -> int:
    """Say what happened, in words or as one JSON line; the exit code."""
    if isinstance(error, BrokenPipeError):
        _let_stdout_go()
        return app.exit_code if app.done else EXIT_PIPE
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return _interrupted(app, error)
    if isinstance(error, click.UsageError | UsageError):  # of click, or of a value as it is read
        app.read_ahead()
    asks_for_help = isinstance(error, click.exceptions.NoArgsIsHelpError)
    help_text = str(error).splitlines() if asks_for_help else None
    ours = error if isinstance(error, InteropError) else _as_ours(error, app.argv)
    ours = app.truer(ours)
    if app.options.get("debug"):
        ours.hint = _traceback_hint(error)
    error = ours
    if error.applied is not None:
        error.applied = error.applied or app.applied
    if error.code.startswith("output."):
        _let_stdout_go()
    _say_what_became(error)
    with suppress(OSError, ValueError):  # stderr is gone: the code must do
        app.show_error(error, words=help_text)
    return error.exit_code


def _say_what_became(error: InteropError) -> None:
    """Add to the hint what ``applied`` tells those who read JSON."""
    if error.applied is None:
        became = msg("Whether it was made is not known; look, before you do it again.")
    elif not error.applied:
        return
    elif error.code.startswith("output."):
        became = msg("The change had been committed; only the answer is lost.")
    else:
        became = msg("The change had been committed.")
    if error.hint is not None:
        if not isinstance(error, IoFailure):
            return  # it says so itself
        became = Message("{became} {hint}", {"became": became, "hint": error.hint})
    error.hint = became


def _interrupted(app: App, error: BaseException) -> int:
    code = error.exit_code if isinstance(error, Signalled) else 128 + signal.SIGINT
    _let_stdout_go()
    text = (
        _("Interrupted; the change had been committed.")
        if app.applied
        else _("Interrupted; nothing was changed.")
    )
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
    return code


def _as_ours(error: BaseException, argv: Sequence[str]) -> InteropError:
    if isinstance(error, click.UsageError):
        return _usage(error, argv)
    if isinstance(error, click.ClickException):
        return IoFailure("io.file", Message("{text}", {"text": error.format_message()}))
    if isinstance(error, OSError):
        from interop_cli.domain.errors import why_not_written

        _let_stdout_go()
        return IoFailure(
            "output.write", msg("The output cannot be written: {why}.", why=why_not_written(error))
        )
    return InteropError(
        "internal",
        msg("A bug in interop: {kind}.", kind=type(error).__name__),
        hint=msg("Run it again with --debug."),
    )


def _usage(error: click.UsageError, argv: Sequence[str]) -> UsageError:
    from interop_cli.shell import guesses

    path = error.ctx.command_path if error.ctx else "interop"
    bare = isinstance(error, click.exceptions.NoArgsIsHelpError)  # its message is the whole help
    guessing = isinstance(error, click.exceptions.NoSuchCommand | click.NoSuchOption)
    text = " ".join((error.message if guessing else error.format_message()).split())
    return UsageError(
        "usage",
        msg("Missing command.") if bare else Message("{text}", {"text": text}),
        hint=guesses.hint(error, argv) or msg("See: {command} --help", command=path),
    )


def _traceback_hint(error: BaseException) -> Message:
    from interop_cli.disk import temporary_failure

    try:
        return msg("The traceback is in {path}", path=_write_traceback(error))
    except OSError as refused:
        failure = temporary_failure(refused)
        return msg("There is no traceback: {why}", why=failure.message)


def _write_traceback(error: BaseException) -> str:
    import tempfile
    import traceback

    descriptor, path = tempfile.mkstemp(prefix="interop-", suffix=".txt")  # mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        traceback.print_exception(error, file=file)
    return path


def _let_stdout_go() -> None:
    """Let the interpreter flush into nothing at its end, instead of failing again."""
    from interop_cli.output.sink import discard

    discard(sys.stdout)


NAME = "interop.nearest"
_NEAREST = {
    "…": "...",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "x",
    "œ": "oe",
    "Œ": "OE",
}


def bear_all_letters() -> None:
    """Have stdout and stderr write what is near to a letter that their encoding lacks."""
    codecs.register_error(NAME, _nearest)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with suppress(OSError):  # what is not what it was opened as cannot tell its place
                reconfigure(errors=NAME)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_near(letter, error.encoding) for letter in lost), error.end


def _near(letter: str, encoding: str) -> str:
    """The letter without its accent, something like it, or its number."""
    from unicodedata import normalize

    plain = normalize("NFKD", letter).encode("ascii", "ignore").decode()
    for text in (_NEAREST.get(letter, plain), plain):
        if text and _has(encoding, text):
            return text
    return letter.encode("ascii", "backslashreplace").decode()


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


CHOICES = {
    "output": (("-o", "--output"), FORMATS),
    "error_format": (("--error-format",), ("text", "json")),
}


def early_language(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language before any option is parsed, so that help and usage errors have it."""
    asked = typed(argv, "--lang") or environ.get("INTEROP_LANG")
    if asked not in LANGUAGES:
        asked = language_of(environ)
    return asked or "en"


def error_options(argv: Sequence[str]) -> dict[str, Any]:
    """The options that say how an error is shown, where parsing stopped before them."""
    found: dict[str, Any] = {"json": True} if "--json" in argv else {}
    for name, (flags, choices) in CHOICES.items():
        value = next((text for flag in flags if (text := typed(argv, flag))), None)
        if value in choices:
            found[name] = value
    return found


def typed(argv: Sequence[str], flag: str) -> str | None:
    """The value of a flag as typed, found without parsing the rest."""
    for position, word in enumerate(argv):
        if word.startswith(flag + "="):
            return word[len(flag) + 1 :]
        if word == flag and position + 1 < len(argv):
            return argv[position + 1]
    return None


def command_typed(argv: Sequence[str]) -> str:
    """The words of the command that runs, and the names of the options typed, without values."""
    context = click.get_current_context(silent=True)
    if context is None:
        return "interop"
    flags = [word.split("=")[0] for word in argv if word.startswith("-") and word != "-"]
    known = {flag for param in context.command.params for flag in param.opts}
    return " ".join([context.command_path, *(flag for flag in flags if flag in known)])
