"""What a client may be, given what depends on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict
from interop_cli.domain.payer import (
    check_can_be_payer,
    check_can_deactivate,
    check_identity,
    check_prospect,
)


def client(code: str, **values: Any) -> Client:
    return Client.model_validate({"code": code, "name": code, **values})


def refusal(check: Callable[..., None], *args: Any, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    """The code of what is said, and whom it names."""
    with pytest.raises(Conflict) as caught:
        check(*args, **kwargs)
    return caught.value.code, dict(caught.value.message.params)


def test_a_payer() -> None:
    check_can_be_payer(client("HEAD", id=1), client("SHOP", id=2))


@pytest.mark.parametrize(
    ("payer", "pays_for", "code", "named"),
    [
        ({"id": 2}, (), "client.bill_to.self", {}),
        ({"id": 1, "active": False}, (), "client.bill_to.inactive", {"code": "HEAD"}),
        ({"id": 1, "prospect": True}, (), "client.bill_to.prospect", {"code": "HEAD"}),
        ({"id": 1, "bill_to_id": 3}, (), "client.bill_to.level", {"code": "HEAD"}),
        ({"id": 1}, ("A", "B"), "client.bill_to.level", {"code": "SHOP", "clients": "A, B"}),
    ],
)
def test_not_a_payer(
    payer: dict[str, Any], pays_for: tuple[str, ...], code: str, named: dict[str, str]
) -> None:
    shop = client("SHOP", id=2)
    assert refusal(check_can_be_payer, client("HEAD", **payer), shop, pays_for) == (code, named)


def test_a_client_without_an_id_does_not_pay_for_itself_either() -> None:
    assert refusal(check_can_be_payer, client("SHOP"), client("SHOP"))[0] == "client.bill_to.self"
    check_can_be_payer(client("HEAD"), client("SHOP"))


def test_prospects() -> None:
    prospect = client("NEW", prospect=True)
    check_prospect(prospect)
    check_prospect(client("OLD"), jobs=3, pays_for=["A"])
    assert refusal(check_prospect, prospect, jobs=1) == ("client.prospect.job", {"code": "NEW"})
    assert refusal(check_prospect, prospect, pays_for=["A"]) == (
        "client.prospect.payer",
        {"code": "NEW", "clients": "A"},
    )


def test_a_payer_in_use_stays_active() -> None:
    check_can_deactivate(client("HEAD"), [])
    assert refusal(check_can_deactivate, client("HEAD"), ["SHOP"]) == (
        "client.payer.in_use",
        {"code": "HEAD", "clients": "SHOP"},
    )


@pytest.mark.parametrize(("count", "named"), [(5, "A, B, C, D, E"), (6, "A, B, C, D, E…")])
def test_of_many_clients_the_first_five_are_named(count: int, named: str) -> None:
    said = refusal(check_can_deactivate, client("HEAD"), list("ABCDEF"[:count]))[1]
    assert said["clients"] == named


def test_the_client_s_identity_needs_a_logo() -> None:
    check_identity("client", has_logo=True)
    check_identity("standard", has_logo=False)
    assert refusal(check_identity, "client", has_logo=False)[0] == "client.shipper_identity.logo"
