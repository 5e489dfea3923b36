"""The way out of one subscribe transport: sound at once, video at a pace, each packet numbered as it really leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sfu.bwe.estimator import Estimator
from sfu.bwe.pacer import Pacer
from sfu.forwarding.header_rewriter import NUMBER_AT

if TYPE_CHECKING:
    from sfu.forwarding.channel import Channel

_NUMBER_END = NUMBER_AT + 1


class _Queued(NamedTuple):
    """A packet that waits, in a copy of its own: the outgoing buffer is the next packet's."""

    data: bytearray
    numbered: bool


def _nobody() -> None:
    """Nobody waits for a word."""


class PacedSender:
    """Sends what lies in the channel's outgoing buffer, or keeps a copy until it may leave.

    Sizes are those of RTP packets, without SRTP's tag and what IP and UDP add. ``numbered`` says that the packet has
    room for a transport-wide number (`NUMBER_AT`).
    """

    __slots__ = (
        "_count",
        "_count_unnumbered",
        "_on_waiting",
        "_pacer",
        "_pass_by",
        "_send",
        "channel",
        "estimator",
        "outgoing",
        "way",
    )

    def __init__(self, channel: Channel, *, now: float, on_waiting: Callable[[], None] = _nobody) -> None:
        """``on_waiting`` is called when a packet begins to wait: `flush` is to be called often while any does."""
        self.channel = channel
        self.outgoing = channel.outgoing
        """Where the next packet is put together."""
        self.way = channel.way
        self.estimator = Estimator(now=now, way=self.way)
        self._pacer: Pacer[_Queued] = Pacer(self.estimator.pacing_rate, self.way)
        self._on_waiting = on_waiting
        self._send = channel.send
        self._count = self.estimator.send
        self._count_unnumbered = self.estimator.send_unnumbered
        self._pass_by = self._pacer.pass_by

    def send(self, length: int, numbered: bool, now: float) -> None:
        """Send a packet now: sound, which stands outside the pace."""
        if numbered:
            number = self._count(length, now)
            outgoing = self.outgoing
            outgoing[NUMBER_AT] = number >> 8
            outgoing[_NUMBER_END] = number & 0xFF
        else:
            self._count_unnumbered(length)
        self._send(length)

    def send_again(self, length: int, numbered: bool) -> None:
        """Send a packet of sound once more, bit for bit."""
        if numbered:
            outgoing = self.outgoing
            self.estimator.send_again(length, outgoing[NUMBER_AT] << 8 | outgoing[_NUMBER_END])
        else:
            self._count_unnumbered(length)
        self._send(length)

    def send_video(self, length: int, numbered: bool, stream: int, now: float) -> None:
        """Send a packet of video, at once if nothing waits and the pace allows; ``stream`` is the copy's SSRC."""
        if self._pass_by(length, now):
            self.send(length, numbered, now)
        else:
            self._on_waiting()
            self._pacer.push(_Queued(self.outgoing[:length], numbered), length, stream=stream, now=now)

    def send_repair(self, length: int, numbered: bool, *, stream: int, now: float) -> None:
        """Send a retransmission of video, before all video that waits; ``stream`` as in `send_video`."""
        if self._pass_by(length, now):
            self.send(length, numbered, now=now)
        else:
            self._on_waiting()
            self._pacer.push_repair(_Queued(self.outgoing[:length], numbered), length, stream=stream, now=now)

    def send_padding(self, length: int, numbered: bool, *, now: float) -> None:
        """Send a packet of padding that a probe needs."""
        self._pacer.spend(length, now=now)
        self.send(length, numbered, now=now)

    @property
    def waiting(self) -> int:
        """Bytes in the queue."""
        return self._pacer.size

    def forget(self, stream: int) -> None:
        """Drop what waits of a copy that ended or was paused: under an SSRC that SRTP forgot nothing may be sent."""
        self._pacer.forget(stream)

    def flush(self, *, now: float) -> set[int]:
        """Send what may leave by now; return the SSRCs of copies of which something had waited too long."""
        pacer = self._pacer
        pacer.rate = self.estimator.pacing_rate
        if not pacer.size:
            return set()
        dropped = pacer.drop_late(now=now)
        while (packet := pacer.pop(now=now)) is not None:
            length = len(packet.data)
            self.outgoing[:length] = packet.data
            self.send(length, packet.numbered, now=now)
        return dropped
