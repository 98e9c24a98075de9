"""The query language of QuickBooks, as far as anybody here speaks it; what is none is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TEXT = r"'(?:[^'\\]|\\.)*'"
VALUE = rf"(?:{TEXT}|true|false)"
CONDITION = rf"([\w.]+) (?:in \(({VALUE}(?:,\s*{VALUE})*)\)|(=|>=|<=|>|<) ({VALUE}))"
QUERY = re.compile(
    rf"select \* from (\w+)(?: where ({CONDITION}(?: and {CONDITION})*))?"
    r"(?: ORDERBY (\w+))?(?: STARTPOSITION (\d+))?(?: MAXRESULTS (\d+))?",
    re.IGNORECASE,
)


def matching(
    text: str, tables: Mapping[str, list[dict[str, Any]]]
) -> tuple[str, list[dict[str, Any]]]:
    """The entity and the objects that a query finds; inactive ones only where it asks for them.

    Raises ValueError where it is none.
    """
    found = QUERY.fullmatch(text)
    if found is None or found[1] not in tables:
        raise ValueError("cannot be read")
    order, start, most = found.groups()[-3:]
    conditions = [match.groups() for match in re.finditer(CONDITION, found[2] or "", re.I)]
    if most is not None and not 1 <= int(most) <= 1000:
        raise ValueError("MAXRESULTS")
    rows = [
        row
        for row in tables[found[1]]
        if all(_holds(row, *one) for one in conditions)
        and (any(one[0] == "Active" for one in conditions) or row.get("Active") is not False)
    ]
    if order:
        rows.sort(key=lambda row: int(row["Id"]))
    first = int(start or 1) - 1
    return found[1], rows[first : first + int(most or 100)]


def _holds(row: Mapping[str, Any], name: str, listed: str, sign: str, value: str) -> bool:
    held: Any = row
    for part in name.split("."):
        held = held.get(part) if isinstance(held, Mapping) else None
    if listed:
        return _plain(held) in [_plain(_value(one)) for one in re.findall(VALUE, listed)]
    wanted = _value(value)
    if sign == "=":
        return bool(_plain(held) == _plain(wanted))
    if sign == ">=":
        return str(held).replace("+00:00", "Z") >= str(wanted)
    raise ValueError(f"{sign} is not spoken here")


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return re.sub(r"\\(.)", r"\1", text[1:-1])
