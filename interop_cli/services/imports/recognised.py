"""A row of a file of clients on its way: who it is about, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.matching import Candidate, Decision, Identity
from interop_cli.services.imports.rows import FileRow

if TYPE_CHECKING:
    from interop_cli.domain.address import Address
    from interop_cli.domain.client import Client
    from interop_cli.services.clients.writing import Revision
    from interop_cli.services.imports.nested import NestedItems
    from interop_cli.services.imports.nested_writing import Plan


class Read(NamedTuple):
    """A row whose client is known, or known to be new."""

    record: Any
    values: Mapping[str, Any]
    who: Identity
    decision: Decision
    parts: NestedItems
    loser: bool = False  # it is about a client that was merged into another

    @property
    def found(self) -> Candidate | None:
        """The stored client."""
        return self.decision.left[0] if self.decision.left else None


class Written(NamedTuple):
    """A row that passed its rules: the client, and what else the row changes.

    A new one has its main ``address``, a stored one its ``revision``.
    """

    read: Read
    client: Client
    plan: Plan | None
    address: Address | None = None
    revision: Revision | None = None

    @property
    def record(self) -> Any:
        """The row of the file."""
        return self.read.record


def code_of(record: FileRow) -> str | None:
    """The code as a row gives it, to name the row by."""
    if record.error is not None:  # cells out of place
        return None
    return str(record.values.get("code") or "").strip()[:20] or None
