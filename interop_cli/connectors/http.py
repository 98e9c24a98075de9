"""The HTTP session of a connector: what it refuses, how long it waits, and how a call fails.

No redirects, no ``.netrc`` and no proxies but an explicit one; https only, loopback excepted; a cap
on the size and on the whole time of an answer. Only GETs are repeated here: whoever may have
written something must look before writing again, and that is the engine's work.

Secrets are held here and nowhere else: whatever the remote answers is scrubbed of them before
anyone sees it.
"""

from __future__ import annotations

import json as jsonlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from interop_cli import __version__
from interop_cli.connectors.hosts import checked_url
from interop_cli.connectors.watch import Watch, WatchedAdapter, Watchman
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Trace
from interop_cli.system import Clock

if TYPE_CHECKING:
    import requests

MAX_BYTES = 16 * 1024 * 1024
MAX_SECONDS = 60.0
CONNECT_SECONDS = 5.0
SHORTEST = 0.05  # seconds; less is no time to be answered in
GET_ATTEMPTS = 3
CHUNK = 64 * 1024
LONGEST_WAIT = 31 * 86400.0
AHEAD = 60.0  # seconds; less is the time that an answer takes
HIDDEN = "[secret]"
_COMPACT = jsonlib.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
USUAL_HEADERS = {
    "Accept": "application/json",
    # A compressed answer could be a thousand times as long as what was read of it.
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": f"interop-cli/{__version__}",
}


@dataclass(frozen=True)
class HttpAnswer:
    """An answer. ``data`` is its JSON, ``None`` where the body was empty."""

    status: int
    headers: Mapping[str, str]
    data: Any = None

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    def retry_after(self) -> float | None:
        """The seconds of Retry-After, which may be a date by the server's own clock; a month at
        most.
        """
        text = self.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            return min(float(text), LONGEST_WAIT)
        until, now = _moment(text), _moment(self.headers.get("Date", ""))
        if until is None or now is None or until <= now:
            return None
        return min((until - now).total_seconds(), LONGEST_WAIT)


def _moment(text: str) -> datetime | None:
    """A date of HTTP; None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


Judge = Callable[[HttpAnswer], "Trouble | None"]


class Made(NamedTuple):
    """A call made ready; it lacks what lets us in, and can be sent more than once."""

    method: str
    path: str
    request: requests.PreparedRequest


@dataclass
class Http:
    """A session with one host.

    ``authorize`` gives the headers that let us in, asked for at every call; ``judge`` reads an
    answer that is not a 2xx in the remote's own way before the general rules apply.
    """

    base_url: str
    clock: Clock
    authorize: Callable[[], Mapping[str, str]] = dict
    judge: Judge | None = None
    max_seconds: float = MAX_SECONDS
    ends: float | None = None
    """After this moment of ``time.monotonic`` no call goes on."""
    max_bytes: int = MAX_BYTES
    ca_bundle: str | None = None
    proxy: str | None = None
    request_id_header: str = ""
    traces: list[Trace] = field(default_factory=list)
    ahead: float = 0.0
    """How many seconds our clock is ahead of the server's, by its last answer."""
    _session: requests.Session | None = field(default=None, repr=False)
    _watchman: Watchman = field(default_factory=Watchman, repr=False)
    _secrets: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.base_url = checked_url(self.base_url)

    def hide(self, *secrets: str | None) -> None:
        """Never show these, wherever they come back."""
        self._secrets.update(secret for secret in secrets if secret and len(secret) >= 6)

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        reads: bool | None = None,
    ) -> HttpAnswer:
        """Call the remote; the answer where it is a 2xx, or one that ``judge`` leaves to us.

        ``reads`` says that the call changes nothing there (a GET does not; a POST may read too):
        then a failure is a ``retry`` rather than an ``unknown``. Raises Trouble.
        """
        made = self.made(method, path, json=json, form=form, params=params, headers=headers)
        return self.send(made, reads=reads)

    def made(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Made:
        """A call made ready to be sent, maybe by another thread. Raises Trouble."""
        sent = {**USUAL_HEADERS, **(headers or {})}
        body: Any = form
        if json is not None:
            sent["Content-Type"] = "application/json"
            body = _COMPACT(json).encode()
        try:
            import requests

            asked = requests.Request(
                method, self.base_url + path, data=body, params=params, headers=sent
            )
            return Made(method, path, asked.prepare())
        except Exception as error:  # noqa: BLE001 - requests and urllib3 raise what they like
            raise self._failure(error, reading=True) from None

    def send(self, made: Made, *, reads: bool | None = None) -> HttpAnswer:
        """Make a call that was made ready; as ``call``."""
        gets = made.method == "GET"
        attempts = GET_ATTEMPTS if gets else 1
        for attempt in range(1, attempts + 1):
            try:
                return self._once(made, gets if reads is None else reads)
            except Trouble as trouble:
                # A limit is the engine's affair: it waits as long as the remote says.
                if (
                    attempt == attempts
                    or trouble.kind is not TroubleKind.RETRY
                    or trouble.retry_after is not None
                    or trouble.status == 429
                    or self.ends is not None
                ):
                    raise
                self.clock.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    def _once(self, made: Made, reading: bool) -> HttpAnswer:
        started = time.monotonic()
        status, request_id = None, None
        seconds = self._seconds(started)
        request, secret = made.request, self.authorize()
        watch = Watch(started + seconds)
        try:
            # What is wrong with a secret would be told with all of it.
            request.prepare_headers({**request.headers, **secret})
            with self._watchman.watching(watch):
                session = self._open(watch)
                request.headers.pop("Cookie", None)
                request.prepare_cookies(session.cookies)
                response = session.send(
                    request,
                    allow_redirects=False,
                    stream=True,
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    proxies={"http": self.proxy or "", "https": self.proxy or ""},
                )
                try:
                    status = response.status_code
                    request_id = self._plain(response.headers.get(self.request_id_header))
                    answered = self._body(response)
                finally:
                    response.close()
                if watch.over:  # headers that were cut off look like headers that ended
                    raise _Refused(msg("The answer took longer than allowed."))
        except Exception as error:  # noqa: BLE001 - requests, urllib3 and ssl raise what they like
            raise self._failure(error, reading, status, connected=watch.connected) from None
        finally:
            took = int((time.monotonic() - started) * 1000)
            path = made.path.partition("?")[0]
            self.traces.append(Trace(made.method, path, status, request_id, took))
        return self._answer(status, dict(response.headers), answered, reading)

    def _seconds(self, now: float) -> float:
        """How long the next call may take. Raises Trouble where no time is left."""
        if self.ends is None:
            return self.max_seconds
        if self.ends - now < SHORTEST:
            raise Trouble(TroubleKind.RETRY, "remote.late", msg("There was no time left for it."))
        return min(self.max_seconds, self.ends - now)

    def _open(self, watch: Watch) -> requests.Session:
        if self._session is None:
            import requests

            session = requests.Session()
            session.trust_env = False
            session.verify = self.ca_bundle or True
            for prefix in ("https://", "http://"):
                session.mount(prefix, WatchedAdapter())
            self._session = session
        for adapter in self._session.adapters.values():
            if isinstance(adapter, WatchedAdapter):
                adapter.watch = watch
        return self._session

    def _body(self, response: requests.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refused(msg("The answer is compressed though nobody asked for it."))
        parts, size = [], 0
        while chunk := response.raw.read(CHUNK, decode_content=False):
            size += len(chunk)
            if size > self.max_bytes:
                raise _Refused(msg("The answer is longer than {max} bytes.", max=self.max_bytes))
            parts.append(chunk)
        return b"".join(parts)

    def _failure(
        self, error: Exception, reading: bool, status: int | None = None, *, connected: bool = False
    ) -> Trouble:
        """What a failed call means: nothing was done, or nobody knows."""
        import requests

        if isinstance(error, requests.exceptions.SSLError) and not connected:
            return Trouble(
                TroubleKind.FORBIDDEN,
                "remote.tls",
                msg("The server's certificate is not one to be trusted."),
            )
        if isinstance(error, _Refused):
            kind = TroubleKind.RETRY if reading else TroubleKind.UNKNOWN
            return Trouble(kind, "remote.answer", error.why, status=status)
        if reading or not connected:
            return Trouble(
                TroubleKind.RETRY,
                "remote.unreachable",
                msg("The server cannot be reached."),
                status=status,
            )
        return Trouble(
            TroubleKind.UNKNOWN,
            "remote.no_answer",
            msg("The server gave no answer: it may have done it or not."),
            status=status,
        )

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, reading: bool
    ) -> HttpAnswer:
        found = {name.title(): self._plain(value) or "" for name, value in headers.items()}
        text = self._plain(body.decode("utf-8", "replace")) or ""
        try:
            data = jsonlib.loads(text) if text.strip() else None
            # Nothing is an answer where it says so; else it is one that was cut off.
            readable = data is not None or status == 204
        except (ValueError, RecursionError):
            data, readable = None, False
        answer = HttpAnswer(status, found, data)
        now = _moment(found.get("Date", ""))
        if now is not None:
            ahead = (self.clock.now() - now).total_seconds()
            self.ahead = ahead if ahead > AHEAD else 0.0
        if answer.ok:
            if not readable:
                raise Trouble(
                    TroubleKind.RETRY if reading else TroubleKind.UNKNOWN,
                    "remote.answer",
                    msg("The answer is not JSON."),
                    status=status,
                )
            return answer
        judged = self.judge(answer) if self.judge else None
        raise judged or general(answer, reading)

    def _plain(self, text: str | None) -> str | None:
        if text is None:
            return None
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def close(self) -> None:
        """Let go of connections."""
        self._watchman.close()
        if self._session is not None:
            self._session.close()


class _Refused(Exception):
    def __init__(self, why: Any) -> None:
        super().__init__(why)
        self.why = why


def general(answer: HttpAnswer, reading: bool) -> Trouble:
    """What a status means where the remote has no way of its own to say it."""
    status = answer.status
    if status == 401:
        kind, code, text = TroubleKind.AUTH, "remote.auth", msg("The server does not let us in.")
    elif status == 403:
        kind, code, text = (
            TroubleKind.FORBIDDEN,
            "remote.forbidden",
            msg("The server forbids this."),
        )
    elif 300 <= status < 400:
        kind, code, text = (
            TroubleKind.FORBIDDEN,
            "remote.redirect",
            msg("The server sends us elsewhere; refused."),
        )
    elif status == 429:
        kind, code, text = TroubleKind.RETRY, "remote.limit", msg("The server asks us to wait.")
    elif status in (404, 410):
        kind, code, text = TroubleKind.GONE, "remote.gone", msg("The record is not there.")
    elif status in (409, 412):
        kind, code, text = (
            TroubleKind.STALE,
            "remote.stale",
            msg("Someone changed the record there."),
        )
    elif status >= 500 or status == 408:
        kind = TroubleKind.RETRY if reading else TroubleKind.UNKNOWN
        code, text = "remote.error", msg("The server failed ({status}).", status=status)
    else:
        kind, code, text = (
            TroubleKind.VALIDATION,
            "remote.refused",
            msg("The server refused it ({status}).", status=status),
        )
    return Trouble(kind, code, text, retry_after=answer.retry_after(), status=status)
