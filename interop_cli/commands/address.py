"""``interop address``: the main address of a client, and where its orders are shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interop_cli.commands import lists
from interop_cli.commands.belonging import address_import_command, show, why_not
from interop_cli.domain.errors import UsageError
from interop_cli.domain.fields import ADDRESS, NEEDED
from interop_cli.domain.messages import N_, msg
from interop_cli.shell import confirm
from interop_cli.shell.command import Group, RowId, argument, given, option
from interop_cli.shell.confirm import asking
from interop_cli.shell.options import ALLOW_MISMATCH, field_options, version_option

if TYPE_CHECKING:
    from interop_cli.app import App

address_command = Group("address", help=N_("Main and shipping addresses of a client."))

ADDRESS_ID = argument("address_id", type=RowId(), metavar="ID")
PICK = option(
    "--pick", type=click.IntRange(min=1), metavar="N", help=N_("Which of several places is meant.")
)


@address_command.command("list")
@lists.ANY_CLIENT
@lists.row_options()
def list_command(app: App, client: str | None, asked: lists.Asked) -> None:
    """List a client's addresses, the main one first, or those of all clients.

    The client's notes stand above the table; in other formats, ask for the field notes.

    \b
    interop address list ACME
    interop address list ACME --json --fields line1,city,notes
    interop address list --filter "main = false and province = ON" -o csv
    """
    from interop_cli.store.reading import addresses
    from interop_cli.store.reading.lists import EVERYTHING

    columns = addresses.columns()
    lists.show(app, addresses.VIEW, columns, asked, EVERYTHING, client=client)


@address_command.command("show")
@ADDRESS_ID
def show_command(app: App, address_id: int) -> None:
    """Show an address, under the notes about its client.

    \b
    interop address show 7
    """
    show(app, "address", address_id)


@address_command.command("create")
@argument("client", metavar="CODE")
@field_options(ADDRESS, needed=NEEDED["address"])
@ALLOW_MISMATCH
@option("--autofill", metavar="TEXT", help=N_("Complete the address through Google Places."))
@PICK
def create_command(
    app: App,
    client: str,
    allow_mismatch: bool,
    autofill: str | None,
    pick: int | None,
    **fields: Any,
) -> None:
    """Add an address to a client.

    \b
    interop address create ACME --label Entrepôt --line1 "5, rue du Port" --city Québec \\
        --postal-code "G1K 4A1"
    """
    from interop_cli.services.people import addresses

    values = {**completed(app, autofill, pick), **given(fields)}
    app.write(
        "address.create",
        lambda uow: addresses.create(uow, client, values, app.rules(allow_mismatch=allow_mismatch)),
    )


@address_command.command("edit")
@ADDRESS_ID
@field_options(ADDRESS)
@ALLOW_MISMATCH
@version_option(N_("Refuse unless the address is at this version."))
def edit_command(
    app: App, address_id: int, allow_mismatch: bool, if_version: int | None, **fields: Any
) -> None:
    """Change fields of an address; "" clears one.

    \b
    interop address edit 7 --instructions "Quai 3, avant 15 h"
    """
    from interop_cli.services.clients import card
    from interop_cli.services.people import addresses

    changes = given(fields)
    card.check_changes(changes)
    app.write(
        "address.edit",
        lambda uow: addresses.edit(
            uow,
            address_id,
            changes,
            app.rules(allow_mismatch=allow_mismatch),
            if_version=if_version,
        ),
    )


@address_command.command("delete")
@argument("address_ids", nargs=-1, required=True, type=RowId(), metavar="ID…")
def delete_command(app: App, address_ids: tuple[int, ...]) -> None:
    """Delete addresses that nothing uses; the main one stays.

    \b
    interop address delete 7 --yes
    """
    from interop_cli.services.people import addresses

    confirm.agreed(
        app,
        "address.delete",
        lambda uow: addresses.delete(uow, address_ids),
        asking("Delete {count} address?", "Delete {count} addresses?"),
    )


@address_command.command("why-not")
@ADDRESS_ID
def why_not_command(app: App, address_id: int) -> None:
    """Say what keeps an address from being deleted, without trying.

    \b
    interop address why-not 7
    """
    why_not(app, "address", address_id)


@address_command.command("main")
@ADDRESS_ID
def main_command(app: App, address_id: int) -> None:
    """Make an address its client's main one.

    \b
    interop address main 7
    """
    from interop_cli.services.people import addresses

    app.write("address.main", lambda uow: addresses.make_main(uow, address_id))


@address_command.command("route")
@ADDRESS_ID
@option("--provider", type=click.Choice(("osm", "google")), help=N_("Whose map."))
@option("--from", "origin", metavar="TEXT", help=N_("Where you start from."))
def route_command(app: App, address_id: int, provider: str | None, origin: str | None) -> None:
    """Print the address (URL) of a map with the way there.

    \b
    interop address route 7
    interop address route 7 --provider google --from "1 rue du Roi, Québec"
    """
    from interop_cli.domain.values.address_text import directions_url
    from interop_cli.store.reading import addresses

    _client_id, found = addresses.one(app.store.conn, address_id)
    url = directions_url(found, provider or app.settings.get("route.provider"), origin)
    app.output.record(
        {"id": address_id, "url": url}, card=lambda route, _style: [route["url"]], key="url"
    )


@address_command.command("autofill")
@argument("text")
@PICK
def autofill_command(app: App, text: str, pick: int | None) -> None:
    """List the addresses that Google Places finds for a text, the likeliest first.

    It needs a key: interop config set places.key -

    \b
    interop address autofill "Imprimerie du Quai, Québec"
    interop address create ACME --autofill "12 rue du Quai, Québec" --pick 2
    """
    from interop_cli.domain.values.address_text import FIELDS
    from interop_cli.output import Column, ValueKind
    from interop_cli.services.people.addresses import find_places, picked_place

    columns = [
        Column("pick", ValueKind.INT),
        *(Column(name) for name in FIELDS),
        Column("formatted", table=False),
    ]
    places = list(
        enumerate(find_places(app.google_places, text, app.settings.get("defaults.country")), 1)
    )
    if pick is not None:
        places = [(pick, picked_place([place for _number, place in places], pick))]
    rows = [
        {
            **{name: value or None for name, value in place.fields.items()},
            "pick": number,
            "formatted": place.formatted,
        }
        for number, place in places
    ]
    chosen = app.output.pick(columns, key="pick")
    app.output.rows(chosen, [[tuple(row[c.name] for c in chosen) for row in rows]], key="pick")


def completed(app: App, text: str | None, pick: int | None) -> dict[str, str]:
    """The address of what ``--autofill`` names; none without it."""
    if text is None:
        if pick is not None:
            raise UsageError("usage.pick", msg("--pick goes with --autofill."))
        return {}
    from interop_cli.services.people.addresses import chosen_place, find_places

    places = find_places(app.google_places, text, app.settings.get("defaults.country"))
    return chosen_place(places, pick)


address_command.add_command(address_import_command)
