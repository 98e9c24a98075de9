"""The table of settings: name, type, default, meaning, whose they are; values from and to text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from interop_cli import FORMATS
from interop_cli.disk import expanded
from interop_cli.domain.errors import ConfigError
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.values.text import closest


class SettingType(StrEnum):
    """What the value of a setting is."""

    TEXT = "text"
    BOOL = "bool"
    INT = "int"  # zero or more
    SECONDS = "seconds"  # float, zero or more
    LIST = "list"  # of texts
    ZONE = "time zone"  # its name
    PATH = "path"  # ``~`` is the home folder; a URL stays as it is


class SettingScope(StrEnum):
    """Whose setting it is: kept in the user's file, or in the company's database."""

    USER = "user"
    COMPANY = "company"


class Setting(NamedTuple):
    """One row of the table.

    ``help`` is a msgid. ``choices`` bounds a text; ``pattern`` must match it (of a list: each of
    its items) after ``upper``. A default of ``None`` means: decided elsewhere. A ``shared`` one is
    what the company says and nothing else: no environment and no file of a user speaks for it.
    A ``secret`` is kept apart from the others, and never shown. ``rule`` is what a text that is
    not empty must be, as a field of a client is checked (see ``settings/rules``). ``most`` is the
    largest whole number; a ``filled`` list has an item.
    """

    name: str
    type: SettingType
    scope: SettingScope
    help: str
    default: object = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    upper: bool = False
    shared: bool = False
    secret: bool = False
    rule: str = ""
    most: int | None = None
    filled: bool = False

    @property
    def variable(self) -> str:
        """The environment variable, ``INTEROP_DEFAULTS_COUNTRY`` for ``defaults.country``."""
        return "INTEROP_" + self.name.upper().replace(".", "_")


_USER, _COMPANY = SettingScope.USER, SettingScope.COMPANY
_COUNTRY = "[A-Z]{2}"
_CATEGORIES = ("général", "production", "expédition", "facturation", "ventes")

# One line a setting, and its help under it.
# fmt: off
_ROWS = (
    Setting("db", SettingType.PATH, _USER,
            N_("The database: a file or a postgresql:// address.")),
    Setting("output", SettingType.TEXT, _USER,
            N_("Format of the output."), "table", choices=FORMATS),
    Setting("lang", SettingType.TEXT, _USER,
            N_("Language of messages and help."), choices=("fr", "en")),
    Setting("color", SettingType.TEXT, _USER,
            N_("Colour: on a terminal, always or never."), "auto",
            choices=("auto", "always", "never")),
    Setting("lock_timeout", SettingType.SECONDS, _USER,
            N_("Seconds to wait for a lock."), 30.0),
    Setting("error_format", SettingType.TEXT, _USER,
            N_("Form of errors; json where the output is JSON."), choices=("text", "json")),
    Setting("no_input", SettingType.BOOL, _USER,
            N_("Never ask a question."), default=False),
    Setting("defaults.prospect", SettingType.BOOL, _COMPANY,
            N_("Whether a new client is a prospect."), default=False),
    Setting("defaults.country", SettingType.TEXT, _COMPANY,
            N_("Country of new addresses."), "CA", pattern=_COUNTRY, upper=True),
    Setting("defaults.province", SettingType.TEXT, _COMPANY,
            N_("Province of new addresses."), "QC"),
    Setting("defaults.language", SettingType.TEXT, _COMPANY,
            N_("Language of new clients and contacts."), "fr", choices=("fr", "en")),
    Setting("defaults.currency", SettingType.TEXT, _COMPANY,
            N_("Currency of new clients."), "CAD", pattern="[A-Z]{3}", upper=True),
    Setting("defaults.terms", SettingType.TEXT, _COMPANY,
            N_("Payment terms of new clients."), ""),
    Setting("address.strict", SettingType.LIST, _COMPANY,
            N_("Countries whose postal codes and provinces must be valid."), ("CA", "US"),
            pattern=_COUNTRY, upper=True),
    Setting("bulk.max_affected", SettingType.INT, _COMPANY,
            N_("How many records a bulk command may change without --max-affected."), 500),
    Setting("note.categories", SettingType.LIST, _COMPANY,
            N_("Categories of notes."), _CATEGORIES, filled=True),
    Setting("note.max_attachment_mb", SettingType.INT, _COMPANY,
            N_("Largest attachment of a note, in megabytes."), 25),
    Setting("places.key", SettingType.TEXT, _USER,
            N_("Key of Google Places, which completes addresses."), "", secret=True),
    Setting("places.url", SettingType.TEXT, _USER,
            N_("Another address of Google Places."), "https://places.googleapis.com"),
    Setting("rights.default_role", SettingType.TEXT, _COMPANY,
            N_("Role of users who have none of their own."), "editor",
            choices=("viewer", "editor", "manager", "admin"), shared=True),
    Setting("company.name", SettingType.TEXT, _COMPANY,
            N_("Name of the shop, on what it prints."), "", shared=True),
    Setting("company.line1", SettingType.TEXT, _COMPANY,
            N_("Street and number of the shop."), "", shared=True),
    Setting("company.line2", SettingType.TEXT, _COMPANY,
            N_("Suite, floor or building of the shop."), "", shared=True),
    Setting("company.city", SettingType.TEXT, _COMPANY, N_("City of the shop."), "", shared=True),
    Setting("company.province", SettingType.TEXT, _COMPANY,
            N_("Province of the shop."), "QC", shared=True),
    Setting("company.postal_code", SettingType.TEXT, _COMPANY,
            N_("Postal code of the shop."), "", rule="postal_code", shared=True),
    Setting("company.country", SettingType.TEXT, _COMPANY,
            N_("Country of the shop."), "CA", pattern=_COUNTRY, upper=True, shared=True),
    Setting("company.phone", SettingType.TEXT, _COMPANY,
            N_("Phone of the shop."), "", rule="phone", shared=True),
    Setting("company.email", SettingType.TEXT, _COMPANY,
            N_("E-mail of the shop."), "", rule="email", shared=True),
    Setting("company.website", SettingType.TEXT, _COMPANY,
            N_("Website of the shop."), "", rule="website", shared=True),
    Setting("company.gst", SettingType.TEXT, _COMPANY,
            N_("GST/HST number of the shop, on every invoice."), "", rule="gst", shared=True),
    Setting("company.qst", SettingType.TEXT, _COMPANY,
            N_("QST number of the shop, on every invoice."), "", rule="qst", shared=True),
    Setting("company.neq", SettingType.TEXT, _COMPANY,
            N_("Enterprise number (NEQ) of the shop."), "", rule="neq", shared=True),
    Setting("paper", SettingType.TEXT, _COMPANY,
            N_("Size of what is printed."), "letter", choices=("letter", "a4"), shared=True),
    Setting("print.color", SettingType.TEXT, _COMPANY,
            N_("Colour of titles and lines: #RRGGBB."), "#1f4e79", rule="color", shared=True),
    Setting("print.head", SettingType.TEXT, _COMPANY,
            N_("Words at the head of what is printed."), "", shared=True),
    Setting("print.foot", SettingType.TEXT, _COMPANY,
            N_("Words at the foot of what is printed."), "", shared=True),
    Setting("print.notes", SettingType.LIST, _COMPANY,
            N_("Categories of notes that clients may see on what they receive."), (), shared=True),
    Setting("print.fonts", SettingType.LIST, _COMPANY,
            N_("Files of fonts for signs that Noto Sans has not."), (), shared=True),
    Setting("print.template", SettingType.TEXT, _COMPANY,
            N_("Name of a template that a package adds."), "", shared=True),
    Setting("mail.enabled", SettingType.BOOL, _COMPANY,
            N_("Whether invoices are sent by e-mail."), default=False, shared=True),
    Setting("mail.host", SettingType.TEXT, _COMPANY,
            N_("The mail server that e-mail goes out by."), "", rule="host", shared=True),
    Setting("mail.port", SettingType.INT, _COMPANY,
            N_("Its port; 0: the usual one (587, 465 with tls, 25 with none)."), 0, most=65_535,
            shared=True),
    Setting("mail.security", SettingType.TEXT, _COMPANY,
            N_("How it is spoken to: starttls, tls or none."), "starttls",
            choices=("starttls", "tls", "none"), shared=True),
    Setting("mail.user", SettingType.TEXT, _COMPANY,
            N_("Who logs in there; nobody where not set."), "", shared=True),
    Setting("mail.password", SettingType.TEXT, _USER,
            N_("The password there (interop config secret mail --stdin)."), "", secret=True),
    Setting("mail.from", SettingType.TEXT, _COMPANY,
            N_("The address that e-mail comes from."), "", rule="email", shared=True),
    Setting("mail.subject.fr", SettingType.TEXT, _COMPANY,
            N_("Subject in French; {number} {name} {total} {due} {company} are filled in."), "",
            rule="letter", shared=True),
    Setting("mail.subject.en", SettingType.TEXT, _COMPANY,
            N_("Subject in English."), "", rule="letter", shared=True),
    Setting("mail.text.fr", SettingType.TEXT, _COMPANY,
            N_("Text in French; the same words are filled in."), "", rule="letter", shared=True),
    Setting("mail.text.en", SettingType.TEXT, _COMPANY,
            N_("Text in English."), "", rule="letter", shared=True),
    Setting("route.provider", SettingType.TEXT, _COMPANY,
            N_("Who computes routes."), "osm", choices=("osm", "google")),
    Setting("timezone", SettingType.ZONE, _COMPANY,
            N_("Time zone whose days are meant; this machine's where not set."), "", shared=True),
    Setting("sync.auto", SettingType.BOOL, _COMPANY,
            N_("Whether a change is pushed as soon as it is made."), default=False),
    Setting("sync.auto_seconds", SettingType.SECONDS, _COMPANY,
            N_("Seconds that such a push may take, all targets together."), 5.0),
    Setting("sync.accounting", SettingType.TEXT, _COMPANY,
            N_("The target that client send pushes to; the only accounting one where not set."),
            ""),
    Setting("sync.timeout", SettingType.SECONDS, _COMPANY,
            N_("Seconds a call to a target may take."), 60.0),
    Setting("sync.login", SettingType.SECONDS, _COMPANY,
            N_("Seconds that a login in a browser is waited for."), 300.0),
)
# fmt: on

SETTINGS: dict[str, Setting] = {row.name: row for row in _ROWS}


def setting(name: str) -> Setting:
    """The setting called ``name``; ``ConfigError`` (``config.unknown``) where there is none."""
    found = SETTINGS.get(name)
    if found is None:
        raise ConfigError(
            "config.unknown",
            msg("There is no setting {name}.", name=name),
            hint=nearest(name),
            name=name,
            names=list(SETTINGS),
        )
    return found


def nearest(name: str) -> Message | None:
    """A hint naming the setting that ``name`` was probably meant to be."""
    found = closest(name, SETTINGS)
    return msg("Did you mean {name}?", name=found) if found else None


Value = str | bool | int | float | list[str]

_YES = frozenset(("true", "yes", "on", "1", "oui", "o", "y", "vrai"))
_NO = frozenset(("false", "no", "off", "0", "non", "n", "faux"))


class BadValue(ValueError):
    """The value does not fit; ``wanted`` says what would. It never holds the value itself."""

    def __init__(self, wanted: Message) -> None:
        super().__init__(str(wanted))
        self.wanted = wanted


def from_text(row: Setting, text: str) -> Value:
    """The value that ``text`` (of the environment, the database or an option) means."""
    return _checked(row, _READERS[row.type](text.strip()))


def from_toml(row: Setting, value: object) -> Value:
    """A value of a TOML file, which has types of its own and must have the right one."""
    if row.type is SettingType.LIST:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif row.type is SettingType.BOOL:
        fits = isinstance(value, bool)
    elif row.type is SettingType.INT:
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif row.type is SettingType.SECONDS:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise BadValue(_wanted(row))
    return _checked(row, value)


def to_text(value: object) -> str:
    """The text that ``from_text`` reads as ``value``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        items = [str(item) for item in value]
        plain = all(item.strip() == item and item and "," not in item for item in items)
        if plain and not (items and items[0].startswith("[")):
            return ", ".join(items)
        return json.dumps(items, ensure_ascii=False)
    return "" if value is None else str(value)


def _list(text: str) -> list[str]:
    if text.startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return items
    return [item.strip() for item in text.split(",") if item.strip()]


def _bool(text: str) -> bool | None:
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def _number(read: Callable[[str], float]) -> Callable[[str], float | None]:
    def number(text: str) -> float | None:
        try:
            return read(text)
        except ValueError:
            return None

    return number


_READERS: dict[SettingType, Callable[[str], object]] = {
    SettingType.TEXT: str,
    SettingType.PATH: str,
    SettingType.ZONE: str,
    SettingType.BOOL: _bool,
    SettingType.INT: _number(int),
    SettingType.SECONDS: _number(float),
    SettingType.LIST: _list,
}


def _checked(row: Setting, value: object) -> Value:
    """``value`` in its final form; ``BadValue`` where it breaks the rules of its row."""
    if isinstance(value, list):
        if row.filled and not value:
            raise BadValue(_wanted(row))
        return [_checked_text(row, str(item)) for item in value]
    if isinstance(value, bool):
        return value
    within = row.most is None or (isinstance(value, int) and value <= row.most)
    if isinstance(value, int | float) and math.isfinite(value) and value >= 0 and within:
        return float(value) if row.type is SettingType.SECONDS else value
    if isinstance(value, str):
        return _checked_text(row, value)
    raise BadValue(_wanted(row))


def _checked_text(row: Setting, text: str) -> str:
    text = text.upper() if row.upper else text
    if row.choices and text not in row.choices:
        raise BadValue(_wanted(row))
    if row.pattern and not re.fullmatch(row.pattern, text):
        raise BadValue(_wanted(row))
    if row.rule and text:
        from interop_cli.settings.rules import checked

        return checked(row.rule, text)
    if row.type is SettingType.ZONE and text:
        from interop_cli.domain.values.days import zone_named

        try:
            zone_named(text)
        except ValueError:
            raise BadValue(_wanted(row)) from None
    if row.type is SettingType.PATH:
        if not text.strip() and row.default is None:  # nor is it the folder one stands in
            raise BadValue(_wanted(row))
        return expanded(text, row.variable)
    return text


def _wanted(row: Setting) -> Message:
    if row.choices:
        return msg("one of {choices}", choices=", ".join(row.choices))
    if row.pattern:
        length = row.pattern.partition("{")[2].rstrip("}")
        return (
            msg("codes of {n} letters", n=length)
            if row.type is SettingType.LIST
            else msg("a code of {n} letters", n=length)
        )
    if row.most is not None:
        return msg("a whole number from 0 to {most}", most=row.most)
    if row.filled:
        return msg("a list of texts, one at least")
    return {
        SettingType.BOOL: msg("true or false"),
        SettingType.INT: msg("a whole number, zero or more"),
        SettingType.SECONDS: msg("a number, zero or more"),
        SettingType.LIST: msg("a list of texts"),
        SettingType.TEXT: msg("a text"),
        SettingType.PATH: msg("the name of a file, or an address"),
        SettingType.ZONE: msg("the name of a time zone, such as America/Toronto"),
    }[row.type]
