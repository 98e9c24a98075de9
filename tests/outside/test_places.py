"""Files that a write tells of itself in, and that cannot be there: refused before it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Run
from tests.support.outside import content

WRITES = [
    ("client", "deactivate", "BETA"),
    ("client", "edit", "BETA", "--terms", "net45"),
    ("client", "import", "more.csv"),
]


@pytest.mark.parametrize(
    ("flag", "place"),
    [("--out", "missing/file"), ("--out", "."), ("--results", "missing/file"), ("--results", ".")],
)
@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_without_a_place_to_tell_it(
    write: tuple[str, ...], flag: str, place: str, shop: Path, invoke: Run
) -> None:
    (shop.parent / "more.csv").write_text("code,terms\nBETA,net60\n")
    before = content(str(shop))
    result = invoke(*write, flag, place, "--json")
    assert (result.code, result.error["code"]) == (74, "output.write")
    assert result.error["applied"] is False
    assert content(str(shop)) == before
