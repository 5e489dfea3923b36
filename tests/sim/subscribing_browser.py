"""A model of a Chromium that subscribes: what it asks for and reports. What it shows and plays is in `playout.py`."""

from __future__ import annotations

import random
from collections.abc import Callable

from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.rtp import extensions, rtcp
from sfu.rtp.packet import RtpHeader
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, SenderReport
from sfu.streams.receive_stream import ReceiveStream
from tests.sim import chromium
from tests.sim.clock import Clock
from tests.sim.playout import Ear, Eye

TWCC_ID, DESCRIPTOR_ID = 1, 2
CLOCK_START, DRIFT = 4321.987, 1.00005
"""The browser's clock is another one, and 50 µs a second fast."""
SOUND_REORDERING = 2
"""Later packets after which one of sound counts as missing (nack_tracker.cc)."""
SOUND_REPEAT = 1.5
"""Round trips between two requests for one packet of sound (rtp_rtcp_impl2.cc)."""


class InStream:
    """One received SSRC: loss, and what is asked for again."""

    def __init__(self, ssrc: int, rtx_ssrc: int, output: Eye | Ear, clock_rate: int) -> None:
        self.ssrc, self.rtx_ssrc = ssrc, rtx_ssrc
        self.output = output
        self.stream = ReceiveStream(ssrc, clock_rate)
        self.missing: dict[int, tuple[float, int]] = {}
        """Unwrapped number to (asked for at, how often)."""
        self.asked_key_at = float("-inf")
        self.key_frames_asked = 0
        self.sound_asked = 0
        """Requests for sound, as getStats counts them (webrtc-stats, nackCount)."""

    @property
    def expected(self) -> int:
        """Packets, lost or not."""
        return self.stream.highest - self.stream._base + 1 if self.stream.received else 0


class SubscribingBrowser:
    """`send_rtcp` takes what the browser says; whatever the SFU sends comes to `receive` and `receive_rtcp`."""

    def __init__(
        self, clock: Clock, send_rtcp: Callable[[bytes], None], *, seed: int, rtt: float = 0.1, slow: float = 1.0
    ) -> None:
        self.clock = clock
        self.rtt = rtt
        """Seconds, as the browser knows it from its reports."""
        self.streams: dict[str, InStream] = {}
        self.bytes = 0
        self._send_rtcp = send_rtcp
        self._random = random.Random(seed)
        self._by_ssrc: dict[int, InStream] = {}
        self._by_rtx: dict[int, InStream] = {}
        self._twcc = TwccReceiver()
        self._feedback_due = False
        self._header = RtpHeader()
        self._slow = slow
        self.gone = False
        """The page is closed."""
        clock.call_at(clock.now + chromium.NACK_ROUND * slow, self._tick)
        clock.call_at(clock.now + self._random.uniform(0.2, 1.0), lambda: self._report(chromium.REPORT_INTERVAL, Eye))
        clock.call_at(
            clock.now + self._random.uniform(0.2, 1.0), lambda: self._report(chromium.SOUND_REPORT_INTERVAL, Ear)
        )

    def carry(self, track: str, ssrc: int, rtx_ssrc: int) -> None:
        """A track's m-line, as the offer names it."""
        video = bool(rtx_ssrc)
        output: Eye | Ear = Eye(self.clock, lambda: self.rtt) if video else Ear(self.clock)
        found = InStream(ssrc, rtx_ssrc, output, 90_000 if video else 48_000)
        self.streams[track] = self._by_ssrc[ssrc] = found
        if rtx_ssrc:
            self._by_rtx[rtx_ssrc] = found

    def drop(self, track: str) -> None:
        """The track's m-line is inactive."""
        found = self.streams.pop(track, None)
        if found is not None:
            del self._by_ssrc[found.ssrc]
            self._by_rtx.pop(found.rtx_ssrc, None)

    def eye(self, track: str) -> Eye:
        output = self.streams[track].output
        assert isinstance(output, Eye)
        return output

    def ear(self, track: str) -> Ear:
        output = self.streams[track].output
        assert isinstance(output, Ear)
        return output

    # -- Packets ---------------------------------------------------------------------------------------------------

    def receive(self, packet: bytes) -> None:
        """Take an RTP packet."""
        now, header = self.clock.now, self._header
        header.parse(packet, len(packet))
        self.bytes += len(packet)
        if header.extension_profile:
            where = (packet, header.extension_start, header.extension_end, header.extension_profile)
            offset, size = extensions.find(*where, TWCC_ID)
            if size == 2:
                self._number(packet[offset] << 8 | packet[offset + 1])
            offset, size = extensions.find(*where, DESCRIPTOR_ID)
            descriptor = packet[offset : offset + size] if size else b""
        else:
            descriptor = b""
        payload = packet[header.payload_start : header.payload_end]
        if not payload:
            return
        found = self._by_ssrc.get(header.ssrc)
        repaired = False
        if found is None:
            found = self._by_rtx.get(header.ssrc)
            if found is None:
                return
            sequence = found.stream.recover(int.from_bytes(payload[:2], "big"))
            payload, repaired = payload[2:], True
        else:
            before = found.stream.highest
            sequence = found.stream.receive(header.sequence, header.timestamp, now=now)
            if 0 < before < sequence - 1:
                self._miss(found, before, sequence)
        if sequence < 0:
            return
        repaired = repaired or sequence in found.missing
        found.missing.pop(sequence, None)
        found.output.take(
            sequence, header.timestamp, payload, descriptor, marker=bool(header.marker), repaired=repaired
        )

    def receive_rtcp(self, wire: bytes) -> None:
        """Take the SFU's reports."""
        for packet in rtcp.parse(wire):
            if isinstance(packet, SenderReport):
                found = self._by_ssrc.get(packet.ssrc)
                if found is not None:
                    found.stream.sender_report(packet.ntp, now=self.clock.now)
                    found.output.sender_report(packet.ntp, packet.rtp_timestamp)

    # -- What it asks for ------------------------------------------------------------------------------------------

    def _miss(self, found: InStream, before: int, sequence: int) -> None:
        """Video asks at once for what is missing, sound after two later packets."""
        video = isinstance(found.output, Eye)
        if len(found.missing) + sequence - before > chromium.NACK_LIMIT:
            found.missing.clear()
            self._ask_key_frame(found)
            return
        for number in range(before + 1, sequence):
            found.missing[number] = (float("-inf"), 0)
        if video:
            self._ask(found)

    def _ask(self, found: InStream) -> None:
        now = self.clock.now
        video = isinstance(found.output, Eye)
        repeat = self.rtt if video else 0.005 + SOUND_REPEAT * self.rtt
        wanted = []
        for number, (asked, tries) in list(found.missing.items()):
            if not video and found.stream.highest < number + SOUND_REORDERING:
                continue
            if tries == chromium.NACK_TRIES or not found.output.still_wants(number):
                del found.missing[number]
            elif now >= asked + repeat:
                found.missing[number] = (now, tries + 1)
                wanted.append(number & 0xFFFF)
        if wanted:
            found.sound_asked += not video
            self._send_rtcp(Nack(1, found.ssrc, wanted).to_bytes())

    def _ask_key_frame(self, found: InStream) -> None:
        found.asked_key_at = self.clock.now
        found.key_frames_asked += 1
        self._send_rtcp(PictureLossIndication(1, found.ssrc).to_bytes())

    def _tick(self) -> None:
        if self.gone:
            return
        self.clock.call_at(self.clock.now + chromium.NACK_ROUND * self._slow, self._tick)
        now = self.clock.now
        for found in self.streams.values():
            if found.missing:
                self._ask(found)
            output = found.output
            if isinstance(output, Eye):
                output.look()
                if output.starved and now >= found.asked_key_at + chromium.STARVED:
                    self._ask_key_frame(found)

    # -- What it reports -------------------------------------------------------------------------------------------

    def _number(self, sequence: int) -> None:
        self._twcc.receive(sequence, now=CLOCK_START + self.clock.now * DRIFT)
        if not self._feedback_due:
            self._feedback_due = True
            self.clock.call_at(self.clock.now + chromium.FEEDBACK_INTERVAL, self._feedback)

    def _feedback(self) -> None:
        self._feedback_due = False
        for packet in self._twcc.feedback(sender_ssrc=1, media_ssrc=2):
            self._send_rtcp(packet.to_bytes())

    def _report(self, interval: float, kind: type[Eye] | type[Ear]) -> None:
        if self.gone:
            return
        now = self.clock.now
        later = now + interval * self._slow * self._random.uniform(0.5, 1.5)
        self.clock.call_at(later, lambda: self._report(interval, kind))
        blocks = [
            block
            for found in self.streams.values()
            if isinstance(found.output, kind) and (block := found.stream.report_block(now=now)) is not None
        ]
        for first in range(0, len(blocks), 31):
            self._send_rtcp(ReceiverReport(1, blocks[first : first + 31]).to_bytes())
