"""Names of clients: words put together so that no two clients have the same one."""

from __future__ import annotations

from typing import NamedTuple

from interop_cli.seed.draw import Draw, Walk, weighted
from interop_cli.seed.places import Place, quebec_cities
from interop_cli.seed.words import Family, families, plenty


class Named(NamedTuple):
    """Who a client is.

    ``form`` is the legal form that ends the name in Canada, ``neq`` how the enterprise number of
    that form begins; ``slug`` is the name for an Internet domain, ``stem`` the one for a code;
    ``place`` is where it must be, if its name says so.
    """

    name: str
    form: str
    slug: str
    stem: str
    language: str
    tag: str
    neq: str
    place: Place | None


class Combinations:
    """The names of a family in a scattered order, each once."""

    def __init__(self, family: Family, draw: Draw) -> None:
        self._family = family
        self._pick = draw.pick
        self._walk = Walk(len(family.trades) * len(family.firsts) * len(family.seconds), draw)

    def __next__(self) -> Named:
        family = self._family
        rest, index = divmod(next(self._walk), len(family.trades))
        trade = family.trades[index]
        index, rest = divmod(rest, len(family.seconds))
        first, second = family.firsts[index], family.seconds[rest]
        form, neq = self._pick(family.forms)
        name = first.text + family.joint + second.text
        slug = f"{first.slug}-{second.slug}" if second.slug else first.slug
        place = first.place or second.place
        if family.village and place:
            place = Place(name, *place[1:])
        if family.trade_first:
            name, slug = trade.text + name, f"{trade.slug}-{slug}"
        else:
            name, slug = name + trade.text, f"{slug}-{trade.slug}"
        return Named(name, form, slug, first.stem, family.language, trade.tag, neq, place)


class Numbered:
    """Companies that have a number for a name: "9123-4567 Québec inc."."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._walk = Walk(10_000_000, draw)

    def __next__(self) -> Named:
        number = f"9{next(self._walk):07}"
        name = f"{number[:4]}-{number[4:]} Québec"
        place = self._draw.pick(quebec_cities())
        return Named(name, " inc.", f"quebec-{number}", number[:4], "fr", "services", "11", place)


class Names:
    """An endless stream of names, no two the same: about three of four are French.

    A family that has no names left is stood in for by the pairs of French surnames, which are many,
    and these by the numbered companies.
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._numbered = Numbered(draw)
        self._plenty = Combinations(plenty(), draw)
        table: dict[Combinations | Numbered, int] = {self._numbered: 2, self._plenty: 24}
        for family, weight in families():
            table[Combinations(family, draw)] = weight
        self._families = weighted(table)

    def __next__(self) -> Named:
        for family in (self._draw.pick(self._families), self._plenty):
            try:
                return next(family)
            except StopIteration:
                continue
        return next(self._numbered)
