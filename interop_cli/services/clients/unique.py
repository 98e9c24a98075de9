"""Codes and external ids, which no two clients share: who has one, and who may take it."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from typing import TYPE_CHECKING

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict, Detail
from interop_cli.domain.messages import msg
from interop_cli.domain.values.code import code_key, code_stem
from interop_cli.domain.values.text import caseless

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def holders(uow: UnitOfWork, external_ids: Collection[str]) -> dict[str, int]:
    """Who has these external ids: folded id -> client id."""
    if not external_ids:
        return {}
    keys = {caseless(one) for one in external_ids}
    rows = uow.clients.by_column("external_id_key", keys)
    return {str(value): int(row["id"]) for value, row in rows.items()}


def claim_external_id(
    held: MutableMapping[str, int], external_id: str | None, owner: int | None
) -> None:
    """Refuse an external id that another client has or gets; ``held`` is what ``holders`` gave.

    Raises Conflict ``client.external_id.duplicate``.
    """
    if external_id is None:
        return
    key = caseless(external_id)
    holder = held.get(key)
    if holder is not None and holder != owner:
        raise duplicate_external_id()
    if owner is not None:
        held[key] = owner


def take_code(uow: UnitOfWork, code: str, owner: int | None, *, reuse: bool = False) -> None:
    """Make sure ``code`` may be given to the client ``owner`` (None: a new one).

    Raises Conflict ``client.code.duplicate`` where another client has it, ``client.code.retired``
    where one had it and ``reuse`` does not allow to take it over.
    """
    key = code_key(code)
    holder = uow.clients.by_column("code_key", [key]).get(key)
    if holder is not None and holder["id"] != owner:
        raise duplicate_code(code)
    former = uow.clients.retired_codes([key]).get(key)
    if former is None:
        return
    if former != owner and not reuse:
        raise _retired_code(code)
    uow.clients.release_code(key)


def code_for(uow: UnitOfWork, client: Client) -> str:
    """The client's code, made from its name where it has none."""
    return client.code or uow.clients.free_code(code_stem(client.name))


def duplicate_code(code: str) -> Conflict:
    """Another client has this code."""
    return Conflict(
        "client.code.duplicate",
        msg("Code {code} is already the code of a client.", code=code),
        hint=msg("See: interop client show {code}", code=code),
        details=[Detail("code", "unique", msg("is already taken"), key=code)],
    )


def _retired_code(code: str) -> Conflict:
    return Conflict(
        "client.code.retired",
        msg("Code {code} was another client's and still leads there.", code=code),
        hint=msg("Take it over with --reuse."),
        details=[Detail("code", "retired", msg("was another client's"), key=code)],
    )


def duplicate_external_id() -> Conflict:
    """Another client has this external id."""
    code = "client.external_id.duplicate"
    detail = Detail("external_id", code, msg("another client has it"))
    return Conflict(code, msg("Another client has this external id."), details=[detail])
