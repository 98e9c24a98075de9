"""OAuth2 refresh tokens that rotate: one refresh at a time, and the new one kept before its use;
and those that will not be good any more unless they are used before.

The server takes a refresh token back once it has given a new one. Two processes that both refresh
would therefore shut each other out, and a process that dies with the new one in memory would shut
out everybody: so it is done under the lock of the secret, read again inside, and written to the
disk before anything is called with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from interop_cli.connectors.hosts import checked_url, host_of
from interop_cli.connectors.protocol import Grant, OAuthApp, Secret, SecretStore, Tools
from interop_cli.domain.errors import InteropError, why_not_written
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Trace
from interop_cli.system import Clock

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

EARLY = 60.0
"""An access token is renewed so many seconds before it ends."""
LIFE = 3600.0
DAY = 86400.0


@dataclass
class OAuth:
    """The tokens of one target: ``client_id``, ``client_secret``, ``refresh_token`` in its secret,
    and ``access_token`` with ``expires_at`` once there is one; ``refresh_ends_at`` where it is
    known when the refresh token lapses.
    """

    tools: Tools
    app: OAuthApp
    token_url: str
    traces: list[Trace] = field(default_factory=list)

    def is_fresh(self, secret: Secret) -> bool:
        """Whether the access token can be expected to be taken."""
        ends = secret.get("expires_at")
        return (
            bool(secret.get("access_token"))
            and isinstance(ends, int | float)
            and ends - EARLY > self._now()
        )

    def renew(self, refused: str | None) -> None:
        """See to it that the secret holds another access token than ``refused``.

        Whoever finds that another process has just done so, uses that one. Raises Trouble: ``auth``
        where the refresh token is not good any more, ``retry`` where nobody answered.
        """
        with self.tools.secrets.locked():
            secret = self.tools.secrets.read()
            if secret is None:
                raise Trouble(
                    TroubleKind.AUTH,
                    "sync.secret.missing",
                    msg("There is no token for this target."),
                )
            if secret.get("access_token") != refused and self.is_fresh(secret):
                return
            self._save({**secret, **self._asked(secret, self._again(secret))})

    def granted(self, secret: Secret, code: str, redirect_uri: str, verifier: str | None) -> Secret:
        """The secret with its first tokens, for the code that a login brought. Raises Trouble."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if verifier is not None:
            form["code_verifier"] = verifier
        found = self._asked(secret, form)
        if not found.get("refresh_token"):
            raise Trouble(TroubleKind.RETRY, "remote.answer", msg("The answer holds no token."))
        return {**secret, **found}

    def _again(self, secret: Secret) -> dict[str, str]:
        """What asks for another access token."""
        if self.app.grant is Grant.CLIENT:
            return {"grant_type": "client_credentials", "scope": " ".join(self.app.scopes)}
        return {"grant_type": "refresh_token", "refresh_token": str(secret.get("refresh_token"))}

    def _save(self, secret: Secret) -> None:
        try:
            self.tools.secrets.save(secret)
        except OSError as error:
            raise Trouble(
                TroubleKind.AUTH,
                "sync.secret.save",
                msg("The new token cannot be kept: {why}.", why=why_not_written(error)),
            ) from None

    def _asked(self, secret: Secret, form: dict[str, str]) -> Secret:
        """New tokens from the server. Not one of them is ever shown."""
        from interop_cli.connectors.http import Http

        host = host_of(self.token_url)
        if secret.get("token_host") not in (None, host):
            raise Trouble(
                TroubleKind.AUTH,
                "sync.secret.host",
                msg("The token was given to another server; it is not sent to this one."),
            )
        parts = urlsplit(checked_url(self.token_url))
        http = Http(
            f"{parts.scheme}://{parts.netloc}",
            self.tools.clock,
            judge=_judged_code if "code" in form else _judged,
            max_seconds=self.tools.timeout,
            ends=self.tools.ends,
            ca_bundle=self.tools.ca_bundle,
            proxy=self.tools.proxy,
        )
        pair = f"{secret.get('client_id')}:{secret.get('client_secret')}"
        basic = base64.b64encode(pair.encode()).decode()
        try:
            # To ask again changes nothing in the books, so a failure is one to try again after.
            answer = http.call(
                "POST",
                parts.path,
                form=form,
                headers={"Authorization": f"Basic {basic}"},
                reads=True,
            )
        finally:
            http.close()
            self.traces += http.traces
        return self._read(answer.data, host)

    def _read(self, data: Any, host: str) -> Secret:
        found = data if isinstance(data, dict) else {}
        access, refresh = found.get("access_token"), found.get("refresh_token")
        if not _is_token(access) or not (refresh is None or _is_token(refresh)):
            raise Trouble(TroubleKind.RETRY, "remote.answer", msg("The answer holds no token."))
        life = found.get("expires_in")
        seconds = life if isinstance(life, int) and 0 < life < 10**7 else LIFE
        tokens = {"access_token": access, "expires_at": self._now() + seconds, "token_host": host}
        if refresh is not None:
            tokens["refresh_token"] = refresh
        ends = self._refresh_ends(found)
        return tokens if ends is None else {**tokens, "refresh_ends_at": ends}

    def _refresh_ends(self, found: Mapping[str, Any]) -> float | None:
        """When a refresh token lapses that is not used: as the server says, or as is known."""
        for name in ("x_refresh_token_expires_in", "refresh_token_expires_in"):
            life = found.get(name)
            if isinstance(life, int) and 0 < life < 10**10:
                return self._now() + life
        return None if self.app.idle_days is None else self._now() + self.app.idle_days * DAY

    def _now(self) -> float:
        return self.tools.clock.now().timestamp()


def _is_token(value: object) -> bool:
    """Text that can stand in a header."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 8192
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _judged(answer: HttpAnswer) -> Trouble | None:
    return _refused(answer, msg("The refresh token is not good any more: connect again."))


def _judged_code(answer: HttpAnswer) -> Trouble | None:
    data = answer.data if isinstance(answer.data, dict) else {}
    if data.get("error") == "invalid_client":
        return _refused(answer, msg("The id or the secret of the app is not good."))
    return _refused(answer, msg("The code is not good any more: log in again."))


def _refused(answer: HttpAnswer, message: Message) -> Trouble | None:
    if answer.status not in (400, 401, 403):
        return None
    return Trouble(TroubleKind.AUTH, "sync.auth.refused", message, status=answer.status)


DAYS = 14
"""So many days before a login lapses it is said."""


def lapses_at(secrets: SecretStore | None) -> str | None:
    """When the login of a target lapses, as times are stored; None where that is not known."""
    found = None
    with suppress(InteropError):  # a secret that cannot be read is said where it is used
        found = secrets.read() if secrets else None
    ends = (found or {}).get("refresh_ends_at")
    if not isinstance(ends, int | float) or not 0 < ends < 10**11:
        return None
    return datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def about_lapse(target: str, until: str | None, clock: Clock) -> tuple[Message, Message] | None:
    """What to say of a login that lapses soon, or has, and what to do; None where there is time."""
    if until is None or until > clock.stamp(DAYS * 86400):
        return None
    day = until[:10]
    if until <= clock.stamp():
        what = msg("The login of {target} lapsed on {date}", target=target, date=day)
        return what, msg("interop sync connect {target} --login", target=target)
    what = msg("The login of {target} lapses on {date} unless it is used", target=target, date=day)
    return what, msg("interop sync push --target {target}", target=target)


def findings(targets: Iterable[tuple[str, SecretStore]], clock: Clock) -> Iterator[dict[str, Any]]:
    """What ``db doctor`` says of logins: code, severity, what, fix."""
    for name, secrets in targets:
        said = about_lapse(name, lapses_at(secrets), clock)
        if said is not None:
            yield {"code": "sync.login", "severity": "warning", "what": said[0], "fix": said[1]}
