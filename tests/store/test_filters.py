"""The filter language, on the clients of both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from interop_cli.domain.errors import UsageError
from interop_cli.store.reading.clients import FIELDS, SOURCE
from interop_cli.store.reading.filters import compile_filters
from interop_cli.store.store import Store
from tests.support.stores import Fill, add_client

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def clients(filled: Callable[[Fill], Store]) -> Store:
    """Three clients made at noon of 2026-11-24, the second in Paris."""

    def fill(store: Store) -> None:
        add_client(store, "Aube, d'ici", line2="Étage 2, Œuvres", terms="à la livraison")
        add_client(store, "null", country="FR", city="Paris", postal_code="75001", currency="EUR")
        add_client(store, "Côté", email="a@example.com")

    return filled(fill)


def found(store: Store, *expressions: str) -> list[int]:
    """The ids of the clients that the filters match."""
    conn = store.conn
    condition = compile_filters(expressions, FIELDS, TODAY, conn.folded)
    rows = conn.query(
        f"SELECT c.id{SOURCE} WHERE {condition.sql} ORDER BY c.id", **condition.params
    )
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("line2 ~ étage", [1]),
        ("line2 ~ ETAGE", [1]),
        ("line2 ~ oeuvre", [1]),
        ("terms ~ À la", [1]),
        ("email ~ EXAMPLE", [3]),
        ("terms ~ %", []),
    ],
)
def test_contains_knows_no_marks_and_no_case(
    clients: Store, expression: str, ids: list[int]
) -> None:
    assert found(clients, expression) == ids


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("created_at = 2026-11-24", [1, 2, 3]),
        ("created_at = 2026-11-24T12:00:00Z", [1, 2, 3]),
        ("created_at = 2026-11-24T12:00:01Z", []),
        ("created_at != 2026-11-24T12:00:01Z", [1, 2, 3]),
        ("created_at > 2026-11-24", []),
        ("created_at > 2026-11-24T11:59:59Z", [1, 2, 3]),
        ("created_at <= 2026-11-24T11:59:59Z", []),
        ("created_at < 2026-11-24", []),
        ("created_at >= -0d", [1, 2, 3]),
    ],
)
def test_a_date_means_its_day_and_a_time_its_second(
    clients: Store, expression: str, ids: list[int]
) -> None:
    assert found(clients, expression) == ids


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ('name = "null"', [2]),
        ("name != null", [1, 2, 3]),
        ("email = null", [1, 2]),
        ('email = ""', [1, 2]),
        ("email != ''", [3]),
        ('line2=""', [2, 3]),
        ("terms != ''", [1]),
        ("email in (null, a@example.com)", [1, 2, 3]),
        ('name in ("Aube, d\'ici", cote)', [1, 3]),
        ("name in ('null')", [2]),
        ("name in (d'ici, Côté)", [3]),
    ],
)
def test_within_quotes_a_value_is_what_it_says(
    clients: Store, expression: str, ids: list[int]
) -> None:
    assert found(clients, expression) == ids


@pytest.mark.parametrize(
    "expression",
    ["country = fr", "country = FR", "currency = eur", "country in (fr, us)", "province != qc"],
)
def test_codes_are_found_in_small_letters(clients: Store, expression: str) -> None:
    assert found(clients, expression) == [2]


@pytest.mark.parametrize("expression", ["code == A", "code =~ A", "id => 1", "id >> 1", "id !== 1"])
def test_an_operator_of_another_language_is_no_value(clients: Store, expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(clients, expression)
    assert caught.value.code == "filter.syntax"


@pytest.mark.parametrize(
    ("today", "ago", "day"),
    [
        ("2026-11-24", "-0d", "2026-11-24"),
        ("2026-11-24", "-24d", "2026-10-31"),
        ("2026-11-24", "-2w", "2026-11-10"),
        ("2026-11-24", "-10m", "2026-01-24"),
        ("2026-11-24", "-11m", "2025-12-24"),
        ("2026-01-24", "-1m", "2025-12-24"),
        ("2026-11-24", "-3y", "2023-11-24"),
        # The last day of a month that has fewer.
        ("2026-03-31", "-1m", "2026-02-28"),
        ("2024-03-31", "-1m", "2024-02-29"),
        ("2000-03-31", "-1m", "2000-02-29"),
        ("2100-03-31", "-1m", "2100-02-28"),
        ("2024-02-29", "-1y", "2023-02-28"),
        ("2026-12-31", "-1m", "2026-11-30"),
        ("2026-10-31", "-1m", "2026-09-30"),
        ("2026-07-31", "-1m", "2026-06-30"),
        ("2026-05-31", "-1m", "2026-04-30"),
        ("2026-08-31", "-1m", "2026-07-31"),
        ("2026-09-30", "-1m", "2026-08-30"),
        ("2026-12-31", "-2m", "2026-10-31"),
        ("2026-12-31", "-5m", "2026-07-31"),
        ("2026-12-31", "-7m", "2026-05-31"),
        ("2026-12-31", "-9m", "2026-03-31"),
        ("2026-12-31", "-11m", "2026-01-31"),
        ("2026-12-31", "-12m", "2025-12-31"),
    ],
)
def test_so_long_before_today(today: str, ago: str, day: str) -> None:
    condition = compile_filters([f"last_invoice>{ago}"], FIELDS, date.fromisoformat(today), str)
    assert list(condition.params.values()) == [day]


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("id = 2", [2]),
        ("id != 2", [1, 3]),
        ("id < 2", [1]),
        ("id <= 2", [1, 2]),
        ("id > 2", [3]),
        ("id >= 2", [2, 3]),
        ("id > -1", [1, 2, 3]),
        ("id = +2", [2]),
        ("id in (1, 3)", [1, 3]),
        ("id IN (1)", [1]),
        (f"id < {2**63 - 1}", [1, 2, 3]),
        (f"id > -{2**63 - 1}", [1, 2, 3]),
        ("active = true", [1, 2, 3]),
        ("active = FALSE", []),
        ("active = Oui", [1, 2, 3]),
        ("active = no", []),
        ("active != false", [1, 2, 3]),
        ("active < true", []),
        ("prospect = false", [1, 2, 3]),
        ("email = a@example.com", [3]),
        ("email != a@example.com", [1, 2]),
        ("email != null", [3]),
        ("email < b", [3]),
        ("country = null", []),
        ("id != null", [1, 2, 3]),
        (" id  =  2 ", [2]),
        ("bill_to = null", [1, 2, 3]),
    ],
)
def test_values_are_compared_as_what_they_are(
    clients: Store, expression: str, ids: list[int]
) -> None:
    assert found(clients, expression) == ids


def test_several_filters_hold_together(clients: Store) -> None:
    assert found(clients) == [1, 2, 3]
    assert found(clients, "id > 1", "id < 3") == [2]
    assert found(clients, "id in (1, 2)", "id in (2, 3)") == [2]


def test_tags_are_found_whole_and_in_part(store: Store) -> None:
    add_client(store, code="A", tags=["Grand format", "vip"])
    add_client(store, code="B", tags=["grand"])
    add_client(store, code="C")
    assert found(store, "tags = grand") == [2]
    assert found(store, "tags = GRAND FORMAT") == [1]
    assert found(store, "tags ~ grand") == [1, 2]
    assert found(store, "tags != grand") == [1, 3]
    assert found(store, "tag = vip") == [1]
    assert found(store, "tags = null") == [3]
    assert found(store, "tags != null") == [1, 2]
    assert found(store, "tags = ''") == [3]
    assert found(store, "tags != ''") == [1, 2]
    assert found(store, "tags in (vip, grand)") == [1, 2]
    assert found(store, "tags ~ 'd f'") == [1]


@pytest.mark.parametrize("mark", ["%", "_", "\\"])
def test_a_mark_of_sql_is_only_itself(store: Store, mark: str) -> None:
    add_client(store, code="A", terms=f"a{mark}b")
    add_client(store, code="B", terms="axb")
    assert found(store, f"terms ~ a{mark}b") == [1]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("id = x", "filter.value"),
        ("id = 1.5", "filter.value"),
        ("id = ''", "filter.value"),
        (f"id = {2**63}", "filter.value"),
        (f"id = -{2**63}", "filter.value"),
        ("id ~ 1", "filter.value"),
        ("active = 1", "filter.value"),
        ("active = si", "filter.value"),
        ("active ~ true", "filter.value"),
        ("active = ''", "filter.value"),
        ("id < null", "filter.value"),
        ("email > null", "filter.value"),
        ("code ~ null", "filter.value"),
        ("tags < a", "filter.value"),
        ("tags > null", "filter.value"),
        ("created_at = 2026-13-01", "filter.value"),
        ("created_at = 2026-1-1", "filter.value"),
        ("created_at = 2026-11-24T12:00:00", "filter.value"),
        ("created_at = -1h", "filter.value"),
        ("created_at = -9999y", "filter.value"),
        ("created_at ~ 2026", "filter.value"),
        ("created_at = ''", "filter.value"),
        ("id", "filter.syntax"),
        ("= 1", "filter.syntax"),
        ("", "filter.syntax"),
        ("1d = 1", "filter.syntax"),
        ("id in 1", "filter.syntax"),
        ("idin(1)", "filter.syntax"),
        # An empty variable of a shell chooses nobody, and not everybody.
        ("line2=", "filter.syntax"),
        ("line2 !=", "filter.syntax"),
        ("code in ()", "filter.syntax"),
        ("id not in ( )", "filter.syntax"),
        ("id in (1,)", "filter.syntax"),
        ('name ~ ""', "filter.value"),
        ('tag ~ " "', "filter.value"),
        ("ID = 1", "filter.field.unknown"),
        ("citi = x", "filter.field.unknown"),
    ],
)
def test_what_cannot_be_compared_is_refused(expression: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_filters([expression], FIELDS, TODAY, str)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("field", "told"),
    [
        *((name, True) for name in ("code", "id", "tag", "country", "language", "created_at")),
        *((name, False) for name in ("name", "email", "phone", "city", "terms", "nobodys")),
    ],
)
def test_a_hint_repeats_no_value_that_may_name_a_person(field: str, told: bool) -> None:
    with pytest.raises(UsageError) as caught:
        compile_filters([f"{field} = A, B"], FIELDS, TODAY, str)
    assert f"{field} in {'(A, B)' if told else '(…)'}" in str(caught.value.hint)


def test_a_refusal_names_the_field() -> None:
    for operator in ("=", "<"):
        with pytest.raises(UsageError) as caught:
            compile_filters([f"created_at {operator} soon"], FIELDS, TODAY, str)
        assert caught.value.message.params["field"] == "created_at"
    with pytest.raises(UsageError) as caught:
        compile_filters(["id = x"], FIELDS, TODAY, str)
    assert caught.value.message.params["field"] == "id"
    with pytest.raises(UsageError) as caught:
        compile_filters(["citi = x"], FIELDS, TODAY, str)
    assert caught.value.message.params["option"] == "--filter"
