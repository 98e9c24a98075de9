"""Importing clients with what belongs to them: each row to its client, whole batches at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from interop_cli.domain.address import Address
from interop_cli.domain.client import Client
from interop_cli.domain.entity import wrong
from interop_cli.domain.errors import InteropError, InvalidData
from interop_cli.domain.fields import PLACE
from interop_cli.domain.matching import DEFAULT, NEW, NOBODY, Identity, Key, identity
from interop_cli.domain.messages import msg
from interop_cli.domain.payer import check_identity
from interop_cli.domain.rules import Context
from interop_cli.domain.values.code import code_key, uid_key
from interop_cli.services import MAX_ITEMS
from interop_cli.services.clients import card
from interop_cli.services.clients.matching import (
    Move,
    called,
    warn_of_doubt,
    warn_of_meetings,
    warn_of_similar,
)
from interop_cli.services.clients.writing import CardWriter, NewCard, Others, code_for
from interop_cli.services.imports.client_rows import PlainClients, Ready, stated
from interop_cli.services.imports.matching import (
    FileClients,
    KeyColumns,
    Read,
    Refusals,
    Written,
    code_of,
    error_of,
    other_code,
)
from interop_cli.services.imports.nested import (
    NOTHING,
    NestedItems,
    logo_blob,
    nested_items,
    with_main,
)
from interop_cli.services.imports.nested_writing import NestedImport, Plan
from interop_cli.services.imports.relations import Endings, Losers, Pasts, Payers
from interop_cli.services.imports.rows import Again, FileRow
from interop_cli.services.imports.second_process import ToldImport
from interop_cli.store.writing.tables import CLIENT, Ordered

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row


_CODE, _CODE_KEY, _NAME = map(CLIENT.place, ("code", "code_key", "name"))


@dataclass
class Import(ToldImport):
    """The import at work; ``run`` does it.

    ``keys`` are what a row is recognised by, ``named`` whether a person named them, ``absent``
    those that the file may have no column for; ``anew`` creates without looking. ``merged`` says
    what becomes of the fields of a row about a client that was merged into another. ``refusals``
    are rows known to be about one client.
    """

    keys: Sequence[Key] = DEFAULT
    named: bool = False
    absent: Collection[Key] = ()
    anew: bool = False
    merged: str = "skip"
    reuse: bool = False
    refusals: Refusals = field(default_factory=dict)
    # What is done to so few rows again and again stays in the processor's cache.
    size: ClassVar[int] = 500
    first_made: int | None = None
    """The lowest id that it has given to a client."""
    _found: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.who = FileClients(
            self.uow, self.keys, self.refusals, named=self.named, anew=self.anew, reuse=self.reuse
        )
        needed = [key for key in self.keys if key not in self.absent] if self.named else ()
        self._columns = KeyColumns(needed)

    @cached_property
    def _payers(self) -> Payers:
        return Payers(self.uow, self)

    @cached_property
    def _losers(self) -> Losers:
        return Losers(self, updates=self.merged == "update")

    @cached_property
    def _pasts(self) -> Pasts:
        return Pasts(self.uow, self)

    @cached_property
    def _endings(self) -> Endings:
        return Endings(self.uow)

    @cached_property
    def nested(self) -> NestedImport:
        """What belongs to the clients of a batch."""
        return NestedImport(self.uow, self.context, self.uow.actor)

    @cached_property
    def _writer(self) -> CardWriter:
        return CardWriter(self.uow, self.context)

    def teller(self) -> PlainClients:
        """Tells of rows of clients."""
        return PlainClients(self.context)

    def batches(self, records: Iterator[FileRow]) -> Generator[Sequence[FileRow]]:
        """The rows in batches."""
        if self.large:
            self.uow.clients.expect_many(anew=self.anew, by_name=Key.NAME in self.keys)
        yield from super().batches(records)

    def conclude(self) -> None:
        """Who pays, once every client of the file exists; then who stops paying."""
        self._columns.check()
        if self.who.late:
            raise Again
        if not self.refused:
            self._payers.conclude()
        waiting = self._endings.waiting
        for start in range(0, len(waiting), self.size):
            self.batch(waiting[start : start + self.size], last=True)
            self.rejected.flush()
        self._losers.conclude()
        if not self.refused:
            self._payers.conclude()
            self._pasts.conclude()
        if self.who.late:
            raise Again

    def refuse_at_end(self, record: Any, code: str, error: InteropError, path: str = "") -> None:
        """Refuse a row when all were written; what it wrote is taken back by doing all again.

        ``path`` is the field that an error without details names. Of two faults the first is told.
        """
        line = record.line
        if self.continue_on_error:
            self.refusals.setdefault(line, error.at(line, code, path))
            self.who.late = True
        elif line not in self._withdrawn:
            self._withdrawn.add(line)
            self.reject(record, code, error, path=path)

    def _count(self) -> None:
        super()._count()
        found = {key.value: n for key in Key if (n := self._found[key.value])}
        self.outcome.extra |= {"found": found, "merged": self._losers.left_out}

    def finish(self) -> None:
        """Warn of what only the whole file shows."""
        self._writer.finish(self.who.lines.get)
        self.nested.finish()

    # -- a batch ----------------------------------------------------------------------------

    def batch(self, records: Sequence[FileRow], *, last: bool = False) -> None:
        """Write these rows, or reject some of them; those that end a payer wait till ``last``."""
        reads = self._recognised(records)
        rows = self._stored(reads)
        mains = self.uow.addresses.main_of(rows) if rows else {}
        ending = set() if last else self._endings.among(_pairs(reads, rows))
        if ending:
            waiting = [one for one in reads if one.found and one.found.id in ending]
            self._endings.waiting += [one.record for one in waiting]
            reads = [one for one in reads if not (one.found and one.found.id in ending)]
        others = Others(self.uow, list(rows))
        parted = [one for one in reads if one.card is None and (one.parts or one.parts.main)]
        self.nested.load(
            [one.found.id for one in parted if one.found and one.parts],
            [one.parts for one in parted],
        )
        new: list[Written] = []
        saves: list[Written] = []
        for one in reads:
            if one.card is not None and one.decision is NEW and not self.reuse:
                new.append(Written(one, None, one.card))  # as nearly all rows of a first load
                continue
            context = self.context.at(one.record.line, code_of(one.record), one.record.parts)
            try:
                if one.found is None:
                    new.append(self._built(one, context))
                else:
                    row = rows[one.found.id]
                    saves.append(self.revised(one, row, mains[row["id"]], others, context))
            except InteropError as error:
                self.who.refused(one.record.line, one.who)
                self.reject(one.record, context.place.key, error)
        if self.refused:
            self.who.doomed = True
            for written in new:
                self.who.refused(written.record.line, written.read.who)
            return
        warn_of_meetings(self.uow, [*self._moves(saves)])
        self._insert(new)
        self.save(saves)

    def _recognised(self, records: Sequence[FileRow]) -> list[Read]:
        """The rows with who they are about; those of which that cannot be told are rejected."""
        self._columns.look_in(records)
        ready = [Ready.of(one) for one in self.told] or [None] * len(records)
        self.told = ()  # a batch that waited for the end was told nothing of
        whos = [
            one.who if one else NOBODY if record.error else identity(record.values)
            for record, one in zip(records, ready, strict=True)
        ]
        self.who.begin([(r.line, who) for r, who in zip(records, whos, strict=True)])
        reads = []
        for record, who, known in zip(records, whos, ready, strict=True):
            try:
                if record.error is not None:
                    error = record.error
                    raise InvalidData(error.code, error.message, details=[error])  # type: ignore[arg-type]
                decision, values = self.who.decide(record.line, who), record.values
                if decision.merged:
                    self._losers.note(record, decision.left[0].id)
                    continue
                made = known.card if known else None
                parts = NOTHING if made else nested_items(values)
                reads.append(Read(record, values, who, decision, parts, card=made))
            except InteropError as error:
                self.reject(record, code_of(record), error)
        if not self.refusals:
            return reads
        clear = []
        for one in reads:
            # Those that a later row has turned out to be about the same client as.
            if clash := self.refusals.get(one.record.line):
                self.who.refused(one.record.line, one.who)
                self.reject(one.record, code_of(one.record), error_of(clash))
            else:
                clear.append(one)
        return clear

    def _stored(self, reads: Sequence[Read]) -> dict[Any, Row]:
        """The stored clients of the rows that have one, by id."""
        return self.uow.clients.by_column("id", [one.found.id for one in reads if one.found])

    def _built(self, one: Read, context: Context) -> Written:
        made, plan = one.card, None
        if made is None:
            client, address = self._card(one, context)
            plan = self._plan(one.parts, client, address, context)
            made = NewCard.of(client, address)
        warn_of_similar(one.decision.similar, context)
        if self.reuse and (key := made.client[_CODE_KEY]):
            self.uow.clients.release_code(key)
        return Written(one, plan, card=made)

    def _card(self, one: Read, context: Context) -> tuple[Client, Address]:
        values = with_main(one.values, one.parts.main)
        try:
            client, address = card.built(values, context)
        except InvalidData:
            if not values.get("name") or not any(values.get(name) for name in PLACE):
                raise self._unmatched(one.who, context.place.line) from None
            raise
        if logo := values.get("logo"):
            client.logo = logo_blob(self.uow, logo, context)
        check_identity(client.shipper_identity, client.logo is not None, in_file=True)
        return client, address

    def _unmatched(self, who: Identity, line: int | None) -> InvalidData:
        """What is said of a row that was meant for a client there is, and is about none."""
        key = next((key for key in (Key.UID, *self.keys, Key.NAME) if who.has(key)), None)
        if key is None:
            reason = msg("nothing in the row says which client it is about")
            return wrong("", "import.unmatched", reason)
        namesakes = [one for one in self.who.namesakes(who) if not line or one.line != line]
        if key is Key.NAME and namesakes:
            reason = msg(
                "is the name of {codes}: a name alone does not tell who is meant",
                codes=called(namesakes),
            )
            return wrong("name", "import.unmatched", reason)
        path = "name" if key is Key.NATURAL else key.value
        reason = msg("is no client's, and a new client needs a name and an address")
        return wrong(path, "import.unmatched", reason)

    def revised(self, one: Read, row: Row, main: Row, others: Others, context: Context) -> Written:
        """What a row makes of its client."""
        values = stated(with_main(one.values, one.parts.main))
        if values.pop("code", None) and one.found and one.found.contradicts(Key.CODE, one.who):
            raise other_code()
        if (said := values.get("main_address", {}).get("uid")) and uid_key(said) != main["uid"]:
            reason = msg("is not that of the client's main address; use: interop address main")
            path = one.parts.main.path if one.parts.main else ""
            raise wrong(f"{path}uid", "import.uid", reason)
        context = context.at(one.record.line, row["code"], one.record.parts)
        revision = card.revised(self.uow, row, main, values, context)
        client = revision.client
        client.logo = logo_blob(self.uow, values.get("logo"), context, client.logo) or client.logo
        if revision.before.external_id and not client.external_id:
            reason = msg("is emptied: no file finds the client by it any more")
            context.warn("external_id", "client.external_id.emptied", reason)
        if one.decision.by is Key.EMAIL and not self.named and (who := revision.identities()):
            warn_of_doubt(*who, context)
        if client.shipper_identity != revision.before.shipper_identity:
            check_identity(client.shipper_identity, client.logo is not None, in_file=True)
        plan = self._plan(one.parts, client, revision.address, context)
        if not self.refused:  # or those it pays for have not been moved
            others.check(revision.before, client)
        return Written(one, plan, revision=revision)

    def _moves(self, saves: Sequence[Written]) -> Iterator[Move]:
        """Those that a row gives another name or place."""
        for one in saves:
            found = one.revision
            if found is not None and (who := found.identities()):
                context = self.context.at(one.record.line, found.row["code"], one.record.parts)
                yield Move(found.row["id"], *who, context)

    def _plan(
        self, parts: NestedItems, client: Client, main: Address | None, context: Context
    ) -> Plan | None:
        if not parts:
            if parts.main is not None:
                self.nested.claim("address", parts.main, client.id or 0)
            return None
        context = context.phones_in(main.country if main else None)
        return self.nested.plan(parts, client, main, context)

    # -- writing ----------------------------------------------------------------------------

    def _insert(self, new: list[Written]) -> None:
        if not new:
            return
        cards = [one.card for one in new if one.card]
        self._make_codes([one.client for one in cards])
        ids = self._writer.add_cards(cards)
        self.first_made = self.first_made or ids[0]
        for client_id, (one, *_), made in zip(ids, new, cards, strict=True):
            self.who.written(client_id, one.record.line, one.who)
            self._tell(one.record, made.client[_CODE], client_id, "ok", "created")
            if payer := one.values.get("bill_to"):
                self._payers.note(one.record, client_id, payer, "created")
            self._pasts.note(one.record, one.values, client_id, "created")
        pairs = zip(ids, new, strict=True)
        self.nested.write([(client_id, one.plan) for client_id, one in pairs if one.plan])
        self.created += len(new)

    def _make_codes(self, new: list[Ordered]) -> None:
        """Give a code to those without one, which none of the others has."""
        without = [row for row in new if not row[_CODE]]
        if not without:
            return
        given = {row[_CODE_KEY] for row in new if row[_CODE]}
        for row in without:
            code = code_for(self.uow, row[_NAME])
            while code_key(code) in given:
                code = code_for(self.uow, row[_NAME])
            row[_CODE], row[_CODE_KEY] = code, code_key(code)

    def save(self, saves: list[Written]) -> None:
        """Write stored clients, with what belongs to them."""
        if not saves:
            return
        stored = [(one, one.revision) for one in saves if one.revision]
        changed = self._writer.save([revision for _one, revision in stored])
        for active in (0, 1):
            self.uow.contacts.follow(
                [
                    revision.row["id"]
                    for one, revision in stored
                    if revision.row["active"] != active == int(revision.client.active)
                    and not (one.plan and one.plan.contacts)
                ],
                active,
            )
        plans = [(revision.row["id"], one.plan) for one, revision in stored if one.plan]
        changed |= self.nested.write(plans)
        self.updated += len(changed)
        for one, revision in stored:
            row = revision.row
            status, action = ("ok", "updated") if row["id"] in changed else ("unchanged",) * 2
            if one.read.loser and status == "unchanged":
                status, action = "skipped", "merged"
            if one.read.decision.by:
                self._found[one.read.decision.by.value] += 1
            self._tell(one.record, row["code"], row["id"], status, action)
            if "bill_to" in one.read.values:
                payer = one.read.values["bill_to"]
                self._payers.note(one.record, row["id"], payer, action)
            self._pasts.note(one.record, one.read.values, row["id"], action)

    def _tell(self, record: FileRow, code: str, client_id: int, status: str, action: str) -> None:
        """Note what became of a row that was written or found as it is."""
        if self.outcome.rows is None and len(self._items) > MAX_ITEMS:
            return
        item = {"id": client_id, "code": code, "status": status, "error": None, "action": action}
        self.note(record.line, code, item)


def _pairs(reads: Sequence[Read], rows: Mapping[Any, Row]) -> Iterator[tuple[Any, Row | None]]:
    for one in reads:
        yield one.record, rows[one.found.id] if one.found else None
