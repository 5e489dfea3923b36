"""Transport-wide feedback for one publisher's transport (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

from __future__ import annotations

from sfu.rtp.rtcp import TransportFeedback


class TwccReceiver:
    """Collects arrival times by transport-wide sequence number and reports them. `receive` runs for every packet."""

    __slots__ = ()

    def receive(self, sequence: int, *, now: float) -> None:
        """Take one packet's 16-bit transport-wide sequence number."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """When feedback is due, None while there is nothing to report."""
        raise NotImplementedError

    def feedback(self, *, sender_ssrc: int, media_ssrc: int) -> list[TransportFeedback]:
        """Return everything not yet reported, each packet at most `MAX_PACKET` bytes long."""
        raise NotImplementedError
