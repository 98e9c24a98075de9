"""What ``client import`` and ``apply`` share: what their files hold, and the import they start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop_cli.commands.intake import Fields, Intake, take_in

if TYPE_CHECKING:
    from interop_cli.app import App
    from interop_cli.domain.services.imports import Import
    from interop_cli.inputs.mapping import ColumnMap
    from interop_cli.store.uow import UnitOfWork

# Fields of a client that the file may hold and an import does not write.
READ_ONLY = frozenset({
    "id", "version", "created_at", "updated_at", "former_codes", "merged_into", "documents",
    "sales", "sync",
})  # fmt: skip


def fields() -> Fields:
    """What a file of clients may hold."""
    from interop_cli.domain.parts import is_field
    from interop_cli.domain.services.client_fields import FIELDS

    return Fields(FIELDS, READ_ONLY, is_field)


def import_clients(
    app: App, operation: str, file: str, intake: Intake, *,
    key: str | None, allow_mismatch: bool, reuse: bool,
) -> None:  # fmt: skip
    """Take clients in from a file."""
    from interop_cli.domain.services.imports import Import

    def task(uow: UnitOfWork, columns: ColumnMap) -> Import:
        return Import(
            uow, app.rules(allow_mismatch=allow_mismatch),
            key=key or columns.key or "code", reuse=reuse,
            continue_on_error=intake.continue_on_error, want_rows=intake.results is not None,
        )  # fmt: skip

    take_in(app, operation, file, intake, fields(), task)
