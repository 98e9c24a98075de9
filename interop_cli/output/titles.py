"""Titles of fields, for tables and cards; JSON keys and CSV headers stay the field names."""

from __future__ import annotations

from interop_cli.domain.messages import N_
from interop_cli.i18n import _
from interop_cli.output.sanitise import printable

# Those that capitalising the name would not make.
_SPECIAL = {
    "id": N_("Id"),
    "actual_cents": N_("Actual"),
    "amount_cents": N_("Amount"),
    "bill_to": N_("Billed to"),
    "bill_to_address": N_("Address of who pays"),
    "billing": N_("Billing contact"),
    "billing_copy": N_("Billing copy"),
    "computed_at": N_("Computed"),
    "created_at": N_("Created"),
    "email": N_("E-mail"),
    "external_id": N_("External id"),
    "gst": N_("GST"),
    "hubspot_synced": N_("In HubSpot"),
    "line1": N_("Address line"),
    "line2": N_("Address line 2"),
    "main": N_("Main address"),
    "neq": N_("NEQ"),
    "qst": N_("QST"),
    "ship_to": N_("Shipped to"),
    "sold_to_address": N_("Client's address"),
    "stored_cents": N_("Stored"),
    "difference_cents": N_("Difference"),
    "subtotal_cents": N_("Subtotal"),
    "tax_cents": N_("Taxes"),
    "title": N_("Job title"),
    "total_cents": N_("Total"),
    "updated_at": N_("Updated"),
}
_PLAIN = (
    N_("Active"),
    N_("Addresses"),
    N_("Attachments"),
    N_("Attention"),
    N_("Author"),
    N_("Basis"),
    N_("Category"),
    N_("City"),
    N_("Client"),
    N_("Code"),
    N_("Contact"),
    N_("Contacts"),
    N_("Corrects"),
    N_("Country"),
    N_("Currency"),
    N_("Date"),
    N_("Default"),
    N_("Documents"),
    N_("Due date"),
    N_("Instructions"),
    N_("Invoices"),
    N_("Key"),
    N_("Kind"),
    N_("Label"),
    N_("Language"),
    N_("Last invoice"),
    N_("Mobile"),
    N_("Name"),
    N_("Notes"),
    N_("Number"),
    N_("Phone"),
    N_("Place of supply"),
    N_("Postal code"),
    N_("Prospect"),
    N_("Province"),
    N_("Sales"),
    N_("Shipper identity"),
    N_("Stale"),
    N_("Status"),
    N_("Stored invoices"),
    N_("Sync"),
    N_("Tags"),
    N_("Terms"),
    N_("Text"),
    N_("Version"),
    N_("Website"),
    N_("Year"),
)
_OF_SYNC = (
    N_("Action"),
    N_("Awaiting"),
    N_("Blocked"),
    N_("Conflict"),
    N_("Detached"),
    N_("Drift"),
    N_("Duration ms"),
    N_("Empty"),
    N_("Entity"),
    N_("Error"),
    N_("Failed"),
    N_("Field"),
    N_("Fields"),
    N_("How"),
    N_("Http status"),
    N_("In sync"),
    N_("Introduced"),
    N_("Made"),
    N_("Max length"),
    N_("Message"),
    N_("Need"),
    N_("Ours"),
    N_("Outcome"),
    N_("Paused"),
    N_("Paused by"),
    N_("Paused until"),
    N_("Pending"),
    N_("Pulled at"),
    N_("Pushed"),
    N_("Pushed at"),
    N_("Reason"),
    N_("Remote id"),
    N_("Remote name"),
    N_("Role"),
    N_("Secret"),
    N_("Sent"),
    N_("Settings"),
    N_("Target"),
    N_("Theirs"),
    N_("Unknown"),
    N_("Waits for"),
    N_("What"),
)
TITLES = {title.lower().replace(" ", "_"): title for title in (*_PLAIN, *_OF_SYNC)} | _SPECIAL


def title(name: str) -> str:
    """The title of a field in the user's language; of ``contacts.email``: ``Contacts: E-mail``.

    A name that is not in the list is made readable and stays as it is in every language.
    """
    return printable(": ".join(_one(part) for part in name.split(".")))


def _one(name: str) -> str:
    known = TITLES.get(name)
    return _(known) if known else name.removesuffix("_cents").replace("_", " ").capitalize()
