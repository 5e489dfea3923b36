"""One subscriber's machine as it runs in the server, between publishers that only send and a browser that only reports.

What lies between is real: tracks, copies, layers, allocation, estimate, pace, probes. Publishers send constant sound
and simulcast video, 30 frames a second of wavering size, and a key frame four times as large where one is asked for.
The machine is looked at every 10 ms, as by the worker. The browser reports by `TwccReceiver` on a clock of its own,
over the wire format. DTLS and SRTP are left out but for the tag's size.
"""

import random
import struct
from collections.abc import Callable
from functools import partial

from sfu.bwe.estimator import Estimator
from sfu.bwe.twcc_receiver import TwccReceiver
from sfu.control import EncodingParameters, Extensions, TrackSubscribed, TrackWish, WatchTracks
from sfu.forwarding.header_rewriter import NUMBER_AT
from sfu.forwarding.router import Router
from sfu.forwarding.up_encoding import UpEncoding
from sfu.forwarding.up_track import UpTrack
from sfu.ice import stun
from sfu.ice.lite_agent import Credentials
from sfu.rtp import rtcp
from sfu.rtp.packet import RtpHeader, is_rtcp
from sfu.rtp.rtcp import PictureLossIndication
from sfu.rtp.transport_feedback import TICKS_PER_SECOND
from sfu.streams.clock_map import RemoteClock
from sfu.subscriber import Subscriber
from tests.sfu.fakes import OPUS, VP8_DOWN, Draw, FakeChannel, publish, rtp, subscribe
from tests.sim.clock import Clock
from tests.sim.link import Conditions, Link

TICK, ASLEEP = 0.01, 2.0
AUDIO_INTERVAL, AUDIO_PAYLOAD = 0.02, 100
"""Opus at 32 kbit/s: 80 bytes of sound and SFrame."""
HEADER, TAG = 20, 16
"""Bytes of RTP with a transport-wide number, and of SRTP's tag."""
AUDIO_SIZE = HEADER + AUDIO_PAYLOAD + TAG
FRAME_INTERVAL = 1 / 30
PACKET_SIZE = 1100
KEY_FRAME = 4
ENCODINGS = ((180, 150_000, 2), (360, 500_000, 1), (720, 1_500_000, 1))
"""Lines, bit/s and temporal layers of what each publisher sends."""
NUMBERED = Extensions(transport_cc=1)
CHECK_INTERVAL = 2.5
"""Seconds between a browser's consent checks; three times that through hours of little, within the 10 s of consent."""
WRAP = 2**32 / TICKS_PER_SECOND
"""Seconds after which the clock in transport-wide feedback wraps: 12.4 days."""
RECEIVER_CLOCK, DRIFT = 4321.987, 1.00005
"""The browser's clock is another one, and 50 µs a second fast."""


class Camera:
    """One encoding that a publisher sends."""

    def __init__(self, encoding: UpEncoding, height: int, rate: int, temporal_layers: int) -> None:
        self.encoding = encoding
        self.rate = rate
        self.wants_key = self._active = True
        self._temporal_layers = temporal_layers
        self._start = struct.pack("<HH", height * 16 // 9, height)
        self._sequence = self._frame = 0

    def switch(self, active: bool) -> None:
        """Obey the server: send nothing that nobody gets."""
        self.wants_key |= active and not self._active
        self._active = active

    def send(self, wavering: float, now: float) -> None:
        """Send the next frame."""
        if not self._active:
            return
        self._frame += 1
        size = int(self.rate * FRAME_INTERVAL / 8 * wavering)
        temporal = self._frame % self._temporal_layers
        codec = b"\x11\x00\x00"
        if self.wants_key:
            self.wants_key = False
            size *= KEY_FRAME
            temporal = 0
            codec = b"\x10\x00\x00\x9d\x01\x2a" + self._start
        descriptor = bytes([0x90, 0x20, temporal << 6 | 0x20])
        while size > 0:
            part = min(size, PACKET_SIZE)
            size -= part
            self._sequence += 1
            payload = descriptor + codec + bytes(part)
            timestamp = int(now * 90_000)
            packet = rtp(
                self.encoding.ssrc, self._sequence, payload, payload_type=96, timestamp=timestamp, marker=size <= 0
            )
            receive(self.encoding, packet, now)
            descriptor, codec = bytes([0x80, 0x20, temporal << 6 | 0x20]), b""


def receive(encoding: UpEncoding, packet: bytes, now: float) -> None:
    """Have an encoding take a packet as its publisher's transport does."""
    buffer = bytearray(packet)
    header = RtpHeader()
    header.parse(buffer, len(buffer))
    encoding.receive(buffer, header, now=now)


class UpChannel(FakeChannel):
    """To a publisher, who answers key-frame requests with the next frame."""

    def __init__(self) -> None:
        super().__init__()
        self.cameras: dict[int, Camera] = {}

    def send_rtcp(self, packet: bytes) -> None:
        for part in rtcp.parse(packet):
            if isinstance(part, PictureLossIndication):
                self.cameras[part.media_ssrc].wants_key = True


class DownChannel(FakeChannel):
    """To the subscriber's browser."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        super().__init__()
        self._send_down = send

    def send(self, length: int) -> None:
        self._send_down(bytes(self.outgoing[:length]))

    def send_rtcp(self, packet: bytes) -> None:
        self._send_down(packet)


class SubscriberWorld:
    """One subscriber with `publishers` others in the room, all unmuted and shown at 720 lines.

    With `day`, while not `awake`, one of them is heard every 2 s and nobody is shown; the browser's clock
    then wraps after 6 hours.
    """

    def __init__(self, *, seed: int, down: Conditions, up: Conditions, publishers: int = 3, day: bool = False) -> None:
        self.clock = Clock()
        self.links = {
            "down": Link(self.clock, seed=seed, conditions=down),
            "up": Link(self.clock, seed=seed + 1, conditions=up),
        }
        self.awake = True
        self.numbers = 0
        """Packets sent."""
        self.audio_sent = self.audio_received = 0
        self._publishers = publishers
        self._random = random.Random(seed + 2)
        self._clock_start = WRAP - 6 * 3600 if day else RECEIVER_CLOCK
        self._epoch = 0
        self._sequence = 0
        self._twcc = TwccReceiver()
        self._reporting = False
        self._channel = DownChannel(self._send)
        self._local = Credentials("server", "password of the server")
        router = Router(draw=Draw())
        self.subscriber = Subscriber("down", router, self._channel, self._local, report_ssrc=1, now=0.0)
        self._up = UpChannel()
        self._tracks = [self._publish(router, index) for index in range(publishers)]
        self._microphones = [self._listen(router, index) for index in range(publishers)]
        self._audio_ssrcs = {
            track.stream.ssrc for track in self.subscriber.tracks.values() if track.track.kind == "audio"
        }
        self.subscriber.connect(Credentials("browser", "password of the browser"))
        self.subscriber.secured(now=0.0)
        self._check()
        self.wake(True)
        self._repeat(TICK, self._tick)
        self._repeat(AUDIO_INTERVAL, self._send_audio)
        self._repeat(FRAME_INTERVAL, self._send_video)

    def _publish(self, router: Router, index: int) -> UpTrack:
        name = f"camera {index}"
        encodings = [EncodingParameters(10_000 * (index + 1) + number, rid="qhf"[number]) for number in range(3)]
        track = UpTrack(publish(name, encodings=encodings), "", self._up, RemoteClock(), report_ssrc=2)
        router.add(track)
        for encoding, (height, rate, temporal_layers) in zip(track.encodings, ENCODINGS, strict=True):
            self._up.cameras[encoding.ssrc] = Camera(encoding, height, rate, temporal_layers)
        self._take(name)
        return track

    def _listen(self, router: Router, index: int) -> UpEncoding:
        name = f"microphone {index}"
        request = publish(name, kind="audio", ssrc=500 + index, codec=OPUS)
        track = UpTrack(request, "", self._up, RemoteClock(), report_ssrc=2)
        router.add(track)
        self._take(name)
        return track.encodings[0]

    def _take(self, name: str) -> None:
        codec = VP8_DOWN if name.startswith("camera") else OPUS
        answer = self.subscriber.subscribe(subscribe(name, codec=codec, extensions=NUMBERED))
        assert isinstance(answer, TrackSubscribed)
        self.subscriber.start(name, now=0.0)

    def _repeat(self, interval: float, action: Callable[[], None]) -> None:
        """Act at every interval, asleep every 2 s."""

        def again() -> None:
            action()
            self.clock.call_at(self.clock.now + (interval if self.awake else max(interval, ASLEEP)), again)

        self.clock.call_at(self.clock.now + interval, again)

    def wake(self, awake: bool) -> None:
        """Show everybody, or nobody."""
        self.awake = awake
        wishes = [TrackWish(f"camera {index}", 720) for index in range(self._publishers)] if awake else []
        self.subscriber.watch(WatchTracks("down", wishes), now=self.clock.now)

    # -- Figures ---------------------------------------------------------------------------------------------------

    @property
    def estimator(self) -> Estimator:
        return self.subscriber.sender.estimator

    @property
    def audio_rate(self) -> int:
        return int(self._publishers * AUDIO_SIZE * 8 / AUDIO_INTERVAL)

    @property
    def video_rate(self) -> int:
        """Bit/s of the layers that are being sent."""
        return sum(track.selected.rate for track in self.subscriber.tracks.values() if track.selected is not None)

    @property
    def heights(self) -> list[int]:
        """Of each picture the lines that are being sent, 0 for nothing."""
        copies = [self.subscriber.tracks[f"camera {index}"] for index in range(self._publishers)]
        return [0 if copy.selected is None else copy.selected.height for copy in copies]

    @property
    def lost_audio(self) -> float:
        """Fraction since `reset`."""
        return 1 - self.audio_received / self.audio_sent

    def reset(self) -> None:
        """Count sound anew: what is sent from now on."""
        self._epoch += 1
        self.audio_sent = self.audio_received = 0
        self.links["down"].max_queue_delay = 0.0

    # -- The server and the publishers -----------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self.clock.now
        for track in self._tracks:
            active = track.handle_timer(rtt=0.0, now=now)
            if active is not None:
                for encoding, wanted in zip(track.encodings, active, strict=True):
                    self._up.cameras[encoding.ssrc].switch(wanted)
        self.subscriber.handle_timer(now=now)

    def _check(self) -> None:
        """The browser's ICE checks keep up consent, whatever the links lose."""
        attributes = [
            (stun.USERNAME, b"server:browser"),
            (stun.PRIORITY, bytes(4)),
            (stun.ICE_CONTROLLING, bytes(8)),
            (stun.USE_CANDIDATE, b""),
        ]
        check = stun.build(stun.BINDING_REQUEST, bytes(12), attributes, self._local.pwd)
        assert self.subscriber.receive_stun(stun.parse(check), ("192.0.2.1", 5000), now=self.clock.now) is not None
        self.clock.call_at(self.clock.now + CHECK_INTERVAL * (1 if self.awake else 3), self._check)

    def _send_audio(self) -> None:
        self._sequence += 1
        now = self.clock.now
        for encoding in self._microphones if self.awake else self._microphones[:1]:
            payload = bytes(AUDIO_PAYLOAD)
            timestamp = self._sequence * 960
            receive(encoding, rtp(encoding.ssrc, self._sequence, payload, payload_type=111, timestamp=timestamp), now)

    def _send_video(self) -> None:
        if self.awake:
            for camera in self._up.cameras.values():
                camera.send(self._random.uniform(0.6, 1.4), self.clock.now)

    def _send(self, packet: bytes) -> None:
        audio = not is_rtcp(packet[1]) and int.from_bytes(packet[8:12], "big") in self._audio_ssrcs
        self.audio_sent += audio
        epoch = self._epoch if audio else -1
        self.numbers += 1
        self.links["down"].send(len(packet) + TAG, lambda: self._arrive(packet, epoch))

    # -- The browser -----------------------------------------------------------------------------------------------

    def _arrive(self, packet: bytes, epoch: int) -> None:
        if is_rtcp(packet[1]):
            return
        now = self.clock.now
        if epoch == self._epoch:
            self.audio_received += 1
        sequence = packet[NUMBER_AT] << 8 | packet[NUMBER_AT + 1]
        self._twcc.receive(sequence, now=self._clock_start + now * DRIFT)
        deadline = self._twcc.next_deadline()
        if deadline is not None and not self._reporting:
            self._reporting = True
            self.clock.call_at((deadline - self._clock_start) / DRIFT, self._report)

    def _report(self) -> None:
        self._reporting = False
        for packet in self._twcc.feedback(sender_ssrc=1, media_ssrc=2):
            wire = packet.to_bytes()
            self.links["up"].send(len(wire), partial(self._take_report, wire))

    def _take_report(self, wire: bytes) -> None:
        self.subscriber.receive_rtcp(self._channel.put(wire), now=self.clock.now)
