"""The protected way to one browser, as the forwarding core sees it. `sfu.io.link` has the real one."""

from __future__ import annotations

from typing import Protocol

from sfu.native.numbers import CopyNumbers, WayNumbers


class Channel(Protocol):
    """One transport's SRTP and its way out. Packets are worked on where they lie, in the worker's two buffers."""

    incoming: bytearray
    """The packet that just arrived."""
    outgoing: bytearray
    """Where the next packet is put together."""

    way: WayNumbers
    """What the transport counts; where it lets the compiled twin send by itself, it does so as `send` would."""

    def unprotect(self, length: int) -> int:
        """Open the RTP packet in ``incoming[:length]`` in place; return its new length, or -1 if it must be dropped."""
        ...

    def unprotect_rtcp(self, length: int) -> int:
        """The same for RTCP."""
        ...

    def send(self, length: int) -> None:
        """Seal the RTP packet in ``outgoing[:length]`` and send it; nothing happens before DTLS is through."""
        ...

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and send an RTCP packet, through the outgoing buffer."""
        ...

    def share(self, copy: CopyNumbers) -> None:
        """Let the compiled twin seal that copy's packets, until its SSRC is forgotten or the channel has no keys."""
        ...

    def forget_received(self, ssrc: int) -> None:
        """Free what SRTP keeps for an incoming SSRC."""
        ...

    def allow_repeats(self, ssrc: int) -> None:
        """Let packets under the SSRC be sent again, which has to be bit for bit; to be called before the first."""
        ...

    def forget_sent(self, ssrc: int) -> None:
        """Free what SRTP keeps for an outgoing SSRC, which is never sent with again."""
        ...
