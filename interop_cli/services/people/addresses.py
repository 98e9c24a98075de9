"""What can be done with a client's addresses; completing one through Google Places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from interop_cli.domain.address import Address
from interop_cli.domain.errors import (
    Conflict,
    Denied,
    Detail,
    InteropError,
    NotFound,
    RemoteFailure,
    UsageError,
)
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.rules import Context
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.i18n import language
from interop_cli.services import Outcome, people
from interop_cli.services.clients.card import check_version

if TYPE_CHECKING:
    from interop_cli.connectors.google_places import Places
    from interop_cli.domain.values.address_text import GeocodedPlace
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def create(uow: UnitOfWork, ref: str, values: Mapping[str, Any], context: Context) -> Outcome:
    """Add an address to a client; ``main`` moves the main flag to it."""
    client = uow.clients.row(ref)
    address = Address.build({**values, "main": False}, context.at(None, client["code"]))
    address.client_id = client["id"]
    (address_id,) = uow.addresses.add([uow.addresses.columns_of(address)])
    if values.get("main"):
        uow.addresses.make_main(uow.addresses.row(address_id))
    return people.created(client, address_id, context)


def edit(
    uow: UnitOfWork,
    address_id: int,
    changes: Mapping[str, Any],
    context: Context,
    *,
    if_version: int | None = None,
) -> Outcome:
    """Change fields of an address; ``main`` true moves the main flag to it."""
    row = uow.addresses.row(address_id)
    check_version(row, if_version)
    changes = dict(changes)
    main = changes.pop("main", None)
    if main is False and row["main"]:
        raise needs_main()
    address = uow.addresses.entity(row).revise(changes, context)
    changed = uow.addresses.save([(row, address)]) > 0
    if main and not row["main"]:
        uow.addresses.make_main(uow.addresses.row(address_id))
        changed = True
    return people.edited(uow, row, context, changed=changed)


def make_main(uow: UnitOfWork, address_id: int) -> Outcome:
    """Make an address its client's main one; the former main address loses the flag."""
    row = uow.addresses.row(address_id)
    changed = not row["main"]
    if changed:
        uow.addresses.make_main(row)
    return people.edited(uow, row, changed=changed)


def delete(uow: UnitOfWork, address_ids: Iterable[int]) -> Outcome:
    """Delete addresses that nothing uses; all of them or none."""
    return people.delete(uow, uow.addresses, address_ids)


def needs_main() -> Conflict:
    """The main address would lose the flag, and nobody get it."""
    return Conflict(
        "address.main.required",
        msg("A client always has one main address."),
        hint=msg("Give the flag to another address: interop address main ID"),
    )


def no_key() -> Denied:
    """No key of Google Places is configured."""
    return Denied(
        "autofill.key",
        msg("Completing an address needs a Google Places key, and none is configured."),
        hint=msg(
            "Get one at https://console.cloud.google.com (Places API, New), then:"
            " interop config set places.key -"
        ),
    )


def find_places(open_places: Callable[[], Places], text: str, country: str) -> list[GeocodedPlace]:
    """The places of a text, the likeliest first; those in ``country`` before others.

    Raises what ``open_places`` does, Denied where the key is refused, NotFound
    ``autofill.nothing``, RemoteFailure where the service does not answer or asks us to wait.
    """
    if not text.strip():
        raise UsageError("usage.autofill", msg("Say what to look for."))
    places = open_places()
    try:
        answer = places.search(text.strip(), language=language(), country=country)
    except Trouble as trouble:
        raise _no_answer(trouble) from None
    finally:
        places.close()
    if not answer:
        raise NotFound(
            "autofill.nothing",
            msg("Google Places knows no such place."),
            hint=msg("Add the city, or type the address: --line1 --city --province --postal-code"),
        )
    return answer


def chosen_place(places: list[GeocodedPlace], pick: int | None) -> dict[str, str]:
    """The address of the one place that is meant, as fields.

    Raises Conflict ``autofill.several`` where there are several and none is picked.
    """
    if pick is None and len(places) > 1:
        raise Conflict(
            "autofill.several",
            msg("There are {count} such places.", count=len(places)),
            hint=msg("Add --pick N."),
            details=[
                Detail(
                    "autofill",
                    "autofill.place",
                    Message("{n}. {place}", {"n": number, "place": one.formatted}),
                )
                for number, one in enumerate(places, 1)
            ],
        )
    one = picked_place(places, pick or 1)
    return {name: value for name, value in one.fields.items() if value}


def picked_place(places: list[GeocodedPlace], pick: int) -> GeocodedPlace:
    """The place of this number; raises NotFound."""
    if pick > len(places):
        raise NotFound(
            "autofill.pick",
            counted(
                "There is only {count} such place.",
                "There are only {count} such places.",
                count=len(places),
            ),
        )
    return places[pick - 1]


def _no_answer(trouble: Trouble) -> InteropError:
    if trouble.kind in (TroubleKind.AUTH, TroubleKind.FORBIDDEN):
        return Denied(
            "autofill.refused",
            msg("Google Places refuses: {why}", why=trouble.message),
            hint=msg(
                "Check the key and that Places API (New) is on for it:"
                " interop config set places.key -"
            ),
        )
    if trouble.status == 429:
        return RemoteFailure(
            "autofill.quota",
            msg("Google Places has had enough calls for now."),
            hint=msg("Try again later, or type the address."),
        )
    return RemoteFailure(
        "autofill.unreachable", msg("Google Places does not answer: {why}", why=trouble.message)
    )
