"""Commands that fail, each with the exit code and the error code it must fail with.

On the shop of ``conftest.py``. The codes are what scripts rely on: a line that has to change here
is a change of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CREATE = (
    "client",
    "create",
    "Neuve",
    "--line1",
    "1, rue A",
    "--city",
    "Québec",
    "--postal-code",
    "G1K 4A1",
)
SHUT = "postgresql://127.0.0.1:1/x"
GOOD = "code,name,line1,city,postal_code\nC1,Un,1 rue A,Québec,G1K 4A1\n"


@dataclass(frozen=True)
class Case:
    """A command and how it ends; ``file`` is the content of ``input.csv`` in its folder."""

    exit_code: int
    code: str
    args: tuple[str, ...]
    stdin: str = ""
    env: dict[str, str] = field(default_factory=dict)
    file: str | None = None

    @property
    def name(self) -> str:
        return f"{self.exit_code}-{self.code}-{' '.join(self.args)[:40]}"


def case(
    exit_code: int, code: str, *args: str, stdin: str = "", file: str | None = None, **env: str
) -> Case:
    return Case(exit_code, code, args, stdin, env, file)


USAGE = (
    case(2, "usage"),
    case(2, "usage", "nope"),
    case(2, "usage", "client", "lst"),
    case(2, "usage", "client", "show"),
    case(2, "usage", "client", "show", "ACME", "BETA"),
    case(2, "usage.empty", "client", "show", ""),
    case(2, "usage.empty", "journal", "list", "--since", ""),
    case(2, "usage.empty", "client", "deactivate", "ACME", "-y", "--results", ""),
    case(2, "search.empty", "client", "list", "--search", ""),
    case(2, "usage", "client", "list", "--nope"),
    case(2, "usage", "client", "list", "--limit", "x"),
    case(2, "usage", "client", "list", "--limit", "-1"),
    case(2, "usage", "client", "list", "-o", "yaml"),
    case(2, "usage", "client", "list", "--lock-timeout", "-1"),
    case(2, "usage", "client", "list", "--json=code"),
    case(2, "usage", "client", "apply"),
    case(2, "usage", "address", "show", "ACME"),
    case(2, "usage", "address", "show", "0"),
    case(2, "usage", "address", "delete", "-y"),
    case(2, "usage", "journal", "undo", "latest"),
    case(2, "usage", "completion", "cmd"),
    case(2, "usage.selector", "client", "deactivate", "-y"),
    case(2, "usage.selector", "client", "activate", "ACME", "--all", "-y"),
    case(2, "usage.selector", "client", "activate", "--all", "--filter", "code=ACME", "-y"),
    case(2, "usage.selector", "client", "activate", "-", "ACME", "-y"),
    case(2, "usage.selector", "client", "activate", "@f", "ACME", "-y"),
    case(2, "usage.selector", "client", "activate", "ACME", "--status", "all"),
    case(2, "usage.status", "client", "list", "--all", "--status", "active"),
    case(2, "usage.confirmation", "client", "deactivate", "ACME", "BETA"),
    case(2, "usage.confirmation", "client", "deactivate", "-", stdin="ACME\n"),
    case(2, "usage.confirmation", "client", "edit", "--all", "--terms", "net10"),
    case(2, "usage.confirmation", "client", "delete", "NEW", "-y"),
    case(2, "usage.confirmation", "client", "delete", "NEW", "--confirm", "ACME"),
    case(2, "usage.confirmation", "client", "delete", "NEW", "BETA"),
    case(2, "usage.confirmation", "client", "delete", "NEW", "BETA", "--confirm", "NEW"),
    case(2, "usage.confirmation", "client", "recode", "NEW", "NEWER", "-y"),
    case(2, "usage.confirmation", "client", "recode", "NEW", "NEWER", "--confirm", "NEWER"),
    case(2, "usage.confirmation", "address", "delete", "8"),
    case(2, "usage.no_change", "client", "edit", "ACME"),
    case(2, "usage.no_change", "address", "edit", "8"),
    case(2, "usage.recode", "client", "edit", "ACME", "--code", "ACMÉ"),
    case(2, "usage.accounting", "client", "edit", "ACME", "--accounting", "k"),
    case(2, "output.field.unknown", "client", "list", "--fields", "code,nam"),
    case(2, "output.field.unknown", "client", "show", "ACME", "--fields", "adresses.city"),
    case(2, "output.field.unknown", "journal", "list", "--fields", "who"),
    case(
        2,
        "output.codes.fields",
        "client",
        "list",
        "-o",
        "codes",
        "--fields",
        "code,name",
        "--error-format",
        "json",
    ),
    case(2, "filter.field.unknown", "client", "list", "--filter", "citi=x"),
    case(2, "filter.field.unknown", "client", "list", "--sort", "citi"),
    case(2, "filter.syntax", "client", "list", "--filter", "city"),
    case(2, "filter.value", "client", "list", "--filter", "active=perhaps"),
    case(2, "filter.field.unknown", "client", "deactivate", "--filter", "citi=x", "-y"),
    case(
        2,
        "input.encoding.unknown",
        "client",
        "import",
        "input.csv",
        "--encoding",
        "utf8000",
        file=GOOD,
    ),
    case(2, "input.delimiter", "client", "import", "input.csv", "--delimiter", "::", file=GOOD),
)

MISSING = (
    case(3, "client.not_found", "client", "show", "NOPE"),
    case(3, "client.not_found", "client", "show", "#999"),
    case(3, "client.not_found", "client", "show", "OLD", "--exact"),
    case(3, "client.not_found", "client", "history", "NOPE"),
    case(3, "client.not_found", "client", "why-not", "NOPE"),
    case(3, "client.not_found", "client", "edit", "NOPE", "--terms", "net10"),
    case(3, "client.not_found", "client", "deactivate", "ACME", "NOPE", "-y"),
    case(3, "client.not_found", "client", "delete", "NOPE", "--confirm", "NOPE"),
    case(3, "client.not_found", "client", "recode", "NOPE", "X", "--confirm", "NOPE"),
    case(3, "client.not_found", "client", "list", "--after", "NOPE"),
    case(3, "client.not_found", "address", "list", "NOPE"),
    case(3, "client.not_found", *CREATE, "--bill-to", "NOPE"),
    case(3, "client.not_found", "client", "deactivate", "PAYER", "--reassign", "NOPE"),
    case(3, "client.not_found", "address", "create", "NOPE", "--line1", "1", "--city", "Q"),
    case(3, "address.not_found", "address", "show", "999"),
    case(3, "address.not_found", "address", "edit", "999", "--city", "X"),
    case(3, "address.not_found", "address", "main", "999"),
    case(3, "address.not_found", "address", "route", "999"),
    case(3, "address.not_found", "address", "why-not", "999"),
    case(3, "address.not_found", "address", "delete", "8", "999", "-y"),
    case(3, "journal.not_found", "journal", "show", "999"),
    case(3, "journal.not_found", "journal", "undo", "999"),
    case(3, "db.missing", "--db", "nowhere.db", "client", "list"),
    case(3, "schema.unknown", "schema", "klient"),
    case(3, "help.unknown", "help", "klient"),
)

REFUSED = (
    case(4, "autofill.key", *CREATE, "--autofill", "1 rue A"),
    case(4, "autofill.key", "address", "create", "ACME", "--autofill", "1 rue A"),
    case(5, "client.code.duplicate", *CREATE, "--code", "acme"),
    case(5, "client.code.retired", *CREATE, "--code", "old"),
    case(5, "client.code.duplicate", "client", "recode", "NEW", "ACME", "--confirm", "NEW"),
    case(5, "client.code.retired", "client", "recode", "ACME", "OLD", "--confirm", "ACME"),
    case(5, "client.external_id.duplicate", *CREATE, "--external-id", "X-1"),
    case(5, "client.external_id.duplicate", "client", "edit", "BETA", "--external-id", "X-1"),
    case(5, "client.bill_to.self", "client", "edit", "ACME", "--bill-to", "ACME"),
    case(5, "client.bill_to.inactive", "client", "edit", "ACME", "--bill-to", "SLEEPY"),
    case(5, "client.bill_to.prospect", "client", "edit", "ACME", "--bill-to", "MAYBE"),
    case(5, "client.bill_to.level", "client", "edit", "ACME", "--bill-to", "PAID"),
    case(5, "client.bill_to.level", "client", "edit", "PAYER", "--bill-to", "ACME"),
    case(5, "client.prospect.payer", "client", "edit", "PAYER", "--prospect"),
    case(
        5, "client.shipper_identity.logo", "client", "edit", "ACME", "--shipper-identity", "client"
    ),
    case(5, "client.payer.in_use", "client", "deactivate", "PAYER"),
    case(5, "client.bill_to.inactive", "client", "deactivate", "PAYER", "--reassign", "SLEEPY"),
    case(5, "client.in_use", "client", "delete", "PAYER", "--confirm", "PAYER"),
    case(5, "conflict.version", "client", "edit", "ACME", "--terms", "x", "--if-version", "9"),
    case(5, "conflict.version", "address", "edit", "8", "--city", "x", "--if-version", "9"),
    case(5, "bulk.expect", "client", "deactivate", "--all", "--expect", "3", "-y"),
    case(5, "bulk.expect", "client", "delete", "ACME", "NEW", "--confirm", "3"),
    case(5, "bulk.max_affected", "client", "deactivate", "--all", "--max-affected", "6", "-y"),
    case(
        5,
        "bulk.max_affected",
        "client",
        "edit",
        "--all",
        "--terms",
        "x",
        "-y",
        INTEROP_BULK_MAX_AFFECTED="6",
    ),
    case(5, "address.main.required", "address", "edit", "1", "--no-main"),
    case(5, "address.in_use", "address", "delete", "1", "-y"),
    case(5, "db.exists", "db", "init"),
)

INVALID = (
    case(65, "data.invalid", "client", "create", ""),
    case(65, "data.invalid", "client", "create", "Sans adresse"),
    case(65, "email.format", *CREATE, "--email", "x"),
    case(65, "client.code.format", *CREATE, "--code", "É"),
    case(65, "address.postal_code.format", "client", "edit", "ACME", "--postal-code", "X"),
    case(65, "client.code.format", "client", "recode", "NEW", "PAS BON", "--confirm", "NEW"),
    case(65, "data.invalid", "address", "create", "ACME", "--line1", "1"),
    case(65, "address.country.unknown", "address", "edit", "8", "--country", "Atlantis"),
    case(65, "import.invalid", "client", "import", "input.csv", file=GOOD + "C2,,,,\n"),
    case(65, "import.empty", "client", "import", "input.csv", file=GOOD.splitlines()[0]),
    case(65, "import.empty", "client", "import", "-"),
    case(65, "import.column.unknown", "client", "import", "input.csv", file="code,nam\nA,B\n"),
    case(65, "input.encoding", "client", "deactivate", "-", "-y", stdin="ACME\n\xff\n"),
    case(65, "input.code.long", "client", "deactivate", "-", "-y", stdin="A" * 201),
    case(65, "input.json.pretty", "client", "apply", "-f", "-", stdin="{\n"),
    case(65, "input.code.missing", "client", "activate", "-", "-y", stdin='{"kode":"ACME"}\n'),
)

ELSEWHERE = (
    case(69, "db.unreachable", "--db", SHUT, "client", "list"),
    case(69, "db.unreachable", "--db", SHUT, "db", "restore", "f", "--confirm", "x"),
    case(74, "input.missing", "client", "import", "nowhere.csv"),
    case(74, "input.missing", "client", "deactivate", "@nowhere.txt", "-y"),
    case(74, "input.not_a_file", "client", "import", "."),
    case(74, "output.write", "client", "list", "--out", "nowhere/list.csv"),
    case(
        74, "output.write", "client", "import", "input.csv", "--rejects", "nowhere/r.csv", file=GOOD
    ),
    case(78, "config.unknown", "config", "get", "defaults.contry"),
    case(78, "config.unknown", "config", "set", "defaults.contry", "CA"),
    case(78, "config.value", "config", "set", "defaults.prospect", "perhaps"),
    case(78, "config.value", "client", "list", INTEROP_OUTPUT="yaml"),
    case(78, "config.value", "client", "list", INTEROP_LOCK_TIMEOUT="soon"),
    case(78, "config.today", "client", "list", INTEROP_TODAY="tomorrow"),
    case(78, "db.location", "client", "list", INTEROP_DB="mysql://me:secret@h/x"),
    case(78, "db.location", "db", "init", INTEROP_DB="PostgreSQL://h/x"),
    case(78, "db.location", "db", "restore", "f", "--confirm", "x", INTEROP_DB="sqlite:///x"),
)

FAILURES = (*USAGE, *MISSING, *REFUSED, *INVALID, *ELSEWHERE)
