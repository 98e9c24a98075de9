"""Every error interop can end with, and the exit code each one carries.

::

    InteropError
     x UsageError     2   a flag, a selector or a confirmation is missing
     x NotFound       3   the named thing does not exist
     x Denied         4   a right, a credential or a subscription is missing
     x Conflict       5   duplicate, in use, a rule, a version, more rows than allowed
     x Declined       6   the person answered no
     x InvalidData   65   a field or a row is not valid
     x Remote        69   a remote system is unreachable, paused or over its limit
     x UnusableDb    70   not ours, corrupt, or of a newer schema
     x IoFailure     74   disk full, read-only, output that cannot be written
     x Busy          75   a lock was not free in time, or retries are spent
     x ConfigError   78   a bad setting, an unknown target, a refused location

Each error has a stable dotted ``code``; its sentence and hint are ``Message`` objects, translated
where they are shown. Nothing but ``shell/error_boundary.py`` prints an error or exits.
``applied`` says whether the database was changed all the same; None where that is not known.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

from interop_cli.domain.messages import N_, Message


class Detail(NamedTuple):
    """One finding inside an error: which field of which row, and why.

    ``path`` is the field in dotted form, ``line`` the line of the input file (1 is the header of
    a CSV), ``key`` the client's code where one is known. ``title`` is what people read in the
    place of the path, where that is not something they typed.
    """

    path: str
    code: str
    message: Message | None = None
    line: int | None = None
    key: str | None = None
    title: Message | None = None


Parts = Mapping[str, tuple[str, int]]
"""Of a record out of several rows: how the row of each part calls it, and its line."""


class Place(NamedTuple):
    """Where in its input something stands: line, client's code, and what comes before its paths.

    ``parts`` tells by prefix (``lines.2.``) which of a record's rows something came from.
    """

    line: int | None = None
    key: str | None = None
    prefix: str = ""
    parts: Parts = {}  # noqa: RUF012 - never written to

    def under(self, prefix: str) -> Place:
        """The place of what is nested here, and has no parts itself."""
        own, line = self.parts.get(prefix, (prefix, self.line))
        return Place(line, self.key, own)

    def of(self, detail: Detail) -> Detail:
        """A finding about the whole record, at the row that the part it names came from."""
        prefix = next((one for one in self.parts if detail.path.startswith(one)), None)
        if prefix is None:
            return detail
        own, line = self.parts[prefix]
        return detail._replace(path=own + detail.path.removeprefix(prefix), line=line)


NOWHERE = Place()


class InteropError(Exception):
    """Base of the tree; raised as such only for a bug (exit 1)."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: Message,
        *,
        hint: Message | None = None,
        details: list[Detail] | None = None,
        applied: bool | None = False,
        again: bool = False,
        **data: Any,
    ) -> None:
        """``again``: what others did meanwhile may be in the way, so try once more at once."""
        super().__init__(code)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or []
        self.applied = applied
        self.again = again
        self.data = data

    def at(self, line: int | None, key: str | None, path: str = "") -> Self:
        """This error, whose details say the row where they did not yet.

        ``path`` is the field that an error without details is about.
        """
        found = self.details or [Detail(path, self.code, self.message)]
        self.details = [one._replace(line=one.line or line, key=one.key or key) for one in found]
        return self

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class UsageError(InteropError):
    """A flag, a selector or a confirmation is missing or does not fit."""

    exit_code = 2


class NotFound(InteropError):
    """The named thing does not exist."""

    exit_code = 3


class Denied(InteropError):
    """A right, a credential or a subscription is missing."""

    exit_code = 4


class Conflict(InteropError):
    """A duplicate, something in use, a rule, a version, or more rows than allowed."""

    exit_code = 5


class Declined(InteropError):
    """The person answered no."""

    exit_code = 6


class InvalidData(InteropError):
    """A field or a row is not valid; ``details`` names each."""

    exit_code = 65


class RemoteFailure(InteropError):
    """A remote system is unreachable, paused or over its limit."""

    exit_code = 69
    retryable = True


class UnusableDb(InteropError):
    """The database is not ours, is corrupt, or has a newer schema."""

    exit_code = 70


class IoFailure(InteropError):
    """The disk is full or read-only, a file cannot be read, or the output cannot be written."""

    exit_code = 74


class Busy(InteropError):
    """A lock was not free in time, or the retries are spent."""

    exit_code = 75
    retryable = True


class ConfigError(InteropError):
    """A bad setting, an unknown target, or a refused location."""

    exit_code = 78


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
    errno.ENOLCK: N_("the file system has no locks"),
    errno.EOPNOTSUPP: N_("the file system cannot do this"),
    errno.ENOSYS: N_("the system cannot do this"),
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
