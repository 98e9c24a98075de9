"""The logo of a client, which packing slips and labels show where it is the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.values.logo import check_logo
from interop_cli.services.outcome import Outcome, one

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def set_logo(uow: UnitOfWork, ref: str, content: bytes) -> Outcome:
    """Give a client its logo; raises InvalidData ``client.logo.format`` for what is no picture."""
    row = uow.clients.row(ref)
    check_logo(content)
    return _save(uow, row, uow.blobs.add(content))


def remove_logo(uow: UnitOfWork, ref: str) -> Outcome:
    """Take a client's logo away; refused while the client is named as the sender."""
    row = uow.clients.row(ref)
    if row["shipper_identity"] == "client":
        raise Conflict(
            "client.logo.in_use",
            msg("{code} is named as the sender, which needs its logo.", code=row["code"]),
            hint=msg("interop client edit {code} --shipper-identity standard", code=row["code"]),
        )
    return _save(uow, row, None)


def _save(uow: UnitOfWork, row: Row, blob: str | None) -> Outcome:
    client = uow.clients.entity(row)
    client.logo = blob
    changed = uow.clients.save([(row, client)]) > 0
    item: dict[str, Any] = {
        "id": row["id"],
        "code": row["code"],
        "status": "ok" if changed else "unchanged",
        "error": None,
    }
    return one(item, changed=changed)
