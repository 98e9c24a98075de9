"""A PDF to write on: our fonts, text in lines, rules, logos; nothing in it of when and by whom."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from interop_cli.domain.errors import ConfigError, IoFailure
from interop_cli.domain.messages import msg
from interop_cli.domain.values.logo import media_type

if TYPE_CHECKING:
    from fpdf import FPDF

# Points: 72 an inch.
SIZES = {"letter": (612.0, 792.0), "a4": (595.28, 841.89)}
_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "noto"
BODY = 9.0
_DOTS = (950, 310)  # of a logo, at most: five times its place
INK, PALE, _RULE = (34, 34, 34), (105, 105, 105), (205, 205, 205)

Align = Literal["left", "right", "center"]


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
        size: float = BODY,
        *,
        bold: bool = False,
        color: tuple[int, int, int] = INK,
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


class PaperFile:
    """A PDF that is drawn a piece at a time, and then read once."""

    def __init__(self, look: Look, size: tuple[float, float]) -> None:
        self._canvas = Canvas(look, size)

    @property
    def missing(self) -> list[str]:
        """Signs that stand in a text and in none of the fonts."""
        return sorted(self._canvas.missing)

    def content(self) -> bytes:
        """The finished file; nothing may be added after. Raises IoFailure ``print.failed``."""
        try:
            return bytes(self._canvas.pdf.output())
        except OSError as error:
            raise IoFailure("print.failed", msg("The PDF could not be made.")) from error


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
        if 0 in (drawn.width, drawn.height):
            return None  # nothing is to be seen of it
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
