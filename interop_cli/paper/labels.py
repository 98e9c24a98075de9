"""Labels for parcels: one a page for label printers, or on sheets of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interop_cli.domain.messages import N_
from interop_cli.paper.canvas import Look, PaperFile, picture_size
from interop_cli.paper.sheets import Block, Company, Wording, postal_lines, sender_of

_INCH = 72.0
_PAD = 10.0
_SENDER, _RECEIVER, _FACTS = 7.5, 12.0, 8.0
_LOGO = (96.0, 34.0)
_SMALL_LOGO = (60.0, 20.0)
_QUIET = 2  # modules of white around a code, besides the label's own


@dataclass(frozen=True, slots=True)
class LabelSize:
    """The size of a label in points, and where labels are on a page: margins, steps and counts."""

    width: float
    height: float
    page: tuple[float, float]
    left: float = 0
    top: float = 0
    across: int = 1
    down: int = 1
    step_x: float = 0
    step_y: float = 0

    @property
    def count(self) -> int:
        """How many labels a page has."""
        return self.across * self.down


def _alone(width: float, height: float) -> LabelSize:
    return LabelSize(width * _INCH, height * _INCH, (width * _INCH, height * _INCH))


def _sheet(width: float, height: float, down: int, top: float) -> LabelSize:
    """Two columns on a letter sheet, as Avery cuts them."""
    letter = (8.5 * _INCH, 11 * _INCH)
    step = (4.1875 * _INCH, height * _INCH)
    return LabelSize(
        width * _INCH, height * _INCH, letter, 0.15625 * _INCH, top * _INCH, 2, down, *step
    )


LABEL_SIZES = {
    "4x6": _alone(4, 6),
    "4x4": _alone(4, 4),
    "avery-5163": _sheet(4, 2, 5, 0.5),
    "avery-5164": _sheet(4, 10 / 3, 3, 0.5),
    "avery-5168": LabelSize(
        3.5 * _INCH,
        5 * _INCH,
        (8.5 * _INCH, 11 * _INCH),
        0.5 * _INCH,
        0.5 * _INCH,
        2,
        2,
        4 * _INCH,
        5 * _INCH,
    ),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label. ``code`` is what its QR code says."""

    language: str
    sender: Block | None
    logo: bytes | None
    receiver: tuple[str, ...]
    facts: tuple[str, ...]
    box: str
    code: str


def labels_of(
    document: Mapping[str, Any], company: Company, language: str, copies: int, of: int | None
) -> list[Label]:
    """The labels of a document: one a box, each saying which of how many."""
    wording = Wording(language)
    sender, logo = sender_of(document, company, document["shipper_identity"], wording)
    place = document["ship_to_place"]
    if document["ship_to"] and not place:
        where = [document["ship_to"]]
    else:
        where = postal_lines(
            place or document["main"], home=company.country, language=language, capitals=True
        )
    to = [document["client_name"], *where]
    if document["contact"] and not (place and place["attention"]):
        to.insert(1, document["contact"])
    number = document["number"] or f"#{document['id']}"
    facts = (wording.labelled(wording.say(N_("Reference")), number),)
    total = max(of or 0, copies)
    return [
        Label(
            language,
            sender,
            logo,
            tuple(to),
            facts,
            wording.say(N_("Box {n} of {total}"), n=box, total=total),
            number,
        )
        for box in range(1, copies + 1)
    ]


class LabelBook(PaperFile):
    """Labels in one file."""

    def __init__(self, look: Look, size: LabelSize) -> None:
        super().__init__(look, size.page)
        self._size = size
        self._drawn = 0

    def add(self, label: Label) -> None:
        """Put a label on the next free place."""
        size, canvas = self._size, self._canvas
        place = self._drawn % size.count
        if place == 0:
            canvas.pdf.add_page()
        if self._drawn == 0:
            canvas.about(label.code, label.language)
        self._drawn += 1
        row, column = divmod(place, size.across)
        canvas.look_for(_texts(label))
        self._draw(label, size.left + column * size.step_x, size.top + row * size.step_y)

    def _draw(self, label: Label, left: float, top: float) -> None:
        size, canvas = self._size, self._canvas
        room = size.width - 2 * _PAD
        x, y = left + _PAD, top + _PAD
        y = self._draw_sender(label, x, y, room)
        small = size.height < 3 * _INCH
        side = min(room * 0.3, size.height * 0.26)
        below = top + size.height - _PAD - side
        receiver = _RECEIVER if small else _RECEIVER + 4
        lines = self._fitted(label.receiver, room - 6, receiver, below - y - 8)
        for place, (line, points) in enumerate(lines):
            canvas.write(x + 6, y, line, points, bold=place == 0)
            y += points * 1.32
        self._draw_code(label.code, left + size.width - _PAD - side, below, side)
        y = below
        for text in (*label.facts, label.box):
            bold = text == label.box
            points = _FACTS + (3 if bold else 0)
            for line in canvas.wrap(text, room - side - 8, points, bold=bold):
                canvas.write(x, y, line, points, bold=bold)
                y += points * 1.35

    def _draw_sender(self, label: Label, x: float, y: float, room: float) -> float:
        """The sender at the top, nothing where it is blank; where what follows begins."""
        canvas, top = self._canvas, y
        box = _SMALL_LOGO if self._size.height < 2.5 * _INCH else _LOGO
        sides = picture_size(label.logo) if label.logo else None
        if label.logo and sides:
            high = canvas.logo(label.logo, x, top, box)
            y = top + high + 2
            if label.sender:
                wide = sides[0] * high / sides[1] + 8
                y = max(y, self._draw_lines(label.sender, x + wide, top, room - wide))
        elif label.sender:
            y = self._draw_lines(label.sender, x, top, room)
        if y == top:
            return top
        canvas.rule(x, y + 3, room, 0.8)
        return y + 10

    def _draw_lines(self, sender: Block, x: float, y: float, room: float) -> float:
        low = self._size.height < 2.5 * _INCH
        points = _SENDER - (1.5 if low else 0)
        for place, text in enumerate((sender.title, *sender.lines[: 2 if low else 4])):
            for line in self._canvas.wrap(text, room, points, bold=place == 0):
                self._canvas.write(x, y, line, points, bold=place == 0)
                y += points * 1.3
        return y

    def _fitted(
        self, texts: Sequence[str], room: float, points: float, height: float
    ) -> list[tuple[str, float]]:
        """The lines of a text as large as they go into a height, and how large that is."""
        while True:
            lines = [
                line
                for place, text in enumerate(texts)
                for line in self._canvas.wrap(text, room, points, bold=place == 0)
            ]
            if len(lines) * points * 1.32 <= height or points <= 5:
                return [(line, points) for line in lines]
            points -= 0.5

    def _draw_code(self, text: str, x: float, y: float, side: float) -> None:
        """A QR code of ``text``."""
        import segno

        modules = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
        step = side / (len(modules) + 2 * _QUIET)
        pdf = self._canvas.pdf
        pdf.set_fill_color(0, 0, 0)
        for row, line in enumerate(modules):
            column = 0
            while column < len(line):
                if not line[column]:
                    column += 1
                    continue
                end = column
                while end < len(line) and line[end]:
                    end += 1
                at = (x + (column + _QUIET) * step, y + (row + _QUIET) * step)
                pdf.rect(*at, (end - column) * step, step, style="F")
                column = end


def _texts(label: Label) -> list[str]:
    sender = [label.sender.title, *label.sender.lines] if label.sender else []
    return [*sender, *label.receiver, *label.facts, label.box]
