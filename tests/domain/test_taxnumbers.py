"""GST, QST and NEQ numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
from stdnum.ca import bn

from interop_cli.domain.rules import Context, Policy
from interop_cli.domain.values.taxnumbers import (
    check_gst,
    check_neq,
    check_qst,
    qst_check_digit_fits,
)


def code_of(check: object, *args: object) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        check(*args)  # type: ignore[operator]
    return caught.value.type


@pytest.mark.parametrize(
    "text", ["123456782RT0001", "123456782 RT 0001", "123 456 782 rt0001", "123456782-RT-0001"]
)
def test_gst(text: str) -> None:
    assert check_gst(text) == "123456782RT0001"


@pytest.mark.parametrize(
    "text",
    [
        "123456782",
        "123456789RT0001",
        "123456782RC0001",
        "123456782RT0000",
        "123456782RT001",
        "1234567820RT0001",
        "R123456782",
        "١٢٣٤٥٦٧٨٢RT0001",
    ],
)
def test_bad_gst(text: str) -> None:
    assert code_of(check_gst, text) == "client.gst.format"


@given(st.from_regex(r"[0-9]{9} ?R[TPCM][0-9]{4}", fullmatch=True))
def test_a_gst_number_is_a_business_number_with_an_rt_account(text: str) -> None:
    good = bn.is_valid(text) and "RT" in text and not text.endswith("0000")
    try:
        assert check_gst(text) == text.replace(" ", "")
    except PydanticCustomError:
        assert not good
    else:
        assert good


@given(st.text("0123456789", min_size=8, max_size=8))
def test_one_check_digit_of_ten_is_right(digits: str) -> None:
    def good(last: int) -> bool:
        try:
            check_gst(f"{digits}{last}RT0001")
        except PydanticCustomError:
            return False
        return True

    assert sum(good(last) for last in range(10)) == 1


# Weights 4 3 2 7 6 5 4 3 2: for 101234567, the sum is 4+0+2+14+18+20+20+18+14 = 110, so 11 - 0
# is 11, modulo 10 the digit 1.
@pytest.mark.parametrize("text", ["1012345671TQ0001", "1012345671 TQ 0001", "1012345671tq0001"])
def test_qst(text: str) -> None:
    rules = Context()
    assert check_qst(text, rules) == "1012345671TQ0001"
    assert rules.warnings == []


@pytest.mark.parametrize(
    "text", ["1012345671", "1012345671RT0001", "1012345671TQ0000", "101234567TQ0001"]
)
def test_bad_qst(text: str) -> None:
    assert code_of(check_qst, text, Context(Policy(allow_mismatch=True))) == "client.qst.format"


def test_a_wrong_check_digit_of_a_qst_number() -> None:
    assert code_of(check_qst, "1012345672TQ0001", Context()) == "client.qst.check"
    lax = Context(Policy(allow_mismatch=True))
    assert check_qst("1012345672TQ0001", lax) == "1012345672TQ0001"
    assert [(w.path, w.code) for w in lax.warnings] == [("qst", "client.qst.check")]


@given(st.text("0123456789", min_size=9, max_size=9))
def test_one_qst_check_digit_of_ten_is_right(digits: str) -> None:
    assert [qst_check_digit_fits(f"{digits}{last}") for last in range(10)].count(True) == 1


def test_neq() -> None:
    assert check_neq(" 1143 920 115 ") == "1143920115"
    for text in ("114392011", "11439201155", "A143920115", "١١٤٣٩٢٠١١٥"):
        assert code_of(check_neq, text) == "client.neq.format"
