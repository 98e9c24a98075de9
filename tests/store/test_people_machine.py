"""Anything done to clients, contacts, addresses and notes, against a model of dicts.

What the services do is compared with a few lines of Python after every step; and whatever was
done last can be undone, which brings back the exact rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from interop_cli.domain.contact import Contact, recipients
from interop_cli.domain.errors import Conflict
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome
from interop_cli.services.clients import status
from interop_cli.services.clients.bulk import Selector
from interop_cli.services.people import addresses, contacts, notes
from interop_cli.services.undoing import undo
from interop_cli.store.reading import contacts as views
from interop_cli.store.store import Store
from interop_cli.store.writing import journal
from interop_cli.store.writing.unit_of_work import UnitOfWork
from tests.support.campaigns import share
from tests.support.stores import Dump, add_client, dump

CODES = ("ONE", "TWO")
EMAILS = ("a@x.ca", "A@x.ca", "b@x.ca", "")
FLAGS = ("default", "billing")


class People(RuleBasedStateMachine):
    """``model`` has each contact by id: client, active, asleep, flags, e-mail."""

    store: Store
    history: list[tuple[int, Dump, dict[int, dict[str, Any]], dict[str, bool]]]

    @initialize()
    def begin(self) -> None:
        self.history = []
        self.model: dict[int, dict[str, Any]] = {}
        self.active = dict.fromkeys(CODES, True)
        self.store.run(_empty, operation="test")  # what the last example left
        for code in CODES:
            add_client(self.store, code, code=code)

    def do(self, work: Callable[[UnitOfWork], Outcome]) -> Outcome | None:
        """Run a service; what it refuses must leave everything as it was."""
        before, model, active = dump(self.store.conn), _copied(self.model), dict(self.active)
        try:
            outcome, operation = self.store.run(work, operation="test")
        except Conflict:
            assert dump(self.store.conn) == before
            return None
        if operation is not None:
            self.history.append((operation, before, model, active))
        else:
            assert dump(self.store.conn) == before
        return outcome

    def of(self, code: str) -> list[dict[str, Any]]:
        return [person for person in self.model.values() if person["client"] == code]

    def give(self, contact_id: int, flag: str) -> None:
        for person in self.of(self.model[contact_id]["client"]):
            person[flag] = False
        self.model[contact_id][flag] = True

    # -- contacts ---------------------------------------------------------------------------

    @rule(
        code=st.sampled_from(CODES),
        email=st.sampled_from(EMAILS),
        default=st.sampled_from([None, True, False]),
        billing=st.booleans(),
        billing_copy=st.booleans(),
    )
    def create(self, code: str, email: str, **flags: Any) -> None:
        taken = {person["email"].casefold() for person in self.of(code)} - {""}
        stood = any(person["active"] or person["asleep"] for person in self.of(code))
        values = {"name": "x", "email": email, **flags}
        outcome = self.do(lambda uow: contacts.create(uow, code, values, Context()))
        assert (outcome is None) == (email.casefold() in taken)
        if outcome is None:
            return
        contact_id = outcome.items[0]["id"]
        self.model[contact_id] = {
            "client": code,
            "email": email,
            "active": self.active[code],
            "asleep": not self.active[code],
            "default": False,
            "billing": False,
            "billing_copy": flags["billing_copy"],
        }
        if flags["default"] or (flags["default"] is None and not stood):
            self.give(contact_id, "default")
        if flags["billing"]:
            self.give(contact_id, "billing")

    @precondition(lambda self: self.model)
    @rule(data=st.data(), flag=st.sampled_from(FLAGS), on=st.booleans())
    def flag(self, data: st.DataObject, flag: str, on: bool) -> None:
        contact_id = data.draw(st.sampled_from(sorted(self.model)))
        person = self.model[contact_id]
        outcome = self.do(lambda uow: contacts.set_flag(uow, contact_id, flag, on=on))
        allowed = not on or person[flag] or person["active"] or person["asleep"]
        assert (outcome is not None) == allowed
        if outcome and on:
            self.give(contact_id, flag)
        elif outcome:
            person[flag] = False

    @precondition(lambda self: self.model)
    @rule(data=st.data(), active=st.booleans())
    def set_active(self, data: st.DataObject, active: bool) -> None:
        contact_id = data.draw(st.sampled_from(sorted(self.model)))
        person = self.model[contact_id]
        if not active:
            self.do(lambda uow: contacts.deactivate(uow, [contact_id], Context()))
            person.update(active=False, asleep=False)
            return
        outcome = self.do(lambda uow: contacts.activate(uow, [contact_id]))
        assert (outcome is not None) == self.active[person["client"]]
        if outcome and not person["active"]:
            others = [other for other in self.of(person["client"]) if other is not person]
            if not any(other["default"] or other["active"] for other in others):
                self.give(contact_id, "default")
            person["active"] = True

    @precondition(lambda self: self.model)
    @rule(data=st.data(), or_deactivate=st.booleans())
    def delete(self, data: st.DataObject, or_deactivate: bool) -> None:
        contact_id = data.draw(st.sampled_from(sorted(self.model)))
        outcome = self.do(
            lambda uow: contacts.delete(uow, [contact_id], Context(), or_deactivate=or_deactivate)
        )
        if not self.model[contact_id]["billing"]:
            del self.model[contact_id]
        elif or_deactivate:
            self.model[contact_id].update(active=False, asleep=False)
        else:
            assert outcome is None

    # -- clients, addresses, notes ----------------------------------------------------------

    @rule(code=st.sampled_from(CODES), active=st.booleans())
    def client(self, code: str, active: bool) -> None:
        service = status.activate if active else status.deactivate
        self.do(lambda uow: service(uow, Selector(keys=[(1, code)])))
        for person in self.of(code) if active != self.active[code] else []:
            if active and person["asleep"]:
                person.update(active=True, asleep=False)
            elif not active and person["active"]:
                person.update(active=False, asleep=True)
        self.active[code] = active

    @rule(code=st.sampled_from(CODES), main=st.booleans())
    def address(self, code: str, main: bool) -> None:
        place = {"line1": "1 rue B", "city": "Alma", "postal_code": "G8B 1A1", "main": main}
        self.do(lambda uow: addresses.create(uow, code, place, Context()))

    @rule(data=st.data(), delete=st.booleans())
    def move(self, data: st.DataObject, delete: bool) -> None:
        rows = self.store.conn.query("SELECT id FROM address ORDER BY id")
        address_id = data.draw(st.sampled_from([row["id"] for row in rows]))
        self.do(
            lambda uow: (
                addresses.delete(uow, [address_id])
                if delete
                else addresses.make_main(uow, address_id)
            )
        )

    @rule(code=st.sampled_from(CODES), files=st.integers(0, 2))
    def note(self, code: str, files: int) -> None:
        from interop_cli.services.people.notes import File

        attached = [File(f"{number}.txt", b"content") for number in range(files)]
        self.do(lambda uow: notes.create(uow, code, {"text": "x"}, Context(), attached))

    # -- undo -------------------------------------------------------------------------------

    @precondition(lambda self: self.history)
    @rule()
    def take_back(self) -> None:
        operation, before, self.model, self.active = self.history.pop()
        self.store.run(lambda uow: undo(uow, operation), operation="undo", undoes=operation)
        assert dump(self.store.conn) == before

    # -- what always holds ------------------------------------------------------------------

    @invariant()
    def contacts_are_as_the_model_says(self) -> None:
        rows = self.store.conn.query("SELECT * FROM contact")
        found = {
            row["id"]: {
                "client": self.codes[row["client_id"]],
                "email": row["email"] or "",
                "active": bool(row["active"]),
                "asleep": bool(row["deactivated_with"]),
                "default": bool(row["is_default"]),
                "billing": bool(row["billing"]),
                "billing_copy": bool(row["billing_copy"]),
            }
            for row in rows
        }
        assert found == self.model

    @invariant()
    def invoices_reach_whom_the_rule_says(self) -> None:
        for client_id, code in self.codes.items():
            people = views.nested(self.store.conn, [client_id])[client_id]
            answer = recipients(Contact.stored(person) for person in people)
            billing = [p["email"] for p in self.of(code) if p["billing"] and p["active"]]
            assert list(answer.to) == [email for email in billing if email]
            copies = {
                p["email"].casefold()
                for p in self.of(code)
                if p["billing_copy"] and p["active"] and p["email"]
            }
            assert {email.casefold() for email in answer.cc} == copies - {
                email.casefold() for email in answer.to
            }

    @invariant()
    def each_client_has_one_main_address(self) -> None:
        mains = self.store.conn.query("SELECT client_id FROM address WHERE main = 1")
        assert sorted(row["client_id"] for row in mains) == sorted(self.codes)

    def teardown(self) -> None:
        assert not list(journal.broken_links(self.store.conn))

    @property
    def codes(self) -> dict[int, str]:
        rows = self.store.conn.query("SELECT id, code FROM client")
        return {row["id"]: row["code"] for row in rows}


def _empty(uow: UnitOfWork) -> None:
    for table in ("attachment", "note", "contact", "address", "client_code", "client"):
        uow.writer.delete(table, "TRUE")


def _copied(model: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {contact_id: dict(person) for contact_id, person in model.items()}


def test_people(store: Store) -> None:
    class OnThisEngine(People):
        pass

    OnThisEngine.store = store
    run_state_machine_as_test(
        OnThisEngine,
        settings=settings(
            max_examples=share(15),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # To shrink a failing run takes minutes; its steps are printed as they are.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
