"""Words for people on stderr: messages, warnings, errors, progress.

Nothing here fails because stderr does: it may be closed, and words are not the data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from interop_cli.domain.errors import Detail, InteropError
from interop_cli.domain.messages import Message
from interop_cli.i18n import _, labelled, ngettext, translate
from interop_cli.output.columns import compact
from interop_cli.output.sanitise import printable, printable_json
from interop_cli.output.sink import write_whole
from interop_cli.output.style import Style, is_screen

SCHEMA_VERSION = 1
DETAILS_SHOWN = 20
MANY_ROWS = 100  # refused: they are told by their kinds
PROGRESS_AFTER = 1.0  # seconds
PROGRESS_EVERY = 0.1

Advance = Callable[[int], None]


class Notices:
    """The writer of stderr."""

    def __init__(
        self,
        stream: IO[str] | None,
        style: Style,
        environ: Mapping[str, str],
        *,
        quiet: bool = False,
        as_json: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = stream
        self.style = style
        self.quiet = quiet
        self.as_json = as_json
        self._clock = clock
        self._live = is_screen(stream) and not quiet and environ.get("TERM") != "dumb"
        self._shown = False

    def message(self, text: str) -> None:
        """One line; nothing when quiet."""
        if not self.quiet:
            self._line(printable(text))

    def warn(self, text: str) -> None:
        """One line marked as a warning; nothing when quiet."""
        if not self.quiet:
            mark = self.style.yellow(_("Warning:"))
            self._line(self.style.render(f"{mark} {text}"))

    def always(self, text: str) -> None:
        """A sentence that quiet does not silence."""
        self._line(printable(text))

    def error(self, error: InteropError, words: Sequence[str] | None = None) -> None:
        """An error as words, or as one line of JSON; quiet does not silence it.

        ``words`` are lines that say it better than the error would.
        """
        if self.as_json:
            self._line(printable_json(compact(error_object(error))))
            return
        if words is not None:
            for line in words:
                self.always(line)
            return
        for line in warnings(error.data):
            self.warn(line)
        mark = self.style.bold(self.style.red(_("Error:")))
        self._line(self.style.render(f"{mark} {translate(error.message)}"))
        for line in _findings(error):
            self._line("  " + line)
        if error.hint:
            mark = self.style.cyan(_("Hint:"))
            self._line(self.style.render(f"{mark} {translate(error.hint)}"))

    @contextmanager
    def progress(self, total: int | None, label: str) -> Iterator[Advance]:
        """Show how far the work is, from one second on, where a person watches.

        The caller gets a function to call with how many more are done.
        """
        done = 0
        due = self._clock() + PROGRESS_AFTER

        def advance(count: int = 1) -> None:
            nonlocal done, due
            done += count
            if self._live and (now := self._clock()) >= due:
                due = now + PROGRESS_EVERY
                self._show(progress_text(label, done, total))

        try:
            yield advance
        finally:
            self.clear()

    def clear(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._shown = False
            self._write("\r\x1b[K")

    def _show(self, text: str) -> None:
        self._shown = True
        self._write(f"\r{printable(text)}\x1b[K")

    def _line(self, text: str) -> None:
        self.clear()
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        if self.stream is None:
            return
        with suppress(OSError, ValueError):
            binary = getattr(self.stream, "buffer", None)
            self.stream.flush()
            if binary is None:
                self.stream.write(text)
            else:
                write_whole(binary, text.encode("utf-8", "backslashreplace"))
            self.stream.flush()


def progress_text(label: str, done: int, total: int | None) -> str:
    """``Importing: 1200 / 5000 (24 %)``."""
    if not total:
        return labelled(label, str(done))
    return labelled(label, f"{done} / {total} ({100 * done // total} %)")


def _findings(error: InteropError) -> list[str]:
    """What is wrong: each finding, or their kinds where there are too many rows to list."""
    if error.data.get("rows", 0) > MANY_ROWS:
        return kinds_of(error.data["reasons"])
    found = [
        printable(detail_text(detail))
        for detail in error.details[:DETAILS_SHOWN]
        if len(error.details) > 1 or not _said(error, detail)
    ]
    if (hidden := len(error.details) - DETAILS_SHOWN) > 0:
        found.append(ngettext("… and {n} more.", "… and {n} more.", hidden))
    return found


def kinds_of(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Kinds of faults as words: how many, what is wrong, and the first lines."""
    found = []
    for one in reasons[:DETAILS_SHOWN]:
        what = finding(None, None, one["path"], translate(one["message"] or Message(one["code"])))
        lines = ", ".join(map(str, one["lines"]))
        told = ngettext(
            "{n} time: {what} (line {lines})",
            "{n} times: {what} (lines {lines} …)",
            one["count"],
            what=what,
            lines=lines,
        )
        found.append(printable(told))
    if (hidden := len(reasons) - DETAILS_SHOWN) > 0:
        found.append(ngettext("… and {n} more.", "… and {n} more.", hidden))
    return found


def warnings(result: Mapping[str, Any]) -> list[str]:
    """The warnings of a result or an error as words, the first ones where there are many."""
    found = result.get("warnings") or []
    lines = [_words(warning) for warning in found[:DETAILS_SHOWN]]
    if (hidden := len(found) - DETAILS_SHOWN) > 0:
        lines.append(ngettext("… and {n} more.", "… and {n} more.", hidden))
    return lines


def _words(warning: object) -> str:
    if not isinstance(warning, Mapping):
        return text_of(warning)
    what = text_of(warning.get("message") or warning.get("code") or "")
    return finding(warning.get("line"), warning.get("key"), warning.get("path"), what)


def text_of(value: object) -> str:
    """A sentence in the user's language; anything else as it is."""
    return translate(value) if isinstance(value, Message) else str(value)


def _said(error: InteropError, detail: Detail) -> bool:
    """Whether the only finding adds nothing to the error's own sentence."""
    if detail.line is not None or detail.message is None:
        return False
    return translate(detail.message) in translate(error.message)


def detail_text(detail: Detail) -> str:
    """A finding as words: where it is, and what is wrong."""
    what = translate(detail.message) if detail.message else detail.code
    path = translate(detail.title) if detail.title else detail.path
    return finding(detail.line, detail.key, path, what)


def finding(line: int | None, key: str | None, path: str | None, what: str) -> str:
    """``line 41, ACME, postal_code: what``, without the parts that are not known."""
    place = [_("line {line}", line=line) if line is not None else "", key or "", path or ""]
    where = ", ".join(part for part in place if part)
    return labelled(where, what) if where else what


def error_object(error: InteropError) -> dict[str, object]:
    """The error as CLI.md describes it; plain values of its ``data`` come last."""
    body: dict[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "code": error.code,
        "exit_code": error.exit_code,
        "message": translate(error.message),
        "hint": translate(error.hint) if error.hint else None,
        "retryable": error.retryable,
        "applied": error.applied,
        "details": [_detail_object(detail) for detail in error.details],
    }
    for name, value in error.data.items():
        if name not in body and _plain(told := _translated(value)):
            body[name] = told
    return {"error": body}


def _detail_object(detail: Detail) -> dict[str, object]:
    return {
        "path": detail.path,
        "code": detail.code,
        "line": detail.line,
        "key": detail.key,
        "message": translate(detail.message) if detail.message else None,
    }


def _translated(value: object) -> object:
    """``value`` with the sentences in it as text."""
    if isinstance(value, Message):
        return translate(value)
    if isinstance(value, dict):
        return {name: _translated(item) for name, item in value.items()}
    return [_translated(item) for item in value] if isinstance(value, list) else value


def _plain(value: object) -> bool:
    """Whether ``value`` is made of nothing but what JSON has."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float)
