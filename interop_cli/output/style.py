"""Colour and width: what a terminal can show, decided for each stream on its own.

Colour never carries meaning alone: what is dimmed or red is also said in words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import IO, Any

from interop_cli import disk
from interop_cli.output.sanitise import printable

_VIRTUAL_TERMINAL = 4
# What takes a cell a character: the letters of Latin alphabets, their marks, our own signs.
_NARROW = re.compile("[ -~\xa0-\xac\xae-\u02ff\u2013\u2014\u2018-\u201d…€⌂★▦✉●▸→⏎]*")
_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether ``stream`` is a terminal; a closed or missing one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def is_screen(stream: IO[str] | None) -> bool:
    """Whether ``stream`` is a terminal that obeys escape codes; old Windows consoles show them."""
    if stream is None or not is_terminal(stream):
        return False
    return not disk.WINDOWS or _obeys(stream)


def _obeys(stream: IO[str]) -> bool:
    """Have a Windows console obey escape codes; whether it does.

    https://learn.microsoft.com/windows/console/setconsolemode
    """
    import ctypes
    import msvcrt

    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = msvcrt.get_osfhandle(stream.fileno())  # type: ignore[attr-defined]
    mode = ctypes.c_ulong()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(
        mode.value & _VIRTUAL_TERMINAL
        or kernel.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL)
    )


def wants_color(color: str, environ: Mapping[str, str], terminal: bool) -> bool:
    """``--color``, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return terminal and environ.get("TERM") != "dumb"


def terminal_width(environ: Mapping[str, str], stream: IO[str] | None) -> int:
    """Columns of the terminal: COLUMNS, else what the stream says, else 80."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80 if stream else 80
    except (OSError, ValueError):
        return 80


class Style:
    """Dresses text where colour is on, and leaves it plain where it is off.

    The codes it puts in are *sealed* with a number unknown to the data, and only ``render`` turns
    them into real ones. So a card may mix styled and raw pieces freely in a line: what came
    from data cannot pass for a colour, and is escaped.
    """

    def __init__(self, enabled: bool, room: int | None = None) -> None:
        self.enabled = enabled
        self.room = room
        """The cells of a line of the terminal; None where there is no end to them."""
        self._seal = f"\x1b{os.urandom(8).hex()}["

    @cached_property
    def _sealed(self) -> re.Pattern[str]:
        return re.compile(re.escape(self._seal) + r"(\d+)m")

    def bold(self, text: str) -> str:
        """``text`` in bold."""
        return self._dress("bold", text)

    def dim(self, text: str) -> str:
        """``text`` greyed."""
        return self._dress("dim", text)

    def red(self, text: str) -> str:
        """``text`` in red."""
        return self._dress("red", text)

    def yellow(self, text: str) -> str:
        """``text`` in yellow."""
        return self._dress("yellow", text)

    def cyan(self, text: str) -> str:
        """``text`` in cyan."""
        return self._dress("cyan", text)

    def render(self, line: str) -> str:
        """``line`` as it may be shown: sealed codes made real, all else printable."""
        parts = self._sealed.split(line)
        parts[::2] = [printable(part) for part in parts[::2]]
        parts[1::2] = [f"\x1b[{code}m" for code in parts[1::2]]
        return "".join(parts)

    def rendered(self, lines: Iterable[str]) -> Iterator[str]:
        """Each of ``lines`` as ``render`` has it, with its end."""
        return (self.render(line) + "\n" for line in lines)

    def width(self, text: str) -> int:
        """Cells that ``text`` takes on a terminal."""
        return width(self._sealed.sub("", text))

    def pad(self, text: str, columns: int) -> str:
        """``text`` filled up with spaces to ``columns`` cells."""
        return text + " " * (columns - self.width(text))

    def _dress(self, name: str, text: str) -> str:
        if not self.enabled or not text:
            return text
        return f"{self._seal}{_CODES[name]}m{text}{self._seal}0m"


def width(text: str) -> int:
    """Cells that ``text`` takes on a terminal, as it is shown (wide and combining characters)."""
    text = printable(text)
    if text.isascii() or _NARROW.fullmatch(text):  # the library for the rest takes long to load
        return len(text)
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def clip(text: str, columns: int) -> str:
    """``text`` cut to ``columns`` cells, the last one ``…`` where something was cut."""
    if width(text) <= columns:
        return text
    kept = text[: max(columns - 1, 0)]
    while kept and width(kept) > columns - 1:
        kept = kept[:-1]
    return kept + "…"
