"""What connectors that speak HTTP share: their session, their secret, their chosen fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from urllib.parse import quote

from interop_cli.connectors.protocol import OAuthApp, Secret, Target, TargetSetting, Tools
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.sync.descriptor import Descriptor, constant
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.sync.payload import Payload, Value, text
from interop_cli.domain.sync.records import Failed, RemoteIdentity, RemoteRecord, Result, Trace

if TYPE_CHECKING:
    from interop_cli.connectors.http import Http, HttpAnswer
    from interop_cli.connectors.oauth import OAuth

T = TypeVar("T")
Way = Callable[[Mapping[str, Any]], Value]
"""How a field of a payload is made out of the values of one of our records."""
Maker = Callable[[Mapping[str, Any]], Payload]
BASE_URL = TargetSetting("base_url", N_("Another address of the server."))
OAUTH_SETTINGS = (
    TargetSetting("token_url", N_("Another address of the server that gives tokens.")),
    TargetSetting(
        "redirect_uri",
        N_("Where a login comes back to, as the app there has it; on this machine if absent."),
    ),
)
"""What a connector with a login has besides its own settings."""


class HttpConnector:
    """A connector on one HTTP session. A subclass says ``host`` and how to read an error."""

    host: ClassVar[str]
    request_id_header: ClassVar[str] = ""
    secret_names: ClassVar[tuple[str, ...]] = ("token",)
    oauth: ClassVar[OAuthApp | None] = None
    by_file: ClassVar[bool] = False
    only_read: ClassVar[frozenset[str]] = frozenset()
    merges: ClassVar[frozenset[str]] = frozenset()
    erases: ClassVar[frozenset[str]] = frozenset()
    descriptors: ClassVar[Mapping[str, Descriptor]]

    def __init__(self, target: Target, tools: Tools) -> None:
        self.target = target
        self.tools = tools
        self.clock = tools.clock
        self._chosen: dict[str, Descriptor] = {}
        self.learned: dict[str, Any] = {}
        """What ``connect`` found out and the settings are to keep."""
        self._bearer: str | None = None

    @property
    def base_url(self) -> str:
        """Where it calls: the environment, else the target's settings, else the real host."""
        return str(self.tools.base_url or self.target.settings.get("base_url") or self.host)

    def descriptor(self, entity: str) -> Descriptor:
        """What this target takes of an entity, as its settings narrow it."""
        if entity not in self._chosen:
            fields = self.chosen(entity)
            known = self.descriptors[entity]
            policies = (self.target.settings.get("policies") or {}).get(entity) or {}
            known = known if fields is None else known.narrowed(fields)
            known = known.with_constants(self._constants(entity))
            known = known.telling_apart((self.target.settings.get("unique") or {}).get(entity, ()))
            self._chosen[entity] = known.deciding(policies)
        return self._chosen[entity]

    def _constants(self, entity: str) -> Mapping[str, str]:
        """What the settings say that each new record gets: theirs -> value."""
        found: Mapping[str, str] = (self.target.settings.get("constants") or {}).get(entity) or {}
        return found

    def with_constants(self, entity: str, payload: Payload) -> Payload:
        """A payload with what the settings say that each new record gets."""
        constants = self._constants(entity)
        if not constants:
            return payload
        return payload | {constant(theirs): value for theirs, value in constants.items()}

    def chosen(self, entity: str) -> Mapping[str, str] | None:
        """The fields that the settings choose, ours -> theirs; None for the usual ones."""
        found: Mapping[str, str] | None = (self.target.settings.get("fields") or {}).get(entity)
        return found

    @cached_property
    def http(self) -> Http:
        """The session, made when something is first called."""
        from interop_cli.connectors.http import Http

        return Http(
            self.base_url,
            self.clock,
            authorize=self.authorize,
            judge=self.judge,
            max_seconds=self.tools.timeout,
            ends=self.tools.ends,
            ca_bundle=self.tools.ca_bundle,
            proxy=self.tools.proxy,
            request_id_header=self.request_id_header,
        )

    def secret(self) -> Secret:
        """The secret; its values are hidden in all that the remote says from now on.

        Raises Trouble ``auth`` where there is none, or where it was given to another host.
        """
        from interop_cli.connectors.hosts import host_of

        secret = self.tools.secrets.read()
        if secret is None:
            raise Trouble(
                TroubleKind.AUTH, "sync.secret.missing", msg("There is no token for this target.")
            )
        host = secret.get("host")
        if host is not None and host != host_of(self.base_url):
            raise Trouble(
                TroubleKind.AUTH,
                "sync.secret.host",
                msg("The token was given to another server; it is not sent to this one."),
            )
        self.http.hide(*(value for value in secret.values() if isinstance(value, str)))
        return secret

    @cached_property
    def tokens(self) -> OAuth:
        """The tokens that OAuth gave us, where ``oauth`` says that it does."""
        from interop_cli.connectors.oauth import OAuth

        app = cast("OAuthApp", self.oauth)
        return OAuth(self.tools, app, self._address("token_url", app.token_url))

    @property
    def authorize_url(self) -> str:
        """Where a person agrees that we are let in; empty where nobody has to."""
        app = self.oauth
        return self._address("authorize_url", app.authorize_url) if app else ""

    def _address(self, what: str, usual: str) -> str:
        """An address of OAuth: the environment, else the target's settings, else the real one."""
        settings = self.target.settings
        found = getattr(self.tools, what) or settings.get(what)
        try:
            return str(found or usual.format_map(_quoted(settings)))
        except KeyError as missing:
            raise ConfigError(
                "sync.setting.missing",
                msg("These settings are required: {names}.", names=str(missing.args[0])),
                hint=msg("Give them with --set name=value"),
            ) from None

    def authorize(self) -> Mapping[str, str]:
        """The headers that let us in."""
        if self.oauth is None:
            return self._authorization
        secret = self.secret()
        if not self.tokens.is_fresh(secret):
            self.tokens.renew(secret.get("access_token"))
            secret = self.secret()
        self._bearer = str(secret.get("access_token"))
        return {"Authorization": f"Bearer {self._bearer}"}

    @cached_property
    def _authorization(self) -> Mapping[str, str]:
        """The same of a token that nobody has to renew: it is read once."""
        return {"Authorization": f"Bearer {self.secret()['token']}"}

    def renewing(self, call: Callable[[], T]) -> T:
        """What ``call`` gives; a 401 is answered by one refresh and the very same call again."""
        try:
            return call()
        except Trouble as trouble:
            refused = trouble.kind is TroubleKind.AUTH and trouble.status == 401
            if self.oauth is None or not refused or self._bearer is None:
                raise
            self.tokens.renew(self._bearer)
        return call()

    def tenants(self) -> list[RemoteIdentity]:
        """Nobody says."""
        return []

    def judge(self, answer: HttpAnswer) -> Trouble | None:
        """What an answer that is not a 2xx means, in the remote's own way of saying it."""
        return None

    def holders(self, entity: str, name: str, values: Sequence[str]) -> dict[str, str]:
        """Which records there have these values: nobody knows before they are refused."""
        return {}

    def of_ours(self, entity: str) -> Iterator[RemoteRecord]:
        """None: a system that has a place for our key says otherwise."""
        return iter(())

    @property
    def ahead(self) -> float:
        """How many seconds our clock is ahead of the system's, as far as its answers tell."""
        return self.http.ahead if "http" in self.__dict__ else 0.0

    def traces(self) -> list[Trace]:
        """The calls made since this was last asked."""
        found: list[Trace] = []
        if "tokens" in self.__dict__:
            found, self.tokens.traces = self.tokens.traces, []
        if "http" in self.__dict__:
            found, self.http.traces = [*found, *self.http.traces], []
        return found

    def close(self) -> None:
        """Let go of connections."""
        if "http" in self.__dict__:
            self.http.close()


def maker(
    descriptor: Descriptor, ways: Mapping[str, Way], plain: Callable[[object], Value]
) -> Maker:
    """What makes the payloads of a descriptor out of the values of our records.

    ``ways`` are those of fields by our names of them. Of the others, what only this system knows
    is among the values of ``accounting``; the rest goes as it is, as ``plain`` puts it.
    """
    parts = [(one.name, ways.get(one.name) or _other(one.name, plain)) for one in descriptor.sent()]
    return lambda values: {name: way(values) for name, way in parts}


def _other(name: str, plain: Callable[[object], Value]) -> Way:
    group, _, place = name.partition(".")

    def way(values: Mapping[str, Any]) -> Value:
        value = values.get(name)
        return text(value) if type(value) is str else plain(value)

    if group == "accounting":
        return lambda values: text((values.get("accounting") or {}).get(place))
    return way


def _quoted(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as they stand in an address."""
    return {name: quote(str(value), safe="") for name, value in settings.items()}


def halved(
    items: Sequence[T], push: Callable[[Sequence[T]], list[Result]], id_of: Callable[[T], int]
) -> list[Result]:
    """What becomes of a batch that was refused as a whole, so that nothing of it was written: each
    half goes by itself, and where that goes wrong, its trouble is that of its records.
    """
    results, middle = list[Result](), len(items) // 2
    for half in (items[:middle], items[middle:]):
        try:
            results += push(half)
        except Trouble as trouble:
            results += [Failed(id_of(one), trouble) for one in half]
    return results


def no_such_place(answer: HttpAnswer) -> Trouble:
    """A 404 that is not the system's own word about a record: a wrong address, or some page of a
    machine in between. Nothing was done.
    """
    text = msg("The server failed ({status}).", status=answer.status)
    after = answer.retry_after()
    return Trouble(TroubleKind.RETRY, "remote.error", text, retry_after=after, status=answer.status)


def unanswered(text: Message | None = None) -> Trouble:
    """An answer without what was asked for: that is not an empty list, and nothing is gone."""
    text = text or msg("The answer lacks what was asked for.")
    return Trouble(TroubleKind.RETRY, "remote.answer", text)


def unnamed() -> Trouble:
    """The trouble of a system that does not say which one it is."""
    return unanswered(msg("The answer does not say which system it is."))


def check_settings(known: Sequence[TargetSetting], given: Mapping[str, object]) -> None:
    """Raise ConfigError ``sync.setting`` for a setting that is unknown, missing or not allowed."""
    names = {one.name: one for one in known}
    for name, value in given.items():
        one = names.get(name)
        if one is None:
            raise ConfigError(
                "sync.setting.unknown",
                msg(
                    "There is no setting {name} here. Settings: {names}.",
                    name=name[:40],
                    names=", ".join(names),
                )
                if names
                else msg("There is no setting {name} here, nor any other.", name=name[:40]),
            )
        if one.choices and value not in one.choices:
            raise ConfigError(
                "sync.setting.value",
                msg("{name} must be one of {choices}.", name=name, choices=", ".join(one.choices)),
            )
        if one.pattern and not re.fullmatch(one.pattern, str(value)):
            raise ConfigError(
                "sync.setting.value", msg("{name} does not have the right form.", name=name)
            )
        if one.flag and not isinstance(value, bool):
            raise ConfigError("sync.setting.value", msg("{name} must be true or false.", name=name))
    missing = [one.name for one in known if one.required and not given.get(one.name)]
    if missing:
        raise ConfigError(
            "sync.setting.missing",
            msg("These settings are required: {names}.", names=", ".join(missing)),
            hint=msg("Give them with --set name=value"),
        )
