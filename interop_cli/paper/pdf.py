"""Documents as PDF: searchable text, embedded fonts, the same bytes for the same input and day."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from interop_cli.domain.errors import ConfigError, IoFailure
from interop_cli.domain.messages import N_, msg
from interop_cli.domain.values.logo import media_type
from interop_cli.paper.sheets import Block, Sheet, Wording, texts

if TYPE_CHECKING:
    from fpdf import FPDF

# Points: 72 an inch.
SIZES = {"letter": (612.0, 792.0), "a4": (595.28, 841.89)}
_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "noto"
_MARGIN = 50.0
_BODY, _SMALL, _TITLE = 9.0, 7.5, 19.0
_LINE = 12.5
_LOGO = (190.0, 62.0)
_DOTS = (950, 310)  # of a logo, at most: five times its place
_FIGURES = (62.0, 74.0, 84.0)  # the columns after the description
_INK, _PALE, _RULE = (34, 34, 34), (105, 105, 105), (205, 205, 205)
_MARK = (232, 232, 232)
_GAP = 16.0

Align = Literal["left", "right", "center"]
Draw = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Look:
    """How it is drawn: the size of the sheet, a colour (``#rrggbb``), fonts for what Noto Sans has
    no sign for, and the time that is written into the file.
    """

    made: datetime
    paper: str = "letter"
    color: str = "#1f4e79"
    fonts: tuple[str, ...] = ()

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour as three numbers."""
        return (int(self.color[1:3], 16), int(self.color[3:5], 16), int(self.color[5:7], 16))


class Canvas:
    """A PDF at work: text where it is wanted, in our fonts."""

    def __init__(self, look: Look, size: tuple[float, float]) -> None:
        from fpdf import FPDF

        logging.getLogger("fpdf").setLevel(logging.ERROR)
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        self.look = look
        self.width, self.height = size
        pdf = FPDF("portrait", "pt", size)
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.set_creation_date(look.made)
        pdf.set_producer("interop")
        pdf.add_font(_FAMILY, "", _FONTS / "NotoSans-Regular.ttf")
        pdf.add_font(_FAMILY, "B", _FONTS / "NotoSans-Bold.ttf")
        self.pdf: FPDF = pdf
        self._add_fonts(look.fonts)
        self._known = {code for font in pdf.fonts.values() for code in font.cmap}  # type: ignore[union-attr]
        self.missing: set[str] = set()

    def _add_fonts(self, paths: Sequence[str]) -> None:
        names = []
        for number, path in enumerate(paths, 1):
            try:
                self.pdf.add_font(f"own{number}", "", path)
                self.pdf.add_font(f"own{number}", "B", path)
            except Exception as error:
                raise ConfigError(
                    "print.font",
                    msg("{path} is not a font that can be embedded.", path=path),
                    hint=msg("Correct the setting print.fonts: .ttf or .otf files."),
                ) from error
            names.append(f"own{number}")
        if names:
            self.pdf.set_fallback_fonts(names, exact_match=False)

    def about(self, title: str, language: str) -> None:
        """What the file says of itself; nothing of who made it."""
        self.pdf.set_title(title)
        self.pdf.set_lang(language)

    def look_for(self, found: Sequence[str]) -> None:
        """Note the signs that no font has."""
        signs = {sign for text in found for sign in text}
        self.missing |= {sign for sign in signs if ord(sign) not in self._known and sign.strip()}

    def font(self, size: float, *, bold: bool = False) -> None:
        """Write in this size from now on."""
        self.pdf.set_font(_FAMILY, "B" if bold else "", size)

    def wide(self, text: str) -> float:
        """How wide a text is in the font at hand."""
        return float(self.pdf.get_string_width(text))

    def wrap(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """A text in lines of this width; a word that is wider is broken."""
        self.font(size, bold=bold)
        lines: list[str] = []
        for paragraph in text.splitlines() or [""]:
            if self.wide(paragraph) <= width:
                lines.append(paragraph)
                continue
            line = ""
            for word in paragraph.split(" "):
                wanted = f"{line} {word}" if line else word
                if self.wide(wanted) <= width:
                    line = wanted
                    continue
                if line:
                    lines.append(line)
                while self.wide(word) > width:
                    cut = self._fitting(word, width)
                    lines.append(word[:cut])
                    word = word[cut:]
                line = word
            lines.append(line)
        return lines

    def _fitting(self, word: str, width: float) -> int:
        low, high = 1, len(word)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.wide(word[:middle]) <= width else (low, middle - 1)
        return low

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float = _BODY,
        *,
        bold: bool = False,
        color: tuple[int, int, int] = _INK,
        align: Align = "left",
    ) -> None:
        """Write one line; ``x`` is its left end, its right end or its middle, ``y`` its top."""
        self.font(size, bold=bold)
        if align != "left":
            x -= self.wide(text) / (1 if align == "right" else 2)
        self.pdf.set_text_color(*color)
        self.pdf.set_xy(x, y)
        self.pdf.cell(text=text, h=size * 1.3)

    def rule(self, x: float, y: float, width: float, weight: float = 0.4) -> None:
        """Draw a line across."""
        self.pdf.set_draw_color(*(self.look.rgb if weight > 1 else _RULE))
        self.pdf.set_line_width(weight)
        self.pdf.line(x, y, x + width, y)

    def logo(self, logo: bytes, x: float, y: float, box: tuple[float, float]) -> float:
        """Put a logo into a box, as large as it goes; how high it came out."""
        found = _picture(logo)
        if found is None:
            return 0
        content, across, down = found
        scale = min(box[0] / across, box[1] / down)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what an SVG does not say
            picture = io.BytesIO(content)
            self.pdf.image(picture, x, y, across * scale, down * scale, alt_text="logo")
        return down * scale

    def content(self) -> bytes:
        """The finished file."""
        return bytes(self.pdf.output())


def picture_size(logo: bytes) -> tuple[float, float] | None:
    """The sides of a logo; ``None`` for one that cannot be drawn."""
    found = _picture(logo)
    return found and found[1:]


@lru_cache(maxsize=64)
def _picture(logo: bytes) -> tuple[bytes, float, float] | None:
    """A logo as it is embedded, with its sides; ``None`` for one that cannot be drawn."""
    from PIL import Image

    if media_type(logo) == "image/svg+xml":
        from fpdf.svg import SVGObject

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                drawn = SVGObject(logo)
                across, down, _path = drawn.transform_to_rect_viewport(1, 1000, 1000)
        except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, SyntaxError):
            return None
        box = drawn.viewbox
        sides = (float(box[2]), float(box[3])) if box else (float(across), float(down))
        return (logo, *sides) if min(sides) > 0 else None
    try:
        with Image.open(io.BytesIO(logo)) as picture:
            picture.draft(None, _DOTS)
            picture.thumbnail(_DOTS)
            clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            kept = picture.convert("RGBA" if clear else "RGB")
        target = io.BytesIO()
        kept.save(target, "PNG")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return target.getvalue(), float(kept.width), float(kept.height)


class Book:
    """Sheets in one file, each beginning on a page of its own and counting its own pages."""

    def __init__(self, look: Look) -> None:
        self._canvas = Canvas(look, SIZES[look.paper])
        self._titled = False

    @property
    def missing(self) -> list[str]:
        """Signs that stand in a text and in none of the fonts."""
        return sorted(self._canvas.missing)

    def add(self, one: Sheet) -> int:
        """Draw a document; how many pages it has."""
        if not self._titled:
            self._canvas.about(one.heading, one.language)
            self._titled = True
        self._canvas.look_for(texts(one))
        return Layout(self._canvas, one).draw()

    def content(self) -> bytes:
        """The finished file; nothing may be added after."""
        with _failures():
            return self._canvas.content()


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IoFailure("print.failed", msg("The PDF could not be made.")) from error


class Layout:
    """Where everything of a sheet goes: pages of things to draw, then the drawing."""

    def __init__(self, canvas: Canvas, one: Sheet) -> None:
        self._canvas, self._sheet = canvas, one
        self._pages: list[list[Draw]] = []
        self._left, self._right = _MARGIN, canvas.width - _MARGIN
        self._wide = self._right - self._left
        self._bottom = canvas.height - _MARGIN - 14
        self._y = 0.0

    def draw(self) -> int:
        """Draw it; how many pages it has."""
        self._lay_out()
        total = len(self._pages)
        say = Wording(self._sheet.language).say
        for number, page in enumerate(self._pages, 1):
            self._canvas.pdf.add_page()
            if self._sheet.mark:
                self._draw_mark(self._sheet.mark)
            for thing in page:
                thing()
            told = say(N_("Page {page} of {pages}"), page=number, pages=total)
            y = self._canvas.height - _MARGIN
            self._canvas.write(self._right, y, told, _SMALL, color=_PALE, align="right")
            self._canvas.write(self._left, y, self._sheet.heading, _SMALL, color=_PALE)
        return total

    def _draw_mark(self, mark: str) -> None:
        canvas = self._canvas
        x, y = canvas.width / 2, canvas.height / 2
        with canvas.pdf.rotation(40, x, y):
            canvas.write(x, y - 40, mark.upper(), 80, bold=True, color=_MARK, align="center")

    # -- laying out -------------------------------------------------------------------------

    def _lay_out(self) -> None:
        one = self._sheet
        self._turn(first=True)
        self._lay_head()
        if one.head:
            self._lay_lines(one.head, _BODY)
            self._y += 6
        self._lay_side_by_side(one.parties)
        self._lay_table()
        self._lay_totals()
        for block in one.notes:
            self._lay_note(block)
        foot = "\n".join(filter(None, ("   ".join(one.registrations), one.foot)))
        if foot:
            self._y += 10
            self._lay_lines(foot, _SMALL + 0.5, _PALE)

    def _put(self, draw: Draw) -> None:
        self._pages[-1].append(draw)

    def _write(self, x: float, y: float, text: str, size: float = _BODY, **how: object) -> None:
        self._put(lambda: self._canvas.write(x, y, text, size, **how))  # type: ignore[arg-type]

    def _rule(self, x: float, width: float, weight: float) -> None:
        y = self._y
        self._put(lambda: self._canvas.rule(x, y, width, weight))

    def _turn(self, *, first: bool = False) -> None:
        """Begin a page."""
        self._pages.append([])
        self._y = _MARGIN
        if not first:
            self._write(self._left, self._y, self._sheet.heading, _BODY, bold=True)
            self._y += _LINE + 6

    def _need(self, height: float) -> bool:
        """Begin a page where so much does not go on this one any more; whether it did."""
        if self._y + height <= self._bottom:
            return False
        self._turn()
        return True

    def _lay_head(self) -> None:
        one, canvas = self._sheet, self._canvas
        left = right = self._y
        if one.logo:
            sides = picture_size(one.logo)
            if sides is not None:
                across, down = sides
                high = down * min(_LOGO[0] / across, _LOGO[1] / down)
                logo, top = one.logo, left
                self._put(lambda: canvas.logo(logo, self._left, top, _LOGO))
                left += high + 6
        if one.sender:
            half = self._wide / 2
            for line in canvas.wrap(one.sender.title, half, _BODY + 2, bold=True):
                self._write(self._left, left, line, _BODY + 2, bold=True)
                left += _LINE + 2
            for text in one.sender.lines:
                for line in canvas.wrap(text, half, _BODY):
                    self._write(self._left, left, line, _BODY, color=_PALE)
                    left += _LINE - 1
        for line in canvas.wrap(one.heading, self._wide / 2 - 8, _TITLE, bold=True):
            color = canvas.look.rgb
            self._write(self._right, right, line, _TITLE, bold=True, color=color, align="right")
            right += _TITLE * 1.3
        right += 4
        for label, text in one.facts:
            room = self._wide * 0.25
            lines = canvas.wrap(text, room, _BODY)
            x = self._right - room - 8
            self._write(x, right, label, _BODY, color=_PALE, align="right")
            for line in lines:
                self._write(self._right, right, line, _BODY, align="right")
                right += _LINE
        self._y = max(left, right) + 8
        self._rule(self._left, self._wide, 1.5)
        self._y += _GAP

    def _lay_lines(self, text: str, size: float, color: tuple[int, int, int] = _INK) -> None:
        high = size * 1.35
        for line in self._canvas.wrap(text, self._wide, size):
            self._need(high)
            self._write(self._left, self._y, line, size, color=color)
            self._y += high

    def _lay_side_by_side(self, blocks: Sequence[Block]) -> None:
        if not blocks:
            return
        width = (self._wide - _GAP * (len(blocks) - 1)) / len(blocks)
        top = lowest = self._y
        color = self._canvas.look.rgb
        for number, block in enumerate(blocks):
            x, y = self._left + number * (width + _GAP), top
            self._write(x, y, block.title, _SMALL, bold=True, color=color)
            y += _LINE
            for place, text in enumerate(block.lines):
                for line in self._canvas.wrap(text, width, _BODY, bold=place == 0):
                    self._write(x, y, line, _BODY, bold=place == 0)
                    y += _LINE
            lowest = max(lowest, y)
        self._y = lowest + _GAP

    def _ends(self) -> list[float]:
        """The right ends of the columns of figures."""
        count = len(self._sheet.columns) - 1
        widths = _FIGURES[-count:] if count < len(_FIGURES) else _FIGURES
        widths = (_FIGURES[0],) if count == 1 else widths
        return [self._right - sum(widths[number + 1 :]) for number in range(count)]

    def _lay_titles(self, ends: Sequence[float]) -> None:
        color, columns = self._canvas.look.rgb, self._sheet.columns
        self._write(self._left, self._y, columns[0], _SMALL, bold=True, color=color)
        for end, title in zip(ends, columns[1:], strict=True):
            self._write(end, self._y, title, _SMALL, bold=True, color=color, align="right")
        self._y += _LINE
        self._rule(self._left, self._wide, 0.8)
        self._y += 4

    def _lay_table(self) -> None:
        if not self._sheet.rows:
            return
        ends = self._ends()
        room = ends[0] - self._left - _FIGURES[0] - 8
        self._need(4 * _LINE)
        self._lay_titles(ends)
        for row in self._sheet.rows:
            lines = self._canvas.wrap(row[0], room, _BODY)
            fits = len(lines) * _LINE + 5 <= self._bottom - _MARGIN - 60
            if fits and self._need(len(lines) * _LINE + 5):
                self._lay_titles(ends)
            for end, cell in zip(ends, row[1:], strict=True):
                self._write(end, self._y, cell, _BODY, align="right")
            for line in lines:
                if self._need(_LINE):
                    self._lay_titles(ends)
                self._write(self._left, self._y, line, _BODY)
                self._y += _LINE
            self._y += 2
            self._rule(self._left, self._wide, 0.4)
            self._y += 3

    def _lay_totals(self) -> None:
        if not self._sheet.totals:
            return
        self._y += 4
        self._need(len(self._sheet.totals) * (_LINE + 2) + 10)
        last = len(self._sheet.totals) - 1
        edge = self._right - _FIGURES[2] - 14
        for number, (label, text) in enumerate(self._sheet.totals):
            bold = number == last
            if bold:
                self._rule(edge - 120, self._right - edge + 120, 1.2)
                self._y += 4
            self._write(edge, self._y, label, _BODY, bold=bold, align="right")
            self._write(self._right, self._y, text, _BODY, bold=bold, align="right")
            self._y += _LINE + 2

    def _lay_note(self, block: Block) -> None:
        self._y += 8
        self._need(3 * _LINE)
        self._write(
            self._left, self._y, block.title, _SMALL, bold=True, color=self._canvas.look.rgb
        )
        self._y += _LINE
        for text in block.lines:
            self._lay_lines(text, _BODY)
