"""Titles of fields, for tables and cards; JSON keys and CSV headers stay the field names."""

from __future__ import annotations

from functools import reduce

from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled
from interop_cli.output.sanitise import printable

# Of what is no field of an entity: those that capitalising the name would not make.
_SPECIAL = {
    "actual_cents": N_("Actual"),
    "computed_at": N_("Computed"),
    "stored_cents": N_("Stored"),
    "difference_cents": N_("Difference"),
}
_PLAIN = (
    N_("Action"), N_("Active clients"), N_("Actor"), N_("Addresses"), N_("After"), N_("Applied"),
    N_("At"), N_("Awaiting"), N_("Backup"), N_("Basis"), N_("Before"), N_("Blocked"), N_("By"),
    N_("Bytes"), N_("Changes"), N_("Checked"), N_("Choices"), N_("Client name"), N_("Clients"),
    N_("Command"),
    N_("Conflict"), N_("Contacts"), N_("Counts"), N_("Database"), N_("Detached"), N_("Documents"),
    N_("Drift"), N_("Duration ms"), N_("Empty"), N_("Enforced"), N_("Engine"), N_("Entity id"),
    N_("Entity"), N_("Error"), N_("Excluded"), N_("Failed"), N_("Failures"), N_("Field"),
    N_("Fields"), N_("File"), N_("First year"), N_("Fix"), N_("Formatted"), N_("Former code"),
    N_("Former codes"), N_("How"), N_("Http status"), N_("In sync"), N_("Inactive clients"),
    N_("Introduced"), N_("Invoices"), N_("Items"), N_("Journal mode"), N_("Journal"), N_("Kept"),
    N_("Key"), N_("Last invoice"), N_("Last year"), N_("Latest"), N_("Left out"), N_("Left"),
    N_("Line"), N_("Location"),
    N_("Made"), N_("Mail off"), N_("Mailed"),
    N_("Max length"), N_("Message"), N_("Namesakes"), N_("Need"), N_("Note"),
    N_("Notes"), N_("Offered"), N_("Operation id"), N_("Operation"), N_("Operations"), N_("Origin"),
    N_("Other name"), N_("Other"), N_("Others"), N_("Ours"), N_("Outcome"), N_("Pattern"),
    N_("Paused by"), N_("Paused until"), N_("Paused"), N_("Pending"), N_("Pick"), N_("Prospects"),
    N_("Pulled at"), N_("Pushed at"), N_("Pushed"), N_("Reason"), N_("Reasons"), N_("Reference"),
    N_("Remote"), N_("Remote id"), N_("Remote name"), N_("Request id"), N_("Restored from"),
    N_("Rights"),
    N_("Role"), N_("Run"), N_("Sales"), N_("Schema step"), N_("Score"), N_("Secret"), N_("Sent"),
    N_("Settings"), N_("Severity"), N_("Sha256"), N_("Size"), N_("Stale"), N_("Stored invoices"),
    N_("Sync"), N_("Target"), N_("Targets"), N_("Theirs"), N_("Tool"), N_("Type"),
    N_("Uid"), N_("Undoes"),
    N_("Undone by"),
    N_("Attention"), N_("By hand"), N_("Eligible"), N_("Irreversible"), N_("Login until"),
    N_("Orphans"),
    N_("Admin"), N_("Broken"), N_("Dropped"), N_("Migrated"), N_("Moved"), N_("Moved to"),
    N_("Rows"), N_("Source"), N_("Tables"),
    N_("Unknown"), N_("Value"), N_("Waits for"), N_("What"), N_("Wins"), N_("Year"),
)  # fmt: skip
_FIELDS = {field.name: field.title for of in ENTITIES.values() for field in of if field.title}
TITLES = _FIELDS | {title.lower().replace(" ", "_"): title for title in _PLAIN} | _SPECIAL


def title(name: str) -> str:
    """The title of a field in the user's language; of ``contacts.email``: ``Contacts: E-mail``.

    A name that is not in the list is made readable and stays as it is in every language.
    """
    return printable(reduce(labelled, map(_one, name.split("."))))


# What many rows of a table are called.
_MANY = {
    "address": "addresses",
    "attachment": "attachments",
    "client": "clients",
    "contact": "contacts",
    "document": "documents",
    "document_line": "lines",
    "note": "notes",
    "sync_link": "sync",
}


def counted_rows(kind: str, count: object) -> str:
    """``Contacts: 3``, of the rows of a table."""
    return labelled(title(_MANY.get(kind, kind)), str(count))


def _one(name: str) -> str:
    known = TITLES.get(name)
    return _(known) if known else name.removesuffix("_cents").replace("_", " ").capitalize()
