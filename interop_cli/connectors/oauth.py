"""OAuth2 refresh tokens that rotate: one refresh at a time, and the new one kept before its use.

The server takes a refresh token back once it has given a new one. Two processes that both refresh
would therefore shut each other out, and a process that dies with the new one in memory would shut
out everybody: so it is done under the lock of the secret, read again inside, and written to the
disk before anything is called with it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from interop_cli.connectors.hosts import checked_url, host_of
from interop_cli.connectors.protocol import Secret, Tools
from interop_cli.domain.errors import why_not_written
from interop_cli.domain.messages import msg
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.records import Trace

if TYPE_CHECKING:
    from interop_cli.connectors.http import HttpAnswer

EARLY = 60.0
"""An access token is renewed so many seconds before it ends."""
LIFE = 3600.0


@dataclass
class OAuth:
    """The tokens of one target: ``client_id``, ``client_secret``, ``refresh_token`` in its secret,
    and ``access_token`` with ``expires_at`` once there is one.
    """

    tools: Tools
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
            self._save({**secret, **self._asked(secret)})

    def _save(self, secret: Secret) -> None:
        try:
            self.tools.secrets.save(secret)
        except OSError as error:
            raise Trouble(
                TroubleKind.AUTH,
                "sync.secret.save",
                msg("The new token cannot be kept: {why}.", why=why_not_written(error)),
            ) from None

    def _asked(self, secret: Secret) -> Secret:
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
            judge=_judged,
            max_seconds=self.tools.timeout,
            ends=self.tools.ends,
            ca_bundle=self.tools.ca_bundle,
            proxy=self.tools.proxy,
        )
        pair = f"{secret.get('client_id')}:{secret.get('client_secret')}"
        form = {"grant_type": "refresh_token", "refresh_token": str(secret.get("refresh_token"))}
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
        return tokens if refresh is None else {**tokens, "refresh_token": refresh}

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
    if answer.status in (400, 401, 403):
        return Trouble(
            TroubleKind.AUTH,
            "sync.auth.refused",
            msg("The refresh token is not good any more: connect again."),
            status=answer.status,
        )
    return None
