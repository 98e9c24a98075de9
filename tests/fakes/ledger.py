"""A small accounting system on the web, for the connector of docs/connectors.md.

Customers and people in companies, each with a version in its ETag; tokens by client credentials or
for the code of a login, with PKCE.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.oauth import Login
from tests.fakes.server import Call, FakeServer, Reply, route

COMPANY = "/companies/([A-Z0-9]+)"


class FakeLedger(Login, FakeServer):
    """The system. ``companies`` are those that its tokens let one into."""

    client_id = "ledger-client-0001"
    client_secret = "ledger-secret-0123456789"
    scopes = "ledger.customers"

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        super().__init__(now)
        self.companies = {"C1": "Atelier"}
        self.customers: dict[str, dict[str, Any]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.refuse = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens = {self.token}

    @property
    def secret(self) -> dict[str, Any]:
        """What a person has who may come in, with an access token that is good."""
        app = {"client_id": self.client_id, "client_secret": self.client_secret}
        return {**app, "access_token": self.token, "expires_at": 10**11}

    # -- for the contract -----------------------------------------------------------------------

    def is_write(self, call: Call) -> bool:
        return call.method != "GET" and "/token" not in call.path

    def held(self) -> dict[str, dict[str, Any]]:
        return {key: dict(row) for key, row in self.customers.items()}

    def touch(self, remote_id: str) -> None:
        self._changed(self.customers[remote_id], {"note": "pays late"})

    def remove(self, remote_id: str) -> None:
        del self.customers[remote_id]

    def valid_change(self) -> dict[str, Any]:
        return {"city": "Gaspé"}

    def invalid_change(self) -> tuple[dict[str, Any], str]:
        self.refuse = "+14185550199"
        return {"phone": self.refuse}, "phone"

    # -- who may come in ------------------------------------------------------------------------

    def allowed(self, call: Call) -> Reply | None:
        if call.path.endswith(("/token", "/authorize")):
            return None
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        return None if given in self.tokens else Reply(401, {"error": "unauthorized"})

    @route("POST", "/([A-Za-z0-9]*/)?token")
    def _token(self, call: Call, match: re.Match[str]) -> Reply:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"error": "invalid_client"})
        form = {name: values[0] for name, values in parse_qs(str(call.body)).items()}
        self.asked.append((call.path, form))
        answer = {"access_token": f"ledger-token-{len(self.asked)}-0123456789", "expires_in": 3600}
        if form["grant_type"] == "authorization_code":
            if not self.redeemed(form):
                return Reply(400, {"error": "invalid_grant"})
            answer["refresh_token"] = "ledger-refresh-0123456789"
        elif form.get("grant_type") != "client_credentials" or form.get("scope") != self.scopes:
            return Reply(400, {"error": "invalid_grant"})
        self.tokens.add(str(answer["access_token"]))
        return Reply(200, answer)

    # -- what it holds --------------------------------------------------------------------------

    @route("GET", "/companies")
    def _companies(self, call: Call, match: re.Match[str]) -> Reply:
        rows = [{"id": key, "name": name} for key, name in self.companies.items()]
        return Reply(200, {"value": rows})

    @route("GET", COMPANY)
    def _company(self, call: Call, match: re.Match[str]) -> Reply:
        if match[1] not in self.companies:
            return Reply(404, {"error": "no such company"})
        return Reply(200, {"id": match[1], "name": self.companies[match[1]]})

    @route("GET", COMPANY + "/(customers|people)")
    def _list(self, call: Call, match: re.Match[str]) -> Reply:
        rows = list((self.customers if match[2] == "customers" else self.people).values())
        if "number" in call.query:
            wanted = call.query["number"].split(",")
            rows = [row for row in rows if row["number"] in wanted]
        return Reply(200, {"value": rows})

    @route("GET", COMPANY + "/(customers|people)/(L[0-9]+)")
    def _read(self, call: Call, match: re.Match[str]) -> Reply:
        row = (self.customers if match[2] == "customers" else self.people).get(match[3])
        return Reply(404, {"error": "no such record"}) if row is None else Reply(200, row)

    @route("POST", COMPANY + "/customers")
    def _create(self, call: Call, match: re.Match[str]) -> Reply:
        body = call.body
        if any(row["number"] == body["number"] for row in self.customers.values()):
            return Reply(409, {"error": "number"})
        row = {"id": f"L{len(self.customers) + 1}", "version": 0}
        return self._write(row, body)

    @route("PATCH", COMPANY + "/customers/(L[0-9]+)")
    def _update(self, call: Call, match: re.Match[str]) -> Reply:
        row = self.customers.get(match[2])
        if row is None:
            return Reply(404, {"error": "no such customer"})
        if call.headers.get("if-match") != str(row["version"]):
            return Reply(412, {"error": "version"})
        return self._write(dict(row), call.body)

    def _write(self, row: dict[str, Any], body: dict[str, Any]) -> Reply:
        if self.refuse and body.get("phone") == self.refuse:
            return Reply(422, {"field": "phone"})
        self.customers[row["id"]] = self._changed(row, body)
        return Reply(200, row)

    def _changed(self, row: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        stamp = datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row |= {**values, "version": row["version"] + 1, "changed": stamp}
        return row
