"""A file that somebody asked for under a name of their own, such as an attachment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from interop_cli.domain.errors import Conflict, IoFailure
from interop_cli.domain.messages import msg
from interop_cli.output.sink import failures


def save_file(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write ``content`` to ``path``, whole or not at all, and nowhere else.

    Raises Conflict ``output.exists`` where something is there and ``overwrite`` is not given, and
    IoFailure ``output.not_a_file`` for what is no regular file: a link is never written through.
    """
    if os.path.lexists(path):
        if not overwrite:
            raise _exists(path)
        if path.is_symlink() or not path.is_file():
            raise IoFailure(
                "output.not_a_file",
                msg("{path} is not a regular file, and is left alone.", path=str(path)),
            )
    temporary = path.with_name(f".interop-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    with failures(path):
        try:
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _put(temporary, path, overwrite=overwrite)
        finally:
            with suppress(OSError):
                temporary.unlink()


def _put(temporary: Path, path: Path, *, overwrite: bool) -> None:
    """Give the finished file its name; a new one that appeared meanwhile is not replaced."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without hard links
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(descriptor)
        temporary.replace(path)


def _exists(path: Path) -> Conflict:
    return Conflict(
        "output.exists",
        msg("{path} exists already, and was left as it is.", path=str(path)),
        hint=msg("Replace it with: --overwrite"),
    )
