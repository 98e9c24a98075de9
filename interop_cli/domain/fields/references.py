"""The fields of a file that name the client a row is of."""

from __future__ import annotations

BY = {
    "client.uid": "uid",
    "client": "code",
    "client.external_id": "external_id",
    "client.email": "email",
    "client.name": "name",
}
"""In the order in which they are asked, and what of a client each holds."""
