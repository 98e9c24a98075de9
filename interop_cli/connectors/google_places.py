"""Google Places (New): addresses for what a person remembers of a place.

One call of Text Search, with the parts of the address in its field mask; it costs like a search
and needs no second call for details. The key goes in a header, never in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interop_cli.connectors.http import Http, HttpAnswer
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.values.address_text import GeocodedPlace, place
from interop_cli.system import Clock

MASK = "places.formattedAddress,places.addressComponents"
MAX_RESULTS = 10
MAX_BYTES = 1024 * 1024


class Places:
    """A session with the service, or with another that speaks like it at ``base_url``."""

    def __init__(
        self,
        base_url: str,
        key: str,
        clock: Clock,
        *,
        timeout: float,
        ca_bundle: str | None = None,
        proxy: str | None = None,
    ) -> None:
        self._http = Http(
            base_url,
            clock,
            authorize=lambda: {"X-Goog-Api-Key": key},
            judge=judge,
            max_seconds=timeout,
            max_bytes=MAX_BYTES,
            ca_bundle=ca_bundle,
            proxy=proxy,
        )
        self._http.hide(key)

    def search(self, text: str, *, language: str, country: str) -> list[GeocodedPlace]:
        """The places of a text that have an address, the likeliest first; ``country`` comes first.

        Raises Trouble.
        """
        answer = self._http.call(
            "POST",
            "/v1/places:searchText",
            reads=True,
            json={
                "textQuery": text,
                "languageCode": language,
                "regionCode": country.lower(),
                "pageSize": MAX_RESULTS,
            },
            headers={"X-Goog-FieldMask": MASK},
        )
        data = answer.data if isinstance(answer.data, Mapping) else {}
        found = data.get("places")
        places = [
            place(one.get("addressComponents") or (), one.get("formattedAddress"))
            for one in (found if isinstance(found, list) else ())
            if isinstance(one, Mapping) and isinstance(one.get("addressComponents") or [], list)
        ]
        return [one for one in places if one.fields["city"]]

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()


def judge(answer: HttpAnswer) -> Trouble | None:
    """What an error of Google's means; a key that is not valid comes as a 400."""
    reasons = _reasons(answer.data)
    if "API_KEY_INVALID" in reasons:
        return Trouble(
            TroubleKind.AUTH, "remote.auth", msg("The server does not let us in."), status=400
        )
    return None


def _reasons(data: Any) -> set[str]:
    error = data.get("error") if isinstance(data, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    return {
        str(detail.get("reason"))
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, Mapping)
    }
