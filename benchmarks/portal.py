"""A fake portal in a process of its own: ``python -m benchmarks.portal [MILLISECONDS]``.

It prints its address, and tells at ``/stats`` how many calls it has had and how long it took over
them. With MILLISECONDS it thinks that long about every call, as a server far away does.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from tests.fakes.hubspot import FakeHubSpot
from tests.fakes.server import Call, Reply, route


class Portal(FakeHubSpot):
    """The fake of the tests, which can be asked how it fares."""

    think = 0.0
    held_to_contract = False

    def allowed(self, call: Call) -> Reply | None:
        return None if call.path == "/stats" else super().allowed(call)

    @route("GET", "/stats")
    def stats(self, call: Call, match: Any) -> Reply:
        """Calls and seconds so far."""
        calls = [one for one in self.calls if one.path != "/stats"]
        return Reply(200, {"calls": len(calls), "seconds": self.answering_seconds})

    def answer(self, call: Call) -> Reply:
        if self.think and call.path != "/stats":
            time.sleep(self.think)
        return super().answer(call)


def main() -> None:
    """Serve until the process is ended."""
    Portal.think = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    with Portal() as portal:
        print(portal.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
