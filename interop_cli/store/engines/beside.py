"""The files of a SQLite database: itself, and what SQLite and we keep beside it under its name."""

from __future__ import annotations

import os

from interop_cli.store.engines.address import is_server

JOURNALS = ("-wal", "-shm", "-journal")
RESTORING = ".restoring"
KEPT = ".before-restore"


def files_of(location: str) -> list[str]:
    """The paths that belong to the database at ``location``, there or not; none for a server.

    A link and what it leads to both count. Locks are known by their name alone: ``is_lock``.
    """
    if is_server(location):
        return []
    names = dict.fromkeys((location, os.path.realpath(location)))
    return [f"{name}{suffix}" for name in names for suffix in ("", *JOURNALS, KEPT, RESTORING)]


def is_lock(path: str, location: str) -> bool:
    """Whether ``path`` has the name of a lock of the database at ``location``."""
    if is_server(location):
        return False
    real = os.path.realpath(path)
    return real.startswith(f"{os.path.realpath(location)}.") and real.endswith(".lock")
