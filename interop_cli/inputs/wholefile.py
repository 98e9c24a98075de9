"""A file taken as it is, whole and with a limit: an attachment, a logo."""

from __future__ import annotations

from interop_cli.domain.errors import Detail, InvalidData
from interop_cli.domain.messages import msg
from interop_cli.inputs.source import open_source


def read_whole(name: str, *, limit: int) -> bytes:
    """The content of the regular file ``name``, of ``limit`` bytes at most.

    Links are not followed and nothing is waited for. Raises what ``open_source`` does, and
    ``InvalidData`` (``input.too_large``).
    """
    with open_source(name, None, follow=False) as source:
        content = b""
        if source.size <= limit:
            with source.binary() as stream:
                content = stream.read(limit + 1)  # it may grow while it is read
        if max(source.size, len(content)) > limit:
            reason = msg("is larger than {limit} MB", limit=limit // 1_000_000)
            raise InvalidData(
                "input.too_large",
                msg("{file} is larger than {limit} MB.", file=name, limit=limit // 1_000_000),
                details=[Detail("file", "input.too_large", reason)],
            )
    return content
