"""What a transport and a copy count, in a form that Python and the compiled twin read and write alike.

Where the twin was built these are C structures with the same fields (`fan_out.h`); `sfu.native` chooses.
"""

from __future__ import annotations


class WayNumbers:
    """One subscribe transport's."""

    __slots__ = (
        "address_length", "burst", "fd", "free_at", "mask", "next", "probing", "queued", "rate", "sent_bytes",
        "unnumbered_bytes", "unsent",
    )  # fmt: skip

    def __init__(self) -> None:
        self.fd = -1
        """The socket by which the twin may send; -1 where Python does, as over TCP."""
        self.address_length = 0
        self.mask = 0
        """Places less one in the history of what was sent."""
        self.probing = False
        """A probe is being sent: each packet is counted in it, by Python."""
        self.next = 0
        """Number of the next packet, transport-wide; never wraps."""
        self.sent_bytes = 0
        """All that was ever sent with such a number."""
        self.unnumbered_bytes = 0
        """The same without."""
        self.free_at = float("-inf")
        """Seconds: when the pace allows the next packet of video."""
        self.rate = 1.0
        """Bit/s of the pace, above 0."""
        self.burst = 0.0
        """Seconds of the pace that may leave at once."""
        self.queued = 0
        """Bytes of video that wait."""
        self.unsent = 0
        """Packets that the kernel had no room for, or that libsrtp refused."""


class CopyNumbers:
    """One down track's. What is not counted holds only while ``source`` is not 0."""

    __slots__ = (
        "described", "first", "frame_offset", "headers_mask", "highest", "octets", "paced", "packets", "room",
        "sequence_offset", "short_descriptor", "source", "ssrc", "timestamp_offset", "types",
    )  # fmt: skip

    def __init__(self) -> None:
        self.source = 0
        """The number of the encoding whose packets need nothing special; 0 for none."""
        self.first = 0
        """Of that encoding's unwrapped numbers the first that may be sent so."""
        self.sequence_offset = self.timestamp_offset = self.frame_offset = 0
        """What is added to sequence numbers, timestamps and the Dependency Descriptor's frame numbers."""
        self.ssrc = 0
        self.room = 0
        """The extension element that has room for a transport-wide number; 0 where packets have none."""
        self.short_descriptor = 0
        """The head of the element for a Dependency Descriptor of mandatory fields; 0 where it has no such form."""
        self.described = False
        """The subscriber gets Dependency Descriptors."""
        self.paced = False
        """It is video."""
        self.types = bytearray(128)
        """By the publisher's payload type: the subscriber's with the highest bit set, or 0 for none."""
        self.headers_mask = 0
        """Places less one for kept headers."""
        self.highest = -1
        """Highest unwrapped number sent."""
        self.packets = self.octets = 0
        """As sender reports have them: octets are those of payloads (RFC 3550 section 6.4.1)."""


class SourceNumbers:
    """One encoding's reception."""

    __slots__ = (
        "arrived", "asked_highest", "bad_next", "clock_rate", "descriptor_id", "heard_at", "highest", "jitter",
        "layers", "newest", "octets", "received", "sound", "ssrc", "timestamp", "transit", "types",
    )  # fmt: skip

    def __init__(self) -> None:
        self.ssrc = 0
        self.clock_rate = 0
        self.sound = False
        self.descriptor_id = 0
        """The extension in which its Dependency Descriptor comes; 0 where it has none."""
        self.types = bytearray(128)
        """By payload type what stands behind it: `PLAIN`, `VP8`, or 0 for what only Python reads."""
        self.layers = bytearray(256)
        """By the first byte of a short Dependency Descriptor: `FrameLayer.index` and 1; 0 where it is not known."""
        self.highest = -1
        """Highest unwrapped sequence number so far."""
        self.received = 0
        """Packets that came first-hand, since the stream last began anew."""
        self.bad_next = -1 << 16
        """The number that would confirm that the stream began anew; where none would, one that has over 16 bits."""
        self.timestamp = -1
        """Of the packet that jitter was last taken from; -1 before the first."""
        self.transit = 0
        """Of the same: timestamp units."""
        self.jitter = 0.0
        """In timestamp units (RFC 3550 A.8)."""
        self.arrived = 0
        """Packets, with those that came by retransmission."""
        self.asked_highest = -1
        """The highest number below which gaps were looked for."""
        self.newest = 0
        """The highest number that was handed on."""
        self.heard_at = float("-inf")
        """Seconds: when the last packet came."""
        self.octets = [0] * 16  # rtp.layers.LAYERS
        """Bytes of payload so far by `FrameLayer.index`."""


class InletNumbers:
    """One publish transport's reception."""

    __slots__ = ("due", "pending", "refilled_at", "sound_tokens", "tokens", "transport_highest", "transport_id")

    def __init__(self) -> None:
        self.transport_id = 0
        """The extension for transport-wide numbers; 0 where there is none."""
        self.tokens = self.sound_tokens = 0.0
        """Bytes that may be taken now, of everything and of sound."""
        self.refilled_at = float("-inf")
        """Seconds: when there were as many."""
        self.transport_highest = -1
        """The highest transport-wide number, unwrapped."""
        self.pending = 0
        """Arrivals that wait for feedback."""
        self.due = -1.0
        """Seconds: when that is to be sent; below 0 while nothing waits."""


PLAIN, VP8 = 1, 2
"""What the compiled twin is told of a payload type: nothing to be read in it, or RFC 7741's descriptor."""
