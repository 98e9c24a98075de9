"""Completing an address through Google Places: the key, the call, and which place is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

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
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.i18n import language

if TYPE_CHECKING:
    from interop_cli.connectors.google_places import Places
    from interop_cli.domain.values.address_text import GeocodedPlace


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


def found(open_places: Callable[[], Places], text: str, country: str) -> list[GeocodedPlace]:
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
        raise _error(trouble) from None
    finally:
        places.close()
    if not answer:
        raise NotFound(
            "autofill.nothing",
            msg("Google Places knows no such place."),
            hint=msg("Add the city, or type the address: --line1 --city --province --postal-code"),
        )
    return answer


def chosen(places: list[GeocodedPlace], pick: int | None) -> dict[str, str]:
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
    one = picked(places, pick or 1)
    return {name: value for name, value in one.fields.items() if value}


def picked(places: list[GeocodedPlace], pick: int) -> GeocodedPlace:
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


def _error(trouble: Trouble) -> InteropError:
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
