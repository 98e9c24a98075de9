"""The part of a remote where a person logs in and agrees, by RFC 6749 and 7636."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from tests.fakes.server import Call, Reply, route

LIFE = 600.0


class Login:
    """Codes for whoever agrees. ``person`` is what the person does: ``agrees`` or ``declines``;
    ``tells`` is what the answer has besides, ``forges`` what it has instead of the right parts.
    """

    client_id: ClassVar[str]
    scopes: ClassVar[str] = "com.intuit.quickbooks.accounting"
    person = "agrees"
    tells: Mapping[str, str] = {}
    forges: Mapping[str, str] = {}
    late = 0.0
    """So many seconds pass before the code is redeemed."""
    codes: dict[str, dict[str, Any]]
    now: Any
    violation: Any

    @route("GET", "/authorize")
    def _authorize(self, call: Call, match: re.Match[str]) -> Reply:
        asked = call.query
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            return Reply(400, {"error": "invalid_request"})
        if asked.get("scope") != self.scopes or len(asked.get("state", "")) < 20:
            self.violation(f"scope or state: {sorted(asked)}")
        answer = {"state": asked.get("state", "")}
        if self.person == "declines":
            answer["error"] = "access_denied"
        else:
            self.__dict__.setdefault("codes", {})
            code = f"code-{len(self.codes)}-0123456789"
            self.codes[code] = {
                "redirect_uri": asked["redirect_uri"],
                "challenge": asked.get("code_challenge"),
                "until": self.now() + LIFE,
            }
            answer |= {"code": code, **self.tells}
        address = f"{asked['redirect_uri']}?{urlencode({**answer, **self.forges})}"
        return Reply(302, None, {"Location": address})

    def redeemed(self, form: Mapping[str, str]) -> bool:
        """Whether a code is good: once, in time, for whoever asked for it."""
        known = self.__dict__.setdefault("codes", {}).pop(form.get("code", ""), None)
        if known is None or known["until"] <= self.now() + self.late:
            return False
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return form.get("redirect_uri") == known["redirect_uri"] and known["challenge"] in (
            None,
            proof,
        )
