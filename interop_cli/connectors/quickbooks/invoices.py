"""What QuickBooks Online takes of an invoice or a credit note, and how they look there. Pure.

QuickBooks computes the taxes from the tax codes of the lines; which of its codes ours are, and
under which item a line is sold, are settings of the target.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from interop_cli.connectors.quickbooks import customers
from interop_cli.domain.messages import msg
from interop_cli.domain.sync import payload as form
from interop_cli.domain.sync.descriptor import (
    Descriptor,
    Need,
    Policy,
    Problem,
    RemoteField,
    constant,
)
from interop_cli.domain.sync.payload import Payload, Value
from interop_cli.domain.sync.records import LocalRecord, RemoteRecord
from interop_cli.domain.values.money import in_cents

MAX_NUMBER = 21
MAX_NOTE = 4000
ABROAD = "abroad"
_KEY = r"(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|federal|exempt|abroad)=[A-Za-z0-9]{1,20}"
TAX_CODES = rf"{_KEY}(?:[, ]+{_KEY})*"
"""The form of the setting ``tax_codes``: ``CA-QC=9,CA-ON=5,federal=7,exempt=4``."""
VOIDED = "Voided"
"""What QuickBooks writes into the private note of what was made void."""
CONSTANT = constant("")
_DETAIL = "SalesItemLineDetail"


def _check(payload: Mapping[str, Value]) -> list[Problem]:
    """What the settings of the target do not say yet."""
    found = []
    if "item" in payload and payload["item"] is None:
        why = msg("is a setting this target lacks: sync connect TARGET --set item=NUMBER")
        found.append(Problem("item", "sync.setting.missing", why))
    for key, code in _codes(payload.get("tax_codes")).items():
        if not code:
            why = msg(
                "has no tax code for {tax}: sync connect TARGET --set tax_codes={tax}=NUMBER",
                tax=key,
            )
            found.append(Problem("tax_codes", "sync.setting.missing", why))
    return found


_COMMON = (
    RemoteField("number", "DocNumber", Need.REQUIRED, max_length=MAX_NUMBER),
    RemoteField("client", "CustomerRef.value", policy=Policy.OURS, refers_to="client"),
    RemoteField("date", "TxnDate", Need.REQUIRED),
    RemoteField("currency", "CurrencyRef.value", pattern="[A-Z]{3}"),
    RemoteField("lines", "Line", Need.REQUIRED),
    RemoteField("item", "Line.SalesItemLineDetail.ItemRef.value", choices_from="Item"),
    RemoteField("tax_codes", "Line.SalesItemLineDetail.TaxCodeRef.value", choices_from="TaxCode"),
    RemoteField("subtotal_cents", ""),
    RemoteField("total_cents", "TotalAmt"),
    RemoteField("email_to", "BillEmail.Address", max_length=100),
    RemoteField("email_cc", "BillEmailCc.Address", max_length=200),
    RemoteField("ship_line1", "ShipAddr.Line1", max_length=500),
    RemoteField("ship_line2", "ShipAddr.Line2", max_length=500),
    RemoteField("ship_city", "ShipAddr.City", max_length=255),
    RemoteField("ship_province", "ShipAddr.CountrySubDivisionCode", max_length=255),
    RemoteField("ship_postal_code", "ShipAddr.PostalCode", max_length=30),
    RemoteField("ship_country", "ShipAddr.Country", max_length=255),
    RemoteField("memo", "CustomerMemo.value", max_length=1000),
    RemoteField("active", "", policy=Policy.OURS),
)
PLAIN = {
    one.name: one.remote
    for one in _COMMON
    if one.name in ("number", "date", "client", "memo") or one.name.startswith(("email_", "ship_"))
} | {"due_date": "DueDate", "corrects": "PrivateNote"}
"""What is sent as it is, and where."""
INVOICE = Descriptor(
    "invoice",
    (
        *_COMMON,
        RemoteField("due_date", "DueDate"),
        RemoteField("terms", "SalesTermRef.value", choices_from="Term"),
    ),
    key="number",
    check=_check,
    once=True,
)
CREDIT_NOTE = Descriptor(
    "credit_note",
    (*_COMMON, RemoteField("corrects", "PrivateNote", max_length=MAX_NOTE, refers_to="invoice")),
    key="number",
    check=_check,
    once=True,
)


def payload(local: LocalRecord, descriptor: Descriptor, settings: Mapping[str, Any]) -> Payload:
    """An invoice or a credit note, with the settings of the target that it needs."""
    values = local.values
    place = values.get("place") or "?"
    keys = dict.fromkeys(_tax_key(line["tax"], place) for line in values["lines"])
    known = _codes(settings.get("tax_codes"))
    ways: dict[str, Value] = {
        "client": values["bill_to_remote"],
        "terms": customers.plain_terms(values["terms"]),
        "lines": _lines(values["lines"], place),
        "item": settings.get("item"),
        "tax_codes": ",".join(f"{key}={_code(known, key)}" for key in keys),
        "corrects": _corrects(values),
        "email_to": form.email(values.get("email_to")),
        "email_cc": form.email(values.get("email_cc")),
        "ship_country": form.country(values.get("ship_country")),
    }
    found: Payload = {}
    for field in descriptor.sent():
        name = field.name
        found[name] = ways[name] if name in ways else values.get(name)
    return found


def _corrects(values: Mapping[str, Any]) -> str | None:
    """Which invoice it is about; None where that one has to be there first."""
    if values["corrects_goes"] and values["corrects_remote"] is None:
        return None
    return f"Invoice {values['corrects']}"


def _tax_key(group: str, place: str) -> str:
    """Which of the tax codes a line has: by its group, or where it is supplied."""
    if group == "exempt":
        return "exempt"
    return "federal" if group == "federal" and place.startswith("CA") else place


def _codes(text: Value) -> dict[str, str]:
    parts = re.split(r"[, ]+", str(text)) if text else []
    return {key: code for key, _equals, code in (part.partition("=") for part in parts)}


def _code(known: Mapping[str, str], key: str) -> str:
    """The code for a place: its own, its country's, or the one for abroad; "" where none is."""
    country = key[:2]
    if country == "CA" or key in ("exempt", "federal", "?"):
        return known.get(key, "")
    return known.get(key) or known.get(country) or known.get(ABROAD, "")


def _lines(lines: Sequence[Mapping[str, Any]], place: str) -> str:
    """The lines as one value, so that they are compared, kept and shown as a whole."""
    rows = [
        {
            "description": form.text(line["description"]),
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
            "amount_cents": line["amount_cents"],
            "tax": _tax_key(line["tax"], place),
        }
        for line in lines
    ]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def body(sent: Mapping[str, Value]) -> dict[str, Any]:
    """A new invoice or credit memo. Without terms and currency: the company has its own words."""
    found: dict[str, Any] = {}
    for name, value in sent.items():
        path = name.removeprefix(CONSTANT) if name.startswith(CONSTANT) else PLAIN.get(name)
        if path is not None and value is not None:
            customers.put(found, path, str(value))
    codes = _codes(sent.get("tax_codes"))
    item = sent.get("item")
    found["Line"] = [_line(row, item, codes) for row in json.loads(str(sent["lines"]))]
    if codes:
        found["GlobalTaxCalculation"] = "TaxExcluded"
    return found


def _line(row: Mapping[str, Any], item: Value, codes: Mapping[str, str]) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if item is not None:
        detail["ItemRef"] = {"value": str(item)}
    if codes.get(row["tax"]):
        detail["TaxCodeRef"] = {"value": codes[row["tax"]]}
    quantity, price = Decimal(row["quantity"]), Decimal(row["unit_price"])
    if in_cents(quantity * price) == row["amount_cents"]:
        # QuickBooks refuses an amount that is not their product: a line with a discount has none.
        detail |= {"Qty": float(quantity), "UnitPrice": float(price)}
    return {
        "DetailType": _DETAIL,
        "Amount": row["amount_cents"] / 100,
        "Description": row["description"],
        _DETAIL: detail,
    }


def remote(row: Mapping[str, Any]) -> RemoteRecord:
    """An invoice or a credit memo in our words: what says whether it is one of ours.

    Of a void one its number, its customer and its date are all that is left.
    """
    note = str(row.get("PrivateNote") or "")
    void = note.startswith(VOIDED) and not cents(row.get("TotalAmt"))
    values: Payload = {
        "number": form.text(row.get("DocNumber")),
        "client": customers.at(row, "CustomerRef.value"),
        "date": form.text(row.get("TxnDate")),
        "active": not void,
    }
    if not void:
        values["subtotal_cents"] = _subtotal(row.get("Line"))
        currency = customers.at(row, "CurrencyRef.value")
        if isinstance(currency, str) and currency:
            values["currency"] = currency
    version = row.get("SyncToken")
    return RemoteRecord(
        str(row["Id"]),
        None if version is None else str(version),
        values,
        gone=row.get("status") == "Deleted",
    )


def is_same(theirs: Mapping[str, Value], ours: Mapping[str, Value]) -> bool:
    """Whether what is there is what we would send: number, customer, date and amount."""
    return all(ours[name] == value for name, value in theirs.items() if name in ours)


def _subtotal(lines: object) -> int:
    rows = lines if isinstance(lines, list) else []
    return sum(
        cents(row.get("Amount"))
        for row in rows
        if isinstance(row, Mapping) and row.get("DetailType") == _DETAIL
    )


def cents(amount: object) -> int:
    """An amount of theirs in cents; 0 for what is none."""
    return round(amount * 100) if isinstance(amount, int | float) else 0
