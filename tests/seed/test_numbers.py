"""Numbers with check digits, and phones that are nobody's."""

from __future__ import annotations

import re

from stdnum.ca import bn

from interop_cli.domain.rules import Context
from interop_cli.domain.values.phone import normalize_phone
from interop_cli.domain.values.taxnumbers import (
    check_gst,
    check_neq,
    check_qst,
    qst_check_digit_fits,
)
from interop_cli.seed import chance
from interop_cli.seed.chance import Draw

MANY = 3000


def test_gst_numbers_pass_the_library() -> None:
    draw = Draw(1)
    made = [chance.gst(draw) for _ in range(MANY)]
    assert all(bn.is_valid(number) and check_gst(number) == number for number in made)
    assert {number[8] for number in made} == set("0123456789")


def test_qst_numbers_have_their_check_digit() -> None:
    draw, rules = Draw(1), Context()
    made = [chance.qst(draw) for _ in range(MANY)]
    assert all(check_qst(number, rules) == number for number in made)
    assert all(qst_check_digit_fits(number) for number in made)


def test_neq() -> None:
    assert check_neq(chance.neq("11", Draw(1))).startswith("11")


def test_north_american_phones_are_of_the_exchange_555() -> None:
    draw = Draw(1)
    seen = [chance.phone("418", "fr", draw) for _ in range(MANY)]
    for written in seen:
        stored, valid = normalize_phone(written, "CA")
        assert valid, written
        assert re.match(r"\+1418555(?!1212)\d{4}(?:;ext=\d{2,3})?$", stored), written
    assert any("poste" in written for written in seen)


def test_french_phones_are_valid() -> None:
    draw = Draw(1)
    for beginning in ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49"):
        assert normalize_phone(chance.french_phone(beginning, draw), "FR")[1]


def test_postal_codes_have_canada_s_form() -> None:
    draw = Draw(1)
    form = re.compile(r"G1K \d[ABCEGHJ-NPRSTV-Z]\d")
    assert all(form.fullmatch(chance.postal_code("G1K", draw)) for _ in range(MANY))
