"""What a client may be and get, looked at together with what depends on it.

Each function raises ``Conflict`` (the client as it is forbids it), or warns, and returns ``None``.
Counts come from the caller; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Sequence

from interop_cli.domain.client import Client
from interop_cli.domain.errors import Conflict
from interop_cli.domain.messages import msg
from interop_cli.domain.rules import Context
from interop_cli.domain.values.closed_lists import SOLD


def check_can_be_payer(payer: Client, of: Client, pays_for: Sequence[str] = ()) -> None:
    """Whether ``payer`` may be billed for ``of``: another client, active, no prospect, one level.

    ``pays_for`` are the codes of the clients that ``of`` itself pays for. One who pays for it
    already may go on: a payer retired since does not forbid other changes. Raises
    ``client.bill_to.self|inactive|prospect|level``.
    """
    if payer.id is not None and payer.id == of.bill_to_id:
        return
    if payer.code == of.code or (payer.id is not None and payer.id == of.id):
        raise Conflict("client.bill_to.self", msg("A client is not billed to itself."))
    if not payer.active:
        raise Conflict(
            "client.bill_to.inactive",
            msg("{code} is inactive and cannot be billed.", code=payer.code),
            hint=msg("interop client activate {code}", code=payer.code),
        )
    if payer.prospect:
        raise Conflict(
            "client.bill_to.prospect",
            msg("{code} is a prospect and cannot be billed.", code=payer.code),
            hint=msg("interop client promote {code}", code=payer.code),
        )
    check_pays_itself(payer.code, payer.bill_to_id)
    if pays_for:
        raise Conflict(
            "client.bill_to.level",
            msg(
                "{code} is billed for other clients: {clients}.",
                code=of.code,
                clients=_some(pays_for),
            ),
        )


def check_pays_itself(code: str, bill_to_id: int | None) -> None:
    """Whether a payer is billed to nobody else; raises ``client.bill_to.level``."""
    if bill_to_id is not None:
        raise Conflict(
            "client.bill_to.level", msg("{code} is itself billed to another client.", code=code)
        )


def check_prospect(client: Client, *, jobs: int = 0, pays_for: Sequence[str] = ()) -> None:
    """Whether ``client`` may be a prospect (nothing to say of one that is not meant to be).

    A job ends the prospect for good, and a payer is none. Raises ``client.prospect.job|payer``.
    """
    if not client.prospect:
        return
    if jobs:
        raise Conflict(
            "client.prospect.job",
            msg("{code} has a job and cannot be a prospect.", code=client.code),
        )
    if pays_for:
        raise Conflict(
            "client.prospect.payer",
            msg(
                "{code} is billed for other clients: {clients}.",
                code=client.code,
                clients=_some(pays_for),
            ),
        )


def check_revision(
    before: Client, client: Client, *, pays_for: Sequence[tuple[str, bool]], jobs: int = 0
) -> None:
    """Whether ``before`` may become ``client``, given who is billed to it and its jobs.

    ``pays_for``: the code of each such client, and whether that one is active. Raises as
    ``check_can_deactivate`` and ``check_prospect`` do.
    """
    if before.active and not client.active:
        check_can_deactivate(client, [code for code, active in pays_for if active])
    if client.prospect and not before.prospect:
        check_prospect(client, jobs=jobs, pays_for=[code for code, _active in pays_for])


def check_can_deactivate(client: Client, pays_for: Sequence[str]) -> None:
    """Whether ``client`` may become inactive: not while it pays for others.

    Raises ``client.payer.in_use``.
    """
    if pays_for:
        raise Conflict(
            "client.payer.in_use",
            msg(
                "{code} is billed for other clients: {clients}.",
                code=client.code,
                clients=_some(pays_for),
            ),
            hint=msg(
                "Name who pays from now on: interop client deactivate {code} --reassign CODE",
                code=client.code,
            ),
        )


def check_not_prospect(code: str, prospect: bool) -> None:
    """Refuse to invoice a prospect; raises Conflict ``document.client.prospect``."""
    if prospect:
        raise Conflict(
            "document.client.prospect",
            msg("{code} is a prospect and cannot be invoiced.", code=code),
            hint=msg("interop client promote {code}", code=code),
        )


def check_gets_documents(code: str, kind: str, *, active: bool, prospect: bool) -> None:
    """Whether a client may get a new document of this kind.

    Raises Conflict ``document.client.inactive`` or ``document.client.prospect``.
    """
    if not active:
        raise Conflict(
            "document.client.inactive",
            msg("{code} is inactive and gets no new documents.", code=code),
            hint=msg("interop client activate {code}", code=code),
        )
    if kind in SOLD:
        check_not_prospect(code, prospect)


def doubt_currency(context: Context, currency: str, payer: str, billed_in: str) -> None:
    """Warn where a document counts in another currency than ``payer`` is billed in.

    It counts in that of its client where it names none. Warns ``document.currency.payer``.
    """
    if currency != billed_in:
        reason = msg(
            "it counts in {currency}, as its client does; its payer {payer} is billed in {other}",
            currency=currency,
            payer=payer,
            other=billed_in,
        )
        context.warn("currency", "document.currency.payer", reason)


def check_identity(identity: str, has_logo: bool, *, in_file: bool = False) -> None:
    """Whether a shipper identity can be used: the client's own needs its logo.

    ``in_file``: it was read there. Raises ``client.shipper_identity.logo``.
    """
    if identity == "client" and not has_logo:
        raise Conflict(
            "client.shipper_identity.logo",
            msg(
                "The shipper identity client needs the client's logo, which a file of NDJSON"
                " holds, and a CSV or a workbook does not."
            )
            if in_file
            else msg("The shipper identity client needs the client's logo."),
            hint=msg("interop client logo CODE FILE"),
        )


def _some(codes: Sequence[str]) -> str:
    """The first codes of a list, and an ellipsis for the others."""
    shown = ", ".join(codes[:5])
    return f"{shown}…" if len(codes) > 5 else shown
