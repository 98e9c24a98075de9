"""The command line as a test uses it: in its own process (``run``) or in this one (``invoke``).

``run`` is the real thing: signals, closed pipes, imports, exit status. ``invoke`` is for the many
tests that look at what a command answers; it saves the start of an interpreter each time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from tests.support.outside import finish, start


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The value on stdout."""
        return json.loads(self.stdout)

    @property
    def rows(self) -> list[Any]:
        """The values on stdout, one a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The error that ``-o json`` puts on the last line of stderr."""
        error: dict[str, Any] = json.loads(self.stderr.splitlines()[-1])["error"]
        return error


class Run(Protocol):
    """Run ``interop ARGS…``, with the environment, the input and the folder that are given."""

    def __call__(
        self,
        *args: object,
        env: Mapping[str, str] | None = None,
        stdin: str | bytes = b"",
        cwd: Path | None = None,
    ) -> Result: ...


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in its own process, which is killed where it goes on and on."""

    def run(
        *args: object,
        env: Mapping[str, str] | None = None,
        stdin: str | bytes = b"",
        cwd: Path | None = None,
    ) -> Result:
        process = start(*args, env={**os.environ, **(env or {})}, cwd=cwd or tmp_path)
        return Result(*finish(process, _bytes(stdin)))

    return run


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process; a bug shows as its exception's exit code, 1."""

    def invoke(
        *args: object,
        env: Mapping[str, str] | None = None,
        stdin: str | bytes = b"",
        cwd: Path | None = None,
    ) -> Result:
        from interop_cli.cli import main

        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch, process_state():
            patch.chdir(cwd or tmp_path)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(_bytes(stdin)), "utf-8"))
            streams = [io.TextIOWrapper(raw, "utf-8", newline="") for raw in (out, err)]
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            code = main([str(arg) for arg in args])
            for stream in streams:
                if not stream.closed:
                    stream.flush()
                    stream.detach()
        return Result(code, out.getvalue().decode(), err.getvalue().decode())

    return invoke


@contextlib.contextmanager
def process_state() -> Iterator[None]:
    """Put back what a command may change in the whole process: signals and the language."""
    from interop_cli.i18n import language, set_language

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    handlers = {number: signal.getsignal(number) for number in numbers}
    spoken, before = language(), os.environ.get("LANGUAGE")
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        set_language(spoken)
        if before is None:
            os.environ.pop("LANGUAGE", None)
        else:
            os.environ["LANGUAGE"] = before
