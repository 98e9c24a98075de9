"""Calling QuickBooks and reading from it: queries, what changed, the company's own lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from interop_cli.connectors import endpoints
from interop_cli.connectors.base import HttpConnector
from interop_cli.connectors.oauth import OAuth
from interop_cli.connectors.protocol import Target, Tools
from interop_cli.connectors.qbo import answers, shape
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.records import Remote, Send, Trace
from interop_cli.domain.sync.trouble import Kind, Trouble
from interop_cli.domain.text import nfc

if TYPE_CHECKING:
    from interop_cli.connectors.http import Answer

MINOR_VERSION = "75"
REALM = "[0-9]{1,30}"
PAGE = 1000
LONGEST_LIST = 4000
"""Bytes of a list of names in a query: it stands in the address, which has its limits."""
CDC_DAYS = 30
# What QuickBooks fills in by itself where we say nothing.
FILLED_IN = (shape.DELIVERY, "accounting.tax_code")


def literal(text: str) -> str:
    """A text in a query: between quotes, with quotes and backslashes escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class Reader(HttpConnector):
    """The reading half of the connector."""

    host = endpoints.QBO
    request_id_header = "intuit_tid"
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret", "refresh_token")
    descriptors: ClassVar = {"client": shape.CLIENT}

    def __init__(self, target: Target, tools: Tools) -> None:
        super().__init__(target, tools)
        self.realm = str(target.settings.get("realm_id") or "")
        if not re.fullmatch(REALM, self.realm):
            raise ConfigError(
                "qbo.realm_id",
                msg("realm_id must be the number of the company in QuickBooks."),
                hint=msg("interop sync connect {target} --set realm_id=NUMBER", target=target.name),
            )
        self._bearer: str | None = None

    @property
    def base_url(self) -> str:
        settings = self.target.settings
        usual = endpoints.QBO_SANDBOX if settings.get("sandbox") is True else self.host
        return str(self.tools.base_url or settings.get("base_url") or usual)

    @cached_property
    def oauth(self) -> OAuth:
        """The tokens of this target."""
        url = self.tools.token_url or self.target.settings.get("token_url")
        return OAuth(self.tools, str(url or endpoints.QBO_TOKEN))

    def authorize(self) -> Mapping[str, str]:
        secret = self.secret()
        if not self.oauth.is_fresh(secret):
            self.oauth.renew(secret.get("access_token"))
            secret = self.secret()
        self._bearer = str(secret.get("access_token"))
        return {"Authorization": f"Bearer {self._bearer}"}

    def judge(self, answer: Answer) -> Trouble | None:
        return answers.judged(answer)

    def traces(self) -> list[Trace]:
        found = super().traces()
        if "oauth" in self.__dict__:
            found, self.oauth.traces = [*self.oauth.traces, *found], []
        return found

    # -- calls ----------------------------------------------------------------------------------

    def call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str] | None = None,
        reads: bool | None = None,
    ) -> Any:  # fmt: skip
        """The data of an answer. A 401 is answered by one refresh and the very same call again."""
        try:
            return self._once(method, path, json, params, reads)
        except Trouble as trouble:
            if trouble.kind is not Kind.AUTH or trouble.status != 401 or self._bearer is None:
                raise
            self.oauth.renew(self._bearer)
        return self._once(method, path, json, params, reads)

    def _once(
        self, method: str, path: str, json: Any, params: Mapping[str, str] | None,
        reads: bool | None,
    ) -> Any:  # fmt: skip
        answer = self.http.call(
            method, f"/v3/company/{self.realm}{path}", json=json,
            params={**(params or {}), "minorversion": MINOR_VERSION}, reads=reads,
        )  # fmt: skip
        fault = answers.fault_of(answer.data)
        if fault is not None:
            reading = method == "GET" if reads is None else reads
            raise answers.of_fault(fault, reads=reading)
        return answer.data

    def query(self, entity: str, where: str = "", limits: str = "") -> list[Mapping[str, Any]]:
        """The objects that a query finds, each with an id."""
        rest = where + (limits or f" MAXRESULTS {PAGE}")
        text = f"select * from {entity}{rest}"  # noqa: S608 - theirs, with escaped literals
        data = self.call("GET", "/query", params={"query": text})
        found = data.get("QueryResponse") if isinstance(data, Mapping) else None
        return [one for one in answers.items(found, entity) if isinstance(one.get("Id"), str)]

    def those(self, name: str, values: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The customers, active or not, whose ``name`` is one of ``values``."""
        for chunk in _chunks(literal(value) for value in values):
            listed = f"{name} in ({','.join(chunk)})"
            yield from self.query("Customer", f" where Active in (true,false) and {listed}")

    # -- the protocol ---------------------------------------------------------------------------

    def connect(self) -> list[str]:
        self.call("GET", f"/companyinfo/{self.realm}")
        return []

    def is_empty(self) -> bool:
        """Whether there is no customer at all, not even an inactive one."""
        everybody = " where Active in (true,false)"
        return not self.query("Customer", everybody, " STARTPOSITION 1 MAXRESULTS 1")

    def lookup(self, sends: Sequence[Send]) -> dict[int, Remote]:
        names = {send.id: str(send.payload.get("name") or "") for send in sends}
        # One that was made inactive has another name, and may still be the same client.
        asked = [text for name in names.values() for text in (name, name + shape.DELETED)]
        by_name: dict[str, Mapping[str, Any]] = {}
        for row in self.those("DisplayName", dict.fromkeys(asked)):
            name = _plain_name(row)
            if name not in by_name or row.get("Active") is not False:
                by_name[name] = row
        found = {}
        for send in sends:
            same = by_name.get(_same(names[send.id]))
            if same is not None:
                found[send.id] = self._found(send, same)
        return found

    def _found(self, send: Send, row: Mapping[str, Any]) -> Remote:
        """A customer of that name, without what it cannot be compared by."""
        remote = self.remote(row)
        values = dict(remote.values)
        for name in FILLED_IN:
            if send.payload.get(name) is None:
                values.pop(name, None)
        if self.term_id(send.payload.get("terms")) is None:
            values.pop("terms", None)
        return Remote(remote.remote_id, remote.version, values, active=remote.active)

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, Remote]:
        wanted = [one for one in dict.fromkeys(remote_ids) if one.isdecimal()]
        return {str(row["Id"]): self.remote(row) for row in self.those("Id", wanted)}

    def everything(self, entity: str) -> Iterator[Remote]:
        return self._listed(" where Active in (true,false)")

    def changes(self, entity: str, since: str) -> Iterator[Remote]:
        moment = datetime.fromisoformat(since).astimezone(UTC)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        if self.clock.now() - moment < timedelta(days=CDC_DAYS):
            changed = self._changed(stamp)
            yield from (self.remote(row) for row in changed)
            if len(changed) < PAGE:
                return
        # More than it tells of at once, or longer ago than it remembers.
        yield from self._listed(
            f" where Active in (true,false) and MetaData.LastUpdatedTime >= {literal(stamp)}"
        )

    def _changed(self, stamp: str) -> list[Mapping[str, Any]]:
        data = self.call("GET", "/cdc", params={"entities": "Customer", "changedSince": stamp})
        return [
            row
            for answer in answers.items(data, "CDCResponse")
            for response in answers.items(answer, "QueryResponse")
            for row in answers.items(response, "Customer")
            if isinstance(row.get("Id"), str)
        ]

    def _listed(self, where: str) -> Iterator[Remote]:
        start = 1
        while True:
            limits = f" ORDERBY Id STARTPOSITION {start} MAXRESULTS {PAGE}"
            rows = self.query("Customer", where, limits)
            yield from (self.remote(row) for row in rows)
            if len(rows) < PAGE:
                return
            start += PAGE

    def remote(self, row: Mapping[str, Any]) -> Remote:
        """A customer in our words."""
        has_terms = shape.at(row, "SalesTermRef.value") not in (None, "")
        names = self.terms if has_terms and self._sends("terms") else {}
        version = row.get("SyncToken")
        return Remote(
            str(row["Id"]), None if version is None else str(version),
            shape.read(row, self.descriptor("client"), names),
            active=row.get("Active") is not False, gone=row.get("status") == "Deleted",
        )  # fmt: skip

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
    def currencies(self) -> tuple[str | None, bool]:
        """The currency of the company, and whether it keeps others too."""
        rows = self.call("GET", "/query", params={"query": "select * from Preferences"})
        found = answers.items(
            rows.get("QueryResponse") if isinstance(rows, Mapping) else None, "Preferences"
        )
        first = found[0] if found else {}
        home = shape.at(first, "CurrencyPrefs.HomeCurrency.value")
        several = shape.at(first, "CurrencyPrefs.MultiCurrencyEnabled") is True
        return (home if isinstance(home, str) else None), several


def _term(row: Mapping[str, Any]) -> str:
    """Payment terms of theirs in the form of ours."""
    days = row.get("DueDays")
    plain = not row.get("DiscountPercent") and row.get("Type") != "DATE_DRIVEN"
    if isinstance(days, int) and plain:
        return f"net{days}"
    return shape.plain_terms(row.get("Name")) or f"#{row['Id']}"


def _plain_name(row: Mapping[str, Any]) -> str:
    name = str(row.get("DisplayName") or "")
    return _same(name.removesuffix(shape.DELETED) if row.get("Active") is False else name)


def _same(name: str) -> str:
    """Names that QuickBooks holds to be the same: it minds accents, not capitals."""
    return nfc(name).casefold()


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
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
