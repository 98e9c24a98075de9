"""The grammar of filters: what is read how, and what is refused with which hint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import UsageError
from interop_cli.domain.filters import All, Comparison, In, IsNull, Node, Not, Some, leaves
from interop_cli.domain.filters.grammar import parse

DEEPEST = 40


def shape(node: Node) -> str:
    """A tree as text, every part in parentheses."""
    if isinstance(node, Not):
        return f"not {shape(node.part)}"
    if isinstance(node, All | Some):
        sign = " and " if isinstance(node, All) else " or "
        return f"({sign.join(shape(part) for part in node.parts)})"
    if isinstance(node, In):
        return f"{node.field} in {[value.text for value in node.values]}"
    if isinstance(node, IsNull):
        return f"{node.field} null"
    return f"{node.field} {node.op} {node.value.text}"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1", "a = 1"),
        (" a  >=  1 ", "a >= 1"),
        ("a = 1 or b = 2 and c = 3", "(a = 1 or (b = 2 and c = 3))"),
        ("(a = 1 or b = 2) and c = 3", "((a = 1 or b = 2) and c = 3)"),
        ("not a = 1 and b = 2", "(not a = 1 and b = 2)"),
        ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
        ("not not a = 1", "a = 1"),
        ("NOT(a=1)AND(b=2)", "(not a = 1 and b = 2)"),
        ("a IS NULL Or b is NOT null", "(a null or not b null)"),
        ("a In (1, 2) and b not IN ('x')", "(a in ['1', '2'] and not b in ['x'])"),
        ("a in(1)", "a in ['1']"),
        ("a in (Laval,Gaspé)and b=1", "(a in ['Laval', 'Gaspé'] and b = 1)"),
        ("a = 'x' AND b = \"y\" OR c = 1", "((a = x and b = y) or c = 1)"),
        ("a in (x y, \"p, q\", 'it''s')", "a in ['x y', 'p, q', \"it's\"]"),
        # A word is one between spaces only.
        ("a = Lion d'or", "a = Lion d'or"),
        ("a = android", "a = android"),
        ("notes = 1 and order = 2", "(notes = 1 and order = 2)"),
        ("a = Is-sur-Tille and b = 1", "(a = Is-sur-Tille and b = 1)"),
        # A quote counts at the beginning only.
        ("a = L'Assomption and b = 1", "(a = L'Assomption and b = 1)"),
        ('a = 5" x 8"', 'a = 5" x 8"'),
        ('a = "say ""no"""', 'a = say "no"'),
        ('a = "x and (y, z)"', "a = x and (y, z)"),
        ("a = ''", "a = "),
        ("a = https://x.example/?q=1", "a = https://x.example/?q=1"),
        ("a ~ imprimerie léger", "a ~ imprimerie léger"),
        ("sync.t-1_x=in_sync", "sync.t-1_x = in_sync"),
    ],
)
def test_an_expression_is_read_as_its_tree(text: str, tree: str) -> None:
    assert shape(parse(text)) == tree


def test_within_quotes_null_is_a_word() -> None:
    values = [
        leaf.value
        for leaf in leaves(parse("a = null or a = NULL or a = 'null'"))
        if isinstance(leaf, Comparison)
    ]
    assert [value.is_null for value in values] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a != QC, ON", "a not in (QC, ON)"),
        ("a = QC, ON and b = 1", "a in (QC, ON)"),
        ("a != ('QC','ON')", "a not in ('QC','ON')"),
        ("a ~ x, y", 'a ~ "…"'),
        ("a = ABC (Qc)", 'a = "…"'),
        ("a = Salt and Pepper", 'a = "…"'),
        ("a = Salt or Pepper", 'a = "…"'),
        ("a = Salt and not Pepper", 'a = "…"'),
        ("a = made in Canada", 'a = "…"'),
        ("a = this is it", 'a = "…"'),
        ("a in (Salt and Pepper)", 'a in ("…")'),
        ("a = OR", 'a = "OR"'),
        ("a == 1", "a = …"),
        ("a <> 1", "a != …"),
        ("a => 1", "a >= …"),
        ("a =~ 1", "a ~ …"),
        ("a is 1", "a = …"),
        ("a in b", "a in (a, b)"),
        ("a = 'it's'", "doubled"),
        ("a = 'x", "doubled"),
        ("a = Toronto b = ON", "Join comparisons"),
        ("a = Toronto && b = ON", "Join comparisons"),
        ("a != = b", "Join comparisons"),
        ("a =", "a is null"),
        ("a != and b = 1", 'a != "and"'),
    ],
)
def test_a_refusal_says_what_may_have_been_meant(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, tells=lambda _field: True)
    assert caught.value.code == "filter.syntax"
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1)", "closed that is not open"),
        ("(a = 1) b", "at character 9 a comparison is expected"),
        ("a = Salt and Pepper", "the word and"),
        ("a = 1 or Salt", "the word or"),
        ("a = Salt and ,", "the word and"),
        ("a = 1 and", "at character 10 a comparison is expected"),
        ("a not in 1", "not in takes a list"),
        ("a in 1", "a: in takes a list"),
        ("(a = 1", "at character 1 is not closed"),
        ("a = 1 and (b = 2", "at character 11 is not closed"),
        ("a = 'x', 'y'", "holds no comma"),
        ("a in ('x' y)", "something follows the closing quote"),
        ("a = ,", "holds no comma"),
        ("a in (,)", "a value is missing"),
        ("(a = 1) and Pepper", "after Pepper an operator is missing"),
        ('a = "Salt" and Pepper', "after Pepper an operator is missing"),
        ("a is null and Pepper", "after Pepper an operator is missing"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    message = caught.value.message
    assert said in message.msgid.format(**message.params)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "= 1",
        "and",
        "not",
        "()",
        "(a = 1",
        "a = 1)",
        "a = 1 and",
        "or a = 1",
        "a = 1 and and b = 2",
        "a in ()",
        "a in (1,)",
        "a in (,1)",
        "a in (1",
        "a in 1",
        "ain(1)",
        "a not 1",
        "a is",
        "a is null b",
        "a is null null",
        "a in (1) 2",
        "'a' = 1",
        "1a = 1",
        "a = 1, b = 2",
        "a = 'x', 'y'",
        "a = 'x' (y)",
        "a ! 1",
        "(a) = 1",
        "a = (1)",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.code == "filter.syntax"


def test_a_hint_repeats_no_value_that_could_name_a_person() -> None:
    with pytest.raises(UsageError) as caught:
        parse("name = Tremblay, Luc", tells=lambda field: field != "name")
    assert "Tremblay" not in f"{caught.value.message} {caught.value.hint}"
    assert "name in (…)" in str(caught.value.hint)


def test_what_is_too_long_or_too_deep_is_refused_and_breaks_nothing() -> None:
    deep = "(" * DEEPEST + "a = 1" + ")" * DEEPEST
    assert shape(parse(deep)) == "a = 1"
    assert shape(parse("not " * 10_001 + "a = 1")) == "not a = 1"
    assert len(list(leaves(parse(" or ".join(["a = 1"] * 2000))))) == 2000
    beside = " or ".join(["(a = 1)"] * (DEEPEST + 2))
    assert len(list(leaves(parse(beside)))) == DEEPEST + 2
    longest = "a = " + "x" * (100_000 - len("a = "))
    assert shape(parse(longest)) == longest
    assert shape(parse(f"(a = 1) or {deep}")) == "(a = 1 or a = 1)"
    for text in (
        f"({deep})",
        f"(a = 1) or ({deep})",
        "(" * 50_000,
        " or ".join(["a = 1"] * 2001),
        "a = " + "x" * 100_000,
    ):
        with pytest.raises(UsageError) as caught:
            parse(text)
        assert caught.value.code == "filter.syntax"


@given(st.text("ab =!<>~()'\",ndorti is not in null and or", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except UsageError:
        return
    assert list(leaves(tree))


@given(st.text(max_size=30))
def test_any_value_can_be_said_in_quotes(value: str) -> None:
    for mark in ("'", '"'):
        tree = parse(f"(a != {mark}{value.replace(mark, mark * 2)}{mark})")
        assert isinstance(tree, Comparison)
        assert tree.value.text == value
