"""ICE-lite for one transport: answers checks, follows nominations, watches consent (RFC 8445 sections 2.5 and 7.3, RFC 7675)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sfu.ice import stun


class State(Enum):
    """Where a transport's connectivity stands."""

    WAITING = "waiting"
    """Nothing nominated yet."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """No consent for `DISCONNECTED_AFTER`; a valid check brings it back."""
    EXPIRED = "expired"
    """No consent for `GONE_AFTER`: final."""
    NEVER_CONNECTED = "never_connected"
    """Nothing nominated for `GONE_AFTER` since the start: final."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One side's ICE user fragment and password (RFC 8445 section 5.3)."""

    ufrag: str
    pwd: str


class LiteAgent:
    """The ICE side of one transport. After each call compare `state` and `selected` with what they were."""

    def __init__(self, local: Credentials, *, now: float) -> None:
        self.state = State.WAITING
        self.selected: stun.Address | None = None
        """Where to send: the address of the nominated pair, None before the first nomination."""

    @property
    def local(self) -> Credentials:
        """The newest local credentials: those to put into an SDP."""
        raise NotImplementedError

    @property
    def ufrags(self) -> list[str]:
        """Local ufrags of the generations that are still answered (one, or two during a restart): for the demultiplexer."""
        raise NotImplementedError

    @property
    def addresses(self) -> list[stun.Address]:
        """Remote addresses that passed a check, at most `MAX_REMOTES`: for the demultiplexer."""
        raise NotImplementedError

    def set_remote(self, remote: Credentials) -> None:
        """Give the newest generation its remote half; checks with another remote ufrag are no longer answered."""
        raise NotImplementedError

    def restart(self, local: Credentials) -> None:
        """Begin an ICE restart. The old generation stays valid until a pair of the new one is nominated."""
        raise NotImplementedError

    def receive(self, message: stun.Message, address: stun.Address, *, now: float) -> bytes | None:
        """Take one STUN message; return the answer to send to `address`, or None for silence. Never raises."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """When `handle_timer` wants to be called; None in a final state."""
        raise NotImplementedError

    def handle_timer(self, *, now: float) -> None:
        """Let time pass: consent, and pairs whose remote fell silent."""
        raise NotImplementedError
