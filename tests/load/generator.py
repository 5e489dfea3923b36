"""The people of a load test: clients that publish at a steady pace, and count and time what reaches them."""

from __future__ import annotations

import asyncio
import struct
import time

from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.control import (
    Codec,
    EncodingParameters,
    Extensions,
    PublishTrack,
    Sfu,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TrackWish,
    WatchTracks,
)
from sfu.forwarding.header_rewriter import NUMBER_AT
from sfu.io.dtls import Certificate
from sfu.rtp import rtcp
from sfu.streams.clock_map import ntp_time
from tests.sfu.client import Client, open_client

AUDIO_RATE = 50
"""Packets a second and publisher."""
AUDIO_SIZE = 100
"""Bytes of an RTP packet before SRTP, header included."""
VIDEO_RATE = 60
"""Packets a second and publisher, two for each frame."""
VIDEO_SIZE = 1100

OPUS = Codec("opus", 111, 48000)
VP8 = Codec("VP8", 96, 90000, 97)
EXTENSIONS = Extensions(transport_cc=3)

_HEADER = struct.Struct("!BBHIIHHBHB")
"""RTP header and a transport-wide sequence number as one-byte extension, with one byte of padding."""
_SENT_AT = struct.Struct("!Q")
KEY = b"\x10\x10\x00\x00\x9d\x01\x2a\x80\x02\x68\x01"
DELTA_START = b"\x10\x11" + bytes(9)
DELTA_MORE = b"\x00" + bytes(10)
STAMP = 20 + len(KEY)
"""Where the time of sending stands in what a subscriber receives, whose packets carry a transport-wide number too."""


class Stream:
    """One track's packets."""

    def __init__(self, publisher: Publisher, kind: str, ssrc: int, rate: int, size: int) -> None:
        self.publisher = publisher
        self.video = kind == "video"
        self.ssrc = ssrc
        self.interval = 1 / rate
        self.sequence = 0
        self.timestamp = 0
        self.key_frame = True
        self.sent = 0
        self.octets = 0
        self._filler = bytes(size - _HEADER.size - len(KEY) - 8)

    def send(self) -> None:
        """Send the next packet."""
        self.sequence += 1
        start = DELTA_MORE
        marker = 0
        if not self.video:
            self.timestamp += 960
        elif self.sequence % 2:
            self.timestamp += 3000
            start = KEY if self.key_frame else DELTA_START
            self.key_frame = False
        else:
            marker = 0x80
        publisher = self.publisher
        publisher.transport_sequence += 1
        header = _HEADER.pack(
            0x90,
            marker | (96 if self.video else 111),
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
            0xBEDE,
            1,
            0x31,
            publisher.transport_sequence & 0xFFFF,
            0,
        )
        publisher.client.send_rtp(header + start + _SENT_AT.pack(time.monotonic_ns()) + self._filler)
        self.sent += 1
        self.octets += len(self._filler)


class Publisher:
    """A person who sends sound and picture, and answers requests for key frames."""

    def __init__(self, number: int, client: Client) -> None:
        self.client = client
        self.transport_sequence = 0
        self.name = f"p{number}"
        self.audio = Stream(self, "audio", 10_000 + number, AUDIO_RATE, AUDIO_SIZE)
        self.video = Stream(self, "video", 20_000 + number, VIDEO_RATE, VIDEO_SIZE)
        client.on_packet = self._on_packet

    async def publish(self, sfu: Sfu) -> None:
        """Announce both tracks."""
        for stream, kind, codec in ((self.audio, "audio", OPUS), (self.video, "video", VP8)):
            await sfu.request(
                PublishTrack(
                    self.name,
                    f"{self.name}-{kind}",
                    kind,
                    "video" if kind == "video" else "audio",
                    [codec],
                    EXTENSIONS,
                    [EncodingParameters(stream.ssrc)],
                )
            )

    def report(self) -> None:
        """Send the sender reports of both streams."""
        ntp = ntp_time(time.monotonic())
        for stream in (self.audio, self.video):
            self.client.send_rtcp(
                rtcp.SenderReport(
                    stream.ssrc, ntp, stream.timestamp & 0xFFFFFFFF, stream.sent, stream.octets
                ).to_bytes()
            )

    def _on_packet(self, packet: memoryview) -> None:
        if any(isinstance(part, rtcp.PictureLossIndication) for part in rtcp.parse(packet)):
            self.video.key_frame = True


class Subscriber:
    """A person who receives."""

    def __init__(self, number: int, client: Client) -> None:
        self.client = client
        self.name = f"s{number}"
        self.ssrcs: list[int] = []
        self.received = 0
        self.latencies: list[int] = []
        """Nanoseconds."""
        self._feedback = TwccReceiver()
        client.on_packet = self._on_packet

    async def subscribe(self, sfu: Sfu, tracks: list[str]) -> None:
        """Ask for the tracks and let them flow."""
        for track in tracks:
            codec = VP8 if track.endswith("video") else OPUS
            answer = await sfu.request(SubscribeTrack(self.name, track, [codec], EXTENSIONS))
            assert isinstance(answer, TrackSubscribed), answer
            self.ssrcs.append(answer.ssrc)
            await sfu.request(StartTrack(self.name, track))
        await sfu.request(WatchTracks(self.name, [TrackWish(track, 720) for track in tracks]))

    def report(self) -> None:
        """Send a receiver report that finds nothing wrong."""
        for first in range(0, len(self.ssrcs), 31):
            blocks = [rtcp.ReportBlock(ssrc, 0, 0, 1000, 10) for ssrc in self.ssrcs[first : first + 31]]
            self.client.send_rtcp(rtcp.ReceiverReport(1, blocks).to_bytes())

    def _on_packet(self, packet: memoryview) -> None:
        if 192 <= packet[1] <= 223:
            return
        now = time.monotonic_ns()
        self.received += 1
        self.latencies.append(now - _SENT_AT.unpack_from(packet, STAMP)[0])
        self._feedback.receive(packet[NUMBER_AT] << 8 | packet[NUMBER_AT + 1], now=now / 1e9)
        deadline = self._feedback.next_deadline()
        if deadline is not None and deadline <= now / 1e9:
            for feedback in self._feedback.feedback(sender_ssrc=1, media_ssrc=self.ssrcs[0]):
                self.client.send_rtcp(feedback.to_bytes())


class Meeting:
    """Everybody together."""

    def __init__(self) -> None:
        self.publishers: list[Publisher] = []
        self.subscribers: list[Subscriber] = []

    @property
    def people(self) -> list[Publisher | Subscriber]:
        """Every connection's client."""
        return [*self.publishers, *self.subscribers]

    async def gather(self, sfu: Sfu, publishers: int, people: int) -> None:
        """Connect ``people``, of whom the first ``publishers`` send; everybody gets everybody else's tracks."""
        certificate = Certificate()
        for number in range(publishers):
            client = await open_client(sfu, f"p{number}", "publish", member=f"m{number}", certificate=certificate)
            publisher = Publisher(number, client)
            await publisher.publish(sfu)
            self.publishers.append(publisher)
        for number in range(people):
            client = await open_client(sfu, f"s{number}", "subscribe", member=f"m{number}", certificate=certificate)
            subscriber = Subscriber(number, client)
            others = [publisher.name for publisher in self.publishers if publisher.name != f"p{number}"]
            await subscriber.subscribe(sfu, [f"{name}-{kind}" for name in others for kind in ("audio", "video")])
            self.subscribers.append(subscriber)

    async def talk(self, seconds: float) -> None:
        """Send at the pace of the clock, everybody's packets spread evenly over each interval."""
        streams = [stream for publisher in self.publishers for stream in (publisher.audio, publisher.video)]
        begin = time.monotonic()
        due = [(begin + stream.interval * n / len(streams), stream) for n, stream in enumerate(streams)]
        reported = begin
        while (now := time.monotonic()) < begin + seconds:
            for index, (at, stream) in enumerate(due):
                if at <= now:
                    stream.send()
                    due[index] = (at + stream.interval, stream)
            if now >= reported + 1:
                reported = now
                for person in self.people:
                    person.report()
            await asyncio.sleep(max(0.0, min(at for at, _ in due) - time.monotonic()))

    async def part(self) -> None:
        """Close every connection."""
        for person in self.people:
            await person.client.close()
