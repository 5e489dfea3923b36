"""Transport-wide feedback, cheap for a generator whose packets nearly all come in order and soon after one another.

draft-holmer-rmcat-transport-wide-cc-extensions-01. What is not so regular is left to the SFU's own `TwccReceiver`.
"""

from __future__ import annotations

import itertools
import struct

from sfu.bwe.twcc_receiver import MAX_ARRIVALS, TwccReceiver

_HEADER = struct.Struct("!BBHIIHHIH")
"""RTCP header, two SSRCs, base, count, reference time and number of the feedback, and one run-length chunk."""
_TICK = 250_000
"""Nanoseconds (section 3.1.5)."""
_RUN_OF_SMALL = 0x2000
"""A run-length chunk of packets whose delta is one byte (section 3.1.3)."""
_INTERVAL = 80_000_000
"""Nanoseconds: between the 50 and the 100 ms that browsers take (libwebrtc, remote_estimator_proxy.cc)."""


class Feedback:
    """Collects arrivals by transport-wide number."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._times: list[int] = []
        self._count = 0
        self._next = -1
        self._slow: TwccReceiver | None = None

    def receive(self, number: int, arrival: int) -> None:
        """Take a packet's 16-bit number and its time of arrival in nanoseconds."""
        self._numbers.append(number)
        self._times.append(arrival)

    def is_due(self, now: int) -> bool:
        """Whether feedback is to be sent at a time in nanoseconds."""
        return bool(self._times) and (now - self._times[0] >= _INTERVAL or len(self._times) >= MAX_ARRIVALS)

    def take(self, media_ssrc: int) -> list[bytes]:
        """Return feedback on all that came since the last."""
        numbers, times = self._numbers, self._times
        self._numbers, self._times = [], []
        first = numbers[0]
        follows = self._next < 0 or first == self._next
        if not self._slow and follows and numbers == [n & 0xFFFF for n in range(first, first + len(numbers))]:
            self._next = numbers[-1] + 1 & 0xFFFF
            ticks = [time // _TICK for time in times]
            # A delta holds 64 ms; where more lies between two packets, another feedback begins.
            begins = [0, *(place for place in range(1, len(ticks)) if not 0 <= ticks[place] - ticks[place - 1] <= 0xFF)]
            return [
                self._write(media_ssrc, numbers[begin], ticks[begin:end])
                for begin, end in itertools.pairwise([*begins, len(ticks)])
            ]
        # Something was lost, late or twice. From now on, for good: only it knows what was reported as missing.
        slow = self._slow = self._slow or TwccReceiver()
        for number, time in zip(numbers, times, strict=True):
            slow.receive(number, now=time / 1e9)
        return [each.to_bytes() for each in slow.feedback(sender_ssrc=1, media_ssrc=media_ssrc)]

    def _write(self, media_ssrc: int, first: int, ticks: list[int]) -> bytes:
        reference = ticks[0] // 256
        deltas = bytes([ticks[0] % 256, *(late - early for early, late in itertools.pairwise(ticks))])
        # RFC 3550 section 6.4.1: the last byte of padding counts it.
        padding = -(_HEADER.size + len(deltas)) % 4
        body = deltas + bytes(padding - 1) + bytes([padding]) if padding else deltas
        words = (_HEADER.size + len(body)) // 4 - 1
        number = (reference & 0xFFFFFF) << 8 | self._count
        self._count = self._count + 1 & 0xFF
        head = 0xAF if padding else 0x8F
        run = _RUN_OF_SMALL | len(deltas)
        return _HEADER.pack(head, 205, words, 1, media_ssrc, first, len(deltas), number, run) + body
