"""Passwords for a TURN server that shares a secret with us (draft-uberti-behave-turn-rest-00; in coturn
`use-auth-secret`).

The TURN server checks them without asking us: user name and password say themselves until when they hold.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from signaling.messages import IceServer

CREDENTIAL_SECONDS = 24 * 3600
"""How long a password holds: a browser asks for it again with each allocation and each refresh, and a meeting may go on
without a new `joined`. Longer lets somebody who was in one meeting use the relay for longer, shorter cuts long ones."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The TURN server of this installation."""

    urls: Sequence[str]
    """``turn:`` and ``turns:`` (RFC 7065); all of one server, with one secret."""
    secret: str = field(repr=False)

    def ice_servers(self, user: str, *, now: float) -> list[IceServer]:
        """What one browser is told. `user` is a random id that means nothing elsewhere: the relay logs it."""
        username = f"{int(now) + CREDENTIAL_SECONDS}:{user}"
        # SHA-1 is what the draft and coturn have; HMAC does not suffer from its collisions (RFC 6151, section 2.3).
        digest = hmac.digest(self.secret.encode(), username.encode(), "sha1")
        return [IceServer(list(self.urls), username, base64.b64encode(digest).decode())]
