"""Erasing a person, as Quebec's Law 25 asks for when what they were known for is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import joined, msg
from interop_cli.domain.rules import Context
from interop_cli.services import Outcome, item, one
from interop_cli.store.reading.called import named

if TYPE_CHECKING:
    from interop_cli.store.engines.connection import Row
    from interop_cli.store.writing.erasures import Remains
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
    unless ``everywhere``; done again, what is still left is warned of again. This cannot be undone,
    and what was done before cannot bring it back.
    """
    person = uow.person.find(contact_id, everywhere=everywhere)
    notes = uow.person.notes(person)
    misses = uow.person.near_misses(person, notes)
    attached = uow.person.attachments(notes)
    gone = _chosen(uow, attached if attachments else [], attachment_ids)
    found = uow.person.elsewhere(person)
    uow.person.erase_attachments(gone)
    if attachments:
        uow.person.erase_detached(notes)
    written = uow.person.erase_rows(person)
    journal = uow.person.erase_journal(person)
    uow.departures.erased(person.ids)
    remains = uow.person.remember(
        contact_id,
        {
            "left": person.left,
            "elsewhere": found,
            "namesakes": list(person.namesakes),
            "family": misses,
            "attachments": [row["id"] for row in attached if row not in gone],
        },
    )
    _warn(remains, context, uow.person.targets(person))
    return _outcome(contact_id, remains, written, gone, journal, context)


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


def _warn(remains: Remains, context: Context, targets: list[str]) -> None:
    for row in remains["left"]:
        context.warn(
            row["what"],
            "erase.shared",
            msg(
                "{name} has the same; there it was left (--everywhere erases it)",
                name=named(row["kind"], row["reference"]),
            ),
        )
    if remains["namesakes"]:
        context.warn(
            "name",
            "erase.namesakes",
            msg(
                "contacts {ids} of other clients have the same name and were left",
                ids=_numbers(remains["namesakes"]),
            ),
        )
    if remains["elsewhere"]:
        context.warn(
            "name",
            "erase.elsewhere",
            msg(
                "these of other clients have the name and were left: {rows}",
                rows=joined(named(row["kind"], row["reference"]) for row in remains["elsewhere"]),
            ),
        )
    if remains["family"]:
        context.warn(
            "notes",
            "erase.look",
            msg(
                "notes {ids} have the family name alone and were left",
                ids=_numbers(remains["family"]),
            ),
        )
    if remains["attachments"]:
        context.warn(
            "attachments",
            "erase.attachments",
            msg(
                "attachments {ids} may be about the person and were kept;"
                " --attachment ID erases one",
                ids=_numbers(remains["attachments"]),
            ),
        )
    if targets:
        context.warn(
            "sync",
            "erase.targets",
            msg(
                "these still know the person: {targets}; sync plan tells what to do, and"
                " sync push --irreversible deletes it where that can be",
                targets=", ".join(targets),
            ),
        )


def _outcome(
    contact_id: int,
    remains: Remains,
    written: list[tuple[str, int]],
    gone: list[Row],
    journal: int,
    context: Context,
) -> Outcome:
    counts = Counter(table for table, _row_id in written)
    counts.update({"attachment": len(gone), "journal": journal})
    erased = {kind: count for kind, count in counts.items() if count}
    outcome = one(item({"id": contact_id}, changed=bool(erased)), context.warnings)
    outcome.extra = {
        "erased": erased,
        "left": remains["left"],
        "elsewhere": remains["elsewhere"],
        "undoable": False,
    }
    return outcome


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(f"#{one}" for one in ids)
