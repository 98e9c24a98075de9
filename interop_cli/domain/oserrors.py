"""Why the operating system refused, in words that can be translated."""

from __future__ import annotations

import errno

from interop_cli.domain.messages import N_, Message

_REASONS = {
    errno.ENOSPC: N_("no space left on the device"),
    errno.EDQUOT: N_("the disk quota is used up"),
    errno.EACCES: N_("permission denied"),
    errno.EPERM: N_("permission denied"),
    errno.EISDIR: N_("it is a folder"),
    errno.EROFS: N_("the file system is read-only"),
    errno.EBADF: N_("it is closed"),
    errno.EIO: N_("input/output error"),
    errno.ENAMETOOLONG: N_("its name is too long"),
    errno.ELOOP: N_("its links go in a circle"),
    errno.EEXIST: N_("something is already there"),
}
# What a missing path means depends on what was meant to be done with it.
_MISSING = (errno.ENOENT, errno.ENOTDIR)


def why(error: OSError, *, missing: str = N_("there is no such file")) -> Message | str:
    """The reason of ``error``; the system's own words where interop has none for it.

    ``missing`` is the msgid for a path that leads nowhere.
    """
    number = error.errno or 0
    known = missing if number in _MISSING else _REASONS.get(number)
    return Message(known) if known else (error.strerror or type(error).__name__)


def why_not_written(error: OSError) -> Message | str:
    """As ``why``, of something that was to be made or written."""
    return why(error, missing=N_("there is no such folder"))
