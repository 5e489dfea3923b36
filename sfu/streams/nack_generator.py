"""Which packets to ask for again: generic NACK towards the publisher (RFC 4585 section 6.2.1)."""

from __future__ import annotations

from sfu.native.numbers import SourceNumbers

FIRST_DELAY = 0.015
"""Seconds before a missing packet is first asked for, unless `REORDERING` later packets come earlier (Galene,
rtpreader.go: 20 ms or 2 packets). Lower asks for what was only overtaken, higher delays every repair."""

REORDERING = 2
"""Later packets that make a missing one lost rather than overtaken."""

MIN_REPEAT = 0.02
"""Seconds between two requests for one packet at least (LiveKit's minimum)."""

REPEAT = 0.5
"""Round trips between two requests for one packet. Browsers send it again once in a round trip and 5 ms, however often
they are asked (libwebrtc, rtp_packet_history.cc): asked for after a whole round trip, the answer to the second request
waits for the third. Less costs requests of 4 bytes, more costs the receivers' time where packets are lost twice."""

ANSWERED = 0.75
"""Round trips after its first request from which on a packet counts as the answer; what comes sooner was overtaken.
More takes answers for stragglers where the round trip is measured too long, less takes jitter for loss."""

DEFAULT_RTT = 0.1
"""Seconds, where none has been measured (mediasoup, NackGenerator.cpp)."""

MAX_TRIES = 16
"""Requests for one packet, two in each round trip. At 10 % loss one packet in a thousand is lost three times, and one
that is never repaired costs a key frame: fewer give up at round trips below 0.12 s before `LIFETIME` does."""

LIFETIME = 1.0
"""Seconds after which nobody waits for a packet any more: subscribers' jitter buffers have given up by then."""

MAX_MISSING = 500
"""Packets missing at once: beyond that (about 3 s of video) a key frame costs less than repairing."""


MAX_ASKED = 256
"""Numbers asked for at once: each costs at most four bytes, which keeps the packet under 1200. The rest waits."""


class _Gap:
    """One missing packet."""

    __slots__ = ("answered_from", "count", "due", "found", "tries")

    def __init__(self, found: float, count: int) -> None:
        self.found = found
        self.count = count
        """How many packets had arrived once this one had been overtaken `REORDERING` times."""
        self.due = found + FIRST_DELAY
        self.tries = 0
        self.answered_from = found


class NackGenerator:
    """Gaps of one incoming stream, told by its unwrapped sequence numbers. What stays lost needs a key frame."""

    __slots__ = ("_missing", "_needs_key_frame", "_numbers", "repaired")

    def __init__(self, numbers: SourceNumbers | None = None) -> None:
        """``numbers`` is where it counts: what comes in order the compiled twin counts there too."""
        self._numbers = numbers or SourceNumbers()
        self._missing: dict[int, _Gap] = {}
        self._needs_key_frame = False
        self.repaired = 0
        """Packets that came because they had been asked for."""

    def receive(self, sequence: int, *, now: float) -> None:
        """Take one packet that arrived, first-hand or by retransmission."""
        numbers = self._numbers
        highest = numbers.asked_highest
        numbers.arrived += 1
        if sequence == highest + 1 or highest < 0:
            numbers.asked_highest = sequence
        elif sequence > highest:
            numbers.asked_highest = sequence
            if len(self._missing) + sequence - highest - 1 > MAX_MISSING:
                self._missing.clear()
                self._needs_key_frame = True
                return
            settled = numbers.arrived + REORDERING - 1
            for number in range(highest + 1, sequence):
                self._missing[number] = _Gap(now, settled)
        else:
            gap = self._missing.pop(sequence, None)
            if gap is not None and gap.tries and now >= gap.answered_from:
                self.repaired += 1

    def key_frame(self, sequence: int) -> None:
        """Forget what is missing before the first packet of a key frame: nothing will need it."""
        for number in [number for number in self._missing if number < sequence]:
            del self._missing[number]
        self._needs_key_frame = False

    @property
    def restless(self) -> bool:
        """Whether `due` or `take_key_frame_request` may have something sooner than at any time known by now."""
        return self._needs_key_frame or bool(self._missing)

    def take_key_frame_request(self) -> bool:
        """Whether something is missing that only a key frame helps for: too much, or for too long; told once."""
        needed = self._needs_key_frame
        self._needs_key_frame = False
        return needed

    def due(self, *, rtt: float, now: float) -> list[int]:
        """Return the 16-bit sequence numbers to ask for now, oldest first. `rtt` in seconds, 0 where not known."""
        repeat = max(REPEAT * (rtt or DEFAULT_RTT), MIN_REPEAT)
        wanted: list[int] = []
        given_up = []
        for number, gap in self._missing.items():
            if len(wanted) == MAX_ASKED:
                break
            if now >= gap.found + LIFETIME:
                given_up.append(number)
            elif now >= gap.due or (gap.tries == 0 and self._numbers.arrived >= gap.count):
                if gap.tries == MAX_TRIES:
                    given_up.append(number)
                    continue
                wanted.append(number & 0xFFFF)
                if gap.tries == 0:
                    gap.answered_from = now + ANSWERED * rtt
                gap.tries += 1
                gap.due = now + repeat
        for number in given_up:
            del self._missing[number]
            self._needs_key_frame = True  # else the picture stands until its receivers notice, 3 s later
        return wanted

    def next_deadline(self) -> float | None:
        """When `due` may have something next, which may be past already; None while nothing is missing."""
        if not self._missing:
            return None
        arrived = self._numbers.arrived
        return min(
            [gap.found if gap.tries == 0 and arrived >= gap.count else gap.due for gap in self._missing.values()]
        )
