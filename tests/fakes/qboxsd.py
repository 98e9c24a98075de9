"""The keys that the published XSD of QuickBooks allows, by the name of the type."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

XS = "{http://www.w3.org/2001/XMLSchema}"
TYPES = (
    "Customer",
    "PhysicalAddress",
    "EmailAddress",
    "TelephoneNumber",
    "WebSiteAddress",
    "Invoice",
    "CreditMemo",
    "Line",
    "SalesItemLineDetail",
)


def legal_keys(folder: Path) -> dict[str, set[str]]:
    """Type -> its elements and attributes, those of the types it extends included."""
    types = {}
    for file in (*sorted(folder.glob("Intuit*Types.xsd")), folder / "Finance.xsd"):
        for node in ElementTree.parse(file).iter(f"{XS}complexType"):
            types[node.get("name")] = node
    return {name: _keys(name, types) for name in TYPES}


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
