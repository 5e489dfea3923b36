"""The people of a load test: clients that publish at a steady pace, and count and time what reaches them."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Sequence

from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.control import (
    Codec,
    Done,
    EncodingParameters,
    Extensions,
    Kind,
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
from tests.load.scenarios import PICTURE, SOUND, Format, Scenario
from tests.sfu.client import Client, open_client

OPUS = Codec("opus", 111, 48000)
VP8 = Codec("VP8", 96, 90000, 97)
EXTENSIONS = Extensions(transport_cc=3)

_HEADER = struct.Struct("!BBHIIHHBHB")
"""RTP header and a transport-wide sequence number as one-byte extension, with one byte of padding."""
_SENT_AT = struct.Struct("!Q")
KEY = b"\x10\x10\x00\x00\x9d\x01\x2a\x00\x05\xd0\x02"
"""A VP8 descriptor that starts a frame, and the clear header of a key frame of 1280 x 720."""
DELTA_START = b"\x10\x11" + bytes(9)
DELTA_MORE = b"\x00" + bytes(10)
STAMP = 20 + len(KEY)
"""Where the time of sending stands in what a subscriber receives, whose packets carry a transport-wide number too."""


class Stream:
    """One encoding's packets."""

    def __init__(self, publisher: Publisher, form: Format, ssrc: int) -> None:
        self.form = form
        self.publisher = publisher
        self.ssrc = ssrc
        self.interval = 1 / form.rate
        self.sequence = 0
        self.timestamp = 0
        self.key_frame = True
        self.flows = True
        """Somebody gets it; else a browser would not send it."""
        self.sent = 0
        self.octets = 0
        self._sound = form.kind == "audio"
        self._key = KEY[:-4] + struct.pack("<HH", form.height * 16 // 9, form.height)
        self._step = 960 if self._sound else 90_000 * form.per_frame // form.rate
        self._filler = bytes(form.size - _HEADER.size - len(KEY) - 8)

    def send(self) -> None:
        """Send the next packet."""
        place = self.sequence % self.form.per_frame
        self.sequence += 1
        start = DELTA_MORE
        marker = 0
        if place == 0:
            self.timestamp += self._step
            if not self._sound:
                start = self._key if self.key_frame else DELTA_START
                self.key_frame = False
        if not self._sound and place == self.form.per_frame - 1:
            marker = 0x80
        publisher = self.publisher
        publisher.transport_sequence += 1
        header = _HEADER.pack(
            0x90,
            marker | (111 if self._sound else 96),
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

    def __init__(self, number: int, client: Client, formats: Sequence[Format] = (SOUND, PICTURE)) -> None:
        self.number = number
        self.client = client
        self.transport_sequence = 0
        self.name = f"p{number}"
        self.streams = [Stream(self, form, 10_000 * (place + 1) + number) for place, form in enumerate(formats)]
        client.on_packet = self._on_packet

    async def publish(self, sfu: Sfu) -> None:
        """Announce both tracks."""
        kinds: tuple[tuple[Kind, Codec], ...] = (("audio", OPUS), ("video", VP8))
        for kind, codec in kinds:
            encodings = [
                EncodingParameters(stream.ssrc, rid=str(stream.form.height))
                for stream in self.streams
                if stream.form.kind == kind
            ]
            track = f"{self.name}-{kind}"
            answer = await sfu.request(PublishTrack(self.name, track, kind, kind, [codec], EXTENSIONS, encodings))
            assert isinstance(answer, Done), answer

    def report(self) -> None:
        """Send the sender reports of all streams that flow."""
        ntp = ntp_time(time.monotonic())
        for stream in self.streams:
            if stream.sent:
                report = rtcp.SenderReport(stream.ssrc, ntp, stream.timestamp & 0xFFFFFFFF, stream.sent, stream.octets)
                self.client.send_rtcp(report.to_bytes())

    def _on_packet(self, packet: memoryview) -> None:
        for part in rtcp.parse(packet):
            if isinstance(part, rtcp.PictureLossIndication):
                for stream in self.streams:
                    stream.key_frame = stream.key_frame or stream.ssrc == part.media_ssrc


class Subscriber:
    """A person who receives."""

    def __init__(self, name: str, client: Client) -> None:
        self.client = client
        self.name = name
        self.ssrcs: list[int] = []
        self.received = 0
        self.latencies: list[int] = []
        """Nanoseconds."""
        self.heights: dict[str, int] = {}
        """What is wished for, in lines."""
        self.uncounted = b""
        """An SSRC, as it stands in packets, whose packets are reported on and no more."""
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

    async def watch(self, sfu: Sfu, heights: dict[str, int]) -> None:
        """Wish for these pictures, so many lines tall, and for no others."""
        self.heights = heights
        await sfu.request(WatchTracks(self.name, [TrackWish(track, height) for track, height in heights.items()]))

    def report(self) -> None:
        """Send a receiver report that finds nothing wrong."""
        for first in range(0, len(self.ssrcs), 31):
            blocks = [rtcp.ReportBlock(ssrc, 0, 0, 1000, 10) for ssrc in self.ssrcs[first : first + 31]]
            self.client.send_rtcp(rtcp.ReceiverReport(1, blocks).to_bytes())

    def _on_packet(self, packet: memoryview) -> None:
        if 192 <= packet[1] <= 223:
            return
        now = time.monotonic_ns()
        if packet[8:12] != self.uncounted:
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

    async def gather(self, sfu: Sfu, scenario: Scenario) -> None:
        """Connect everybody; everybody gets everybody else's tracks, and looks at whom the scenario says."""
        certificate = Certificate()
        for number in range(scenario.publishers):
            client = await open_client(sfu, f"p{number}", "publish", member=f"m{number}", certificate=certificate)
            publisher = Publisher(number, client, scenario.formats)
            for stream in publisher.streams:
                stream.flows = scenario.receivers(number, stream.form) > 0
            await publisher.publish(sfu)
            self.publishers.append(publisher)
        for number in range(scenario.people):
            client = await open_client(sfu, f"s{number}", "subscribe", member=f"m{number}", certificate=certificate)
            subscriber = Subscriber(f"s{number}", client)
            others = [publisher.name for publisher in self.publishers if publisher.number != number]
            await subscriber.subscribe(sfu, [f"{name}-{kind}" for name in others for kind in ("audio", "video")])
            wishes = scenario.wishes(number).items()
            await subscriber.watch(sfu, {f"p{other}-video": height for other, height in wishes})
            self.subscribers.append(subscriber)

    async def talk(self, seconds: float) -> None:
        """Send at the pace of the clock, everybody's packets spread evenly over each interval."""
        streams = [stream for publisher in self.publishers for stream in publisher.streams if stream.flows]
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
