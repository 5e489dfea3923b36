"""A member's publishing transport: packets in, each led to the track whose SSRC it bears, reports out."""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from struct import Struct

from sfu.bwe.twcc_receiver import INTERVAL, TwccReceiver
from sfu.control import Done, EncodingsWanted, PublishTrack, Refused
from sfu.forwarding.channel import Channel
from sfu.forwarding.router import Router
from sfu.forwarding.up_encoding import UpEncoding
from sfu.forwarding.up_track import UpTrack
from sfu.ice.lite_agent import Credentials
from sfu.native import reception
from sfu.native.numbers import InletNumbers
from sfu.native.reception import Inlet, new_inlet
from sfu.peer import EARLY, NOW, REPORT_INTERVAL, Peer
from sfu.refusals import Refusal
from sfu.rtp import extensions
from sfu.rtp.errors import ParseError
from sfu.rtp.packet import HEADER_SIZE, RtpHeader
from sfu.rtp.rtcp import Packet, ReceiverReport, ReferenceAnswer, ReferenceTime, SenderReport, SourceDescription
from sfu.streams.clock_map import RemoteClock, ntp_time
from sfu.streams.inflow import Inflow
from sfu.streams.round_trip import smoothed_rtt

MAX_TRACKS = 8
"""Tracks of one publisher: microphone, camera, screen and its sound, twice over for m-lines on their way out."""

MAX_ENCODINGS = 3
"""Simulcast encodings of one track: no browser sends more."""

MAX_RETIRED = 64
"""SSRCs of ended tracks for which SRTP state is kept. A browser that uses an m-line again goes on with its SSRC, and
with a rollover counter (RFC 3711 section 3.3.1) that a fresh state would not know: nothing would be authentic again. It
does not say MID and RID again either, once a receiver report has shown that the SSRC is known."""

_SSRC = Struct("!I").unpack_from


class Publisher(Peer):
    """The sans-IO machine of a publish transport."""

    def __init__(
        self,
        transport: str,
        router: Router,
        channel: Channel,
        local: Credentials,
        *,
        report_ssrc: int,
        now: float,
    ) -> None:
        """See `Peer`."""
        self._tracks_due = NOW
        """When the tracks have something to do, in seconds."""
        super().__init__(transport, router, channel, local, report_ssrc=report_ssrc, now=now)
        self.tracks: dict[str, UpTrack] = {}
        self._media: dict[int, UpEncoding] = {}
        self._repairs: dict[int, UpEncoding] = {}
        self._retired: OrderedDict[int, tuple[str, str | None, bool]] = OrderedDict()
        """SSRCs of ended tracks: MID, RID, and whether it repaired."""
        self._cname = router.draw_cname()
        self._header = RtpHeader()
        self._clock = RemoteClock()
        numbers = new_inlet(channel.way)
        self.inlet = None if isinstance(numbers, InletNumbers) else Inlet(numbers, channel.incoming)
        self._numbers = numbers
        self._twcc = TwccReceiver(numbers)
        self._inflow = Inflow(numbers)
        self._twcc_id: int | None = None
        self._next_report = self._looked_at = now
        self._rtt = 0.0
        """Seconds, smoothed; 0 before the first answer to a reference time, or where a client gives none."""

    # -- Requests --------------------------------------------------------------------------------------------------

    def publish(self, request: PublishTrack) -> Done | Refused:
        """Accept a track. ``ssrc_taken`` also stands for a track or MID that is in use with other parameters."""
        present = self.tracks.get(request.track)
        if present is not None:
            return Done() if present.request == request else Refused("ssrc_taken")
        if any(track.request.mid == request.mid for track in self.tracks.values()):
            return Refused("ssrc_taken")
        if not request.codecs:
            return Refused("unsupported_codec")
        if len(self.tracks) >= MAX_TRACKS or not 1 <= len(request.encodings) <= MAX_ENCODINGS:
            return Refused("limit")
        ssrcs = [ssrc for encoding in request.encodings for ssrc in (encoding.ssrc, encoding.rtx_ssrc) if ssrc]
        if len(set(ssrcs)) < len(ssrcs) or not all(map(self.router.is_free, ssrcs)):
            return Refused("ssrc_taken")
        track = UpTrack(request, self._cname, self.channel, self._clock, report_ssrc=self.report_ssrc)
        refusal = self.router.add(track)
        if refusal is not None:
            return refusal
        self.tracks[request.track] = track
        self.wake()
        for encoding in track.encodings:
            encoding.wake = self.wake
            if encoding.ssrc:
                self._bind(encoding.ssrc, encoding, self._media)
            if encoding.rtx_ssrc:
                self._bind(encoding.rtx_ssrc, encoding, self._repairs)
        if request.extensions.transport_cc is not None:
            self._twcc_id = request.extensions.transport_cc
            self._numbers.transport_id = request.extensions.transport_cc
        return Done()

    def unpublish(self, name: str) -> None:
        """End a track and its copies; nothing happens if it is gone."""
        track = self.tracks.pop(name, None)
        if track is None:
            return
        self.router.remove(track)
        for table in (self._media, self._repairs):
            for ssrc, encoding in [each for each in table.items() if each[1] in track.encodings]:
                del table[ssrc]
                self.router.release(ssrc)
                self._retired[ssrc] = track.request.mid, encoding.parameters.rid, table is self._repairs
        self._serve()
        while len(self._retired) > MAX_RETIRED:
            self.channel.forget_received(self._retired.popitem(last=False)[0])

    def close(self) -> None:
        """End the transport and its tracks."""
        for name in list(self.tracks):
            self.unpublish(name)
        super().close()

    # -- Packets ---------------------------------------------------------------------------------------------------

    def receive_rtp(self, length: int, *, now: float) -> None:
        """Take the RTP packet in the channel's incoming buffer. Whose it is, is settled before anything changes."""
        if self.inlet is not None:
            self.finish(self.inlet.take(length, now), length, now=now)
        else:
            self._receive_sealed(length, now)

    def finish(self, verdict: int, length: int, *, now: float) -> None:
        """See `Peer`."""
        inlet = self.inlet
        if verdict == reception.TAKEN or inlet is None:
            return
        if verdict == reception.LEFT:
            ssrc, sequence, places = inlet.left()
            self._media[ssrc].hand_left(sequence, places)
        elif verdict == reception.OPENED:
            (ssrc,) = _SSRC(self.channel.incoming, 8)
            self._receive_opened(self._media[ssrc], ssrc, inlet.length, now, repairs=False)
        elif verdict == reception.REFUSED:
            self.refusals.add(Refusal.UNAUTHENTIC)
        else:
            self._receive_sealed(length, now)

    def _receive_sealed(self, length: int, now: float) -> None:
        channel = self.channel
        buffer = channel.incoming
        (ssrc,) = _SSRC(buffer, 8)
        encoding = self._media.get(ssrc)
        repairs = False
        if encoding is None:
            encoding = self._repairs.get(ssrc)
            repairs = encoding is not None
            if encoding is None:
                try:
                    encoding, repairs = self._recognise(buffer, length)
                except ParseError:
                    self.refusals.add(Refusal.MALFORMED)
                    return
                if encoding is None or not self.router.is_free(ssrc):
                    self.refusals.add(Refusal.FOREIGN)
                    return
        length = channel.unprotect(length)
        if length < HEADER_SIZE:
            self.refusals.add(Refusal.UNAUTHENTIC)
            return
        self._receive_opened(encoding, ssrc, length, now, repairs=repairs)

    def _receive_opened(self, encoding: UpEncoding, ssrc: int, length: int, now: float, *, repairs: bool) -> None:
        buffer, header = self.channel.incoming, self._header
        if not self._inflow.take(length, now=now, sound=encoding.sound):
            self._drop(ssrc, Refusal.TOO_MUCH_MEDIA)
            return
        try:
            header.parse(buffer, length)
        except ParseError:
            self._drop(ssrc, Refusal.MALFORMED)
            return
        if repairs:
            if not encoding.rtx_ssrc:
                encoding.rtx_ssrc = ssrc
                self._bind(ssrc, encoding, self._repairs)
        elif not encoding.ssrc:
            encoding.bind(ssrc)
            self._bind(ssrc, encoding, self._media)
        if self._twcc_id is not None and header.extension_profile:
            offset, size = extensions.find(
                buffer, header.extension_start, header.extension_end, header.extension_profile, self._twcc_id
            )
            if size == 2:
                self._twcc.receive(buffer[offset] << 8 | buffer[offset + 1], now=now)
        if repairs:
            encoding.receive_rtx(buffer, header, now=now)
        else:
            encoding.receive(buffer, header, now=now)
        if encoding.restless:
            self.wake()

    def _recognise(self, buffer: bytearray, length: int) -> tuple[UpEncoding | None, bool]:
        """Tell from MID, RID and RRID (RFC 8843 section 9.2, RFC 8852) which encoding still lacks this SSRC.

        Where the packet does not say them, from what they were when the SSRC was last in use. Reads the header before
        it is authenticated: the answer counts only once `unprotect` has agreed.
        """
        header = self._header
        header.parse(buffer, length)

        def text(number: int | None) -> bytes:
            if number is None:
                return b""
            offset, size = extensions.find(
                buffer, header.extension_start, header.extension_end, header.extension_profile, number
            )
            return bytes(buffer[offset : offset + size]) if size else b""

        known = self._retired.get(_SSRC(buffer, 8)[0])
        for track in self.tracks.values():
            request = track.request
            mid = text(request.extensions.mid)
            if not mid and known is not None and known[0] == request.mid:
                return self._recall(track, known[1], repairs=known[2])
            if mid != request.mid.encode():
                continue
            rid, repaired = text(request.extensions.rid), text(request.extensions.repaired_rid)
            for encoding in track.encodings:
                name = (encoding.parameters.rid or "").encode()
                if name:
                    if rid == name and not encoding.ssrc:
                        return encoding, False
                    if repaired == name and not encoding.rtx_ssrc:
                        return encoding, True
                elif encoding.is_repair(header.payload_type):
                    return (None if encoding.rtx_ssrc else encoding), True
                else:
                    return (None if encoding.ssrc else encoding), False
        return None, False

    def _recall(self, track: UpTrack, rid: str | None, *, repairs: bool) -> tuple[UpEncoding | None, bool]:
        """What a retired SSRC belongs to now that its m-line is in use again."""
        for encoding in track.encodings:
            if encoding.parameters.rid == rid and not (encoding.rtx_ssrc if repairs else encoding.ssrc):
                return encoding, repairs
        return None, repairs

    def _bind(self, ssrc: int, encoding: UpEncoding, table: dict[int, UpEncoding]) -> None:
        table[ssrc] = encoding
        self._retired.pop(ssrc, None)
        self.router.claim(ssrc)
        self._serve()

    def _serve(self) -> None:
        """Tell the compiled twin what it may take."""
        if self.inlet is not None:
            self.inlet.serve([encoding.numbers for encoding in self._media.values()])

    def _drop(self, ssrc: int, refusal: Refusal) -> None:
        """Refuse a packet that was authentic. Nothing is kept of an SSRC that did not get bound by it."""
        self.refusals.add(refusal)
        if not self._owns(ssrc) and ssrc not in self._retired:
            self.channel.forget_received(ssrc)

    def _owns(self, ssrc: int) -> bool:
        return ssrc in self._media or ssrc in self._repairs

    def _receive_report(self, packet: Packet, now: float) -> None:
        if isinstance(packet, SenderReport):
            encoding = self._media.get(packet.ssrc)
            if encoding is not None:
                encoding.stream.sender_report(packet.ntp, now=now)
                encoding.clock.sender_report(packet.ntp, packet.rtp_timestamp, now=now)
        elif isinstance(packet, ReferenceAnswer):
            for ssrc, sent, delay in packet.answers:
                if ssrc == self.report_ssrc:
                    self._rtt = smoothed_rtt(self._rtt, sent, delay, now=now)

    # -- Time ------------------------------------------------------------------------------------------------------

    def _next(self) -> float:
        # Of numbers that come from now on none is due sooner than an interval from now.
        feedback = self._twcc.next_deadline()
        return min(self._looked_at + INTERVAL if feedback is None else feedback, self._next_report, self._tracks_due)

    def wake(self) -> None:
        """See `Peer`: whoever wakes a publisher does so for its tracks."""
        self._tracks_due = NOW
        super().wake()

    def _look(self, now: float) -> None:
        """Send what is due: key-frame requests, NACKs, transport-wide feedback, receiver reports."""
        super()._look(now)
        self._looked_at = now
        if not self.up:
            return
        if now >= self._tracks_due - EARLY:
            for name, track in self.tracks.items():
                active = track.handle_timer(rtt=self._rtt, now=now)
                if active is not None:
                    self.events.append(EncodingsWanted(self.transport, name, active))
            self._tracks_due = min((track.next_deadline() for track in self.tracks.values()), default=inf)
        deadline = self._twcc.next_deadline()
        if deadline is not None and deadline <= now:
            media_ssrc = next(iter(self._media), 0)
            for feedback in self._twcc.feedback(sender_ssrc=self.report_ssrc, media_ssrc=media_ssrc):
                self.channel.send_rtcp(feedback.to_bytes())
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL
            blocks = [block for track in self.tracks.values() for block in track.report_blocks(now=now)]
            if blocks:
                description = SourceDescription([(self.report_ssrc, b"hearthside")])
                report = ReceiverReport(self.report_ssrc, blocks)
                asking = ReferenceTime(self.report_ssrc, ntp_time(now))
                self.channel.send_rtcp(report.to_bytes() + description.to_bytes() + asking.to_bytes())
