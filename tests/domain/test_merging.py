"""Whose values stand after a merge, and which clients cannot be one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict
from interop_cli.domain.merging import (
    FILLED,
    KEPT,
    MergeChoice,
    check_can_merge,
    check_levels,
    merged,
)


def client(number: int, **values: Any) -> Client:
    code = "ABCDE"[number - 1]
    return Client.stored(
        Client.model_validate({"code": code, "name": "Acme"}).model_dump()
        | {"id": number, **values}
    )


def merge(*clients: Client, may_be_billed: bool = True) -> tuple[Client, dict[str, MergeChoice]]:
    after, choices = merged(clients[0], clients[1:], may_be_billed=may_be_billed)
    by_field = {choice.field: choice for choice in choices}
    assert len(by_field) == len(choices)
    return after, by_field


def refusal(winner: Client, *losers: Client) -> tuple[str, dict[str, object]]:
    with pytest.raises(Conflict) as caught:
        check_can_merge(winner, losers)
    return caught.value.code, dict(caught.value.message.params)


# -- which can be one ---------------------------------------------------------------------------


def test_clients_that_can_be_one() -> None:
    check_can_merge(client(1), [client(2), client(3, active=False)])
    check_can_merge(client(1, bill_to_id=9), [client(2, bill_to_id=9)])


def test_a_client_is_named_once() -> None:
    assert refusal(client(1), client(1))[0] == "client.merge.same"
    assert refusal(client(1), client(2), client(2))[0] == "client.merge.same"


def test_what_was_merged_is_not_merged_again() -> None:
    assert refusal(client(1), client(2, merged_into_id=7)) == ("client.merge.merged", {"code": "B"})
    assert refusal(client(1, merged_into_id=7), client(2)) == ("client.merge.merged", {"code": "A"})


def test_the_one_that_stays_is_active() -> None:
    assert refusal(client(1, active=False), client(2)) == ("client.merge.inactive", {"code": "A"})


@pytest.mark.parametrize(
    ("payers", "who"),
    [
        ((2, None, None), {"code": "A", "payer": "B"}),
        ((None, 1, None), {"code": "B", "payer": "A"}),
        ((None, None, 2), {"code": "C", "payer": "B"}),
    ],
)
def test_a_client_and_its_payer_are_two(
    payers: tuple[int | None, ...], who: dict[str, object]
) -> None:
    clients = [client(number, bill_to_id=payer) for number, payer in enumerate(payers, 1)]
    assert refusal(*clients) == ("client.merge.bill_to", who)


def test_a_client_that_another_pays_for_pays_for_nobody() -> None:
    check_levels(client(1), ["X"])
    check_levels(client(1, bill_to_id=9), [])
    with pytest.raises(Conflict) as caught:
        check_levels(client(1, bill_to_id=9), list("TUVWXYZ"))
    assert caught.value.code == "client.merge.level"
    assert caught.value.message.params == {"code": "A", "clients": "T, U, V, W, X"}


# -- whose values stand -------------------------------------------------------------------------


def test_clients_that_agree_leave_nothing_to_say() -> None:
    same = {"email": "a@x.ca", "bill_to_id": 9, "tags": ["vip"], "accounting": {"class": "1"}}
    after, choices = merge(client(1, **same), client(2, **same))
    assert (after, choices) == (client(1, **same), {})


def test_the_winner_itself_is_left_as_it_was() -> None:
    winner = client(1, prospect=True)
    merge(winner, client(2, email="b@x.ca", tags=["vip"], accounting={"class": "1"}))
    assert winner == client(1, prospect=True)


@pytest.mark.parametrize("field", FILLED)
def test_a_blank_is_filled_by_the_first_who_has_something(field: str) -> None:
    after, choices = merge(
        client(1), client(2), client(3, **{field: "c"}), client(4, **{field: "d"})
    )
    assert getattr(after, field) == "c"
    assert choices == {field: MergeChoice(field, "c", "C", (("D", "d"),))}


@pytest.mark.parametrize("field", [*FILLED, *KEPT])
def test_what_the_winner_has_stands_and_the_others_are_said(field: str) -> None:
    clients = [client(number, **{field: value}) for number, value in enumerate("aab", 1)]
    after, choices = merge(*clients)
    assert getattr(after, field) == "a"
    assert choices == {field: MergeChoice(field, "a", "A", (("C", "b"),))}


def test_an_empty_text_is_nothing_to_say() -> None:
    after, choices = merge(client(1, website="a"), client(2, website=""))
    assert (after.website, choices) == ("a", {})


def test_a_payer_comes_along_only_to_one_that_pays_for_nobody() -> None:
    after, choices = merge(client(1), client(2, bill_to_id=9))
    assert after.bill_to_id == 9
    assert choices == {"bill_to_id": MergeChoice("bill_to_id", 9, "B", ())}
    after, choices = merge(client(1), client(2, bill_to_id=9), may_be_billed=False)
    assert after.bill_to_id is None
    assert choices == {"bill_to_id": MergeChoice("bill_to_id", None, "A", (("B", 9),))}


def test_a_prospect_stays_one_only_among_prospects() -> None:
    after, choices = merge(client(1, prospect=True), client(2, prospect=True))
    assert (after.prospect, choices) == (True, {})
    after, choices = merge(client(1, prospect=True), client(2, prospect=True), client(3))
    assert after.prospect is False
    assert choices == {"prospect": MergeChoice("prospect", after.prospect, "C", (("A", True),))}
    after, choices = merge(client(1), client(2, prospect=True))
    assert (after.prospect, choices) == (False, {})


def test_tags_are_joined_and_the_winners_spelling_stands() -> None:
    after, choices = merge(
        client(1, tags=["Vip"]), client(2, tags=["or", "VIP"]), client(3, tags=["OR", "art"])
    )
    assert after.tags == ["art", "or", "Vip"]
    assert choices == {"tags": MergeChoice("tags", ["art", "or", "Vip"], "", ())}


def test_accounting_fields_are_joined_and_the_first_of_each_stands() -> None:
    after, choices = merge(
        client(1, accounting={"class": "1"}),
        client(2, accounting={"class": "2", "zone": "2"}),
        client(3, accounting={"zone": "3", "dept": "3"}),
    )
    joined = {"class": "1", "zone": "2", "dept": "3"}
    assert after.accounting == joined
    assert choices == {"accounting": MergeChoice("accounting", joined, "", ())}


def test_a_choice_is_printed_with_whose_value_it_is() -> None:
    assert MergeChoice("email", "a", "A", (("B", "b"),)).as_dict() == {
        "field": "email",
        "value": "a",
        "from": "A",
        "others": [{"code": "B", "value": "b"}],
    }
    assert MergeChoice("tags", ["a"], "", ()).as_dict()["from"] is None


VALUES = st.sampled_from([None, "a", "b", "c"])


@given(values=st.lists(VALUES, min_size=2, max_size=5), field=st.sampled_from(FILLED))
def test_no_value_is_lost_unsaid(values: list[str | None], field: str) -> None:
    clients = [client(number, **{field: value}) for number, value in enumerate(values, 1)]
    after, choices = merge(*clients)
    kept = getattr(after, field)
    assert kept == next(filter(None, values), None)
    said = {value for choice in choices.values() for _, value in choice.others}
    assert {*filter(None, values)} <= {kept, *said}
