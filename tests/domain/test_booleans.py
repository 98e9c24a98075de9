"""Yes and no in both languages."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from interop_cli.domain.values.closed_lists import parse_bool


@pytest.mark.parametrize(
    "word", ["oui", "Vrai", "YES", "true", "1", "actif", "Active", "o", "y", True, 1, " Oui "]
)
def test_yes(word: object) -> None:
    assert parse_bool(word) is True


@pytest.mark.parametrize(
    "word", ["non", "faux", "No", "FALSE", "0", "inactif", "inactive", "n", False, 0]
)
def test_no(word: object) -> None:
    assert parse_bool(word) is False


@pytest.mark.parametrize("word", ["", "peut-être", "2", None, 2, "ouioui"])
def test_neither(word: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_bool(word)
    assert caught.value.type == "bool.format"
