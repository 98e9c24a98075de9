"""The rows of an import of clients, as they will be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.services.import_parts import Plan

if TYPE_CHECKING:
    from interop_cli.store.connection import Row


class Written(NamedTuple):
    """A row that passed its rules: the client, its main address, and what else it changes.

    ``row`` and ``place`` are what is stored of client and main address, ``None`` for a new one.
    """

    record: Any
    key: object
    client: Client
    address: Address
    plan: Plan | None
    row: Row | None = None
    place: Row | None = None
