"""From the flat fields a person gives to a client and its main address, and back over old ones.

The command line, an import and ``apply`` all name a client's fields the same way; these functions
are what they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.code import code_key, code_stem
from interop_cli.domain.country import country_code
from interop_cli.domain.errors import Conflict, Detail, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Rules
from interop_cli.domain.services import accounting
from interop_cli.domain.validation import invalid, merged

if TYPE_CHECKING:
    from interop_cli.store.uow import UnitOfWork

ADDRESS_FIELDS = ("line1", "line2", "city", "province", "postal_code", "country")
CLIENT_FIELDS = (
    "code", "name", "active", "prospect", "language", "email", "phone", "website", "currency",
    "terms", "shipper_identity", "gst", "qst", "neq", "tags", "external_id", "accounting",
)  # fmt: skip
FIELDS = (*CLIENT_FIELDS, *ADDRESS_FIELDS, "bill_to", "logo")


def split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A client's own fields, and those of its main address.

    ``main_address`` has the fields of the latter that a client has no flat name for.
    """
    client = {name: values[name] for name in CLIENT_FIELDS if name in values}
    place = {name: values[name] for name in ADDRESS_FIELDS if name in values}
    return client, place | values.get("main_address", {})


def _given(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What is said of these fields; an empty cell says as much as none, and takes its time."""
    return {
        name: value for name in names if (value := values.get(name)) is not None and value != ""
    }


def built(values: Mapping[str, Any], rules: Rules) -> tuple[Client, Address]:
    """A new client and its main address; raises InvalidData with all that is wrong in both."""
    own, place = _given(values, CLIENT_FIELDS), _given(values, ADDRESS_FIELDS)
    if "main_address" in values:
        place |= values["main_address"]
    errors: list[InvalidData] = []
    address = client = None
    try:
        address = Address.build({**place, "main": True}, rules)
        rules.phone_country = address.country
    except ValidationError as error:
        errors.append(invalid(error, line=rules.line, key=rules.key))
        rules.phone_country = country_code(str(place.get("country") or "")) or rules.country
    if "terms" not in own and rules.terms:
        own["terms"] = rules.terms
    try:
        client = Client.build(own, rules)
    except ValidationError as error:
        errors.insert(0, invalid(error, line=rules.line, key=rules.key))
    if client is not None:
        try:
            accounting.check(client, {}, rules)
        except InvalidData as error:
            errors.append(error)
    if errors or client is None or address is None:
        raise merged(*errors)
    return client, address


def revised(client: Client, changes: Mapping[str, Any], rules: Rules) -> Client:
    """A stored client with changes; raises InvalidData."""
    try:
        new = client.revise(changes, rules)
    except ValidationError as error:
        raise invalid(error, line=rules.line, key=client.code) from None
    if new.accounting != client.accounting:
        accounting.check(new, client.accounting, rules)
    return new


def revised_address(
    address: Address, changes: Mapping[str, Any], rules: Rules, key: str | None = None
) -> Address:
    """A stored address with changes; raises InvalidData."""
    if "country" in changes and "province" not in changes:
        changes = {"province": None, **changes}  # the old province is of the old country
    try:
        return address.revise(changes, rules)
    except ValidationError as error:
        raise invalid(error, line=rules.line, key=key) from None


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
        raise retired_code(code)
    uow.clients.release_code(key)


def duplicate_code(code: str, line: int | None = None) -> Conflict:
    """Another client has this code."""
    return Conflict(
        "client.code.duplicate",
        msg("Code {code} is already the code of a client.", code=code),
        hint=msg("See: interop client show {code}", code=code),
        details=[Detail("code", "unique", msg("is already taken"), line=line, key=code)],
    )


def retired_code(code: str, line: int | None = None) -> Conflict:
    """Another client had this code, and it still leads to that client."""
    return Conflict(
        "client.code.retired",
        msg("Code {code} was another client's and still leads there.", code=code),
        hint=msg("Take it over with --reuse."),
        details=[Detail("code", "retired", msg("was another client's"), line=line, key=code)],
    )


def code_for(uow: UnitOfWork, client: Client) -> str:
    """The client's code, made from its name where it has none."""
    return client.code or uow.clients.free_code(code_stem(client.name))
