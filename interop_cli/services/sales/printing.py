"""Documents on paper: read, put into the words of their reader, drawn."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import ConfigError, Detail, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import RuleWarning
from interop_cli.paper.sheets import TAXED, Company, Letterhead, Sheet, sheet
from interop_cli.services import Outcome, item, one
from interop_cli.store.reading import printed

if TYPE_CHECKING:
    from interop_cli.paper.canvas import Look
    from interop_cli.paper.labels import Label
    from interop_cli.store.engines.connection import Connection, Row
    from interop_cli.store.writing.unit_of_work import UnitOfWork

BOOKS = 20
"""After so many files the memory they took is given back."""
TEMPLATES = "interop_cli.paper"
"""The entry points that a package adds templates under."""
Template = Callable[[Sequence[Sheet], "Look"], bytes]


@dataclass
class Printing:
    """What is printed for a company; ``language`` is that of each client where it is ``None``.

    ``notes`` are the categories that clients may see. ``warnings`` gather what a person should
    know of what was printed.
    """

    conn: Connection
    company: Company
    look: Look
    letterhead: Letterhead = field(default_factory=Letterhead)
    language: str | None = None
    notes: Sequence[str] = ()
    template: str = ""
    warnings: list[RuleWarning] = field(default_factory=list)
    _missing: set[str] = field(default_factory=set)
    _owners: dict[bytes, str] = field(default_factory=dict)
    """Of which client the logos are that stand on documents."""
    _drawn: set[bytes] = field(default_factory=set)
    """The logos that were looked at."""
    _books: int = 0

    def sheets(self, ids: Sequence[int]) -> Iterator[tuple[Row, Sheet]]:
        """The documents of these ids in their order, each as it was read and as it is printed."""
        for document in printed.documents(self.conn, ids, notes=True):
            document["notes"] = self._shown(document)
            self._note_logo(document)
            yield document, sheet(document, self.company, self._language(document), self.letterhead)
            self._check(document)

    def _language(self, document: Row) -> str:
        return self.language or str(document["language"])

    def _shown(self, document: Row) -> list[Row]:
        """The notes of its client that stand on it: a docket's are all, of the others some."""
        if document["kind"] == "job":
            return list(document["notes"])
        if document["shipper_identity"] == "none":
            return []
        return [note for note in document["notes"] if note["category"] in self.notes]

    def _check(self, document: Row) -> None:
        """Warn of an invoice that does not say what the law asks for."""
        if document["kind"] not in TAXED:
            return
        names = [f"company.{name}" for name in ("name", "gst", "qst") if not self._has(name)]
        for name in names:
            if name not in self._missing:
                self._missing.add(name)
                reason = msg(
                    "is not set, and an invoice must say it: interop config set {name} …", name=name
                )
                self.warnings.append(RuleWarning(name, "print.company", reason))

    def _has(self, name: str) -> bool:
        return bool(getattr(self.company, name))

    def warn_of_signs(self, missing: Iterable[str]) -> None:
        """Warn of signs that no font has."""
        if signs := sorted(missing):
            told = " ".join(f"U+{ord(sign):04X}" for sign in signs[:10])
            reason = msg("no font has these signs: {signs}", signs=told)
            self.warnings.append(RuleWarning("print.fonts", "print.sign", reason))

    def _note_logo(self, document: Row) -> None:
        if document["logo"] is not None:
            self._owners.setdefault(document["logo"], document["client"])

    def _warn_of_logo(self, logo: bytes | None) -> None:
        """Warn of a logo that cannot be drawn: what is printed goes without it."""
        from interop_cli.paper.canvas import picture_size

        if logo is None or logo in self._drawn:
            return
        self._drawn.add(logo)
        if picture_size(logo) is not None:
            return
        reason = msg("cannot be drawn: it is left out")
        ours = logo == self.company.logo
        path, owner = ("company.logo", None) if ours else ("logo", self._owners.get(logo))
        self.warnings.append(RuleWarning(path, "print.logo", reason, key=owner))

    def pdf(self, sheets: Iterable[Sheet]) -> tuple[bytes, list[int]]:
        """A file of these sheets, and how many pages each has; by the company's template if any."""
        from interop_cli.paper.pdf import Book

        if self.template:
            made = list(sheets)
            return template_named(self.template)(made, self.look), [1] * len(made)
        book, pages = Book(self.look), []
        for drawn in sheets:
            self._warn_of_logo(drawn.logo)
            pages.append(book.add(drawn))
        self.warn_of_signs(book.missing)
        content = book.content()
        self._books += 1
        if self._books % BOOKS == 0:  # what a file is made of goes in circles, fonts and all
            gc.collect()
        return content, pages

    def labels(self, ids: Sequence[int], copies: int, of: int | None) -> Iterator[list[Label]]:
        """The labels of each document."""
        from interop_cli.paper.labels import labels_of

        for document in printed.documents(self.conn, ids):
            language = self._language(document)
            found = labels_of(document, self.company, language, copies, of)
            self._note_logo(document)
            for label in found[:1]:
                self._warn_of_logo(label.logo)
            yield found


def template_named(name: str) -> Template:
    """A template that a package adds; raises ConfigError ``print.template``."""
    from importlib.metadata import entry_points

    for point in entry_points(group=TEMPLATES, name=name):
        found: Template = point.load()
        return found
    raise ConfigError(
        "print.template",
        msg("No package here adds a template called {name}.", name=name),
        hint=msg("interop config unset print.template"),
    )


def set_company_logo(uow: UnitOfWork, content: bytes | None) -> Outcome:
    """Make this the shop's logo, or take it away."""
    name = printed.LOGO
    changed = (
        uow.settings.unset(name)
        if content is None
        else uow.settings.set(name, uow.blobs.add(content))
    )
    return one(item({"id": None, "name": name}, changed=changed))


def company_of(get: Callable[[str], Any], logo: bytes | None) -> Company:
    """The shop out of its settings; raises InvalidData ``print.company`` for half an address."""
    names = [name for name in Company.__dataclass_fields__ if name != "logo"]
    values: dict[str, Any] = {name: get(f"company.{name}") or None for name in names}
    if values["line1"] and not values["city"]:
        raise InvalidData(
            "print.company",
            msg("The address of the shop is not complete."),
            details=[Detail("company.city", "field.missing", msg("is required"))],
        )
    return Company(**{**values, "country": values["country"] or "CA", "logo": logo})
