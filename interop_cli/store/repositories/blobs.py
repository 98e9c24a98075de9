"""Files kept in the database, each once, under the SHA-256 of its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork


class BlobRepository:
    """Adds files. They are not journaled: what refers to them is, and they stay for undo."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    def add(self, content: bytes) -> str:
        """Keep a file; its name, the SHA-256 of its content in hexadecimal."""
        name = hashlib.sha256(content).hexdigest()
        self.uow.conn.execute(
            "INSERT INTO blob (sha256, size, content, created_at)"
            " VALUES (:name, :size, :content, :now) ON CONFLICT (sha256) DO NOTHING",
            name=name, size=len(content), content=content, now=self.uow.now,
        )  # fmt: skip
        return name
