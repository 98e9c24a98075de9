"""Calling QuickBooks: the session, its queries, and the company's own lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from interop_cli.connectors import hosts
from interop_cli.connectors.base import HttpConnector, unanswered
from interop_cli.connectors.protocol import OAuthApp, Target, Tools
from interop_cli.connectors.quickbooks import answers, customers, invoices
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

MINOR_VERSION = "75"
REALM = "[0-9]{1,30}"
PAGE = 1000
LONGEST_LIST = 4000
"""Bytes of a list of names in a query: it stands in the address, which has its limits."""
OBJECTS = {"client": "Customer", "invoice": "Invoice", "credit_note": "CreditMemo"}
"""What they call our entities."""


def literal(text: str) -> str:
    """A text in a query: between quotes, with quotes and backslashes escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class QuickBooksCalls(HttpConnector):
    """One company in QuickBooks, as far as calls to it go."""

    host = hosts.QBO
    request_id_header = "intuit_tid"
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret", "refresh_token")
    oauth: ClassVar[OAuthApp | None] = OAuthApp(
        hosts.QBO_TOKEN,
        hosts.QBO_AUTHORIZE,
        ("com.intuit.quickbooks.accounting",),
        tenant="realm_id",
        tenant_answer="realmId",
        idle_days=100,
    )
    descriptors: ClassVar = {
        "client": customers.CLIENT,
        "invoice": invoices.INVOICE,
        "credit_note": invoices.CREDIT_NOTE,
    }

    def __init__(self, target: Target, tools: Tools) -> None:
        super().__init__(target, tools)
        self.realm = str(target.settings.get("realm_id") or "")
        if self.realm and not re.fullmatch(REALM, self.realm):
            raise ConfigError(
                "qbo.realm_id",
                msg("realm_id must be the number of the company in QuickBooks."),
                hint=msg("interop sync connect {target} --set realm_id=NUMBER", target=target.name),
            )

    @property
    def base_url(self) -> str:
        settings = self.target.settings
        usual = hosts.QBO_SANDBOX if settings.get("sandbox") is True else self.host
        return str(self.tools.base_url or settings.get("base_url") or usual)

    def judge(self, answer: HttpAnswer) -> Trouble | None:
        return answers.judged(answer)

    # -- calls ----------------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        reads: bool | None = None,
    ) -> Any:
        """The data of an answer. A 401 is answered by one refresh and the very same call again."""
        return self.renewing(lambda: self._once(method, path, json, params, reads))

    def _once(
        self,
        method: str,
        path: str,
        json: Any,
        params: Mapping[str, str] | None,
        reads: bool | None,
    ) -> Any:
        if not self.realm:
            raise Trouble(
                TroubleKind.AUTH,
                "qbo.realm_id",
                msg("It is not known which company in QuickBooks it is: log in, or set realm_id."),
            )
        answer = self.http.call(
            method,
            f"/v3/company/{self.realm}{path}",
            json=json,
            params={**(params or {}), "minorversion": MINOR_VERSION},
            reads=reads,
        )
        fault = answers.fault_of(answer.data)
        if fault is not None:
            reading = method == "GET" if reads is None else reads
            raise answers.of_fault(fault, reads=reading)
        return answer.data

    def query(self, entity: str, where: str = "", limits: str = "") -> list[Mapping[str, Any]]:
        """The objects that a query finds, each with an id. Raises Trouble where it is not answered
        whole, by its own count.
        """
        rest = where + (limits or f" MAXRESULTS {PAGE}")
        text = f"select * from {entity}{rest}"  # noqa: S608 - theirs, with escaped literals
        found = self._answered(text)
        rows = [one for one in answers.items(found, entity) if isinstance(one.get("Id"), str)]
        if found.get("maxResults", len(rows)) != len(rows):
            raise unanswered()
        return rows

    def _answered(self, query: str) -> Mapping[str, Any]:
        """What a query is answered. Raises Trouble where it is not: that is no empty list."""
        data = self.call("GET", "/query", params={"query": query})
        found = data.get("QueryResponse") if isinstance(data, Mapping) else None
        if not isinstance(found, Mapping):
            raise unanswered()
        return found

    def those(self, entity: str, name: str, values: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The objects, active or not, whose ``name`` is one of ``values``."""
        everybody = "Active in (true,false) and " if entity == "client" else ""
        for chunk in chunks(literal(value) for value in values):
            listed = f" where {everybody}{name} in ({','.join(chunk)})"
            yield from self.query(OBJECTS[entity], listed)

    def one(self, entity: str, remote_id: str) -> Mapping[str, Any] | None:
        """One object by its id; None where QuickBooks says that it has none."""
        name = OBJECTS[entity]
        try:
            data = self.call("GET", f"/{name.lower()}/{remote_id}")
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.GONE:
                raise
            return None
        row = data.get(name) if isinstance(data, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(row.get("Id"), str):
            raise unanswered()
        return row

    # -- the company's own lists ------------------------------------------------------------------

    def _sends(self, name: str) -> bool:
        return any(field.name == name for field in self.descriptor("client").sent())

    @cached_property
    def terms(self) -> dict[str, str]:
        """Its payment terms: id -> in our form, active ones first."""
        rows = self.query("Term", " where Active in (true,false)")
        rows.sort(key=lambda row: row.get("Active") is False)
        return {str(row["Id"]): _term(row) for row in rows}

    def term_id(self, terms: object) -> str | None:
        """The id of these terms there; None where there are none like it."""
        if not terms:
            return None
        return next((key for key, text in self.terms.items() if text == terms), None)

    @cached_property
    def preferences(self) -> Mapping[str, Any]:
        """How the company is set up."""
        found = answers.items(self._answered("select * from Preferences"), "Preferences")
        return found[0] if found else {}

    @property
    def keeps_numbers(self) -> bool:
        """Whether invoices keep the number they are sent with, instead of getting the next one."""
        return customers.at(self.preferences, "SalesFormsPrefs.CustomTxnNumbers") is not False

    @cached_property
    def currencies(self) -> tuple[str | None, bool]:
        """The currency of the company, and whether it keeps others too."""
        first = self.preferences
        home = customers.at(first, "CurrencyPrefs.HomeCurrency.value")
        several = customers.at(first, "CurrencyPrefs.MultiCurrencyEnabled") is True
        return (home if isinstance(home, str) else None), several


def _term(row: Mapping[str, Any]) -> str:
    """Payment terms of theirs in the form of ours."""
    days = row.get("DueDays")
    plain = not row.get("DiscountPercent") and row.get("Type") != "DATE_DRIVEN"
    if isinstance(days, int) and plain:
        return f"net{days}"
    return customers.plain_terms(row.get("Name")) or f"#{row['Id']}"


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Lists that fit into an address."""
    chunk: list[str] = []
    size = 0
    for value in values:
        length = len(quote(value)) + 3
        if chunk and size + length > LONGEST_LIST:
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += length
    if chunk:
        yield chunk
