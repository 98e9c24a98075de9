"""Invoices by e-mail: who gets which, what keeps one back, and sending them one after the other.

What is about to be sent is committed before the mail server is spoken to, and what became of it
after: whoever is killed in between leaves an e-mail of which nobody knows, which is not sent again
by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from interop_cli.domain import letter
from interop_cli.domain.errors import ConfigError, Conflict, Detail
from interop_cli.domain.messages import Message, counted, msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.domain.sync.link import Trouble, TroubleKind
from interop_cli.domain.values.money import format_cents
from interop_cli.paper.sheets import Wording
from interop_cli.services import Outcome
from interop_cli.store.reading import mailings
from interop_cli.store.sync.documents import put_recipients

if TYPE_CHECKING:
    from interop_cli.connectors.mail import Mail, Postman, Server
    from interop_cli.paper.sheets import Sheet
    from interop_cli.services.sales.printing import Printing
    from interop_cli.store.engines.connection import Connection, Row
    from interop_cli.store.store import Store
    from interop_cli.store.writing.unit_of_work import UnitOfWork

T = TypeVar("T")
OPERATION = "sales.invoice.send"
NEEDED = ("company.name", "mail.host", "mail.from")


def check_settings(get: Callable[[str], Any]) -> None:
    """Raise ConfigError ``mail.unset`` where what mail needs is not set."""
    lacking = [name for name in NEEDED if not get(name)]
    if get("mail.user") and not get("mail.password"):
        lacking.append("mail.password")
    if not lacking:
        return
    hint = msg("interop config set {name} …", name=lacking[0])
    if lacking == ["mail.password"]:
        hint = msg("interop config secret mail --stdin")
    raise ConfigError(
        "mail.unset",
        msg("E-mail needs settings that are not there: {names}.", names=", ".join(lacking)),
        hint=hint,
    )


def server_of(get: Callable[[str], Any], environ: Mapping[str, str]) -> Server:
    """The mail server that the settings name; raises as ``check_settings`` and ``Server.check``."""
    from interop_cli.connectors.mail import Server

    check_settings(get)
    server = Server(
        get("mail.host"),
        get("mail.port"),
        get("mail.security"),
        get("mail.user"),
        get("mail.password"),
        get("mail.from"),
        timeout=float(get("sync.timeout")),
        ca_bundle=environ.get("REQUESTS_CA_BUNDLE") or None,
    )
    server.check()
    return server


def check_on(get: Callable[[str], Any]) -> None:
    """Raise ConfigError ``mail.off`` where mail is not switched on."""
    if not get("mail.enabled"):
        raise ConfigError(
            "mail.off",
            msg("E-mail is switched off."),
            hint=msg("interop config set mail.enabled true"),
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """An invoice, who it goes to, and how it stands: ``state`` of what was sent, ``problem``."""

    id: int
    uid: str
    kind: str
    number: str | None
    client_id: int
    client: str
    payer: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    state: str | None
    problem: str | None = None

    @property
    def key(self) -> str:
        """What a person calls it."""
        return self.number or f"#{self.id}"

    def item(self, status: str, error: str | None = None, **more: Any) -> dict[str, Any]:
        """As the result shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "number": self.number,
            "client": self.client,
            "to": list(self.to),
            "cc": list(self.cc),
            "mailed": self.state,
            **more,
            "status": status,
            "error": {"code": error, "message": letter.REASONS[error]} if error else None,
        }


def planned(
    conn: Connection, ids: Sequence[int], *, to: Sequence[str] = (), again: bool = False
) -> list[Planned]:
    """These documents, each with who it goes to: by the rule, or ``to`` alone."""
    found = {row["id"]: row for row in mailings.documents(conn, ids)}
    rows = [found[one] for one in ids]
    put_recipients(conn, rows)
    states = mailings.states(conn, ids)
    return [_planned(row, states.get(row["id"]), tuple(to), again=again) for row in rows]


def _planned(row: Row, state: str | None, to: tuple[str, ...], *, again: bool) -> Planned:
    rule = row["recipients"]
    problem = None
    if row["kind"] != "invoice" or row["status"] != "posted":
        problem = "mail.not_posted"
    elif state == "unknown" and not again:
        problem = "mail.unknown"
    elif not to and rule.reason:
        problem = f"mail.{rule.reason}"
    return Planned(
        row["id"],
        row["uid"],
        row["kind"],
        row["number"],
        row["client_id"],
        row["client"],
        row["payer"],
        to or rule.to,
        () if to else rule.cc,
        state,
        problem,
    )


def check_count(count: int, expect: int | None, limit: int | None) -> None:
    """Refuse another number of invoices than expected, or more than allowed."""
    if expect is not None and count != expect:
        raise Conflict(
            "bulk.expect",
            counted(
                "{count} invoice matches, not {expected}; nothing was sent.",
                "{count} invoices match, not {expected}; nothing was sent.",
                count=count,
                expected=expect,
            ),
        )
    if limit is not None and count > limit:
        raise Conflict(
            "bulk.max_affected",
            counted(
                "{count} invoice matches, more than the {limit} allowed; nothing was sent.",
                "{count} invoices match, more than the {limit} allowed; nothing was sent.",
                count=count,
                limit=limit,
            ),
            hint=msg("Allow it with: --max-affected {count}", count=count),
        )


def refuse(plans: Sequence[Planned]) -> None:
    """Raise Conflict ``mail.incomplete`` with every invoice that cannot go, where there is one."""
    kept = [plan for plan in plans if plan.problem]
    if not kept:
        return
    details = [
        Detail("recipients", str(plan.problem), letter.REASONS[str(plan.problem)], key=plan.key)
        for plan in kept
    ]
    first = kept[0]
    hint: Message | None = msg("See: interop contact recipients {client}", client=first.payer)
    if first.problem == "mail.unknown":
        hint = msg("Ask who it is for whether it came. Once more: --again")
    elif first.problem == "mail.not_posted":
        hint = None
    raise Conflict(
        "mail.incomplete" if len({plan.problem for plan in kept}) > 1 else str(first.problem),
        counted(
            "{count} invoice cannot be sent; nothing was sent.",
            "{count} invoices cannot be sent; nothing was sent.",
            count=len(kept),
        ),
        hint=hint,
        details=details,
    )


@dataclass(frozen=True, slots=True)
class Wordings:
    """The templates of the company by language; where one is empty, ours stands."""

    company: str
    subjects: Mapping[str, str]
    texts: Mapping[str, str]

    def of(self, document: Row, language: str) -> tuple[str, str]:
        """Subject and text of an invoice (see ``store/reading/printed``)."""
        say = Wording(language).say
        due = document["due_date"]
        values = {
            "number": document["number"] or f"#{document['id']}",
            "name": document["payer_name"],
            "total": format_cents(document["total_cents"], document["currency"], language),
            "due": Wording(language).day(due) if due else "—",
            "company": self.company,
        }
        text = self.texts.get(language) or say(letter.TEXT if due else letter.TEXT_WITHOUT_DUE)
        subject = self.subjects.get(language) or say(letter.SUBJECT)
        return letter.filled(subject, values), letter.filled(text, values)


@dataclass
class Round:
    """Sends invoices over one connection. ``at`` is the time that the messages bear."""

    store: Store
    printing: Printing
    wordings: Wordings
    postman: Postman
    sender: str
    at: datetime
    advance: Callable[[int], None] = lambda _count: None
    outcome: Outcome = field(default_factory=lambda: Outcome(operation=OPERATION))
    stopped: Trouble | None = None

    def send(self, plans: Sequence[Planned]) -> Outcome:
        """Send what is to be sent. Where the server goes, the rest is left, and ``stopped`` set.

        Raises nothing of the server's: what became of each is in the outcome.
        """
        ready = {plan.id: plan for plan in plans}
        for document, sheet in self.printing.sheets(list(ready)):
            plan = ready[document["id"]]
            if self.stopped is not None:
                self._failed(plan, "mail.not_tried")
            else:
                self._one(plan, document, sheet)
            self.advance(1)
        return self.outcome

    def tried(self, plans: Sequence[Planned]) -> None:
        """Print what would be sent; the outcome is that of sending it."""
        sheets = self.printing.sheets([plan.id for plan in plans])
        for plan, (_document, sheet) in zip(plans, sheets, strict=True):
            self.printing.pdf([sheet])
            self.outcome.items.append(plan.item("ok"))
            self.outcome.changed += 1

    def test(self, ids: Sequence[int], address: str, *, dry_run: bool) -> Outcome:
        """Send these to one address, marked as tests; nothing is written down. Raises Trouble."""
        for document, sheet in self.printing.sheets(ids):
            say = Wording(sheet.language).say
            marked = replace(sheet, mark=say(letter.TEST_MARK))
            test = f"test-{document['id']}-{self.at:%Y%m%d%H%M%S}"
            name = letter.message_id(test, 0, self.sender)
            file = self.printing.pdf([marked])[0]
            mail = self._mail(document, marked, file, ((address,), ()), name)
            subject = say(letter.TEST_SUBJECT, subject=mail.subject)
            if not dry_run:
                self.postman.deliver(replace(mail, subject=subject))
            self.outcome.items.append(
                {
                    "id": document["id"],
                    "kind": document["kind"],
                    "number": document["number"],
                    "client": document["client"],
                    "to": [address],
                    "cc": [],
                    "test": True,
                    "status": "ok",
                    "error": None,
                }
            )
        self.outcome.matched = self.outcome.changed = len(self.outcome.items)
        return self.outcome

    def _one(self, plan: Planned, document: Row, sheet: Sheet) -> None:
        file = self.printing.pdf([sheet])[0]
        begun = self._run(lambda uow: _begin(uow, plan, self.sender))
        if begun is None:
            self._failed(plan, "mail.changed")
            return
        mailing_id, name = begun
        try:
            mail = self._mail(document, sheet, file, (plan.to, plan.cc), name)
            refused = self.postman.deliver(mail)
        except Trouble as trouble:
            state = "unknown" if trouble.kind is TroubleKind.UNKNOWN else "failed"
            self._settle(mailing_id, state, error=trouble.code)
            self._failed(replace(plan, state=state), trouble.code)
            if not self.postman.is_open:
                self.stopped = trouble
            return
        self._settle(mailing_id, "sent", refused)
        self.outcome.items.append(replace(plan, state="sent").item("ok", refused=refused))
        self.outcome.changed += 1
        if refused:
            reason = msg("the mail server refused a copy; the others have it")
            warning = RuleWarning("cc", "mail.copy_refused", reason, key=plan.key)
            self.outcome.warnings.append(warning)

    def _settle(
        self, mailing_id: int, state: str, refused: Sequence[str] = (), error: str | None = None
    ) -> None:
        self._run(lambda uow: uow.mailings.settle(mailing_id, state, refused, error))

    def _mail(
        self,
        document: Row,
        sheet: Sheet,
        file: bytes,
        people: tuple[tuple[str, ...], tuple[str, ...]],
        message_id: str,
    ) -> Mail:
        from interop_cli.connectors.mail import Mail

        subject, text = self.wordings.of(document, sheet.language)
        return Mail(
            self.sender,
            self.wordings.company,
            *people,
            subject,
            text,
            sheet.language,
            message_id,
            self.at,
            sheet.file_name,
            file,
        )

    def _failed(self, plan: Planned, code: str) -> None:
        self.outcome.items.append(plan.item("error", code))
        self.outcome.failed += 1

    def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        found, operation = self.store.run(work, operation=OPERATION)
        self.outcome.operation_id = operation or self.outcome.operation_id
        return found


def _begin(uow: UnitOfWork, plan: Planned, sender: str) -> tuple[int, str] | None:
    """Note that it is about to go; None where it is not any more what was planned."""
    document = uow.documents.by_id(plan.id)
    if document["status"] != "posted":
        return None
    if mailings.states(uow.conn, [plan.id]).get(plan.id) != plan.state:
        return None
    attempt = uow.mailings.attempts(plan.id) + 1
    name = letter.message_id(plan.uid, attempt, sender)
    ids = (plan.id, document["client_id"])
    return uow.mailings.begin(ids, attempt, name, plan.to, plan.cc), name


Left = tuple[Planned, str, str | None]


def left(plans: Iterable[Planned], *, again: bool) -> Iterator[Left]:
    """Those that are not to be sent: with their status, and what keeps them back."""
    for plan in plans:
        if plan.problem:
            yield plan, "error", plan.problem
        elif plan.state == "sent" and not again:
            yield plan, "unchanged", None


def add_left(outcome: Outcome, plans: Sequence[Planned], waiting: Iterable[Left]) -> None:
    """Count and list those that were not to be sent beside what was, in the order of ``plans``."""
    outcome.matched = len(plans)
    for plan, status, code in waiting:
        outcome.items.append(plan.item(status, code))
        outcome.failed += status == "error"
        outcome.unchanged += status == "unchanged"
    places = {plan.id: place for place, plan in enumerate(plans)}
    outcome.items.sort(key=lambda item: places[item["id"]])
