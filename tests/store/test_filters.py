"""The filter language, on the clients of both engines."""

from __future__ import annotations

from datetime import date

import pytest

from interop_cli.domain.errors import UsageError
from interop_cli.store.reading.clients import FIELDS, SOURCE
from interop_cli.store.reading.filters import compile_filters
from interop_cli.store.store import Store
from tests.support.stores import add_client

TODAY = date(2026, 11, 24)


@pytest.fixture
def clients(store: Store) -> Store:
    """Three clients made at noon of 2026-11-24, the second in Paris."""
    add_client(store, "Aube, d'ici", line2="Étage 2, Œuvres", terms="à la livraison")
    add_client(store, "null", country="FR", city="Paris", postal_code="75001", currency="EUR")
    add_client(store, "Côté", email="a@example.com")
    return store


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
        ("line2=", [2, 3]),
        ("terms != ''", [1]),
        ("email in (null, a@example.com)", [1, 2, 3]),
        ('name in ("Aube, d\'ici", cote)', [1, 3]),
        ("name in ('null')", [2]),
        ("name in (d'ici, Côté)", [3]),
        ("code in ()", []),
        ("id in ( )", []),
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
