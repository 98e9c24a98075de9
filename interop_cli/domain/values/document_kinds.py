"""The kinds of documents, their status, and the words people write for them."""

from __future__ import annotations

from interop_cli.domain.messages import N_

KINDS = {
    "quote": "quote", "soumission": "quote", "devis": "quote", "job": "job", "dossier": "job",
    "dossier de production": "job", "packing_slip": "packing_slip", "packing slip": "packing_slip",
    "packing": "packing_slip", "bon d'expedition": "packing_slip",
    "bon d’expedition": "packing_slip", "invoice": "invoice", "facture": "invoice",
    "credit_note": "credit_note", "credit note": "credit_note", "credit": "credit_note",
    "note de credit": "credit_note",
}  # fmt: skip
KIND_NAMES = ("quote", "job", "packing_slip", "invoice", "credit_note")
KIND_TITLES = {
    "quote": N_("Quotes"),
    "job": N_("Jobs"),
    "packing_slip": N_("Packing slips"),
    "invoice": N_("Invoices"),
    "credit_note": N_("Credit notes"),
}
KIND_TITLE = {
    "quote": N_("Quote"),
    "job": N_("Job"),
    "packing_slip": N_("Packing slip"),
    "invoice": N_("Invoice"),
    "credit_note": N_("Credit note"),
}
# What keeps something from being deleted, as people read it: documents and the rest.
USER_TITLES = {
    **KIND_TITLES,
    "attachment": N_("Attachments"),
    "bill_to": N_("Clients billed to it"),
    "billing": N_("Billing contact"),
    "main": N_("Main address"),
    "merged": N_("Clients merged into it"),
    "sync": N_("Linked with"),
}
# What an ERP calls them: a draft does not count yet, a void document no longer.
STATUSES = {
    "draft": "draft", "brouillon": "draft", "en calcul": "draft", "posted": "posted",
    "emise": "posted", "emis": "posted", "sent": "posted", "envoyee": "posted",
    "imprimee": "posted", "lancee": "posted", "paid": "posted", "payee": "posted", "void": "void",
    "annulee": "void", "annule": "void", "cancelled": "void", "canceled": "void",
}  # fmt: skip
STATUS_NAMES = ("draft", "posted", "void")

# Those that count in the sales, and so must say for how much.
SOLD = frozenset({"invoice", "credit_note"})
