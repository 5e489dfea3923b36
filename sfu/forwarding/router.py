"""The media of one room: which tracks there are, whose their SSRCs are, and who gets copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.control import Codec, Refused, SubscribeTrack
from sfu.forwarding.down_track import DownTrack
from sfu.forwarding.up_track import UpTrack

if TYPE_CHECKING:
    from sfu.forwarding.paced_sender import PacedSender

MAX_UP_TRACKS = 256
"""Up tracks of one room: 64 people with four each. It bounds what one room can cost."""


class Router:
    """One room. Knows nothing of transports; `Publisher` and `Subscriber` bring their channels."""

    def __init__(self, *, draw: Callable[[], int]) -> None:
        """Open a room. ``draw`` returns a random number of 32 bits."""
        self._draw = draw
        self._ssrcs: set[int] = set()
        self.tracks: dict[str, UpTrack] = {}

    def claim(self, ssrc: int) -> None:
        """Bind an SSRC: nobody else in the room may publish under it until it is released."""
        self._ssrcs.add(ssrc)

    def release(self, ssrc: int) -> None:
        """Give an SSRC free."""
        self._ssrcs.discard(ssrc)

    def is_free(self, ssrc: int) -> bool:
        """Whether nobody in the room publishes under the SSRC."""
        return ssrc not in self._ssrcs

    def draw_cname(self) -> str:
        """Return a fresh CNAME, for all tracks of one publisher (RFC 7022 section 4.2)."""
        return "".join(f"{self._draw():08x}" for _ in range(3))

    def draw_ssrc(self) -> int:
        """Return a fresh SSRC that nobody in the room uses."""
        while True:
            ssrc = self._draw()
            if ssrc and self.is_free(ssrc):
                return ssrc

    def add(self, track: UpTrack) -> Refused | None:
        """Let a track be subscribed to."""
        name = track.request.track
        if name in self.tracks:
            return Refused("ssrc_taken")
        if len(self.tracks) >= MAX_UP_TRACKS:
            return Refused("limit")
        self.tracks[name] = track
        return None

    def remove(self, track: UpTrack) -> None:
        """Take a track away with all its copies."""
        del self.tracks[track.request.track]
        for down_track in track.down_tracks[:]:
            down_track.close()

    def subscribe(
        self,
        request: SubscribeTrack,
        sender: PacedSender,
        *,
        on_ended: Callable[[DownTrack], None],
    ) -> DownTrack | Refused:
        """Prepare a copy of a track. ``on_ended`` is called when it ends, by whichever side."""
        track = self.tracks.get(request.track)
        if track is None:
            return Refused("no_such_track")
        codecs = _common(track.request.codecs, request.codecs)
        if not codecs:
            return Refused("unsupported_codec")
        repairs = any(ours.rtx_payload_type is not None for _, ours in codecs)
        down_track = DownTrack(
            track,
            sender,
            codecs,
            on_ended=on_ended,
            descriptor_id=request.extensions.dependency_descriptor,
            transport_id=request.extensions.transport_cc,
            ssrc=self.draw_ssrc(),
            rtx_ssrc=self.draw_ssrc() if repairs else 0,
            first_sequence=self._draw() & 0x7FFF,
            first_rtx_sequence=self._draw() & 0x7FFF,
        )
        track.down_tracks.append(down_track)
        return down_track


def _common(theirs: list[Codec], ours: list[Codec]) -> list[tuple[Codec, Codec]]:
    return [
        (their, our)
        for their in theirs
        for our in ours
        if their.name == our.name and their.clock_rate == our.clock_rate
    ]
