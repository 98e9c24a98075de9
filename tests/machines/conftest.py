"""A Windows that refuses what Windows refuses, on this system's files."""

from __future__ import annotations

import errno
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from interop_cli import disk

Place = tuple[int, int, int]


class LockedBytes:
    """``msvcrt``: a byte is locked at the place where the file is, by one handle."""

    LK_UNLCK, LK_LOCK, LK_NBLCK = 0, 1, 2

    def __init__(self) -> None:
        self.held: dict[Place, int] = {}

    def locking(self, handle: int, mode: int, count: int) -> None:
        status = os.fstat(handle)
        place = (status.st_dev, status.st_ino, os.lseek(handle, 0, os.SEEK_CUR))
        assert count == 1
        if mode == self.LK_UNLCK:
            if self.held.pop(place, None) != handle:
                raise PermissionError(errno.EACCES, "Permission denied")
        elif place in self.held:
            raise PermissionError(errno.EACCES, "Permission denied")
        else:
            self.held[place] = handle


def _open_here() -> set[tuple[int, int]]:
    """The files that this process has open."""
    found = set()
    for handle in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            status = os.fstat(int(handle))
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found


def _refuse_if_open(path: Any) -> None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return
    if (status.st_dev, status.st_ino) in _open_here():
        raise PermissionError(errno.EACCES, "it is being used by another process")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> LockedBytes:
    """What Windows refuses: to sync what is only read, to open a folder, to remove what is open.

    ``fcntl`` and ``pwd`` are not there; ``msvcrt`` is what this gives.
    """
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not tell which files are open")
    import fcntl

    opened, synced = os.open, os.fsync
    removed, replaced = os.unlink, os.replace

    def open_file(path: Any, *args: Any, **options: Any) -> int:
        if os.path.isdir(path):  # noqa: PTH112
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *args, **options)

    def sync(handle: int) -> None:
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        synced(handle)

    def remove(path: Any, *args: Any, **options: Any) -> None:
        _refuse_if_open(path)
        removed(path, *args, **options)

    def replace(source: Any, target: Any, *args: Any, **options: Any) -> None:
        for path in (source, target):
            _refuse_if_open(path)
        replaced(source, target, *args, **options)

    locks = LockedBytes()
    module = types.ModuleType("msvcrt")
    for name in ("LK_UNLCK", "LK_LOCK", "LK_NBLCK", "locking"):
        setattr(module, name, getattr(locks, name))
    monkeypatch.setattr(disk, "WINDOWS", True)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    monkeypatch.setattr(os, "open", open_file)
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "unlink", remove)
    monkeypatch.setattr(os, "remove", remove)
    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "rename", replace)
    return locks
