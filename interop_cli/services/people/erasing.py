"""Erasing a person, as Quebec's Law 25 asks for when what they were known for is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.services.outcome import Outcome

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.repositories.persons import Person
    from interop_cli.store.writing.unit_of_work import UnitOfWork


def erase(
    uow: UnitOfWork,
    contact_id: int,
    context: Context,
    *,
    everywhere: bool = False,
    attachments: bool = False,
    attachment_ids: Sequence[int] = (),
) -> Outcome:
    """Make a person nobody, wherever they stand: rows, journal, search.

    The contact stays, inactive, under its number, so that documents keep their links; a contact
    that was deleted is taken out of the journal. ``attachments``: those of the notes that mention
    the person go too, and so do ``attachment_ids``. What others have too is left and warned of,
    unless ``everywhere``. This cannot be undone, and what was done before cannot bring it back.
    """
    person = uow.person.find(contact_id, everywhere=everywhere)
    notes = uow.person.notes(person)
    misses = uow.person.near_misses(person, notes)
    attached = uow.person.attachments(notes)
    gone = _chosen(uow, attached if attachments else [], attachment_ids)
    targets = uow.person.targets(person)
    uow.person.erase_attachments(gone)
    if attachments:
        uow.person.erase_detached(notes)
    written = uow.person.erase_rows(person)
    journal = uow.person.erase_journal(person)
    _warn(person, context, misses, targets)
    kept = sorted({row["id"] for row in attached} - {row["id"] for row in gone})
    if kept:
        context.warn(
            "attachments",
            "erase.attachments",
            msg(
                "attachments {ids} may be about the person and were kept;"
                " --attachments erases them",
                ids=_numbers(kept),
            ),
        )
    return _outcome(person, written, gone, journal, context)


def _chosen(uow: UnitOfWork, rows: Sequence[Row], ids: Sequence[int]) -> list[Row]:
    found = {row["id"]: row for row in rows}
    for attachment_id in ids:
        named = uow.notes.attachment(attachment_id)
        if named is None:
            raise NotFound(
                "attachment.not_found",
                msg("There is no attachment {id}.", id=attachment_id),
                hint=msg("See the notes of the client: interop note list CODE"),
            )
        found[attachment_id] = named
    return list(found.values())


def _warn(person: Person, context: Context, misses: list[int], targets: list[str]) -> None:
    for one in person.left:
        context.warn(
            one["what"],
            "erase.shared",
            msg(
                "{kind} {reference} has the same; there it was left (--everywhere erases it)",
                kind=one["kind"],
                reference=one["reference"],
            ),
        )
    if person.namesakes:
        context.warn(
            "name",
            "erase.namesakes",
            msg(
                "contacts {ids} of other clients have the same name and were left",
                ids=_numbers(person.namesakes),
            ),
        )
    if misses:
        context.warn(
            "notes",
            "erase.look",
            msg("notes {ids} have the family name alone and were left", ids=_numbers(misses)),
        )
    if targets:
        context.warn(
            "sync",
            "erase.targets",
            msg("these still know the person: {targets}", targets=", ".join(targets)),
        )


def _outcome(
    person: Person, written: list[tuple[str, int]], gone: list[Row], journal: int, context: Context
) -> Outcome:
    counts = Counter(table for table, _row_id in written)
    counts.update({"attachment": len(gone), "journal": journal})
    erased = {kind: count for kind, count in counts.items() if count}
    changed = bool(erased)
    outcome = Outcome(
        matched=1, changed=int(changed), unchanged=int(not changed), warnings=context.warnings
    )
    status = "ok" if changed else "unchanged"
    item: dict[str, Any] = {"id": person.contact_id, "status": status, "error": None}
    outcome.items = [item]
    outcome.extra = {"erased": erased, "left": person.left, "undoable": False}
    return outcome


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(f"#{one}" for one in ids)
