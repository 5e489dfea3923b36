"""What a person sees and hears of one track: buffers as Chromium's, and counts of freezes and of concealed sound.

Freezes follow W3C's rule (webrtc-stats, freezeCount): the time between two shown frames is a freeze when it is longer
than three times the average of the last thirty, and by 150 ms longer than it. Sound is played from a buffer that weighs
delay against loss as NetEq's does; what is not there in time, nor in the next packet's FEC, is concealed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sfu.rtp.dependency_descriptor import Descriptor, Reader
from sfu.rtp.errors import ParseError
from sfu.rtp.sequence import unwrap16, unwrap32
from sfu.streams.clock_map import NTP_SECOND
from tests.sim import chromium
from tests.sim.clock import Clock
from tests.sim.publishing_browser import DELTA_HEADER, KEY_HEADER, MARK

NACKED_FRAMES = 3
"""Frames that a retransmission delayed, after which the buffer holds a round trip more (jitter_estimator.cc)."""
NACKED_FOR = 60.0
"""Seconds for which it does."""
RENDER = 0.01
"""Seconds for decoding and showing (timing.cc)."""
DEVIATIONS = 2.33
"""Times the deviation of frames' delays that the buffer holds (jitter_estimator.cc)."""
MAX_PACKETS = 3000
"""Packets that wait to become frames."""

COST_OF_LOSS = 2.0
"""Seconds of delay that one whole loss is worth to NetEq: 20 ms for each per cent (reorder_optimizer.cc)."""
REMEMBERED = 500
"""Packets of sound by which the delay is chosen: 10 s."""
SLEW = 0.1
"""Seconds a second by which NetEq stretches or shortens sound: a tenth is hardly heard."""


class Output:
    """What both have in common: the sender's reports, by which sound and picture are brought together."""

    clock_rate: int

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.target = 0.0
        """Seconds of `jitterBufferTarget`: what the page asks the buffer to hold at least."""
        self.sync_error: float | None = None
        """Seconds by which reports place what was last shown after its capture, whatever the clocks' offset."""
        self._report: tuple[int, int] | None = None

    def sender_report(self, ntp: int, timestamp: int) -> None:
        self._report = ntp, timestamp

    def _place(self, timestamp: int, captured: float) -> None:
        if self._report is not None:
            ntp, reported = self._report
            distance = (timestamp - reported + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            self.sync_error = ntp / NTP_SECOND + distance / self.clock_rate - captured


@dataclass(slots=True)
class Part:
    """One packet of a frame."""

    timestamp: int
    payload: bytes
    descriptor: bytes
    ends: bool
    repaired: bool


@dataclass(slots=True)
class Frame:
    """A whole frame, not yet shown."""

    number: int
    told: Descriptor
    timestamp: int
    captured: float
    last: int
    """Sequence number of the last packet."""


class Eye(Output):
    """One picture."""

    clock_rate = 90_000

    def __init__(self, clock: Clock, rtt: Callable[[], float]) -> None:
        super().__init__(clock)
        self.shown = 0
        self.freezes = 0
        self.longest = 0.0
        self.height = 0
        """Of the encoding that is shown."""
        self.heights: list[tuple[float, int]] = []
        """When which height began to be shown."""
        self.key_frames = 0
        self.last_shown: float | None = None
        self._frozen = 0.0
        self._rtt = rtt
        self._begin = clock.now
        self._intervals: deque[float] = deque(maxlen=30)
        self._parts: dict[int, Part] = {}
        self._frames: list[Frame] = []
        self._reader = Reader()
        self._number = 0
        self._done: deque[int] = deque(maxlen=512)
        self._decoded: set[int] = set()
        self._last_number = -1
        self._last_sequence = -1
        self._timestamp = 0
        self._fastest: float | None = None
        self._mean = self._deviation = 0.0
        self._nacked: deque[float] = deque(maxlen=NACKED_FRAMES)
        self._held = 0.0
        self._held_at = clock.now
        self._look_at = 0.0

    @property
    def starved(self) -> bool:
        """For so long nothing could be shown that a key frame is asked for."""
        return self.clock.now - (self._begin if self.last_shown is None else self.last_shown) >= chromium.STARVED

    def reset(self) -> None:
        """Count anew."""
        self.freezes = 0
        self._frozen = self.longest = 0.0
        self.shown = 0

    @property
    def frozen(self) -> float:
        """Seconds, all freezes together: one that has not ended counts up to now."""
        since = self.clock.now - (self.clock.now if self.last_shown is None else self.last_shown)
        return self._frozen + (since if self._freezes(since) else 0.0)

    def _freezes(self, interval: float) -> bool:
        if len(self._intervals) < 30:
            return False
        average = sum(self._intervals) / 30
        return interval >= max(3 * average, average + 0.15)

    def still_wants(self, sequence: int) -> bool:
        return sequence > self._last_sequence

    def take(
        self, sequence: int, timestamp: int, payload: bytes, descriptor: bytes, *, marker: bool, repaired: bool
    ) -> None:
        """A packet that came for the first time."""
        if sequence <= self._last_sequence or not descriptor:
            return
        parts = self._parts
        parts[sequence] = Part(timestamp, payload, descriptor, marker, repaired)
        if len(parts) > MAX_PACKETS:
            del parts[min(parts)]
        first = sequence
        while not parts[first].descriptor[0] & 0x80:
            first -= 1
            if first not in parts:
                return
        last = sequence
        while not parts[last].descriptor[0] & 0x40:
            last += 1
            if last not in parts:
                return
        self._complete([parts.pop(number) for number in range(first, last + 1)], last)

    def _complete(self, parts: list[Part], last: int) -> None:
        first = parts[0]
        try:
            told = self._reader.read(first.descriptor, 0, len(first.descriptor))
        except ParseError:
            return  # before any key frame: nobody can decode it
        number = self._number = unwrap16(told.frame_number, self._number)
        header = KEY_HEADER if first.payload.startswith(KEY_HEADER) else DELTA_HEADER
        _, captured, _ = MARK.unpack_from(first.payload, len(header))
        self._timestamp = unwrap32(first.timestamp, self._timestamp)
        transit = self.clock.now - self._timestamp / 90_000
        if any(part.repaired for part in parts):
            self._nacked.append(self.clock.now)
        else:
            self._learn(transit)
        if number > self._last_number or told.key_frame:
            self._frames.append(Frame(number, told, self._timestamp, captured, last))
            self._frames.sort(key=lambda frame: frame.number)
            self.look()

    def _learn(self, transit: float) -> None:
        if self._fastest is None or abs(transit - self._fastest) > 10:
            self._fastest = transit
        self._fastest = min(transit, self._fastest + 0.0001)
        late = transit - self._fastest
        self._mean += (late - self._mean) / 30
        self._deviation += (abs(late - self._mean) - self._deviation) / 30

    @property
    def delay(self) -> float:
        """Seconds that the buffer holds."""
        nacked = self._nacked
        extra = 0.0
        if len(nacked) == NACKED_FRAMES and nacked[0] > self.clock.now - NACKED_FOR:
            extra = self._rtt()
        return self._mean + DEVIATIONS * 1.25 * self._deviation + extra

    def _hold(self) -> float:
        """Seconds that the buffer holds now: what is needed or asked for, whichever is more, approached slowly."""
        now = self.clock.now
        step = SLEW * (now - self._held_at)
        wanted = max(self.delay, self.target)
        self._held_at = now
        self._held = max(self.delay, self._held + max(-step, min(step, wanted - self._held)))
        return self._held

    def look(self) -> None:
        """Show what can be shown and is due; see to it that the next is shown in time."""
        while True:
            found = next((frame for frame in self._frames if self._decodable(frame)), None)
            if found is None:
                return
            due = found.timestamp / 90_000 + (self._fastest or 0.0) + self._hold() + RENDER
            if due > self.clock.now + 1e-6 and due < self.clock.now + 5:
                if not self.clock.now < self._look_at <= due:
                    self._look_at = due
                    self.clock.call_at(due, self.look)
                return
            self._show(found)

    def _decodable(self, frame: Frame) -> bool:
        if frame.told.structure is not None:
            return True
        return all(frame.number - diff in self._decoded for diff in frame.told.frame_diffs)

    def _show(self, frame: Frame) -> None:
        now = self.clock.now
        if frame.told.structure is not None:
            self.key_frames += 1
            height = frame.told.structure.resolutions[0][1]
            if height != self.height:
                self.height = height
                self.heights.append((now, height))
        self._last_number = frame.number
        self._last_sequence = max(self._last_sequence, frame.last)
        self._frames = [other for other in self._frames if other.number > frame.number]
        for sequence in [sequence for sequence in self._parts if sequence <= self._last_sequence]:
            del self._parts[sequence]
        if len(self._done) == self._done.maxlen:
            self._decoded.discard(self._done[0])
        self._done.append(frame.number)
        self._decoded.add(frame.number)
        self.shown += 1
        self._place(frame.timestamp, frame.captured)
        if self.last_shown is not None:
            interval = now - self.last_shown
            if self._freezes(interval):
                self.freezes += 1
                self._frozen += interval
                self.longest = max(self.longest, interval)
            self._intervals.append(interval)
        self.last_shown = now


class Ear(Output):
    """One sound."""

    clock_rate = 48_000

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.played = self.concealed = self.corrected = 0
        """Frames: due, made up, taken from the next packet's FEC."""
        self.delay = 0.04
        self.last_heard: float | None = None
        self._packets: dict[int, tuple[int, float, bool]] = {}
        self._scheduled = -1
        self._timestamp = 0
        self._fastest: float | None = None
        self._lateness: deque[float] = deque(maxlen=REMEMBERED)
        self._chosen_at = clock.now
        self._over = -1
        """The highest number whose time has come."""

    @property
    def concealment(self) -> float:
        """Fraction since `reset`."""
        return self.concealed / self.played if self.played else 0.0

    def reset(self) -> None:
        """Count anew."""
        self.played = self.concealed = self.corrected = 0

    def still_wants(self, sequence: int) -> bool:
        return sequence > self._over

    def take(
        self, sequence: int, timestamp: int, payload: bytes, descriptor: bytes, *, marker: bool, repaired: bool
    ) -> None:
        """A packet that came for the first time."""
        now = self.clock.now
        self._timestamp = unwrap32(timestamp, self._timestamp)
        _, captured, fec = MARK.unpack_from(payload)
        transit = now - self._timestamp / 48_000
        if self._fastest is None or transit < self._fastest or abs(transit - self._fastest) > 10:
            self._fastest = transit
        self._fastest += 0.000002
        self._lateness.append(transit - self._fastest)
        self._choose()
        self._packets[sequence] = (timestamp, captured, bool(fec))
        if len(self._packets) > REMEMBERED:
            del self._packets[min(self._packets)]
        begin = max(self._scheduled + 1, sequence - REMEMBERED) if self._scheduled >= 0 else sequence
        for number in range(begin, sequence + 1):
            due = (self._timestamp - (sequence - number) * 960) / 48_000 + self._fastest + self.delay
            self.clock.call_at(due, partial(self._play, number))
        self._scheduled = max(self._scheduled, sequence)

    def _choose(self) -> None:
        """The delay at which delay and loss together cost least."""
        now = self.clock.now
        elapsed = now - self._chosen_at
        if elapsed < 0.5:
            return
        self._chosen_at = now
        ordered = sorted(self._lateness)
        count = len(ordered)
        best = min(
            (ordered[index] + COST_OF_LOSS * (count - 1 - index) / count, ordered[index])
            for index in range(count // 2, count, max(1, count // 100))
        )[1]
        target = max(0.04, self.target, min(best + 0.02, 0.5))
        step = SLEW * elapsed
        self.delay += max(-step, min(step, target - self.delay))

    def _play(self, number: int) -> None:
        self.played += 1
        self._over = max(self._over, number)
        found = self._packets.get(number)
        if found is not None:
            self.last_heard = self.clock.now
            self._place(found[0], found[1])
            return
        after = self._packets.get(number + 1)
        if after is not None and after[2]:
            self.corrected += 1
        else:
            self.concealed += 1
