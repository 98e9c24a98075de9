"""Which language the user reads, the sentences in it, and the user's time.

English is the language of the msgids; French comes from ``locale/fr``. The catalogue is also bound
as gettext's default domain, because click takes its own sentences from there.
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import cache

from interop_cli.domain.messages import Message

LANGUAGES = ("en", "fr")
DOMAIN = "messages"
# Not a Path, which loads a library that some commands need and the shortest do not.
LOCALE_DIR = os.path.join(os.path.dirname(__file__), "locale")  # noqa: PTH118, PTH120

_current = "en"
_zone: Callable[[], tzinfo | None] = lambda: None  # noqa: E731 - asked when a time is shown


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The sentences of ``language``; English needs none."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE_DIR, [language], fallback=True)


def language_of(environ: Mapping[str, str]) -> str | None:
    """``fr`` or ``en`` as the locale variables say it, ``None`` where they say nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return "fr" if value.lower().startswith("fr") else "en"
    return None


def set_language(language: str) -> None:
    """Make ``language`` the one in which ``_`` and click speak, for this process."""
    global _current
    _current = language if language in LANGUAGES else "en"
    os.environ["LANGUAGE"] = _current
    gettext.bindtextdomain(DOMAIN, LOCALE_DIR)
    gettext.textdomain(DOMAIN)


def language() -> str:
    """The language in use: ``fr`` or ``en``."""
    return _current


def set_zone(zone: Callable[[], tzinfo | None]) -> None:
    """Have ``zone`` asked for the time zone of the user; None is that of this machine."""
    global _zone
    _zone = zone


def local_time(text: str) -> str:
    """A stored time as the user's clock shows it: ``2026-01-05 14:03``; other text as it is."""
    if not text.endswith("Z"):
        return text
    from interop_cli.domain.errors import InteropError

    zone = None
    with suppress(InteropError):  # a zone that this machine does not know: its own, then
        zone = _zone()
    try:
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return text


def _(msgid: str, **params: object) -> str:
    """``msgid`` in the user's language, its ``{name}`` places filled from ``params``."""
    text = catalogue(_current).gettext(msgid) if msgid else ""
    return _filled(text, params) if params else text


def _filled(text: str, params: Mapping[str, object]) -> str:
    """``text`` with its places filled; after ``Chez Nous inc.`` no second full stop."""
    for name, value in params.items():
        if isinstance(value, str) and value.endswith("."):
            text = re.sub(rf"\{{{name}\}}\.(?=\s|$)", f"{{{name}}}", text)
    return text.format(**params)


def word(msgid: str) -> str:
    """The word behind the last bar of ``msgid``, in the user's language.

    What stands before it tells apart what English says in one word: ``feminine|posted``.
    """
    return _(msgid).rpartition("|")[2]


def ngettext(one: str, many: str, n: int, **params: object) -> str:
    """The singular or the plural of a sentence for ``n``, which fills the place ``{n}``."""
    return _filled(catalogue(_current).ngettext(one, many, n), {"n": n, **params})


def labelled(label: str, text: object) -> str:
    """``label: text``, the colon as the user's language spaces it."""
    return _("{label}: {text}", label=label, text=text)


def translate(message: Message) -> str:
    """A message of the domain in the user's language; messages among its parameters too."""
    params = {
        name: translate(value) if isinstance(value, Message) else value
        for name, value in message.params.items()
    }
    if message.plural:
        find = catalogue(_current).ngettext
        return _filled(find(message.msgid, message.plural, message.params["count"]), params)
    return _(message.msgid, **params)
