"""What a client may be, given what depends on it."""

from __future__ import annotations

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


def test_a_payer() -> None:
    check_can_be_payer(client("HEAD", id=1), client("SHOP", id=2))


@pytest.mark.parametrize(
    ("payer", "pays_for", "code"),
    [
        ({"id": 2}, (), "client.bill_to.self"),
        ({"id": 1, "active": False}, (), "client.bill_to.inactive"),
        ({"id": 1, "prospect": True}, (), "client.bill_to.prospect"),
        ({"id": 1, "bill_to_id": 3}, (), "client.bill_to.level"),
        ({"id": 1}, ("A", "B"), "client.bill_to.level"),
    ],
)
def test_not_a_payer(payer: dict[str, Any], pays_for: tuple[str, ...], code: str) -> None:
    with pytest.raises(Conflict) as caught:
        check_can_be_payer(client("HEAD", **payer), client("SHOP", id=2), pays_for)
    assert caught.value.code == code


def test_a_client_without_an_id_does_not_pay_for_itself_either() -> None:
    with pytest.raises(Conflict, match=r"client\.bill_to\.self"):
        check_can_be_payer(client("SHOP"), client("SHOP"))


def test_prospects() -> None:
    prospect = client("NEW", prospect=True)
    check_prospect(prospect)
    check_prospect(client("OLD"), jobs=3, pays_for=["A"])
    with pytest.raises(Conflict, match=r"client\.prospect\.job"):
        check_prospect(prospect, jobs=1)
    with pytest.raises(Conflict, match=r"client\.prospect\.payer"):
        check_prospect(prospect, pays_for=["A"])


def test_a_payer_in_use_stays_active() -> None:
    check_can_deactivate(client("HEAD"), [])
    with pytest.raises(Conflict) as caught:
        check_can_deactivate(client("HEAD"), [f"SHOP-{n}" for n in range(9)])
    assert caught.value.code == "client.payer.in_use"
    assert str(caught.value.message).count("SHOP-") == 5
    assert "…" in str(caught.value.message)


def test_the_client_s_identity_needs_a_logo() -> None:
    check_identity("client", has_logo=True)
    check_identity("standard", has_logo=False)
    with pytest.raises(Conflict, match=r"client\.shipper_identity\.logo"):
        check_identity("client", has_logo=False)
