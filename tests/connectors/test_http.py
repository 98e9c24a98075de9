"""The HTTP session: what it refuses, how long it waits, what it hides."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interop_cli.connectors.hosts import checked_url
from interop_cli.connectors.http import Http
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.system import Clock
from tests.fakes.server import Call, FakeServer, Reply, route


class Toy(FakeServer):
    """Answers what it is told."""

    @route("GET", "/thing")
    def get(self, call: Call, _match: Any) -> Reply:
        return Reply(200, {"query": call.query})

    @route("POST", "/thing")
    def post(self, call: Call, _match: Any) -> Reply:
        return Reply(201, {"got": call.body})


@pytest.fixture
def fake() -> Iterator[Toy]:
    with Toy() as toy:
        yield toy


@pytest.fixture
def http(fake: Toy) -> Iterator[Http]:
    session = Http(
        fake.url,
        Clock(datetime(2026, 1, 5, tzinfo=UTC)),
        authorize=lambda: {"Authorization": f"Bearer {fake.token}"},
        max_seconds=0.6,
    )
    session.hide(fake.token)
    yield session
    session.close()


def trouble(http: Http, method: str = "POST", **how: Any) -> Trouble:
    with pytest.raises(Trouble) as caught:
        http.call(method, "/thing", **how)
    return caught.value


def test_a_call_and_its_trace(http: Http, fake: Toy) -> None:
    assert http.call("POST", "/thing", json={"a": "é"}).data == {"got": {"a": "é"}}
    assert http.call("GET", "/thing", params={"q": "é b"}).data == {"query": {"q": "é b"}}
    assert [(trace.method, trace.path, trace.status) for trace in http.traces] == [
        ("POST", "/thing", 201),
        ("GET", "/thing", 200),
    ]
    assert {call.headers["user-agent"].split("/")[0] for call in fake.calls} == {"interop-cli"}


def test_a_get_is_tried_again_and_a_write_is_not(http: Http, fake: Toy) -> None:
    fake.fail("drop", times=2)
    assert http.call("GET", "/thing").ok
    assert len(fake.calls) == 3
    fake.fail("drop", times=1)
    assert trouble(http).kind is TroubleKind.UNKNOWN
    assert len(fake.calls) == 4


def test_a_post_that_reads_is_not_unknown(http: Http, fake: Toy) -> None:
    fake.fail("drop")
    assert trouble(http, reads=True).kind is TroubleKind.RETRY


@pytest.mark.parametrize("kind", ["drip", "huge"])
def test_an_answer_without_end_is_cut(http: Http, fake: Toy, kind: str) -> None:
    fake.fail(kind)
    started = time.monotonic()
    assert trouble(http).kind is TroubleKind.UNKNOWN
    assert time.monotonic() - started < 20


def test_a_slow_answer_is_cut(http: Http, fake: Toy) -> None:
    fake.fail("sleep", seconds=3)
    assert trouble(http).kind is TroubleKind.UNKNOWN


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_redirect_is_followed(http: Http, fake: Toy, status: int, method: str) -> None:
    with Toy() as other:
        fake.fail("redirect", reply=Reply(status, None, {"Location": f"{other.url}/thing"}))
        assert trouble(http, method).kind is TroubleKind.FORBIDDEN
        fake.fail("redirect", reply=Reply(status, None, {"Location": f"{fake.url}/thing"}))
        assert trouble(http, method).kind is TroubleKind.FORBIDDEN
        assert other.calls == []


def test_the_netrc_file_and_the_proxies_of_the_environment_are_ignored(
    http: Http, fake: Toy, isolation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolation / ".netrc").write_text("default login eve password stolen\n")
    (isolation / ".netrc").chmod(0o600)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    http.authorize = dict
    fake.fail("reply", reply=Reply(200, {}), times=9)
    http.call("POST", "/thing")
    assert "authorization" not in fake.calls[-1].headers


def test_through_a_proxy_it_is_known_as_well_what_may_have_been_done(fake: Toy) -> None:
    proxied = Http("http://127.0.0.1:9", Clock(), proxy=fake.url, max_seconds=0.6)
    proxied.authorize = lambda: {"Authorization": f"Bearer {fake.token}"}
    assert proxied.call("POST", "/thing", json={"a": 1}).data == {"got": {"a": 1}}
    fake.fail("close", when="after")
    assert trouble(proxied, json={}).kind is TroubleKind.UNKNOWN
    fake.fail("drip")
    started = time.monotonic()
    assert trouble(proxied, json={}).kind is TroubleKind.UNKNOWN
    assert time.monotonic() - started < 5
    proxied.close()


def test_a_secret_that_comes_back_is_hidden(http: Http, fake: Toy) -> None:
    fake.fail("echo", reply=Reply(200))
    answer = http.call("POST", "/thing")
    assert fake.token not in repr(answer)
    assert "[secret]" in repr(answer.data)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://127.0.0.1",
        "https://user@example.com",
        "https://",
        "https://169.254.169.254/latest",
        "http://0xa9fea9fe",
        "https://[fe80::1]/",
        "https://example.com/?a=b",
        "https://example.com/#x",
        "http://127.0.0.1.example.com",
        "https://exa mple.com",
        "http://[::1",
        "https://example.com:99999",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    ["https://api.example.com/v3/", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("7", 7),
        ("Mon, 05 Jan 2026 00:02:00 GMT", 120),  # by the server's clock
        ("Mon, 05 Jan 2026 00:02:00 -0000", 120),
        ("Sun, 04 Jan 2026 00:02:00 GMT", None),
        ("99999999999", 31 * 86400),
        ("Mon, 05 Jan 2099 00:02:00 GMT", 31 * 86400),
        *(("soon", None), ("-3", None), ("", None), ("Mon, 99 Jan 2026 00:02:00 GMT", None)),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait(
    http: Http, fake: Toy, said: str, wait: float | None, status: int
) -> None:
    fake.now = lambda: datetime(2026, 1, 5, tzinfo=UTC).timestamp()
    fake.fail("reply", reply=Reply(status, {}, {"Retry-After": said}), times=3)
    assert trouble(http, "GET").retry_after == wait
    asked = 1 if wait is not None or status == 429 else 3  # who says how long is not asked before
    assert len(fake.calls) == asked


@pytest.mark.parametrize(("behind", "ahead"), [(3600, 3600), (30, 0), (0, 0), (-3600, 0)])
def test_a_clock_that_is_ahead_is_known(http: Http, fake: Toy, behind: int, ahead: int) -> None:
    fake.now = lambda: datetime(2026, 1, 5, tzinfo=UTC).timestamp() - behind
    http.call("GET", "/thing")
    assert http.ahead == ahead
