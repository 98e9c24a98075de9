"""The files of a SQLite database: itself, and what SQLite and we keep beside it under its name."""

from __future__ import annotations

import os

from interop_cli.store.engines.address import is_server

JOURNALS = ("-wal", "-shm", "-journal")
KEPT = ".before-restore"
KEPT_BEFORE = ".before-"  # a restore, or a step of the schema
PART = ".interop-part"
LOCK = ".lock"


def files_of(location: str) -> list[str]:
    """The paths that belong to the database at ``location``, there or not; none for a server.

    A link and what it leads to both count. Others are known by their name alone: ``is_named_for``.
    """
    if is_server(location):
        return []
    names = dict.fromkeys((location, os.path.realpath(location)))
    return [f"{name}{suffix}" for name in names for suffix in ("", *JOURNALS)]


def is_named_for(path: str, location: str) -> bool:
    """Whether a file of this name is a lock of the database at ``location``, or kept for it."""
    if is_server(location):
        return False
    own, real = os.path.realpath(location), os.path.realpath(path)
    ends = real.endswith((LOCK, PART)) and real.startswith(f"{own}.")
    return ends or real.startswith(f"{own}{KEPT_BEFORE}")
