"""A member's subscribing transport: copies of the others' tracks out, reports and requests in."""

from __future__ import annotations

from sfu.control import Done, Extensions, Refused, SubscribeTrack, TracksHeld, TrackSubscribed, WatchTracks
from sfu.forwarding.channel import Channel
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.paced_sender import PacedSender
from sfu.forwarding.router import Router
from sfu.forwarding.watch import Watch
from sfu.ice.lite_agent import Credentials
from sfu.peer import NOW, REPORT_INTERVAL, Peer
from sfu.refusals import Refusal
from sfu.rtp.rtcp import (
    FullIntraRequest,
    Nack,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    SenderReport,
    SourceDescription,
    TransportFeedback,
    UnreadFeedback,
)

MAX_TRACKS = 256
"""Copies on one transport: every track that one room may have."""

MAX_ASKED = 2000
"""Packets that one transport may ask for again between two reports, all copies together. 20 % lost of 10 Mbit/s, each
asked for three times, are 600. One datagram can ask for 6000, which take 8 ms to look up: higher lets a single member
take the time of all."""

FIRST_REPORT = 0.1
"""Seconds from a start to the first sender report: sound and picture fall in step by it."""

REPORTS_PER_PACKET = 15
"""Sender reports in one RTCP packet: 28 bytes each and as much for the CNAME stay within 1200 bytes."""


class Subscriber(Peer):
    """The sans-IO machine of a subscribe transport."""

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
        super().__init__(transport, router, channel, local, report_ssrc=report_ssrc, now=now)
        self.sender = PacedSender(channel, now=now, on_waiting=self.wake)
        self._check_feedback = self.sender.estimator.check_feedback
        self._watch = Watch()
        self.tracks: dict[str, DownTrack] = {}
        self._by_ssrc: dict[int, DownTrack] = {}
        self._answers: dict[str, tuple[SubscribeTrack, TrackSubscribed]] = {}
        self._next_report = now
        self._shared_out = 0
        """Bit/s: the target when the timer looked last."""
        self._padded = False
        """Padding was sent when the timer looked last."""
        self._asked = 0
        """Packets asked for again since the last report."""

    # -- Requests --------------------------------------------------------------------------------------------------

    def subscribe(self, request: SubscribeTrack) -> TrackSubscribed | Refused:
        """Prepare a copy; asking for the same again gives the same answer, asking otherwise a new copy."""
        present = self._answers.get(request.track)
        if present is not None:
            if present[0] == request:
                return present[1]
            self.unsubscribe(request.track)
        if len(self.tracks) >= MAX_TRACKS:
            return Refused("limit")
        down_track = self.router.subscribe(request, self.sender, on_ended=self._forget)
        if isinstance(down_track, Refused):
            return down_track
        answer = TrackSubscribed(down_track.stream.ssrc, down_track.rtx_ssrc, down_track.track.cname)
        self.tracks[request.track] = down_track
        self._by_ssrc[down_track.stream.ssrc] = down_track
        self._answers[request.track] = request, answer
        self._watch.changed()
        self.wake()
        return answer

    def start(self, name: str, extensions: Extensions | None = None, *, now: float) -> Done | Refused:
        """Let a prepared copy flow: sound as soon as the transport is up, video as soon as there is room for it.

        With ``extensions``, those that the browser took of the ones it was subscribed with.
        """
        down_track = self.tracks.get(name)
        if down_track is None:
            return Refused("no_such_track")
        if extensions is not None:
            down_track.carry(extensions)
        down_track.started = True
        self._watch.changed()
        self.wake()
        if self.up:
            self._resume(down_track, now)
        return Done()

    def watch(self, request: WatchTracks, *, now: float) -> Done | Refused:
        """Take what the subscriber wants now, and let it flow at once."""
        if len(request.wishes) > MAX_TRACKS:
            return Refused("limit")
        self._watch.wish(request.wishes, request.max_rate)
        self.wake()
        for name, down_track in self.tracks.items():
            if down_track.track.kind == "audio" and not self._watch.hears(name):
                down_track.pause()
            elif self.up and down_track.started:
                self._resume(down_track, now)
        if self.up:
            self._share_out(now)
        return Done()

    def unsubscribe(self, name: str) -> None:
        """End a copy; nothing happens if it is gone."""
        down_track = self.tracks.get(name)
        if down_track is not None:
            down_track.close()

    def close(self) -> None:
        """End the transport and its copies."""
        for name in list(self.tracks):
            self.unsubscribe(name)
        super().close()

    def _forget(self, down_track: DownTrack) -> None:
        """Drop a copy that ended, whoever ended it."""
        name = down_track.track.request.track
        del self.tracks[name]
        del self._answers[name]
        del self._by_ssrc[down_track.stream.ssrc]
        self.sender.estimator.forget(down_track.stream.ssrc)
        self._watch.ended(name)
        self.wake()

    # -- Packets ---------------------------------------------------------------------------------------------------

    def receive_rtp(self, length: int, *, now: float) -> None:
        """Drop it: a subscriber has nothing to send."""
        self.refusals.add(Refusal.FOREIGN)

    def _owns(self, ssrc: int) -> bool:
        return False

    def _receive_report(self, packet: Packet, now: float) -> None:
        if isinstance(packet, ReceiverReport | SenderReport):
            for block in packet.reports:
                down_track = self._by_ssrc.get(block.ssrc)
                if down_track is not None:
                    down_track.receive_report(block, now=now)
                    self.sender.estimator.receive_report(block, now=now)
            self._heed_estimate()
        elif isinstance(packet, TransportFeedback | UnreadFeedback):
            self.sender.estimator.receive_feedback(packet, now=now)
            self._heed_estimate()
        elif isinstance(packet, Nack):
            down_track = self._by_ssrc.get(packet.media_ssrc)
            if down_track is not None:
                wanted = down_track.worth_asking(packet.lost)
                lost = wanted[: MAX_ASKED - self._asked]
                if len(lost) < len(wanted):
                    self.refusals.add(Refusal.TOO_MANY_REPEATS)
                self._asked += len(lost)
                down_track.receive_nack(lost, now=now)
        elif isinstance(packet, PictureLossIndication):
            self._request_key_frame(packet.media_ssrc, now)
        elif isinstance(packet, FullIntraRequest):
            for ssrc, _ in packet.entries:
                self._request_key_frame(ssrc, now)

    def _heed_estimate(self) -> None:
        """Have the timer look where the estimate is another: most reports only say that all is as it was."""
        estimator = self.sender.estimator
        if estimator.probing or estimator.target != self._shared_out:
            self.wake()

    def _request_key_frame(self, ssrc: int, now: float) -> None:
        down_track = self._by_ssrc.get(ssrc)
        if down_track is not None and not down_track.request_key_frame(now=now):
            self.refusals.add(Refusal.TOO_MANY_KEY_FRAMES)

    # -- Time ------------------------------------------------------------------------------------------------------

    def _next(self) -> float:
        # After the last padding of a probe the pace is to be slowed down again.
        if self._padded or self.sender.waiting or self.sender.estimator.probing:
            return NOW
        return min(self.sender.estimator.next_deadline(), self._watch.next_deadline(), self._next_report)

    def _look(self, now: float) -> None:
        """Share out what there is room for; send what waited, the padding of probes and the reports that are due."""
        super()._look(now)
        if not self.up:
            return
        estimator = self.sender.estimator
        estimator.handle_timer(now=now)
        self._shared_out = estimator.target
        self._share_out(now)
        for ssrc in self.sender.flush(now=now):
            self._start_anew(ssrc, now)
        self._padded = estimator.wants_padding(now=now)
        if self._padded:
            self._send_padding(now)
        if now >= self._next_report:
            self._next_report = now + REPORT_INTERVAL
            self._asked = 0
            self._send_reports(now)

    def _share_out(self, now: float) -> None:
        """Let pictures begin, change and end as the estimate and the wishes have it."""
        held = self._watch.update(self.tracks, self.sender.estimator, now=now)
        if held is not None:
            self.events.append(TracksHeld(self.transport, sorted(held.tracks), held.sound_too_much))
        if self._watch.begun:
            self._next_report = now + FIRST_REPORT

    def _start_anew(self, ssrc: int, now: float) -> None:
        """Of a picture of which something was dropped nothing can be shown before the next key frame."""
        down_track = self._by_ssrc.get(ssrc)
        if down_track is not None:
            down_track.skip_ahead(now=now)

    def _send_padding(self, now: float) -> None:
        """Send what a probe asks for, under the retransmission SSRC of any copy that has one, if it is reported on."""
        for down_track in self.tracks.values():
            # A probe counts numbered packets alone: of others it would ask for more without end.
            if down_track.started and down_track.rtx_ssrc and down_track.numbers.transport_id is not None:
                while self.sender.estimator.wants_padding(now=now):
                    down_track.send_padding(now=now)
                return

    def _send_reports(self, now: float) -> None:
        reports = [
            (report, down_track.track.cname.encode())
            for down_track in self.tracks.values()
            if (report := down_track.sender_report(now=now)) is not None
        ]
        for first in range(0, len(reports), REPORTS_PER_PACKET):
            part = reports[first : first + REPORTS_PER_PACKET]
            description = SourceDescription([(report.ssrc, cname) for report, cname in part])
            self.channel.send_rtcp(b"".join(report.to_bytes() for report, _ in part) + description.to_bytes())

    def _resume(self, down_track: DownTrack, now: float) -> None:
        if down_track.track.kind == "video" and down_track.selected is None:
            return
        if down_track.track.kind == "audio" and not self._watch.hears(down_track.track.request.track):
            return
        down_track.resume(now=now)
        self._next_report = min(self._next_report, now + FIRST_REPORT)

    def _flow(self, now: float) -> None:
        for down_track in self.tracks.values():
            if down_track.started:
                self._resume(down_track, now)

    def _moved(self, now: float) -> None:
        """Let pictures go on from a key frame: to send again what the old path lost would take seconds."""
        for down_track in self.tracks.values():
            down_track.skip_ahead(now=now)

    def _stop(self) -> None:
        for down_track in self.tracks.values():
            down_track.pause()
