"""The filter language against what it must choose: the collected cases, and a naive evaluation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.errors import UsageError
from interop_cli.domain.filters import Reading
from interop_cli.domain.rules import Context
from interop_cli.domain.values.text import fold
from interop_cli.services.sales import documents
from interop_cli.store.reading.clients import FIELDS, SOURCE
from interop_cli.store.reading.fields import ListField
from interop_cli.store.reading.filters import compile_filters, held_in
from interop_cli.store.reading.lists import Condition
from interop_cli.store.store import Store
from tests.support.stores import Fill, add_client

TODAY = date(2026, 11, 24)
Client = dict[str, Any]

QUEBEC = {"city": "Québec", "postal_code": "G1K 7X2"}
TORONTO = {"city": "Toronto", "province": "ON", "postal_code": "M5V 2T6"}
PARIS = {"country": "FR", "city": "Paris", "postal_code": "75001", "currency": "EUR"}
DOYON = {"email": "info@doyon.example", "phone": "418 555-0123"}
BATH = {"country": "GB", "city": "Bath", "province": "Ávon", "postal_code": "BA1 1AA"}
# Each of another place, tags, language, e-mail, phone, and time of the last invoice.
CLIENTS: tuple[Client, ...] = (
    {"name": "Dubé and Sons", "tags": ["vip", "Gros"], **DOYON, **QUEBEC},
    {"name": "Imprimerie léger inc.", "tags": ["gros"], "phone": "514 845-5501", **QUEBEC},
    {"name": "Dubé", "prospect": True, "email": "Info@Other.example", **TORONTO},
    {"name": "L'Assomption", "tags": ["vip"], "terms": "QC", **TORONTO},
    {"name": "Wessex Press", "currency": "GBP", "phone": "poste 418", **BATH},
    {"name": "null", "terms": "à la livraison", **PARIS},
)
CODES = "ABCDEF"
ENGLISH = "BC"
INVOICED = {"A": "2026-11-24", "B": "2021-02-03", "D": "2020-01-01"}


def fill(store: Store) -> None:
    """The clients of this file, and an invoice for those that had one."""
    for code, values in zip(CODES, CLIENTS, strict=True):
        language = "en" if code in ENGLISH else "fr"
        add_client(store, code=code, language=language, **values)
    for code, day in INVOICED.items():
        made = {"number": f"F-{code}", "date": day, "status": "posted", "subtotal": "100"}
        store.run(
            lambda uow, code=code, made=made: documents.add(uow, code, "invoice", made, Context()),
            operation="sales.document.add",
        )


@pytest.fixture(scope="module")
def clients(filled: Callable[[Fill], Store]) -> Store:
    """A store with the clients of this file."""
    return filled(fill)


def compiled(store: Store, *expressions: str) -> Condition:
    """The condition of filters on clients."""
    conn = store.conn
    return compile_filters(expressions, FIELDS, Reading(TODAY), conn.folded, held_in(conn, SOURCE))


def found(store: Store, *expressions: str) -> str:
    """The codes of the clients that the filters choose, one after the other."""
    return chosen(store, compiled(store, *expressions))


def chosen(store: Store, condition: Condition, sql: str | None = None) -> str:
    rows = store.conn.query(
        f"SELECT c.code{SOURCE} WHERE {sql or condition.sql} ORDER BY c.code", **condition.params
    )
    return "".join(row["code"] for row in rows)


# The lines of shared/cases/filters.txt: what each chooses, or what its refusal must say.
CASES: dict[str, str | tuple[str, str]] = {
    "province != QC and city = Toronto": "CD",
    "province = QC or province = ON": "ABCD",
    "not (province = QC)": "CDEF",
    "province = QC and (tag = vip or tag = gros)": "AB",
    "tag != vip and prospect = true": "C",
    "province != QC, ON": ("filter.syntax", "province not in (QC, ON)"),
    "province != ('QC','ON')": ("filter.syntax", "province not in ('QC','ON')"),
    "province not in ('QC','ON')": "EF",
    "province != Québec": "CDEF",
    "province = Ontarioo": ("filter.value", "Ontario"),
    "country != Canada": "EF",
    'country in (Canada, "United States")': "ABCD",
    "language = français": "ADEF",
    "currency = canadien": ("filter.value", "CAD"),
    "email = INFO@DOYON.EXAMPLE": "A",
    'phone ~ "418 555"': "A",
    "last_invoice is null": "CEF",
    "last_invoice < -3y": "BD",
    "last_invoice < -3y or last_invoice is null": "BCDEF",
    'name = "Dubé and Sons"': "A",
    "name = Dubé and Sons": ("filter.syntax", 'name = "…"'),
    "name ~ imprimerie léger": "B",
}


@pytest.mark.parametrize("expression", CASES)
def test_the_collected_cases_choose_just_those(clients: Store, expression: str) -> None:
    wanted = CASES[expression]
    if isinstance(wanted, str):
        assert found(clients, expression) == wanted
        return
    with pytest.raises(UsageError) as caught:
        found(clients, expression)
    assert caught.value.code == wanted[0]
    assert wanted[1] in str(caught.value.hint)


def test_every_collected_case_is_here(shared_data: Path) -> None:
    text = (shared_data.parent / "cases" / "filters.txt").read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in text.splitlines() if not line.startswith("#")]
    for expression, verdict in lines:
        wanted = CASES[expression.strip()]
        assert verdict.startswith("ok") == isinstance(wanted, str), expression


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("province = qc", "AB"),
        ("province = pq", "AB"),
        ("province = QUÉBEC", "AB"),
        ("province in (Ontario, QC)", "ABCD"),
        ("province is null", "F"),
        ("province is not null", "ABCDE"),
        ("province = ''", "F"),
        ("province = null", "F"),
        # A province kept as it was typed, which no list has.
        ("province = Ávon", "E"),
        ("province = avon", "E"),
        ("province != Ávon", "ABCDF"),
        # One that only a list has.
        ("province = Bavaria or province = Bahia", "?"),
        ("province = Bahia", ""),
        ("province ~ Qué", "AB"),
        ("province ~ q", "AB"),
        ("country ~ canada", "ABCD"),
        ("country = royaume-uni", "E"),
        ("currency = cad", "ABCD"),
        ("language in (anglais)", "BC"),
        ("shipper_identity != client", "ABCDEF"),
        ("shipper_identity = Aucune", ""),
        ("email ~ info@", "AC"),
        ("email in (info@other.EXAMPLE, x@y.example)", "C"),
        ("phone = (418) 555-0123", "?"),
        ('phone = "(418) 555-0123"', "A"),
        ("phone = 418.555.0123", "A"),
        ("phone ~ 4185550123", "A"),
        ("phone ~ poste", "E"),
        ("phone ~ 418-5", "A"),
        ("postal_code = g1k7x2", "AB"),
        ("postal_code ~ g1k7", "AB"),
        ("postal_code ~ 'k 7'", "AB"),
        ("terms = QC", "D"),
        ("name = dube", "C"),
        ("name = L'Assomption", "D"),
        ("name = 'l''assomption'", "D"),
        ("name = 'null'", "F"),
        ("name != null", "ABCDEF"),
        ("tag in (vip, gros)", "ABD"),
        ("tag not in (vip, gros)", "CEF"),
        ("not tag = vip", "BCEF"),
        ("tag is null", "CEF"),
        ("tag = GROS and not tag = vip", "B"),
        ("tag ~ v", "AD"),
        ("tag in (vip, null)", "ACDEF"),
        # Comparisons are true or false: not inverts them.
        ("not email = info@doyon.example", "BCDEF"),
        ("not email ~ info", "BDEF"),
        ("not last_invoice < -3y", "ACEF"),
        ("not (last_invoice > -3y)", "BCDEF"),
        ("not email is null", "AC"),
        ("email not in (null, info@doyon.example)", "C"),
        ("not (email = null or phone ~ 418)", "C"),
        ("documents > 0 and contacts = 0", "ABD"),
        ("sales.2026 = 0", "ABCDEF"),
        ("last_invoice = 2026-11-24", "A"),
        ("last_invoice >= -0d", "A"),
        ("last_invoice > -0D", ""),
        ("last_invoice in (2020-01-01, null)", "CDEF"),
        ("created_at in (2026-11-24)", "ABCDEF"),
        ("created_at not in (2026-11-24)", ""),
        ("created_at = 2026-11-24T14:00:00+02:00", "ABCDEF"),
    ],
)
def test_values_mean_what_create_would_read(clients: Store, expression: str, codes: str) -> None:
    if codes == "?":
        with pytest.raises(UsageError):
            found(clients, expression)
    else:
        assert found(clients, expression) == codes


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("country = Canda", "Canada"),
        ("country != Cannada", "Canada"),
        ("province not in (QC, Ontarioo)", "Ontario"),
        ("language = frnch", "french"),
        ("language = xx", "fr, en"),
        ("currency = CADD", "CAD"),
        ("currency < dollars", "CAD, USD"),
        ("shipper_identity = standrad", "standard"),
        ("province ~ Ontarioo", "Ontario"),
        ("not country ~ nowhere", ""),
        ("language ~ xx", "fr, en"),
        ("currency ~ zz", "CAD, USD"),
        ("shipper_identity ~ standrad", "standard"),
        ("created_at = hier", ""),
        ("last_invoice = 2026-11-24T12:00:00Z", ""),
        ("phone ~ ' '", ""),
    ],
)
def test_an_unknown_value_of_a_list_is_refused_with_the_nearest(
    clients: Store, expression: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        found(clients, expression)
    assert caught.value.code == "filter.value"
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("province ~ ontar", "CD"),
        ("province ~ on", "CDE"),  # a code, and what a row holds: not Oregon
        ("province ~ von", "E"),  # of a country without a list, as it was typed
        ("country ~ unis", ""),  # the United States, where nobody is
        ("country ~ royaume", "E"),
        ("country ~ kingdom or country ~ fr", "EF"),
        ("not country ~ canad", "EF"),
        ("language ~ anglai", "BC"),
        ("currency ~ eu", "F"),
        ("shipper_identity ~ stand", "ABCDEF"),
    ],
)
def test_a_part_of_a_name_of_a_list_is_found(clients: Store, expression: str, codes: str) -> None:
    assert found(clients, expression) == codes


def test_a_condition_stands_by_itself(clients: Store) -> None:
    condition = compiled(clients, "province = QC or province = ON")
    assert chosen(clients, condition, f"{condition.sql} AND c.code = 'A'") == "A"
    assert found(clients, "code = A or code = B", "code = B or code = C") == "B"


def test_the_rows_are_asked_for_a_text_as_it_is_compared(clients: Store) -> None:
    asked: list[tuple[str, str, str]] = []

    def held(field: ListField, op: str, text: str) -> list[str]:
        asked.append((field.name, op, text))
        return ["Xqz"]

    for text in ("province ~ xq", "province = xqz"):
        compile_filters([text], FIELDS, Reading(TODAY), clients.conn.folded, held)
    assert asked == [("province", "~", "xq"), ("province", "=", "xqz")]


def test_many_values_and_many_comparisons_are_no_trouble(clients: Store) -> None:
    numbers = ", ".join(str(n) for n in range(1, 5000))
    assert found(clients, f"id in ({numbers})") == "ABCDEF"
    assert found(clients, f"tag in (vip, {numbers})") == "AD"
    assert found(clients, f"tag in ({numbers}, vip)") == "AD"
    assert found(clients, " or ".join(f"id = {n}" for n in range(1, 2000))) == "ABCDEF"
    assert found(clients, " and ".join(f"tag != t{n}" for n in range(2000))) == "ABCDEF"
    deep = "(not " * 40 + "code = A" + ")" * 40
    assert found(clients, deep) == "A"
    with pytest.raises(UsageError):
        found(clients, *[f"id in ({numbers})"] * 5)


@pytest.mark.parametrize(
    ("expressions", "left_out"),
    [
        (["last_invoice < -3y"], {"last_invoice": "CEF"}),
        (["last_invoice < -3y", "province = ON"], {"last_invoice": "C"}),
        (["last_invoice < -3y or tag is null"], {"last_invoice": ""}),
        (["last_invoice < -3y or last_invoice is null"], {}),
        (["last_invoice < -3y", "last_invoice != null"], {}),
        (["last_invoice != 2026-11-24"], {}),
        (["email in (null, 'x@doyon.example') or email ~ other"], {}),
        # Where it is turned round, they are taken along.
        (["not last_invoice < -3y"], {"last_invoice": ""}),
        (["email ~ doyon and last_invoice > -1y"], {"email": "", "last_invoice": ""}),
        (["email ~ doyon or last_invoice > -1y"], {"email": "BDEF", "last_invoice": "CEF"}),
        (["name ~ x"], {}),
        (["tag ~ x"], {}),
        (["id > 1"], {}),
    ],
)
def test_what_an_order_leaves_out_is_known(
    clients: Store, expressions: list[str], left_out: dict[str, str]
) -> None:
    condition = compiled(clients, *expressions)
    assert {name: chosen(clients, condition, sql) for name, sql in condition.left_out} == left_out


# A naive evaluation: rows are dicts, expressions are pairs of text and a function.


def rows() -> list[Client]:
    """The clients as a reader of the contract would write them down."""
    empty: Client = {"prospect": False, "email": None, "phone": None, "terms": None, "tags": []}
    found = []
    for code, values in zip(CODES, CLIENTS, strict=True):
        row = {**empty, "code": code, "province": "QC", **values}
        row["last_invoice"] = INVOICED.get(code)
        if row.get("country") == "FR":
            row["province"] = None
        found.append(row)
    return found


def typed(value: str) -> st.SearchStrategy[str]:
    """A value as one may type it."""
    quoted = ["'" + value.replace("'", "''") + "'", f'"{value}"']
    bare = " and " not in value and value != "null"
    return st.sampled_from([value, *quoted] if bare else quoted)


EXACT = ("terms", "last_invoice", "province")
FIELDS_TRIED = ("province", "name", "email", "terms", "last_invoice", "tag")


def held(row: Client, field: str) -> list[str | None]:
    """What a row has of a field, as it compares."""
    if field == "tag":
        return [fold(tag) for tag in row["tags"]] or [None]
    return [key(field, row[field])]


def key(field: str, text: str | None) -> str | None:
    return text if text is None or field in EXACT else fold(text)


def values_of(field: str) -> list[str]:
    """Values worth asking for."""
    if field == "tag":
        return ["vip", "gros", "x"]
    found = sorted({row[field] for row in rows() if row[field]})
    return [*found, "MB"] if field == "province" else found


FLAGS = st.tuples(st.booleans(), st.sampled_from(["=", "!="])).map(
    lambda one: (
        f"prospect {one[1]} {str(one[0]).lower()}",
        lambda row: (row["prospect"] == one[0]) == (one[1] == "="),
    )
)


@st.composite
def missing(draw: st.DrawFn) -> tuple[str, Any]:
    """A comparison with null."""
    field = draw(st.sampled_from(FIELDS_TRIED))
    word, has = draw(
        st.sampled_from(
            [("is null", False), ("IS NOT Null", True), ("= null", False), ("!= NULL", True)]
        )
    )
    return f"{field} {word}", lambda row: (held(row, field) != [None]) == has


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, Any]:
    """A comparison with several values."""
    field, op = draw(st.sampled_from(FIELDS_TRIED)), draw(st.sampled_from(["in", "NOT in"]))
    values = draw(st.lists(st.sampled_from(values_of(field)), min_size=1, max_size=3))
    items = ", ".join(draw(typed(value)) for value in values)
    wanted = {key(field, value) for value in values}
    return (
        f"{field} {op} ({items})",
        lambda row: bool(wanted & set(held(row, field))) == (op == "in"),
    )


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, Any]:
    """What a text contains."""
    field = draw(st.sampled_from(["name", "email", "terms", "tag"]))
    word = draw(st.sampled_from(["info", "doyon", "q", "a", "DUBÉ", "sons", "é", "livr", "'"]))
    text = f"{field} ~ {word}" if word != "'" else f'{field} ~ "\'"'
    return text, lambda row: any(
        value is not None and fold(word) in fold(value) for value in held(row, field)
    )


@st.composite
def values(draw: st.DrawFn) -> tuple[str, Any]:
    """A comparison with one value."""
    field, op = draw(st.sampled_from(FIELDS_TRIED)), draw(st.sampled_from(["=", "!=", "<", ">="]))
    if field == "tag" and op not in ("=", "!="):
        op = "="
    value = draw(st.sampled_from(values_of(field)))
    wanted = str(key(field, value))

    def holds(row: Client) -> bool:
        if op in ("=", "!="):
            return (wanted in held(row, field)) == (op == "=")
        (own,) = held(row, field)
        if own is None:
            return False
        return own < wanted if op == "<" else own >= wanted

    return f"{field} {op} {draw(typed(value))}", holds


COMPARISONS = st.one_of(FLAGS, missing(), lists(), searches(), values())


def combined(part: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    """Parts joined or turned round, always in parentheses."""
    return st.one_of(
        st.tuples(part, st.sampled_from(["not", "NOT"])).map(
            lambda one: (f"{one[1]} ({one[0][0]})", lambda row: not one[0][1](row))
        ),
        st.tuples(part, part).map(
            lambda two: (
                f"({two[0][0]}) and ({two[1][0]})",
                lambda row: two[0][1](row) and two[1][1](row),
            )
        ),
        st.tuples(part, part).map(
            lambda two: (
                f"({two[0][0]}) or ({two[1][0]})",
                lambda row: two[0][1](row) or two[1][1](row),
            )
        ),
    )


@st.composite
def unparenthesised(draw: st.DrawFn) -> tuple[str, Any]:
    """Comparisons joined without parentheses: ``not`` binds first, then ``and``, then ``or``."""
    groups = draw(
        st.lists(
            st.lists(st.tuples(st.booleans(), COMPARISONS), min_size=1, max_size=3),
            min_size=1,
            max_size=3,
        )
    )
    text = " or ".join(
        " and ".join(f"{'not ' if no else ''}{one[0]}" for no, one in group) for group in groups
    )
    return text, lambda row: any(all(one[1](row) != no for no, one in group) for group in groups)


EXPRESSIONS = st.one_of(st.recursive(COMPARISONS, combined, max_leaves=8), unparenthesised())


@given(filters=st.lists(EXPRESSIONS, min_size=1, max_size=2))
def test_a_filter_chooses_what_a_naive_evaluation_does(
    clients: Store, filters: list[tuple[str, Any]]
) -> None:
    wanted = "".join(row["code"] for row in rows() if all(holds(row) for _, holds in filters))
    texts = [text for text, _ in filters]
    assert found(clients, *texts) == wanted
    # And nobody is both chosen and left out.
    condition = compiled(clients, *texts)
    for _name, sql in condition.left_out:
        assert not set(chosen(clients, condition, sql)) & set(wanted)
