"""The journaled tables: what the unit of work may write, parents before children."""

from __future__ import annotations

from dataclasses import dataclass, field

SYSTEM_COLUMNS = ("id", "version", "created_at", "updated_at")


@dataclass(frozen=True)
class Table:
    """One table of entities.

    ``columns`` are those an entity owns; ``client`` is the column that names the client on whose
    history a change is shown; a change of a column in ``search`` renews that client's place in the
    search index. Rows of a table that ``counts`` make up the sales totals.
    """

    name: str
    columns: tuple[str, ...]
    client: str | None = None
    search: frozenset[str] = field(default_factory=frozenset)
    counts: bool = False

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column, the system's first."""
        return SYSTEM_COLUMNS + self.columns


CLIENT = Table(
    "client",
    (
        "code",
        "code_key",
        "name",
        "name_key",
        "active",
        "prospect",
        "language",
        "email",
        "phone",
        "website",
        "currency",
        "terms",
        "bill_to_id",
        "shipper_identity",
        "gst",
        "qst",
        "neq",
        "tags",
        "tags_key",
        "external_id",
        "accounting",
        "logo",
        "merged_into_id",
    ),
    client="id",
    search=frozenset({"code", "name", "email", "phone", "website", "tags", "external_id"}),
)
CLIENT_CODE = Table(
    "client_code", ("client_id", "code", "code_key"), client="client_id", search=frozenset({"code"})
)
ADDRESS = Table(
    "address",
    (
        "client_id",
        "label",
        "attention",
        "line1",
        "line2",
        "line_key",
        "city",
        "city_key",
        "province",
        "postal_code",
        "country",
        "main",
        "phone",
        "instructions",
    ),
    client="client_id",
    search=frozenset(
        {"client_id", "line1", "line2", "city", "postal_code", "phone", "label", "attention"}
    ),
)
CONTACT = Table(
    "contact",
    (
        "client_id",
        "name",
        "name_key",
        "title",
        "email",
        "email_key",
        "phone",
        "mobile",
        "language",
        "active",
        "is_default",
        "billing",
        "billing_copy",
        "deactivated_with",
    ),
    client="client_id",
    search=frozenset({"client_id", "name", "title", "email", "phone", "mobile"}),
)
NOTE = Table("note", ("client_id", "category", "text", "author", "noted_at"), client="client_id")
ATTACHMENT = Table(
    "attachment", ("client_id", "note_id", "name", "size", "sha256"), client="client_id"
)
SETTING = Table("setting", ("name", "value"))
USER_ROLE = Table("user_role", ("uid", "name", "role"))
DOCUMENT = Table(
    "document",
    (
        "client_id",
        "bill_to_id",
        "kind",
        "number",
        "number_key",
        "status",
        "date",
        "year",
        "due_date",
        "currency",
        "subtotal_cents",
        "tax_cents",
        "total_cents",
        "taxes",
        "terms",
        "contact_id",
        "contact",
        "ship_to_id",
        "ship_to",
        "sold_to_address",
        "bill_to_address",
        "place_of_supply",
        "corrects_id",
        "issued",
        "posted_at",
        "external_id",
    ),
    client="client_id",
    counts=True,
)
DOCUMENT_LINE = Table(
    "document_line",
    (
        "document_id",
        "client_id",
        "position",
        "description",
        "quantity",
        "unit_price",
        "amount_cents",
        "tax",
    ),
    client="client_id",
)
COUNTER = Table("counter", ("name", "last"))
# What a person configures; what a run finds out about a target stands beside it, unjournaled.
SYNC_TARGET = Table("sync_target", ("name", "kind", "uid", "settings"))

TABLES = {
    table.name: table
    for table in (
        CLIENT,
        CLIENT_CODE,
        ADDRESS,
        CONTACT,
        NOTE,
        ATTACHMENT,
        SETTING,
        USER_ROLE,
        COUNTER,
        SYNC_TARGET,
        DOCUMENT,
        DOCUMENT_LINE,
    )
}
