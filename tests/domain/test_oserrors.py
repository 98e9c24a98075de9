"""What the operating system refuses is told in the user's language."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

import interop_cli
from interop_cli.domain.errors import why, why_not_written
from interop_cli.domain.messages import Message
from interop_cli.i18n import catalogue

PACKAGE = Path(interop_cli.__file__).parent


@pytest.mark.parametrize(
    "number",
    [errno.EACCES, errno.EEXIST, errno.EIO, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EROFS],
)
def test_a_known_reason_has_french(number: int) -> None:
    for reason in (why(OSError(number, "in English")), why_not_written(OSError(number, "x"))):
        assert isinstance(reason, Message)
        assert catalogue("fr").gettext(reason.msgid) != reason.msgid


def test_an_unknown_reason_is_as_the_system_says_it() -> None:
    assert why(OSError(9999, "odd")) == "odd"
    assert why(TimeoutError()) == "TimeoutError"


def test_nobody_else_shows_the_words_of_the_system() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"error\.strerror", path.read_text("utf-8"))
    }
    assert found == {str(Path("domain", "errors.py"))}
