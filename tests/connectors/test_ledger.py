"""A connector of another package, written by docs/connectors.md: the whole contract, its tokens,
and the real commands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from interop_cli.commands.sync import connecting
from interop_cli.connectors.protocol import OAuthApp
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import LocalRecord
from tests.connectors.contract import ConnectorContract
from tests.connectors.ledger import Ledger
from tests.connectors.support import client, target, tools
from tests.fakes.ledger import FakeLedger
from tests.support.cli import Result, Run
from tests.sync.test_login import follow, free_port, in_a_thread


class LedgerLogin(Ledger):
    """The same for whoever logs in with a browser."""

    kind: ClassVar[str] = "ledger-login"
    secret_names: ClassVar[tuple[str, ...]] = ("client_id", "client_secret", "refresh_token")
    oauth: ClassVar[OAuthApp | None] = OAuthApp(
        "https://login.ledger.example/token",
        "https://login.ledger.example/authorize",
        ("ledger.customers",),
        pkce=True,
        tenant="company",
        idle_days=60,
    )


@pytest.fixture
def fake() -> Iterator[FakeLedger]:
    with FakeLedger() as made:
        yield made


@pytest.fixture
def connector(fake: FakeLedger) -> Iterator[Ledger]:
    made = Ledger(target("ledger", company="C1"), tools(fake.url, fake.secret))
    yield made
    made.close()


@pytest.fixture
def make() -> Callable[..., LocalRecord]:
    return client


class TestContract(ConnectorContract):
    write = "^(POST|PATCH) /companies"
    counted = frozenset({"version", "changed"})
    tells_what_went = False


def test_an_app_lets_itself_in(fake: FakeLedger) -> None:
    secret = {"client_id": fake.client_id, "client_secret": fake.client_secret}
    used = tools(fake.url, secret)
    connector = Ledger(target("ledger", company="C1"), used)
    assert connector.identity().name == "Atelier"
    asked = {"grant_type": "client_credentials", "scope": "ledger.customers"}
    assert fake.asked == [("/token", asked)]
    fake.tokens.clear()
    assert connector.identity().name == "Atelier"
    assert len(fake.asked) == 2
    connector.close()


def test_an_address_of_tokens_has_the_tenant_in_it(fake: FakeLedger) -> None:
    from dataclasses import replace

    used = replace(tools(fake.url, fake.secret), token_url=None)
    connector = Ledger(target("ledger", company="C/1"), used)
    assert connector.tokens.token_url == "https://login.ledger.example/C%2F1/token"
    missing = Ledger(target("ledger"), used)
    with pytest.raises(ConfigError) as refused:
        _tokens = missing.tokens
    assert refused.value.code == "sync.setting.missing"


def test_a_secret_that_is_not_good(fake: FakeLedger) -> None:
    used = tools(fake.url, {"client_id": fake.client_id, "client_secret": "another-0123456789"})
    with pytest.raises(Trouble) as trouble:
        Ledger(target("ledger", company="C1"), used).identity()
    assert trouble.value.kind is TroubleKind.AUTH


# -- installed, through the commands ------------------------------------------------------------

Interop = Callable[..., Result]


@pytest.fixture
def interop(
    invoke: Run, fake: FakeLedger, ready_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Interop:
    """The command line where a package with these connectors is installed, and a database."""
    site = tmp_path / "site"
    info = site / "interop_ledger-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: interop-ledger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[interop_cli.connectors]\n"
        "ledger = tests.connectors.ledger:Ledger\n"
        "ledger-login = tests.connectors.test_ledger:LedgerLogin\n"
        "broken = tests.connectors.nothing:Nothing\n"
    )
    monkeypatch.syspath_prepend(str(site))
    for name, value in {
        "INTEROP_DB": ready_url,
        "INTEROP_CONFIG": str(tmp_path / "config" / "interop.toml"),
        "INTEROP_NO_KEYRING": "1",
        "INTEROP_BOOKS_BASE_URL": fake.url,
        "INTEROP_BOOKS_TOKEN_URL": f"{fake.url}/token",
        "INTEROP_BOOKS_AUTHORIZE_URL": f"{fake.url}/authorize",
    }.items():
        monkeypatch.setenv(name, value)

    def interop(*args: object, code: int = 0, stdin: str = "") -> Result:
        result = invoke(*args, stdin=stdin)
        assert result.code == code, result.stderr + result.stdout
        for secret in (fake.client_secret, "ledger-token", "ledger-refresh"):
            assert secret not in result.stdout + result.stderr
        return result

    return interop


def app(fake: FakeLedger) -> str:
    return json.dumps({"client_id": fake.client_id, "client_secret": fake.client_secret})


def test_it_is_a_kind_like_the_others(interop: Interop, fake: FakeLedger) -> None:
    assert "kind ledger:\n  company " in interop("sync", "add", "--help").stdout
    interop("sync", "add", "books", "ledger", "--set", "company=C1", "-q")
    interop("sync", "connect", "books", "--token-stdin", "-q", stdin=app(fake))
    interop("client", "create", "Imprimerie Léger", "--code", "A", "--line1", "1 rue A",
            "--city", "Québec", "--postal-code", "G1K 7X2", "-q")  # fmt: skip
    interop("contact", "create", "A", "--name", "Ève Roy", "-q")
    (row,) = interop("sync", "plan", "--json").json
    assert (row["entity"], row["action"]) == ("client", "create")
    interop("sync", "push", "-q")
    assert [row["name"] for row in fake.held().values()] == ["Imprimerie Léger"]
    fake.touch("L1")
    interop("client", "edit", "A", "--city", "Lévis", "-q")
    interop("sync", "push", "-q")
    held = fake.held()["L1"]
    assert (held["city"], held["note"], fake.people) == ("Lévis", "pays late", {})
    (status,) = interop("sync", "status", "--json").json
    assert (status["in_sync"], status["pending"], status["blocked"]) == (1, 0, 0)
    skipped = interop("sync", "plan", "--skipped", "--json").json
    reasons = [one["reason"] for one in skipped if one["entity"] == "contact"]
    assert reasons == ["sync.only_read"]


def test_another_company_is_another_system(interop: Interop, fake: FakeLedger) -> None:
    interop("sync", "add", "books", "ledger", "--set", "company=C1", "-q")
    interop("sync", "connect", "books", "--token-stdin", "-q", stdin=app(fake))
    fake.companies["C2"] = "Another"
    error = interop("sync", "connect", "books", "--set", "company=C2", "--json", code=5).error
    assert error["code"] == "sync.remote.other"


def test_a_target_of_a_connector_that_is_gone_can_be_seen_and_removed(
    interop: Interop, monkeypatch: pytest.MonkeyPatch
) -> None:
    interop("sync", "add", "books", "ledger", "--set", "company=C1", "-q")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not one.endswith("/site")])
    (row,) = interop("sync", "targets", "--json").json
    assert (row["kind"], row["role"]) == ("ledger", None)
    assert interop("sync", "plan", "--json", code=78).error["code"] == "sync.kind.unknown"
    interop("sync", "remove", "books", "--confirm", "books", "-q")
    assert interop("sync", "targets", "--json").json == []


def test_the_other_targets_do_not_wait_for_a_connector_that_is_gone(
    interop: Interop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interop("sync", "add", "books", "ledger", "--set", "company=C1", "-q")
    interop("client", "create", "Imprimerie Léger", "--code", "A", "--line1", "1 rue A",
            "--city", "Québec", "--postal-code", "G1K 7X2", "-q")  # fmt: skip
    words = ("--set", "profile=csv", "--set", f"folder={tmp_path}")
    interop("sync", "add", "files", "file", *words, "-q")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not one.endswith("/site")])
    for command in (("status",), ("plan", "--offline"), ("push",), ("retry",)):
        done = interop("sync", *command, "--json", code=78)
        assert done.error["code"] == "sync.kind.unknown", command
        assert done.error["message"].startswith("books: "), command
        if command[0] == "status":
            assert [(row["target"], row["pending"]) for row in done.json] == [("files", 1)]
        elif command[0] == "plan":
            assert [(row["target"], row["action"]) for row in done.json] == [("files", "create")]
        elif command[0] == "push":
            assert [one["target"] for one in done.json["items"]] == ["files"]


def test_a_connector_that_cannot_be_loaded_is_named(interop: Interop) -> None:
    error = interop("sync", "add", "books", "broken", "--json", code=78).error
    assert (error["code"], "tests.connectors.nothing" in error["message"]) == (
        "sync.kind.broken",
        True,
    )
    error = interop("sync", "add", "books", "nothing", "--json", code=78).error
    assert (error["code"], "ledger" in error["message"]) == ("sync.kind.unknown", True)


def login(interop: Interop, fake: FakeLedger, *more: str, **how: Any) -> Result:
    """Log in to a target of the kind with a login."""
    words = ("sync", "connect", "books", "--login", "--token-stdin", "--json", *more)
    return interop(*words, stdin=app(fake), **how)


@pytest.fixture
def logged(interop: Interop, monkeypatch: pytest.MonkeyPatch) -> Interop:
    """The same with a target whose login comes back to a free port, and a browser that agrees."""
    monkeypatch.setattr(connecting, "open_browser", in_a_thread(follow))
    uri = f"redirect_uri=http://127.0.0.1:{free_port()}/back"
    interop("sync", "add", "books", "ledger-login", "--set", uri, "-q")
    return interop


def test_a_login_with_pkce_finds_its_one_tenant(logged: Interop, fake: FakeLedger) -> None:
    found = login(logged, fake)
    assert "code_challenge=" in found.stderr
    assert found.json["remote"] == "Atelier"
    (row,) = logged("sync", "targets", "--json").json
    assert row["settings"]["company"] == "C1"


def test_one_of_several_tenants_is_chosen(logged: Interop, fake: FakeLedger) -> None:
    fake.companies["C2"] = "Another"
    error = login(logged, fake, code=2).error
    assert (error["code"], "C2: Another" in error["hint"]) == ("usage.tenant", True)
    assert login(logged, fake, "--set", "company=C2").json["remote"] == "Another"


def test_a_proof_that_is_another_ones_is_refused(
    logged: Interop, fake: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interop_cli.connectors.login import Login

    asked = Login.url.fget  # type: ignore[attr-defined]

    def another(self: Login) -> str:
        return str(asked(self)).replace("code_challenge=", "code_challenge=x")

    monkeypatch.setattr(Login, "url", property(another))
    assert login(logged, fake, code=4).error["code"] == "sync.auth.refused"
