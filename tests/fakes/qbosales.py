"""The invoices and credit memos of the fake company in QuickBooks Online.

Numbers are kept where the company says so (else each gets the next one), and are unique where it
minds; the customer has to be there and active, each line an item and a tax code, and an amount that
is the product of what it is made of. Taxes are computed from the codes. A void one has no amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

NAMES = ("Invoice", "CreditMemo")
ITEMS = {"1": "Services", "12": "Impression"}
TAX_CODES = {"4": (), "5": ("13",), "7": ("5",), "9": ("5", "9.975")}
CENT = Decimal("0.01")
OF_LINE = ("ItemRef", "TaxCodeRef")
Refuse = Callable[..., Exception]


class Sales:
    """The documents of one kind, by their ids. ``refused`` makes the Fault of a code."""

    def __init__(self, name: str, refused: Refuse) -> None:
        self.name = name
        self.refused = refused
        self.rows: dict[str, dict[str, Any]] = {}
        self.keeps_numbers = True
        self.unique = True

    def numbers(self) -> list[str]:
        """The numbers there are, in the order they were made."""
        return [row["DocNumber"] for row in self.rows.values()]

    def check(
        self, sent: Mapping[str, Any], customers: Mapping[str, Mapping[str, Any]], *, several: bool
    ) -> None:
        """What is wrong with a new one in itself, or with what it refers to."""
        if not sent.get("Line"):
            raise self.refused("2020", "Required parameter Line is missing", "Line")
        customer = customers.get((sent.get("CustomerRef") or {}).get("value", ""))
        if customer is None:
            raise self.refused("2500", "Invalid Reference Id", "CustomerRef")
        if customer.get("Active") is False:
            raise self.refused("610", "Object Not Found : made inactive", "CustomerRef")
        self._lengths(sent)
        if several and sent.get("CurrencyRef", customer["CurrencyRef"]) != customer["CurrencyRef"]:
            raise self.refused("6000", "not the customer's currency", "CurrencyRef")
        if not several and "CurrencyRef" in sent:
            raise self.refused("6000", "multicurrency is not enabled", "CurrencyRef")
        for line in sent["Line"]:
            self._line(line)

    def _lengths(self, sent: Mapping[str, Any]) -> None:
        for name, longest in (("DocNumber", 21), ("BillEmail", 100), ("BillEmailCc", 200)):
            value = sent.get(name) or ""
            if len(value["Address"] if isinstance(value, dict) else value) > longest:
                raise self.refused("2050", f"{name} is too long", name)

    def _line(self, line: Mapping[str, Any]) -> None:
        detail = line.get("SalesItemLineDetail", {})
        known = {"ItemRef": ITEMS, "TaxCodeRef": TAX_CODES}
        for name in OF_LINE:
            value = (detail.get(name) or {}).get("value")
            if value not in known[name]:
                raise self.refused("2500", f"Invalid Reference Id {value}", name)
        if "Qty" in detail:
            product = Decimal(str(detail["Qty"])) * Decimal(str(detail["UnitPrice"]))
            if product.quantize(CENT, ROUND_HALF_UP) != _money(line["Amount"]):
                raise self.refused("6070", "Amount is not equal to UnitPrice * Qty", "Amount")

    def make(self, row_id: str, sent: Mapping[str, Any], stamp: str, home: Any) -> dict[str, Any]:
        """A new one; raises what a number that is taken raises."""
        number = sent.get("DocNumber") if self.keeps_numbers else None
        taken = {row["DocNumber"]: row["Id"] for row in self.rows.values()}
        if number is None:
            number = str(max([1000, *(int(one) for one in taken if one.isdecimal())]) + 1)
        if self.unique and number in taken:
            raise self.refused(
                "6140",
                f"DocNumber={number} is assigned to TxnType={self.name} with TxnId={taken[number]}",
            )
        subtotal, tax = self._amounts(sent["Line"])
        lines = [
            *sent["Line"],
            {
                "DetailType": "SubTotalLineDetail",
                "Amount": float(subtotal),
                "SubTotalLineDetail": {},
            },
        ]
        row = {
            **sent,
            "DocNumber": number,
            "Id": row_id,
            "SyncToken": "0",
            "domain": "QBO",
            "sparse": False,
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": float(tax)},
            "TotalAmt": float(subtotal + tax),
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
        }
        if home is not None:
            row.setdefault("CurrencyRef", home)
        self.rows[row_id] = row
        return dict(row)

    def _amounts(self, lines: list[Mapping[str, Any]]) -> tuple[Decimal, Decimal]:
        bases: dict[str, Decimal] = {}
        for line in lines:
            for rate in TAX_CODES[line["SalesItemLineDetail"]["TaxCodeRef"]["value"]]:
                bases[rate] = bases.get(rate, Decimal(0)) + _money(line["Amount"])
        taxes = [
            (base * Decimal(rate) / 100).quantize(CENT, ROUND_HALF_UP)
            for rate, base in bases.items()
        ]
        return sum((_money(line["Amount"]) for line in lines), Decimal(0)), sum(taxes, Decimal(0))

    def void(self, sent: Mapping[str, Any], stamp: str) -> dict[str, Any]:
        """Make one void."""
        row = self.rows.get(str(sent.get("Id")))
        if row is None or self.name != "Invoice":
            raise self.refused("610", "Object Not Found")
        if sent.get("SyncToken") != row["SyncToken"]:
            raise self.refused("5010", "Stale Object Error")
        self.edit(
            row["Id"],
            stamp,
            TotalAmt=0,
            PrivateNote="Voided",
            Line=[{**line, "Amount": 0} for line in row["Line"]],
        )
        return dict(row)

    def edit(self, row_id: str, stamp: str, **values: Any) -> None:
        """Change one as a person there would."""
        row = self.rows[row_id]
        row.update(values, SyncToken=str(int(row["SyncToken"]) + 1))
        row["MetaData"] = {**row["MetaData"], "LastUpdatedTime": stamp}


def _money(amount: Any) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)
