"""Ledger, a small accounting system on the web: clients as its customers; its people are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from interop_cli.connectors.base import BASE_URL, OAUTH_SETTINGS, HttpConnector, unanswered
from interop_cli.connectors.http import HttpAnswer
from interop_cli.connectors.protocol import Grant, OAuthApp, TargetSetting, Untold
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.descriptor import Descriptor, Need, Policy, RemoteField
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, text
from interop_cli.domain.sync.records import (
    Action,
    Done,
    Failed,
    LocalRecord,
    RemoteIdentity,
    RemoteRecord,
    Result,
    Role,
    Send,
)

# What it takes of an entity: our field, theirs, and what bounds it. The plan blocks what does not
# fit before anything is sent.
CLIENT = Descriptor(
    "client",
    (
        RemoteField("name", "name", Need.REQUIRED, max_length=100),
        RemoteField("phone", "phone", max_length=40),
        RemoteField("city", "city", max_length=60),
        RemoteField("active", "active", policy=Policy.OURS),
    ),
)
CONTACT = Descriptor("contact", (RemoteField("name", "name"), RemoteField("email", "email")))
PATHS = {"client": "/customers", "contact": "/people"}
ALONE = {TroubleKind.VALIDATION, TroubleKind.STALE, TroubleKind.GONE, TroubleKind.NAME_TAKEN}


class Ledger(HttpConnector):
    """One company in Ledger."""

    kind: ClassVar[str] = "ledger"
    role: ClassVar[Role] = Role.ACCOUNTING
    form: ClassVar[int] = 1
    entities: ClassVar[tuple[str, ...]] = ("client", "contact")
    only_read: ClassVar[frozenset[str]] = frozenset({"contact"})
    batch_size: ClassVar[int] = 20
    looks_first: ClassVar[bool] = True
    knows_versions: ClassVar[bool] = True
    host = "https://ledger.example"
    descriptors: ClassVar[Mapping[str, Descriptor]] = {"client": CLIENT, "contact": CONTACT}
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    oauth: ClassVar[OAuthApp | None] = OAuthApp(
        "https://login.ledger.example/{company}/token",
        grant=Grant.CLIENT,
        scopes=("ledger.customers",),
        tenant="company",
    )
    settings: ClassVar[tuple[TargetSetting, ...]] = (
        TargetSetting("company", "The company in Ledger.", pattern="[A-Z0-9]+"),
        BASE_URL,
        *OAUTH_SETTINGS,
    )

    # -- pure -----------------------------------------------------------------------------------

    def payload(self, local: LocalRecord) -> Payload:
        values = {**local.values, "active": local.active}
        return {one.name: _plain(values.get(one.name)) for one in self.descriptor("client").sent()}

    # -- what is there --------------------------------------------------------------------------

    def identity(self) -> RemoteIdentity:
        return _identity(self._call("GET", ""))

    def tenants(self) -> list[RemoteIdentity]:
        answer = self.renewing(lambda: self.http.call("GET", "/companies"))
        return [_identity(row) for row in answer.data["value"]]

    def connect(self) -> list[str]:
        return []

    def is_empty(self) -> bool:
        return not self._rows("client")

    def lookup(self, sends: Sequence[Send]) -> dict[int, RemoteRecord]:
        ours = {send.key: send.id for send in sends}
        rows = self._rows("client", number=",".join(ours))
        return {ours[row["number"]]: _remote("client", row) for row in rows}

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, RemoteRecord]:
        found = {}
        for remote_id in remote_ids:  # a list would leave out without a word what it does not find
            try:
                row = self._call("GET", f"{PATHS[entity]}/{remote_id}")
            except Trouble as trouble:
                if trouble.kind is not TroubleKind.GONE:
                    raise
                continue
            if row.get("id") != remote_id:
                raise unanswered()
            found[remote_id] = _remote(entity, row)
        return found

    def everything(self, entity: str, *, whole: bool = False) -> Iterator[RemoteRecord]:
        return (_remote(entity, row) for row in self._rows(entity))

    def changes(self, entity: str, since: str) -> Iterator[RemoteRecord]:
        raise Untold  # it does not say which were deleted: all that is linked is read instead

    # -- sending --------------------------------------------------------------------------------

    def push(self, action: str, sends: Sequence[Send]) -> list[Result]:
        results: list[Result] = []
        for send in sends:
            try:
                row = self._sent(action, send)
                results.append(Done(send.id, row["id"], str(row["version"])))
            except Trouble as trouble:
                if trouble.kind in ALONE:  # this record's own
                    results.append(Failed(send.id, trouble))
                elif not results:  # the call's: nobody was answered
                    raise
                else:  # those left are looked at before they are sent
                    left = sends[len(results) :]
                    return [*results, *(Failed(one.id, trouble) for one in left)]
        return results

    def _sent(self, action: str, send: Send) -> Any:
        body = {one.remote: send.payload[one.name] for one in self.descriptor("client").sent()}
        if action == Action.CREATE:
            return self._call("POST", PATHS["client"], json={**body, "number": send.key})
        changed = {
            one.remote for one in self.descriptor("client").sent() if one.name in send.changed
        }
        return self._call(
            "PATCH",
            f"{PATHS['client']}/{send.remote_id}",
            json={name: value for name, value in body.items() if name in changed},
            headers={"If-Match": str(send.remote_version)},
        )

    # -- calling --------------------------------------------------------------------------------

    def judge(self, answer: HttpAnswer) -> Trouble | None:
        """What is told in its own way: the field that it refuses."""
        data = answer.data if isinstance(answer.data, dict) else {}
        field = self.descriptor("client").at(str(data.get("field")))
        if answer.status != 422 or field is None:
            return None
        refused = msg("It was refused there.")
        return Trouble(TroubleKind.VALIDATION, "ledger.refused", refused, field=field.name)

    def _rows(self, entity: str, **params: str) -> list[Any]:
        found = self._call("GET", PATHS[entity], params=params).get("value")
        if not isinstance(found, list):  # which is not the same as none
            raise unanswered()
        return [row for row in found if isinstance(row.get("id"), str)]

    def _call(self, method: str, path: str, **how: Any) -> Any:
        company = self.target.settings.get("company")
        data = self.renewing(
            lambda: self.http.call(method, f"/companies/{company}{path}", **how)
        ).data
        if not isinstance(data, dict):
            kind = TroubleKind.RETRY if method == "GET" else TroubleKind.UNKNOWN
            raise Trouble(kind, "remote.answer", msg("The answer is not JSON."))
        return data


def _plain(value: object) -> Any:
    return value if isinstance(value, bool) else text(value)


def _identity(row: Any) -> RemoteIdentity:
    return RemoteIdentity(str(row["id"]), str(row["name"]))


def _remote(entity: str, row: Any) -> RemoteRecord:
    fields = (CLIENT if entity == "client" else CONTACT).fields
    values = {one.name: row.get(one.remote) for one in fields}
    active = row.get("active") is not False
    return RemoteRecord(row["id"], str(row["version"]), values, row.get("number"), active)
