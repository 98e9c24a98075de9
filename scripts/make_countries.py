"""Write interop_cli/domain/data/countries.json and currencies.json.

Names come from CLDR (through Babel) and ISO 3166 (through pycountry). Run it again when one of
them is updated: ``python scripts/make_countries.py``. interop reads the files and needs neither.
"""

from __future__ import annotations

import gettext
import json
from pathlib import Path

import pycountry
from babel import Locale
from babel.core import get_global

DATA = Path(__file__).parent.parent / "interop_cli" / "domain" / "data"

# Codes that CLDR has names for, and that are no country of ISO 3166-1 (Kosovo's XK stays: it is in
# general use and its addresses are known).
NOT_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
LANGUAGES = ("en", "fr")

# What people write besides CLDR's names.
OTHER_NAMES = {
    "AE": "UAE, EAU, E.A.U., Emirats",
    "BO": "Plurinational State of Bolivia",
    "BY": "Bélarus",
    "CD": "DR Congo, DRC, RDC, Democratic Republic of the Congo, République démocratique du Congo",
    "CG": "Congo, Republic of the Congo, République du Congo",
    "CI": "Ivory Coast",
    "CN": "People's Republic of China, République populaire de Chine, PRC",
    "CV": "Cabo Verde",
    "CZ": "Czech Republic, République tchèque",
    "DE": "Deutschland, RFA",
    "ES": "España",
    "FK": "Malvinas",
    "GB": "UK, U.K., Great Britain, Grande-Bretagne, England, Angleterre, Scotland, Écosse, Wales,"
    " Pays de Galles, Northern Ireland, Irlande du Nord",
    "HK": "Hong Kong, Hong-Kong",
    "IE": "Republic of Ireland, République d'Irlande, Éire",
    "IR": "Islamic Republic of Iran",
    "IT": "Italia",
    "KP": "DPRK",
    "KR": "Republic of Korea, République de Corée, Korea, Corée",
    "LA": "Lao PDR",
    "MM": "Burma, Birmanie, Myanmar",
    "MO": "Macau, Macao",
    "MX": "México",
    "NL": "Holland, Hollande, The Netherlands, Nederland",
    "PS": "Palestine",
    "RE": "Réunion",
    "RU": "Russian Federation, Fédération de Russie",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TR": "Turkey",
    "TZ": "United Republic of Tanzania",
    "US": "USA, U.S.A., U.S., United States of America, États-Unis d'Amérique, É.-U., E.U.,"
    " EUA, É.-U.A.",
    "VA": "Vatican, Holy See, Saint-Siège",
    "VN": "Viet Nam",
}


NOT_ISO_ALPHA3 = {"XK": "XKK"}


def alpha3_code(code: str) -> str:
    """ISO alpha-3 of an alpha-2 code; CLDR's own where ISO has none."""
    country = pycountry.countries.get(alpha_2=code)
    return str(country.alpha_3) if country else NOT_ISO_ALPHA3[code]


def names_of(code: str) -> list[str]:
    """Other names of a country than CLDR's French and English ones."""
    found = {name.strip() for name in OTHER_NAMES.get(code, "").split(",") if name.strip()}
    for locale in ("fr_CA", "en_CA", "en_GB"):
        found.add(Locale.parse(locale).territories[code])
    found.update(iso_names(code))
    for name in [*found, *(Locale(language).territories[code] for language in LANGUAGES)]:
        found.update({name.replace("St. ", "Saint "), name.replace(" & ", " and ")})
    known = {Locale(language).territories[code] for language in LANGUAGES}
    return sorted(found - known)


def iso_names(code: str) -> set[str]:
    """The short, official and common names of ISO 3166 ("Korea, Republic of"), and in French."""
    country = pycountry.countries.get(alpha_2=code)
    if country is None:  # Kosovo
        return set()
    french = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["fr"])
    parts = (getattr(country, part, "") for part in ("name", "official_name", "common_name"))
    names = {name for name in parts if name}
    return names | {french.gettext(name) for name in names}


def countries() -> dict[str, dict[str, object]]:
    """Each country's alpha-3 code and names."""
    known = [str(code) for code in Locale("en").territories]
    codes = [code for code in known if len(code) == 2 and code not in NOT_COUNTRIES]
    return {
        code: {
            "alpha3": alpha3_code(code),
            **{language: Locale(language).territories[code] for language in LANGUAGES},
            "others": names_of(code),
        }
        for code in sorted(codes)
    }


def currencies() -> list[str]:
    """The ISO 4217 codes that some country uses today as money one can pay with."""
    today = get_global("territory_currencies")
    return sorted(
        {
            code
            for entries in today.values()
            for code, _start, end, tender in entries
            if end is None and tender
        }
    )


def write(name: str, data: object) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    (DATA / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write("countries.json", countries())
    write("currencies.json", currencies())
