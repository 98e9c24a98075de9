"""Importing addresses of clients that are there, main ones too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from interop_cli.domain.address import Address
from interop_cli.domain.entity import several, wrong
from interop_cli.domain.errors import InvalidData
from interop_cli.domain.fields import PLACE
from interop_cli.domain.values.text import fold
from interop_cli.services.imports.belonging import BelongingImport, Part, flag_twice
from interop_cli.services.imports.nested_matching import ADDRESS_KEPT, said_anew, warn_of_alike
from interop_cli.services.imports.rows import also_on_line
from interop_cli.services.people import addresses
from interop_cli.store.engines.connection import Row


@dataclass
class AddressImport(BelongingImport[Row]):
    """Addresses, the main one too, recognised by their place, else by their label."""

    kind: ClassVar[str] = "address"

    def _load(self, client_ids: list[int]) -> None:
        self.uow.clients.lock(client_ids)
        self._rows = self.uow.addresses.of_clients(client_ids)
        self._adds: list[tuple[Part[Row], Address]] = []
        self._found: list[tuple[Part[Row], Address]] = []
        self._losing: list[tuple[Row, Address]] = []

    def _conclude(self, client_id: int, parts: list[Part[Row]]) -> None:
        rows = self._rows[client_id]
        faults: dict[Part[Row], InvalidData] = {}
        built: dict[Part[Row], Address] = {}
        drafts = self._drafts(parts, rows, faults)
        faults |= self._matched(drafts, rows)
        for part in drafts:
            if part not in faults:
                try:
                    built[part] = self._built(part, client_id)
                except InvalidData as error:
                    faults[part] = error
        main = next((row for row in rows if row["main"]), None)
        taker = self._taker(built, faults)
        for part, address in built.items():
            if part.stored is not None and part.stored is main and not address.main and not taker:
                needs = addresses.needs_main()
                faults[part] = wrong("main", needs.code, needs.message)
        for part in self._checked(parts, faults):
            address = built[part]
            if taker is not None:
                address.main = part is taker
            if part.stored is None:
                self._adds.append((part, address))
            else:
                self._found.append((part, address))
        if taker is not None and main is not None and main not in [p.stored for p in built]:
            former = self.uow.addresses.entity(main)
            former.main = False
            self._losing.append((main, former))

    def _drafts(
        self, parts: list[Part[Row]], rows: Sequence[Row], faults: dict[Part[Row], InvalidData]
    ) -> dict[Part[Row], Address | None]:
        """Each row as a new address; None where it says no place, or has a stored one's uid."""
        uids = {row["uid"] for row in rows}
        found: dict[Part[Row], Address | None] = {}
        for part in parts:
            try:
                found[part] = (
                    Address.build(part.values, part.context.silent())
                    if part.values.get("line1") and part.uid not in uids
                    else None
                )
            except InvalidData as error:
                faults[part] = error
        return found

    def _taker(
        self, built: Mapping[Part[Row], Address], faults: dict[Part[Row], InvalidData]
    ) -> Part[Row] | None:
        """The row that makes its address the main one; several that do are at fault."""
        asked = [
            part
            for part, address in built.items()
            if address.main and part.values.get("main") not in (None, "")
        ]
        if len(asked) > 1:
            for part in asked:
                other = asked[1] if part is asked[0] else asked[0]
                faults[part] = flag_twice("main", other.line)
            return None
        if not asked:
            return None
        if (error := self._takes("main", asked[0])) is not None:
            faults[asked[0]] = error
            return None
        return asked[0]

    def _built(self, part: Part[Row], client_id: int) -> Address:
        if part.stored is None:
            address = Address.build(part.values, part.context)
            address.client_id = client_id
            return address
        values = said_anew(part.values, ADDRESS_KEPT)
        if not any(values.get(name) for name in PLACE):  # it was found by its label
            values = {name: value for name, value in values.items() if name not in PLACE}
        return self.uow.addresses.entity(part.stored).revise(values, part.context)

    def _matched(
        self, drafts: Mapping[Part[Row], Address | None], rows: Sequence[Row]
    ) -> dict[Part[Row], InvalidData]:
        """Find which address each row is about; what is wrong with some."""
        place_of = self.uow.addresses.place
        places = {part: place_of(draft) if draft else None for part, draft in drafts.items()}
        faults: dict[Part[Row], InvalidData] = {}
        keys: dict[Part[Row], tuple[str, object]] = {}
        met = {row["id"] for row in rows if self._lines.get(row["id"])}
        fits: dict[Part[Row], tuple[list[Row], list[Row], list[Row]]] = {}
        alike: dict[Part[Row], list[int]] = {}
        for part, place in places.items():
            label = part.key("label")
            named = [row for row in rows if label and fold(row["label"] or "") == label]
            there = [row for row in rows if self.uow.addresses.place_of(row) == place]
            both = [row for row in there if row in named]
            if part.uid:
                alike[part] = [row["id"] for row in there]
                there, named = [row for row in rows if row["uid"] == part.uid], []
                both = there
            fits[part] = (there, named, both)
            if len(both) == 1:
                met.add(both[0]["id"])
        for part, (there, named, both) in fits.items():
            path = "uid" if part.uid else "line1" if there else "label"
            found = both or there or named
            if len(found) > 1 or (there and named and not both):
                ids = [row["id"] for row in (found if len(found) > 1 else [*there, *named])]
                faults[part] = several(path, ids)
                continue
            # Another row has the one at this place: one with a label of its own is new.
            if found and not (not both and part.key("label") and found[0]["id"] in met):
                part.stored = found[0]
                keys[part] = (path, found[0]["id"])
                if first := self._lines.get(found[0]["id"]):
                    faults[part] = also_on_line(path, first)
            else:
                keys[part] = (path, part.uid or (places[part], part.key("label")))
                warn_of_alike((id_ for id_ in alike.get(part, ()) if id_ not in met), part.context)
        return faults | self._twice(list(places), keys)

    def _write(self) -> None:
        saves = [(part.stored or {}, address) for part, address in self._found]
        adds = [address for _part, address in self._adds]
        ids = self.uow.addresses.put([*saves, *self._losing], adds)
        for part, _address in self._found:
            self._written(part, (part.stored or {})["id"], new=False)
        for (part, _address), row_id in zip(self._adds, ids, strict=True):
            self._written(part, row_id, new=True)
