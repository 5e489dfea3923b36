"""ICE-lite for one transport: answers checks, follows nominations, watches consent (RFC 8445 2.5 and 7.3, RFC 7675)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from sfu.ice import stun

DISCONNECTED_AFTER = 10.0
"""Seconds without a valid check on the selected pair (mediasoup's consent timeout, pion's disconnected timeout).
Browsers send one every 2.5 s (Chromium) or 4 to 6 s (Firefox; RFC 7675 section 5.1): lower cries wolf at a lost one."""

GONE_AFTER = 30.0
"""Seconds without a valid check before a transport is given up, connected or never (RFC 7675 section 5.1). Higher keeps
dead seats longer; lower ends meetings in tunnels and lifts."""

NOMINATION_HOLD = 1.0
"""Seconds for which a nomination defends its pair against one of lower priority. Firefox nominates every pair in one
burst and then uses the best: lower follows it to a wrong one. Chromium nominates only the one that it uses: higher
delays its switch."""

MAX_REMOTES = 8
"""Remote addresses of one transport (mediasoup's MaxTuples). A browser with Wi-Fi, mobile, VPN and relays uses six."""

_ROLE_CONFLICT = b"\x00\x00\x04\x57Role Conflict"
"""ERROR-CODE 487 (RFC 8445 section 7.3.1.1)."""


class State(Enum):
    """Where a transport's connectivity stands."""

    WAITING = "waiting"
    """No valid check yet."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    """No consent for `DISCONNECTED_AFTER`; a valid check brings it back."""
    EXPIRED = "expired"
    """No consent for `GONE_AFTER`: final."""
    NEVER_CONNECTED = "never_connected"
    """No valid check for `GONE_AFTER` since the start: final."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One side's ICE user fragment and password (RFC 8445 section 5.3)."""

    ufrag: str
    pwd: str


@dataclass(slots=True)
class _Generation:
    """One ICE session: restarts begin another (RFC 8445 section 9)."""

    local: Credentials
    remote: Credentials | None = None


@dataclass(slots=True)
class _Remote:
    """One remote address that passed a check."""

    generation: _Generation
    priority: int
    heard: float
    """When its last valid check arrived."""
    nominated: float = -inf
    """When its last check with USE-CANDIDATE arrived."""


class LiteAgent:
    """The ICE side of one transport. After each call compare `state`, `selected`, `addresses` with what they were."""

    __slots__ = ("_generations", "_remotes", "_started", "selected", "state")

    def __init__(self, local: Credentials, *, now: float) -> None:
        self.state = State.WAITING
        self.selected: stun.Address | None = None
        """Where to send: the remote address of the pair in use, None before the first valid check."""
        self._started = now
        self._generations = [_Generation(local)]
        """The one in use and, during a restart, the new one behind it."""
        self._remotes: dict[stun.Address, _Remote] = {}

    @property
    def local(self) -> Credentials:
        """The newest local credentials: those to put into an SDP."""
        return self._generations[-1].local

    @property
    def ufrags(self) -> list[str]:
        """Local ufrags that are still answered (one, or two during a restart): for the demultiplexer."""
        return [generation.local.ufrag for generation in self._generations]

    @property
    def addresses(self) -> list[stun.Address]:
        """Remote addresses that passed a check, at most `MAX_REMOTES`: for the demultiplexer."""
        return list(self._remotes)

    def hears(self, address: stun.Address, *, now: float) -> bool:
        """Whether a valid check came from there within `DISCONNECTED_AFTER`."""
        remote = self._remotes.get(address)
        return remote is not None and now < remote.heard + DISCONNECTED_AFTER

    def set_remote(self, remote: Credentials) -> None:
        """Give the newest generation its remote half: checks that name another remote ufrag are no longer answered.

        Checks may come before it, since a browser starts them while its answer is still on its way.
        """
        self._generations[-1].remote = remote

    def restart(self, local: Credentials) -> None:
        """Begin an ICE restart: the old generation stays valid until a pair of the new one is nominated."""
        self._generations[1:] = [_Generation(local)]

    def receive(self, message: stun.Message, address: stun.Address, *, now: float) -> bytes | None:
        """Take one STUN message; return what to send back to `address`, or None for silence. Never raises.

        Whoever does not prove that they know our password hears nothing, nor does a request that is smaller than its
        answer, so that nobody can turn the server's replies on a third address.
        """
        if message.message_type != stun.BINDING_REQUEST or self.state in _FINAL:
            return None
        generation = self._generation(message)
        priority = message.priority
        if generation is None or priority is None or not message.integrity_is_valid(generation.local.pwd):
            return None
        if stun.ICE_CONTROLLED in message.attributes:  # a lite agent never takes the controlling role
            return _answer(message, stun.BINDING_ERROR, stun.ERROR_CODE, _ROLE_CONFLICT, generation)
        remote = self._remotes.get(address)
        if remote is None or remote.generation is not generation:
            remote = self._remember(address, _Remote(generation, priority, now))
        remote.heard = now
        remote.priority = priority
        if message.use_candidate:
            remote.nominated = now
            if self._prefers(address, remote, now=now):
                self._select(address)
        elif self.selected is None or self.state is State.DISCONNECTED:
            # Chromium sends its first three checks without waiting for an answer, and the fourth, the first that can
            # nominate, up to 0.9 s later (libwebrtc, p2p_constants.cc): over a round trip of 100 ms the first voice
            # would come that much later. Any nomination takes over from a pair that has none.
            self._select(address)
        if address == self.selected:
            self.state = State.CONNECTED
        value = stun.xor_address(address, message.transaction_id)
        return _answer(message, stun.BINDING_SUCCESS, stun.XOR_MAPPED_ADDRESS, value, generation)

    def spoken_on(self, address: stun.Address) -> None:
        """Note that DTLS came from there. Browsers send it along a pair that works both ways: until one is nominated,
        it is the one to use.
        """
        remote = self._remotes.get(address)
        if remote is None or self.selected is None or self.state is not State.CONNECTED:
            return
        current = self._remotes[self.selected]
        if current.nominated == -inf and remote.generation is current.generation:
            self.selected = address

    def next_deadline(self) -> float | None:
        """When `handle_timer` wants to be called; None in a final state."""
        if self.state in _FINAL:
            return None
        if self.selected is None:
            return self._started + GONE_AFTER
        heard = self._remotes[self.selected].heard
        return heard + (GONE_AFTER if self.state is State.DISCONNECTED else DISCONNECTED_AFTER)

    def handle_timer(self, *, now: float) -> None:
        """Let time pass: a selected pair that fell silent gives way to another that is being checked, or consent ends.

        Nominated or not: after a NAT gave Firefox another port, its consent checks come from there and nominate none.
        """
        if self.state in _FINAL:
            return
        if self.selected is None:
            if now >= self._started + GONE_AFTER:
                self.state = State.NEVER_CONNECTED
            return
        heard = self._remotes[self.selected].heard
        if now < heard + DISCONNECTED_AFTER:
            return
        alive = [
            (remote.nominated > -inf, remote.priority, address)
            for address, remote in self._remotes.items()
            if self.hears(address, now=now)
        ]
        if alive:
            self._select(max(alive)[2])
        else:
            self.state = State.DISCONNECTED if now < heard + GONE_AFTER else State.EXPIRED

    def _generation(self, message: stun.Message) -> _Generation | None:
        """Return the generation that a request's USERNAME names on both sides."""
        ufrags = message.ufrags
        if ufrags is not None:
            for generation in self._generations:
                if generation.local.ufrag == ufrags[0]:
                    known = generation.remote
                    return generation if known is None or known.ufrag == ufrags[1] else None
        return None

    def _remember(self, address: stun.Address, remote: _Remote) -> _Remote:
        """Add an address; when full, the one that was silent longest goes, never the selected one."""
        if address not in self._remotes and len(self._remotes) == MAX_REMOTES:
            others = [(other.heard, key) for key, other in self._remotes.items() if key != self.selected]
            del self._remotes[min(others)[1]]
        self._remotes[address] = remote
        return remote

    def _prefers(self, address: stun.Address, remote: _Remote, *, now: float) -> bool:
        """Whether a nomination that arrived now moves the transport to its address."""
        if self.selected is None or address == self.selected:
            return True
        current = self._remotes[self.selected]
        if remote.generation is not current.generation:
            return remote.generation is self._generations[-1]
        return remote.priority > current.priority or now >= current.nominated + NOMINATION_HOLD

    def _select(self, address: stun.Address) -> None:
        """Use this address; the generation before its own ends."""
        self.selected = address
        self.state = State.CONNECTED
        generation = self._remotes[address].generation
        if generation is self._generations[-1] and len(self._generations) > 1:
            self._generations = [generation]
            self._remotes = {key: other for key, other in self._remotes.items() if other.generation is generation}


_FINAL = (State.EXPIRED, State.NEVER_CONNECTED)


def _answer(
    request: stun.Message, message_type: int, attribute: int, value: bytes, generation: _Generation
) -> bytes | None:
    answer = stun.build(message_type, request.transaction_id, [(attribute, value)], generation.local.pwd)
    return answer if len(answer) <= len(request.raw) else None
