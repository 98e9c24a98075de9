"""Documents as PDF: searchable text, embedded fonts, the same bytes for the same input and day."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interop_cli.domain.messages import N_
from interop_cli.paper.canvas import BODY, INK, PALE, SIZES, Canvas, Look, PaperFile, picture_size
from interop_cli.paper.sheets import Block, Sheet, Wording, texts

_MARGIN = 50.0
_SMALL, _TITLE = 7.5, 19.0
_LINE = 12.5
_LOGO = (190.0, 62.0)
_FIGURES = (62.0, 74.0, 84.0)  # the columns after the description
_MARK = (232, 232, 232)
_GAP = 16.0

Draw = Callable[[], object]


class Book(PaperFile):
    """Sheets in one file, each beginning on a page of its own and counting its own pages."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, SIZES[look.paper])
        self._titled = False

    def add(self, one: Sheet) -> int:
        """Draw a document; how many pages it has."""
        if not self._titled:
            self._canvas.about(one.heading, one.language)
            self._titled = True
        self._canvas.look_for(texts(one))
        return Layout(self._canvas, one).draw()


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
            self._canvas.write(self._right, y, told, _SMALL, color=PALE, align="right")
            self._canvas.write(self._left, y, self._sheet.heading, _SMALL, color=PALE)
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
            self._lay_lines(one.head, BODY)
            self._y += 6
        self._lay_side_by_side(one.parties)
        self._lay_table()
        self._lay_totals()
        for block in one.notes:
            self._lay_note(block)
        foot = "\n".join(filter(None, ("   ".join(one.registrations), one.foot)))
        if foot:
            self._y += 10
            self._lay_lines(foot, _SMALL + 0.5, PALE)

    def _put(self, draw: Draw) -> None:
        self._pages[-1].append(draw)

    def _write(self, x: float, y: float, text: str, size: float = BODY, **how: object) -> None:
        self._put(lambda: self._canvas.write(x, y, text, size, **how))  # type: ignore[arg-type]

    def _rule(self, x: float, width: float, weight: float) -> None:
        y = self._y
        self._put(lambda: self._canvas.rule(x, y, width, weight))

    def _turn(self, *, first: bool = False) -> None:
        """Begin a page."""
        self._pages.append([])
        self._y = _MARGIN
        if not first:
            self._write(self._left, self._y, self._sheet.heading, BODY, bold=True)
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
            for line in canvas.wrap(one.sender.title, half, BODY + 2, bold=True):
                self._write(self._left, left, line, BODY + 2, bold=True)
                left += _LINE + 2
            for text in one.sender.lines:
                for line in canvas.wrap(text, half, BODY):
                    self._write(self._left, left, line, BODY, color=PALE)
                    left += _LINE - 1
        for line in canvas.wrap(one.heading, self._wide / 2 - 8, _TITLE, bold=True):
            color = canvas.look.rgb
            self._write(self._right, right, line, _TITLE, bold=True, color=color, align="right")
            right += _TITLE * 1.3
        right += 4
        for label, text in one.facts:
            room = self._wide * 0.25
            lines = canvas.wrap(text, room, BODY)
            x = self._right - room - 8
            self._write(x, right, label, BODY, color=PALE, align="right")
            for line in lines:
                self._write(self._right, right, line, BODY, align="right")
                right += _LINE
        self._y = max(left, right) + 8
        self._rule(self._left, self._wide, 1.5)
        self._y += _GAP

    def _lay_lines(self, text: str, size: float, color: tuple[int, int, int] = INK) -> None:
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
                for line in self._canvas.wrap(text, width, BODY, bold=place == 0):
                    self._write(x, y, line, BODY, bold=place == 0)
                    y += _LINE
            lowest = max(lowest, y)
        self._y = lowest + _GAP

    def _ends(self) -> list[float]:
        """The right ends of the columns of figures."""
        widths = _FIGURES[: len(self._sheet.columns) - 1]
        return [self._right - sum(widths[number:]) for number in range(1, len(widths) + 1)]

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
            lines = self._canvas.wrap(row[0], room, BODY)
            fits = len(lines) * _LINE + 5 <= self._bottom - _MARGIN - 60
            if fits and self._need(len(lines) * _LINE + 5):
                self._lay_titles(ends)
            for end, cell in zip(ends, row[1:], strict=True):
                self._write(end, self._y, cell, BODY, align="right")
            for line in lines:
                if self._need(_LINE):
                    self._lay_titles(ends)
                self._write(self._left, self._y, line, BODY)
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
            self._write(edge, self._y, label, BODY, bold=bold, align="right")
            self._write(self._right, self._y, text, BODY, bold=bold, align="right")
            self._y += _LINE + 2

    def _lay_note(self, block: Block) -> None:
        self._y += 8
        self._need(3 * _LINE)
        self._write(
            self._left, self._y, block.title, _SMALL, bold=True, color=self._canvas.look.rgb
        )
        self._y += _LINE
        for text in block.lines:
            self._lay_lines(text, BODY)
