"""A company in QuickBooks Online: customers with SyncTokens, names that vendors have too, tokens.
Its invoices are in ``qbosales``.

Written from its documentation: what a request may hold is read off its published XSD where that is
at hand, and what is wrong with a request is noted as a violation, and refused where the real one
refuses it. The awkward parts are on purpose: an update without ``sparse`` erases, an address is
replaced as a whole, errors of a batch stand in a 200, a customer made inactive gets another name.
"""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.oauth import Login
from tests.fakes.qboquery import matching
from tests.fakes.qbosales import NAMES, Sales
from tests.fakes.qboxsd import of_answer, of_request
from tests.fakes.server import Call, FakeServer, Reply, route

REALM = "9130350000000001"
COMPANY = r"/v3/company/[0-9]+"
DELETED = " (deleted)"
TOKENS = ("/bearer", "/token")
LENGTHS = {
    "DisplayName": 500,
    "CompanyName": 100,
    "GivenName": 100,
    "FamilyName": 100,
    "PrimaryEmailAddr.Address": 100,
    "PrimaryPhone.FreeFormNumber": 30,
    "WebAddr.URI": 1000,
    "BillAddr.Line1": 500,
    "BillAddr.Line2": 500,
    "BillAddr.City": 255,
    "BillAddr.Country": 255,
    "BillAddr.CountrySubDivisionCode": 255,
    "BillAddr.PostalCode": 30,
}
TERMS = (
    {"Id": "1", "Name": "Due on receipt", "Type": "STANDARD", "DueDays": 0, "Active": True},
    {"Id": "2", "Name": "Net 15", "Type": "STANDARD", "DueDays": 15, "Active": True},
    {"Id": "3", "Name": "Net 30", "Type": "STANDARD", "DueDays": 30, "Active": True},
    {
        "Id": "5",
        "Name": "2% 10 Net 30",
        "Type": "STANDARD",
        "DueDays": 30,
        "DiscountDays": 10,
        "DiscountPercent": 2,
        "Active": True,
    },
)
# Whatever a country was called, it is told by its ISO 3166 alpha-3 code.
COUNTRIES = {"Canada": "CAN", "United States": "USA", "France": "FRA"}
OURS_NOT = ("Id", "SyncToken", "sparse")


class Refused(Exception):
    """A Fault of the validation kind."""

    def __init__(self, code: str, detail: str, element: str = "") -> None:
        super().__init__(code)
        self.fault = fault(code, detail, element)


def fault(code: str, detail: str, element: str = "", kind: str = "ValidationFault") -> Any:
    """A Fault as it stands in an answer."""
    error = {"Message": "made to fail", "Detail": detail, "code": code, "element": element}
    return {"Error": [error], "type": kind}


class FakeQuickBooks(Login, FakeServer):
    """The company. ``token`` is the access token that is good now; it ends after ``life`` seconds.

    ``per_minute`` calls and ``batches_per_minute`` batches are allowed. ``refuse`` is a rule of
    one's own: given a customer, it answers the element that is refused. ``several_currencies``
    is the switch of that name. A query leaves out ``left_out`` without a word, and answers no more
    than ``longest_page`` rows, whatever it was asked for.
    """

    client_id = "AB-client-id-0001"
    client_secret = "client-secret-0123456789"

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        super().__init__(now)
        self.customers: dict[str, dict[str, Any]] = {}
        self.vendors: set[str] = set()
        self.sales = {name: Sales(name, Refused) for name in NAMES}
        self.merged: set[str] = set()
        self.refresh_token = "refresh-token-0"
        self.tokens: dict[str, float] = {self.token: 10**12}
        self.refreshes = 0
        self.tells = {"realmId": REALM}
        self.rotates = True
        self.life = 3600
        self.per_minute = 100_000
        self.batches_per_minute = 100_000
        self.several_currencies = False
        self.refuse: Callable[[Mapping[str, Any]], str | None] = lambda _customer: None
        self.open_balances: set[str] = set()
        self.left_out: set[str] = set()
        self.longest_page = 1000
        self._replies: dict[str, Any] = {}
        self._recent: deque[float] = deque()
        self._batches: deque[float] = deque()
        self._next = 57

    # -- for tests ----------------------------------------------------------------------------

    @property
    def secret(self) -> dict[str, Any]:
        """What a person has who may come in, with an access token that is good."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "access_token": self.token,
            "expires_at": 10**11,
        }

    def answer(self, call: Call) -> Reply:
        """The answer. Both are held against the contract: a fake that answers otherwise is none."""
        reply = super().answer(call)
        if call.path.endswith((*TOKENS, "/authorize")) or reply.status == 401:
            return reply
        if "time" not in reply.body:
            self.violation(f"answer to {call.method} {call.path}: lacks time")
        for text in of_answer(reply.body):
            self.violation(f"answer to {call.method} {call.path}: {text}")
        for text in of_request(call.path, call.body) if call.method == "POST" else ():
            self.violation(f"{call.method} {call.path}: {text}")
        return reply

    def expire(self) -> None:
        """End every access token there is."""
        self.tokens.clear()

    def is_write(self, call: Call) -> bool:
        return call.method == "POST" and not call.path.endswith(TOKENS)

    def held(self) -> dict[str, dict[str, Any]]:
        return {key: dict(row) for key, row in self.customers.items() if key not in self.merged}

    def add(self, name: str, **values: Any) -> str:
        """A customer that somebody made there; its id."""
        with self.lock:
            return str(self._made({"DisplayName": name, **values})["Id"])

    def edit(self, remote_id: str, **values: Any) -> None:
        """Change a customer as a person there would."""
        with self.lock:
            self._written(self.customers[remote_id], values)

    def touch(self, remote_id: str) -> None:
        address = {**self.customers[remote_id].get("BillAddr", {}), "Line3": "Quai B"}
        self.edit(remote_id, Notes="pays late", BillAddr=address)

    def remove(self, remote_id: str) -> None:
        """Merge a customer away."""
        with self.lock:
            self.merged.add(remote_id)

    def valid_change(self) -> dict[str, Any]:
        return {"city": "Gaspé"}

    def invalid_change(self) -> tuple[dict[str, Any], str]:
        self.refuse = lambda customer: (
            "PrimaryPhone" if "555-0199" in str(customer.get("PrimaryPhone")) else None
        )
        return {"phone": "+14185550199"}, "phone"

    # -- who may come in ----------------------------------------------------------------------

    def allowed(self, call: Call) -> Reply | None:
        if call.path.endswith((*TOKENS, "/authorize")):
            return None
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) > self.now():
            return None
        body = fault("3200", "message=ApplicationAuthenticationFailed", kind="AUTHENTICATION")
        return Reply(401, {"fault": {"error": body["Error"], "type": body["type"]}})

    def limited(self, call: Call) -> Reply | None:
        if call.path.endswith("/batch") and self._over(self._batches, self.batches_per_minute):
            return self._throttled()
        if self._over(self._recent, self.per_minute):
            return self._throttled()
        return None

    def _throttled(self) -> Reply:
        return Reply(429, {"Fault": fault("3001", "ThrottleExceeded"), "time": self._stamp()})

    def _over(self, recent: deque[float], most: int) -> bool:
        now = self.now()
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) >= most:
            return True
        recent.append(now)
        return False

    @route("POST", r"(/oauth2/v1/tokens/bearer|/token)")
    def _bearer(self, call: Call, match: re.Match[str]) -> Reply:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"error": "invalid_client"})
        form = {name: values[0] for name, values in parse_qs(str(call.body)).items()}
        if form.get("grant_type") == "authorization_code":
            if not self.redeemed(form):
                return Reply(400, {"error": "invalid_grant"})
        elif form.get("grant_type") != "refresh_token":
            return Reply(400, {"error": "unsupported_grant_type"})
        elif form.get("refresh_token") != self.refresh_token:
            return Reply(400, {"error": "invalid_grant"})
        self.refreshes += 1
        if self.rotates:
            self.refresh_token = f"refresh-token-{self.refreshes}"
        access = f"access-token-{self.refreshes}"
        self.tokens[access] = self.now() + self.life
        return Reply(
            200,
            {
                "token_type": "bearer",
                "access_token": access,
                "expires_in": self.life,
                "refresh_token": self.refresh_token,
                "x_refresh_token_expires_in": 8726400,
            },
        )

    # -- reading ------------------------------------------------------------------------------

    @route("GET", COMPANY + "/companyinfo/([0-9]+)")
    def _company(self, call: Call, match: re.Match[str]) -> Reply:
        name = "Atelier" if match[1] == REALM else f"Company {match[1]}"
        info = {
            **self._entity("1"),
            "CompanyName": name,
            "LegalName": name,
            "Country": "CA",
            "LegalAddr": {"Id": "1", "Line1": "1, rue du Port", "Country": "CAN"},
        }
        return self._answer({"CompanyInfo": info}, call)

    def _entity(self, entity_id: str) -> dict[str, Any]:
        """What each object has."""
        return {
            "Id": entity_id,
            "SyncToken": "0",
            "domain": "QBO",
            "sparse": False,
            "MetaData": {"CreateTime": self._stamp(), "LastUpdatedTime": self._stamp()},
        }

    @route("GET", COMPANY + "/query")
    def _query(self, call: Call, match: re.Match[str]) -> Reply:
        text = call.query.get("query", "")
        home = {"HomeCurrency": {"value": "CAD"}, "MultiCurrencyEnabled": self.several_currencies}
        tables: dict[str, list[dict[str, Any]]] = {
            "Customer": [row for key, row in self.customers.items() if key not in self.merged],
            "Vendor": [
                {**self._entity(str(n)), "Id": str(n), "DisplayName": name}
                for n, name in enumerate(self.vendors, 9001)
            ],
            "Employee": [],
            "Term": [{**self._entity(term["Id"]), **term} for term in TERMS],
            "Preferences": [
                {
                    **self._entity("1"),
                    "CurrencyPrefs": home,
                    "SalesFormsPrefs": {"CustomTxnNumbers": self.sales["Invoice"].keeps_numbers},
                }
            ],
            **{name: list(sales.rows.values()) for name, sales in self.sales.items()},
        }
        try:
            entity, rows = matching(text, tables)
        except ValueError as error:
            self.violation(f"query: {error}: {text}")
            return self._refused(fault("4000", "Error parsing query"))
        rows = [row for row in rows if row["Id"] not in self.left_out][: self.longest_page]
        found = {entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {}
        return self._answer({"QueryResponse": found}, call)

    @route("GET", COMPANY + "/(customer|invoice|creditmemo)/([0-9]+)")
    def _read(self, call: Call, match: re.Match[str]) -> Reply:
        """One record: what is not there any more is told, other than in a query."""
        kind = {"customer": "Customer", "invoice": "Invoice", "creditmemo": "CreditMemo"}[match[1]]
        rows = self.customers if kind == "Customer" else self.sales[kind].rows
        if match[2] not in rows or match[2] in self.merged:
            return self._refused(fault("610", "Object Not Found"))
        return self._answer({kind: rows[match[2]]}, call)

    @route("GET", COMPANY + "/cdc")
    def _cdc(self, call: Call, match: re.Match[str]) -> Reply:
        since = datetime.fromisoformat(call.query["changedSince"]).timestamp()
        if self.now() - since > 30 * 86400:
            return self._refused(fault("2010", "changedSince"))
        rows: list[dict[str, Any]] = []
        name = call.query["entities"]
        for key, row in (self.customers if name == "Customer" else self.sales[name].rows).items():
            if key in self.merged:
                rows.append({"Id": key, "status": "Deleted", "domain": "QBO"})
            elif datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]).timestamp() >= since:
                rows.append(row)
        found = {name: rows[:1000]} if rows else {}
        return self._answer({"CDCResponse": [{"QueryResponse": [found]}]}, call)

    # -- writing ------------------------------------------------------------------------------

    @route("POST", COMPANY + "/customer")
    def _customer(self, call: Call, match: re.Match[str]) -> Reply:
        known = self._replayed(call.query.get("requestid"), 50)
        if known is None:
            try:
                known = {"Customer": self._applied(call.body)}
            except Refused as refused:
                return self._refused(refused.fault)
            self._keep(call, known)
        return self._answer(known, call)

    @route("POST", COMPANY + "/(invoice|creditmemo)")
    def _sale(self, call: Call, match: re.Match[str]) -> Reply:
        name = {"invoice": "Invoice", "creditmemo": "CreditMemo"}[match[1]]
        known = self._replayed(call.query.get("requestid"), 50)
        if known is None:
            try:
                if call.query.get("operation") == "void":
                    known = {name: self.sales[name].void(call.body, self._stamp())}
                else:
                    known = {name: self._sold(name, call.body)}
            except Refused as refused:
                return self._refused(refused.fault)
            self._keep(call, known)
        return self._answer(known, call)

    def _sold(self, name: str, sent: Any) -> dict[str, Any]:
        """A new invoice or credit memo."""
        if "Id" in sent:
            self.violation(f"{name} is changed")
        sales = self.sales[name]
        sales.check(sent, self.held(), several=self.several_currencies)
        self._next += 1
        home = {"value": "CAD"} if self.several_currencies else None
        return sales.make(str(self._next), sent, self._stamp(), home)

    @route("POST", COMPANY + "/batch")
    def _batch(self, call: Call, match: re.Match[str]) -> Reply:
        items = call.body.get("BatchItemRequest", [])
        ids = [item.get("bId") for item in items]
        if not 1 <= len(items) <= 30 or len(set(ids)) < len(ids):
            self.violation(f"a batch of {len(items)}")
            return self._refused(fault("1010", "BatchItem"))
        known = self._replayed(call.query.get("requestid"), 36)
        if known is None:
            known = {"BatchItemResponse": [self._one(item) for item in items]}
            self._keep(call, known)
        return self._answer(known, call)

    def _one(self, item: Mapping[str, Any]) -> dict[str, Any]:
        (name,) = set(item) - {"bId", "operation"}
        expected = "update" if "Id" in item[name] else "create"
        if item.get("operation") != expected:
            self.violation(f"operation {item.get('operation')}, not {expected}")
        try:
            made = self._applied(item[name]) if name == "Customer" else self._sold(name, item[name])
            return {name: made, "bId": item["bId"]}
        except Refused as refused:
            return {"Fault": refused.fault, "bId": item["bId"]}

    def _replayed(self, request_id: str | None, longest: int) -> Any:
        if not request_id or len(request_id) > longest:
            self.violation(f"requestid {request_id}")
            return None
        return self._replies.get(request_id)

    def _keep(self, call: Call, reply: Any) -> None:
        self._replies[call.query["requestid"]] = reply

    def _applied(self, customer: Any) -> dict[str, Any]:
        """Create or update one; the customer as it then is."""
        self._checked(customer)
        row = self.customers.get(str(customer.get("Id")))
        if "Id" in customer:
            if row is None or customer["Id"] in self.merged:
                raise Refused("610", "Object Not Found")
            if customer.get("SyncToken") != row["SyncToken"]:
                raise Refused("5010", "Stale Object Error")
            if customer.get("sparse") is not True:
                self.violation("an update without sparse")
                for name in [n for n in row if n not in ("Id", "SyncToken", "MetaData")]:
                    del row[name]
        self._unique(customer, row)
        if row is None:
            return dict(self._made(customer))
        if customer.get("Active") is False and row["Id"] in self.open_balances:
            raise Refused("6000", "the balance is not nil")
        if "CurrencyRef" in customer and customer["CurrencyRef"] != row.get("CurrencyRef"):
            raise Refused("6000", "currency", "CurrencyRef")
        return dict(self._written(row, customer))

    def _checked(self, customer: Mapping[str, Any]) -> None:
        """What is wrong with a customer in itself."""
        if "Id" not in customer and not customer.get("DisplayName"):
            raise Refused("2020", "Required parameter DisplayName is missing", "DisplayName")
        if ":" in customer.get("DisplayName", ""):
            raise Refused("2040", "invalid character", "DisplayName")
        for path, longest in LENGTHS.items():
            first, _dot, last = path.partition(".")
            value = customer.get(first) or ""
            text = value.get(last, "") if isinstance(value, dict) else value
            if len(text) > longest:
                raise Refused("2050", f"{path} is too long", first)
        delivery = customer.get("PreferredDeliveryMethod", "None")
        if delivery not in ("Print", "Email", "None"):
            raise Refused("2170", "Invalid Enumeration", "PreferredDeliveryMethod")
        self._references(customer)
        wrong = self.refuse(customer)
        if wrong:
            raise Refused("2010", f"{customer} is not allowed here", wrong)

    def _references(self, customer: Mapping[str, Any]) -> None:
        terms = {term["Id"] for term in TERMS} | {""}
        if (customer.get("SalesTermRef") or {"value": ""})["value"] not in terms:
            raise Refused("2500", "Invalid Reference Id", "SalesTermRef")
        parent = customer.get("ParentRef")
        if parent is not None and parent["value"] not in self.held():
            raise Refused("2500", "Invalid Reference Id", "ParentRef")
        if "CurrencyRef" in customer and not self.several_currencies:
            raise Refused("6000", "multicurrency is not enabled", "CurrencyRef")

    def _unique(self, customer: Mapping[str, Any], row: Mapping[str, Any] | None) -> None:
        name = customer.get("DisplayName", "").casefold()
        if not name:
            return
        others = {
            other["DisplayName"].casefold(): key
            for key, other in self.held().items()
            if row is None or key != row["Id"]
        }
        if name in others:
            raise Refused("6240", f"The name supplied already exists. : Id={others[name]}")
        if name in {vendor.casefold() for vendor in self.vendors}:
            raise Refused("6240", "Another customer, vendor or employee is already using this name")

    # -- state --------------------------------------------------------------------------------

    def _made(self, customer: Mapping[str, Any]) -> dict[str, Any]:
        self._next += 1
        row: dict[str, Any] = {
            **self._entity(str(self._next)),
            "Active": True,
            "Balance": 0,
            "Taxable": True,
            "PreferredDeliveryMethod": "Print",
            "Job": False,
            "BillWithParent": False,
            "PrintOnCheckName": customer["DisplayName"],
        }
        if self.several_currencies:
            row["CurrencyRef"] = {"value": "CAD"}
        self.customers[row["Id"]] = row
        self._put(row, customer)
        return row

    def _written(self, row: dict[str, Any], customer: Mapping[str, Any]) -> dict[str, Any]:
        was = row["Active"]
        self._put(row, customer)
        if was and row["Active"] is False:
            row["DisplayName"] += DELETED
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        row["MetaData"] = {**row["MetaData"], "LastUpdatedTime": self._stamp()}
        return row

    def _put(self, row: dict[str, Any], customer: Mapping[str, Any]) -> None:
        """What is sent, without what is empty; an address is replaced as a whole."""
        for name, value in customer.items():
            if name in OURS_NOT:
                continue
            if isinstance(value, dict):
                value = {key: one for key, one in value.items() if one != ""}
                if "Country" in value:
                    value["Country"] = COUNTRIES.get(value["Country"], value["Country"])
            if value in ("", {}, None):
                row.pop(name, None)
            else:
                row[name] = value
        if row.get("Job") is False:
            row.pop("ParentRef", None)

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")

    def _refused(self, found: Any) -> Reply:
        return Reply(400, {"Fault": found, "time": self._stamp()})

    def _answer(self, body: Any, call: Call) -> Reply:
        if call.query.get("minorversion") != "75":
            self.violation(f"{call.path} without minorversion=75")
        return Reply(200, {**body, "time": self._stamp()}, {"intuit_tid": "1-2-3"})
