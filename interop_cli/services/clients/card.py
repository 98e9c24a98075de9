"""Creating and editing a client with its main address: the fields of the card.

The command line, an import and ``apply`` all name a client's fields the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict, Detail, InvalidData, UsageError
from interop_cli.domain.fields import CLIENT
from interop_cli.domain.fields.field import names, taken
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_can_be_payer, check_identity, check_prospect
from interop_cli.domain.rules import Rules
from interop_cli.domain.validation import invalid, merged
from interop_cli.domain.values.code import code_key, code_stem
from interop_cli.domain.values.country import country_code
from interop_cli.services.clients import bulk
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.outcome import Outcome, one

if TYPE_CHECKING:
    from interop_cli.domain.sync.descriptor import RemoteField
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork


PREFIX = "accounting."


def check(client: Client, before: Mapping[str, str], rules: Rules) -> None:
    """Refuse values that a configured target could not take; warn of names that none knows.

    Only what differs from ``before`` is looked at, and nothing where no target is configured.
    Raises InvalidData with a detail a field.
    """
    changed = {
        name: value for name, value in client.accounting.items() if before.get(name) != value
    }
    known = rules.accounting_fields() if changed or not before else None
    if known is None:
        return
    details = []
    for name, value in changed.items():
        field = known.get(name)
        if field is None:
            names = ", ".join(sorted(known))
            rules.warn(
                PREFIX + name,
                "client.accounting.unknown",
                msg("no configured target has this field; fields: {names}", names=names or "-"),
            )
            continue
        problem = field.problem(value)
        if problem is not None:
            details.append(
                Detail(PREFIX + name, problem.code, problem.message, rules.line, rules.key)
            )
    if details:
        first = details[0]
        raise InvalidData(
            first.code,
            msg("{field}: {what}", field=first.path, what=first.message),
            details=details,
        )
    _warn_lacking(client, known, rules)


def _warn_lacking(client: Client, known: Mapping[str, RemoteField], rules: Rules) -> None:
    """Tell what a client still lacks before it can be sent; a prospect need not have it."""
    if client.prospect:
        return
    for name, field in known.items():
        if field.required and not client.accounting.get(name):
            rules.warn(
                PREFIX + name,
                "client.accounting.missing",
                msg("is required before the client can be sent to accounting"),
            )


ADDRESS_FIELDS = names(field for field in taken(CLIENT) if field.place)
# Who pays and the logo are not the client's alone: services look them up.
CLIENT_FIELDS = names(
    field for field in taken(CLIENT) if not field.place and field.name not in ("bill_to", "logo")
)


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
            check(client, {}, rules)
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
        check(new, client.accounting, rules)
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


def create(
    uow: UnitOfWork, values: Mapping[str, Any], rules: Rules, *, reuse: bool = False
) -> Outcome:
    """Make a client and its main address from flat fields."""
    client, address = built(values, rules)
    check_identity(client.shipper_identity, has_logo=False)
    client.bill_to_id = payer_id(uow, str(values.get("bill_to") or ""), client)
    if client.code:
        take_code(uow, client.code, None, reuse=reuse)
    client.code = code_for(uow, client)
    check_external_id(uow, client.external_id, None)
    (client_id,) = uow.clients.add([client])
    address.client_id = client_id
    uow.addresses.add([address])
    if has_number(client):
        warn_same_numbers(uow, [client_id], rules)
    item = {"id": client_id, "code": client.code, "status": "ok", "error": None}
    return one({**item, "action": "created"}, changed=True, warnings=rules.warnings)


def edit(
    uow: UnitOfWork,
    selector: Selector,
    changes: Mapping[str, Any],
    rules: Rules,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of clients and of their main addresses.

    ``if_version`` is the version the caller has read: another one is refused with Conflict
    ``conflict.version``, naming both.
    """
    bulk.select(uow, selector)
    bulk.each(
        uow, selector, lambda client_id: _edit_one(uow, client_id, changes, rules, if_version)
    )
    outcome = bulk.conclude(uow, selector)
    outcome.warnings = rules.warnings
    return outcome


def _edit_one(
    uow: UnitOfWork,
    client_id: int,
    changes: Mapping[str, Any],
    rules: Rules,
    if_version: int | None,
) -> bool:
    row = uow.clients.by_id(client_id)
    rules.key = row["code"]
    check_version(row, if_version)
    own, place = split(changes)
    main = uow.addresses.main_of([client_id])[client_id]
    address = uow.addresses.entity(main)
    if place:
        address = revised_address(address, place, rules, row["code"])
    rules.phone_country = address.country
    before = uow.clients.entity(row)
    client = revised(before, own, rules)
    if client.shipper_identity != before.shipper_identity:
        check_identity(client.shipper_identity, has_logo=client.logo is not None)
    if client.prospect and not before.prospect:
        pays_for = [other["code"] for other in uow.clients.billed_to(client_id)]
        check_prospect(client, jobs=uow.documents.jobs_of(client_id), pays_for=pays_for)
    if "bill_to" in changes:
        client.bill_to_id = payer_id(uow, str(changes["bill_to"] or ""), before)
    check_external_id(uow, client.external_id, client_id)
    changed = uow.clients.save([(row, client)])
    if changed and has_number(client):
        warn_same_numbers(uow, [client_id], rules)
    return uow.addresses.save([(main, address)]) + changed > 0


def payer_id(uow: UnitOfWork, ref: str, of: Client) -> int | None:
    """The id of the client who pays for ``of``; "" is nobody.

    Raises Conflict where that client may not pay for another.
    """
    if not ref:
        return None
    payer = uow.clients.entity(uow.clients.row(ref))
    # As before: a payer retired since does not forbid other edits.
    if payer.id != of.bill_to_id:
        pays_for = uow.clients.billed_to(of.id) if of.id else []
        check_can_be_payer(payer, of, [row["code"] for row in pays_for])
    return payer.id


def check_version(row: Row, if_version: int | None) -> None:
    """Refuse a row that is not at the version the caller has read."""
    if if_version is not None and row["version"] != if_version:
        raise Conflict(
            "conflict.version",
            msg(
                "It is at version {found}, not {expected}: someone changed it.",
                found=row["version"],
                expected=if_version,
            ),
            hint=msg(
                "Read it again, then repeat the change with --if-version {found}",
                found=row["version"],
            ),
        )


def check_external_id(uow: UnitOfWork, external_id: str | None, owner: int | None) -> None:
    """Refuse an external id that another client has."""
    if external_id is None:
        return
    holder = uow.clients.by_column("external_id", [external_id]).get(external_id)
    if holder is not None and holder["id"] != owner:
        message = msg("Another client has this external id.")
        code = "client.external_id.duplicate"
        raise Conflict(code, message, details=[Detail("external_id", code, message)])


NUMBERS = ("gst", "qst", "neq")


def has_number(client: Client) -> bool:
    """Whether a client has a number that is nobody else's."""
    return any(getattr(client, name) for name in NUMBERS)


def warn_same_numbers(
    uow: UnitOfWork,
    client_ids: Collection[int],
    rules: Rules,
    line_of: Callable[[int], int | None] = lambda _client_id: None,
) -> None:
    """Warn where another client, active or not, has the same tax or enterprise number.

    ``line_of`` tells where in a file a client stands.
    """
    if not client_ids:
        return
    for name in NUMBERS:
        for row in uow.clients.sharing(name, client_ids, 3):
            rules.line, rules.key = line_of(row["id"]), row["code"]
            reason = msg("{code} has the same number.", code=", ".join(row["others"]))
            rules.warn(name, f"client.{name}.shared", reason)


def check_changes(changes: Mapping[str, Any]) -> None:
    """Refuse an edit without any change, or one of the code."""
    if not changes:
        raise UsageError("usage.no_change", msg("Nothing to change: give at least one field."))
    if "code" in changes:
        raise UsageError(
            "usage.recode", msg("A code is not edited."), hint=msg("Run: interop client recode")
        )
