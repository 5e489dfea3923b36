"""One subscriber's copy of an up track: renumbered, sent, and sent again when the subscriber asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.forwarding.allowance import Allowance
from sfu.forwarding.header_rewriter import HeaderRewriter
from sfu.forwarding.layer_selector import LayerSelector
from sfu.forwarding.reported_loss import ReportedLoss
from sfu.forwarding.run import Run
from sfu.native import HEADER_ROOM, lend_headers, new_copy
from sfu.native.numbers import CopyNumbers
from sfu.rtp.packet import HEADER_SIZE, MediaPacket
from sfu.rtp.rtcp import ReportBlock, SenderReport
from sfu.streams import rtx
from sfu.streams.retransmission_cache import AUDIO_PACKETS
from sfu.streams.send_stream import SendStream

if TYPE_CHECKING:
    from sfu.bwe.allocation import Layer
    from sfu.control import Codec, Extensions
    from sfu.forwarding.paced_sender import PacedSender
    from sfu.forwarding.up_encoding import UpEncoding
    from sfu.forwarding.up_track import UpTrack

REPEAT_AFTER = 0.1
"""Seconds between two retransmissions of a packet, or twice the round trip where that is less (LiveKit's rule)."""

MAX_REPEATS = 5
"""Retransmissions of one packet. LiveKit allows three: at 10 % loss one packet in ten thousand is then lost for good,
which is a picture that stands for 3 s every minute or two; with five it is one in a million. More gives whoever asks
for everything again more than six times its share."""

MAX_REMEMBERED = 1024
"""Packets whose retransmissions are counted: as many as the cache holds."""

ASKS, ASKS_WITHIN = 3, 10.0
"""Key frames that one subscriber may ask for of one copy, and in how many seconds (jitsi-videobridge, its limit for a
receiver). Each costs the publisher and everybody else as much as ten frames: higher lets one member spoil the picture
for all, lower leaves the picture of somebody on a bad line broken for longer."""

BEGINS, BEGINS_WITHIN = 5, 10.0
"""Key frames that one copy may cause by beginning or by changing up, and in how many seconds: what goes beyond waits,
or takes the key frame of somebody else. A join takes three, an allocation changes up every few seconds at most. Without
a limit, whoever hides and shows a tile five times a second has its publisher send hardly anything but key frames."""


class DownTrack:
    """A track on its way to one subscriber. Nothing flows before `resume`.

    Of the track's encodings it is handed the packets of those that it needs: the one that flows now, and the one that
    it waits to change to, which happens at that one's next key frame. Paused it is handed none, and costs nothing.
    """

    __slots__ = (
        "_again", "_asks", "_begins", "_filters", "_formats", "_headers", "_lent", "_numbered", "_on_ended",
        "_outgoing", "_rtx_sequence", "_selector", "_send", "_send_video", "_sender", "_skipped", "_source", "_twin",
        "_wanted", "_wants_key_frame", "_write", "encoding", "flowing", "loss", "numbers", "rtx_ssrc", "selected",
        "shared", "started", "stream", "track",
    )  # fmt: skip

    def __init__(
        self,
        track: UpTrack,
        sender: PacedSender,
        codecs: list[tuple[Codec, Codec]],
        *,
        on_ended: Callable[[DownTrack], None],
        descriptor_id: int | None,
        transport_id: int | None,
        ssrc: int,
        rtx_ssrc: int,
        first_sequence: int,
        first_rtx_sequence: int,
    ) -> None:
        """Prepare a copy. ``codecs`` pairs the publisher's formats with this subscriber's, at least one."""
        self.track = track
        self.encoding = self._wanted = track.encodings[0]
        """The encoding that this subscriber gets, from its next key frame on: the one that is wanted, or another one
        while that does not flow."""
        self.shared = new_copy(sender.way)
        """What the compiled twin reads and counts, which sends most packets."""
        self._twin = not isinstance(self.shared, CopyNumbers)
        self.shared.paced = track.kind == "video"
        self.stream = SendStream(ssrc, self.shared)
        self.rtx_ssrc = rtx_ssrc
        """0 where there is no retransmission stream."""
        self.numbers: HeaderRewriter[UpEncoding] = HeaderRewriter(
            ssrc,
            {theirs.payload_type: ours.payload_type for theirs, ours in codecs},
            clock_rate=codecs[0][0].clock_rate,
            first_sequence=first_sequence,
            descriptor_id=descriptor_id,
            transport_id=transport_id,
            numbers=self.shared,
        )
        self.selected: Layer | None = None
        """What this subscriber gets of a picture; None for nothing."""
        self.started = False
        """The subscriber's browser knows this track (`StartTrack`)."""
        self.flowing = False
        """Started, and the subscriber is connected."""
        self._write = self.numbers.write
        self._on_ended = on_ended
        self._formats = {theirs.payload_type: ours for theirs, ours in codecs}
        self._sender = sender
        self._send = sender.send
        self._send_video = sender.send_video
        self._numbered = transport_id is not None
        self._outgoing = sender.outgoing
        self._source: UpEncoding | None = None
        self._selector = LayerSelector()
        self._filters = False
        self._asks = Allowance(ASKS, ASKS_WITHIN)
        self._begins = Allowance(BEGINS, BEGINS_WITHIN)
        self._wants_key_frame = track.kind == "video"
        self._rtx_sequence = first_rtx_sequence
        self._skipped = -1
        """The highest unwrapped number from before the last skip ahead; -1 where that is long ago."""
        self._again: dict[int, tuple[float, int]] = {}
        self._headers = bytearray(0 if self._wants_key_frame else HEADER_ROOM * AUDIO_PACKETS)
        """Of the sound sent last, transport-wide numbers included. AES-GCM breaks where two packets that differ go out
        under one SSRC and sequence number (RFC 7714 section 8.1): anybody on the way could then forge others."""
        self._lent = lend_headers(self.shared, self._headers) if self._headers else None
        if not self._wants_key_frame:
            sender.channel.allow_repeats(ssrc)
        self.loss = ReportedLoss()
        """Before repair."""

    def carry(self, extensions: Extensions) -> None:
        """Carry these header extensions and no others from the next packet on."""
        self.numbers.carry(extensions.dependency_descriptor, extensions.transport_cc)
        self._numbered = extensions.transport_cc is not None

    def resume(self, *, now: float) -> None:
        """Let packets flow, video from its next key frame, which is asked for. Doing it again changes nothing."""
        if not self.flowing:
            self.flowing = True
            self._attend()
            self._seek(now)

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self.flowing = False
        self._leave()
        self._attend()
        self._sender.forget(self.stream.ssrc)

    def skip_ahead(self, *, now: float) -> None:
        """Let a picture that flows go on from its next key frame.

        What the receiver misses from before it is not worth asking for: it would go ahead of what can be shown.
        """
        if self.flowing and self._wants_key_frame:
            self._skipped = self.numbers.highest
            self.pause()
            self.resume(now=now)

    def select(self, layer: Layer | None, *, now: float) -> None:
        """Send this much of a picture from now on, or with None nothing. ``layer`` is one of `UpTrack.layers`.

        Less of the same encoding holds from its next frame on, more from where the publisher allows it; another
        encoding from its next key frame on, which is asked for. What flows goes on flowing until then.
        """
        self.selected = layer
        if layer is None:
            self.pause()
        else:
            self.follow(now=now)
            self.resume(now=now)

    def follow(self, *, now: float) -> None:
        """Look anew at which encodings flow."""
        self._wanted, encoding = self.track.choose(self.selected)
        self._selector.want(*self.track.limits(self.selected))
        self._filters = self._filters or not self._selector.open
        self.encoding = encoding
        self._attend()
        self._share()
        if encoding is not self._source or self._selector.waits_for_key_frame:
            self._seek(now)

    def begin_anew(self, encoding: UpEncoding) -> None:
        """Break with what an encoding sent before: its numbers jumped."""
        if encoding is self._source:
            self._leave()
            self.numbers.renew()
            self._attend()

    def request_key_frame(self, *, now: float) -> bool:
        """Take the subscriber's own request for a key frame; return False if it asked too often."""
        encoding = self._source or self.encoding
        if not encoding.awaits_key_frame and not self._asks.take(now=now):  # else it is the same one that will do
            return False
        self.need_key_frame(encoding, now=now)
        return True

    def need_key_frame(self, encoding: UpEncoding, *, now: float) -> None:
        """Ask an encoding for a key frame if this copy gets it or waits for it, and it is video at all."""
        if self.flowing and self._wants_key_frame and (encoding is self._source or encoding is self.encoding):
            encoding.request_key_frame(now=now)

    def forward(self, packet: MediaPacket, encoding: UpEncoding) -> None:
        """Send one packet of an encoding of the track.

        Runs for every packet and every subscriber, but for those that the compiled twin has sent already.
        """
        if self._twin:
            self._settle()
        if encoding is not self._source and not self._join(packet, encoding):
            return
        if self._filters and not self._admits(packet):
            return
        buffer = self._outgoing
        start = self._write(buffer, packet)
        if start:
            payload = packet.payload
            size = len(payload)
            end = start + size
            buffer[start:end] = payload
            if self._filters:
                self.numbers.finish(buffer, start, packet)
            shared = self.shared
            now = packet.arrival
            if self._wants_key_frame:
                self._send_video(end, self._numbered, self.stream.ssrc, now)
            else:
                self._send(end, self._numbered, now)
                place = buffer[3] % AUDIO_PACKETS * HEADER_ROOM
                self._headers[place : place + start] = buffer[:start]
            shared.packets += 1
            shared.octets += size

    def worth_asking(self, lost: list[int]) -> list[int]:
        """Return those numbers that do not come from before a skip ahead. Costs next to nothing."""
        skipped = self._skipped
        if skipped < 0:
            return lost
        if self.numbers.highest - skipped > MAX_REMEMBERED:
            self._skipped = -1
            return lost
        first = skipped + 1
        return [number for number in lost if number - first & 0xFFFF < 0x8000]

    def receive_nack(self, lost: list[int], *, now: float) -> int:
        """Send again what the subscriber misses and the cache still has; return how many packets that were."""
        if not self.flowing:
            return 0
        rtt = self.stream.rtt
        interval = min(REPEAT_AFTER, 2 * rtt) if rtt > 0 else REPEAT_AFTER
        sent = 0
        for sequence in lost:
            found = self.numbers.find(sequence)
            if found is None:
                continue
            run, original = found
            packet = run.source.cache.get(original, now=now)
            if packet is None:
                continue
            key = original + run.sequence_offset
            last, times = self._again.pop(key, (float("-inf"), 0))
            if times < MAX_REPEATS and now - last >= interval:
                self.loss.repaired += not times
                last, times = now, times + 1
                self._send_again(packet, run, sequence, now)
                sent += 1
            self._again[key] = last, times  # at the young end
            if len(self._again) > MAX_REMEMBERED:
                del self._again[next(iter(self._again))]
        return sent

    def send_padding(self, *, now: float) -> None:
        """Send a packet of nothing but padding, for a probe; to be called only where there is a retransmission SSRC.

        It goes out under the retransmission SSRC, as browsers' own probes do; receivers count it and pass it by.
        """
        self._settle()
        payload_type = next(ours.rtx_payload_type for ours in self._formats.values() if ours.rtx_payload_type)
        self._rtx_sequence += 1
        length = self.numbers.write_padding(
            self._outgoing, payload_type=payload_type, sequence=self._rtx_sequence, ssrc=self.rtx_ssrc
        )
        self._sender.send_padding(length, self._numbered, now=now)

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """Take what the subscriber reports about this copy."""
        self.stream.receive_report(block, now=now)
        self.loss.receive(block, self.stream.packets, now=now)

    def sender_report(self, *, now: float) -> SenderReport | None:
        """Return an SR for this copy, or None while nothing flowed or the publisher's clock is not known yet."""
        source = self._source
        if source is None:
            return None
        timestamp = source.clock.timestamp_at(now)
        if timestamp is None:
            return None
        return self.stream.sender_report((timestamp + self.numbers.timestamp_offset) & 0xFFFF_FFFF, now=now)

    def close(self) -> None:
        """Take the copy off its track and free what SRTP keeps for it."""
        self.pause()
        if self in self.track.down_tracks:
            self.track.down_tracks.remove(self)
        self._sender.channel.forget_sent(self.stream.ssrc)
        if self.rtx_ssrc:
            self._sender.channel.forget_sent(self.rtx_ssrc)
        self._on_ended(self)

    def _seek(self, now: float) -> None:
        """Ask for the key frame that this copy waits for, unless it did so too often of late; `follow` tries again.

        A change down is never held back: it makes room.
        """
        if not self.flowing or not self._wants_key_frame:
            return
        encoding, source, encodings = self.encoding, self._source, self.track.encodings
        down = source is not None and encodings.index(encoding) < encodings.index(source)
        if not down and not encoding.awaits_key_frame and not self._begins.take(now=now):
            return
        self.need_key_frame(encoding, now=now)

    def _attend(self) -> None:
        """Be handed the packets of the encodings that are needed, and of no others."""
        needed = (self._source, self.encoding, self._wanted) if self.flowing else ()
        for encoding in self.track.encodings:
            if encoding in needed:
                encoding.add(self)
            else:
                encoding.remove(self)

    def _join(self, packet: MediaPacket, encoding: UpEncoding) -> bool:
        """Begin with this packet if it can be begun with."""
        if not self.flowing:
            return False
        if self._wants_key_frame:
            if not packet.keyframe:
                return False
            if self._source is not None and packet.sequence < encoding.stream.highest:
                encoding.request_key_frame(now=packet.arrival)  # too late: what builds upon it has passed by
                return False
        self._selector.begin()
        timestamp = self._timestamp(packet, encoding)
        self.numbers.begin(encoding, packet, timestamp=timestamp, spatial=self._selector.spatial)
        self._filters = not self._selector.open or self.numbers.rewrites
        self._source = encoding
        if encoding is self._wanted:
            self.encoding = encoding
        self._attend()
        self._share()
        return True

    def _share(self) -> None:
        """Let the compiled twin send what it can: packets of which nothing is left out and nothing rewritten."""
        if self._twin:
            self._settle()
            source = None if self._filters else self._source
            if source is not None:
                self._sender.channel.share(self.shared)
            self.numbers.share(0 if source is None else source.number)

    def _settle(self) -> None:
        """Catch up with what the twin has sent."""
        if self.shared.source and self._source is not None:
            self.numbers.settle(self._source.cache)

    def _leave(self) -> None:
        """Break with the encoding that flowed."""
        self._settle()
        self._source = None
        self._share()

    def _timestamp(self, packet: MediaPacket, encoding: UpEncoding) -> int | None:
        """Return the packet's RTP time on the clock of the encoding before, as the publisher's reports tell it."""
        before = self.numbers.source
        if before is None or before is encoding:
            return None
        at = encoding.clock.time_of(packet.timestamp)
        return None if at is None else before.clock.timestamp_at(at)

    def _admits(self, packet: MediaPacket) -> bool:
        """Whether the packet's layer is one that this subscriber gets. Closes the gap where it is not."""
        selector, numbers = self._selector, self.numbers
        in_order = numbers.is_next(packet)
        if not selector.admits(packet.layer, in_order=in_order):
            numbers.skip(packet)
            return False
        if in_order and numbers.spatial != selector.spatial:
            numbers.limit(packet, selector.spatial)
        if selector.open and not numbers.rewrites:
            self._filters = False
            self._share()
        return True

    def _send_again(self, packet: MediaPacket, run: Run[UpEncoding], sequence: int, now: float) -> None:
        """As RFC 4588 where the subscriber has a format for it. Sound without one goes out once more, bit for bit."""
        buffer = self._outgoing
        ours = self._formats.get(packet.payload_type)
        if ours is None:
            return
        if self.rtx_ssrc and ours.rtx_payload_type is not None:
            self._rtx_sequence += 1
            start = self.numbers.write_again(
                buffer, packet, run, payload_type=ours.rtx_payload_type, sequence=self._rtx_sequence, ssrc=self.rtx_ssrc
            )
            rtx.write_osn(buffer, start, sequence)
            start += rtx.OSN_LENGTH
            end = start + len(packet.payload)
            buffer[start:end] = packet.payload
            self.numbers.finish(buffer, start, packet, run)
            self._sender.send_repair(end, self._numbered, stream=self.stream.ssrc, now=now)
        elif not self._wants_key_frame:
            place = sequence % AUDIO_PACKETS * HEADER_ROOM
            header = self._headers[place : place + (HEADER_ROOM if self._headers[place] & 0x10 else HEADER_SIZE)]
            if header[0] and header[2:4] == sequence.to_bytes(2, "big"):
                packet_bytes = header + packet.payload
                buffer[: len(packet_bytes)] = packet_bytes
                self._sender.send_again(len(packet_bytes), self._numbered)
