"""Sources out of bytes, and the small chunks that bring out what happens at their borders."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from interop_cli.inputs import lines, reading
from interop_cli.inputs.source import Source


def source_of(data: bytes | str, name: str = "input") -> Source:
    """A source of ``data``."""
    data = data.encode() if isinstance(data, str) else data
    return Source(name, io.BytesIO(data), len(data))


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Read ``size`` bytes at a time."""
    with patch.object(lines, "_CHUNK", size), patch.object(reading, "_PIECE", size):
        yield
