"""``interop help`` (of any command, topics that no command owns) and ``interop completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from interop_cli.domain.errors import NotFound
from interop_cli.domain.messages import N_, msg
from interop_cli.i18n import _
from interop_cli.shell.command import argument, command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from interop_cli.app import App

EXIT_CODES = N_("""\
Exit codes

    0  ok            also: an empty list, nothing to do
    1  internal      a bug
    2  usage         a flag, a selector or a confirmation is missing
    3  not_found     the named thing does not exist
    4  denied        a right, a credential or a subscription is missing
    5  conflict      duplicate, in use, a rule, a version, too many rows
    6  declined      the person answered no
   10  attention     findings, drift, nothing changed when asked to say so
   65  invalid_data  a field or a row is not valid
   68  partial       --continue-on-error, or a push: some rows or records failed
   69  remote        a remote system is unreachable, paused or over its limit
   70  unusable_db   not ours, corrupt, or of another schema
   74  io            disk full, read-only, output that cannot be written
   75  busy          a lock was not free in time; try again
   78  config        a bad setting, an unknown target, a refused location
  129 130 141 143    ended by a signal: HUP, INT, PIPE, TERM

Whatever ends otherwise than with 0, 10, 68, 69, a signal, or 74 with
"applied" true or null, has left the database as it was; null says that it is
not known.""")

ENVIRONMENT = N_("""\
Environment

  INTEROP_DB             the database: a file, or postgresql://…
  INTEROP_OUTPUT         table, json, ndjson, csv, tsv, codes, xlsx, vcard or vcard4
  INTEROP_LANG           fr or en; else the setting lang, LC_ALL, LC_MESSAGES, LANG
  INTEROP_NO_INPUT       never ask; so does CI
  INTEROP_LOCK_TIMEOUT   seconds to wait for a lock (30)
  INTEROP_ERROR_FORMAT   text or json
  INTEROP_CONFIG         the user's settings file
  INTEROP_TODAY          YYYY-MM-DD: today's date, for tests and re-runs
  NO_COLOR, FORCE_COLOR, TERM=dumb, COLUMNS
  PAGER, NO_PAGER        what reads what is longer than the screen (less); none

Any setting can be given this way: defaults.province is
INTEROP_DEFAULTS_PROVINCE. An option wins over the environment, which wins over
the company's settings, then the user's file, then the default.""")

FORMATTING = N_("""\
Formatting

  -o table    for people: local times, telephones, money, words of their language;
              on a terminal as wide as that, less important columns left out
  -o json     a list is an array, show is an object, a write its result
  -o ndjson   one object a line, streamed
  -o csv      RFC 4180, English field names; --dialect excel-fr for Excel in French
  -o tsv      tabs, with \\t \\n \\\\ escaped
  -o codes    one code (or id) a line, to pipe into another command
  -o xlsx     an Excel workbook, with --out: real numbers and dates
  -o vcard    contacts as vCards, version 3; vcard4: version 4

  --fields code,name,addresses.city   columns and their order, in every format
  --out FILE                          the data into a file, whole or not at all

Data goes to stdout and words to stderr, in every format. The format never
depends on what reads it. In CSV and TSV, a cell that a spreadsheet would run
as a formula begins with an apostrophe; import takes it away again.

An error is a line of JSON on stderr with -o json, ndjson or
--error-format json. That of a refused import has its faults by their kinds in
error.reasons, and the warnings that came before it in error.warnings. In a
--results file, error.line is the line that is wrong, also of a record out of
several rows. All of it: interop schema error, result, results""")

FILTERS = N_("""\
Filters

  field op value            = != < <= > >= ~    (~ contains)
  field in (a, b)           field not in (a, b)
  field is null             field is not null
  not …    … and … or …     parentheses

  interop client list --filter "province != QC and city = Toronto"
  interop client list --filter 'tag = vip and (phone ~ "418 555" or email is null)'
  interop client deactivate --filter "last_invoice < -3y" --yes
  interop client list --filter "last_invoice is null and created_at < -3y"

Values are read as create reads them: Québec is QC, Canada is CA; e-mails,
names, cities and codes are compared without case or accents, telephones by
their digits. Others are text, whole numbers, true and false (or yes and no),
null, dates (2026-11-24), times (2026-11-24T16:30:00Z), or how long before today (-10d, -6w,
-3m, -1y). A date is that day in the company's time zone (interop config get
timezone). A province, country, language, currency, kind, status or category of
notes that no list and no row has is refused, with the nearest; ~ looks for a
part of their names too: country ~ united.

A value that holds a comma, a parenthesis, or one of the words and, or, not, in,
is goes in quotes: name = "Dubé and Sons". So does a word that means itself:
"null". Within quotes, a quote is doubled; elsewhere than at the beginning of a
value it needs nothing: L'Assomption. "" is what has no value.

A comparison is true or false, and not turns it round: != and not in take those
without a value along; < <= > >= and ~ leave them out, which is then said:
those never invoiced are not in last_invoice < -3y. Several --filter must all
hold.

The fields are those of interop schema client, and

  tag            one of the client's tags
  contacts       how many contacts the client has
  documents      how many documents
  last_invoice   the date of the last posted invoice
  sales.2026     cents sold to the client that year, as last refreshed
  sync.TARGET    where the client stands there: in_sync, pending, none, failed …

Those of contact, address, note and sales document list are the fields of
interop schema contact, address, note, document.""")

COLUMNS = N_("""\
Mapping

A mapping says what the columns of a file are: one that comes with the program,
or a TOML file. interop client import FILE --suggest guesses one, to begin with.

  interop client import export.csv --mapping quickbooks
  interop sales import lines.csv --mapping lines.toml
  interop client import list.csv --map Company=name --map Fax= --map '*='

Ready for clients: quickbooks sage50 hubspot shopify odoo salesforce xero google
outlook dolibarr northwind. A column named as a field of ours needs no mapping.

  [columns]                      # their column = our field
  "Client No" = "code"
  Fax = ""                       # left out

  [fields]                       # our field = what it is made of
  name = "{Company} | {First Name} {Last Name}"
  contact.name = "{First Name} {Last Name}"
  contact.email = "{?First Name}{Email}"
  kind = "invoice"

Of choices between | the first counts that has anything in its columns; an empty
column takes along the text before it. {?Column} gives nothing, but where it is
empty its choice does not count. A field without a column is a constant. {#3} is
the third column, {Email#2} the second one called Email. full_address,
address.full_address and ship_to.full_address take a whole address in one cell;
what cannot be taken apart is refused.

  [split]                        # their column = what stands between its parts
  Tags = [";", ":::"]
  "E-mail" = ";"                 # {E-mail[1]}, {E-mail[2]}, {E-mail[*]} the rest

  [values.status]                # of our field: their word = ours
  Voided = "void"
  "" = "draft"                   # an empty cell

  [defaults]                     # our field = what it is where the file has none
  language = "fr"

Above the tables, for the whole file:

  key = "external_id"            # or several: ["code", "email"]
  others = "ignore"              # columns without a field: error, ignore, note
  optional = true                # columns that may be absent, or a list of them
  where = '{Customer} != Total'  # rows to take; see: interop help filters
  join = "Invoice No"            # rows alike there are one record; or "{A} | {B}"
  first = ["email", "phone"]     # fields taken from its first row
  header = 4                     # its line; "find" looks for it; false: none
  dates = "%d/%m/%Y"             # or a list of such forms
  decimal = ","                  # the mark before the cents
  delimiter = ";"                # and encoding, sheet

Joined rows repeat what is of the record itself, or leave it empty; tags,
contact.…, address.…, note.… and line.… of each row add up. Constants and
defaults alone make no contact, address, note or line. What the file has no
column for stays as it is. others = "note" keeps what has no field in a note of
the client.""")

TOPICS = {
    "exit-codes": EXIT_CODES,
    "environment": ENVIRONMENT,
    "formatting": FORMATTING,
    "filters": FILTERS,
    "mapping": COLUMNS,
}


def _words(ctx: click.Context, _param: click.Parameter, typed: str) -> list[CompletionItem]:
    """What may stand there: topics first, then the words of a command."""
    from click.shell_completion import CompletionItem

    ctx, words = ctx.find_root(), ctx.params.get("words") or ()
    command: click.Command = ctx.command
    for word in words:
        if not isinstance(command, click.Group) or not (found := command.get_command(ctx, word)):
            return []
        command, ctx = found, click.Context(found, ctx, word)
    topics = [CompletionItem(topic, help=_("a topic")) for topic in TOPICS if not words]
    commands = command.shell_complete(ctx, typed) if isinstance(command, click.Group) else []
    return [one for one in (*topics, *commands) if one.value.startswith(typed) and typed[:1] != "-"]


@command("help")
@argument("words", nargs=-1, metavar="[COMMAND…|TOPIC]", shell_complete=_words)
def help_command(app: App, words: tuple[str, ...]) -> None:
    """Show the help of a command, or a topic: exit-codes, environment, formatting, filters,
    mapping.

    \b
    interop help client edit
    interop help filters
    """
    if len(words) == 1 and words[0] in TOPICS:
        app.output.text([_(TOPICS[words[0]]) + "\n"])
        return
    context = click.get_current_context().find_root()
    command: click.Command = context.command
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            raise NotFound(
                "help.unknown",
                msg("There is no command or topic of this name."),
                hint=msg("Topics: {topics}. Commands: interop --help", topics=", ".join(TOPICS)),
            )
        command, context = found, found.context_class(found, info_name=word, parent=context)
    app.output.text([command.get_help(context) + "\n"])


SHELLS = ("bash", "zsh", "fish", "powershell")


@command("completion")
@argument("shell", type=click.Choice(SHELLS))
def completion_command(app: App, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    eval "$(interop completion bash)"
    interop completion fish > ~/.config/fish/completions/interop.fish
    """
    from interop_cli.cli import COMPLETION, cli
    from interop_cli.shell.completion import register

    register()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    app.output.text([kind(cli, {}, "interop", COMPLETION).source().lstrip() + "\n"])
