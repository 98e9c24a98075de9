"""What the commands of ``sync`` share: which targets, which clients, and errors of a remote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import ConfigError, Conflict, InteropError, RemoteFailure, UsageError
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _, labelled, local_time, translate
from interop_cli.shell import confirm, selectors
from interop_cli.shell.command import option
from interop_cli.shell.selectors import Picked

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.store.sync.records import RecordScope
    from interop_cli.store.sync.targets import TargetRow
    from interop_cli.sync.report import Report
    from interop_cli.sync.target import OpenTarget

target_option = option(
    "--target", "target_name", metavar="NAME", help=N_("One target; all of them if absent.")
)
contact_option = option(
    "--contact",
    "contact_id",
    type=int,
    metavar="ID",
    help=N_("A contact instead of the client itself."),
)
document_option = option(
    "--document",
    "number",
    metavar="NUMBER",
    help=N_("An invoice or a credit note instead of the client itself."),
)


def entity_options(command: Any) -> Any:
    """The options that name a record of a client rather than the client."""
    return contact_option(document_option(command))


DOCUMENTS = frozenset({"invoice", "credit_note"})


def takes_no(target: str, entity: str) -> UsageError:
    """The error of asking a target for what it has no place for."""
    return UsageError(
        "usage.entity", msg("{target} takes no {entity}.", target=target, entity=entity)
    )


def named(app: App, name: str | None) -> list[TargetRow]:
    """The target of this name, or all that there are."""
    from interop_cli.store.sync.targets import all_targets, target_named

    if name is not None:  # an empty name is nobody's, not everybody's
        return [target_named(app.store.conn, name)]
    return all_targets(app.store.conn)


def chosen(app: App, name: str | None) -> list[TargetRow]:
    """The target of this name, or all; raises ConfigError where there are none."""
    found = named(app, name)
    if not found:
        raise ConfigError(
            "sync.target.none",
            msg("No target is configured."),
            hint=msg("Make one with: interop sync add NAME KIND"),
        )
    return found


class Failures:
    """What keeps a command from some of its targets: the others get theirs all the same."""

    def __init__(self, app: App, targets: Sequence[TargetRow]) -> None:
        self.app = app
        self.targets = targets
        self.found: list[InteropError] = []

    @contextmanager
    def of(self, target: TargetRow) -> Iterator[None]:
        """Keep what goes wrong with a target for later."""
        try:
            yield
        except InteropError as error:
            if "target" not in error.message.params and len(self.targets) > 1:
                error.message = msg("{target}: {why}", target=target.name, why=error.message)
            self.found.append(error)

    def tell(self) -> None:
        """Raise the first of them, at the end; the others are told before."""
        for error in self.found[1:]:
            self.app.output.warn(translate(error.message))
        for error in self.found[:1]:
            raise error

    def tell_if_all(self) -> None:
        """The same where there is nothing else to show."""
        if len(self.found) == len(self.targets):
            self.tell()


def only(app: App, name: str | None) -> TargetRow:
    """The one target meant: by name, or the only one there is."""
    found = chosen(app, name)
    if len(found) > 1:
        raise UsageError(
            "usage.target",
            msg("There are several targets: say which with --target."),
            hint=msg("Targets: {names}.", names=", ".join(target.name for target in found)),
        )
    return found[0]


def accounting(app: App) -> TargetRow:
    """The accounting target: the one of the setting ``sync.accounting``, or the only one."""
    from interop_cli.connectors import connector_class
    from interop_cli.domain.sync.records import Role
    from interop_cli.store.sync.targets import all_targets, target_named

    named = app.settings.get("sync.accounting")
    if named:
        return target_named(app.store.conn, named)
    targets, found = all_targets(app.store.conn), []
    failures = Failures(app, targets)
    for target in targets:
        with failures.of(target):
            if connector_class(target.kind).role is Role.ACCOUNTING:
                found.append(target)
    if not found:
        failures.tell()
    if len(found) != 1:
        raise ConfigError(
            "sync.accounting",
            msg("No accounting target is configured.")
            if not found
            else msg("There are several accounting targets."),
            hint=msg("interop sync add NAME KIND")
            if not found
            else msg("interop config set sync.accounting NAME"),
        )
    return found[0]


def scope_of(app: App, picked: Picked) -> RecordScope:
    """The clients that the selector options name; everything where there are none."""
    from interop_cli.store.sync.records import EVERYTHING, RecordScope

    given = [bool(picked.codes), bool(picked.filters), bool(picked.only_failed_from)]
    if not any(given) and not picked.everything:
        if picked.status or picked.expect is not None:
            raise UsageError(
                "usage.selector", msg("--status and --expect go with codes, --filter or --all.")
            )
        return EVERYTHING
    from interop_cli.services.clients.bulk import check_limits
    from interop_cli.store.reading.clients import ListQuery, count_clients

    selectors.check(picked)
    selector = selectors.selector(app, picked, limited=False)
    if selector.keys is None:
        scope = RecordScope(None, selector.condition)
        count = count_clients(app.store.conn, ListQuery("all", filters=selector.condition))
    else:
        ids = _ids(app, [key for _line, key in selector.keys])
        scope, count = RecordScope(ids), len(ids)
    check_limits(selector, count, sends=True)
    return scope


def tell_warnings(app: App) -> None:
    """Say what the input was warned of, where no result of a write has it."""
    for warning in app.warnings:
        app.output.warn(labelled(warning.path, translate(warning.message)))


def ask_about(app: App, scope: RecordScope, question: confirm.Question) -> None:
    """Name the first clients of ``scope`` and ask about them; nothing where there are none."""
    from interop_cli.store.reading.clients import ListQuery, count_clients, first_clients

    conn = app.store.conn
    if scope.client_ids is not None:
        ids, count = list(scope.client_ids), len(scope.client_ids)
    else:
        ids = first_clients(conn, scope.condition)
        count = count_clients(conn, ListQuery("all", filters=scope.condition))
    if count:
        confirm.show(app, "client", ids, count)
        confirm.ask(question(count))


def _ids(app: App, keys: list[str]) -> tuple[int, ...]:
    from interop_cli.store.reading.called import resolve

    with app.store.reading() as conn:
        return tuple(dict.fromkeys(resolve(conn, key)[0] for key in keys))


def local_of(
    app: App,
    opened: OpenTarget,
    code: str,
    contact_id: int | None = None,
    number: str | None = None,
) -> Any:
    """The record a command is about, with its link: the client, a contact or a document of it."""
    from interop_cli.domain.errors import NotFound
    from interop_cli.store.reading.called import resolve
    from interop_cli.store.sync.records import RecordScope, records

    client_id = resolve(app.store.conn, code)[0]
    if contact_id is not None and number is not None:
        raise UsageError("usage.entity", msg("--contact and --document exclude each other."))
    wanted = {"contact"} if contact_id is not None else DOCUMENTS if number else {"client"}
    entities = [entity for entity in opened.connector.entities if entity in wanted]
    if not entities:
        raise takes_no(opened.target.name, sorted(wanted)[-1])
    for entity in entities:
        for local, link in records(
            app.store.conn, entity, opened.target.id, RecordScope((client_id,))
        ):
            if entity == "client" and local.id != client_id:
                continue  # one that was merged into it
            if contact_id in (None, local.id) and number in (None, local.number):
                return local, link
    if number is not None:
        raise NotFound(
            "document.not_found",
            msg(
                "{code} has no document {number} that goes to {target}.",
                code=code[:40],
                number=number[:40],
                target=opened.target.name,
            ),
            hint=msg("See: interop sync plan {code}", code=code[:40]),
        )
    raise NotFound(
        "contact.not_found",
        msg("{code} has no contact {id}.", code=code[:40], id=contact_id),
        hint=msg("List a client's contacts with: interop contact list CODE"),
    )


@contextmanager
def remote_errors(opened: OpenTarget) -> Iterator[None]:
    """Turn the trouble of a remote into the error of a command."""
    from interop_cli.domain.sync.link import Trouble

    try:
        yield
    except Trouble as trouble:
        raise remote_error(opened.target.name, trouble) from None
    finally:
        opened.connector.close()


def remote_error(target: str, trouble: Any, until: str | None = None) -> InteropError:
    """The error that a trouble is to the user."""
    from interop_cli.domain.errors import Denied
    from interop_cli.domain.sync.link import TroubleKind

    text = msg("{target}: {why}", target=target, why=trouble.message)
    if trouble.kind is TroubleKind.MISSING_REF:
        return ConfigError(
            trouble.code,
            text,
            hint=msg(
                "Make it there, or choose others: interop sync fields {target}", target=target
            ),
        )
    hint = None
    if trouble.kind in (TroubleKind.AUTH, TroubleKind.FORBIDDEN):
        hint = msg("interop sync connect {target}", target=target)
    elif until is not None:
        hint = msg("It rests until {until}; what is left stays pending.", until=local_time(until))
    if trouble.code == "sync.secret.missing":
        return Denied(trouble.code, text, hint=hint)
    return RemoteFailure(trouble.code, text, hint=hint, until=until)


def refuse_alone(item: dict[str, Any]) -> None:
    """The error of the one record that was asked for and is blocked: nothing was sent."""
    error = item["error"]
    raise Conflict(
        error["code"],
        msg(
            "{code} was not sent to {target}: {why}",
            code=item["code"],
            target=item["target"],
            why=error["message"],
        )
        if not error["field"]
        else msg(
            "{code} was not sent to {target}: {field}: {why}",
            code=item["code"],
            target=item["target"],
            field=error["field"],
            why=error["message"],
        ),
        hint=msg("See: interop sync plan {code}", code=item["code"]),
    )


def tell_left(app: App, report: Report) -> None:
    """Say what of a run is left to a person: what was refused, what is blocked, and what is to be
    done by hand.
    """
    tell_refused(app, report.target, report.refused)
    if report.held_back and not report.strict:
        app.output.message(
            _(
                "Blocked for {target}: {count}. See: interop sync plan --target {target}",
                target=report.target,
                count=report.held_back,
            )
        )
    if report.by_hand:
        app.output.message(
            _(
                "To do by hand in {target}: {count}. See: interop sync plan --target {target}",
                target=report.target,
                count=report.by_hand,
            )
        )


def tell_refused(app: App, target: str, count: int) -> None:
    """Say what helps records that were refused; nothing where there are none."""
    if count:
        app.output.message(
            _(
                "Refused by {target}: {count}. Change them here, or mend it there; then:"
                " interop sync retry --target {target}",
                target=target,
                count=count,
            )
        )
