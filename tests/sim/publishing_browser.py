"""A model of a Chromium that publishes: sound, and a camera in up to three encodings (see `tests/sim/chromium.py`).

It paces, answers PLI and NACK, tells Opus of loss, and follows transport-wide feedback with an estimator of its own.
"""

from __future__ import annotations

import random
import struct
from collections import OrderedDict
from collections.abc import Callable
from math import exp

from sfu.bwe.estimator import Estimator
from sfu.rtp import rtcp
from sfu.rtp.rtcp import Nack, PictureLossIndication, ReceiverReport, SenderReport, TransportFeedback
from sfu.streams.clock_map import ntp_time
from tests.sfu.fakes import one_byte_extension
from tests.sim import chromium
from tests.sim.chromium import CYCLE, ENCODINGS, Encoding
from tests.sim.clock import Clock

TWCC_ID, DESCRIPTOR_ID = 3, 4
VIDEO_TYPE, RTX_TYPE, SOUND_TYPE = 96, 97, 111
TICK = 0.02
"""Seconds between two looks at what the uplink carries."""
MARK = struct.Struct("!IdB")
"""What stands in a payload: the frame's count, when it was captured, whether sound carries FEC for the frame before."""
KEY_HEADER = bytes.fromhex("10 1000009d012a")
DELTA_HEADER = bytes.fromhex("10 11")
MORE_HEADER = b"\x00"


class OutStream:
    """One SSRC with its retransmissions."""

    def __init__(self, ssrc: int, chance: random.Random, *, encoding: Encoding | None = None) -> None:
        self.ssrc = ssrc
        self.rtx_ssrc = ssrc + 1 if encoding else 0
        self.encoding = encoding
        self.sequence = chance.randrange(1 << 16)
        self.rtx_sequence = chance.randrange(1 << 16)
        self.timestamp_base = chance.randrange(1 << 32)
        self.position = 0
        """In the cycle of temporal layers."""
        self.wants_key = True
        self.active = True
        """Not switched off by `EncodingsWanted`."""
        self.affordable = True
        self.packets = self.octets = 0
        self.keys = 0
        self.last_key = float("-inf")
        self.history: OrderedDict[int, tuple[float, float, bytes, bytes]] = OrderedDict()
        """Sequence number to (sent, sent again, extension, payload and type)."""


class PublishingBrowser:
    """`send` takes a packet and whether it is RTCP; whatever the SFU sends comes to `receive_rtcp`."""

    def __init__(
        self,
        clock: Clock,
        send: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        *,
        seed: int,
        first_ssrc: int,
        encodings: int = 3,
        clock_offset: float = 0.0,
        slow: float = 1.0,
    ) -> None:
        self.clock = clock
        self._slow = slow
        """Times as long between all that a browser does by itself: for plans of many hours."""
        self._send_packet, self._send_rtcp = send, send_rtcp
        self._random = random.Random(seed)
        self._clock_offset = clock_offset
        """Seconds by which the browser's NTP clock is ahead of the simulation's."""
        self.sound = OutStream(first_ssrc, self._random)
        self.video = [
            OutStream(first_ssrc + 10 * (n + 1), self._random, encoding=ENCODINGS[n]) for n in range(encodings)
        ]
        self._streams = {stream.ssrc: stream for stream in [self.sound, *self.video]}
        self.estimator = Estimator(now=clock.now)
        self.unmuted = True
        self.camera = True
        self.gone = False
        """The page is closed."""
        self.fec_loss = 0.0
        """The loss that Opus believes in."""
        self.key_frames_asked = 0
        self.resent = 0
        """Packets sent again because the SFU missed them."""
        self._reported_at: float | None = None
        self._frames = 0
        self._descriptor_number = self._random.randrange(1 << 16)
        self._sound_frames = 0
        self._free_at = 0.0
        clock.call_at(clock.now + self._random.uniform(0, chromium.SOUND_INTERVAL), self._sound)
        clock.call_at(clock.now + self._random.uniform(0, chromium.FRAME_INTERVAL), self._frame)
        clock.call_at(clock.now + self._random.uniform(0.1, 0.5), self._report)
        if slow == 1:  # a slowed trickle is no ground for an estimate: all encodings are sent all day
            clock.call_at(clock.now + TICK, self._tick)

    # -- Sound -----------------------------------------------------------------------------------------------------

    def _sound(self) -> None:
        if self.gone:
            return
        self.clock.call_at(self.clock.now + chromium.SOUND_INTERVAL * self._slow, self._sound)
        self._sound_frames += 1
        if not self.unmuted:
            return
        fec = self.fec_loss >= chromium.FEC_FROM and self._random.random() < chromium.FEC_SHARE
        payload = MARK.pack(self._sound_frames, self.clock.now, fec)
        payload += bytes(chromium.SOUND - len(payload))
        self._emit(self.sound, SOUND_TYPE, int(self.clock.now * 48_000), payload, b"", marker=False)

    # -- Picture ---------------------------------------------------------------------------------------------------

    def _frame(self) -> None:
        if self.gone:
            return
        self.clock.call_at(self.clock.now + chromium.FRAME_INTERVAL * self._slow, self._frame)
        self._frames += 1
        if not self.camera:
            return
        for stream in self.video:
            self._descriptor_number += 1
            if stream.active and stream.affordable:
                self._encode(stream, self._descriptor_number)
            else:
                stream.wants_key = True  # libvpx begins an encoding that was off with a key frame

    def _encode(self, stream: OutStream, number: int) -> None:
        encoding = stream.encoding
        assert encoding is not None
        key = stream.wants_key
        mean = self._rate(stream) * chromium.FRAME_INTERVAL / 8
        apart = len(self.video)
        if key:
            stream.wants_key = False
            stream.position = 0
            stream.keys += 1
            stream.last_key = self.clock.now
            size = mean * chromium.KEY_FRAME
            descriptor = chromium.first_descriptor(number & 0xFFFF, encoding.width, encoding.height)
            later = bytes([0x00])
        else:
            stream.position += 1
            template, back = CYCLE[stream.position % len(CYCLE)]
            # The first frames after a key frame cannot refer to what was before it.
            back = tuple(diff for diff in back if diff <= stream.position) or (stream.position,)
            size = mean * chromium.SHARE[chromium.TEMPORAL[template]] * self._random.uniform(0.6, 1.4)
            descriptor = chromium.delta_descriptor(template, number, tuple(diff * apart for diff in back))
            later = bytes([template])
        left = max(int(size), 60)
        count = -(-left // chromium.PACKET)
        mark = MARK.pack(self._frames, self.clock.now, key)
        for index in range(count):
            header = (KEY_HEADER if key else DELTA_HEADER) if index == 0 else MORE_HEADER
            part = left // count
            payload = header + mark + bytes(max(0, part - len(header) - len(mark)))
            last = index == count - 1
            if index == 0:
                told = bytes([descriptor[0] | (0x40 if last else 0)]) + descriptor[1:]
            else:
                told = bytes([later[0] | (0x40 if last else 0), number >> 8 & 0xFF, number & 0xFF])
            self._pace(stream, int(self.clock.now * 90_000), payload, told, last)

    def _rate(self, stream: OutStream) -> int:
        """What the encoder is given, from the smallest encoding upwards (simulcast_rate_allocator.cc)."""
        left = self.estimator.estimate - 50_000
        for other in self.video:
            assert other.encoding is not None
            if not other.active:
                continue
            rate = min(other.encoding.rate, max(left, other.encoding.least))
            if other is stream:
                return rate
            left -= rate
        return 0

    def _pace(self, stream: OutStream, timestamp: int, payload: bytes, descriptor: bytes, marker: bool) -> None:
        now = self.clock.now
        self._free_at = max(self._free_at, now)
        at = self._free_at
        self._free_at += len(payload) * 8 / (chromium.PACE * self.estimator.estimate)
        self.clock.call_at(at, lambda: self._emit(stream, VIDEO_TYPE, timestamp, payload, descriptor, marker=marker))

    # -- Packets ---------------------------------------------------------------------------------------------------

    def _emit(
        self, stream: OutStream, kind: int, timestamp: int, payload: bytes, descriptor: bytes, *, marker: bool
    ) -> None:
        stream.sequence += 1
        stream.packets += 1
        stream.octets += len(payload)
        timestamp += stream.timestamp_base
        sequence = stream.sequence & 0xFFFF
        rest = struct.pack("!I", timestamp & 0xFFFFFFFF)
        stream.history[sequence] = (self.clock.now, float("-inf"), bytes([kind, marker]) + rest + descriptor, payload)
        if len(stream.history) > 1000:
            stream.history.popitem(last=False)
        self._put(stream.ssrc, kind, sequence, timestamp, payload, descriptor, marker)

    def _put(
        self, ssrc: int, kind: int, sequence: int, timestamp: int, payload: bytes, descriptor: bytes, marker: bool
    ) -> None:
        size = 24 + len(payload) + len(descriptor) + 16
        number = self.estimator.send(size, now=self.clock.now)
        if len(descriptor) > 16:
            body = (
                bytes([TWCC_ID, 2]) + struct.pack("!H", number) + bytes([DESCRIPTOR_ID, len(descriptor)]) + descriptor
            )
            body += bytes(-len(body) % 4)
            extension = struct.pack("!HH", 0x1000, len(body) // 4) + body
        else:
            elements = [(TWCC_ID, struct.pack("!H", number))]
            if descriptor:
                elements.append((DESCRIPTOR_ID, descriptor))
            extension = one_byte_extension(*elements)
        head = struct.pack("!BBHII", 0x90, kind | (0x80 if marker else 0), sequence, timestamp & 0xFFFFFFFF, ssrc)
        self._send_packet(head + extension + payload)

    # -- What the SFU says -----------------------------------------------------------------------------------------

    def receive_rtcp(self, wire: bytes) -> None:
        """Obey."""
        now = self.clock.now
        for packet in rtcp.parse(wire):
            match packet:
                case Nack():
                    self._send_again(packet)
                case PictureLossIndication(_, ssrc):
                    self.key_frames_asked += 1
                    if ssrc in self._streams:
                        self.clock.call_at(now + chromium.KEY_FRAME_DELAY, self._key_frames)
                case TransportFeedback():
                    self.estimator.receive_feedback(packet, now=now)
                case ReceiverReport():
                    for block in packet.reports:
                        if block.ssrc == self.sound.ssrc:
                            self._believe(block.fraction_lost / 256)

    def _believe(self, loss: float) -> None:
        now, before = self.clock.now, self._reported_at
        weight = 1.0 if before is None else 1 - exp((before - now) / (chromium.LOSS_SMOOTHING * self._slow))
        self.fec_loss += (loss - self.fec_loss) * weight
        self._reported_at = now

    def _key_frames(self) -> None:
        """A request for one is a request for all, as recorded."""
        last = max(stream.last_key for stream in self.video)
        if self.clock.now - last >= chromium.KEY_FRAME_GAP:
            for stream in self.video:
                stream.wants_key = True

    def _send_again(self, nack: Nack) -> None:
        stream = self._streams.get(nack.media_ssrc)
        if stream is None:
            return
        now, rtt = self.clock.now, max(self.estimator.rtt, 0.005)
        for sequence in nack.lost:
            found = stream.history.get(sequence)
            if found is None or now - found[0] > chromium.HISTORY or now - found[1] < rtt:
                continue
            sent, _, told, payload = found
            stream.history[sequence] = (sent, now, told, payload)
            self.resent += 1
            kind, marker = told[0], bool(told[1])
            timestamp = int.from_bytes(told[2:6], "big")
            if stream.rtx_ssrc:
                stream.rtx_sequence = stream.rtx_sequence + 1 & 0xFFFF
                again = struct.pack("!H", sequence) + payload
                self._put(stream.rtx_ssrc, RTX_TYPE, stream.rtx_sequence, timestamp, again, told[6:], marker)
            else:
                self._put(stream.ssrc, kind, sequence, timestamp, payload, told[6:], marker)

    def encodings_wanted(self, active: list[bool]) -> None:
        """What `EncodingsWanted` asks of the client."""
        for stream, wanted in zip(self.video, active, strict=False):
            stream.active = wanted

    # -- Time ------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.gone:
            return
        self.clock.call_at(self.clock.now + TICK, self._tick)
        self.estimator.wanted = 50_000 + sum(each.encoding.rate for each in self.video if each.encoding)
        self.estimator.handle_timer(now=self.clock.now)
        left = self.estimator.estimate - 50_000
        for stream in self.video:
            assert stream.encoding is not None
            if not stream.active:
                continue
            # An encoding that was given up comes back when there is a fifth more than it needs (libwebrtc: hysteresis).
            needed = stream.encoding.least * (1.0 if stream.affordable else 1.2)
            stream.affordable = stream is self.video[0] or left >= needed
            left -= min(stream.encoding.rate, max(left, 0))
        while self.estimator.wants_padding(now=self.clock.now) and self._probe():
            pass

    def _probe(self) -> bool:
        """Send something again for the sake of the estimate, as Chromium does on its retransmission streams."""
        for stream in reversed(self.video):
            if stream.history:
                sequence, (_, _, told, payload) = next(reversed(stream.history.items()))
                stream.rtx_sequence = stream.rtx_sequence + 1 & 0xFFFF
                again = struct.pack("!H", sequence) + payload
                timestamp = int.from_bytes(told[2:6], "big")
                self._put(stream.rtx_ssrc, RTX_TYPE, stream.rtx_sequence, timestamp, again, told[6:], bool(told[1]))
                return True
        return False

    def _report(self) -> None:
        if self.gone:
            return
        self.clock.call_at(self.clock.now + self._slow * self._random.uniform(0.5, 1.0), self._report)
        now = self.clock.now
        ntp = ntp_time(now + self._clock_offset)
        for stream in self._streams.values():
            if not stream.packets:
                continue
            rate = 48_000 if stream is self.sound else 90_000
            timestamp = stream.timestamp_base + int(now * rate)
            report = SenderReport(stream.ssrc, ntp, timestamp & 0xFFFFFFFF, stream.packets, stream.octets)
            self._send_rtcp(report.to_bytes())
