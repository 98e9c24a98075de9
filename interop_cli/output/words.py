"""The user's words for what programs read: kinds, states, outcomes, and titles of fields.

JSON keys and CSV headers stay the field names, and JSON and CSV keep the values. What agrees with
its noun in French has two msgids, told apart by what stands before the bar (``i18n.word``); nouns
agree with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from interop_cli.domain.fields import ENTITIES
from interop_cli.domain.messages import N_
from interop_cli.i18n import _, labelled, word
from interop_cli.output.sanitise import printable

Forms = str | tuple[str, str]  # for all, or for a masculine and for a feminine noun
Words = Mapping[str, Forms]

_ROLES = {
    "viewer": N_("viewer"),
    "editor": N_("editor"),
    "manager": N_("manager"),
    "admin": N_("admin"),
    "accounting": N_("accounting"),
    "crm": N_("CRM"),
}
_KINDS = {
    "quote": N_("quote"),
    "job": N_("job"),
    "packing_slip": N_("packing slip"),
    "invoice": N_("invoice"),
    "credit_note": N_("credit note"),
    "change": N_("change"),
}
_LANGUAGES = {"fr": N_("French"), "en": N_("English")}
_ENTITIES = {
    **_KINDS,
    "client": N_("client"),
    "contact": N_("contact"),
    "address": N_("address"),
    "note": N_("note"),
    "attachment": N_("attachment"),
    "document": N_("document"),
    "document_line": N_("line"),
    "setting": N_("setting"),
    "user_role": N_("role"),
    "counter": N_("numbering"),
    "sync_target": N_("target"),
    "sync_link": N_("link"),
    "mailing": N_("e-mail"),
}
_STATUSES: Words = {
    "draft": N_("draft"),
    "posted": (N_("masculine|posted"), N_("feminine|posted")),
    "void": (N_("masculine|void"), N_("feminine|void")),
    "ok": N_("ok"),
    "unchanged": (N_("masculine|unchanged"), N_("feminine|unchanged")),
    "skipped": (N_("masculine|skipped"), N_("feminine|skipped")),
    "error": N_("error"),
}
_ACTIONS: Words = {
    "created": (N_("masculine|created"), N_("feminine|created")),
    "updated": (N_("masculine|updated"), N_("feminine|updated")),
    "unchanged": _STATUSES["unchanged"],
    "kept": (N_("masculine|kept"), N_("feminine|kept")),
    "merged": (N_("masculine|merged"), N_("feminine|merged")),
    "deleted": (N_("masculine|deleted"), N_("feminine|deleted")),
    "restored": (N_("masculine|restored"), N_("feminine|restored")),
    # Nouns in French, for what is done as for what is to be done.
    "insert": N_("action|insert"),
    "update": N_("action|update"),
    "delete": N_("action|delete"),
    "create": N_("action|create"),
    "rename": N_("action|rename"),
    "deactivate": N_("action|deactivate"),
    "merge": N_("action|merge"),
    "erase": N_("action|erase"),
    "by_hand": N_("action|by hand"),
    "check": N_("action|check"),
    "skip": N_("action|skip"),
    "blocked": N_("action|blocked"),
    "ack": N_("action|ack"),
    "link": N_("action|link"),
}
_STATES: Words = {
    "none": N_("state|none"),
    "pending": N_("state|pending"),
    "claimed": N_("state|claimed"),
    "unknown": N_("state|unknown"),
    "in_sync": N_("state|in sync"),
    "failed": N_("state|failed"),
    "conflict": N_("state|conflict"),
    "detached": N_("state|detached"),
    "excluded": N_("state|excluded"),
    "awaiting": N_("state|awaiting"),
    "blocked": _ACTIONS["blocked"],
    "ok": _STATUSES["ok"],
}
_DONE: Words = {
    "insert": (N_("masculine|added"), N_("feminine|added")),
    "update": (N_("masculine|changed"), N_("feminine|changed")),
    "delete": (N_("masculine|deleted"), N_("feminine|deleted")),
}
WORDS: dict[str, Words] = {
    "done": _DONE,  # the actions of what is past
    "kind": _KINDS,
    "entity": _ENTITIES,
    "status": _STATUSES,
    "action": _ACTIONS,
    "state": _STATES,
    "outcome": {**_STATES, "done": N_("outcome|done"), "late": N_("outcome|late")},
    "language": _LANGUAGES,
    "mailed": {
        "sent": N_("mailed|sent"),
        "failed": N_("mailed|failed"),
        "unknown": N_("mailed|unknown"),
    },
    "shipper_identity": {
        "standard": N_("shipper|standard"),
        "client": N_("shipper|client"),
        "none": N_("shipper|none"),
    },
    "basis": {"sold-to": N_("sold-to"), "bill-to": N_("bill-to")},
    "need": {
        "required": N_("need|required"),
        "optional": N_("need|optional"),
        "unsupported": N_("need|unsupported"),
    },
    "wins": {
        "ask": N_("wins|ask"),
        "ours": N_("wins|ours"),
        "theirs": N_("wins|theirs"),
        "create-only": N_("wins|create-only"),
    },
    "what": {  # became of a record there
        "changed": N_("what|changed"),
        "merged": N_("what|merged"),
        "deleted": N_("what|deleted"),
        "orphan": N_("how|orphan"),
    },
    "how": {  # a record there was found, or is to come in
        "key": N_("how|key"),
        "email": N_("how|e-mail"),
        "name": N_("how|name"),
        "ambiguous": N_("how|ambiguous"),
        "new": N_("how|new"),
        "orphan": N_("how|orphan"),
        "without_client": N_("how|without its client"),
        "refused": N_("how|refused"),
    },
    "severity": {
        "error": N_("error"),
        "warning": N_("severity|warning"),
        "info": N_("severity|info"),
    },
    "role": _ROLES,
    "origin": {
        "option": N_("origin|option"),
        "environment": N_("origin|environment"),
        "company": N_("origin|company"),
        "file": N_("origin|file"),
        "keyring": N_("origin|keyring"),
        "default": N_("origin|default"),
    },
}
"""The words for the values of a column, by its name."""

FEMININE = frozenset(
    {"quote", "invoice", "credit_note", "address", "note", "attachment", "document_line", "line"}
)
"""What the French call by a feminine noun."""


def vocabulary(name: str) -> Words | None:
    """The words for the values of the column called ``name``, where there are any."""
    return WORDS.get(name)


def said(words: Words, value: object, of: object = None, *, feminine: bool = False) -> object:
    """The word for ``value``, agreeing with what it is said of; any other value as it is."""
    forms = words.get(value) if isinstance(value, str) else None
    if forms is None:
        return value
    if isinstance(forms, str):
        return word(forms)
    return word(forms[of in FEMININE if isinstance(of, str) else feminine])


def spoken(name: str, value: str, of: str | None = None) -> str:
    """The word for a value of the column ``name``."""
    return str(said(WORDS[name], value, of))


OPERATIONS = (
    N_("address.create"),
    N_("address.delete"),
    N_("address.edit"),
    N_("address.import"),
    N_("address.main"),
    N_("auto.push"),
    N_("client.activate"),
    N_("client.apply"),
    N_("client.create"),
    N_("client.deactivate"),
    N_("client.delete"),
    N_("client.edit"),
    N_("client.import"),
    N_("client.logo"),
    N_("client.merge"),
    N_("client.promote"),
    N_("client.recode"),
    N_("client.send"),
    N_("config.logo"),
    N_("config.set"),
    N_("config.unset"),
    N_("contact.activate"),
    N_("contact.billing"),
    N_("contact.create"),
    N_("contact.deactivate"),
    N_("contact.default"),
    N_("contact.delete"),
    N_("contact.edit"),
    N_("contact.erase"),
    N_("contact.import"),
    N_("db.seed"),
    N_("journal.undo"),
    N_("note.attach"),
    N_("note.create"),
    N_("note.delete"),
    N_("note.detach"),
    N_("note.edit"),
    N_("note.import"),
    N_("sales.document.add"),
    N_("sales.document.void"),
    N_("sales.import"),
    N_("sales.invoice.create"),
    N_("sales.invoice.credit"),
    N_("sales.invoice.post"),
    N_("sales.invoice.send"),
    N_("sales.refresh"),
    N_("sync.ack"),
    N_("sync.add"),
    N_("sync.configure"),
    N_("sync.connect"),
    N_("sync.export"),
    N_("sync.link"),
    N_("sync.pull"),
    N_("sync.push"),
    N_("sync.remove"),
    N_("sync.resolve"),
    N_("sync.retry"),
    N_("sync.unlink"),
    N_("user.remove"),
    N_("user.set"),
)


def operation_named(name: str) -> str:
    """What an operation is called: by its name in English, which scripts know it by."""
    return _(name) if name in OPERATIONS else name


def is_feminine(operation: str) -> bool:
    """Whether what an operation writes is called by a feminine noun."""
    return any(part in FEMININE for part in operation.split("."))


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
