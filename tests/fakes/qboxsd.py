"""The keys that the published XSD of QuickBooks allows, by the name of the type; and whether an
answer of the fake company keeps to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

XS = "{http://www.w3.org/2001/XMLSchema}"
ENTITIES = (
    *("Customer", "Vendor", "Employee", "Invoice", "CreditMemo"),
    *("CompanyInfo", "Term", "Preferences"),
)
TYPES = (
    *ENTITIES,
    "PhysicalAddress",
    "EmailAddress",
    "TelephoneNumber",
    "WebSiteAddress",
    "Line",
    "SalesItemLineDetail",
    "SubTotalLineDetail",
    "TxnTaxDetail",
    "ModificationMetaData",
    "CurrencyPrefs",
    "SalesFormsPrefs",
    "ReferenceType",
    "MemoRef",
    "QueryResponse",
    "CDCResponse",
    "BatchItemResponse",
    "Fault",
    "Error",
)
# What stands at a key of an answer, where that is not called like its type.
PLACES = {
    **dict.fromkeys(("BillAddr", "ShipAddr", "LegalAddr"), "PhysicalAddress"),
    **dict.fromkeys(("PrimaryEmailAddr", "BillEmail", "BillEmailCc"), "EmailAddress"),
    "PrimaryPhone": "TelephoneNumber",
    "WebAddr": "WebSiteAddress",
    "MetaData": "ModificationMetaData",
    "CustomerMemo": "MemoRef",
    **dict.fromkeys(
        ("CustomerRef", "SalesTermRef", "ParentRef", "CurrencyRef", "ItemRef", "TaxCodeRef"),
        "ReferenceType",
    ),
    **{name: name for name in TYPES},
}
# In JSON, the text of an element beside its attributes, and entities in the place of IntuitObject.
IN_JSON = {
    "ReferenceType": {"value"},
    "MemoRef": {"value"},
    "QueryResponse": set(ENTITIES),
    "BatchItemResponse": set(ENTITIES),
}
OF_ENTITY = {"Id", "SyncToken", "MetaData", "domain", "sparse"}
OF_ERROR = {"Message", "Detail", "code"}


def legal_keys(folder: Path) -> dict[str, set[str]]:
    """Type -> its elements and attributes, those of the types it extends included."""
    types = {}
    files = (*folder.glob("Intuit*Types.xsd"), folder / "Finance.xsd")
    for file in (*sorted(files), folder / "IntuitRestServiceDef.xsd"):
        for node in ElementTree.parse(file).iter(f"{XS}complexType"):
            types[node.get("name")] = node
    return {name: _keys(name, types) | IN_JSON.get(name, set()) for name in TYPES}


def _keys(name: str, types: dict[str | None, ElementTree.Element]) -> set[str]:
    node = types[name]
    found = {
        str(one.get("name") or one.get("ref"))
        for tag in ("element", "attribute")
        for one in node.iter(f"{XS}{tag}")
    }
    for base in node.iter(f"{XS}extension"):
        parent = str(base.get("base")).rpartition(":")[2]
        if parent in types:
            found |= _keys(parent, types)
    return found


@cache
def published() -> Mapping[str, set[str]]:
    """The same of the XSD beside this project; empty where it is not on this machine."""
    root = Path(__file__).parents[2]
    for base in (root.parent, root.parent.parent):
        folder = base / "shared" / "specs" / "qbo"
        if folder.is_dir():
            return legal_keys(folder)
    return {}


def faults(answer: Any) -> Iterator[str]:
    """What an answer has that the XSD has not, and what it lacks."""
    for kind, found in _objects(answer):
        legal = published().get(kind)
        if legal is not None and (strange := set(found) - legal):
            yield f"{kind} has no {sorted(strange)}"
        required = OF_ENTITY if kind in ENTITIES else OF_ERROR if kind == "Error" else set()
        if found.get("status") != "Deleted" and (lacking := required - set(found)):
            yield f"{kind} lacks {sorted(lacking)}"


def _objects(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                if key in PLACES:
                    yield PLACES[key], one
                yield from _objects(one)
