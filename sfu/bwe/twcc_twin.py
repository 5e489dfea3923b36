"""`TwccSender` with its feedback read by the compiled twin, where one was built."""

from __future__ import annotations

from typing import Any

from sfu import native
from sfu.bwe.delay_based import FIRST_THRESHOLD, Usage
from sfu.bwe.twcc_sender import PacketResult, Report, TwccSender
from sfu.native import feedback as twin
from sfu.native.numbers import WayNumbers
from sfu.rtp.transport_feedback import TransportFeedback, UnreadFeedback

_USAGES = {0: None} | {usage.value: usage for usage in Usage}


def new_sender(way: WayNumbers) -> TwccSender:
    """Return what numbers one subscriber's packets and reads what comes back of them, compiled where that was built."""
    return CompiledTwccSender(way) if native.compiled and twin.built else TwccSender(way)


class CompiledReport(Report):
    """The same out of the twin's `struct told`."""

    __slots__ = ("_clusters", "_told")

    def __init__(self, told: Any, clusters: dict[int, int]) -> None:
        self._told = told
        self._clusters = clusters
        self.count = told.received
        self.lost = told.lost
        self.recovered = told.recovered
        self.usage = _USAGES[told.usage]

    @property
    def received(self) -> list[PacketResult]:
        """See `Report`. To be asked for before the next feedback of anybody is read."""
        told, clusters = self._told, self._clusters
        return [
            PacketResult(
                told.sent[place], told.arrivals[place], told.sizes[place], clusters.get(told.numbers[place], 0)
            )
            for place in range(self.count)
        ]


class CompiledTwccSender(TwccSender):
    """The same, read by the twin."""

    __slots__ = ("_reader",)

    check = staticmethod(twin.check)

    def __init__(self, way: WayNumbers | None = None) -> None:
        super().__init__(way)
        self._reader = twin.PathReader(self._sent_at, self._sizes, self._state)
        self._reader.path.threshold = FIRST_THRESHOLD
        self._reader.path.usage = Usage.NORMAL.value

    @property
    def acknowledged_rate(self) -> int | None:
        """See `TwccSender`."""
        return self._reader.acknowledged_rate

    def receive(self, feedback: TransportFeedback | UnreadFeedback, *, now: float) -> Report:
        """See `TwccSender`."""
        reader = self._reader
        told = reader.read(self._way.next, feedback.body, now)
        path = reader.path
        self.rtt, self.queue_delay = path.rtt, path.queue_delay
        self.busy_rate = None if path.busy_rate < 0 else path.busy_rate
        return CompiledReport(told, self._clusters)

    def rebase(self) -> None:
        """See `TwccSender`."""
        path = self._reader.path
        path.base = path.base_before = path.one_way
        self.queue_delay = path.queue_delay = 0.0

    def _mark(self) -> None:
        self._reader.mark(self._way.next)
