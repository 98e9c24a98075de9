"""What connector tests share: a secret in memory, and records as the engine hands them over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from interop_cli.connectors.protocol import Secret, Target, Tools
from interop_cli.domain.sync.records import LocalRecord
from interop_cli.system import Clock

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CLIENT: dict[str, Any] = {
    "id": 1,
    "code": "C-1",
    "name": "Imprimerie Trépanier inc.",
    "active": True,
    "prospect": False,
    "language": "fr",
    "email": "info@trepanier.example",
    "phone": "+14185550134;ext=22",
    "website": "https://trepanier.example",
    "line1": "12, rue du Quai",
    "line2": "bureau 3",
    "city": "Québec",
    "province": "QC",
    "postal_code": "G1K 7X2",
    "country": "CA",
    "currency": "CAD",
    "terms": "net30",
    "bill_to": None,
    "bill_to_remote": None,
    "shipper_identity": "standard",
    "gst": None,
    "qst": None,
    "neq": None,
    "tags": [],
    "external_id": None,
    "accounting": {},
    "billing_name": "Ève Roy",
    "billing_email": "compta@trepanier.example",
}


class Secrets:
    """A secret kept in memory; counts how often it was saved."""

    def __init__(self, secret: Secret | None) -> None:
        self.secret = secret
        self.saved = 0

    def read(self) -> Secret | None:
        """The secret."""
        return dict(self.secret) if self.secret else None

    def save(self, secret: Secret) -> None:
        """Keep another one."""
        self.secret = dict(secret)
        self.saved += 1

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Alone anyway."""
        yield


def tools(url: str, secret: Secret | None, *, clock: Clock | None = None) -> Tools:
    """What a connector may use, with short limits."""
    return Tools(
        clock or Clock(START), Secrets(secret), base_url=url, token_url=f"{url}/token", timeout=0.8
    )


def target(kind: str, **settings: Any) -> Target:
    """A configured target."""
    return Target(1, kind, kind, settings)


def uid(number: int) -> str:
    """The uid of the record of this number."""
    return f"01935d2a-7c4e-7b1f-9a60-{number:012d}"


def client(number: int = 1, **changes: Any) -> LocalRecord:
    """A client, as the engine hands it to a connector."""
    own = {
        "id": number,
        "uid": uid(number),
        "code": f"C-{number}",
        "name": f"Imprimerie {number} Trépanier inc.",
    }
    values = {**CLIENT, **own, **changes}
    return LocalRecord(
        "client",
        number,
        values["code"],
        values["uid"],
        "1",
        active=values["active"],
        values=values,
        prospect=values["prospect"],
    )


def contact(number: int = 1, **changes: Any) -> LocalRecord:
    """A contact of client 1."""
    values = {
        "id": number,
        "uid": uid(number),
        "client": "C-1",
        "name": f"Marie-Ève Roy {number}",
        "title": "Acheteuse",
        "email": f"Marie{number}@Trepanier.example",
        "phone": "+15145550123",
        "mobile": None,
        "language": None,
        "active": True,
        "client_remote": None,
        "email_free": True,
        **changes,
    }
    return LocalRecord(
        "contact", number, "C-1", values["uid"], "1", active=values["active"], values=values
    )
