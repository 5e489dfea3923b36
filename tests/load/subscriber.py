"""A person of a load test who receives: counts, times, reports, and asks again for what is missing."""

from __future__ import annotations

import asyncio
import math
import random
import struct
import time
from collections.abc import Sequence

from sfu.rtp import rtcp
from tests.load.adapters import Copy
from tests.load.feedback import Feedback
from tests.load.inbox import SLOT
from tests.load.line import Line
from tests.load.publisher import DESCRIPTOR, SENT_AT, STAMP

OPENED = 8
"""Of so many packets of a stream one is opened and timed: opening all would make the generator the bottleneck."""
TOO_OLD = 1.0
"""Seconds after which a missing packet is given up."""
AGAIN = 0.1
"""Seconds between two requests for the same packet."""
ROUND_TRIP = 0.02
"""Seconds that reports let a server take for the way there and back, as among people of one country. Loopback's would
be 0 ms, at which Janus 1.1 keeps nothing to send again: the size of its store follows the round trip, and stays 0."""
_SENDER_REPORT = struct.Struct("!BBHI2xI")
"""Of an SR its header, SSRC, and the middle 32 bits of its NTP time (RFC 3550 section 6.4.1)."""
ONE_BYTE = 0xBEDE
"""The profile of header extensions whose elements have a header of one byte (RFC 8285 section 4.2)."""
LEAP = 1000
"""A step further than this in sequence numbers is a new beginning and no loss."""


class Arrivals:
    """What came of one stream."""

    __slots__ = ("at", "copy", "cycles", "lost", "missing", "next", "received", "reported", "restored", "told")

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.at = 0
        """Where in a packet the transport-wide number stood in the one before."""
        self.received = 0
        self.next = -1
        self.cycles = 0
        self.lost = 0
        """Numbers that were passed over, before repair."""
        self.restored = 0
        """Of these, that came after all."""
        self.reported = (0, 0)
        """Received and lost, at the report before."""
        self.told: tuple[int, float] | None = None
        """Time and arrival of the last sender report."""
        self.missing: dict[int, tuple[float, float]] = {}
        """When each was missed and when it was last asked for, while packets are lost on purpose."""

    def take(self, sequence: int, *, now: float, repair: bool) -> None:
        """Count one packet, in order, late or after a gap."""
        step = sequence - self.next & 0xFFFF
        if self.next < 0 or LEAP < step < 0x10000 - LEAP:
            self.missing.clear()
        elif step >= 0x10000 - LEAP:
            self.restore(sequence)
            return
        elif step:
            self.lost += step
            if repair:
                for number in range(step):
                    self.missing[self.next + number & 0xFFFF] = (now, -math.inf)
        self.received += 1
        if sequence == 0xFFFF:
            self.cycles += 1
        self.next = sequence + 1 & 0xFFFF

    def restore(self, sequence: int) -> None:
        """Count a packet that was missing; anything else came twice."""
        if self.missing.pop(sequence, None) is not None:
            self.received += 1
            self.restored += 1

    def wanted(self, *, now: float) -> list[int]:
        """Return what is to be asked for now."""
        asked = []
        for sequence, (missed, last) in list(self.missing.items()):
            if now - missed > TOO_OLD:
                del self.missing[sequence]
            elif now - last >= AGAIN:
                self.missing[sequence] = (missed, now)
                asked.append(sequence)
        return asked

    def report(self, *, now: float) -> rtcp.ReportBlock:
        """Return the report since the one before (RFC 3550 section 6.4.1)."""
        received, lost = self.received - self.reported[0], self.lost - self.reported[1]
        self.reported = (self.received, self.lost)
        fraction = min(255, 256 * lost // (received + lost)) if lost else 0
        highest = (self.cycles << 16) + (self.next - 1 & 0xFFFF)
        if self.told is None:
            return rtcp.ReportBlock(self.copy.ssrc, fraction, self.lost, highest, 10)
        time_told, arrival = self.told
        delay = int(max(0.0, now - arrival - ROUND_TRIP) * 65_536)
        return rtcp.ReportBlock(self.copy.ssrc, fraction, self.lost, highest, 10, time_told, delay)


class Subscriber:
    """A person who receives."""

    def __init__(
        self, number: int, client: Line, latencies: list[int], *, transport_cc: int, loss: float = 0.0
    ) -> None:
        self.client = client
        self.number = number
        self.arrivals: dict[int, Arrivals] = {}
        """By SSRC."""
        self.repairs: dict[int, Arrivals] = {}
        """By the SSRC that repairs come under."""
        self.not_shown: set[int] = set()
        """Whose pictures are not wished for: no key frame is asked of them."""
        self.uncounted: set[int] = set()
        """SSRCs whose packets are reported on and no more."""
        self.loss = loss
        """Share of the packets that get lost on the way."""
        self.latencies = latencies
        """Nanoseconds from the generator's send to the kernel's stamp of arrival."""
        self.opened = 0
        self.joined = asyncio.Event()
        """The start of a key frame came, and could be opened."""
        self.chance = random.Random(1_000_000 + number)
        self._mark = transport_cc << 4 | 1
        self._feedback = Feedback()
        self._size = 0
        client.on_batch = self._on_batch
        client.on_packet = self._on_report

    @property
    def received(self) -> int:
        """Packets so far that count."""
        return sum(one.received for ssrc, one in self.arrivals.items() if ssrc not in self.uncounted)

    def expect(self, copies: Sequence[Copy], *, counted: bool = True) -> None:
        """Have these streams counted, or only reported on."""
        for copy in copies:
            self.arrivals[copy.ssrc] = Arrivals(copy)
            if copy.rtx_ssrc:
                self.repairs[copy.rtx_ssrc] = self.arrivals[copy.ssrc]
            if not counted:
                self.uncounted.add(copy.ssrc)

    def forget(self, publisher: int) -> int:
        """Somebody went: return how many packets came of theirs."""
        gone = [one for one in self.arrivals.values() if one.copy.publisher == publisher]
        for one in gone:
            del self.arrivals[one.copy.ssrc]
            self.repairs.pop(one.copy.rtx_ssrc, None)
        return sum(one.received for one in gone)

    def report(self) -> None:
        """Send receiver reports on all that flows, and ask for a key frame of pictures that cannot be seen yet."""
        now = time.monotonic()
        flowing = [one for one in self.arrivals.values() if one.next >= 0]
        for ssrc, one in self.arrivals.items():
            shown = one.copy.kind == "video" and one.copy.publisher not in self.not_shown
            if shown and (one.next < 0 or not self.joined.is_set()):
                self.client.send_rtcp(rtcp.PictureLossIndication(1, ssrc).to_bytes())
        for first in range(0, len(flowing), 31):
            blocks = [one.report(now=now) for one in flowing[first : first + 31]]
            self.client.send_rtcp(rtcp.ReceiverReport(1, blocks).to_bytes())

    def ask_again(self) -> None:
        """Ask for what is missing, while packets are lost on purpose."""
        now = time.monotonic()
        for ssrc, one in self.arrivals.items():
            if one.missing and (wanted := one.wanted(now=now)):
                # A report goes first (RFC 3550 section 6.1): Janus finds the stream by it.
                report = rtcp.ReceiverReport(1, [one.report(now=now)])
                self.client.send_rtcp(report.to_bytes() + rtcp.Nack(1, ssrc, wanted).to_bytes())

    def _on_report(self, packet: memoryview) -> None:
        """Take RTCP: sender reports begin it (RFC 3550 section 6.1)."""
        at = 0
        while at + _SENDER_REPORT.size <= len(packet):
            _, kind, words, ssrc, sent = _SENDER_REPORT.unpack_from(packet, at)
            if kind == 200 and ssrc in self.arrivals:
                self.arrivals[ssrc].told = sent, time.monotonic()
            at += 4 + 4 * words

    def _on_batch(self, count: int) -> None:
        inbox = self.client.inbox
        data, arrivals, mark, feedback = inbox.data, self.arrivals, self._mark, self._feedback
        gaps = False
        stamps = inbox.arrivals
        start = -SLOT
        for slot, (first, second, sequence, _, ssrc, profile, words) in enumerate(inbox.heads(count)):
            start += SLOT
            if not 128 <= first <= 191 or 192 <= second <= 223:
                self.client.receive_slot(slot)
                continue
            if self.loss and self.chance.random() < self.loss:
                continue
            payload = 16 + 4 * words if first & 0x10 else 12
            one = arrivals.get(ssrc)
            if payload > 16:
                at = start + one.at if one is not None else start
                if data[at] != mark:
                    at = (find if profile == ONE_BYTE else find_in_two_byte_form)(
                        data, start + 16, start + payload, mark
                    )
                    if one is not None:
                        one.at = max(0, at - start)
                if at:
                    # Padding and probes are numbered too: left out, they would count as lost.
                    feedback.receive(data[at + 1] << 8 | data[at + 2], stamps[slot])
            if one is None:
                if self.loss and ssrc in self.repairs:
                    self._repair(slot, ssrc, start + payload)
                continue
            if sequence != one.next or sequence == 0xFFFF:
                one.take(sequence, now=time.monotonic(), repair=self.loss > 0)
                gaps = gaps or bool(one.missing)
            else:
                one.received += 1
                one.next = sequence + 1
            if one.received % OPENED == 0 or not self.joined.is_set():
                self._open(slot, one, start + payload)
        if gaps:
            self.ask_again()
        if feedback.is_due(stamps[count - 1] if count else 0):
            for packet in feedback.take(next(iter(arrivals), 0)):
                self.client.send_rtcp(packet)

    def _open(self, slot: int, one: Arrivals, payload: int) -> None:
        data = self.client.inbox.data
        if self.client.open_slot(slot) < 0:
            self.client.refused += 1
            one.received -= 1
            return
        self.opened += 1
        if data[payload] & 0x10 and not data[payload + DESCRIPTOR.size] & 1:
            self.joined.set()
        if one.copy.ssrc not in self.uncounted:
            self.latencies.append(self.client.inbox.arrivals[slot] - SENT_AT.unpack_from(data, payload + STAMP)[0])

    def _repair(self, slot: int, ssrc: int, payload: int) -> None:
        length = self.client.open_slot(slot)
        data = self.client.inbox.data
        if length > payload % SLOT + 2 and not data[slot * SLOT] & 0x20:  # not padding alone
            self.repairs[ssrc].restore(data[payload] << 8 | data[payload + 1])


def find(data: bytearray, at: int, end: int, mark: int) -> int:
    """Return where an element of one byte's header with this id and length stands (RFC 8285 section 4.2), or 0."""
    while at < end:
        first = data[at]
        if first == mark:
            return at
        at += 1 if first == 0 else 2 + (first & 0x0F)
    return 0


def find_in_two_byte_form(data: bytearray, at: int, end: int, mark: int) -> int:
    """Return where the byte before the data of the same element stands (RFC 8285 section 4.3), or 0."""
    while at + 1 < end:
        if data[at] == 0:
            at += 1
        elif data[at] == mark >> 4 and data[at + 1] == (mark & 0x0F) + 1:
            return at + 1
        else:
            at += 2 + data[at + 1]
    return 0
