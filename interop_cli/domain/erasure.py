"""Finding a person in texts, and taking them out: name, e-mails and phone numbers.

A name is found however it is written: whatever the case and the accents, composed or not, with
invisible characters in it, with any punctuation between its words, family name first or last. A
phone number is found with any separators, with or without its country code, and goes with its
extension.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from interop_cli.domain.fields import CONTACT, ENTITIES, Kind
from interop_cli.domain.fields.field import TEXTS
from interop_cli.domain.values.text import fold, words

MARK = "[…]"
# Columns that are NULL rather than a mark where nothing else was in them.
NULLABLE = frozenset(
    column
    for fields in ENTITIES.values()
    for field in fields
    if field.clear and field.stored and field.kind in TEXTS
    for column in (field.stands_in, field.key)
    if column
) | {"remote_key", "error_text"}
# What a contact is after it was erased; what is not named here stays (whose contact it is).
BLANK_CONTACT: Mapping[str, Any] = {
    column: 0 if field.kind is Kind.BOOL else None
    for field in CONTACT
    if field.stored and (field.taken or field.internal) and field.kind is not Kind.UID
    for column in (field.stands_in, field.key)
    if column
}
USUAL = (
    " -~\t\n\r\u00a0\u202f’–—…«»€°"  # the first three: a range, all of ASCII
    "ÀÂÄÇÈÉÊËÎÏÔÖÙÛÜŸàâäçèéêëîïôöùûüÿŒœÆæ"
)
"""The characters of a class in brackets: of a text made of others, SQL knows too little."""
# What a letter with a mark may be without it; every other letter and digit stands for itself.
_MARKED = frozenset("aceiouy")
_LIGATURES = re.compile("ae|oe")
_GAP = r"[\W_]{0,3}"
_EXTENSION = r"(?:[\s,;]*(?:extension|ext|poste|x)[\s.=:]*\d{1,6}(?!\d))?"
MIN_DIGITS = 7
RUN_TOGETHER = 8  # letters of a name that is somebody's also without spaces


def blank_contact(contact_id: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of an erased contact, as far as ``row`` has them; its number is its name."""
    name = f"#{contact_id}"
    blank = {**BLANK_CONTACT, "name": name, "name_key": name}
    return {**row, **{column: value for column, value in blank.items() if column in row}}


class Traces:
    """What a person is known by, looked for in texts."""

    def __init__(
        self, names: Iterable[str] = (), emails: Iterable[str] = (), phones: Iterable[str] = ()
    ) -> None:
        self.names = frozenset(name for name in names if words(name))
        self.emails = frozenset(emails)
        self.phones = frozenset(phones)

    def __bool__(self) -> bool:
        return bool(self.names or self.emails or self.phones)

    def without(self, other: Traces) -> Traces:
        """These, but for those in ``other``, however they are spelt there."""
        names = {words(name) for name in other.names}
        emails = {fold(email) for email in other.emails}
        phones = {base(phone) for phone in other.phones}
        return Traces(
            (name for name in self.names if words(name) not in names),
            (email for email in self.emails if fold(email) not in emails),
            (phone for phone in self.phones if base(phone) not in phones),
        )

    def nameless(self) -> Traces:
        """The e-mails and phones alone: they are somebody's wherever they stand."""
        return Traces((), self.emails, self.phones)

    def in_text(self, text: str) -> bool:
        """Whether any of them stands in ``text``."""
        return any(True for _span in self._spans(text))

    def redacted(self, text: str) -> str:
        """``text`` with a mark in the place of each; JSON stays JSON."""
        if text[:1] in ("{", "["):
            try:
                value = json.loads(text)
            except ValueError:
                value = None
            if isinstance(value, dict | list):
                after = self._inside(value)
                return text if after == value else json.dumps(after, ensure_ascii=False)
        parts, end = [], 0
        for first, last in self._spans(text):
            parts += [text[end:first], MARK]
            end = last
        return "".join([*parts, text[end:]]) if parts else text

    def redacted_row(self, row: Mapping[str, Any], but: frozenset[str]) -> dict[str, Any]:
        """A row without them, ``but`` for these columns."""
        after = dict(row)
        for column, value in row.items():
            if not isinstance(value, str) or column in but:
                continue
            text = self.redacted(value)
            alone = text.strip() == MARK
            after[column] = None if alone and column in NULLABLE else text
        return after

    def redacted_payload(self, text: str) -> str:
        """As ``redacted``, of what was sent: a name there may stand in two fields, or run together.

        ``{"first_name": "Marie-Ève", "last_name": "Roy"}``.
        """
        after = self.redacted(text)
        try:
            value = json.loads(after)
        except ValueError:
            return after
        if not isinstance(value, dict):
            return after
        halves = {name: words(held) for name, held in value.items() if isinstance(held, str)}
        parts = {
            field
            for name in map(words, self.names)
            for first in halves
            for last in halves
            if f"{halves[first]} {halves[last]}" == name
            for field in (first, last)
        }
        if not parts:
            return after
        return json.dumps(value | dict.fromkeys(parts, MARK), ensure_ascii=False, sort_keys=True)

    def patterns(self) -> list[str]:
        """For each, what is LIKE every text of the ``USUAL`` characters in which it stands.

        For a coarse search in SQL, in lower case; ``_`` is one character, ``%`` any number.
        """
        found = {_like(words(name).split()) for name in self.names}
        found |= {_like(re.findall(r"[a-z0-9]+", fold(email))) for email in self.emails}
        # Separators may stand anywhere in a number, and its country code be left out.
        found |= {
            f"%{'%'.join(_parts(phone, digits(phone))[1])}%"
            for phone in self.phones
            if len(digits(phone)) >= MIN_DIGITS
        }
        return sorted(found)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redacted(value)
        if isinstance(value, list):
            return [self._inside(item) for item in value]
        if isinstance(value, dict):
            return {self._inside(key): self._inside(item) for key, item in value.items()}
        return value

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where they stand in ``text``: first and last + 1."""
        if self._pattern is None:
            return
        folded, at = _folded(text)
        for match in self._pattern.finditer(folded):
            yield at[match.start()], at[match.end() - 1] + 1

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = [part for name in sorted(self.names) for part in _name_patterns(name)]
        parts += [_email_pattern(email) for email in sorted(self.emails)]
        parts += [part for phone in sorted(self.phones) if (part := _phone_pattern(phone))]
        # The longest first: "Marie Roy Gagnon" before "Marie Roy".
        parts.sort(key=len, reverse=True)
        return re.compile("|".join(parts)) if parts else None


def base(phone: str) -> str:
    """A stored phone without its extension."""
    return phone.partition(";")[0]


def digits(phone: str) -> str:
    """The digits of a stored phone, without its extension."""
    return re.sub(r"\D", "", base(phone))


def _name_patterns(name: str) -> Iterator[str]:
    found = words(name).split()
    gap = r"[\W_]*" if len("".join(found)) >= RUN_TOGETHER else r"[\W_]+"
    for order in (found, [*found[-1:], *found[:-1]]):
        yield r"(?<![^\W_])" + gap.join(map(re.escape, order)) + r"(?![^\W_])"


def _email_pattern(email: str) -> str:
    return r"(?<![\w.+-])" + re.escape(fold(email)) + r"(?![\w-])(?!\.\w)"


def _phone_pattern(phone: str) -> str | None:
    found = digits(phone)
    if len(found) < MIN_DIGITS:
        return None
    code, national = _parts(phone, found)
    number = _GAP.join(national)
    prefix = rf"(?:(?:\+|00)?{code}{_GAP})?(?:\(?0\)?{_GAP})?" if code else r"\+?"
    extension = phone.partition(";ext=")[2]
    # Some systems take digits alone: the extension follows the number.
    run_on = rf"(?:{_GAP}{re.escape(extension)})?" if extension else ""
    return rf"(?<!\d){prefix}\(?{number}{run_on}(?!\d){_EXTENSION}"


def _parts(phone: str, found: str) -> tuple[str, str]:
    """Country code and national number of a number in E.164; no code for one kept as typed."""
    if not phone.startswith("+"):
        return "", found
    from phonenumbers import NumberParseException, parse

    try:
        number = parse("+" + found)
    except NumberParseException:
        return "", found
    code = str(number.country_code)
    return code, found[len(code) :]


def _like(parts: Iterable[str]) -> str:
    """What a text is LIKE in which the most telling of these folded words stands."""
    # Letters beyond ASCII are not usual: a text with one is looked at in any case.
    told = {part: sum(char not in _MARKED for char in part) for part in parts if part.isascii()}
    best = max(told, key=lambda part: (told[part], part), default="")
    return "%" + "".join("_" if c in _MARKED else c for c in _LIGATURES.sub("%", best)) + "%"


def _folded(text: str) -> tuple[str, list[int]]:
    """``text`` folded character by character, and where each of them came from."""
    parts: list[str] = []
    at: list[int] = []
    for place, char in enumerate(text):
        folded = _fold_char(char)
        parts.append(folded)
        at += [place] * len(folded)
    return "".join(parts), at


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    # A space folds to nothing by itself, but parts words here.
    return fold(char) or (" " if char.isspace() else "")
