"""Spreads video over time, so that a key frame does not stand as a queue in the subscriber's network.

Retransmissions go first, for somebody waits for them; audio never comes here. Streams take turns (as in libwebrtc's
prioritized_packet_queue.cc), so that one that floods keeps only itself waiting. Of a stream of which something could
not leave in time nothing is left in the queue: what builds upon a frame that was dropped cannot be shown.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, NamedTuple, TypeVar

from sfu.native import new_way
from sfu.native.numbers import WayNumbers

BURST = 0.01
"""Seconds of the pace that may leave at once: as long as the caller's timer may be late without losing rate. libwebrtc
(pacing_controller.h) sends bursts of up to 0.04 s; more is a queue elsewhere, less needs finer timers."""

MAX_WAIT = 0.5
"""Seconds that video may wait (Signal's pacer allows as much debt). Less drops key frames on slow links, more shows
everything that much later."""

MAX_REPAIR_WAIT = 0.25
"""Seconds that a retransmission may wait: the receiver asks again after a round trip anyway."""

MAX_PACKETS = 2048
"""Packets that wait: 0.5 s of 30 Mbit/s. With `MAX_WAIT` this bounds memory whatever publishers send."""

Packet = TypeVar("Packet")


class Waiting(NamedTuple, Generic[Packet]):
    """A packet in the queue."""

    packet: Packet
    size: int
    """Bytes."""
    since: float
    """Seconds: when it came."""
    stream: int
    """SSRC of the copy."""


class Pacer(Generic[Packet]):
    """The queue of one transport. It holds packets as they were given, and gives them back when they may leave."""

    __slots__ = ("_repairs", "_video", "_way")

    def __init__(self, rate: int, way: WayNumbers | None = None) -> None:
        """Keep to ``rate`` bit/s. ``way`` is where it counts: a part of it is done by the compiled twin."""
        self._way = way or new_way()
        self._way.burst = BURST
        self._way.free_at = float("-inf")
        self._way.rate = rate
        self._repairs: deque[Waiting[Packet]] = deque()
        self._video: dict[int, deque[Waiting[Packet]]] = {}
        """By stream, the one whose turn it is first; never an empty queue."""

    @property
    def rate(self) -> float:
        """Bit/s, to be kept above 0; changes hold for what is sent next."""
        return self._way.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._way.rate = rate

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._way.queued

    def push(self, packet: Packet, size: int, *, stream: int, now: float) -> None:
        """Queue a packet of video."""
        self._video.setdefault(stream, deque()).append(Waiting(packet, size, now, stream))
        self._way.queued += size

    def pass_by(self, size: int, now: float) -> bool:
        """Whether a packet may leave at once without being queued; if so it is counted against the pace.

        This is what nearly every packet of video does, so that the queue costs nothing while nothing waits.
        """
        way = self._way
        free_at, earliest = way.free_at, now - BURST
        if free_at < earliest:  # no `max`: this runs for every packet of video
            free_at = earliest
        if way.queued or free_at > now + BURST:
            return False
        way.free_at = free_at + size * 8 / way.rate
        return True

    def push_repair(self, packet: Packet, size: int, *, stream: int, now: float) -> None:
        """Queue a retransmission; ``stream`` is what it belongs to, not the stream of retransmissions."""
        self._repairs.append(Waiting(packet, size, now, stream))
        self._way.queued += size

    def pop(self, *, now: float) -> Packet | None:
        """Return a packet that leaves now, None if nothing may. Ask again after each."""
        if not self._way.queued or self._way.free_at > now + BURST:
            return None
        if self._repairs:
            waiting = self._repairs.popleft()
        else:
            stream = next(iter(self._video))
            queue = self._video.pop(stream)
            waiting = queue.popleft()
            if queue:
                self._video[stream] = queue  # behind all others
        self._way.queued -= waiting.size
        self.spend(waiting.size, now=now)
        return waiting.packet

    def spend(self, size: int, *, now: float) -> None:
        """Count a packet against the pace that was not queued: padding."""
        way = self._way
        way.free_at = max(way.free_at, now - BURST) + size * 8 / way.rate

    def drop_late(self, *, now: float) -> set[int]:
        """Drop what has waited too long, or is too much; return the streams of the video that was dropped.

        To be called before `pop`. Nothing waits of those streams afterwards: they need a key frame.
        """
        repairs = self._repairs
        while repairs and (now - repairs[0].since > MAX_REPAIR_WAIT or len(repairs) > MAX_PACKETS):
            self._way.queued -= repairs.popleft().size
        dropped = {stream for stream, queue in self._video.items() if now - queue[0].since > MAX_WAIT}
        for stream in dropped:
            self.forget(stream)
        while sum(map(len, self._video.values())) > MAX_PACKETS:
            longest = max(self._video, key=lambda stream: len(self._video[stream]))
            self.forget(longest)
            dropped.add(longest)
        return dropped

    def forget(self, stream: int) -> None:
        """Drop what waits of a copy that ended or was paused, retransmissions included."""
        self._way.queued -= sum(waiting.size for waiting in self._video.pop(stream, ()))
        kept = [waiting for waiting in self._repairs if waiting.stream != stream]
        if len(kept) < len(self._repairs):
            self._way.queued -= sum(waiting.size for waiting in self._repairs if waiting.stream == stream)
            self._repairs = deque(kept)
