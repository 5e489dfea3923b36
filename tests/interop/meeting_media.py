"""Sound and picture of a `MeetingMember` through the SFU: SFrame in plain RTP (docs/protocol.md, sections 5 and 6)."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from sfu.control import Candidate, Kind, LocalParameters
from sfu.io.dtls import Certificate
from sfu.rtp import rtcp
from sfu.rtp.packet import RtpHeader
from sfu.rtp.payload_descriptor import parse_vp8
from signaling import messages as m
from signaling.sdp import Fingerprint, Format, Media, Session, read, write
from tests.interop.media_samples import key_frames, opus_tone
from tests.interop.meeting_member import MeetingMember
from tests.interop.seat import Epoch
from tests.interop.sframe import FrameKey, OpenError, decode_header
from tests.sfu.client import Client

OPUS = Format(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1", ["nack", "transport-cc"])
VP8 = Format(96, "VP8", 90_000, feedback=["nack", "nack pli", "ccm fir"])
FORMATS: dict[Kind, Format] = {"audio": OPUS, "video": VP8}
TICKS: dict[Kind, int] = {"audio": 960, "video": 9_000}
"""RTP clock ticks of a frame: 20 ms of sound, 100 ms of picture."""
PACKET = 1_100
"""Bytes of a frame in one packet at most."""
SWITCH_SECONDS = 1.0
TALLEST = 720
"""Pixels of every tile, as if this member showed all of them large. A picture that is not asked for is not sent."""
OPUS_CLASSES = (128, 256, 512, 1277)
_CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", re.MULTILINE | re.IGNORECASE)


def kid_of(context: int, leaf: int, epoch: int) -> int:
    """KID = context (8 bits), leaf (10), epoch (8)."""
    return (context << 10 | leaf) << 8 | epoch % 256


def codec_header_size(kind: Kind, frame: bytes) -> int:
    """Bytes in clear before the SFrame header."""
    if kind == "audio":
        return 0
    return 1 if frame[0] & 1 else 10


def codec_header(kind: Kind, frame: bytes) -> bytes:
    """What stays in clear of a frame that is to be sealed."""
    if kind == "audio":
        return b""
    return b"\x11" if frame[0] & 1 else bytes.fromhex("1000009d012a") + frame[6:10]


def pad_opus(frame: bytes) -> bytes:
    """So that the sizes tell nothing."""
    size = next(size for size in OPUS_CLASSES if size >= 2 + len(frame))
    return (len(frame).to_bytes(2, "big") + frame).ljust(size, b"\0")


def open_frame(base_key: bytes, kind: Kind, frame: bytes) -> bytes:
    """The plaintext of a frame as the SFU hands it on. Raises `OpenError`."""
    clear = codec_header_size(kind, frame)
    kid, _, _ = decode_header(frame[clear:])
    content = FrameKey(base_key, kid).open(frame[clear:], frame[:clear])
    return content[2 : 2 + int.from_bytes(content[:2], "big")] if kind == "audio" else content


def local_parameters(sdp: str) -> LocalParameters:
    """The SFU's half, out of an answer or offer."""
    media = next(media for media in read(sdp).media if not media.rejected)
    candidates = [Candidate(address, int(port)) for address, port in _CANDIDATE.findall(sdp)]
    return LocalParameters(media.ice_ufrag, media.ice_pwd, media.fingerprints[0].value, candidates)


@dataclass
class UpTrack:
    """What this member publishes."""

    id: str
    mid: str
    kind: Kind
    context: int
    ssrc: int
    sequence: int = 0
    timestamp: int = 0


@dataclass(frozen=True)
class Arrived:
    """A frame as it came from the SFU, still sealed."""

    at: float
    """Unix seconds, by the kernel."""
    member: str
    """Whose the m-line is, as the server says."""
    track: str
    kind: Kind
    frame: bytes

    @property
    def sealed_by(self) -> tuple[int, int, int]:
        """Context, leaf and epoch (modulo 256) out of the KID."""
        kid, _, _ = decode_header(self.frame[codec_header_size(self.kind, self.frame) :])
        return kid >> 18, kid >> 8 & 1023, kid & 255

    @property
    def number(self) -> int:
        """The frame's, among those of its track and key (SFrame's CTR)."""
        return decode_header(self.frame[codec_header_size(self.kind, self.frame) :])[1]


class MeetingMedia:
    """Both connections of one member. Every frame that arrives is kept in `arrived`, up to `keep` of them."""

    def __init__(self, member: MeetingMember, *, keep: int = 20_000) -> None:
        self.member = member
        self.arrived: list[Arrived] = []
        self._keep = keep
        self._certificate = Certificate()
        self._clients: list[Client] = []
        self._up: Client | None = None
        self._down: Client | None = None
        self._tracks: dict[Kind, UpTrack] = {}
        self._by_ssrc: dict[int, m.TrackMap] = {}
        self._partial: dict[int, bytes] = {}
        self._keys: dict[tuple[int, int], tuple[FrameKey, itertools.count[int]]] = {}
        self._published: asyncio.Future[m.Published] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._header = RtpHeader()
        self.connected = asyncio.Event()
        """Set once the subscriber connection stands."""
        self.rebuilt = 0
        """How often the server has lost the connections."""
        self.local: LocalParameters | None = None
        """The SFU's half of the subscriber connection."""
        self._reporting: asyncio.Task[None] | None = None
        member.on_media = self._on_media

    # -- Sending ----------------------------------------------------------------------------------------------------

    async def publish(self, *kinds: Kind) -> None:
        """Offer one track of each kind, connect, and announce their contexts in the signed state."""
        for number, kind in enumerate(kinds):
            self._tracks[kind] = UpTrack(
                secrets.token_urlsafe(16), str(number), kind, len(self._tracks), secrets.randbits(31) + 1
            )
        await self._connect_up()
        contexts = [{"context": t.context, "track": t.id, "kind": t.kind} for t in self._tracks.values()]
        member = self.member
        member.state |= {"microphone": "audio" in kinds, "camera": "video" in kinds, "contexts": contexts}
        member.say_state()

    async def _connect_up(self) -> None:
        member = self.member
        client = Client(certificate=self._certificate)
        self._clients.append(client)
        offer = Session(1, bundle=[track.mid for track in self._tracks.values()])
        for track in self._tracks.values():
            media = self._media(client, track.kind, track.mid, "sendonly")
            media.ssrcs = {track.ssrc: "python"}
            media.msid = f"- {track.id}"
            offer.media.append(media)
        self._published = asyncio.get_running_loop().create_future()
        tracks = [m.TrackOffer(track.id, track.mid, track.kind) for track in self._tracks.values()]
        member.send(m.Publish(member.room, 1, write(offer), tracks))
        answer = await asyncio.wait_for(self._published, 10)
        await client.connect(local_parameters(answer.sdp))
        self._up = client

    def _media(self, client: Client, kind: Kind, mid: str, direction: str) -> Media:
        return Media(
            kind,
            mid,
            direction=direction,
            ice_ufrag=client.ufrag,
            ice_pwd=client.pwd,
            fingerprints=[Fingerprint("sha-256", self._certificate.fingerprint)],
            setup="active",
            formats=[FORMATS[kind]],
            rtcp_mux=True,
            rtcp_rsize=True,
        )

    def sending_epoch(self) -> Epoch:
        """The newest whose keys everybody has, or has had time to get, or that somebody was removed for."""
        now = time.monotonic()
        epochs = self.member.seat.epochs
        for epoch in reversed(epochs):
            if epoch.removal or self.member.ready >= epoch.number or now >= epoch.at + SWITCH_SECONDS:
                return epoch
        return epochs[-1]

    def send(self, kind: Kind, frame: bytes, *, epoch: Epoch | None = None) -> None:
        """Seal one encoded frame with the keys of now, and send it."""
        track, keys = self._tracks[kind], epoch or self.sending_epoch()
        kid = kid_of(track.context, keys.leaf, keys.number)
        if (keys.number, kid) not in self._keys:
            self._keys[keys.number, kid] = FrameKey(keys.base_key, kid), itertools.count()
        key, counter = self._keys[keys.number, kid]
        header = codec_header(kind, frame)
        content = pad_opus(frame) if kind == "audio" else frame
        self.send_sealed(kind, header + key.seal(next(counter), content, header))

    def send_sealed(self, kind: Kind, frame: bytes) -> None:
        """Send a frame as it is. While the connection is being built anew it is lost, as a browser's."""
        if self._up is None:
            return
        track = self._tracks[kind]
        track.timestamp += TICKS[kind]
        pieces = [frame[at : at + PACKET] for at in range(0, len(frame), PACKET)]
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            track.sequence += 1
            # RFC 7741, section 4.2: S in the first packet of a frame, partition 0.
            descriptor = b"" if kind == "audio" else b"\x00" if number else b"\x10"
            marker = 0x80 if last and kind == "video" else 0
            head = bytes([0x80, marker | FORMATS[kind].payload_type]) + (track.sequence & 0xFFFF).to_bytes(2, "big")
            head += (track.timestamp & 0xFFFFFFFF).to_bytes(4, "big") + track.ssrc.to_bytes(4, "big")
            self._up.send_rtp(head + descriptor + piece)

    async def play(self, seconds: float, kinds: Iterable[Kind] = ("audio", "video")) -> None:
        """Send a tone and a bright picture at the pace of the clock."""
        tone, picture = itertools.cycle(opus_tone()), itertools.cycle(key_frames())
        begin = time.monotonic()
        for step in range(int(seconds * 50)):
            if "audio" in kinds:
                self.send("audio", next(tone))
            if "video" in kinds and step % 5 == 0:
                self.send("video", next(picture))
            await asyncio.sleep(max(0.0, begin + (step + 1) / 50 - time.monotonic()))

    # -- Receiving --------------------------------------------------------------------------------------------------

    async def subscribe(self) -> None:
        """Open the subscriber connection. What arrives is kept."""
        self.member.send(m.Subscribe(self.member.room))
        await asyncio.wait_for(self.connected.wait(), 10)

    def _on_media(self, message: m.Published | m.SubscribeOffer | m.MediaLost) -> None:
        if isinstance(message, m.MediaLost):
            self._spawn(self._rebuild())
        elif isinstance(message, m.Published):
            if self._published is not None and not self._published.done():
                self._published.set_result(message)
        else:
            self._answer(message)

    async def _rebuild(self) -> None:
        """Both connections anew, with the same tracks."""
        self.rebuilt += 1
        self._up = self._down = None
        self.connected.clear()
        self._by_ssrc.clear()
        self._partial.clear()
        if self._reporting is not None:
            self._reporting.cancel()
        for client in self._clients:
            await client.close(quietly=True)
        self._clients.clear()
        await asyncio.gather(self._connect_up(), self.subscribe())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task

    def _answer(self, offer: m.SubscribeOffer) -> None:
        session = read(offer.sdp)
        connect = self._down is None
        if self._down is None:
            self._down = Client(certificate=self._certificate, stamped=True)
            self._down.on_packet = self._on_packet
            self._clients.append(self._down)
        maps = {track.mid: track for track in offer.tracks}
        answer = Session(session.version, bundle=session.bundle)
        for media in session.media:
            sends = media.direction == "sendonly"
            kind: Kind = "audio" if media.kind == "audio" else "video"
            answer.media.append(self._media(self._down, kind, media.mid, "recvonly" if sends else "inactive"))
            answer.media[-1].formats = media.formats[:1]
            if sends and media.mid in maps:
                self._by_ssrc[next(iter(media.ssrcs))] = maps[media.mid]
        member = self.member
        member.send(m.SubscribeAnswer(member.room, offer.generation, write(answer)))
        pictures = [m.TileWish(track.member, track.track, TALLEST) for track in offer.tracks if track.kind == "video"]
        member.send(m.Watch(member.room, pictures))
        if connect:
            self.local = local_parameters(offer.sdp)
            self._reporting = self._spawn(self._connect(self._down, self.local))

    async def _connect(self, client: Client, local: LocalParameters) -> None:
        await client.connect(local)
        self.connected.set()
        while True:
            blocks = [rtcp.ReportBlock(ssrc, 0, 0, 0, 0) for ssrc in list(self._by_ssrc)[:31]]
            client.send_rtcp(rtcp.ReceiverReport(1, blocks).to_bytes())
            await asyncio.sleep(1)

    def ask_for_key_frames(self) -> None:
        """PLI for every picture."""
        assert self._down is not None
        for ssrc, track in self._by_ssrc.items():
            if track.kind == "video":
                self._down.send_rtcp(rtcp.PictureLossIndication(1, ssrc).to_bytes())

    def _on_packet(self, packet: memoryview) -> None:
        if 192 <= packet[1] <= 223:
            return
        data, header = bytes(packet), self._header
        header.parse(data, len(data))
        track = self._by_ssrc.get(header.ssrc)
        if track is None or header.payload_start == header.payload_end:
            return
        if track.kind == "audio":
            self._arrive(track, data[header.payload_start : header.payload_end])
            return
        descriptor = parse_vp8(data, header.payload_start, header.payload_end)
        piece = data[header.payload_start + descriptor.length : header.payload_end]
        whole = piece if descriptor.starts_frame else self._partial.pop(header.ssrc, b"") + piece
        if header.marker:
            self._partial.pop(header.ssrc, None)
            self._arrive(track, whole)
        else:
            self._partial[header.ssrc] = whole

    def _arrive(self, track: m.TrackMap, frame: bytes) -> None:
        if len(self.arrived) < self._keep:
            assert self._down is not None
            self.arrived.append(Arrived(self._down.arrived, track.member, track.track, track.kind, frame))

    def open(self, arrived: Arrived, epochs: Iterable[Epoch] | None = None) -> bytes | None:
        """The frame, if it is of the member and track that the m-line should carry, by the keys of those epochs."""
        context, leaf, number = arrived.sealed_by
        for epoch in self.member.seat.epochs if epochs is None else epochs:
            if epoch.number % 256 != number or epoch.leaves.get(leaf) != arrived.member:
                continue
            contexts = self.member.states.get(arrived.member, {}).get("contexts", [])
            if {"context": context, "track": arrived.track, "kind": arrived.kind} not in contexts:
                continue
            try:
                return open_frame(epoch.base_key, arrived.kind, arrived.frame)
            except OpenError:
                continue
        return None

    async def close(self) -> None:
        """Close both connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients:
            await client.close()
