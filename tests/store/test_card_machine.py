"""Clients, contacts, addresses, notes and merges against a model of dicts, on both engines.

After every step the store says what the model says, the invariants of the card hold, the journal
verifies, and from time to time the last operation is undone: the store is then exactly as before.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from interop_cli.domain.contact import recipients
from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import undoing
from interop_cli.services.clients import card, status
from interop_cli.services.clients import merge as merging
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import addresses, contacts, notes
from interop_cli.store.reading.called import resolve
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from tests.support.campaigns import share
from tests.support.many_stores import NewStore
from tests.support.stores import Dump, dump

Model = dict[str, Any]
MAILS = (None, "ana@x.ca", "bob@x.ca", "eva@x.ca")
STREETS = ("1 rue A", "2, rue B", "3 rue C")
choose = st.integers(0, 10_000)
maybe = st.one_of(st.none(), st.booleans())


class Card(RuleBasedStateMachine):
    """One database; ``model`` has what is in it, as ``{"clients": {id: {...}}}``."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.model: Model = {"clients": {}, "codes": {}}
        self.before: tuple[int, Dump, Model] | None = None

    # -- helpers ----------------------------------------------------------------------------

    def run(self, name: str, work: Any, undoes: int | None = None) -> Any:
        before = dump(self.store.conn), copy.deepcopy(self.model)
        outcome, operation = self.store.run(work, operation=name, undoes=undoes)
        if operation is None:
            assert dump(self.store.conn) == before[0]
        else:
            self.before = (operation, *before)
        return outcome

    def refused(self, name: str, work: Any) -> str:
        before = dump(self.store.conn)
        try:
            self.store.run(work, operation=name)
        except Conflict as error:
            assert dump(self.store.conn) == before
            return error.code
        raise AssertionError(f"{name} was not refused")

    def living(self) -> list[int]:
        return [k for k, one in self.model["clients"].items() if one["merged"] is None]

    def pick(self, number: int) -> int | None:
        found = self.living()
        return found[number % len(found)] if found else None

    def contact(self, number: int) -> tuple[int, int] | None:
        found = [(k, c) for k in self.living() for c in self.model["clients"][k]["contacts"]]
        return found[number % len(found)] if found else None

    # -- rules ------------------------------------------------------------------------------

    @initialize(
        clients=st.lists(st.sampled_from(STREETS), min_size=3, max_size=3),
        people=st.lists(
            st.tuples(choose, st.sampled_from(MAILS), st.booleans(), st.booleans(), maybe),
            min_size=3,
            max_size=8,
        ),
    )
    def begin(self, clients: list[str], people: list[tuple[Any, ...]]) -> None:
        """Something to merge: else most runs would be over before there is."""
        for street in clients:
            self.create_client(street, "a")
        for person in people:
            self.create_contact(*person)

    @rule(street=st.sampled_from(STREETS), tag=st.sampled_from("abc"))
    def create_client(self, street: str, tag: str) -> None:
        if len(self.living()) > 4:
            return
        fields = {
            "name": f"Presse {tag}",
            "line1": street,
            "city": "Québec",
            "postal_code": "G1K 7X2",
            "tags": [tag],
        }
        outcome = self.run("client.create", lambda uow: card.create(uow, fields, Context()))
        item = outcome.items[0]
        self.model["clients"][item["id"]] = {
            "code": item["code"],
            "active": True,
            "merged": None,
            "contacts": {},
            "notes": [],
            "streets": [street],
            "main": street,
            "tags": {tag},
        }
        self.model["codes"][item["code"]] = item["id"]

    @rule(
        at=choose,
        email=st.sampled_from(MAILS),
        billing=st.booleans(),
        tick=st.booleans(),
        default=maybe,
    )
    def create_contact(
        self, at: int, email: str | None, billing: bool, tick: bool, default: bool | None
    ) -> None:
        client = self.pick(at)
        if client is None:
            return
        one = self.model["clients"][client]
        fields = {"name": "Ana", "email": email, "billing": billing, "billing_copy": tick}
        if default is not None:
            fields["default"] = default

        def work(uow: Any) -> Any:
            return contacts.create(uow, f"#{client}", fields, Context())

        if email and any(c["email"] == email for c in one["contacts"].values()):
            assert self.refused("contact.create", work) == "contact.email.duplicate"
            return
        outcome = self.run("contact.create", work)
        stands = [c for c in one["contacts"].values() if c["active"] or c["asleep"]]
        made = {
            "email": email,
            "active": one["active"],
            "asleep": not one["active"],
            "copy": tick,
            "billing": billing,
            "default": not stands if default is None else default,
        }
        for flag in ("default", "billing"):
            if made[flag]:
                for other in one["contacts"].values():
                    other[flag] = False
        one["contacts"][outcome.items[0]["id"]] = made

    @rule(at=choose, flag=st.sampled_from(["default", "billing"]), on=st.booleans())
    def set_flag(self, at: int, flag: str, on: bool) -> None:
        found = self.contact(at)
        if found is None:
            return
        client, contact = found
        people = self.model["clients"][client]["contacts"]
        one = people[contact]

        def work(uow: Any) -> Any:
            return contacts.set_flag(uow, contact, flag, on=on)

        if on and not one[flag] and not (one["active"] or one["asleep"]):
            assert self.refused(f"contact.{flag}", work) == "contact.inactive"
            return
        self.run(f"contact.{flag}", work)
        if on:
            for other in people.values():
                other[flag] = False
        one[flag] = on

    @rule(at=choose)
    def deactivate_contact(self, at: int) -> None:
        found = self.contact(at)
        if found is None:
            return
        client, contact = found
        self.run("contact.deactivate", lambda uow: contacts.deactivate(uow, [contact], Context()))
        self.model["clients"][client]["contacts"][contact].update(active=False, asleep=False)

    @rule(at=choose, active=st.booleans())
    def switch_client(self, at: int, active: bool) -> None:
        client = self.pick(at)
        if client is None:
            return
        service = status.activate if active else status.deactivate
        selector = Selector(keys=[(1, f"#{client}")])
        self.run(
            "client.activate" if active else "client.deactivate", lambda uow: service(uow, selector)
        )
        one = self.model["clients"][client]
        one["active"] = active
        for contact in one["contacts"].values():
            if active and contact["asleep"]:
                contact.update(active=True, asleep=False)
            elif not active and contact["active"]:
                contact.update(active=False, asleep=True)

    @rule(at=choose, street=st.sampled_from(STREETS), main=st.booleans())
    def create_address(self, at: int, street: str, main: bool) -> None:
        client = self.pick(at)
        if client is None:
            return
        fields = {"line1": street, "city": "Québec", "postal_code": "G1K 7X2", "main": main}
        self.run(
            "address.create", lambda uow: addresses.create(uow, f"#{client}", fields, Context())
        )
        one = self.model["clients"][client]
        one["streets"].append(street)
        if main:
            one["main"] = street

    @rule(at=choose, text=st.sampled_from(["un", "deux"]))
    def create_note(self, at: int, text: str) -> None:
        client = self.pick(at)
        if client is None:
            return
        self.run(
            "note.create",
            lambda uow: notes.create(
                uow, f"#{client}", {"text": text}, Context(), [notes.File("a.txt", text.encode())]
            ),
        )
        self.model["clients"][client]["notes"].append(text)

    @rule(into=choose, which=st.lists(choose, min_size=1, max_size=3))
    def merge(self, into: int, which: list[int]) -> None:
        winner = self.pick(into)
        if winner is None:
            return
        losers = [self.living()[number % len(self.living())] for number in which]

        def work(uow: Any) -> Any:
            return merging.merge(uow, f"#{winner}", [f"#{loser}" for loser in losers])

        if len({winner, *losers}) <= len(losers):
            assert self.refused("client.merge", work) == "client.merge.same"
            return
        if not self.model["clients"][winner]["active"]:
            assert self.refused("client.merge", work) == "client.merge.inactive"
            return
        self.run("client.merge", work)
        for loser in losers:
            self._merge_model(winner, loser)
        people = self.model["clients"][winner]["contacts"]
        self.model["clients"][winner]["contacts"] = dict(sorted(people.items()))

    def _merge_model(self, winner: int, loser: int) -> None:
        one, other = self.model["clients"][winner], self.model["clients"][loser]
        self._merge_contacts(one, other)
        one["notes"] += other["notes"]
        one["tags"] |= other["tags"]
        for street in other["streets"]:
            if street not in one["streets"]:
                one["streets"].append(street)
        for former, owner in self.model["codes"].items():
            if owner == loser:
                self.model["codes"][former] = winner
        for client in self.model["clients"].values():
            if client["merged"] == loser:
                client["merged"] = winner
        other.update(
            active=False, merged=winner, contacts={}, notes=[], code=None, streets=[other["main"]]
        )

    def _merge_contacts(self, one: Model, other: Model) -> None:
        for flag in ("default", "billing"):
            if any(contact[flag] for contact in one["contacts"].values()):
                for contact in other["contacts"].values():
                    contact[flag] = False
        for number, contact in other["contacts"].items():
            if contact["asleep"]:
                contact.update(active=True, asleep=False)
            same = [c for c in one["contacts"].values() if c["email"] == contact["email"] != None]  # noqa: E711
            if not same:
                one["contacts"][number] = contact
                continue
            for flag in ("default", "billing"):
                same[0][flag] |= contact[flag]
            if contact["active"]:
                same[0].update(active=True, asleep=False)
                same[0]["copy"] |= contact["copy"]

    @rule()
    def undo(self) -> None:
        if self.before is None:
            return
        operation, before, model = self.before
        self.before = None
        self.store.run(
            lambda uow: undoing.undo(uow, operation), operation="journal.undo", undoes=operation
        )
        assert dump(self.store.conn) == before
        self.model = model

    # -- invariants -------------------------------------------------------------------------

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        conn = self.store.conn
        for client, one in self.model["clients"].items():
            (row,) = conn.query("SELECT * FROM client WHERE id = :id", id=client)
            assert (bool(row["active"]), row["merged_into_id"]) == (one["active"], one["merged"])
            if one["code"] is not None:
                assert row["code"] == one["code"]
                assert all(f'"{tag}"' in row["tags"] for tag in one["tags"])
            people = {
                c["id"]: {
                    "email": c["email"],
                    "active": bool(c["active"]),
                    "asleep": bool(c["deactivated_with"]),
                    "copy": bool(c["billing_copy"]),
                    "billing": bool(c["billing"]),
                    "default": bool(c["is_default"]),
                }
                for c in conn.query(
                    "SELECT * FROM contact WHERE client_id = :id ORDER BY id", id=client
                )
            }
            assert people == one["contacts"]
            told = conn.query("SELECT text FROM note WHERE client_id = :id", id=client)
            assert sorted(note["text"] for note in told) == sorted(one["notes"])
            there = conn.query("SELECT line1, main FROM address WHERE client_id = :id", id=client)
            assert sorted(a["line1"] for a in there) == sorted(one["streets"])
            assert [a["line1"] for a in there if a["main"]] == [one["main"]]

    @invariant()
    def codes_lead_where_they_should(self) -> None:
        for code, client in self.model["codes"].items():
            assert resolve(self.store.conn, code)[0] == client

    @invariant()
    def flags_and_recipients(self) -> None:
        for client, one in self.model["clients"].items():
            people = one["contacts"].values()
            assert sum(c["default"] for c in people) <= 1
            assert sum(c["billing"] for c in people) <= 1
            stored, _ = self.store.run(
                lambda uow, client=client: recipients(  # type: ignore[misc]
                    uow.contacts.entity(row) for row in uow.contacts.of_clients([client])[client]
                ),
                operation="look",
            )
            to = [c["email"] for c in people if c["billing"] and c["active"] and c["email"]]
            cc = [
                c["email"]
                for c in people
                if c["active"] and c["copy"] and not c["billing"] and c["email"]
            ]
            assert (list(stored.to), list(stored.cc)) == (to, cc)

    @invariant()
    def the_journal_verifies(self) -> None:
        assert list(journal.broken_links(self.store.conn)) == []

    def teardown(self) -> None:
        self.store.close()


def test_the_card(new_store: NewStore, engine: str) -> None:
    examples = share(settings().max_examples)
    run_state_machine_as_test(
        lambda: Card(new_store()),
        settings=settings(
            max_examples=examples if engine == "sqlite" else max(examples // 5, 1),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
