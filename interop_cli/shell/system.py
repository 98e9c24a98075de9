"""What the operating system says: who runs the program, by uid, and in which time zone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from interop_cli.domain.rights import User


def current_user() -> User:
    """Who runs the program, as the system knows it; the one behind sudo is noted too."""
    try:
        import pwd
    except ImportError:  # Windows: asks the system, not the environment
        name = os.getlogin()
        return User(name, name)
    uid = os.getuid()
    name = f"uid {uid}"
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
    behind = os.environ.get("SUDO_UID", "")
    return User(str(uid), name, behind if behind.isascii() and behind.isdigit() else None)


def user_named(text: str) -> User | None:
    """The system's user of this name or number; a number may be one that has no name (yet)."""
    try:
        import pwd
    except ImportError:
        return User(text, text)
    with suppress(KeyError):
        return User(str(pwd.getpwnam(text).pw_uid), text)
    if not (text.isascii() and text.isdigit()):
        return None
    name = f"uid {text}"
    with suppress(KeyError, OverflowError):
        name = pwd.getpwuid(int(text)).pw_name
    return User(str(int(text)), name)


LOCAL = "/etc/localtime"


def system_zone() -> str:
    """The zone's name, such as ``America/Toronto``; "" where the system does not tell.

    Out of ``TZ``, else from the file of zones that ``/etc/localtime`` leads to.
    """
    from interop_cli.domain.values.days import zone_named

    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        try:
            _, _, name = str(Path(LOCAL).resolve(strict=True)).partition("zoneinfo/")
        except (OSError, RuntimeError):
            return ""
    try:
        zone_named(name)
    except ValueError:
        return ""
    return name
