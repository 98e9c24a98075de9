"""What a disk is asked for, and what some systems do not give: syncing, locks, a home, room.

Each function here is one wish with its refusals in one place, so that nobody else needs to know
which system refuses what.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from interop_cli.domain.errors import ConfigError, IoFailure, why_not_written
from interop_cli.domain.messages import msg

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = os.name == "nt"
_BINARY = getattr(os, "O_BINARY", 0)

# A folder that cannot be synced is no fault of the disk; one that fails to be is.
_NO_SYNC = frozenset(
    {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
    | {errno.EACCES, errno.EPERM, errno.EISDIR}
)

_PLACE = 1 << 20  # the byte that is locked on Windows, where a locked one cannot be read
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})
_PAUSE = 0.05

NO_TEMPORARY = msg("There is no folder for temporary files that can be written to.")


def sync_file(path: Path) -> None:
    """Have what was written to ``path`` outlive a power cut; OSError where it cannot be written."""
    # Opened for writing: Windows refuses to sync what is only read.
    handle = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` outlive a power cut, where the system can do it.

    OSError where it can, and failed.
    """
    if WINDOWS:  # which opens no folders
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one may write into a folder and not read it
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Lock an open file for this process, until it lets go or ends; False where another has it.

    OSError where the file system has no locks.
    """
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True


def wait_for_lock(handle: int) -> None:
    """The same, however long another has it."""
    while not try_lock(handle):
        time.sleep(_PAUSE)


def unlock(handle: int) -> None:
    """Let go of the lock."""
    _lock(handle, free=True)


def _lock(handle: int, *, free: bool = False) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        _lock_byte(handle, free)
        return
    fcntl.flock(handle, fcntl.LOCK_UN if free else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_byte(handle: int, free: bool) -> None:
    import msvcrt

    mode = msvcrt.LK_UNLCK if free else msvcrt.LK_NBLCK  # type: ignore[attr-defined]
    os.lseek(handle, _PLACE, os.SEEK_SET)  # it locks from the place where the file is
    try:
        msvcrt.locking(handle, mode, 1)  # type: ignore[attr-defined]
    finally:
        os.lseek(handle, 0, os.SEEK_SET)


def locks_missing(handle: int, place: int) -> OSError | None:
    """Why SQLite could take no lock on an open file; None where it could.

    ``place`` is a byte of the file that nobody else locks.
    """
    try:
        import fcntl
    except ImportError:  # Windows locks wherever it opens
        return None
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, place)
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, place)
    except OSError as error:
        return None if error.errno in _HELD else error
    return None


def expanded(path: str, variable: str) -> str:
    """``path`` with ``~`` made the home folder.

    Raises ConfigError ``config.home`` where nobody knows a home folder: no HOME, and no name for
    this user. The error names ``variable``, in which the place can be said.
    """
    # As text: a Path would drop "//" and "./".
    found = os.path.expanduser(path)  # noqa: PTH111
    if found == path and path.startswith("~"):
        raise homeless(variable)
    return found


def known(folder: Callable[[], str], variable: str) -> str:
    """What ``folder`` gives: a place that the system has for each user; raises as ``expanded``."""
    try:
        found = folder()
    except RuntimeError:  # what platformdirs says
        raise homeless(variable) from None
    return expanded(found, variable)


def user_folder(folder: str, usual: str, variable: str) -> str:
    """The program's folder of this user, under the name that ``platformdirs`` has for its kind.

    On Linux it is ``usual`` at home, unless ``variable`` says otherwise, and the library, which
    loads twenty others, is not asked.
    """
    home = os.environ.get("HOME", "")
    if sys.platform == "linux" and home.startswith("/") and not os.environ.get(variable):
        return f"~/{usual}/interop"
    import platformdirs

    return str(getattr(platformdirs, folder)("interop", appauthor=False))


def homeless(variable: str) -> ConfigError:
    """There is no home folder; ``variable`` could say where things are, without one."""
    return ConfigError(
        "config.home",
        msg("The home folder is not known: HOME is not set, and the system names none."),
        hint=msg("Set HOME, or name the place in {variable}.", variable=variable),
    )


@contextmanager
def temporary_file() -> Iterator[None]:
    """Turn what befalls a temporary file into IoFailure ``io.temporary``, naming its folder."""
    try:
        yield
    except OSError as error:
        raise temporary_failure(error) from error


@contextmanager
def nameless_file() -> Iterator[IO[bytes]]:
    """A temporary file that is gone afterwards; raises IoFailure ``io.temporary``."""
    from tempfile import TemporaryFile

    with temporary_file():
        file = TemporaryFile()  # noqa: SIM115
    try:
        yield file
    finally:
        with temporary_file():  # it writes what waits in memory
            file.close()


def temporary_failure(error: OSError) -> IoFailure:
    """The error of a temporary file; the folder is the one that ``tempfile`` takes."""
    import tempfile

    hint = msg("Name a folder with room in {variable}.", variable="TEMP" if WINDOWS else "TMPDIR")
    try:
        folder = tempfile.gettempdir()
    except OSError:
        return IoFailure("io.temporary", NO_TEMPORARY, hint=hint)
    return IoFailure(
        "io.temporary",
        msg(
            "A temporary file in {folder} cannot be written: {why}.",
            folder=folder,
            why=why_not_written(error),
        ),
        hint=hint,
    )
