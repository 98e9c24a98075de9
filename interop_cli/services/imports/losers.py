"""Rows about clients that were merged into others.

What belongs to such a client goes to the winner; its own fields are left out, or given to the
winner where that is asked for and no other row is about it. All of it once the winners' own rows
are written, so that the order of the rows decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import InteropError
from interop_cli.domain.matching import NOBODY, Decision
from interop_cli.domain.messages import msg
from interop_cli.services.clients.writing import Others
from interop_cli.services.imports.nested import nested_items
from interop_cli.services.imports.recognised import Read, code_of

if TYPE_CHECKING:
    from interop_cli.services.imports.clients import Import


WHO = frozenset({"uid", "code", "external_id"})  # which the winner keeps


@dataclass
class Losers:
    """What the rows said; ``conclude`` writes it. ``left_out`` counts whose fields were not."""

    report: Import
    updates: bool = False
    left_out: int = 0
    _waiting: list[tuple[Any, int]] = field(default_factory=list)

    def note(self, record: Any, winner: int) -> None:
        """Remember a row, and the client that the one it is about was merged into."""
        self._waiting.append((record, winner))

    def conclude(self) -> None:
        """Write a batch after the other, each with one row for a winner at most."""
        rows_of = Counter(winner for _record, winner in self._waiting)
        while self._waiting:
            now: dict[int, Any] = {}
            later: list[tuple[Any, int]] = []
            for record, winner in self._waiting:
                if winner in now or len(now) == self.report.size:
                    later.append((record, winner))
                else:
                    now[winner] = record
            self._write(now, rows_of)
            self.report.rejected.flush()
            self._waiting = later

    def _write(self, records: Mapping[int, Any], rows_of: Mapping[int, int]) -> None:
        report, uow = self.report, self.report.uow
        rows = uow.clients.by_column("id", records)
        mains = uow.addresses.main_of(records)
        others = Others(uow, list(records))
        reads: dict[int, Read] = {}
        for winner, record in records.items():
            alone = rows_of[winner] == 1 and not report.who.lines.get(winner)
            try:
                reads[winner] = self._read(record, rows[winner]["code"], updates=alone)
            except InteropError as error:
                report.reject(record, code_of(record), error)
        report.nested.load(list(reads), [one.parts for one in reads.values()])
        saves = []
        for winner, one in reads.items():
            row = rows[winner]
            context = report.context.at(one.record.line, row["code"], one.record.parts)
            try:
                saves.append(report.revised(one, row, mains[winner], others, context))
            except InteropError as error:
                report.reject(one.record, row["code"], error)
        if not report.refused:
            report.save(saves)

    def _read(self, record: Any, winner: str, *, updates: bool) -> Read:
        parts = nested_items(record.values)
        if self.updates and updates:
            values = {name: v for name, v in record.values.items() if name not in WHO}
            return Read(record, values, NOBODY, Decision(), parts, loser=True)
        parts.main = None
        reason = msg("was merged into {code}: its fields are left out", code=winner)
        self.report.context.at(record.line, code_of(record)).warn("code", "import.merged", reason)
        self.left_out += 1
        return Read(record, {}, NOBODY, Decision(), parts, loser=True)
