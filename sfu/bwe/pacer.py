"""Spreads video over time, so that a key frame does not stand as a queue in the subscriber's network.

Retransmissions go first, for somebody waits for them; audio never comes here. What cannot leave in time is dropped by
whole frames from the old end: a late frame is worth nothing, half of one even less.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, NamedTuple, TypeVar

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

MAX_STREAMS = 256
"""Streams of which the last dropped frame is remembered: all copies on one transport."""

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
    frame: int
    """RTP timestamp."""


class Pacer(Generic[Packet]):
    """The queue of one transport. It holds packets as they were given, and gives them back when they may leave."""

    __slots__ = ("_dropped", "_free_at", "_repairs", "_video", "rate", "size")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Bit/s, to be kept above 0; changes hold for what is sent next."""
        self.size = 0
        """Bytes that wait."""
        self._repairs: deque[Waiting[Packet]] = deque()
        self._video: deque[Waiting[Packet]] = deque()
        self._free_at = float("-inf")
        self._dropped: dict[int, int] = {}

    def push(self, packet: Packet, size: int, *, stream: int, frame: int, now: float) -> bool:
        """Queue a packet of video; False if it belongs to a frame that was dropped, and was dropped too."""
        if self._dropped:
            if self._dropped.get(stream) == frame:
                return False
            self._dropped.pop(stream, None)
        self._video.append(Waiting(packet, size, now, stream, frame))
        self.size += size
        return True

    def pass_by(self, size: int, *, now: float) -> bool:
        """Whether a packet may leave at once without being queued; if so it is counted against the pace.

        This is what nearly every packet of video does, so that the queue costs nothing while nothing waits.
        """
        free_at = self._free_at
        if self.size or self._dropped or free_at > now + BURST:
            return False
        earliest = now - BURST
        self._free_at = max(free_at, earliest) + size * 8 / self.rate
        return True

    def push_repair(self, packet: Packet, size: int, *, now: float) -> None:
        """Queue a retransmission."""
        self._repairs.append(Waiting(packet, size, now, 0, 0))
        self.size += size

    def pop(self, *, now: float) -> Packet | None:
        """Return a packet that leaves now, None if nothing may. Ask again after each."""
        queue = self._repairs or self._video
        if not queue or self._free_at > now + BURST:
            return None
        waiting = queue.popleft()
        self.size -= waiting.size
        self.spend(waiting.size, now=now)
        return waiting.packet

    def spend(self, size: int, *, now: float) -> None:
        """Count a packet against the pace that was not queued: padding."""
        self._free_at = max(self._free_at, now - BURST) + size * 8 / self.rate

    def next_deadline(self) -> float | None:
        """When the next packet may leave, None while nothing waits."""
        if not self._repairs and not self._video:
            return None
        return self._free_at - BURST

    def drop_late(self, *, now: float) -> list[Packet]:
        """Drop what has waited too long, or is too much; return the dropped packets of video.

        With a packet goes the rest of its frame, also what is still to come of it. To be called before `pop`. Streams
        that lost a frame others build upon need a key frame.
        """
        repairs, video = self._repairs, self._video
        while repairs and (now - repairs[0].since > MAX_REPAIR_WAIT or len(repairs) > MAX_PACKETS):
            self.size -= repairs.popleft().size
        if not video or (now - video[0].since <= MAX_WAIT and len(video) <= MAX_PACKETS):
            return []
        excess = len(video) - MAX_PACKETS
        doomed = {
            (waiting.stream, waiting.frame)
            for place, waiting in enumerate(video)
            if place < excess or now - waiting.since > MAX_WAIT
        }
        gone: list[Packet] = []
        kept: deque[Waiting[Packet]] = deque()
        latest: dict[int, int] = {}
        for waiting in video:
            latest[waiting.stream] = waiting.frame
            if (waiting.stream, waiting.frame) in doomed:
                gone.append(waiting.packet)
                self.size -= waiting.size
            else:
                kept.append(waiting)
        for stream, frame in latest.items():
            if (stream, frame) in doomed:  # more of it may come
                if len(self._dropped) == MAX_STREAMS:
                    del self._dropped[next(iter(self._dropped))]
                self._dropped[stream] = frame
        self._video = kept
        return gone

    def forget(self, stream: int) -> None:
        """Drop what waits of a copy that ended or was paused."""
        self._dropped.pop(stream, None)
        kept = deque(waiting for waiting in self._video if waiting.stream != stream)
        self.size = sum(waiting.size for waiting in kept) + sum(waiting.size for waiting in self._repairs)
        self._video = kept
