"""Contacts as vCards, version 3 or 4, for address books and telephones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import msg
from interop_cli.output.columns import ColumnChoice, Row
from interop_cli.output.sanitise import printable

VERSIONS = {"vcard": "3.0", "vcard4": "4.0"}
"""The formats, and the version of each."""
COMPANY = "client_name"
"""The column with the name of a contact's client, where there is one."""


def card_rows(
    choices: Sequence[ColumnChoice],
    batches: Iterable[Sequence[Row]],
    version: str,
    *,
    terminal: bool = False,
) -> Iterator[str]:
    """The cards of rows of contacts; a terminal gets what it may show."""
    for batch in batches:
        cards = ({one.name: row[one.at] for one in choices} for row in batch)
        text = "".join(card(contact, version) for contact in cards)
        yield "\n".join(map(printable, text.splitlines())) + "\n" if terminal and text else text


def no_contact() -> UsageError:
    """What was asked for is no list of contacts, or not whole ones."""
    return UsageError(
        "output.vcard",
        msg("Only contacts go out as vCards, and whole ones: without --fields."),
        hint=msg("interop contact list -o vcard"),
    )


def card(contact: Mapping[str, Any], version: str) -> str:
    """One card."""
    from vobjectx import vCard
    from vobjectx.vcard import Name

    made = vCard()
    made.add("version").value = version
    name = str(contact["name"])
    given, _space, family = name.rpartition(" ")
    made.add("n").value = Name(family=family, given=given)
    made.add("fn").value = name
    for field, prop in (("title", "title"), ("client", "x-interop-client"), ("language", "lang")):
        if contact.get(field):
            made.add(prop).value = str(contact[field])
    if contact.get(COMPANY):
        made.add("org").value = [str(contact[COMPANY])]
    if contact.get("email"):
        made.add("email").value = str(contact["email"])
    for field, kind in (("phone", "work"), ("mobile", "cell")):
        if contact.get(field):
            _telephone(made.add("tel"), str(contact[field]), kind, version)
    if contact.get("uid"):
        made.add("uid").value = f"urn:uuid:{contact['uid']}"
    text: str = made.serialize()
    return text


def _telephone(prop: Any, stored: str, kind: str, version: str) -> None:
    """A number as it is stored; version 4 has it as an address, where it is one."""
    prop.params["TYPE"] = [kind]
    if version == "4.0" and stored.startswith("+"):
        prop.params["VALUE"] = ["uri"]
        prop.value = f"tel:{stored}"
    else:
        prop.value = stored.replace(";ext=", " ext. ")
