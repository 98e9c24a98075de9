"""An address on one line, as a card shows it and a document keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def one_line(address: Mapping[str, Any]) -> str:
    """The address on one line, without its phone and instructions."""
    place = " ".join(filter(None, [address["city"], address["province"], address["postal_code"]]))
    parts = [address["label"], address["attention"], address["line1"], address["line2"], place]
    return ", ".join(part for part in (*parts, address["country"]) if part)


def bare_line(address: Mapping[str, Any]) -> str:
    """The same without the label, which is a word of the house."""
    return one_line({**address, "label": None})
