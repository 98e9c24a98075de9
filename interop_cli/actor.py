"""Who is doing it, for the journal."""

from __future__ import annotations

import os


def actor() -> str:
    """The operating-system user, by uid rather than by ``$USER``; the one behind sudo too."""
    try:
        import pwd

        uid = os.getuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = f"uid {uid}"
        behind = os.environ.get("SUDO_UID", "")
        return f"{name} (sudo: uid {behind})" if behind.isdigit() else name
    except ImportError:  # Windows
        import getpass

        return getpass.getuser()
