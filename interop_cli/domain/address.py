"""An address of a client: main or shipping, with the rules of its country.

The rules: province and postal code are required where the country requires them; a province is
stored as its code; in the strict countries a postal code must have the right form and lie in the
province. Elsewhere old data gets in as typed, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from interop_cli.domain.entity import (
    Awaited,
    AwaitedValue,
    Lasting,
    Line,
    Lines,
    Off,
    ShortLine,
    ShortValue,
    Value,
    refused,
)
from interop_cli.domain.messages import N_, Message, msg
from interop_cli.domain.rules import Context, Faults, Policy, context_of, fault, missing
from interop_cli.domain.values.closed_lists import parse_bool
from interop_cli.domain.values.phone import read_phone
from interop_cli.domain.values.places import (
    CountryRules,
    country_code,
    country_rules,
    is_mismatched,
)
from interop_cli.domain.values.text import fold

# These decide one another: none is checked again unless one of them changes.
_PLACE = frozenset({"province", "postal_code", "country"})

# The apostrophe of a spreadsheet, where a number follows; 't Veld has one of its own.
_TEXT_MARK = re.compile(r"'\d")

_FORM = N_("does not have the form of a postal code of {country}, such as {example}")
_MISMATCH = N_("is not a postal code of {province}")
_PROVINCE = N_("is not a province of {country}")


class Address(Lasting):
    """An address; ``country`` ISO alpha-2, ``province`` its code, ``phone`` E.164.

    ``line1`` and ``city`` are required (``field.missing``), province and postal code where the
    country requires them; a country that is not given is ``Policy.country``.
    """

    client_id: int | None = None
    label: ShortLine = None
    attention: Line = None
    line1: Awaited = ""
    line2: Line = None
    city: Awaited = ""
    province: Value = None
    postal_code: ShortValue = None
    country: AwaitedValue = ""
    main: Off = False
    phone: ShortValue = None
    instructions: Lines = None

    @classmethod
    def build(cls, values: Mapping[str, Any], context: Context) -> Self:
        """As ``Entity.build``; a street of several lines is ``line1`` and ``line2``.

        ``mismatch`` among the values says that the place was accepted once as it is.
        """
        values, context = accepted(_in_two_lines(values), context)
        return super().build(values, context)

    def revise(self, changes: Mapping[str, Any], context: Context) -> Self:
        """As ``Entity.revise``; in another country the province is asked for again.

        A place that was accepted is not asked about again, however it is spelt.
        """
        changes, context = accepted(_in_two_lines(changes), context)
        if not changes.keys().isdisjoint(_PLACE) and self._is_place(changes):
            changes = {name: value for name, value in changes.items() if name not in _PLACE}
        if "country" in changes and "province" not in changes:
            changes = {"province": None, **changes}
        return super().revise(changes, context)

    def _is_place(self, changes: Mapping[str, Any]) -> bool:
        """Whether changes name the place that it has, which does not fit the rules."""
        if not is_mismatched(self.country, self.province, self.postal_code):
            return False
        said = {name: str(changes.get(name, getattr(self, name)) or "") for name in _PLACE}
        if country_code(said["country"] or self.country) != self.country:
            return False
        rules = country_rules(self.country)
        province = rules.province_code(said["province"]) or said["province"]
        postal_code = rules.postal_code(said["postal_code"])
        return (postal_code, province) == (self.postal_code, self.province or "")

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo[Any]) -> Self:
        context = context_of(info)
        # Straight into the fields: pydantic's attribute writes are slow, and this runs per row.
        fields = self.__dict__
        faults = Faults("Address")
        for required in ("line1", "city"):
            if not fields[required]:
                faults.add(required, missing())
        for street in ("line1", "line2"):
            if fields[street] and _TEXT_MARK.match(fields[street]):
                fields[street] = fields[street][1:]
        _settle_place(fields, context, faults)
        if faults:
            raise faults.error()
        if fields["phone"] and "phone" not in context.kept:
            fields["phone"] = read_phone("phone", fields["phone"], fields["country"], context)
        return self


def accepted(values: Mapping[str, Any], context: Context) -> tuple[Mapping[str, Any], Context]:
    """``values`` without ``mismatch``, and the context that follows from what it says."""
    if "mismatch" not in values:
        return values, context
    rest = {name: value for name, value in values.items() if name != "mismatch"}
    said = values["mismatch"]
    try:
        yes = said not in (None, "") and parse_bool(said)
    except PydanticCustomError as error:
        raise refused(error, "mismatch", context.place) from None
    return rest, context.accepting() if yes else context


def _in_two_lines(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """``values`` with what stands below the first line of the street in ``line2``."""
    street, below = values.get("line1") or "", values.get("line2") or ""
    if f"{street}{below}".isprintable():  # neither has a line end
        return values
    first, *rest = _lines(street) or [""]
    second = ", ".join(_lines(below))
    under = ", ".join(rest)
    if under and fold(under) != fold(second):  # a file may have it in both cells
        second = f"{under}, {second}" if second else under
    return {**values, "line1": first, "line2": second} if second else {**values, "line1": first}


def _lines(value: object) -> list[str]:
    return [line for part in str(value).splitlines() if (line := part.strip())]


def _settle_place(fields: dict[str, Any], context: Context, faults: Faults) -> None:
    if context.kept >= _PLACE:
        return
    country = country_code(fields["country"]) if fields["country"] else context.policy.country
    if country is None:
        faults.add("country", fault("address.country.unknown", N_("is not a known country")))
        return
    fields["country"] = country
    place = country_rules(country)
    postal = _settle_postal_code(fields, place, context, faults)
    province = _settle_province(fields, postal, place, context, faults)
    if postal and province and not place.fits_province(postal, province):
        message = msg(_MISMATCH, province=province)
        _doubt("address.postal_code.mismatch", message, country, context, faults)


def _settle_postal_code(
    fields: dict[str, Any], place: CountryRules, context: Context, faults: Faults
) -> str | None:
    """Store the postal code; return it if it has the country's form, so that it says something."""
    typed = fields["postal_code"]
    if not typed:
        if place.requires_postal:
            faults.add("postal_code", missing())
        return None
    postal = place.postal_code(typed)
    fields["postal_code"] = postal
    if place.fits_form(postal):
        return postal
    message = msg(_FORM, country=place.country, example=place.postal_example)
    _doubt("address.postal_code.format", message, place.country, context, faults)
    return None


def _doubt(code: str, message: Message, country: str, context: Context, faults: Faults) -> None:
    """Refuse the postal code in a strict country, unless allowed; warn elsewhere."""
    if country in context.policy.strict_countries and not context.policy.allow_mismatch:
        faults.add("postal_code", fault(code, message.msgid, **message.params))
    else:
        context.warn("postal_code", code, message)


def _settle_province(
    fields: dict[str, Any],
    postal: str | None,
    place: CountryRules,
    context: Context,
    faults: Faults,
) -> str | None:
    """Store the province's code; return it if it is one the country knows."""
    typed = fields["province"]
    if not typed:
        return _supply_province(fields, postal, place, context, faults)
    province = place.province_code(typed)
    if province is not None:
        fields["province"] = province
        return province
    # A country without a list (a British county, a French region) gives no ground for doubt.
    if place.provinces:
        if place.country in context.policy.strict_countries:
            error = fault("address.province.unknown", _PROVINCE, country=place.country)
            faults.add("province", error)
        else:
            message = msg(_PROVINCE, country=place.country)
            context.warn("province", "address.province.unknown", message)
    return None


def _supply_province(
    fields: dict[str, Any],
    postal: str | None,
    place: CountryRules,
    context: Context,
    faults: Faults,
) -> str | None:
    """Find a province that was not given: by the postal code, else the default one."""
    province = place.province_of(postal) if postal else None
    if province is not None:
        # Else it is the default.
        if (place.country, province) != (context.policy.country, context.policy.province):
            message = msg("province {province} found by the postal code", province=province)
            context.warn("province", "address.province.filled", message)
    elif _default_fits(fields, postal, place, context.policy):
        province = context.policy.province
    elif place.requires_province and not (fields["postal_code"] and faults.about("postal_code")):
        # A postal code that is right may well tell it.
        faults.add("province", missing())
    fields["province"] = province
    return province


def _default_fits(
    fields: dict[str, Any], postal: str | None, place: CountryRules, policy: Policy
) -> bool:
    """Whether the default province may stand: in the default country, no postal code against it."""
    if place.country != policy.country or policy.province not in place.provinces:
        return False
    return not fields["postal_code"] or (
        postal is not None and place.fits_province(postal, policy.province)
    )
