"""Completing addresses through Google Places, over a real socket, from the command line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interop_cli.domain.values.address_text import place
from tests.fakes.places import KEY, FakePlaces, component
from tests.fakes.server import Reply
from tests.support.cli import Result, Run


@pytest.fixture
def fake() -> Iterator[FakePlaces]:
    with FakePlaces() as places:
        yield places


@pytest.fixture
def interop(invoke: Run, fake: FakePlaces, sqlite_ready_url: str) -> Run:
    """The program with a database and a key, speaking to the fake."""
    env = {
        "INTEROP_DB": sqlite_ready_url,
        "INTEROP_PLACES_URL": fake.url,
        "INTEROP_PLACES_KEY": KEY,
        "INTEROP_SYNC_TIMEOUT": "1",
        "INTEROP_NO_KEYRING": "1",
    }

    def run(*args: object, env_: dict[str, str] | None = None, stdin: str = "") -> Result:
        return invoke(*args, env={**env, **(env_ or {})}, stdin=stdin)

    return run  # type: ignore[return-value]


def test_places_are_listed_the_likeliest_first(interop: Run, fake: FakePlaces) -> None:
    rows = interop("address", "autofill", "214 rue du quai", "--json").json
    assert [row["pick"] for row in rows] == [1, 2]
    assert rows[0] == {
        "pick": 1,
        "line1": "214 Rue du Quai",
        "line2": "300",
        "city": "Québec",
        "province": "QC",
        "postal_code": "G1K 7X2",
        "country": "CA",
        "formatted": "214 Rue du Quai, Québec, QC G1K 7X2, Canada",
    }
    (call,) = fake.calls
    assert call.body == {
        "textQuery": "214 rue du quai",
        "languageCode": "en",
        "regionCode": "ca",
        "pageSize": 10,
    }
    assert call.headers["x-goog-fieldmask"] == "places.formattedAddress,places.addressComponents"
    assert KEY not in call.path
    assert fake.violations == []
    french = interop("address", "autofill", "214 quai lévis", "--lang", "fr", "-o", "csv")
    assert french.stdout.splitlines()[1].startswith("1,214 Rue du Quai,,Lévis,QC,G6V 4Z2,CA")
    assert fake.calls[-1].body["languageCode"] == "fr"


def test_a_client_and_an_address_are_completed(interop: Run) -> None:
    made = interop("client", "create", "Acme", "--code", "ACME", "--autofill", "chemin du roy")
    assert made.code == 0
    card = interop("client", "show", "ACME", "--json").json
    assert (card["line1"], card["city"], card["postal_code"]) == (
        "12 Chemin du Roy",
        "Deschambault",
        "G0A 1S0",
    )
    # What was typed stands.
    added = interop(
        "address",
        "create",
        "ACME",
        "--autofill",
        "214 quai",
        "--pick",
        "1",
        "--line2",
        "bureau 5",
        "--json",
    )
    assert added.code == 0
    address = interop("address", "list", "ACME", "--json").json[1]
    assert (address["line1"], address["line2"], address["city"]) == (
        "214 Rue du Quai",
        "bureau 5",
        "Québec",
    )


def test_several_places_are_not_guessed_at(interop: Run) -> None:
    refused = interop("client", "create", "Acme", "--autofill", "214 rue du quai", "--json")
    assert (refused.code, refused.error["code"]) == (5, "autofill.several")
    assert [detail["message"] for detail in refused.error["details"]] == [
        "1. 214 Rue du Quai, Québec, QC G1K 7X2, Canada",
        "2. 214 Rue du Quai, Lévis, QC G6V 4Z2, Canada",
    ]
    assert interop("client", "list", "--json").json == []
    assert interop("client", "create", "Acme", "--autofill", "214 quai", "--pick", "3").code == 3
    assert interop("client", "create", "Acme", "--pick", "1").code == 2


def test_no_such_place(interop: Run) -> None:
    for args in (
        ("address", "autofill", "nulle part"),
        ("client", "create", "Acme", "--autofill", "nulle part"),
    ):
        nothing = interop(*args, "--error-format", "json")
        assert (nothing.code, nothing.error["code"]) == (3, "autofill.nothing")
    assert interop("address", "autofill", " ").code == 2


def test_without_a_key_it_says_how_to_get_one(interop: Run, fake: FakePlaces) -> None:
    for args in (
        ("address", "autofill", "quai"),
        ("client", "create", "Acme", "--autofill", "quai"),
        ("address", "create", "ACME", "--autofill", "quai"),
    ):
        denied = interop(*args, "--error-format", "json", env_={"INTEROP_PLACES_KEY": ""})
        assert (denied.code, denied.error["code"]) == (4, "autofill.key")
        assert "console.cloud.google.com" in denied.error["hint"]
        assert "config set places.key" in denied.error["hint"]
    assert fake.calls == []


def test_a_key_that_is_refused(interop: Run, fake: FakePlaces) -> None:
    refused = interop(
        "address",
        "autofill",
        "quai",
        "--error-format",
        "json",
        env_={"INTEROP_PLACES_KEY": "AIza-another-key"},
    )
    assert (refused.code, refused.error["code"]) == (4, "autofill.refused")
    assert "AIza-another-key" not in refused.stderr
    fake.fail("reply", reply=Reply(403, {"error": {"status": "PERMISSION_DENIED"}}))
    assert interop("address", "autofill", "quai").code == 4


def test_the_quota_is_spent(interop: Run, fake: FakePlaces) -> None:
    fake.quota = 1
    assert interop("address", "autofill", "lévis").code == 0
    spent = interop("address", "autofill", "lévis", "--error-format", "json")
    assert (spent.code, spent.error["code"], spent.error["retryable"]) == (
        69,
        "autofill.quota",
        True,
    )


@pytest.mark.parametrize(
    "kind", ["sleep", "drip", "drop", "close", "half", "garbage", "gzip", "huge"]
)
def test_a_service_that_does_not_answer_properly(interop: Run, fake: FakePlaces, kind: str) -> None:
    fake.fail(kind, seconds=5.0, times=5)
    started = time.monotonic()
    failed = interop("client", "create", "Acme", "--autofill", "lévis", "--error-format", "json")
    assert time.monotonic() - started < 30
    assert (failed.code, failed.error["code"]) == (69, "autofill.unreachable")
    assert interop("client", "list", "--json").json == []


def test_nobody_is_there(interop: Run) -> None:
    gone = interop("address", "autofill", "x", env_={"INTEROP_PLACES_URL": "http://127.0.0.1:9"})
    assert gone.code == 69


def test_no_redirect_is_followed_with_the_key(interop: Run, fake: FakePlaces) -> None:
    with FakePlaces() as elsewhere:
        where = Reply(307, None, {"Location": f"{elsewhere.url}/v1/places:searchText"})
        fake.fail("redirect", reply=where)
        assert interop("address", "autofill", "lévis").code == 4
        assert elsewhere.calls == []


@pytest.mark.parametrize("url", ["http://places.example.com", "https://u@example.com", "ftp://x"])
def test_the_key_goes_over_https_only(interop: Run, url: str) -> None:
    assert interop("address", "autofill", "x", env_={"INTEROP_PLACES_URL": url}).code == 78


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"places": None},
        {"places": {}},
        {"places": ["x", None, 3]},
        {"places": [{}]},
        {"places": [{"addressComponents": "x", "formattedAddress": 3}]},
        {"places": [{"addressComponents": [None, {"types": [1]}, {"types": None}]}]},
        "x",
        3,
    ],
)
def test_answers_of_another_form_are_no_places(interop: Run, fake: FakePlaces, body: Any) -> None:
    fake.fail("reply", reply=Reply(200, body))
    assert interop("address", "autofill", "lévis").code == 3


def test_the_key_is_kept_apart_and_never_shown(
    interop: Run, fake: FakePlaces, isolation: Path
) -> None:
    env = {"INTEROP_PLACES_KEY": ""}
    typed = interop("config", "set", "places.key", KEY, env_=env)
    assert typed.code == 2
    assert KEY not in typed.stderr
    kept = interop("config", "set", "places.key", "-", env_=env, stdin=f"{KEY}\n")
    assert kept.code == 0
    assert interop("address", "autofill", "lévis", env_=env).code == 0
    shown = [
        interop(*args, env_=env)
        for args in (
            ("config", "get", "places.key"),
            ("config", "list", "--show-origin"),
            ("config", "list", "--json"),
            ("config", "path"),
            ("journal", "list"),
        )
    ]
    assert all(KEY not in result.stdout + result.stderr for result in [kept, *shown])
    assert "********" in shown[0].stdout
    files = [path for path in isolation.rglob("*") if path.is_file()]
    holding = [path for path in files if KEY.encode() in path.read_bytes()]
    assert [path.name for path in holding] == ["places.json"]
    assert holding[0].stat().st_mode & 0o077 == 0
    assert interop("config", "unset", "places.key", env_=env).code == 0
    assert interop("address", "autofill", "lévis", env_=env).code == 4


def test_the_number_comes_first_or_last() -> None:
    def street(code: str) -> str:
        parts = [
            component("5", "5", "street_number"),
            component("Kanal", "Kanal", "route"),
            component("X", code, "country"),
        ]
        return place(parts, "").fields["line1"]

    assert (street("CA"), street("US"), street("FR"), street("DE"), street("NL")) == (
        "5 Kanal",
        "5 Kanal",
        "5 Kanal",
        "Kanal 5",
        "Kanal 5",
    )


def test_control_characters_of_elsewhere_are_no_address() -> None:
    found = place([component("a\x1b[2Jb", "", "locality")], "x\ny")
    assert (found.fields["city"], found.formatted) == ("a [2Jb", "x y")
