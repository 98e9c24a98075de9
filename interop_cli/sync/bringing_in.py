"""First contact, the other way: what exists only there is created here.

By the rules of the road on which files come in (``services/imports``): a client needs a name and an
address, codes are made, defaults filled in. What may be here already, by name and place or by
e-mail, is left to a person. What is made of a record is linked with it, and counts as in step as
it is there, until somebody changes it here: so nothing is sent back, and nothing comes twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from interop_cli.domain.errors import NOWHERE, Detail, InvalidData, Parts
from interop_cli.domain.fields import CLIENT, CONTACT
from interop_cli.domain.fields.field import pulled
from interop_cli.domain.matching import Candidate, Identity, Key, identity
from interop_cli.domain.messages import counted, msg
from interop_cli.domain.rules import Context
from interop_cli.domain.sync.payload import Payload, kept
from interop_cli.domain.sync.records import RemoteRecord
from interop_cli.domain.values.text import fold
from interop_cli.services import Outcome
from interop_cli.services.clients.bulk import Selector, check_limits
from interop_cli.services.clients.matching import ClientFinder
from interop_cli.services.imports.clients import Import
from interop_cli.services.imports.contacts import ContactImport
from interop_cli.services.imports.matching import Refusals
from interop_cli.services.imports.rows import RowImport
from interop_cli.store.sync.records import by_ids
from interop_cli.store.writing.unit_of_work import UnitOfWork
from interop_cli.sync.linking import AMBIGUOUS, Compared, left_to_them, link_all, sent_of
from interop_cli.sync.target import OpenTarget

NEW, ORPHAN, WITHOUT, REFUSED = "new", "orphan", "without_client", "refused"
BATCH = 500
PULLED = {"client": pulled(CLIENT), "contact": pulled(CONTACT)}


class RemoteRow(NamedTuple):
    """A record there as a row of a file."""

    line: int
    values: dict[str, Any]
    remote: RemoteRecord
    error: Detail | None = None
    parts: Parts = NOWHERE.parts


@dataclass(frozen=True)
class Options:
    """How it is done. ``limits`` are those of bulk commands, on the clients that are created."""

    limits: Selector
    prospects: bool = False
    """Whether the clients come in as prospects."""


@dataclass
class BroughtIn:
    """What became of the records that exist only there, each once, as it is shown."""

    target: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By entity and how."""

    def tell(
        self,
        entity: str,
        remote: RemoteRecord,
        how: str,
        *,
        local_id: int | None = None,
        code: str | None = None,
        name: str | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what became of one."""
        self.counts[entity, how] += 1
        fault = error or {}
        self.rows.append(
            {
                "target": self.target,
                "entity": entity,
                "id": local_id,
                "code": code,
                "name": name,
                "remote_id": remote.remote_id,
                "remote_name": remote.called or "",
                "how": how,
                "field": fault.get("path"),
                "reason": fault.get("code"),
                "message": fault.get("message"),
            }
        )


@dataclass
class BringingIn:
    """The work of one transaction; ``run`` does it."""

    uow: UnitOfWork
    opened: OpenTarget
    compared: Compared
    context: Context
    options: Options
    refusals: Refusals
    outcome: Outcome = field(default_factory=Outcome)
    _ids: list[str] = field(default_factory=list)
    """Which record there each row is."""

    def run(self) -> tuple[Outcome, BroughtIn]:
        """Link what matches, and create what is there alone.

        Raises Conflict ``bulk.expect`` or ``bulk.max_affected``, and InvalidData ``import.invalid``
        where the rules refuse a record and the import does not go on.
        """
        self.found = BroughtIn(self.opened.target.name)
        linked = link_all(self.uow, self.opened, self.compared.proposals)
        made = {"client": self._clients(), "contact": self._contacts()}
        for entity, ids in made.items():
            self._note_in_step(entity, ids)
        failed = sum(self.found.counts[entity, REFUSED] for entity in made)
        self.outcome.changed = linked + sum(map(len, made.values()))
        self.outcome.failed = failed
        self.outcome.matched = self.outcome.changed + failed
        self.outcome.warnings = [
            one if one.line is None else replace(one, line=None, key=self._ids[one.line - 1])
            for one in self.context.warnings
        ]
        return self.outcome, self.found

    # -- clients ----------------------------------------------------------------------------------

    def _clients(self) -> list[int]:
        alone = self._living("client")
        rows = self._clear([self._row(one, _client(one, self.options)) for one in alone])
        parents = {row.line: _parent(row) for row in rows}
        own = [row for row in rows if parents[row.line] is None]
        check_limits(self.options.limits, len(rows))
        made = self._create("client", own)
        # Who pays has to be here before those it pays for.
        holders = self._holders("client", filter(None, parents.values()))
        codes = self.uow.clients.by_column("id", holders.values())
        paid_for = []
        for row in rows:
            if (parent := parents[row.line]) is None:
                continue
            if parent not in holders:
                self.found.tell("client", row.remote, WITHOUT)
                continue
            payer = codes[holders[parent]]["code"]
            paid_for.append(row._replace(values={**row.values, "bill_to": payer}))
        return made + self._create("client", paid_for)

    def _living(self, entity: str) -> list[RemoteRecord]:
        """Those that may be created: in use there, and not known under a uid of some database."""
        found = []
        alone = self.compared.alone.get(entity, ())
        since = self._holders(entity, (one.remote_id for one in alone))  # another run was faster
        for one in alone:
            if one.remote_id in since:
                continue
            if one.key is not None:
                self.found.tell(entity, one, ORPHAN)
            elif one.active and one.values.get("active") is not False:
                found.append(one)
        return found

    def _clear(self, rows: Sequence[RemoteRow]) -> list[RemoteRow]:
        """Those that are nobody here, and not the same as another one there."""
        whos = {row.line: identity(row.values) for row in rows}
        marks = Counter(mark for who in whos.values() for mark in _marks(who))
        finder, clear = ClientFinder(self.uow), []
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            finder.load([whos[row.line] for row in batch])
            for row in batch:
                who = whos[row.line]
                same = _same(finder, who)
                if same or any(marks[mark] > 1 for mark in _marks(who)):
                    first = same[0] if same else None
                    self.found.tell(
                        "client",
                        row.remote,
                        AMBIGUOUS,
                        local_id=first.id if first else None,
                        code=first.code if first else None,
                    )
                else:
                    clear.append(row)
        return clear

    # -- contacts ---------------------------------------------------------------------------------

    def _contacts(self) -> list[int]:
        alone = self._living("contact")
        clients = [str(one.values["client"]) for one in alone if one.values.get("client")]
        holders = self._holders("client", clients)
        owners = self.uow.clients.by_column("id", holders.values())
        people = self.uow.contacts.of_clients(list(holders.values()))
        known = {
            (client_id, text)
            for client_id, those in people.items()
            for person in those
            for text in _texts(person)
        }
        rows: list[tuple[RemoteRow, set[str]]] = []
        marks = Counter[tuple[str, str]]()
        for one in alone:
            client_id = holders.get(str(one.values.get("client") or ""))
            if client_id is None:
                self.found.tell("contact", one, WITHOUT)
                continue
            owner = owners[client_id]
            row = self._row(one, _contact(one, owner["code"]))
            texts = _texts(row.values)
            if any((client_id, text) in known for text in texts):
                self.found.tell("contact", one, AMBIGUOUS, code=owner["code"])
                continue
            marks.update((owner["code"], text) for text in texts)
            rows.append((row, texts))
        clear = []
        for row, texts in rows:
            if any(marks[row.values["client"], text] > 1 for text in texts):
                self.found.tell("contact", row.remote, AMBIGUOUS, code=row.values["client"])
            else:
                clear.append(row)
        return self._create("contact", clear)

    # -- writing ----------------------------------------------------------------------------------

    def _row(self, remote: RemoteRecord, values: dict[str, Any]) -> RemoteRow:
        self._ids.append(remote.remote_id)
        return RemoteRow(len(self._ids), values, remote)

    def _create(self, entity: str, rows: Sequence[RemoteRow]) -> list[int]:
        """Create records of these rows, and tie them to those there; their ids."""
        if not rows:
            return []
        how: dict[str, Any] = {
            "continue_on_error": self.options.limits.continue_on_error,
            "want_rows": True,
        }
        task: RowImport
        if entity == "client":
            task = Import(self.uow, self.context, refusals=self.refusals, **how)
        else:
            task = ContactImport(self.uow, self.context, **how)
        remotes = {row.line: row.remote for row in rows}
        try:
            done = task.run(rows)
        except InvalidData as error:
            raise _refusal(error, remotes) from None
        pairs: list[tuple[int, RemoteRecord, Payload]] = []
        names = {row.line: row.values.get("name") for row in rows}
        for told in done.rows or ():
            remote = remotes[told["line"]]
            if told["error"] is not None:
                self.found.tell(entity, remote, REFUSED, error=told["error"])
                continue
            sent = sent_of(self.opened, entity, remote)
            pairs.append((told["id"], remote, sent))
            self.found.tell(
                entity, remote, NEW, local_id=told["id"], code=told["key"], name=names[told["line"]]
            )
        self.uow.links.bring(self.opened.target.id, entity, pairs)
        return [local_id for local_id, _remote, _sent in pairs]

    def _holders(self, entity: str, remote_ids: Iterable[str]) -> dict[str, int]:
        wanted = list(dict.fromkeys(remote_ids))
        return self.uow.links.holders(self.opened.target.id, entity, wanted) if wanted else {}

    def _note_in_step(self, entity: str, ids: Sequence[int]) -> None:
        """Nothing is to be sent of these before somebody changes them here.

        And then what was changed: what else is said otherwise there stays.
        """
        opened = self.opened
        found = list(by_ids(self.uow.conn, entity, opened.target.id, ids))
        opened.in_step(self.uow, entity, [(local.id, local.stamp) for local, _link in found])
        if not found or entity in opened.connector.only_read:
            return
        theirs = left_to_them(opened.connector.descriptor(entity))
        left: dict[int, Payload] = {}
        for local, link in found:
            ours = opened.connector.payload(local)
            left[local.id] = kept(
                {name: value for name, value in ours.items() if name in theirs}, link.pushed
            )
        self.uow.links.keep(opened.target.id, entity, left)


def _client(remote: RemoteRecord, options: Options) -> dict[str, Any]:
    """A record there as a row of clients."""
    values = _taken("client", remote.values)
    name = str(values.get("name") or "")
    company = remote.values.get("accounting.company_name")
    if company and company != name:
        values["accounting"] = {"company_name": company}
    if str(values.get("terms") or "").startswith("#"):
        del values["terms"]  # terms there that say nothing here
    if person := remote.values.get("billing_name"):
        values["contacts"] = [{"name": person, "email": values.get("email"), "billing": True}]
    if not values.get("website") and (host := remote.values.get("domain")):
        values["website"] = host
    if options.prospects:
        values["prospect"] = True
    return values


def _parent(row: RemoteRow) -> str | None:
    found = row.remote.values.get("bill_to")
    return str(found) if found else None


def _contact(remote: RemoteRecord, code: str) -> dict[str, Any]:
    """A record there as a row of contacts of a client."""
    values = _taken("contact", remote.values)
    parts = (remote.values.get("first_name"), remote.values.get("last_name"))
    name = " ".join(str(part) for part in parts if part)
    return {**values, "name": name or values.get("email"), "client": code}


def _texts(person: Mapping[str, Any]) -> set[str]:
    """What two records of one person have in common: a name, an e-mail."""
    return {text for name in ("name", "email") if (text := fold(str(person.get(name) or "")))}


def _taken(entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value and name in PULLED[entity]}


def _marks(who: Identity) -> Iterator[tuple[str, ...]]:
    """What two records of one client have in common."""
    places = [place for place in ((who.postal_code,), (who.street, who.city)) if all(place)]
    for place in places:
        if who.core:
            yield ("core", who.core, *place)
        if who.email:
            yield ("email", who.email, *place)
    if who.email and who.name:
        yield ("email", who.email, who.name)
    if who.name and not places:
        yield ("name", who.name)


def _same(finder: ClientFinder, who: Identity) -> Sequence[Candidate]:
    """The clients here that a record there may be."""
    decision = finder.find(who)
    if decision.left or decision.similar:
        return decision.left or decision.similar
    return () if who.has(Key.NATURAL) else finder.namesakes(who)


def _refusal(error: InvalidData, remotes: Mapping[int, RemoteRecord]) -> InvalidData:
    """The records that the rules refuse, by their ids there."""
    details = [
        one._replace(line=None, key=remotes[line].remote_id)
        if (line := one.line) is not None and line in remotes
        else one
        for one in error.details
    ]
    count = len({one.key for one in details})
    return InvalidData(
        "import.invalid",
        counted(
            "{count} record there is not valid here; nothing was written.",
            "{count} records there are not valid here; nothing was written.",
            count=count,
        ),
        hint=msg("Create the others: --continue-on-error"),
        details=details,
    )
