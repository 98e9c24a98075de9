"""Clients that are one: which pairs may be (with a score), and what is left when they are merged.

A pair has a score, and the reasons for it. Comparing all pairs of 100,000 clients would take hours,
so only those are compared that meet in a block: the same e-mail, phone, postal code or domain, the
same name without its legal form, or one of the two rarest words of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Conflict
from interop_cli.domain.fields import CLIENT, Kind, Merge
from interop_cli.domain.fields.field import merged as fields_merged
from interop_cli.domain.messages import msg
from interop_cli.domain.values.code import strip_legal_suffix
from interop_cli.domain.values.text import fold

if TYPE_CHECKING:
    from interop_cli.domain.client import Client

# What is taken from a loser where the winner has nothing.
FILLED = fields_merged(CLIENT, Merge.FILL)
# What every client has: the winner's stands, and another one is said.
KEPT = fields_merged(CLIENT, Merge.KEEP)
JOINED = tuple(field for field in CLIENT if field.merge is Merge.UNION)


@dataclass(frozen=True)
class MergeChoice:
    """A field in which the clients differ: the value that wins, whose it is, and the others'.

    ``source`` is a client's code, or ``""`` where the value is joined of all of theirs.
    """

    field: str
    value: Any
    source: str
    others: tuple[tuple[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The choice as printed."""
        return {
            "field": self.field,
            "value": self.value,
            "from": self.source or None,
            "others": [{"code": code, "value": value} for code, value in self.others],
        }


def check_can_merge(winner: Client, losers: Sequence[Client]) -> None:
    """Whether ``losers`` may become ``winner``.

    Raises Conflict ``client.merge.same|merged|inactive|bill_to``.
    """
    ids = [client.id for client in (winner, *losers)]
    if len(set(ids)) != len(ids):
        raise Conflict(
            "client.merge.same", msg("A client is not merged with itself, nor named twice.")
        )
    for client in (winner, *losers):
        if client.merged_into_id is not None:
            raise Conflict(
                "client.merge.merged",
                msg("{code} has been merged into another client already.", code=client.code),
            )
    if not winner.active:
        raise Conflict(
            "client.merge.inactive",
            msg("{code} is inactive: the client that stays is an active one.", code=winner.code),
            hint=msg("interop client activate {code}", code=winner.code),
        )
    by_id = {client.id: client for client in (winner, *losers)}
    for client in (winner, *losers):
        if client.bill_to_id in by_id:
            raise Conflict(
                "client.merge.bill_to",
                msg(
                    "{code} is billed to {payer}: they are two clients.",
                    code=client.code,
                    payer=by_id[client.bill_to_id].code,
                ),
                hint=msg(
                    'If they are one all the same: interop client edit {code} --bill-to ""',
                    code=client.code,
                ),
            )


def check_levels(winner: Client, paid_for: Sequence[str]) -> None:
    """Refuse a winner that others bill to while it would pay for clients of the losers.

    Raises Conflict ``client.merge.level``; ``paid_for`` are those clients' codes.
    """
    if winner.bill_to_id is not None and paid_for:
        raise Conflict(
            "client.merge.level",
            msg(
                "{code} is itself billed to another client, and would be billed for: {clients}.",
                code=winner.code,
                clients=", ".join(paid_for[:5]),
            ),
            hint=msg(
                'Have it pay for itself first: interop client edit {code} --bill-to ""',
                code=winner.code,
            ),
        )


def merged(
    winner: Client, losers: Sequence[Client], *, may_be_billed: bool
) -> tuple[Client, list[MergeChoice]]:
    """The winner with its blanks filled, and a choice for each field in which they differ.

    ``may_be_billed``: whether it may get the payer of a loser (not where it pays for others). It
    stays a prospect only where all of them are.
    """
    values: dict[str, Any] = {}
    choices: list[MergeChoice] = []
    filled = (*FILLED, "bill_to_id") if may_be_billed else FILLED
    for name in (*KEPT, *FILLED, "bill_to_id"):
        source = winner
        if name in filled and not getattr(winner, name):
            source = next((loser for loser in losers if getattr(loser, name)), winner)
        value = getattr(source, name)
        values[name] = value
        others = [
            (client.code, getattr(client, name))
            for client in (winner, *losers)
            if client is not source and getattr(client, name) not in (None, "", value)
        ]
        if others or source is not winner:
            choices.append(MergeChoice(name, value, source.code, tuple(others)))
    if winner.prospect and not all(loser.prospect for loser in losers):
        values["prospect"] = False
        source = next(loser for loser in losers if not loser.prospect)
        choices.append(
            MergeChoice("prospect", source.prospect, source.code, ((winner.code, winner.prospect),))
        )
    for name, value in _joined((*reversed(losers), winner)).items():
        if value != getattr(winner, name):
            values[name] = value
            choices.append(MergeChoice(name, value, "", ()))
    # Each was checked when it was written: what today's rules would refuse does not forbid a merge.
    return winner.model_copy(update=values), choices


def _joined(clients: Sequence[Client]) -> dict[str, Any]:
    """What is taken of all of them; of two that contradict each other the later one's stands."""
    found: dict[str, Any] = {}
    for field in JOINED:
        values = [getattr(client, field.name) for client in clients]
        if field.kind is Kind.TAGS:
            tags = {fold(tag): tag for value in values for tag in value}
            found[field.name] = [tags[key] for key in sorted(tags)]
        else:
            found[field.name] = {name: text for value in values for name, text in value.items()}
    return found


# -- which pairs may be one -----------------------------------------------------------------------

MIN_SCORE = 60
# What each reason is worth; a name that is only similar, a part of it.
WEIGHTS = {
    "same_name": 60,
    "similar_name": 50,
    "same_email": 40,
    "same_phone": 35,
    "same_postal_code": 15,
    "same_domain": 15,
}
SIMILAR = 75  # names less alike than this (of 100) say nothing
# A block beyond this says little (a shopping centre, a franchise): it is divided by the names.
MAX_BLOCK = 200
STEM = 4
FREE_MAIL = frozenset(
    "aol.com bell.net bellnet.ca cgocable.ca cogeco.ca cogeco.net free.fr globetrotter.net"
    " gmail.com gmx.com gmx.fr gmx.net googlemail.com hotmail.ca hotmail.com hotmail.fr icloud.com"
    " laposte.net live.ca live.com live.fr mac.com me.com msn.com oricom.ca orange.fr outlook.com"
    " outlook.fr proton.me protonmail.com rogers.com sfr.fr shaw.ca sympatico.ca telus.net"
    " tlb.sympatico.ca videotron.ca videotron.qc.ca wanadoo.fr xplornet.ca xplornet.com yahoo.ca"
    " yahoo.com yahoo.fr ymail.com".split()
)


@dataclass
class Candidate:
    """A client as it is compared. ``emails`` and ``phones`` are its own and its contacts'.

    ``bill_to_id`` is who pays: a client and its payer are two.
    """

    id: int
    code: str
    name: str
    emails: frozenset[str]
    phones: frozenset[str]
    postal_codes: frozenset[str]
    bill_to_id: int | None = None

    @cached_property
    def core(self) -> str:
        """The folded name without legal form."""
        return strip_legal_suffix(self.name)

    @cached_property
    def ordered(self) -> str:
        """The words of the core in alphabetical order: "Boréal Éditions" is "Éditions Boréal"."""
        return " ".join(sorted(self.core.split()))

    @cached_property
    def domains(self) -> frozenset[str]:
        """The domains of its e-mails, but for those where anyone has an address."""
        found = {email.rpartition("@")[2] for email in self.emails}
        return frozenset(found - FREE_MAIL - {""})


@dataclass(frozen=True)
class Pair:
    """Two clients that may be one: ``score`` of 100, and why."""

    score: int
    one: Candidate
    other: Candidate
    reasons: tuple[str, ...]


def candidate(
    client_id: int,
    code: str,
    name: str,
    *,
    emails: Iterable[str],
    phones: Iterable[str],
    postal_codes: Iterable[str],
    bill_to_id: int | None = None,
) -> Candidate:
    """A candidate of stored values: what is compared is brought to one form."""
    return Candidate(
        client_id,
        code,
        name,
        frozenset(map(fold, emails)),
        # The switchboard is the same at every extension.
        frozenset(phone.partition(";")[0] for phone in phones),
        frozenset(code.replace(" ", "").upper() for code in postal_codes),
        bill_to_id,
    )


def pairs(
    candidates: Sequence[Candidate],
    *,
    min_score: int = MIN_SCORE,
    only: frozenset[int] | None = None,
) -> list[Pair]:
    """The pairs of ``min_score`` or more, the likeliest first; ``only`` those with one of these."""
    found: dict[tuple[int, int], Pair] = {}
    for block in blocks(candidates):
        for one, other in combinations(block, 2):
            if only is not None and one.id not in only and other.id not in only:
                continue
            pair = compared(one, other, min_score)
            if pair is not None:
                found[pair.one.id, pair.other.id] = pair
    return sorted(found.values(), key=lambda pair: (-pair.score, pair.one.code, pair.other.code))


def compared(one: Candidate, other: Candidate, min_score: int) -> Pair | None:
    """The pair of two clients, or None where too little speaks for it."""
    from rapidfuzz.fuzz import ratio

    if one.id in (other.bill_to_id, other.id) or other.id == one.bill_to_id:
        return None
    score, reasons = 0.0, []
    if one.core == other.core:
        reasons.append("same_name")
    else:
        alike = ratio(one.ordered, other.ordered, score_cutoff=SIMILAR)
        if alike:
            reasons.append("similar_name")
            score -= WEIGHTS["similar_name"] * (100 - alike) / (100 - SIMILAR)
    if one.emails & other.emails:
        reasons.append("same_email")
    elif one.domains & other.domains:
        reasons.append("same_domain")
    if one.phones & other.phones:
        reasons.append("same_phone")
    if one.postal_codes & other.postal_codes:
        reasons.append("same_postal_code")
    total = min(round(score + sum(WEIGHTS[reason] for reason in reasons)), 100)
    if total < min_score:
        return None
    first, second = sorted((one, other), key=lambda found: (found.code, found.id))
    return Pair(total, first, second, tuple(reasons))


def blocks(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """The groups in which pairs are looked for; a pair may meet in several."""
    counts = Counter(word for found in candidates for word in set(found.core.split()))
    by_key: dict[tuple[str, str], list[Candidate]] = {}
    for found in candidates:
        for key in _keys(found, counts):
            by_key.setdefault(key, []).append(found)
    for block in by_key.values():
        if len(block) > MAX_BLOCK:
            yield from _divided(block)
        elif len(block) > 1:
            yield block


def _keys(found: Candidate, counts: Counter[str]) -> Iterator[tuple[str, str]]:
    yield "name", found.core
    yield from (("email", email) for email in found.emails)
    yield from (("phone", phone) for phone in found.phones)
    yield from (("postal_code", code) for code in found.postal_codes)
    yield from (("domain", domain) for domain in found.domains)
    rare = sorted(set(found.core.split()), key=lambda word: (counts[word], word))[:2]
    yield from (("word", word) for word in rare if len(word) > 2)


def _divided(block: list[Candidate]) -> Iterator[list[Candidate]]:
    """A large block by the first letters of the names; what is still large, by whole names."""
    for found in _grouped(block, lambda one: one.ordered[:STEM]):
        if len(found) <= MAX_BLOCK:
            yield found
            continue
        for same in _grouped(found, lambda one: one.core):
            # All of one name: each beside the next few says as much as all pairs of thousands.
            for start in range(0, len(same), MAX_BLOCK // 2):
                yield same[start : start + MAX_BLOCK]


def _grouped(block: list[Candidate], key: Callable[[Candidate], str]) -> Iterator[list[Candidate]]:
    groups: dict[str, list[Candidate]] = {}
    for found in block:
        groups.setdefault(key(found), []).append(found)
    yield from (group for group in groups.values() if len(group) > 1)
