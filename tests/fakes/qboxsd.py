"""JSON held against the published XSD of QuickBooks: keys, kinds of values, words of closed lists.

An entity in JSON has the elements and attributes of its type; a type that is a text with attributes
has the text in ``value``. The XSD requires next to nothing: what each object has is said here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, parse

XS = "{http://www.w3.org/2001/XMLSchema}"
OBJECT = "IntuitObject"
"""Stands for any entity, and what JSON has in its place is called like that."""
OF_ENTITY = {"Id", "SyncToken", "MetaData", "domain", "sparse"}
OF_ERROR = {"Message", "Detail", "code"}
_DATE = r"\d{4}-\d\d-\d\d"
TEXTS = {"date": _DATE, "dateTime": rf"{_DATE}T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"}
NUMBERS = ("decimal", "integer", "int", "positiveInteger", "nonNegativeInteger", "long", "float")


@dataclass
class Types:
    """What the XSD defines: types and global elements, by their names."""

    types: dict[str, Element] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)
    _fields: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)

    @cached_property
    def entities(self) -> set[str]:
        """What may stand for ``OBJECT``."""
        heads = {name: _local(one.get("substitutionGroup")) for name, one in self.elements.items()}
        return {name for name, head in heads.items() if head == OBJECT}

    def fields(self, name: str) -> dict[str, tuple[str, bool]]:
        """The keys of a type: what each one is, and whether it stands in a list."""
        if name not in self._fields:
            self._fields[name] = dict(self._of(self.types[name]))
        return self._fields[name]

    def _of(self, node: Element) -> Iterator[tuple[str, tuple[str, bool]]]:
        for one in node.iter(f"{XS}extension"):
            base = _local(one.get("base"))
            if base in self.types and self.types[base].tag == f"{XS}complexType":
                yield from self.fields(base).items()
            elif node.find(f"{XS}simpleContent") is not None:
                yield "value", ("string", False)
        for one in node.iter(f"{XS}attribute"):
            yield str(one.get("name")), (_local(one.get("type")), False)
        for one in node.iter(f"{XS}element"):
            named = self.elements.get(_local(one.get("ref")), one)
            kind, many = _local(named.get("type")), one.get("maxOccurs") not in (None, "0", "1")
            name = str(named.get("name"))
            for each in sorted(self.entities) if name == OBJECT else [name]:
                yield each, (each if name == OBJECT else kind, many)

    def faults(self, kind: str, value: Any) -> Iterator[str]:
        """What is wrong with a value of a type."""
        node = self.types.get(kind)
        if node is None:
            yield from _plain(kind, value)
        elif node.tag == f"{XS}simpleType":
            words = [str(one.get("value")) for one in node.iter(f"{XS}enumeration")]
            if not isinstance(value, str) or (words and value not in words):
                yield f"is no {kind}: {value!r}"
        elif not isinstance(value, dict):
            yield f"is no {kind}: {value!r}"
        else:
            yield from self._object(kind, value)

    def _object(self, kind: str, value: Mapping[str, Any]) -> Iterator[str]:
        known = self.fields(kind)
        for name, inner in value.items():
            if name not in known:
                yield f"{kind} has no {name}"
                continue
            of, many = known[name]
            for one in inner if many and isinstance(inner, list) else [inner]:
                yield from (f"{kind}.{name} {text}" for text in self.faults(of, one))

    def lacking(self, value: Any) -> Iterator[str]:
        """What objects in an answer lack, however deep they stand."""
        for name, inner in value.items() if isinstance(value, dict) else ():
            required = OF_ENTITY if name in self.entities else OF_ERROR if name == "Error" else None
            for one in inner if isinstance(inner, list) else [inner]:
                if required and isinstance(one, dict) and one.get("status") != "Deleted":
                    yield from (f"{name} lacks {each}" for each in sorted(required - set(one)))
                yield from self.lacking(one)


def _local(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def _plain(kind: str, value: Any) -> Iterator[str]:
    if kind == "boolean":
        good = isinstance(value, bool)
    elif kind in NUMBERS:
        good = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind in TEXTS:
        good = isinstance(value, str) and re.fullmatch(TEXTS[kind], value) is not None
    else:
        good = kind != "string" or isinstance(value, str)
    if not good:
        yield f"is no {kind}: {value!r}"


@cache
def published() -> Types | None:
    """The XSD beside this project; None where it is not on this machine."""
    root = Path(__file__).parents[2]
    for base in (root.parent, root.parent.parent):
        folder = base / "shared" / "specs" / "qbo"
        if folder.is_dir():
            found = Types()
            for file in sorted(folder.glob("*.xsd")):
                for node in parse(file).getroot():
                    kinds = found.elements if node.tag == f"{XS}element" else found.types
                    if node.get("name"):
                        kinds[str(node.get("name"))] = node
            return found
    return None


def of_request(path: str, body: Any) -> list[str]:
    """What is wrong with what is posted to a path."""
    types, name = published(), path.rpartition("/")[2]
    if types is None:
        return []
    kinds = {"batch": "IntuitBatchRequest", "creditmemo": "CreditMemo"}
    return list(types.faults(kinds.get(name, name.capitalize()), body))


def of_answer(body: Any) -> list[str]:
    """What is wrong with an answer, and what it lacks."""
    types = published()
    if types is None:
        return []
    return [*types.faults("IntuitResponse", body), *types.lacking(body)]
