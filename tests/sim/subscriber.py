"""A model of one subscriber: the sending side with estimator, pacer and allocation, two links, a browser that reports.

What stands in for the SFU sends constant sound and simulcast video: 30 frames a second of wavering size, a key frame
four times as large at each change of layer. The shell's timer ticks every 10 ms, as the worker's does. The browser
reports by `TwccReceiver` on a clock of its own, over the wire format.
"""

import random
from collections.abc import Callable

from sfu.bwe.allocation import Allocator, Layer, Request, wanted_rate
from sfu.bwe.estimator import Estimator
from sfu.bwe.pacer import Pacer
from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.rtp import rtcp
from sfu.rtp.transport_feedback import TICKS_PER_SECOND, TransportFeedback
from tests.sim.clock import Clock
from tests.sim.link import Conditions, Link

TICK, ASLEEP = 0.01, 2.0
AUDIO_INTERVAL, AUDIO_SIZE = 0.02, 136
"""Opus at 32 kbit/s: 80 bytes of sound, SFrame, RTP with extensions, SRTP's tag."""
FRAME_INTERVAL = 1 / 30
PACKET_SIZE = 1150
PADDING_SIZE = 300
"""255 bytes of padding, RTP with extensions, SRTP's tag."""
KEY_FRAME = 4
LAYERS = [Layer(180, 75_000), Layer(180, 150_000), Layer(360, 500_000), Layer(720, 1_500_000)]
WRAP = 2**32 / TICKS_PER_SECOND
"""Seconds after which the clock in transport-wide feedback wraps: 12.4 days."""
RECEIVER_CLOCK, DRIFT = 4321.987, 1.00005
"""The browser's clock is another one, and 50 µs a second fast."""


class SubscriberWorld:
    """One subscriber with `publishers` others in the room, all unmuted and shown at 720 lines.

    With `day`, while not `awake`, one of them is heard every 2 s and nobody is shown; the browser's clock
    then wraps after 6 hours.
    """

    def __init__(self, *, seed: int, down: Conditions, up: Conditions, publishers: int = 3, day: bool = False) -> None:
        self.clock = Clock()
        self.links = {
            "down": Link(self.clock, seed=seed, conditions=down),
            "up": Link(self.clock, seed=seed + 1, conditions=up),
        }
        self.estimator = Estimator(now=0.0)
        self.allocator = Allocator()
        self.pacer: Pacer[int] = Pacer(self.estimator.pacing_rate)
        self.layers: dict[str, int | None] = {f"track {index}": None for index in range(publishers)}
        self.awake = True
        self.numbers = 0
        """Packets sent."""
        self.audio_sent = self.audio_received = 0
        self._publishers = publishers
        self._random = random.Random(seed + 2)
        self._clock_start = WRAP - 6 * 3600 if day else RECEIVER_CLOCK
        self._epoch = 0
        self._changed: set[str] = set()
        self._frame = 0
        self._twcc = TwccReceiver()
        self._reporting = False
        self._repeat(TICK, self._tick)
        self._repeat(AUDIO_INTERVAL, self._send_audio)
        self._repeat(FRAME_INTERVAL, self._send_video)

    def _repeat(self, interval: float, action: Callable[[], None]) -> None:
        """Act at every interval, asleep every 2 s."""

        def again() -> None:
            action()
            self.clock.call_at(self.clock.now + (interval if self.awake else max(interval, ASLEEP)), again)

        self.clock.call_at(self.clock.now + interval, again)

    # -- Figures ---------------------------------------------------------------------------------------------------

    @property
    def audio_rate(self) -> int:
        return int(self._publishers * AUDIO_SIZE * 8 / AUDIO_INTERVAL)

    @property
    def video_rate(self) -> int:
        """Bit/s of the layers that are being sent."""
        return sum(LAYERS[index].rate for index in self.layers.values() if index is not None)

    @property
    def lost_audio(self) -> float:
        """Fraction since `reset`."""
        return 1 - self.audio_received / self.audio_sent

    def reset(self) -> None:
        """Count sound anew: what is sent from now on."""
        self._epoch += 1
        self.audio_sent = self.audio_received = 0
        self.links["down"].max_queue_delay = 0.0

    # -- The sending side ------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.clock.now
        estimator, pacer = self.estimator, self.pacer
        self._allocate()
        estimator.handle_timer(now=now)
        pacer.rate = estimator.pacing_rate
        pacer.drop_late(now=now)
        while (size := pacer.pop(now=now)) is not None:
            self._send(size)
        while estimator.wants_padding(now=now):
            pacer.spend(PADDING_SIZE, now=now)
            self._send(PADDING_SIZE)

    def _allocate(self) -> None:
        now = self.clock.now
        requests = [Request(track, 720 if self.awake else 0, LAYERS, current) for track, current in self.layers.items()]
        self.estimator.wanted = wanted_rate(requests, self.audio_rate)
        self.allocator.note(self.estimator.estimate, now=now)
        if not self.allocator.due(self.estimator.target, now=now):
            return
        given = self.allocator.allocate(requests, estimate=self.estimator.target, audio=self.audio_rate, now=now)
        for stream, (track, index) in enumerate(given.items()):
            before = self.layers[track]
            if index != before:
                self.layers[track] = index
                if index is None:
                    self.pacer.forget(stream)
                elif before is None or LAYERS[index].height != LAYERS[before].height:
                    self._changed.add(track)

    def _send_audio(self) -> None:
        for _ in range(self._publishers if self.awake else 1):
            self.audio_sent += 1
            self._send(AUDIO_SIZE, audio=True)

    def _send_video(self) -> None:
        self._frame += 1
        for stream, (track, index) in enumerate(self.layers.items()):
            if index is None:
                continue
            size = int(LAYERS[index].rate * FRAME_INTERVAL / 8 * self._random.uniform(0.6, 1.4))
            if track in self._changed:
                self._changed.discard(track)
                size *= KEY_FRAME
            while size > 0:
                part = min(size, PACKET_SIZE)
                self.pacer.push(part, part, stream=stream, frame=self._frame, now=self.clock.now)
                size -= part

    def _send(self, size: int, *, audio: bool = False) -> None:
        sequence = self.estimator.send(size, now=self.clock.now)
        epoch = self._epoch if audio else -1
        self.numbers += 1
        self.links["down"].send(size, lambda: self._arrive(sequence, epoch))

    # -- The browser -----------------------------------------------------------------------------------------------

    def _arrive(self, sequence: int, epoch: int) -> None:
        now = self.clock.now
        if epoch == self._epoch:
            self.audio_received += 1
        self._twcc.receive(sequence, now=self._clock_start + now * DRIFT)
        deadline = self._twcc.next_deadline()
        if deadline is not None and not self._reporting:
            self._reporting = True
            self.clock.call_at((deadline - self._clock_start) / DRIFT, self._report)

    def _report(self) -> None:
        self._reporting = False
        for packet in self._twcc.feedback(sender_ssrc=1, media_ssrc=2):
            wire = packet.to_bytes()
            self.links["up"].send(len(wire), lambda wire=wire: self._take_report(wire))  # type: ignore[misc]

    def _take_report(self, wire: bytes) -> None:
        for packet in rtcp.parse(wire):
            assert isinstance(packet, TransportFeedback)
            self.estimator.receive_feedback(packet, now=self.clock.now)
