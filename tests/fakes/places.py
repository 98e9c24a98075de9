"""A fake of Google Places (New): searches a small gazetteer, checks the key and the field mask."""

from __future__ import annotations

from typing import Any

from tests.fakes.server import Call, FakeServer, Reply, route

KEY = "AIza-fake-key-0123456789"


def component(long: str, short: str, *types: str) -> dict[str, Any]:
    return {"longText": long, "shortText": short, "types": list(types), "languageCode": "fr"}


def address(
    number: str,
    street: str,
    city: str,
    province: tuple[str, str],
    code: str,
    country: tuple[str, str] = ("Canada", "CA"),
    unit: str = "",
) -> dict[str, Any]:
    """A place as the service tells it."""
    parts = [
        component(number, number, "street_number"),
        component(street, street, "route"),
        component(city, city, "locality", "political"),
        component(*province, "administrative_area_level_1", "political"),
        component(*country, "country", "political"),
        component(code, code, "postal_code"),
    ]
    if unit:
        parts.append(component(unit, unit, "subpremise"))
    line = f"{number} {street}, {city}, {province[1]} {code}, {country[0]}"
    return {"id": f"place-{number}-{code}", "formattedAddress": line, "addressComponents": parts}


QUEBEC = ("Québec", "QC")
GAZETTEER = [
    address("214", "Rue du Quai", "Québec", QUEBEC, "G1K 7X2", unit="300"),
    address("214", "Rue du Quai", "Lévis", QUEBEC, "G6V 4Z2"),
    address("12", "Chemin du Roy", "Deschambault", QUEBEC, "G0A 1S0"),
    address("5", "Kanalstraße", "Berlin", ("Berlin", "BE"), "10115", ("Allemagne", "DE")),
]


class FakePlaces(FakeServer):
    """``quota`` is how many calls are still answered."""

    token = KEY

    def __init__(self) -> None:
        super().__init__()
        self.quota = 1000
        self.places: list[dict[str, Any]] = list(GAZETTEER)

    def allowed(self, call: Call) -> Reply | None:
        """What is wrong with a call, as the service says it."""
        if "authorization" in call.headers or "key" in call.query:
            self.violation("the key goes in X-Goog-Api-Key alone")
        if call.headers.get("x-goog-api-key") != self.token:
            return failure(400, "INVALID_ARGUMENT", "API_KEY_INVALID")
        if not call.headers.get("x-goog-fieldmask"):
            return failure(400, "INVALID_ARGUMENT", "FIELD_MASK_MISSING")
        if self.quota <= 0:
            return failure(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
        self.quota -= 1
        return None

    @route("POST", r"^/v1/places:searchText$")
    def search(self, call: Call, _match: Any) -> Reply:
        wanted = {"textQuery", "languageCode", "regionCode", "pageSize"}
        if set(call.body) != wanted or not call.body["textQuery"]:
            return failure(400, "INVALID_ARGUMENT", "BAD_FIELD")
        words = call.body["textQuery"].casefold().replace(",", " ").split()
        mask = {path.partition(".")[2] for path in call.headers["x-goog-fieldmask"].split(",")}
        found = [
            {name: value for name, value in one.items() if name in mask}
            for one in self.places
            if all(word in one["formattedAddress"].casefold() for word in words)
        ]
        return Reply(200, {"places": found} if found else {})


def failure(code: int, status: str, reason: str) -> Reply:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
    error = {"code": code, "message": status.lower(), "status": status, "details": [detail]}
    return Reply(code, {"error": error})
