"""Contacts, and who receives invoices."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.contact import Contact, RecipientsAnswer, recipients
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import fold


def contact(number: int, **values: Any) -> Contact:
    email = f"c{number}@acme.ca"
    return Contact.build({"id": number, "name": f"C{number}", "email": email} | values, Context())


def test_a_contact() -> None:
    luc = Contact.build(
        {
            "name": " Luc ",
            "email": "Luc@ACME.ca",
            "phone": "514 555-0123 p. 3",
            "mobile": "",
            "language": "Anglais",
            "billing": "oui",
        },
        Context(),
    )
    assert (luc.name, luc.email, luc.phone) == ("Luc", "Luc@acme.ca", "+15145550123;ext=3")
    assert (luc.mobile, luc.language, luc.billing, luc.active) == (None, "en", True, True)
    for language in ({}, {"language": ""}, {"language": None}):
        assert Contact.build({"name": "Luc", **language}, Context()).language is None
    assert luc.revise({}, Context()) == luc


def test_a_name_is_required_and_an_email_checked() -> None:
    rules = Context()
    with pytest.raises(InvalidData) as caught:
        Contact.build({"name": "", "email": "x", "mobile": "911"}, rules)
    assert [e.code for e in caught.value.details] == ["field.missing", "email.format"]
    assert [w.path for w in rules.warnings] == ["mobile"]


def test_the_billing_contact_alone() -> None:
    found = recipients([contact(1), contact(2, billing=True)])
    assert (found.to, found.cc) == (("c2@acme.ca",), ())
    assert (found.complete, found.rule, found.reason) == (True, "billing_contact", None)
    assert found.message is None


def test_copies_without_doubles_in_the_order_of_ids() -> None:
    found = recipients(
        [
            contact(5, billing_copy=True),
            contact(4, billing_copy=True, email="C5@acme.ca"),
            contact(3, billing_copy=True, active=False),
            contact(2, billing=True, billing_copy=True),
            contact(1, billing_copy=True, email=None),
            contact(6, billing_copy=True, email="c2@ACME.ca"),
        ]
    )
    assert (found.to, found.cc) == (("c2@acme.ca",), ("C5@acme.ca",))
    assert found.rule == "billing_contact_and_copies"


@pytest.mark.parametrize(
    ("billing", "reason"),
    [
        ({}, "no_billing_contact"),
        ({"billing": True, "active": False}, "billing_contact_inactive"),
        ({"billing": True, "email": ""}, "billing_contact_without_email"),
    ],
)
def test_incomplete(billing: dict[str, Any], reason: str) -> None:
    found = recipients([contact(1, **billing), contact(2, billing_copy=True)])
    assert (found.to, found.cc) == ((), ("c2@acme.ca",))
    assert (found.complete, found.rule, found.reason) == (False, "incomplete", reason)
    assert found.message is not None


def test_nobody() -> None:
    assert recipients([]).reason == "no_billing_contact"


def test_each_contact_has_an_answer_and_its_reason() -> None:
    found = recipients(
        [
            contact(7, billing_copy=True, active=False),
            contact(6, billing=True),
            contact(5, billing_copy=True, email="C6@acme.ca"),
            contact(4, billing_copy=True, email=None),
            contact(3),
            contact(2, email=None),
            contact(1, billing_copy=True),
        ]
    )
    assert found.answers == (
        RecipientsAnswer(1, "C1", "c1@acme.ca", receives=True, why="billing_copy"),
        RecipientsAnswer(2, "C2", None, receives=False, why="not_ticked"),
        RecipientsAnswer(3, "C3", "c3@acme.ca", receives=False, why="not_ticked"),
        RecipientsAnswer(4, "C4", None, receives=False, why="no_email"),
        RecipientsAnswer(5, "C5", "C6@acme.ca", receives=False, why="same_email"),
        RecipientsAnswer(6, "C6", "c6@acme.ca", receives=True, why="billing_contact"),
        RecipientsAnswer(7, "C7", "c7@acme.ca", receives=False, why="inactive"),
    )


def test_a_billing_contact_that_cannot_receive_says_why() -> None:
    def answer(**values: Any) -> tuple[bool, str]:
        (one,) = recipients([contact(1, billing=True, **values)]).answers
        return one.receives, one.why

    assert answer(active=False) == (False, "inactive")
    assert answer(email=None) == (False, "no_email")


def test_a_contact_that_is_not_stored_yet_comes_last() -> None:
    new = contact(1, name="New", id=None, billing_copy=True)
    found = recipients([new, contact(2, billing_copy=True), contact(9, billing=True)])
    assert found.cc == ("c2@acme.ca", "c1@acme.ca")


people = st.builds(
    contact,
    st.integers(1, 9),
    email=st.sampled_from(["a@acme.ca", "A@acme.ca", "b@acme.ca", "c@acme.ca", None]),
    active=st.booleans(),
    billing_copy=st.booleans(),
)


@given(st.lists(people, max_size=7, unique_by=lambda c: c.id), st.integers(0, 9), st.randoms())
def test_recipients_hold(contacts: list[Contact], chosen: int, random: Any) -> None:
    for person in contacts:
        person.billing = person.id == chosen
    found = recipients(contacts)
    mixed = list(contacts)
    random.shuffle(mixed)
    assert recipients(mixed) == found
    everyone = [fold(email) for email in found.to + found.cc]
    assert len(everyone) == len(set(everyone))
    assert found.complete == (len(found.to) == 1)
    active = {c.email for c in contacts if c.active}
    assert set(found.to) | set(found.cc) <= active
    asked = {fold(c.email) for c in contacts if c.active and c.billing_copy and c.email}
    assert asked <= set(everyone)
    assert {fold(email) for email in found.cc} <= asked
