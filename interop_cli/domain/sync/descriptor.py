"""What a remote system asks of a record's fields: the descriptor each connector has.

It drives the accounting fields of ``client create`` and ``edit``, ``sync fields``, and what a plan
blocks before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache

from interop_cli.domain.fields.field import Fields, Kind
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.sync.payload import Value


class Need(StrEnum):
    """Whether the remote system takes a field."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    UNSUPPORTED = "unsupported"


class Policy(StrEnum):
    """Whose value stands where both sides changed a field since the last push.

    ``ASK``: a person decides (``sync resolve``), so that nobody's work is lost. ``OURS``: interop
    alone decides, as for the code. ``THEIRS``: what they changed stays. ``CREATE_ONLY``: it is sent
    with a new record and is theirs from then on. Fields that belong to the remote (balance, credit
    hold) are never in a payload at all.
    """

    ASK = "ask"
    OURS = "ours"
    THEIRS = "theirs"
    CREATE_ONLY = "create-only"


class Unique(StrEnum):
    """Among which records there nobody else may have a value."""

    ALL = "all"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class RemoteField:
    """One field of ours and its place in the remote system.

    ``name`` is ours (``postal_code``; ``accounting.terms_id`` for a field that only this system
    knows), ``remote`` theirs, as a path (``BillAddr.PostalCode``), empty where unsupported.
    ``max_length`` counts characters; ``pattern`` must match the whole value; ``choices`` bounds
    it, and ``choices_from`` says where the remote keeps them. ``usual`` fields are sent unless the
    target's settings say otherwise. ``refers_to`` names the entity whose remote id the value is.
    ``unique``: no two records there may share a value (capitals make no difference).
    """

    name: str
    remote: str
    need: Need = Need.OPTIONAL
    max_length: int | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    choices_from: str | None = None
    policy: Policy = Policy.ASK
    usual: bool = True
    refers_to: str | None = None
    unique: Unique | None = None

    @property
    def required(self) -> bool:
        """Whether a record without it is not taken."""
        return self.need is Need.REQUIRED

    @property
    def limited(self) -> bool:
        """Whether there are values that it does not take."""
        return self.max_length is not None or bool(self.choices) or self.pattern is not None

    def problem(self, value: Value) -> Problem | None:
        """What keeps a value from being sent in this field."""
        return _problem(self, value)


def others(
    fields: Fields, named: Sequence[RemoteField], *, but: Collection[str] = ()
) -> tuple[RemoteField, ...]:
    """``named``, and after them our other fields, ``but`` for these.

    A target may give each of those a place of its own choice.
    """
    known = {field.name for field in named} | {"id", *but}
    rest = (
        field.name
        for field in fields
        if field.synced and not field.internal and field.kind is not Kind.NAMED
    )
    return (
        *named,
        *(
            RemoteField(name, "", Need.UNSUPPORTED, usual=False)
            for name in rest
            if name not in known
        ),
    )


def constant(theirs: str) -> str:
    """The name of a field that has the same value in each new record."""
    return f"constant.{theirs}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a payload cannot be sent: which field of ours, a stable code, a sentence."""

    field: str
    code: str
    message: Message


@dataclass(frozen=True)
class Descriptor:
    """The fields of one entity (``client``, ``contact``, ``invoice``) as one target takes them."""

    entity: str
    fields: tuple[RemoteField, ...]
    key: str | None = None
    """The field the remote finds the record by: changing it is a rename, done alone."""
    check: Callable[[Mapping[str, Value]], list[Problem]] | None = field(
        default=None, compare=False
    )
    """Rules about several fields at once, where the remote has some."""
    known_by_key: bool = False
    """Whether the remote has no other id than the key: two records of ours cannot have the same."""
    once: bool = False
    """Whether a record that is there changes no more, as an invoice does not: of it only ``active``
    is still sent. Such a record is not matched by ``sync link``: a push finds its own by the key.
    """

    def named(self, name: str) -> RemoteField | None:
        """The field of ours called ``name``."""
        return self._by_name.get(name)

    def at(self, remote: str) -> RemoteField | None:
        """The field that the remote calls ``remote``."""
        return next((one for one in self.fields if one.remote == remote), None)

    def sent(self) -> tuple[RemoteField, ...]:
        """The fields that go into a payload."""
        return self._sent

    def placed(self) -> tuple[RemoteField, ...]:
        """The fields that have a place there, whether they are sent or not."""
        return tuple(one for one in self.fields if one.remote)

    @cached_property
    def _by_name(self) -> dict[str, RemoteField]:
        return {one.name: one for one in reversed(self.fields)}

    @cached_property
    def places(self) -> Mapping[str, str]:
        """The places of the fields that have one there: ours -> theirs."""
        return {name: one.remote for name, one in self._by_name.items() if one.remote}

    @cached_property
    def referring(self) -> tuple[RemoteField, ...]:
        """The fields of a payload that mean another record there."""
        return tuple(one for one in self._sent if one.refers_to is not None)

    @cached_property
    def _ruled(self) -> tuple[RemoteField, ...]:
        """The fields of a payload that do not take any value."""
        return tuple(one for one in self._sent if one.required or one.limited)

    @cached_property
    def _sent(self) -> tuple[RemoteField, ...]:
        return tuple(one for one in self.fields if one.usual and one.need is not Need.UNSUPPORTED)

    def narrowed(self, chosen: Mapping[str, str]) -> Descriptor:
        """This descriptor sending exactly ``chosen`` (ours -> theirs) and what is required.

        A name that the descriptor does not know becomes an optional field of its own.
        """
        fields = [
            replace(
                one,
                remote=chosen.get(one.name) or one.remote,
                usual=one.name in chosen or one.need is Need.REQUIRED,
                need=Need.OPTIONAL
                if one.need is Need.UNSUPPORTED and chosen.get(one.name)
                else one.need,
            )
            for one in self.fields
        ]
        known = {one.name for one in fields}
        fields += [
            RemoteField(name, remote)
            for name, remote in chosen.items()
            if name not in known and not name.startswith(constant(""))  # those are no choice
        ]
        return replace(self, fields=tuple(fields))

    def with_constants(self, values: Mapping[str, str]) -> Descriptor:
        """This descriptor with places there that get one value in each new record."""
        more = (
            RemoteField(constant(theirs), theirs, choices=(value,), policy=Policy.CREATE_ONLY)
            for theirs, value in values.items()
        )
        return replace(self, fields=(*self.fields, *more))

    def telling_apart(self, places: Collection[str]) -> Descriptor:
        """This descriptor with places there in which no two records may have the same."""
        if not places:
            return self
        fields = (
            replace(one, unique=one.unique or Unique.ALL) if one.remote in places else one
            for one in self.fields
        )
        return replace(self, fields=tuple(fields))

    def deciding(self, policies: Mapping[str, str]) -> Descriptor:
        """This descriptor with other policies for some fields: ours -> policy."""
        fields = (
            replace(one, policy=Policy(policies[one.name])) if one.name in policies else one
            for one in self.fields
        )
        return replace(self, fields=tuple(fields))

    def problems(self, payload: Mapping[str, Value]) -> list[Problem]:
        """Everything that keeps ``payload`` from being sent; nothing is ever cut to fit."""
        found = [
            problem
            for one in self._ruled
            if (problem := _problem(one, payload.get(one.name))) is not None
        ]
        return found + (self.check(payload) if self.check else [])


_compiled = lru_cache(re.compile)
"""What matches a pattern; ``re`` takes as long to find it again as to match."""


def _problem(one: RemoteField, value: Value) -> Problem | None:
    if value is None or value == "":
        if one.need is Need.REQUIRED:
            return Problem(one.name, "sync.field.missing", msg("is required by this system"))
        return None
    text = str(value)
    if one.max_length is not None and len(text) > one.max_length:
        return Problem(
            one.name,
            "sync.field.too_long",
            msg(
                "has {length} characters; this system takes {max}",
                length=len(text),
                max=one.max_length,
            ),
        )
    if one.choices and text not in one.choices:
        return Problem(
            one.name,
            "sync.field.choice",
            msg("must be one of {choices}", choices=", ".join(one.choices)),
        )
    if one.pattern and not _compiled(one.pattern).fullmatch(text):
        return Problem(
            one.name, "sync.field.pattern", msg("does not have the form this system takes")
        )
    return None
