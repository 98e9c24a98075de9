"""Files inside a row of a file: attachments and logos, as base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.messages import Message, msg
from interop_cli.domain.note import attachment_name
from interop_cli.domain.rules import Rules

if TYPE_CHECKING:
    from interop_cli.store.writing.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class File:
    """A file of a note: the name to show, and its content."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """What the content is known by."""
        return hashlib.sha256(self.content).hexdigest()


def attached_files(value: Any, path: str, rules: Rules) -> list[File]:
    """The attachments of a note in a file; those without ``content`` are only named, and skipped.

    Raises InvalidData where they are no list of objects, or hold no base64.
    """
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            value = False
    if not value and value is not False:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _fault("field.list_type", f"{path}attachments", msg("is not a list"), rules)
    found = []
    for number, item in enumerate(value):
        if item.get("content") is not None:
            place = f"{path}attachments.{number}.content"
            content = decoded(item["content"], place, rules)
            if len(content) > rules.max_attachment:
                raise _fault("input.too_large", place, msg("is too large"), rules)
            found.append(File(attachment_name(str(item.get("name") or "")), content))
    return found


def missing_files(files: Sequence[File], there: Collection[tuple[str, str]]) -> list[File]:
    """Those of ``files`` that are not there already, by name and content."""
    return [file for file in files if (file.name, file.sha256) not in there]


def decoded(value: Any, path: str, rules: Rules) -> bytes:
    """The bytes of base64 text, or of a ``data:`` address that holds it."""
    text = str(value)
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _fault("import.base64", path, msg("is not base64"), rules) from None


def logo_blob(uow: UnitOfWork, value: Any, rules: Rules) -> str | None:
    """The blob of a logo in a file (base64 or a ``data:`` address); None where there is none.

    What a card says of a logo, without its content, is passed over.
    """
    from interop_cli.domain.values.logo import check_logo

    if isinstance(value, dict):
        value = value.get("content")
    if value in (None, ""):
        return None
    content = decoded(value, "logo", rules)
    check_logo(content)
    return uow.blobs.add(content)


def _fault(code: str, path: str, reason: Message, rules: Rules) -> InvalidData:
    detail = Detail(path, code, reason, rules.line, rules.key)
    return InvalidData(code, reason, details=[detail])
