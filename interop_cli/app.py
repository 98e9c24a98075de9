"""The App: everything one run of the program needs, each part made on first use.

The only place where the parts are wired together. A command gets it as its first argument.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import ConfigError, InteropError
from interop_cli.domain.messages import msg
from interop_cli.i18n import set_language, set_zone
from interop_cli.shell.error_boundary import command_typed, early_language, error_options

if TYPE_CHECKING:
    from interop_cli.connectors.google_places import Places
    from interop_cli.domain.filters import Reading
    from interop_cli.domain.rights import User
    from interop_cli.domain.rules import Context, RuleWarning
    from interop_cli.domain.sync.descriptor import RemoteField
    from interop_cli.output import Output
    from interop_cli.services import Outcome
    from interop_cli.settings import Settings
    from interop_cli.shell.paths import Paths
    from interop_cli.store.store import Store
    from interop_cli.store.sync.targets import TargetRow
    from interop_cli.store.writing.unit_of_work import UnitOfWork
    from interop_cli.sync.target import OpenTarget
    from interop_cli.system import Clock

EXIT_ATTENTION = 10
SEED_DAY = "2025-12-31"
_FARTHEST = timedelta(hours=24)
"""More than any zone is from UTC."""


class App:
    """Options as they were typed, and the parts made from them."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.argv = argv
        self.environ = environ
        self.options: dict[str, Any] = {}
        self.exit_code = 0
        self.done = self._applied = False
        """Whether what was asked is done, and only the telling of it is left."""
        self.written: list[int] = []
        """The operations committed in this run."""
        self.warnings: list[RuleWarning] = []
        """What is to be looked at in the input; every outcome of this run has it."""
        set_language(early_language(argv, environ))
        set_zone(lambda: self.zone)

    # -- settings ---------------------------------------------------------------------------

    @cached_property
    def settings(self) -> Settings:
        """Option, environment, company, user file, default: in this order."""
        from interop_cli.settings import Settings
        from interop_cli.settings.resolve import read

        settings = Settings(self.options, self.environ, self._company_settings, secrets=read)
        if "lang" not in self.options and "INTEROP_LANG" not in self.environ:
            chosen = settings.get("lang")
            if chosen:
                set_language(str(chosen))
        return settings

    def _company_settings(self) -> Mapping[str, str]:
        return self.store.company_settings()

    @property
    def dry_run(self) -> bool:
        """Whether writes are rolled back."""
        return bool(self.options.get("dry_run"))

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: both ends are a terminal, and nobody forbade it."""
        if self.settings.get("no_input"):
            return False
        return sys.stdin.isatty() and sys.stderr.isatty()

    def rules(self, *, allow_mismatch: bool = False) -> Context:
        """What the rules of one write are told: the company's policy; warnings gather in it."""
        from interop_cli.domain.rules import Context, Policy

        get = self.settings.get
        policy = Policy(
            strict_countries=frozenset(get("address.strict")),
            allow_mismatch=allow_mismatch,
            country=get("defaults.country"),
            province=get("defaults.province"),
            language=get("defaults.language"),
            currency=get("defaults.currency"),
            prospect=get("defaults.prospect"),
            terms=get("defaults.terms") or None,
            max_attachment=get("note.max_attachment_mb") * 1_000_000,
            note_categories=tuple(get("note.categories")),
            zone=self.zone,
            year=self.this_year,
            accounting_fields=lambda: self._accounting_fields,
        )
        return Context(policy)

    @cached_property
    def _accounting_fields(self) -> dict[str, RemoteField] | None:
        from interop_cli.sync.target import accounting_fields

        return accounting_fields(self.store.conn, self.open_target)

    # -- clock ------------------------------------------------------------------------------

    @cached_property
    def zone(self) -> tzinfo | None:
        """The time zone whose days are meant; ``None``: this machine's, where no other is set."""
        from interop_cli.system import system_zone

        name = str(self.settings.get("timezone"))
        if not name or name == system_zone():
            return None
        from interop_cli.domain.values.days import zone_named

        return zone_named(name)

    @cached_property
    def today(self) -> date:
        """The date in the company's zone, or INTEROP_TODAY where it is set."""
        return self._fixed_day or datetime.now(UTC).astimezone(self.zone).date()

    @property
    def this_year(self) -> int:
        """The year of ``today``; zones are not asked where it is the same year in all of them."""
        now = datetime.now(UTC)
        if self._fixed_day or (now - _FARTHEST).year != (now + _FARTHEST).year:
            return self.today.year
        return now.year

    def _stored_day(self) -> str:
        """The day that what is written has.

        A zone that this machine does not know is refused where days are meant; it can be set.
        """
        try:
            return self.today.isoformat()
        except ConfigError:
            return (self._fixed_day or datetime.now(UTC).astimezone().date()).isoformat()

    @property
    def _fixed_day(self) -> date | None:
        fixed = self.environ.get("INTEROP_TODAY")
        if not fixed:
            return None
        try:
            return date.fromisoformat(fixed)
        except ValueError:
            raise ConfigError(
                "config.today", msg("INTEROP_TODAY is not a date in the form YYYY-MM-DD.")
            ) from None

    @property
    def reading(self) -> Reading:
        """How the values of filters are read: the day and its zone, and what is the company's."""
        from interop_cli.domain.filters import Reading

        get = self.settings.get
        return Reading(
            self.today, self.zone, str(get("defaults.country")), tuple(get("note.categories"))
        )

    def now(self) -> str:
        """The time as stored: UTC, ISO 8601, to the second; midnight where the date is fixed."""
        return self.clock.stamp()

    @cached_property
    def clock(self) -> Clock:
        """The time and waiting; where the date is fixed, waiting takes no time."""
        from interop_cli.system import Clock

        if (day := self._fixed_day) is None:
            return Clock()
        zone = self.zone if "store" in self.__dict__ else UTC
        return Clock(datetime.combine(day, time(), zone).astimezone(UTC))

    def fix_clock(self, day: date | None = None) -> None:
        """Stop the clock at ``day``, or where nobody has: made-up data is the same on any day."""
        from interop_cli.system import Clock

        self.environ = {"INTEROP_TODAY": SEED_DAY, **self.environ}
        if day is not None:
            self.environ["INTEROP_TODAY"] = day.isoformat()
        self.__dict__.pop("today", None)
        # In UTC, whatever the zone: on any machine.
        self.__dict__["clock"] = Clock(datetime.combine(self.today, time(), UTC))

    # -- store ------------------------------------------------------------------------------

    @cached_property
    def user(self) -> User:
        """Who runs the program."""
        from interop_cli.system import current_user

        return current_user()

    @property
    def location(self) -> str:
        """Where the database is: a path or a URL."""
        return str(self.settings.get("db"))

    @property
    def lock_timeout(self) -> float:
        """Seconds to wait for a lock."""
        return float(self.settings.get("lock_timeout"))

    @cached_property
    def store(self) -> Store:
        """The database, opened and of the schema we know."""
        from interop_cli.shell.error_boundary import signals_held
        from interop_cli.store.engines.open import open_database
        from interop_cli.store.store import Store
        from interop_cli.store.writing.rights import identity

        _day, user = self._fixed_day, self.user  # or an error, before anything is open
        conn = open_database(self.location, lock_timeout=self.lock_timeout)
        actor = identity(conn, user).actor
        store = Store(
            conn, self._stored_day, self.now, actor, self.command, user, unbroken=signals_held
        )
        self._stores.append(store)
        return store

    @cached_property
    def _stores(self) -> list[Store]:
        return []

    @property
    def applied(self) -> bool:
        """Whether something has been committed in this run."""
        return self._applied or any(store.applied for store in self._stores)

    def truer(self, error: InteropError) -> InteropError:
        """The error to show for one that seems a bug, or damage of the database."""
        if error.exit_code != InteropError.exit_code and error.code != "db.corrupt":
            return error
        from interop_cli.store.engines.soundness import truer

        with suppress(Exception):  # then there is no telling
            return truer(error, self.location, self._stores[-1].conn if self._stores else None)
        return error

    def note_applied(self) -> None:
        """Remember that the database was changed, other than by a unit of work."""
        self.done = self._applied = True

    @property
    def command(self) -> str:
        """The command for the journal: its words and the names of its options, no values."""
        return command_typed(self.argv)

    def run(
        self, operation: str, work: Callable[[UnitOfWork], Outcome], *, undoes: int | None = None
    ) -> Outcome:
        """Run a service in one transaction; its outcome, and from it the exit code."""
        output = self.output
        output.check()

        def shown(uow: UnitOfWork) -> Outcome:
            found = work(uow)
            output.expect(found.items)
            return found

        outcome, operation_id = self.store.run(
            shown, operation=operation, dry_run=self.dry_run, undoes=undoes
        )
        outcome.operation, outcome.operation_id = operation, operation_id
        outcome.dry_run = self.dry_run
        self.done = True
        self.conclude(outcome)
        if operation_id is not None:
            self.written.append(operation_id)
        return outcome

    def conclude(self, outcome: Outcome) -> None:
        """Take the exit code from an outcome, and add to it what its input was warned of."""
        outcome.warnings = [*self.warnings, *outcome.warnings]
        self.exit_code = outcome.exit_code
        if self.options.get("fail_if_unchanged") and not (outcome.changed or outcome.failed):
            self.exit_code = EXIT_ATTENTION

    def write(self, operation: str, work: Callable[[UnitOfWork], Outcome]) -> None:
        """Run a service and hand its outcome to the output."""
        self.output.result(self.run(operation, work).as_dict())

    # -- output -----------------------------------------------------------------------------

    @cached_property
    def paths(self) -> Paths:
        """The files that this run reads and writes."""
        from interop_cli.shell.paths import Paths

        return Paths(self)

    @cached_property
    def output(self) -> Output:
        """Where data, messages and errors go."""
        from pathlib import Path

        from interop_cli.output import Output

        get = self.settings.get
        fields = self.options.get("fields")
        out = self.options.get("out")
        return Output(
            format="json" if self.options.get("json") else get("output"),
            fields=[name.strip() for name in fields.split(",")] if fields else None,
            out=Path(out) if out and out != "-" else None,
            color=get("color"),
            quiet=bool(self.options.get("quiet")),
            pager=not (self.options.get("no_pager") or get("no_input")),
            dialect=self.options.get("dialect") or "rfc4180",
            error_format=get("error_format"),
            environ=self.environ,
        )

    def read_ahead(self) -> None:
        """Take from the command line what says how an error is shown; parsing stopped before."""
        for name, value in error_options(self.argv).items():
            self.options.setdefault(name, value)

    def show_error(self, error: InteropError, *, words: Sequence[str] | None = None) -> None:
        """Print an error, in ``words`` where given, even where the settings cannot be read."""
        try:
            output = self.output
        except InteropError:
            output = self._plain_output()
        output.error(error, words)

    def _plain_output(self) -> Output:
        from interop_cli.output import Output

        self.read_ahead()
        form = "json" if self.options.get("json") else self.options.get("output", "table")
        return Output(
            format=form, error_format=self.options.get("error_format"), environ=self.environ
        )

    def open_target(self, target: TargetRow, ends: float | None = None) -> OpenTarget:
        """A target of sync, with its connector; nobody is called before it is used.

        ``ends``: no call goes on after this moment of ``time.monotonic``.
        """
        from interop_cli.sync.target import open_target

        return open_target(
            self.store,
            target,
            self.clock,
            self.environ,
            timeout=float(self.settings.get("sync.timeout")),
            folder=self.settings.secrets_folder,
            ends=ends,
        )

    def lapsing_logins(self) -> Iterator[dict[str, Any]]:
        """What ``db doctor`` says of the logins of targets."""
        from interop_cli.connectors.oauth import findings
        from interop_cli.store.sync.targets import all_targets
        from interop_cli.sync.target import secrets_of

        folder = self.settings.secrets_folder
        targets = all_targets(self.store.conn)
        secrets = ((one.name, secrets_of(one, self.environ, folder)) for one in targets)
        return findings(secrets, self.clock)

    def google_places(self) -> Places:
        """The service that completes addresses; raises Denied ``autofill.key`` without a key."""
        from interop_cli.connectors.google_places import Places
        from interop_cli.services.people.addresses import no_key

        key = self.settings.get("places.key")
        if not key:
            raise no_key()
        return Places(
            self.settings.get("places.url"),
            key,
            self.clock,
            timeout=float(self.settings.get("sync.timeout")),
            ca_bundle=self.environ.get("REQUESTS_CA_BUNDLE") or None,
            proxy=self.environ.get("INTEROP_PROXY") or None,
        )

    def follow_up(self) -> None:
        """Do what an earlier run left undone, and push what was just written, where ``sync.auto``
        says so; its troubles are warnings.
        """
        if self.written:
            from interop_cli.store.writing.erasures import catch_up

            catch_up(self.store.conn)
        if self.written and self.settings.get("sync.auto"):
            from interop_cli.sync.push import push_written

            seconds = float(self.settings.get("sync.auto_seconds"))
            push_written(self.store, self.written, self.open_target, self.output.warn, seconds)

    def finish(self) -> None:
        """Make sure that all the output has reached its reader."""
        if "output" in self.__dict__:
            self.output.finish()

    def close(self) -> None:
        """Let go of the database."""
        for store in self._stores:
            store.close()
