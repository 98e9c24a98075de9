"""A lock held through a file beside the database: by one process, until it lets go or ends."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from interop_cli.domain.errors import IoFailure, why_not_written
from interop_cli.domain.messages import msg

_PLACE = 1 << 20  # the byte that is locked on Windows, where a locked one cannot be read


class LockFile:
    """One attempt to hold the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1

    def take(self, holder: str) -> str | None:
        """Hold the lock and write down who does; else who holds it."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise IoFailure(
                "io.lock",
                msg("The lock file cannot be written: {why}.", why=why_not_written(error)),
            ) from error
        try:
            _lock(handle)
        except OSError:
            with os.fdopen(handle, "rb") as file:
                return file.read(300).decode("utf-8", "replace").strip() or "?"
        os.ftruncate(handle, 0)
        os.write(handle, holder.encode())
        self._handle = handle
        return None

    def release(self) -> None:
        """Let go; nobody is named in the file any more."""
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
        os.close(self._handle)


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        os.lseek(handle, _PLACE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        os.lseek(handle, 0, os.SEEK_SET)
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
