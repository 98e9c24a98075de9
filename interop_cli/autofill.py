"""Completing an address through Google Places: the key, the call, and which place is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.domain.errors import (
    Conflict,
    Denied,
    Detail,
    InteropError,
    NotFound,
    Remote,
    UsageError,
)
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.trouble import Kind, Trouble
from interop_cli.i18n import language

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.autofill import Place


def found(app: App, text: str) -> list[Place]:
    """The places of a text, the likeliest first.

    Raises Denied ``autofill.key`` without a key or with one that is refused, NotFound
    ``autofill.nothing``, Remote where the service does not answer or asks us to wait.
    """
    from interop_cli.connectors.places import Places

    if not text.strip():
        raise UsageError("usage.autofill", msg("Say what to look for."))
    key = app.settings.get("places.key")
    if not key:
        raise Denied(
            "autofill.key",
            msg("Completing an address needs a Google Places key, and none is configured."),
            hint=msg("Get one at https://console.cloud.google.com (Places API, New), then:"
                     " interop config set places.key -"),
        )  # fmt: skip
    places = Places(
        app.settings.get("places.url"), key, app.clock,
        timeout=float(app.settings.get("sync.timeout")),
        ca_bundle=app.environ.get("REQUESTS_CA_BUNDLE") or None,
        proxy=app.environ.get("INTEROP_PROXY") or None,
    )  # fmt: skip
    try:
        answer = places.search(
            text.strip(), language=language(), country=str(app.settings.get("defaults.country"))
        )
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


def chosen(app: App, text: str, pick: int | None) -> dict[str, str]:
    """The address of the one place that is meant, as fields.

    Raises as ``found`` does, and Conflict ``autofill.several`` where there are several and none
    is picked.
    """
    places = found(app, text)
    if pick is None and len(places) > 1:
        raise Conflict(
            "autofill.several",
            msg("There are {count} such places.", count=len(places)),
            hint=msg("Add --pick N."),
            details=[
                Detail("autofill", "autofill.place", Message("{n}. {place}", {
                    "n": number, "place": one.formatted,
                }))
                for number, one in enumerate(places, 1)
            ],
        )  # fmt: skip
    one = picked(places, pick or 1)
    return {name: value for name, value in one.fields.items() if value}


def picked(places: list[Place], pick: int) -> Place:
    """The place of this number; raises NotFound."""
    if pick > len(places):
        raise NotFound(
            "autofill.pick",
            msg("There are only {count} such places.", count=len(places)),
        )
    return places[pick - 1]


def _error(trouble: Trouble) -> InteropError:
    if trouble.kind in (Kind.AUTH, Kind.FORBIDDEN):
        return Denied(
            "autofill.refused",
            msg("Google Places refuses: {why}", why=trouble.message),
            hint=msg("Check the key and that Places API (New) is on for it:"
                     " interop config set places.key -"),
        )  # fmt: skip
    if trouble.status == 429:
        return Remote(
            "autofill.quota",
            msg("Google Places has had enough calls for now."),
            hint=msg("Try again later, or type the address."),
        )
    return Remote(
        "autofill.unreachable", msg("Google Places does not answer: {why}", why=trouble.message)
    )
