"""The grammar of filters: an expression becomes its tree, or is refused.

::

    expr       = term { "or" term }            term = factor { "and" factor }
    factor     = "not" factor | "(" expr ")" | comparison
    comparison = field op value | field ["not"] "in" "(" value {"," value} ")"
               | field "is" ["not"] "null"
    op         = "=" "!=" "<" "<=" ">" ">=" "~"
    value      = bare text without operator words, commas, parentheses | 'quoted' | "quoted"

What a value means is not known here: that depends on its field (``values.py``). The worst that a
filter could do is to choose everybody, or nobody, by accident: so whatever is not surely what was
meant is refused, with the form that may have been.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from interop_cli.domain.errors import UsageError
from interop_cli.domain.filters import SEE_HELP, All, Comparison, In, IsNull, Node, Not, Some, Value
from interop_cli.domain.messages import Message, msg

SHOWN = 60  # characters of a list that a hint writes out


def several(field: str, op: str, sign: str, rest: str, *, tells: bool) -> UsageError:
    """A comma or a parenthesis outside quotes: several values were meant, or it is text.

    ``rest`` is the expression from the value on; ``tells``: the hint may repeat it.
    """
    what = (
        msg("a value outside quotes holds no comma.")
        if sign == ","
        else msg("a value outside quotes holds no parenthesis.")
    )
    values = _list_in(rest)
    if op not in ("=", "!=") or values is None:
        return error(what, quote_it(field, op), field=field)
    words = "in" if op == "=" else "not in"
    shown = values if tells and len(values) <= SHOWN else "(…)"
    return error(
        what,
        msg(
            "Did you mean: {field} {op} {values}? A comma or parenthesis of the value itself"
            " goes in quotes.",
            field=field[:40],
            op=words,
            values=shown,
        ),
        field=field,
    )


def _list_in(rest: str) -> str | None:
    """``(a, b)`` at the beginning of ``rest``, typed with or without parentheses."""
    if rest.startswith("("):
        end = rest.find(")")
        return rest[: end + 1] if end > 0 else None
    stop = re.search(r"[()]|(?<!\S)(?:and|or)(?!\S)", rest, re.IGNORECASE)
    if stop is not None and stop[0] == "(":
        return None
    items = rest[: stop.start()] if stop else rest
    return f"({items.strip()})" if "," in items else None


def word_inside(field: str, op: str, word: str, *, whole: bool) -> UsageError:
    what = msg("a value outside quotes does not hold the word {word}.", word=word)
    if whole and not op.endswith("in"):
        return error(
            what,
            msg('Put it in quotes: {field} {op} "{word}"', field=field[:40], op=op, word=word),
            field=field,
        )
    return error(what, quote_it(field, op), field=field)


def quote_it(field: str, op: str) -> Message:
    """The form of a value in quotes, without the value."""
    if op.endswith("in"):
        return msg('Put such a value in quotes: {field} {op} ("…")', field=field[:40], op=op)
    return msg('Put the value in quotes: {field} {op} "…"', field=field[:40], op=op)


class FilterSyntax(UsageError):
    """An expression that cannot be read: ``reason`` and ``field``, wherever it is written."""

    def __init__(self, reason: Message, hint: Message, field: str) -> None:
        self.reason, self.field = reason, field[:40]
        text = (
            msg("--filter {field}: {what}", field=self.field, what=reason)
            if field
            else msg("--filter: {what}", what=reason)
        )
        super().__init__("filter.syntax", text, hint=hint)


def error(reason: Message, hint: Message = SEE_HELP, *, field: str = "") -> FilterSyntax:
    """The error ``filter.syntax``."""
    return FilterSyntax(reason, hint, field)


LONGEST = 100_000  # characters of an expression
DEEPEST = 40  # parentheses inside one another; SQLite's own limit is near 100
MOST = 2_000  # comparisons


FIELD = re.compile(r"[^\W\d][\w.\-]*")
"""What the name of a field looks like."""


def parse(
    text: str,
    *,
    tells: Callable[[str], bool] = lambda _field: False,
    named: re.Pattern[str] = FIELD,
) -> Node:
    """The tree of an expression; raises ``FilterSyntax``, a UsageError ``filter.syntax``.

    ``tells`` says of a field whether a hint may repeat its values: it may not where they could
    name a person. ``named`` is what a field looks like.
    """
    if len(text) > LONGEST:
        raise error(
            msg("the expression has more than {max} characters.", max=LONGEST),
            msg("Give many codes as a file: @FILE, or - for stdin."),
        )
    return _Parser(text, tells, named).whole()


_SPACE = re.compile(r"\s*")
_SIGNS = re.compile(r"[=!<>~]+")
_OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", "~"})
# What other languages write, and what was meant.
_MEANT = {
    "==": "=",
    "<>": "!=",
    "!==": "!=",
    "!": "!=",
    "=~": "~",
    "~=": "~",
    "=>": ">=",
    "=<": "<=",
}
# Where a bare value cannot go on: a word only between spaces, as in "d'or" it is none.
_STOP = re.compile(r"[,()]|(?<!\S)(?:and|or|not|in|is)(?![^\s,()])", re.IGNORECASE)
_JOINS = ("and", "or")
_SIGN = frozenset("=!<>~")
# A second comparison within a value: "Toronto province = ON".
_ANOTHER = re.compile(rf"\s{FIELD.pattern}\s*[=!<>~]")


class _Parser:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str, tells: Callable[[str], bool], named: re.Pattern[str]) -> None:
        self.text = text
        self.tells = tells
        self.named = named
        self.at = 0
        self.depth = 0
        self.count = 0
        self.bare: Comparison | None = None
        """The comparison just read, where its value had no quotes: perhaps it went on."""

    def whole(self) -> Node:
        found = self._some()
        self._skip()
        if self.at < len(self.text):
            if self._peek(")"):
                raise error(msg("a parenthesis is closed that is not open."))
            raise self._expected()
        return found

    def _some(self) -> Node:
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all("or"))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _all(self, after: str = "") -> Node:
        parts = [self._factor(after)]
        while self._word("and"):
            parts.append(self._factor("and"))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _factor(self, after: str) -> Node:
        opposite = False
        before, self.bare = self.bare, None
        while self._word("not"):
            opposite = not opposite
        if self._peek("("):
            found = self._group()
        else:
            found = self._comparison(before if after else None, after)
        return Not(found) if opposite else found

    def _group(self) -> Node:
        opened = self.at
        self.at += 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise error(msg("more than {max} parentheses inside one another.", max=DEEPEST))
        found = self._some()
        self._skip()
        if not self._peek(")"):
            if self.at < len(self.text):
                raise self._expected()
            raise error(
                msg("the parenthesis at character {position} is not closed.", position=opened + 1)
            )
        self.at += 1
        self.depth -= 1
        self.bare = None
        return found

    def _comparison(self, before: Comparison | None, after: str) -> Node:
        self.count += 1
        if self.count > MOST:
            raise error(
                msg("more than {max} comparisons.", max=MOST),
                msg("Many values of one field: field in (a, b)."),
            )
        self._skip()
        name = self.named.match(self.text, self.at)
        if name is None:
            ended = self.at >= len(self.text)
            raise (None if ended else self._went_on(before, after)) or self._expected()
        field = name[0]
        self.at = name.end()
        self._skip()
        signs = _SIGNS.match(self.text, self.at)
        if signs is not None:
            return self._compared(field, signs)
        if self._word("is"):
            return self._is(field)
        opposite = self._word("not")
        if self._word("in"):
            return Not(self._in(field, "not in")) if opposite else self._in(field, "in")
        raise self._went_on(before, after) or error(
            msg(
                "after {field} an operator is missing: = != < <= > >= ~, in, not in, is null.",
                field=field[:40],
            )
        )

    def _compared(self, field: str, signs: re.Match[str]) -> Node:
        op = signs[0]
        if op not in _OPERATORS:
            meant = _MEANT.get(op)
            raise error(
                msg("{op} is no operator.", op=op[:5]),
                msg("Did you mean {field} {op} …?", field=field[:40], op=meant)
                if meant
                else SEE_HELP,
                field=field,
            )
        self.at = signs.end()
        value = self._value(field, op)
        found = Comparison(field, op, value)
        self.bare = None if value.quoted else found
        return found

    def _is(self, field: str) -> Node:
        opposite = self._word("not")
        if not self._word("null"):
            raise error(
                msg("is takes null or not null only."),
                msg("A value is compared with =: {field} = …", field=field[:40]),
                field=field,
            )
        return Not(IsNull(field)) if opposite else IsNull(field)

    def _in(self, field: str, words: str) -> In:
        self._skip()
        if not self._peek("("):
            raise error(
                msg("{op} takes a list in parentheses.", op=words),
                msg("Write: {field} {op} (a, b)", field=field[:40], op=words),
                field=field,
            )
        self.at += 1
        values = [self._value(field, words)]
        while self._peek(","):
            self.at += 1
            values.append(self._value(field, words))
        if not self._peek(")"):
            raise error(msg("the list is not closed."), field=field)
        self.at += 1
        return In(field, tuple(values))

    # -- values -----------------------------------------------------------------------------

    def _value(self, field: str, op: str) -> Value:
        """The value that begins here; ``op`` is ``in`` or ``not in`` within a list."""
        self._skip()
        if self._peek('"') or self._peek("'"):
            return self._quoted(field, op)
        start = self.at
        stop = _STOP.search(self.text, start)
        end = stop.start() if stop else len(self.text)
        text = self.text[start:end].strip()
        listed = op.endswith("in")
        sign = stop[0] if stop else ""
        if not text and (not sign or sign == ")" or (sign == "," and listed)):
            raise error(
                msg("a value is missing."),
                msg('What has no value: {field} is null, or {field} = ""', field=field[:40]),
                field=field,
            )
        if sign == "(" or (sign == "," and not listed):
            raise self._several(field, op, start, sign)
        if sign and sign not in (",", ")") and (listed or not text or sign.lower() not in _JOINS):
            raise word_inside(field, op, sign, whole=not text)
        if text[:1] in _SIGN or _ANOTHER.search(text):
            raise error(
                msg("another comparison begins within the value."),
                msg("Join comparisons by and, or or; a value that holds a sign is put in quotes."),
                field=field,
            )
        self.at = end
        return Value(text)

    def _quoted(self, field: str, op: str) -> Value:
        mark = self.text[self.at]
        found = re.compile(f"{mark}((?:[^{mark}]|{mark}{mark})*){mark}").match(self.text, self.at)
        if found is None:
            raise error(
                msg("the quotes are not closed."),
                msg("A quote that belongs to the value is doubled within quotes."),
                field=field,
            )
        self.at = found.end()
        self._skip()
        if self.at < len(self.text):
            rest = _STOP.match(self.text, self.at)
            allowed = (",", ")") if op.endswith("in") else (*_JOINS, ")")
            if rest is None or rest[0].lower() not in allowed:
                if rest is not None and rest[0] == "," and not op.endswith("in"):
                    raise self._several(field, op, found.start(), ",")
                raise error(
                    msg("something follows the closing quote."),
                    msg("A quote that belongs to the value is doubled within quotes."),
                    field=field,
                )
        return Value(found[1].replace(mark * 2, mark), quoted=True)

    # -- what went wrong ----------------------------------------------------------------------

    def _several(self, field: str, op: str, start: int, sign: str) -> UsageError:
        return several(field, op, sign, self.text[start:], tells=self.tells(field))

    def _went_on(self, before: Comparison | None, after: str) -> UsageError | None:
        """The error for "Dubé and Sons": what follows ``and`` is no comparison, but more value."""
        if before is None:
            return None
        return word_inside(before.field, before.op, after, whole=False)

    def _expected(self) -> UsageError:
        return error(
            msg(
                "at character {position} a comparison is expected: field op value,"
                " field in (a, b), or field is null.",
                position=min(self.at, len(self.text)) + 1,
            )
        )

    # -- reading ------------------------------------------------------------------------------

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _peek(self, sign: str) -> bool:
        self._skip()
        return self.text.startswith(sign, self.at)

    def _word(self, word: str) -> bool:
        """Whether this word stands here; it is then read."""
        self._skip()
        end = self.at + len(word)
        if self.text[self.at : end].lower() != word:
            return False
        if end < len(self.text) and not (self.text[end].isspace() or self.text[end] in "(),"):
            return False
        self.at = end
        return True
