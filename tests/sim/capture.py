"""Record how a real Chromium sends and receives, into ``tests/vectors/chromium.json``: ``python -m tests.sim.capture``.

One page publishes a fake camera of 720 lines in three VP8 encodings and a fake microphone to a real worker in this
process, and subscribes to both on a second connection. What crosses the worker's links is noted (headers alone) and
disturbed: `tests/sim/publishing_browser.py` and `subscribing_browser.py` behave by these figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from playwright.async_api import Page, async_playwright

from sfu.control import (
    Candidate,
    ConnectTransport,
    LocalParameters,
    OpenTransport,
    PublishTrack,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TrackWish,
    TransportOpened,
    WatchTracks,
    WorkerSettings,
)
from sfu.io.link import Link
from sfu.io.worker import Worker, start_worker
from sfu.publisher import Publisher
from sfu.rtp import dependency_descriptor, extensions
from sfu.rtp.packet import RtpHeader
from sfu.rtp.rtcp import Nack, Packet, PictureLossIndication, ReceiverReport, SenderReport
from sfu.rtp.transport_feedback import TransportFeedback
from sfu.subscriber import Subscriber
from signaling.messages import TrackOffer
from signaling.negotiation import UpTrack, read_offer
from signaling.subscriber_session import SUBSCRIBER_CODECS, SUBSCRIBER_EXTENSIONS, SubscriberSession
from tests.browser.harness import chromium_path

OUT = Path(__file__).parents[1] / "vectors" / "chromium.json"
FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30"]
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"

PUBLISH = """async () => {
  const video = {width: 1280, height: 720, frameRate: 30};
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video});
  window.publisher = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  publisher.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly'});
  const encodings = [
    {rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150000, scalabilityMode: 'L1T3'},
    {rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500000, scalabilityMode: 'L1T3'},
    {rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1500000, scalabilityMode: 'L1T3'}];
  publisher.addTransceiver(stream.getVideoTracks()[0], {direction: 'sendonly', sendEncodings: encodings});
  await publisher.setLocalDescription();
  return publisher.localDescription.sdp;
}"""
PUBLISHED = "async sdp => { await publisher.setRemoteDescription({type: 'answer', sdp}); }"
SUBSCRIBE = """async sdp => {
  window.subscriber = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  subscriber.ontrack = ({track}) => {
    const element = document.createElement(track.kind);
    element.srcObject = new MediaStream([track]);
    element.muted = track.kind === 'video';
    element.autoplay = true;
    document.body.append(element);
  };
  await subscriber.setRemoteDescription({type: 'offer', sdp});
  await subscriber.setLocalDescription();
  return subscriber.localDescription.sdp;
}"""


@dataclass
class Arrival:
    """One RTP packet of the publisher."""

    at: float
    ssrc: int
    sequence: int
    timestamp: int
    marker: bool
    payload_type: int
    size: int
    """Bytes of payload, padding included, without SRTP's tag."""
    descriptor: bytes


@dataclass
class Notes:
    """What was seen on both connections."""

    arrivals: list[Arrival] = field(default_factory=list)
    reports: list[tuple[float, Packet]] = field(default_factory=list)
    """From the subscriber."""
    sender_reports: list[float] = field(default_factory=list)
    gaps: dict[int, float] = field(default_factory=dict)
    """When the packet after a dropped one left, by the dropped one's number."""


class UpPath:
    """The way from the browser to the worker: notes, then a seeded loss and a bottleneck with a queue."""

    def __init__(self, link: Link, notes: Notes) -> None:
        assert isinstance(link.peer, Publisher)
        self.loss = 0.0
        self.rate = 0.0
        """Bit/s, 0 for no bottleneck."""
        self.descriptor_id = 0
        self._link = link
        self._notes = notes
        self._receive = link.peer.receive_rtp
        self._incoming = link.peer.channel.incoming
        self._header = RtpHeader()
        self._free_at = 0.0
        self._random = random.Random(1)
        link.receive_rtp = self.receive  # stands between, which is the point

    def receive(self, length: int, *, now: float) -> None:
        header, buffer = self._header, self._incoming
        first = buffer[0]
        buffer[0] &= ~0x20  # how much padding there is, stands behind the encryption
        header.parse(buffer, length)
        buffer[0] = first
        offset, size = extensions.find(
            buffer, header.extension_start, header.extension_end, header.extension_profile, self.descriptor_id
        )
        self._notes.arrivals.append(
            Arrival(
                now,
                int.from_bytes(buffer[8:12], "big"),
                header.sequence,
                header.timestamp,
                bool(header.marker),
                header.payload_type,
                length - header.payload_start - 16,
                bytes(buffer[offset : offset + size]) if size else b"",
            )
        )
        if self._random.random() < self.loss:
            return
        if not self.rate:
            self._receive(length, now=now)
            return
        self._free_at = max(self._free_at, now) + length * 8 / self.rate
        if self._free_at - now > 1.0:
            return
        packet = bytes(buffer[:length])
        asyncio.get_running_loop().call_later(self._free_at - now, self._late, packet)

    def _late(self, packet: bytes) -> None:
        self._incoming[: len(packet)] = packet
        self._receive(len(packet), now=time.monotonic())


class DownPath:
    """The way from the worker to the browser: a seeded loss of the picture's packets, and what the browser reports."""

    def __init__(self, link: Link, notes: Notes, ssrc: int) -> None:
        self.loss = 0.0
        self.ssrc = ssrc
        channel = link.peer.channel
        send, take = channel.send, link.peer._receive_report
        chance = random.Random(2)
        lost: list[int] = []

        def drop(length: int) -> None:
            outgoing = channel.outgoing
            if int.from_bytes(outgoing[8:12], "big") == self.ssrc:
                sequence = int.from_bytes(outgoing[2:4], "big")
                if chance.random() < self.loss:
                    lost.append(sequence)
                    return
                for number in lost:
                    notes.gaps[number] = time.monotonic()
                lost.clear()
            send(length)

        def note(packet: Packet, now: float) -> None:
            notes.reports.append((now, packet))
            take(packet, now)

        assert isinstance(link.peer, Subscriber)
        link.peer.sender._send = drop
        link.peer._receive_report = note  # type: ignore[method-assign]  # stands between


class Session:
    """The page's two connections to the worker."""

    def __init__(self, page: Page, worker: Worker, *, relays: tuple[int, int] | None = None) -> None:
        """Of ``relays`` one port leads from the publishing connection to the worker, the other from the subscribing."""
        self.page, self.worker = page, worker
        self._relays = relays
        self.notes = Notes()
        self.names: dict[int, str] = {}
        self.audio_type = 0

    async def connect(self, *, height: int = 180) -> None:
        """Publish, and subscribe to the picture that tall."""
        request = self.worker.request
        opened = await request(OpenTransport("room", "ana", "up", "publish"))
        assert isinstance(opened, TransportOpened)
        offers = [TrackOffer("microphone", "0", "audio"), TrackOffer("camera", "1", "video")]
        offer = read_offer(await self.page.evaluate(PUBLISH), offers)
        await request(ConnectTransport("up", offer.remote))
        for track in offer.tracks:
            published = PublishTrack(
                "up", track.id, track.mid, track.kind, track.codecs, track.extensions, track.encodings
            )
            await request(published)
        self.audio_type = offer.tracks[0].codecs[0].payload_type
        self.up = UpPath(self.worker._links["up"], self.notes)
        self.up.descriptor_id = offer.tracks[1].extensions.dependency_descriptor or 0
        take = self.worker._links["up"].peer._receive_report

        def note(packet: Packet, now: float) -> None:
            if isinstance(packet, SenderReport):
                self.notes.sender_reports.append(now)
            take(packet, now)

        self.worker._links["up"].peer._receive_report = note  # type: ignore[method-assign]  # stands between
        await self.page.evaluate(PUBLISHED, offer.answer(self._led(opened.local, 0), 1))

        opened = await request(OpenTransport("room", "ben", "down", "subscribe"))
        assert isinstance(opened, TransportOpened)
        session = SubscriberSession()
        for planned in session.plan([UpTrack("ana", each) for each in offer.tracks])[1]:
            kind = planned.offer.kind
            wanted = SubscribeTrack("down", planned.offer.id, SUBSCRIBER_CODECS[kind], SUBSCRIBER_EXTENSIONS[kind])
            answer = await request(wanted)
            assert isinstance(answer, TrackSubscribed)
            session.bind(planned, answer)
            if planned.offer.kind == "video":
                self.picture = answer.ssrc
        sdp, _ = session.offer(self._led(opened.local, 1), 1)
        agreed = session.answer(1, await self.page.evaluate(SUBSCRIBE, sdp))
        assert agreed is not None
        await request(ConnectTransport("down", agreed.remote))
        self.down = DownPath(self.worker._links["down"], self.notes, self.picture)
        await request(WatchTracks("down", [TrackWish("camera", height)]))
        for name in ("microphone", "camera"):
            await request(StartTrack("down", name))

    def _led(self, local: LocalParameters, which: int) -> LocalParameters:
        if self._relays is None:
            return local
        return msgspec.structs.replace(local, candidates=[Candidate("127.0.0.1", self._relays[which])])

    @property
    def publisher(self) -> Publisher:
        peer = self.worker._links["up"].peer
        assert isinstance(peer, Publisher)
        return peer

    def of(self, rid: str, since: float = 0.0, until: float = float("inf")) -> list[Arrival]:
        """The packets of one encoding, without repairs."""
        (ssrc,) = [
            encoding.ssrc for encoding in self.publisher.tracks["camera"].encodings if encoding.parameters.rid == rid
        ]
        return [each for each in self.notes.arrivals if each.ssrc == ssrc and since <= each.at < until]

    def sound(self, since: float) -> list[Arrival]:
        return [each for each in self.notes.arrivals if each.payload_type == self.audio_type and each.at >= since]


def spread(values: Iterable[float], digits: int = 4) -> dict[str, float]:
    """Median, tenth and ninetieth percentile."""
    ordered = sorted(values)
    if not ordered:
        return {}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], digits)

    return {"p10": at(0.1), "p50": round(statistics.median(ordered), digits), "p90": at(0.9), "count": len(ordered)}


def frames(packets: list[Arrival]) -> list[list[Arrival]]:
    """Packets put together to frames, by timestamp."""
    found: dict[int, list[Arrival]] = defaultdict(list)
    for packet in packets:
        found[packet.timestamp].append(packet)
    return list(found.values())


def is_key(frame: list[Arrival]) -> bool:
    return any(dependency_descriptor.has_structure(packet.descriptor, 0, len(packet.descriptor)) for packet in frame)


def describe(everything: list[Arrival], since: float) -> dict[str, Any]:
    """What one encoding looks like on the wire, from some time on; its descriptors refer to what came before."""
    packets = [packet for packet in everything if packet.at >= since]
    whole = frames(packets)[1:-1]
    sizes: dict[str, list[float]] = defaultdict(list)
    reader = dependency_descriptor.Reader()
    pattern: list[str] = []
    diffs: list[list[int]] = []
    for frame in frames(everything):
        first = frame[0]
        try:
            told = reader.read(first.descriptor, 0, len(first.descriptor))
        except ValueError:
            continue
        if first.at < since:
            continue
        kind = "key" if told.key_frame else f"t{told.temporal_id}"
        sizes[kind].append(sum(packet.size for packet in frame))
        if len(pattern) < 16:
            pattern.append(kind)
            diffs.append(list(told.frame_diffs))
    seconds = packets[-1].at - packets[0].at
    return {
        "bit/s": round(sum(packet.size for packet in packets) * 8 / seconds),
        "frames/s": round(len(whole) / seconds, 1),
        "frame interval s": spread(b[0].at - a[0].at for a, b in pairwise(whole)),
        "largest payload B": max(packet.size for packet in packets),
        "frame B": {kind: spread(values, 0) for kind, values in sorted(sizes.items())},
        "frames": " ".join(pattern),
        "frame diffs": diffs,
        "span of a frame s": spread(frame[-1].at - frame[0].at for frame in whole if len(frame) > 1),
    }


async def key_frames(session: Session, count: int) -> dict[str, Any]:
    """Ask for key frames of the largest encoding; how soon they begin, and whose they are."""
    delays: list[float] = []
    spans: list[float] = []
    together = 0
    encoding = session.publisher.tracks["camera"].encodings[2]
    for _ in range(count):
        asked = time.monotonic()
        pli = PictureLossIndication(session.publisher.report_ssrc, encoding.ssrc)
        session.publisher.channel.send_rtcp(pli.to_bytes())
        await asyncio.sleep(1.5)
        keys = [frame for frame in frames(session.of("f", asked)) if is_key(frame)]
        if keys:
            delays.append(keys[0][0].at - asked)
            spans.append(keys[0][-1].at - keys[0][0].at)
            together += any(is_key(frame) for frame in frames(session.of("q", asked)))
    return {
        "asked": count,
        "delay s": spread(delays),
        "from first to last packet s": spread(spans),
        "all encodings together": together,
    }


async def double_request(session: Session) -> list[float]:
    """Ask every 50 ms for 3 s: how often the browser obeys."""
    encoding = session.publisher.tracks["camera"].encodings[2]
    begin = time.monotonic()
    while time.monotonic() < begin + 3:
        pli = PictureLossIndication(session.publisher.report_ssrc, encoding.ssrc)
        session.publisher.channel.send_rtcp(pli.to_bytes())
        await asyncio.sleep(0.05)
    keys = [frame[0].at for frame in frames(session.of("f", begin)) if is_key(frame)]
    return [round(b - a, 3) for a, b in pairwise(keys)]


async def losing_downlink(session: Session, seconds: float) -> dict[str, Any]:
    """Drop 5 % of the picture on the way down; when and how often the browser asks again, and its reports."""
    notes, begin = session.notes, time.monotonic()
    session.down.loss = 0.05
    await asyncio.sleep(seconds)
    session.down.loss = 0.0
    reports = [(at, packet) for at, packet in notes.reports if at >= begin]
    asked: dict[int, list[float]] = defaultdict(list)
    for at, packet in reports:
        if isinstance(packet, Nack) and packet.media_ssrc == session.picture:
            for sequence in packet.lost:
                asked[sequence].append(at)
    first = [times[0] - notes.gaps[number] for number, times in asked.items() if number in notes.gaps]
    times = [at for at, packet in reports if isinstance(packet, ReceiverReport)]
    twcc = [at for at, packet in reports if isinstance(packet, TransportFeedback)]
    return {
        "dropped": sum(at >= begin for at in notes.gaps.values()),
        "from the next packet to the request s": spread(first),
        "between requests s": spread(b - a for each in asked.values() for a, b in pairwise(each)),
        "requests for one packet": spread(len(each) for each in asked.values()),
        "key frame requests": sum(isinstance(packet, PictureLossIndication) for _, packet in reports),
        "between receiver reports s": spread(b - a for a, b in pairwise(times)),
        "between transport feedback s": spread(b - a for a, b in pairwise(twcc)),
    }


async def silence(session: Session, seconds: float) -> dict[str, Any]:
    """Let nothing of the picture arrive for a while, then go on: when the browser asks for a key frame."""
    begin = time.monotonic()
    session.down.loss = 1.0
    await asyncio.sleep(seconds)
    session.down.loss = 0.0
    back = time.monotonic()
    await asyncio.sleep(2)
    asked = [at for at, packet in session.notes.reports if isinstance(packet, PictureLossIndication) and at >= begin]
    return {
        "key frame requests after s of nothing": [round(at - begin, 2) for at in asked if at < back],
        "after it goes on s": [round(at - back, 2) for at in asked if at >= back],
    }


async def bottleneck(session: Session, rate: int) -> dict[str, Any]:
    """Let the uplink be slow for 8 s and fast again: what the browser sends, each half second."""
    begin = time.monotonic()
    before = rates(session, begin - 2, begin)
    session.up.rate = rate
    await asyncio.sleep(8)
    session.up.rate = 0.0
    back = time.monotonic()
    await asyncio.sleep(12)
    return {
        "bottleneck bit/s": rate,
        "before": before,
        "during, each 0.5 s": [rates(session, begin + n / 2, begin + n / 2 + 0.5) for n in range(16)],
        "after, each s": [rates(session, back + n, back + n + 1) for n in range(12)],
    }


def rates(session: Session, since: float, until: float) -> dict[str, int]:
    """Bit/s of each encoding."""
    return {
        rid: round(sum(packet.size for packet in session.of(rid, since, until)) * 8 / (until - since)) for rid in "qhf"
    }


@asynccontextmanager
async def blank_page() -> AsyncIterator[tuple[Page, Worker, str]]:
    """A page of an origin of its own, a worker, and the browser's version."""

    async def empty(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    worker = await start_worker(WorkerSettings(0, ["127.0.0.1"]), on_event=lambda event: None)
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, AUTOPLAY])
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            yield page, worker, f"Chromium {browser.version}"
            await browser.close()
    finally:
        await worker.close()
        await runner.cleanup()


async def record() -> dict[str, Any]:
    """Hold the session and return the figures."""
    async with blank_page() as (page, worker, version):
        session = Session(page, worker)
        await session.connect()
        await asyncio.sleep(12)  # the browser's estimate has to grow before it sends all encodings
        steady = time.monotonic()
        await asyncio.sleep(8)
        sound = session.sound(steady)
        found: dict[str, Any] = {
            "browser": version,
            "encodings": {rid: describe(session.of(rid), steady) for rid in "qhf" if session.of(rid, steady)},
            "sound": {
                "payload B": spread((packet.size for packet in sound), 0),
                "interval s": spread(b.at - a.at for a, b in pairwise(sound)),
            },
            "between sender reports s": spread(
                b - a for a, b in pairwise(session.notes.sender_reports) if b - a > 0.01
            ),
            "repairs sent as probes": sum(
                each.ssrc == encoding.rtx_ssrc
                for each in session.notes.arrivals
                for encoding in session.publisher.tracks["camera"].encodings
            ),
        }
        key = next((frame for frame in frames(session.of("q")) if is_key(frame)), None)
        if key is not None:
            found["descriptors"] = {
                "key frame": [packet.descriptor.hex() for packet in key],
                "then": [packet.descriptor.hex() for packet in session.of("q")[len(key) : len(key) + 12]],
            }
        found["key frames"] = await key_frames(session, 5)
        sizes = [frame for frame in frames(session.of("f", steady)) if is_key(frame)]
        found["key frame f B"] = spread((sum(packet.size for packet in frame) for frame in sizes), 0)
        found["asked every 50 ms, between key frames s"] = await double_request(session)
        found["5 % lost on the way down"] = await losing_downlink(session, 10)
        found["nothing on the way down"] = await silence(session, 4)
        found["slow uplink"] = await bottleneck(session, 400_000)
        return found


def main() -> None:
    """Record and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.capture", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    found = {
        "command": "python -m tests.sim.capture",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {sys.platform}",
        **asyncio.run(record()),
    }
    out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
