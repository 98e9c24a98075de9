"""What others call our fields, in English and in French, and what their words mean.

Headings are compared by their letters and digits: ``E-mail address`` is ``e mail address``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from interop_cli.domain.fields import PLACE
from interop_cli.domain.values.text import words

FIRST_NAME = "first name"
LAST_NAME = "last name"
"""Parts of a name, which is no field of ours."""

_PLACE = {
    "line1": "address, adresse, street, rue, street address, address 1, adresse 1, address line 1,"
    " street 1, street line 1, ligne 1, billing street, billing address 1, bill to street,"
    " adresse civique, address1, addr1,"
    " address line one, line one, line 1",
    "line2": "address 2, adresse 2, address line 2, street 2, street address 2, ligne 2, rue 2,"
    " bureau, suite, unit, apt, app, appartement, local, address2, addr2, address line two,"
    " line two, line 2",
    "city": "city, ville, town, municipalite, localite, billing city, bill to city, city town",
    "province": "province, prov, state, state id, etat, region, state province, province state,"
    " province etat, etat province, etat region, state region, province code, billing state,"
    " billing province, bill to state, departement canton, dep region",
    "postal_code": "postal code, code postal, postal, postcode, post code, cp, zip, zip code,"
    " zip postal code, code zip, billing zip, billing postal code, bill to zip",
    "country": "country, pays, country code, code pays, country region, billing country,"
    " pays region, country id",
    "full_address": "full address, billing address, bill address, bill to address,"
    " adresse complete, mailing address, adresse postale, adresse de facturation",
}
_SHIPPING = {
    "address.line1": "shipping street, shipping address 1, ship to street, ship to address 1,"
    " shipping address line 1, rue livraison, adresse livraison 1",
    "address.line2": "shipping address 2, ship to address 2, shipping address line 2",
    "address.city": "shipping city, ship to city, ville livraison, ville de livraison",
    "address.province": "shipping state, shipping province, ship to state, province livraison",
    "address.postal_code": "shipping zip, shipping postal code, ship to zip, ship to postal code,"
    " code postal livraison",
    "address.country": "shipping country, ship to country, pays livraison",
    "address.full_address": "shipping address, ship address, ship to address, ship to, delivery"
    " address, adresse de livraison, adresse d expedition",
}
_REACHED = {
    "email": "email, e mail, email address, e mail address, courriel, adresse courriel, mail,"
    " adresse de messagerie, adresse e mail, customer e mail, main email, courriel principal",
    "phone": "phone, telephone, tel, phone number, telephone number, numero de telephone,"
    " numeros de telephone,"
    " no de telephone, no telephone, phone 1, telephone 1, tel 1, main phone, business phone,"
    " work phone, office phone, phone numbers, telephone bureau, tel bureau",
}
_NAMES = {
    FIRST_NAME: "first name, firstname, prenom, given name, contact first name, first",
    LAST_NAME: "last name, lastname, nom de famille, family name, surname, contact last name, last",
}
_CODE = (
    "code, client code, customer code, code client, code du client, no client, no de client,"
    " n client, numero, numero client, numero de client, customer id, customer no,"
    " customer number, client id, client no, client number, account, account number, account no,"
    " account id, compte, no de compte, no compte, id client, customer account"
)
_CLIENT = {
    "code": _CODE,
    "external_id": "id, record id, external id, identifiant, uid externe, id externe,"
    " identifiant externe, id de fiche d informations, id de la fiche d informations",
    "name": "name, company, company name, customer, client, customer name, client name, nom,"
    " nom du client, nom client, raison sociale, societe, entreprise, compagnie, organization,"
    " organisation, organization name, account name, business name, nom de l entreprise,"
    " nom de compagnie, customer full name, display name, complete name, nom legal,"
    " nom complet du client, nom du compte, nom affiche, nom d affichage",
    **_REACHED,
    **_PLACE,
    **_SHIPPING,
    **_NAMES,
    "website": "website, web, site, site web, url, web site, web page, page web, website url,"
    " url du site web, lien du site web, website link",
    "contact.name": "contact, contact name, contact person, person, personne, nom du contact,"
    " personne contact, personne ressource, responsable, full name, main contact, attention",
    "contact.title": "title, job title, titre, fonction, poste, titre d emploi, contact title",
    "contact.mobile": "mobile, mobile phone, mobile number, cell, cell phone, cellulaire,"
    " tel cellulaire, telephone mobile, tel mobile, mobile phone number",
    "language": "language, langue, preferred language, langue de correspondance",
    "currency": "currency, devise, monnaie, currency code",
    "terms": "terms, payment terms, termes, conditions, modalites, conditions de paiement,"
    " modalites de paiement, termes de paiement",
    "active": "active, actif, is active, est actif",
    "prospect": "prospect, is prospect",
    "gst": "gst, tps, gst hst, tps tvh, gst number, no tps, numero tps, n tps, tax number",
    "qst": "qst, tvq, qst number, no tvq, numero tvq, n tvq",
    "neq": "neq, numero d entreprise du quebec",
    "tags": "tags, tag, categories, category, categorie, mots cles, etiquettes, groupes, groups,"
    " labels, keywords",
    "note.text": "notes, note, comments, comment, commentaires, commentaire, remarques, remarque,"
    " memo, observations",
}
_OF_COMPANY = (
    "company, company name, customer, client, societe, entreprise, compagnie, organization,"
    " organisation, account name, client name, customer name, nom du client, associated company,"
    " related company, raison sociale"
)
_BELONGS = {"client": _CODE, "client.name": _OF_COMPANY}
_CONTACT = {
    **_BELONGS,
    "name": "name, nom, full name, contact, contact name, nom complet, nom du contact, person",
    **_NAMES,
    "title": _CLIENT["contact.title"],
    **_REACHED,
    "mobile": _CLIENT["contact.mobile"],
    "language": _CLIENT["language"],
}
_ADDRESS = {
    **_BELONGS,
    "label": "label, etiquette, nom de l adresse, address name, type, address type, libelle",
    "attention": "attention, attn, a l attention de, contact, recipient, destinataire",
    **_PLACE,
    "phone": _REACHED["phone"],
    "instructions": "instructions, delivery instructions, directives, consignes",
}
_NOTE = {
    **_BELONGS,
    "text": "text, texte, note, notes, comment, comments, commentaire, commentaires, body, memo,"
    " remarque, remarques, description",
    "category": "category, categorie, type",
    "author": "author, auteur, created by, par, user, utilisateur",
    "created_at": "date, created, created at, created on, cree le, date de creation",
}
_DOCUMENT = {
    "number": "number, invoice no, invoice number, invoice, no facture, no de facture, numero,"
    " numero de facture, n facture, facture, num, no, document number, document no, order no,"
    " order number, no commande, no de document, reference, ref",
    "client": _CODE,
    "client.name": _OF_COMPANY + ", sold to, vendu a, bill to customer",
    "client.email": "email, customer email, courriel, client email, e mail",
    "date": "date, invoice date, date facture, date de facture, date de facturation,"
    " transaction date, txn date, created at, order date, date du document",
    "due_date": "due date, due, echeance, date d echeance, date due",
    "kind": "kind, type, transaction type, document type, genre, type de document",
    "status": "status, statut, etat, invoice status, financial status",
    "currency": _CLIENT["currency"],
    "subtotal": "subtotal, sub total, sous total, amount before tax, net amount, net,"
    " montant avant taxes, montant net, total avant taxes, amount, montant",
    "tax": "tax, taxes, total tax, tax amount, montant des taxes",
    "total": "total, grand total, total amount, montant total, total ttc, invoice total",
    "terms": _CLIENT["terms"],
    "memo": "memo, message, customer memo, customer message, message au client",
    "line.description": "item, items, description, product, article, produit, service,"
    " product service, produit service, item description, lineitem name, memo description",
    "line.quantity": "qty, quantity, quantite, qte, lineitem quantity",
    "line.unit_price": "rate, price, unit price, prix, prix unitaire, taux, lineitem price,"
    " sales price",
    "external_id": _CLIENT["external_id"],
    "contact": "contact, contact name, attention",
    "ship_to": "ship to, ship address, shipping address, adresse de livraison, livre a",
}
_ENTITIES = {
    "client": _CLIENT,
    "contact": _CONTACT,
    "address": _ADDRESS,
    "note": _NOTE,
    "document": _DOCUMENT,
}
MEANT = {
    "status": {
        "posted": "paid, unpaid, open, overdue, sent, due, partial, partially paid, closed, payee,"
        " impayee, ouverte, ouvert, envoyee, en retard, echue, fermee, final, approved, complete",
        "void": "voided, cancelled, canceled, annule, annulee",
        "draft": "pending, en attente, saved, not sent, non envoyee",
    },
    "kind": {
        "quote": "estimate, proposal, quotation, estimation",
        "packing_slip": "bon de livraison, delivery note, delivery, shipment, bordereau",
        "credit_note": "credit memo, avoir, note credit, refund, remboursement",
        "job": "work order, bon de travail, sales order, commande",
        "invoice": "sales invoice, facture client, tax invoice",
    },
    "active": {"yes": "active, actif, actifs", "no": "inactive, inactif, archived, archive"},
    "language": {"fr": "french canadian, fra, fre", "en": "english us, english canada, eng"},
}
"""What words mean that are not ours, by field; words that could mean two things are left out."""

TOTALS = frozenset({"total", "totals", "totaux", "grand total", "total general", "sous total"})
"""What stands in the place of a name in a row that is none."""

HOLDS = {"client": "interop client import", "document": "interop sales import"}
"""The command that takes a file of these."""

_AMOUNTS = frozenset({"subtotal", "total", "line.unit_price"})
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
_ELSEWHERE = frozenset({"home", "domicile", "other", "autre", "fax", "label", "type", "assistant"})
_SHIPPED = frozenset({"shipping", "ship", "delivery", "livraison", "expedition"})
_QUALIFIERS = frozenset(
    {
        "business",
        "billing",
        "bill",
        "to",
        "default",
        "work",
        "main",
        "primary",
        "principal",
        "po",
        "principale",
        "bureau",
        "facturation",
        "customer",
        "client",
        "value",
        "de",
        "du",
        "la",
    }
    | _SHIPPED
)


def nearly(entity: str, column: str) -> str | None:
    """Our field for a heading that says where it belongs: ``Bill to City``, ``Ville (bureau)``."""
    known = headings(entity)
    parts = words(_CAMEL.sub(" ", column)).split()
    if _ELSEWHERE & {*parts}:
        return None
    core = [part for part in parts if part not in _QUALIFIERS]
    bare = [part for part in core if part != "address" and not part.isdigit()]
    for tried in (parts, core, bare):
        target = known.get(" ".join(tried))
        if target is None or not tried:
            continue
        if not _SHIPPED & {*parts}:
            return target
        return f"address.{target}" if target in PLACE else None
    return None


def meant_entity(entity: str, columns: Sequence[str]) -> str:
    """What a file with these columns plainly holds: ``entity``, clients or documents."""
    there = {words(column) for column in columns}
    said = {known: {headings(known).get(heading) for heading in there} for known in HOLDS}
    place = not {"line1", "full_address", "postal_code"}.isdisjoint(said["client"])
    dated = {"number", "date"} <= said["document"] and not _AMOUNTS.isdisjoint(said["document"])
    if entity == "client" and dated and (not place or "line.quantity" in said["document"]):
        return "document"
    alike = said["document"] & {"number", "date", "subtotal", "total", "line.description"}
    return "client" if entity == "document" and place and not alike else entity


@cache
def headings(entity: str) -> dict[str, str]:
    """Our field by what others call it."""
    return {
        heading.strip(): field
        for field, several in reversed(_ENTITIES[entity].items())
        for heading in several.split(",")
    }


@cache
def meanings(field: str) -> dict[str, str]:
    """Our word by theirs, for a field of a closed list."""
    return {
        word.strip(): meaning
        for meaning, several in MEANT.get(field, {}).items()
        for word in several.split(",")
    }
