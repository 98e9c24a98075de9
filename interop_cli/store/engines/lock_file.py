"""A lock held through a file beside the database: by one process, until it lets go or ends."""

from __future__ import annotations

import os
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
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
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
