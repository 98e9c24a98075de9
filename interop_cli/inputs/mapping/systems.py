"""The systems whose lists of clients are known, by their columns; each has a ready mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interop_cli.domain.values.text import words
from interop_cli.inputs.mapping.loading import READY

SIGNS: dict[str, tuple[set[str], ...]] = {
    "quickbooks": (
        {"customer full name", "phone numbers", "bill address"},
        {"nom complet du client", "numeros de telephone", "adresse de facturation"},
        {"bill to 1", "main phone", "customer"},
    ),
    "sage50": ({"bill to address line one", "customer id"},),
    "hubspot": (
        {"record id", "company domain name"},
        {"nom de l entreprise", "nom de domaine de l entreprise"},
    ),
    "shopify": ({"default address address1", "customer id"},),
    "odoo": (
        {"external id", "complete name"},
        {"id externe", "nom complet", "rue"},
        {"complete name", "state id", "country id"},
        {"name", "state id", "country id"},
    ),
    "salesforce": (
        {"billingstreet", "billingpostalcode"},
        {"account name", "billing street", "billing zip postal code"},
        {"nom du compte", "rue de facturation", "code postal de facturation"},
    ),
    "xero": ({"poaddressline1", "accountnumber"},),
    "google": ({"e mail 1 value", "organization name"},),
    "outlook": ({"business street", "business phone"}, {"rue bureau", "telephone bureau"}),
    "dolibarr": ({"code client", "departement canton"}, {"customer code", "vendor code", "zip"}),
    "northwind": ({"customerid", "companyname", "contactname"},),
}
"""Columns that only the list of clients of one system has together, in each of its forms."""


def known_system(columns: Sequence[str]) -> str | None:
    """The system whose list of clients has these columns."""
    there = {words(column) for column in columns}
    known = ((name, one) for name, several in SIGNS.items() for one in several)
    return next((name for name, signs in known if signs <= there), None)


def written(name: str, said: Mapping[str, str]) -> Iterator[str]:
    """The lines of a ready mapping, and before its first entry what is ``said`` of the file."""
    lines = (READY / f"{name}.toml").read_text("utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line and not line.startswith("#"))
    yield from lines[:first]
    yield from (f"{key} = {value}" for key, value in said.items())
    yield from lines[first:]
