"""One direction of a network path: loss, a bottleneck with a queue, delay, jitter, outage. All chance is seeded."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.sim.clock import Clock

OVERHEAD = 28
"""Bytes that IPv4 and UDP add to what was sent."""


@dataclass
class Loss:
    """Gilbert-Elliott: a good and a bad state, each with its loss, changed by chance before every packet."""

    in_good: float = 0.0
    in_bad: float = 1.0
    to_bad: float = 0.0
    to_good: float = 1.0

    @property
    def fraction(self) -> float:
        """Of packets lost in the long run."""
        bad = self.to_bad / (self.to_bad + self.to_good) if self.to_bad else 0.0
        return round((1 - bad) * self.in_good + bad * self.in_bad, 9)

    @classmethod
    def uniform(cls, fraction: float) -> "Loss":
        """Each packet by itself."""
        return cls(in_good=fraction)

    @classmethod
    def bursty(cls, fraction: float, length: float) -> "Loss":
        """Bursts of `length` packets on average that make up `fraction` of all."""
        to_good = 1 / length
        return cls(to_bad=to_good * fraction / (1 - fraction), to_good=to_good)


@dataclass
class Conditions:
    """What the path is like at the moment; to be changed at any time."""

    rate: int | None = None
    """Bit/s of the bottleneck, None for none."""
    queue: int = 64_000
    """Bytes that wait before it at most; what comes then is dropped."""
    delay: float = 0.025
    """Seconds, one way."""
    jitter: float = 0.0
    """Seconds: standard deviation of a half-normal delay on top."""
    reorder: bool = False
    """Whether jitter lets packets overtake each other."""
    loss: Loss = field(default_factory=Loss)
    """Behind the bottleneck, as radio loses."""
    outage: bool = False
    """Everything that is sent is lost."""


class Link:
    """Carries packets one way."""

    def __init__(self, clock: Clock, *, seed: int, conditions: Conditions) -> None:
        self.conditions = conditions
        self.sent = self.dropped = self.lost = 0
        """Packets: handed in; refused by the queue; lost by chance or outage."""
        self.bytes = 0
        """Handed in, on the wire."""
        self.max_queue_delay = 0.0
        """Seconds; whoever reads it may set it back."""
        self._clock = clock
        self._random = random.Random(seed)
        self._queue: deque[tuple[int, Callable[[], None]]] = deque()
        self._queued = 0
        self._serving = False
        self._bad = False
        self._latest = 0.0

    @property
    def queue_delay(self) -> float:
        """Seconds that a packet handed in now would wait."""
        rate = self.conditions.rate
        return self._queued * 8 / rate if rate else 0.0

    def send(self, size: int, deliver: Callable[[], None]) -> None:
        """Take a packet of `size` bytes; `deliver` is called when it arrives, if it does."""
        self.sent += 1
        size += OVERHEAD
        self.bytes += size
        if self.conditions.outage:
            self.lost += 1
        elif self.conditions.rate is None:
            self._pass_on(deliver)
        elif self._queued + size > self.conditions.queue:
            self.dropped += 1
        else:
            self._queue.append((size, deliver))
            self._queued += size
            self.max_queue_delay = max(self.max_queue_delay, self.queue_delay)
            if not self._serving:
                self._serve()

    def _serve(self) -> None:
        """Put the next packet on the wire."""
        self._serving = bool(self._queue)
        if self._queue:
            rate = self.conditions.rate
            duration = self._queue[0][0] * 8 / rate if rate else 0.0
            self._clock.call_at(self._clock.now + duration, self._served)

    def _served(self) -> None:
        size, deliver = self._queue.popleft()
        self._queued -= size
        self._pass_on(deliver)
        self._serve()

    def _pass_on(self, deliver: Callable[[], None]) -> None:
        conditions, loss = self.conditions, self.conditions.loss
        if self._random.random() < (loss.to_good if self._bad else loss.to_bad):
            self._bad = not self._bad
        if self._random.random() < (loss.in_bad if self._bad else loss.in_good):
            self.lost += 1
            return
        time = self._clock.now + conditions.delay
        if conditions.jitter:
            time += abs(self._random.gauss(0.0, conditions.jitter))
        if not conditions.reorder:
            time = self._latest = max(time, self._latest)
        self._clock.call_at(time, deliver)
