"""What the SFU's own code costs, in one process: no network, no SRTP, a virtual clock, a meeting of 12 all to all.

`python -m tests.load.in_process` prints microseconds per outgoing packet for each part of the work, with the hot path
compiled where it was built; ``--python`` does without. Every call is timed by itself and the third fastest of ten
counts for all, so that a busy machine disturbs it little. It leaves out the kernel and libsrtp, which
`python -m tests.load` has.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from sfu import native
from sfu.bwe import delay_based, estimator
from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.control import Extensions, TrackWish, WatchTracks
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials, State
from sfu.peer import Peer
from sfu.publisher import Publisher
from sfu.subscriber import Subscriber
from tests.sfu import twin
from tests.sfu.fakes import DELTA, KEY, OPUS, VP8, Draw, FakeChannel, one_byte_extension, publish, rtp, subscribe

PEOPLE = 12
AUDIO_RATE, AUDIO_SIZE = 50, 80
VIDEO_RATE, VIDEO_SIZE = 60, 1080
"""Packets a second and publisher, bytes of payload: as in `python -m tests.load`."""
TICK = 0.01
DELAY = 0.02
"""Seconds on the way to a subscriber."""
EXTENSIONS = Extensions(transport_cc=3)


class Channel(FakeChannel):
    """Throws away what is sent: transport-wide numbers, which every packet has here, tell how much that was."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = 0
        self.feedback = TwccReceiver()
        # In the place of libsrtp stands a function of the C library that takes no time and returns something other
        # than 0, so that nothing reaches a socket.
        native.seal_with(self.way, ctypes.cast(ctypes.CDLL(None).labs, ctypes.c_void_p).value or 0, 1)
        # Opening succeeds: in the place of libsrtp stands one that returns 0 for anything that is no space.
        native.open_with(self.way, ctypes.cast(ctypes.CDLL(None).isspace, ctypes.c_void_p).value or 0, 1)

    def send(self, length: int) -> None:
        """Nobody reads it."""

    def arrive(self, now: float) -> None:
        """Let what was sent since reach the subscriber."""
        for number in range(self.reported, self.way.next):
            self.feedback.receive(number & 0xFFFF, now=now)
        self.reported = self.way.next

    def send_rtcp(self, packet: bytes) -> None:
        """Nobody reads it."""


class Meeting:
    """Everybody, and what their packets cost."""

    def __init__(self) -> None:
        self.costs: dict[str, list[float]] = defaultdict(list)
        self.transport = [0] * PEOPLE
        """Of each publisher the transport-wide number of the packet before."""
        router, credentials = Router(draw=Draw()), Credentials("a" * 8, "b" * 22)
        self.publishers: list[Publisher] = []
        self.subscribers: list[tuple[Subscriber, Channel]] = []
        for number in range(PEOPLE):
            up = Publisher(f"p{number}", router, Channel(), credentials, report_ssrc=1, now=0.0)
            for kind, codec, ssrc in (("audio", OPUS, 10_000), ("video", VP8, 20_000)):
                up.publish(
                    publish(
                        f"{kind}{number}",
                        kind="video" if kind == "video" else "audio",
                        mid=kind,
                        ssrc=ssrc + number,
                        codec=codec,
                        extensions=EXTENSIONS,
                    )
                )
            _connect(up)
            self.publishers.append(up)
        for number in range(PEOPLE):
            channel = Channel()
            down = Subscriber(f"s{number}", router, channel, credentials, report_ssrc=1, now=0.0)
            _connect(down)
            tracks = [f"{kind}{other}" for other in range(PEOPLE) if other != number for kind in ("audio", "video")]
            for track in tracks:
                codec = VP8 if track.startswith("video") else OPUS
                down.subscribe(subscribe(track, codec=codec, extensions=EXTENSIONS))
                down.start(track, now=0.0)
            down.watch(WatchTracks(f"s{number}", [TrackWish(track, 720) for track in tracks]), now=0.0)
            self.subscribers.append((down, channel))

    def hold(self, seconds: float) -> None:
        """Let everybody talk, their packets spread evenly."""
        packets = [
            ((index + number / PEOPLE) / rate, kind, number, index)
            for kind, rate in (("audio", AUDIO_RATE), ("video", VIDEO_RATE))
            for number in range(PEOPLE)
            for index in range(int(seconds * rate))
        ]
        ticked = 0.0
        for at, kind, number, index in sorted(packets):
            while ticked <= at:
                self._tick(ticked)
                ticked += TICK
            self._send(at, kind, number, index)

    def _send(self, now: float, kind: str, number: int, index: int) -> None:
        up = self.publishers[number]
        sound = kind == "audio"
        transport = self.transport[number] = self.transport[number] + 1 & 0xFFFF
        extension = one_byte_extension((3, transport.to_bytes(2, "big")))
        payload = (DELTA if index or sound else KEY).ljust(AUDIO_SIZE if sound else VIDEO_SIZE, b"\0")
        ssrc = (10_000 if sound else 20_000) + number
        kind_of_payload = OPUS.payload_type if sound else VP8.payload_type
        stamp = index * (960 if sound else 1500)
        packet = rtp(ssrc, index, payload, payload_type=kind_of_payload, timestamp=stamp, extension=extension)
        assert isinstance(up.channel, Channel)
        length = up.channel.put(packet)
        self._time(kind, lambda: up.receive_rtp(length, now=now))
        for _, channel in self.subscribers:
            channel.arrive(now + DELAY)

    def _tick(self, now: float) -> None:
        for up in self.publishers:
            if up.due <= now:
                self._time("publishers' timer", partial(up.handle_timer, now=now))
        for down, channel in self.subscribers:
            if down.due <= now:
                self._time("subscribers' timer", partial(down.handle_timer, now=now))
            deadline = channel.feedback.next_deadline()
            if deadline is not None and deadline <= now:
                for report in channel.feedback.feedback(sender_ssrc=1, media_ssrc=2):
                    length = channel.put(report.to_bytes())
                    self._time("feedback", partial(down.receive_rtcp, length, now=now))

    def _time(self, part: str, call: Callable[[], None]) -> None:
        begin = time.perf_counter()
        call()
        self.costs[part].append(time.perf_counter() - begin)


def _connect(peer: Peer) -> None:
    peer.agent.state = State.CONNECTED
    peer.secured(now=0.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.in_process", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of the meeting, on the virtual clock; less than 30")
    parser.add_argument("--python", action="store_true", help="with the hot path in Python")
    arguments = parser.parse_args()
    delay_based.MIN_RATE = estimator.FIRST_ESTIMATE = delay_based.MAX_RATE  # all is sent: only its cost is asked for
    with twin.using("python" if arguments.python else twin.KINDS[-1]):
        meeting = Meeting()
        meeting.hold(arguments.seconds)
    count = sum(channel.way.next for _, channel in meeting.subscribers)
    total = 0.0
    for part, costs in meeting.costs.items():
        costs.sort()
        share = 1e6 * costs[len(costs) * 3 // 10] * len(costs) / count
        total += share
        print(f"{share:6.2f} µs  {part}")
    print(f"{total:6.2f} µs per outgoing packet, of {count}")


if __name__ == "__main__":
    main()
