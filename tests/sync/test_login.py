"""``sync connect --login``: a real server, a listener on loopback, and what a person does."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener, urlopen

import pytest

from interop_cli.commands.sync import connecting
from interop_cli.connectors.login import Login
from interop_cli.connectors.protocol import OAuthApp
from interop_cli.domain.errors import Denied, InvalidData
from tests.fakes.qbo import REALM, FakeQuickBooks
from tests.support.cli import Result, Run
from tests.support.outside import PATIENCE, shell_code, start

OTHER = "9130350000000002"


@pytest.fixture
def fake() -> Iterator[FakeQuickBooks]:
    with FakeQuickBooks() as made:
        yield made
        assert not made.violations


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Books:
    """The command line with a target ``books`` that nobody has connected; what it says is held
    against every secret there is.
    """

    def __init__(self, invoke: Run, fake: FakeQuickBooks, secrets: Path) -> None:
        self.invoke, self.fake, self.secrets = invoke, fake, secrets
        self.redirect_uri = f"http://localhost:{free_port()}/back"
        self.env = {
            "INTEROP_BOOKS_BASE_URL": fake.url,
            "INTEROP_BOOKS_TOKEN_URL": f"{fake.url}/token",
            "INTEROP_BOOKS_AUTHORIZE_URL": f"{fake.url}/authorize",
            "INTEROP_NO_KEYRING": "1",
        }
        self.app = json.dumps({"client_id": fake.client_id, "client_secret": fake.client_secret})
        self("sync", "add", "books", "qbo", "--set", f"redirect_uri={self.redirect_uri}", "-q")

    def __call__(self, *args: object, code: int = 0, stdin: str = "") -> Result:
        result = self.invoke(*args, env=self.env, stdin=stdin)
        assert result.code == code, result.stderr + result.stdout
        self.check(result.stdout + result.stderr)
        return result

    def check(self, said: str) -> None:
        """No secret is ever shown."""
        for secret in (self.fake.client_secret, "refresh-token", "access-token", "code-"):
            assert secret not in said

    def log_in(self, *more: str, code: int = 0) -> Result:
        """Connect with a login."""
        words = ("sync", "connect", "books", "--login", "--token-stdin", "--json", *more)
        return self(*words, stdin=self.app, code=code)

    def target(self) -> dict[str, Any]:
        (found,) = self("sync", "targets", "--json").json
        return dict(found)

    def kept(self) -> dict[str, Any] | None:
        """The secret as it lies on the disk."""
        files = list(self.secrets.rglob("*.json"))
        return json.loads(files[0].read_text()) if files else None


Person = Callable[[str], object]


def in_a_thread(person: Person) -> Person:
    """A person who acts while the program waits."""
    return lambda url: threading.Thread(target=person, args=(url,), daemon=True).start()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[Person], None]:
    """Give the machine a browser, which does what a person would with the page that opens."""

    def install(person: Person) -> None:
        monkeypatch.setattr(connecting, "open_browser", in_a_thread(person))

    install(follow)
    return install


def follow(url: str) -> bytes:
    """Agree (or not) at the page, and go where it sends one; what is shown in the end."""
    with urlopen(url, timeout=PATIENCE) as page:
        return bytes(page.read())


def sent_to(url: str) -> str:
    """Where the page sends the browser, which does not go there."""

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args: Any) -> None:
            return None

    try:
        build_opener(Stay).open(url, timeout=PATIENCE)
    except HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("no redirect")


@pytest.fixture
def books(
    invoke: Run,
    fake: FakeQuickBooks,
    browser: object,
    tmp_path: Path,
    sqlite_ready_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Books:
    monkeypatch.setenv("INTEROP_DB", sqlite_ready_url)
    monkeypatch.setenv("INTEROP_CONFIG", str(tmp_path / "config" / "interop.toml"))
    return Books(invoke, fake, tmp_path / "config")


def test_a_person_agrees_and_the_target_is_connected(books: Books, fake: FakeQuickBooks) -> None:
    found = books.log_in()
    assert (found.json["remote"], found.json["secret"]) == ("Atelier", "file")
    target = books.target()
    assert (target["settings"]["realm_id"], target["remote"]) == (REALM, "Atelier")
    kept = books.kept()
    assert kept is not None
    assert {"client_id", "client_secret", "refresh_token", "access_token"} < set(kept)
    assert kept["refresh_ends_at"] > kept["expires_at"]
    assert "code_challenge" not in found.stderr  # QuickBooks has no PKCE
    books("client", "create", "Imprimerie Léger", "--code", "A", "--line1", "1 rue A",
          "--city", "Québec", "--postal-code", "G1K 7X2", "-q")  # fmt: skip
    books("sync", "push", "-q")
    assert len(fake.held()) == 1


def test_the_app_is_given_once(books: Books) -> None:
    books.log_in()
    books("sync", "connect", "books", "--login", "-q")


def test_what_else_a_browser_asks_for_is_no_answer(
    books: Books, browser: Callable[[Person], None]
) -> None:
    statuses = []

    def person(url: str) -> None:
        port = urlsplit(books.redirect_uri).port
        for path, host in (
            ("/favicon.ico", "localhost"),
            ("/back", "localhost"),
            ("/back?code=x&state=y", "attacker.example"),
        ):
            line = HTTPConnection("127.0.0.1", port or 0, timeout=PATIENCE)
            line.request("GET", path, headers={"Host": host})
            statuses.append(line.getresponse().status)
            line.close()
        idle = socket.create_connection(("127.0.0.1", port or 0))
        assert b"interop" in follow(url)
        idle.close()

    browser(person)
    books.log_in()
    assert statuses == [404, 400, 404]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"forges": {"state": "x" * 43}}, "sync.login.state"),
        ({"forges": {"state": ""}}, "sync.login.state"),
        ({"person": "declines"}, "sync.login.refused"),
        ({"late": 601.0}, "sync.auth.refused"),
    ],
)
def test_a_login_that_fails_keeps_nothing(
    books: Books, fake: FakeQuickBooks, how: dict[str, Any], code: str
) -> None:
    for name, value in how.items():
        setattr(fake, name, value)
    assert books.log_in(code=4).error["code"] == code
    assert books.kept() is None
    assert "realm_id" not in books.target()["settings"]


def test_a_wrong_secret_of_the_app(books: Books, fake: FakeQuickBooks) -> None:
    books.app = json.dumps({"client_id": fake.client_id, "client_secret": "another-0123456789"})
    assert "secret" in books.log_in(code=4).error["message"]


def test_a_login_that_fails_leaves_the_one_before(books: Books, fake: FakeQuickBooks) -> None:
    books.log_in()
    before = books.kept()
    fake.person = "declines"
    books.log_in(code=4)
    assert books.kept() == before


def test_nobody_comes_in_time(books: Books, browser: Callable[[Person], None]) -> None:
    browser(lambda _url: None)
    books("config", "set", "sync.login", "1", "-q")
    assert books.log_in(code=4).error["code"] == "sync.login.late"


def test_the_port_is_taken(books: Books) -> None:
    with socket.create_server(("127.0.0.1", urlsplit(books.redirect_uri).port or 0)):
        assert books.log_in(code=78).error["code"] == "sync.login.port"


def test_another_company_than_before_is_refused(books: Books, fake: FakeQuickBooks) -> None:
    books.log_in()
    before = books.kept()
    fake.tells = {"realmId": OTHER}
    assert books.log_in(code=5).error["code"] == "sync.remote.other"
    assert books.kept() == before
    assert books.log_in("--new-remote").json["remote"] == f"Company {OTHER}"
    assert books.target()["settings"]["realm_id"] == OTHER


def test_a_company_that_is_none(books: Books, fake: FakeQuickBooks) -> None:
    fake.tells = {"realmId": "12/../34"}
    assert books.log_in(code=78).error["code"] == "sync.setting.value"
    assert books.kept() is None


def test_a_kind_without_a_login(books: Books) -> None:
    books("sync", "add", "crm", "hubspot", "-q")
    error = books("sync", "connect", "crm", "--login", "--json", code=2).error
    assert error["code"] == "usage.login"


def test_without_an_app_it_is_said_what_to_pass(books: Books) -> None:
    error = books("sync", "connect", "books", "--login", "--json", code=2).error
    assert (error["code"], "client_id" in error["hint"]) == ("usage.token", True)


@pytest.mark.parametrize(
    ("today", "word"), [("2027-02-15", None), ("2027-02-25", "lapses"), ("2027-03-10", "lapsed")]
)
def test_a_login_about_to_lapse_is_told(
    books: Books, monkeypatch: pytest.MonkeyPatch, today: str, word: str | None
) -> None:
    monkeypatch.setenv("INTEROP_TODAY", "2026-11-24")
    books.log_in()
    monkeypatch.setenv("INTEROP_TODAY", today)
    status = books("sync", "status", "--json")
    assert status.json[0]["login_until"].startswith("2027-03-05")
    assert (f"The login of books {word} on 2027-03-05" in status.stderr) is (word is not None)
    checked = books("sync", "status", "--check", code=10 if word else 0)
    assert checked.stdout == ("books: Login until 2027-03-05\n" if word else "")
    found = books("db", "doctor", "--json", code=10)  # no backup either
    assert [row["code"] for row in found.json if row["code"] == "sync.login"] == (
        ["sync.login"] if word else []
    )


# -- in a process of its own --------------------------------------------------------------------


@contextlib.contextmanager
def process(books: Books, tmp_path: Path, *args: str, **more: str) -> Iterator[tuple[Any, str]]:
    """``sync connect books ARGS`` at work, and the address that it says to go to."""
    file = tmp_path / "app.json"
    file.write_text(books.app)
    file.chmod(0o600)
    env = {**os.environ, **books.env, "BROWSER": "true", "PYTHONUNBUFFERED": "1", **more}
    words = ("sync", "connect", "books", "--token-file", str(file), *args)
    at_work = start(*words, env=env, cwd=tmp_path)
    said = b""
    try:
        while not (found := re.search(rb"(http://127\S+)\s", said)):
            piece = os.read(at_work.stderr.fileno(), 4096)  # type: ignore[union-attr]
            assert piece, said
            said += piece
        yield at_work, found[1].decode()
    finally:
        if at_work.poll() is None:
            at_work.kill()
        for stream in (at_work.stdin, at_work.stdout, at_work.stderr):
            if stream:
                stream.close()
        at_work.wait()


def test_the_browser_of_the_system_is_opened(
    books: Books, fake: FakeQuickBooks, tmp_path: Path
) -> None:
    script = tmp_path / "browser.py"
    script.write_text(
        "import sys, urllib.request\n"
        "print('Opening in existing browser session.')\n"
        "urllib.request.urlopen(sys.argv[1])\n"
    )
    browser = f"{sys.executable} {script} %s"
    with process(books, tmp_path, "--login", "--json", BROWSER=browser) as (at_work, _url):
        out, err = at_work.communicate(timeout=PATIENCE)
        assert at_work.returncode == 0, err
        assert json.loads(out)["remote"] == "Atelier"
        books.check((out + err).decode())


def test_an_address_can_be_pasted(books: Books, fake: FakeQuickBooks, tmp_path: Path) -> None:
    with process(books, tmp_path, "--paste") as (at_work, url):
        out, err = at_work.communicate(f"{sent_to(url)}\n".encode(), timeout=PATIENCE)
        assert at_work.returncode == 0, err
        books.check((out + err).decode())
    assert books.target()["remote"] == "Atelier"


def test_a_page_of_ones_own_is_pasted_without_being_asked(
    books: Books, tmp_path: Path, fake: FakeQuickBooks
) -> None:
    elsewhere = "redirect_uri=https://imprimerie.example/interop"
    with process(books, tmp_path, "--login", "--set", elsewhere) as (at_work, url):
        address = sent_to(url)
        assert address.startswith("https://imprimerie.example/interop?")
        at_work.communicate(f"{address}\n".encode(), timeout=PATIENCE)
        assert at_work.returncode == 0


@pytest.mark.parametrize("pasted", ["", "https://imprimerie.example/", "nonsense"])
def test_what_is_no_answer_is_said(books: Books, tmp_path: Path, pasted: str) -> None:
    with process(books, tmp_path, "--paste") as (at_work, _url):
        _out, err = at_work.communicate(f"{pasted}\n".encode(), timeout=PATIENCE)
        assert at_work.returncode == 65, err
    assert books.kept() is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_control_c_leaves_nothing(books: Books, tmp_path: Path) -> None:
    with process(books, tmp_path, "--login") as (at_work, _url):
        at_work.send_signal(signal.SIGINT)
        at_work.communicate(timeout=PATIENCE)
        assert shell_code(at_work.returncode) == 130
    assert books.kept() is None
    with socket.create_server(("127.0.0.1", urlsplit(books.redirect_uri).port or 0)):
        pass


# -- the request itself -------------------------------------------------------------------------

APP = OAuthApp("https://x.example/token", "https://x.example/authorize", ("a", "b"), pkce=True)


def test_a_login_asks_with_state_and_proof() -> None:
    first, second = (Login(APP, APP.authorize_url, "id") for _ in range(2))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first.url).query).items()}
    assert asked["scope"] == "a b"
    assert asked["code_challenge_method"] == "S256"
    assert first.verifier not in (None, second.verifier)
    assert first.state != second.state
    assert str(first.verifier) not in first.url + repr(first)


def test_an_answer_is_read_strictly() -> None:
    login = Login(APP, APP.authorize_url, "id")
    address = f"http://localhost:8765/interop?code=c&state={login.state}"
    assert login.read(f" {address}\n").code == "c"
    with pytest.raises(InvalidData):
        login.read(f"{address}&code=d")
    with pytest.raises(Denied):
        login.read(address[:-1])
