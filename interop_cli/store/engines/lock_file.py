"""A lock held through a file beside the database: by one process, until it lets go or ends."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from interop_cli.disk import try_lock, unlock
from interop_cli.domain.errors import IoFailure, why, why_not_written
from interop_cli.domain.messages import msg


class LockFile:
    """One attempt to hold the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1

    def take(self, holder: str) -> str | None:
        """Hold the lock and write down who does; else who holds it."""
        flags = os.O_RDWR | os.O_CREAT
        for flag in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
            flags |= getattr(os, flag, 0)
        try:
            _refuse_another(self.path)
            handle = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise IoFailure(
                "io.lock",
                msg("The lock file cannot be written: {why}.", why=why_not_written(error)),
            ) from error
        try:
            held = not try_lock(handle)
        except OSError as error:
            os.close(handle)
            raise IoFailure(
                "io.lock", msg("The lock file cannot be locked: {why}.", why=why(error))
            ) from error
        if held:
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
            unlock(self._handle)
        os.close(self._handle)


def _refuse_another(path: Path) -> None:
    """Raise OSError where the name is that of a link, or of no file of ours: it is written over."""
    with suppress(FileNotFoundError):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
