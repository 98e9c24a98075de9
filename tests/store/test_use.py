"""What keeps something from being deleted has a name that people read."""

from __future__ import annotations

from interop_cli.domain.values.closed_lists import KIND_NAMES, KIND_TITLE, KIND_TITLES, USER_TITLES
from interop_cli.store.reading import used_by


def test_every_kind_of_user_has_a_title() -> None:
    asked = {kind for users in used_by.USERS.values() for kind, _sql in users}
    assert asked == set(USER_TITLES)
    assert set(KIND_NAMES) == set(KIND_TITLE) == set(KIND_TITLES)
