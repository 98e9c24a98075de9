"""An index for the latest documents of all clients: their list begins without sorting them."""

from __future__ import annotations

SCRIPT = "CREATE INDEX document_date ON document (date, id)"
