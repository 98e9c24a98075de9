"""The files a command names, by what it does with them; none is written over what must stay.

An option or an argument that is the name of a file has one of the types here. Before a command
does anything, all that it will write is held against the database and what lies beside it, what it
reads, the settings, and the other things it writes.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

import click

from interop_cli.disk import expanded
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import Message, msg

if TYPE_CHECKING:
    from interop_cli.app import App

STANDARD = frozenset({"-", "/dev/stdin", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


class NamedFile(click.Path):
    """The name of a file as typed; whoever opens it says what is wrong with it.

    ``database``: what lies beside a database of this name belongs to it.
    """

    def __init__(self, path_type: type | None = None, *, database: bool = False) -> None:
        super().__init__(path_type=path_type)
        self.database = database

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.coerce_path_result(value)


class FileRead(NamedFile):
    """A file that the command reads; ``-`` is stdin."""


class FileWritten(NamedFile):
    """A file that the command writes; ``-`` is stdout.

    ``tells``: what was done is told there, so that it must be possible before it is done.
    ``folder``: it may be a folder; the command claims the files in there (``Paths.claim``).
    """

    def __init__(
        self,
        path_type: type | None = None,
        *,
        tells: bool = False,
        folder: bool = False,
        database: bool = False,
    ) -> None:
        super().__init__(path_type, database=database)
        self.tells = tells
        self.folder = folder


class Codes(click.types.StringParamType):
    """Codes, or ``@`` and the name of a file that has them."""


class Paths:
    """What a run reads and writes so far."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._read: list[str] = []
        self._written: list[str] = []

    def reads(self, path: str, *, database: bool = False) -> None:
        """Nothing is written to ``path`` from now on; nor beside it, where it is a database."""
        self._read += _with_beside(path, database)

    def claim(self, path: str, *, database: bool = False) -> None:
        """``path`` is about to be written.

        Raises UsageError: ``usage.output.database``, ``usage.output.settings``,
        ``usage.output.input``, ``usage.output.twice``.
        """
        several = map(identity, _with_beside(path, database))
        wanted = {found for found in several if found is not None}
        self._check(path, wanted)
        self._check_twice(path, wanted)
        self._written += _with_beside(path, database)

    def check_streams(self) -> None:
        """The same for the files that the shell has opened as stdout and stderr."""
        for stream, name in ((sys.stdout, "stdout"), (sys.stderr, "stderr")):
            found = _of_stream(stream)
            if found is not None:
                self._check(name, {found}, stdin=False)

    def _check(self, path: str, wanted: set[Hashable], *, stdin: bool = True) -> None:
        from interop_cli.store.engines.beside import files_of, is_named_for

        if not wanted:
            return
        location = self._app.location
        if _any_of(wanted, files_of(location)) or is_named_for(path, location):
            raise _refused(
                "usage.output.database",
                msg("{path} is the database or a file that belongs to it.", path=path),
            )
        if _any_of(wanted, self._settings()):
            raise _refused(
                "usage.output.settings",
                msg("{path} holds settings or secrets of interop.", path=path),
            )
        if _any_of(wanted, self._read) or (stdin and _of_stream(sys.stdin) in wanted):
            raise _refused("usage.output.input", msg("{path} is read by this command.", path=path))

    def _check_twice(self, path: str, wanted: set[Hashable]) -> None:
        streams = {_of_stream(sys.stdout), _of_stream(sys.stderr)}
        if _any_of(wanted, self._written) or wanted & streams:
            raise _refused(
                "usage.output.twice", msg("{path} is where something else goes, too.", path=path)
            )

    def _settings(self) -> Iterator[str]:
        settings, environ = self._app.settings, self._app.environ
        path = settings.known_path()
        for name, value in environ.items():
            if name.startswith("INTEROP_") and name.endswith("_TOKEN_FILE"):
                yield expanded(value, name)
        if path is not None:
            yield str(path)
        folder = settings.secrets_folder
        with suppress(OSError):  # what may not be looked into, may not be written either
            yield from map(str, folder.iterdir() if folder else ())


def check(app: App, command: click.Command, values: dict[str, Any]) -> None:
    """Hold what a command will write against all that must stay; before it does anything.

    Raises UsageError as ``Paths.claim`` does, and IoFailure ``output.write`` where what was done
    could not be told.
    """
    from interop_cli.output.sink import check_places

    named = [(param.type, values.get(str(param.name))) for param in command.params]
    out = app.options.get("out") or None
    out_kind = OUT_FOLDER if getattr(command, "out_folder", False) else OUT
    for kind, value in named:
        for path in _several(value):
            if isinstance(kind, FileRead) and path not in STANDARD:
                app.paths.reads(path, database=kind.database)
            elif isinstance(kind, Codes) and path[:1] == "@":
                app.paths.reads(path[1:])
    app.paths.check_streams()
    if app.options.get("output") == "xlsx" and not app.options.get("json"):
        app.output.check()  # now, and not when what it tells of is done
    told = []
    for kind, value in [(out_kind, out), *named]:
        for path in _several(value):
            if isinstance(kind, FileWritten) and path not in STANDARD:
                app.paths.claim(path, database=kind.database)
                told += [path] if kind.tells else []
    check_places(*told)


OUT = FileWritten(tells=True)
OUT_FOLDER = FileWritten(folder=True)


def identity(path: str) -> Hashable | None:
    """What two names of one file have in common; None for what takes anything: a device, a pipe.

    The device and the number of the file; of one that is not there, its folder's and its name.
    """
    from pathlib import Path

    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        real = Path(os.path.realpath(path))
        name = real.name.casefold() if os.name == "nt" or sys.platform == "darwin" else real.name
        try:
            status = real.parent.stat()
        except (OSError, ValueError):
            return str(real)
        return status.st_dev, status.st_ino, name
    return _number(status)


def _number(status: os.stat_result) -> Hashable | None:
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _of_stream(stream: IO[str] | None) -> Hashable | None:
    try:
        return None if stream is None else _number(os.fstat(stream.fileno()))
    except (OSError, ValueError):
        return None


def _any_of(wanted: set[Hashable], paths: Iterable[str]) -> bool:
    return any(identity(path) in wanted for path in paths)


def _with_beside(path: str, database: bool) -> list[str]:
    from interop_cli.store.engines.beside import JOURNALS

    return [path, *(f"{path}{suffix}" for suffix in JOURNALS)] if database else [path]


def _several(value: Any) -> list[str]:
    """What was typed for a parameter, as names."""
    if value is None:
        return []
    several = value if isinstance(value, tuple) else (value,)
    return [str(one) for one in several]


def _refused(code: str, message: Message) -> UsageError:
    return UsageError(code, message, hint=msg("Nothing was touched. Name another file."))
