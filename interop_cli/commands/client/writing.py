"""``client create``, ``edit``, ``recode``: the fields of the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import confirm, selectors
from interop_cli.commands.address import PICK, completed
from interop_cli.commands.complete import client_argument
from interop_cli.commands.frame import Command, given, option, options, pass_app
from interop_cli.commands.selectors import Picked, selector_options
from interop_cli.domain.errors import UsageError
from interop_cli.domain.messages import N_, msg

if TYPE_CHECKING:
    from interop_cli.app import App

field_options = options(
    option("--line1", metavar="TEXT", help=N_("Street and number.")),
    option("--line2", metavar="TEXT", help=N_("Suite, floor, building.")),
    option("--city", metavar="TEXT", help=N_("City.")),
    option("--province", metavar="TEXT", help=N_("Province, by code or name.")),
    option("--postal-code", metavar="TEXT", help=N_("Postal code.")),
    option("--country", metavar="TEXT", help=N_("Country, by ISO code or name.")),
    option("--code", metavar="CODE", help=N_("The client's code; made from the name if absent.")),
    option("--email", metavar="TEXT", help=N_("E-mail.")),
    option("--phone", metavar="TEXT", help=N_("Phone, with its extension.")),
    option("--website", metavar="URL", help=N_("Website.")),
    option("--language", metavar="fr|en", help=N_("Language the client is served in.")),
    option("--currency", metavar="CODE", help=N_("ISO currency.")),
    option("--terms", metavar="TEXT", help=N_("Payment terms, such as net30.")),
    option("--bill-to", metavar="CODE", help=N_("Another client who pays; \"\" for nobody.")),
    option("--shipper-identity", metavar="standard|client|none",
           help=N_("Who packing slips and labels name as the sender.")),
    option("--gst", metavar="TEXT", help=N_("GST/HST number.")),
    option("--qst", metavar="TEXT", help=N_("QST number.")),
    option("--neq", metavar="TEXT", help=N_("Quebec enterprise number.")),
    option("--prospect/--no-prospect", default=None, help=N_("Can be quoted, not invoiced.")),
    option("--tag", "tags", multiple=True, metavar="TEXT",
           help=N_("A tag; several times for several; \"\" for none.")),
    option("--accounting", multiple=True, metavar="K=V",
           help=N_("A field of the accounting system.")),
    option("--external-id", metavar="TEXT", help=N_("The client's id in another system.")),
    option("--allow-mismatch", is_flag=True,
           help=N_("Accept a postal code or tax number that does not check.")),
)  # fmt: skip


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that were typed, as the services name them; "" clears."""
    values = given(fields)
    tags, accounting = values.pop("tags"), values.pop("accounting")
    if tags:
        values["tags"] = [tag for tag in tags if tag]
    if accounting:
        values["accounting"] = dict(_pair(text) for text in accounting)
    return values


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError("usage.accounting", msg("--accounting takes a name and a value: k=v."))
    return name, value


@click.command("create", cls=Command)
@click.argument("name")
@field_options
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@option("--autofill", metavar="TEXT", help=N_("Complete the address through Google Places."))
@PICK
@pass_app
def create_command(
    app: App,
    name: str,
    reuse: bool,
    autofill: str | None,
    pick: int | None,
    allow_mismatch: bool,
    **fields: Any,
) -> None:
    """Create a client and its main address.

    \b
    interop client create "Imprimerie Boréale inc." --line1 "12, rue du Quai" \\
        --city Québec --postal-code "G1K 7X2" --phone "418 555-0134 poste 22"
    """
    from interop_cli.domain.services import client_cards

    values = {"name": name, **completed(app, autofill, pick), **_values(fields)}
    app.write(
        "client.create",
        lambda uow: client_cards.create(
            uow, values, app.rules(allow_mismatch=allow_mismatch), reuse=reuse
        ),
    )


@click.command("edit", cls=Command)
@selector_options
@option("--name", metavar="TEXT", help=N_("Name."))
@field_options
@option("--if-version", type=click.IntRange(min=1), metavar="N",
        help=N_("Refuse unless the client is at this version."))  # fmt: skip
@pass_app
def edit_command(
    app: App, picked: Picked, if_version: int | None, allow_mismatch: bool, **fields: Any
) -> None:
    """Change fields of clients and of their main addresses.

    \b
    interop client edit ACME --terms net45 --phone ""
    interop client edit --filter "terms = net30" --terms net45 --yes
    """
    from interop_cli.domain.services import client_cards

    selectors.check(picked)
    changes = _values(fields)
    client_cards.check_changes(changes)
    if picked.is_bulk:
        confirm.moderate(app, msg("Change these clients?"), stdin_is_data=picked.reads_stdin)
    selector = selectors.selector(app, picked)
    outcome = app.run(
        "client.edit",
        lambda uow: client_cards.edit(
            uow, selector, changes, app.rules(allow_mismatch=allow_mismatch), if_version=if_version
        ),
    )
    selectors.deliver(app, outcome, picked.results)


@click.command("recode", cls=Command)
@client_argument()
@click.argument("new_code", metavar="NEW_CODE")
@option("--reuse", is_flag=True, help=N_("Take a code that another client had before."))
@option("--confirm", "confirmation", metavar="CODE", help=N_("Repeat the present code."))
@pass_app
def recode_command(
    app: App, client: str, new_code: str, reuse: bool, confirmation: str | None
) -> None:
    """Give a client another code; the old one goes on leading to it.

    \b
    interop client recode ACME ACME-QC --confirm ACME
    """
    from interop_cli.domain.services import clients

    confirm.severe(app, client, confirmation)
    app.write(
        "client.recode",
        lambda uow: clients.recode(uow, client, new_code, app.rules(), reuse=reuse),
    )
