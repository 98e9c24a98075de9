"""``sync connect``: a token, or a login in a browser, and what it lets us into."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from interop_cli.commands.sync import common
from interop_cli.commands.sync.targets import (
    check_usable,
    configured,
    secrets_of_target,
    typed_settings,
)
from interop_cli.domain.errors import Conflict, Denied, InteropError, IoFailure, UsageError, why
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell.command import argument, command, option
from interop_cli.shell.paths import FileRead

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.connectors.base import HttpConnector
    from interop_cli.connectors.login import Answer, Login
    from interop_cli.connectors.secrets import TargetSecrets
    from interop_cli.sync.target import OpenTarget

APP = ("client_id", "client_secret")
"""What a login needs to be given: the app, which the person made there."""


@command("connect")
@argument("name")
@option("--token-stdin", is_flag=True, help=N_("Read the token from standard input."))
@option(
    "--token-file",
    type=FileRead(Path),
    metavar="FILE",
    help=N_("Read the token from a private file."),
)
@option("--login", is_flag=True, help=N_("Log in with a browser; the token is the app's then."))
@option(
    "--paste",
    is_flag=True,
    help=N_("Log in with a browser anywhere, and paste the address it came back to."),
)
@option(
    "--set",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help=N_("Change a setting of the target first."),
)
@option(
    "--new-remote",
    is_flag=True,
    help=N_("It is another system now: forget which of its records are ours."),
)
def connect_command(
    app: App,
    name: str,
    token_stdin: bool,
    token_file: Path | None,
    login: bool,
    paste: bool,
    pairs: tuple[str, ...],
    new_remote: bool,
) -> None:
    """Give a target its token, check that it lets us in, and make there what we need.

    A token is never an argument: type it when asked, or pass it on stdin or in a file. The links
    of a target belong to one company, portal or folder: another one is refused.

    \b
    interop sync connect crm --token-stdin < token.txt
    interop sync connect books --login
    interop sync connect books --set realm_id=NUMBER --new-remote
    """
    from interop_cli.connectors import connector_class
    from interop_cli.sync.target import connected, refuse_other

    target = common.only(app, name)
    settings = dict(target.settings)
    if pairs:
        settings = typed_settings(connector_class(target.kind), settings, pairs)
    app.store.run(lambda _uow: None, operation="sync.connect")  # whoever may not, asks nobody
    opened = _opened(app, name, settings)
    check_usable(opened)
    secrets = secrets_of_target(app, target)
    if login or paste:
        given, tenant = _logged_in(app, opened, secrets, token_stdin, token_file, paste=paste)
        if tenant is not None:
            settings = _with_tenant(opened, settings, tenant, new_remote=new_remote)
            opened = _opened(app, name, settings)
    else:
        given = _given(app, secrets, token_stdin, token_file)
    made, empty, remote = [], None, None
    with common.remote_errors(opened):
        if not app.dry_run:
            with _tried(secrets, None if given is None else {**given, **_host(opened)}):
                if login or paste:
                    settings = _chosen_tenant(opened, settings)
                    opened = _opened(app, name, settings)
                with closing(opened.connector) as connector:
                    remote = connector.identity()
                    if remote is not None and not new_remote:
                        refuse_other(target, remote)
                    made, empty = connector.connect(), connector.is_empty()
                    settings = {**settings, **getattr(connector, "learned", {})}
    if settings != target.settings:
        configured(app, target, settings)
    detached = 0 if app.dry_run else connected(opened, remote, empty=empty is True)
    found = {
        "name": name,
        "secret": secrets.place,
        "remote": remote.name if remote else None,
        "made": made,
        "empty": empty,
        "detached": detached,
    }
    app.output.record(found, key="name")
    if empty is False and not opened.target.introduced:
        app.output.message(
            _(
                "It holds records already: match them with interop sync link --target {name}",
                name=name,
            )
        )


def _opened(app: App, name: str, settings: dict[str, Any]) -> OpenTarget:
    from dataclasses import replace

    return app.open_target(replace(common.only(app, name), settings=settings))


@contextmanager
def _tried(secrets: TargetSecrets, given: dict[str, Any] | None) -> Iterator[None]:
    """Keep a new secret; where it does not let us in, the one of before comes back."""
    from interop_cli.domain.sync.link import PAUSING, Trouble

    if given is None:
        yield
        return
    before = None
    with suppress(InteropError):  # one that cannot be read is replaced
        before = secrets.read()
    secrets.save(given)
    try:
        yield
    except (Trouble, InteropError) as error:
        if isinstance(error, InteropError) or error.kind in PAUSING:
            secrets.save(before) if before is not None else secrets.forget()
        raise


def _given(
    app: App, secrets: TargetSecrets, from_stdin: bool, file: Path | None
) -> dict[str, Any] | None:
    """The secret to keep: typed, from stdin or from a file; None: the one that is there already."""
    from interop_cli.connectors.secrets import parsed

    if not secrets.names:
        return None
    found = _passed(secrets.names, from_stdin, file)
    if found is not None or secrets.place != "-" or app.dry_run:
        return found
    if not app.interactive:
        raise UsageError(
            "usage.token",
            msg("There is no token yet: pass one with --token-stdin or --token-file."),
        )
    return parsed(_typed(_("Token (not shown): ")), secrets.names)


def _passed(names: Sequence[str], from_stdin: bool, file: Path | None) -> dict[str, Any] | None:
    """What was passed on stdin or in a file."""
    from interop_cli.connectors.secrets import parsed

    if from_stdin and file is not None:
        raise UsageError("usage.token", msg("--token-stdin and --token-file exclude each other."))
    if from_stdin:
        return parsed(sys.stdin.read(64 * 1024), names)
    if file is None:
        return None
    try:
        return parsed(file.read_text("utf-8", "replace"), names)
    except OSError as error:
        raise IoFailure(
            "sync.secret.file", msg("The secret cannot be read: {why}.", why=why(error))
        ) from None


def _typed(question: str) -> str:
    import getpass

    return getpass.getpass(question, sys.stderr)


def _host(opened: OpenTarget) -> dict[str, str]:
    """The server a token is given to: it is sent to no other one."""
    from interop_cli.connectors.hosts import host_of

    url = getattr(opened.connector, "base_url", None)
    return {"host": host_of(url)} if url else {}


# -- logging in ---------------------------------------------------------------------------------


def _logged_in(
    app: App,
    opened: OpenTarget,
    secrets: TargetSecrets,
    from_stdin: bool,
    file: Path | None,
    *,
    paste: bool,
) -> tuple[dict[str, Any] | None, str | None]:
    """The secret that a login gives, and the tenant the person chose, where the answer says."""
    from interop_cli.connectors.login import USUAL, Login
    from interop_cli.connectors.protocol import Grant
    from interop_cli.domain.sync.link import Trouble, TroubleKind

    target, oauth = opened.target, opened.connector.oauth
    name = target.name
    if oauth is None or oauth.grant is not Grant.CODE:
        raise UsageError(
            "usage.login",
            msg("{target} takes a token and no login.", target=target.name),
            hint=msg("interop sync connect {target} --token-stdin", target=target.name),
        )
    if paste and from_stdin:
        raise UsageError("usage.token", msg("--paste and --token-stdin exclude each other."))
    its_app = _app(app, secrets, from_stdin, file)
    if app.dry_run:
        return None, None
    connector = cast("HttpConnector", opened.connector)
    login = Login(
        oauth,
        connector.authorize_url,
        str(its_app["client_id"]),
        str(target.settings.get("redirect_uri") or USUAL),
    )
    try:
        answer = _answer(app, login, paste=paste)
        secret = connector.tokens.granted(its_app, answer.code, login.redirect_uri, login.verifier)
    except Trouble as trouble:
        found = common.remote_error(target.name, trouble)
        if trouble.kind is TroubleKind.AUTH:
            found = Denied(trouble.code, msg("{target}: {why}", target=name, why=trouble.message))
        raise found from None
    return secret, answer.tenant


def _app(app: App, secrets: TargetSecrets, from_stdin: bool, file: Path | None) -> dict[str, Any]:
    """The id and the secret of the app: passed, or kept from before, or typed."""
    from interop_cli.connectors.secrets import parsed

    found = _passed(APP, from_stdin, file)
    if found is None:
        secrets.names = APP
        with suppress(InteropError):  # one that cannot be read is replaced
            found = secrets.read()
    if found is not None and all(found.get(name) for name in APP):
        return {name: found[name] for name in (*APP, "token_host") if name in found}
    if not app.interactive:
        raise UsageError(
            "usage.token",
            msg("The app is not known yet: pass its id and secret."),
            hint=msg("With --token-stdin or --token-file: JSON with client_id and client_secret."),
        )
    client_id = _line(_("Id of the app (client ID): "))
    client_secret = _typed(_("Secret of the app (not shown): "))
    import json

    return parsed(json.dumps({"client_id": client_id, "client_secret": client_secret}), APP)


def _answer(app: App, login: Login, *, paste: bool) -> Answer:
    """Have a person log in; what came back."""
    say = app.output.notices.always  # also where a success is quiet: they have to go there
    if paste or not login.comes_here:
        say(_("Log in with any browser at: {url}", url=login.url))
        return login.read(
            _line(_("Paste the address it came back to, even where it shows no page: "))
        )
    from interop_cli.connectors.login import listening

    with listening(login.redirect_uri, _page()) as wait:
        say(_("Log in with the browser that opens, or at: {url}", url=login.url))
        open_browser(login.url)
        return login.read(wait(float(app.settings.get("sync.login"))))


def open_browser(url: str) -> None:
    """Open a browser, if there is one; nobody waits for it.

    In a process of its own: what browsers say goes to stderr, and a slow one holds nothing up.
    """
    import subprocess

    with suppress(OSError):
        subprocess.Popen([sys.executable, "-m", "webbrowser", url], stdout=2)  # noqa: S603


def _page() -> str:
    """What the browser shows in the end."""
    from html import escape

    text = escape(_("interop has the answer. You can close this page."))
    return f'<!doctype html><meta charset="utf-8"><title>interop</title><p>{text}</p>'


def _line(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline(64 * 1024).strip()


def _with_tenant(
    opened: OpenTarget, settings: dict[str, Any], tenant: str, *, new_remote: bool
) -> dict[str, Any]:
    """The settings with the tenant that the person chose.

    Raises Conflict ``sync.remote.other`` where it is another one than before.
    """
    from interop_cli.connectors import connector_class

    oauth, target = opened.connector.oauth, opened.target
    name = oauth.tenant if oauth else None
    if name is None or settings.get(name) == tenant:
        return settings
    chosen = typed_settings(connector_class(target.kind), settings, (f"{name}={tenant}",))
    known = settings.get(name)
    if known is not None and not new_remote:
        raise Conflict(
            "sync.remote.other",
            msg(
                "{target} is set to {known}, and {found} was chosen in the browser; nothing was"
                " kept.",
                target=target.name,
                known=known,
                found=tenant,
            ),
            hint=msg("Choose the other one there, or begin anew with --login --new-remote"),
        )
    return chosen


def _chosen_tenant(opened: OpenTarget, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with the one tenant that the tokens let us into, where none is set."""
    oauth, target = opened.connector.oauth, opened.target
    if oauth is None or oauth.tenant is None or settings.get(oauth.tenant):
        return settings
    found = opened.connector.tenants()
    if len(found) == 1:
        return _with_tenant(opened, settings, found[0].id, new_remote=True)
    raise UsageError(
        "usage.tenant",
        msg("Say which one it is of those that the login lets us into.")
        if found
        else msg("The login lets us into none."),
        hint=msg(
            "interop sync connect {target} --login --set {name}=… ({those})",
            target=target.name,
            name=oauth.tenant,
            those=", ".join(f"{one.id}: {one.name}" for one in found),
        )
        if found
        else None,
    )
