"""One transport's sans-IO machine: whether ICE and DTLS are through, and what signaling is told of it.

`Publisher` and `Subscriber` say what happens to media on it. Nothing here knows sockets, tasks or clocks: datagrams and
``now`` come in, packets leave by the channel, reports to signaling gather in ``events``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from typing import Literal

from sfu.control import Event, TransportClosed, TransportConnected, TransportDisconnected
from sfu.forwarding.channel import Channel
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials, LiteAgent, State
from sfu.ice.stun import Address, Message
from sfu.native.reception import Inlet
from sfu.refusals import Refusal, Refusals
from sfu.rtp import rtcp
from sfu.rtp.errors import ParseError
from sfu.rtp.rtcp import Packet

SECURE_WITHIN = 30.0
"""Seconds from the first checked pair to the end of the DTLS handshake. A browser that keeps up consent and never
speaks DTLS would otherwise hold its place for ever."""

REPORT_INTERVAL = 1.0
"""Seconds between RTCP reports. RFC 3550 section 6.2 allows more at these rates; browsers send one a second too."""

MAX_RTCP_SENDERS = 256
"""SSRCs from which a transport takes RTCP beyond those of its tracks: libsrtp keeps under 1 kB for each. Chromium uses
one or two for each connection, Firefox one for each m-line that only receives, of which 30 people make 58: lower leaves
those m-lines without NACK and PLI."""


MAX_RTCP_BYTES = 100_000
"""Bytes of RTCP that one transport has read in `REPORT_INTERVAL`. A browser sends 31 kB/s of transport-wide feedback at
most (5 % of 5 Mbit/s) and some NACKs; the worst to read, feedback full of numbers, takes 0.6 µs a byte, so that nobody
takes more than 6 % of a core by it. Lower loses reports of large meetings, higher lets a member slow others down."""


NOW = float("-inf")
"""As a deadline: at the next occasion."""

EARLY = 1e-6
"""Seconds by which `Peer.due` comes before what it stands for: a sum that was rounded up must not be a whole turn of
the caller's timer late. Looking too early costs a second look."""


def _nobody() -> None:
    """Nobody waits for a word."""


class Peer(ABC):
    """What publishers and subscribers have in common."""

    def __init__(
        self,
        transport: str,
        router: Router,
        channel: Channel,
        local: Credentials,
        *,
        report_ssrc: int,
        now: float,
    ) -> None:
        """Prepare a transport whose ICE credentials are ``local`` and whose own RTCP comes from ``report_ssrc``."""
        self.transport = transport
        self.router = router
        self.channel = channel
        self.agent = LiteAgent(local, now=now)
        self.report_ssrc = report_ssrc
        self.events: list[Event] = []
        """What signaling is to be told; whoever reads it empties it."""
        self.refusals = Refusals(self.wake)
        self.up = False
        """ICE and DTLS are through, and consent is fresh: media may flow."""
        self.closed = False
        self.due = NOW
        """Seconds: before that, `handle_timer` has nothing to do. Whatever happens meanwhile may set it to `NOW`."""
        self.hurry: Callable[[], None] = _nobody
        """Called when `due` becomes `NOW`."""
        self._secure = False
        self._check_feedback: Callable[[bytes], bool] | None = None
        """For `rtcp.parse`."""
        self._paired_at: float | None = None
        self._rtcp_senders: set[int] = set()
        self._rtcp_bytes = 0
        self._rtcp_until = now

    def connect(self, remote: Credentials) -> None:
        """Take the browser's ICE credentials."""
        self.agent.set_remote(remote)

    def restart_ice(self, local: Credentials) -> None:
        """Begin an ICE restart; DTLS and SRTP stay."""
        self.agent.restart(local)

    def receive_stun(self, message: Message, address: Address, *, now: float) -> bytes | None:
        """Take a STUN message; return the answer, or None for silence."""
        generations = len(self.agent.ufrags)
        answer = self.agent.receive(message, address, now=now)
        if len(self.agent.ufrags) < generations and self.up:  # a restart is through
            self.events.append(TransportConnected(self.transport))
            self._moved(now)
        self._follow(now)
        return answer

    def secured(self, *, now: float) -> None:
        """Learn that the DTLS handshake is through and the channel can protect packets."""
        self._secure = True
        self._follow(now)

    def end(self, reason: Literal["consent_expired", "dtls_failed", "dtls_closed", "never_connected"]) -> None:
        """End the transport from within, and tell signaling."""
        if not self.closed:
            self.close()
            self.events.append(TransportClosed(self.transport, reason))

    def close(self) -> None:
        """End the transport with everything on it."""
        self.closed = True
        self.up = False

    def wake(self) -> None:
        """Have the timer look at the next occasion, whatever it said before."""
        if self.due != NOW:
            self.due = NOW
            self.hurry()

    def handle_timer(self, *, now: float) -> None:
        """Let time pass. To be called every 10 to 20 ms from `due` on; sooner it changes nothing."""
        self._look(now)
        self.due = min(self._next_deadline(), self._next()) - EARLY if self.up else self._next_deadline() - EARLY

    def _look(self, now: float) -> None:
        """Do what is due."""
        deadline = self.agent.next_deadline()
        if deadline is not None and deadline <= now:
            self.agent.handle_timer(now=now)
            self._follow(now)
        if self._paired_at is not None and not self._secure and now - self._paired_at > SECURE_WITHIN:
            self.end("dtls_failed")

    def _next_deadline(self) -> float:
        """Return when consent or DTLS is to be looked at."""
        deadline = self.agent.next_deadline()
        at = inf if deadline is None else deadline
        if self._paired_at is not None and not self._secure:
            at = min(at, self._paired_at + SECURE_WITHIN)
        return at

    @abstractmethod
    def _next(self) -> float:
        """Return when something is due while media flows; `NOW` while something waits for the next call."""

    inlet: Inlet | None = None
    """By which the compiled twin takes packets of media, where there is one."""

    def finish(self, verdict: int, length: int, *, now: float) -> None:
        """Do with the packet in the channel's incoming buffer what ``inlet`` has left to do, as it says."""
        self.receive_rtp(length, now=now)

    @abstractmethod
    def receive_rtp(self, length: int, *, now: float) -> None:
        """Take the RTP packet in the channel's incoming buffer."""

    def receive_rtcp(self, length: int, *, now: float) -> None:
        """Take the RTCP packet in the channel's incoming buffer."""
        buffer = self.channel.incoming
        sender = int.from_bytes(buffer[4:8], "big")
        known = sender in self._rtcp_senders or self._owns(sender)
        if not known and len(self._rtcp_senders) >= MAX_RTCP_SENDERS:
            self.refusals.add(Refusal.TOO_MANY_SENDERS)
            return
        length = self.channel.unprotect_rtcp(length)
        if length < 0:
            self.refusals.add(Refusal.UNAUTHENTIC)
            return
        if not known:
            self._rtcp_senders.add(sender)
        if now >= self._rtcp_until:
            self._rtcp_until = now + REPORT_INTERVAL
            self._rtcp_bytes = 0
        self._rtcp_bytes += length
        if self._rtcp_bytes > MAX_RTCP_BYTES:
            self.refusals.add(Refusal.TOO_MUCH_RTCP)
            return
        try:
            packets = rtcp.parse(buffer[:length], check=self._check_feedback)
        except ParseError:
            self.refusals.add(Refusal.MALFORMED)
            return
        for packet in packets:
            self._receive_report(packet, now)

    @abstractmethod
    def _owns(self, ssrc: int) -> bool:
        """Whether a track of this transport is received under the SSRC."""

    @abstractmethod
    def _receive_report(self, packet: Packet, now: float) -> None:
        """Take one packet of the browser's RTCP."""

    def _flow(self, now: float) -> None:  # noqa: B027 - a publisher has nothing to do here
        """Do what is due when media may flow (again)."""

    def _moved(self, now: float) -> None:  # noqa: B027 - as above
        """Do what is due when media may flow on along another path."""

    def _stop(self) -> None:  # noqa: B027 - as above
        """Do what is due when media must not flow any more."""

    def _follow(self, now: float) -> None:
        """Draw the conclusions from the agent's state."""
        self.wake()
        state = self.agent.state
        if state is State.CONNECTED and self._paired_at is None:
            self._paired_at = now
        up = self._secure and state is State.CONNECTED
        if up and not self.up and not self.closed:
            self.up = True
            self.events.append(TransportConnected(self.transport))
            self._flow(now)
        elif self.up and not up:
            self.up = False
            self._stop()
            self.events.append(TransportDisconnected(self.transport))
        if state is State.EXPIRED:
            self.end("consent_expired")
        elif state is State.NEVER_CONNECTED:
            self.end("never_connected")
