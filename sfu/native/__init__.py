"""The hot path's compiled twin, where one was built, and the numbers that it shares with Python.

A packet that goes to eleven people is written, numbered, paced, sealed and sent eleven times: `fan_out.c` does that for
all copies that need nothing special, and leaves the others to `DownTrack.forward`, which can do everything. So there is
one implementation of all that is rare, and two of what is common; `tests/sfu/test_twins.py` holds them to the same
bytes. Without a compiler at installation everything works, at a higher cost.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, cast

from sfu.native.numbers import CopyNumbers, WayNumbers

if TYPE_CHECKING:
    from array import array

    from sfu.rtp.packet import MediaPacket

_built: Any = None
try:
    from sfu.native import _fan_out  # type: ignore[attr-defined]

    _built = _fan_out
except ImportError:
    pass

compiled = _built is not None
"""Whether new numbers are shared with the compiled twin; tests turn it off."""


def new_way() -> WayNumbers:
    """Return the numbers of a transport that sends nowhere yet."""
    if not compiled:
        return WayNumbers()
    way = cast(WayNumbers, _built.ffi.new("struct way *"))
    way.fd = -1
    way.free_at, way.rate = float("-inf"), 1.0
    return way


def new_copy(way: WayNumbers) -> CopyNumbers:
    """Return the numbers of a copy on that transport. Whoever has them keeps ``way`` too."""
    if isinstance(way, WayNumbers):
        return CopyNumbers()
    copy = cast(CopyNumbers, _built.ffi.new("struct copy *"))
    cast(Any, copy).way = way
    copy.highest = -1
    return copy


def lend_history(way: WayNumbers, sent_at: array[float], sizes: array[int]) -> object:
    """Let the twin note there when and what it sends. Both have as many places, a power of two.

    What is returned is to be kept for as long as ``way``: it keeps the arrays where they are.
    """
    if isinstance(way, WayNumbers):
        return None
    places = len(sizes)
    if len(sent_at) != places or not places or places & (places - 1):
        raise ValueError("not a history")
    if sent_at.typecode != "d" or sizes.typecode != "I":
        raise ValueError("not a history")
    lent = _pointer("double[]", sent_at), _pointer("uint32_t[]", sizes)
    way.mask = places - 1
    cast(Any, way).sent_at, cast(Any, way).sizes = lent
    return lent


def lend_headers(copy: CopyNumbers, headers: bytearray) -> object:
    """Let the twin keep the headers of the latest packets there, `HEADER_ROOM` bytes each, a power of two of them.

    What is returned is to be kept for as long as ``copy``.
    """
    if isinstance(copy, CopyNumbers):
        return None
    places, rest = divmod(len(headers), HEADER_ROOM)
    if rest or not 0 < places <= 256 or places & (places - 1):
        raise ValueError("no room for headers")
    lent = _pointer("uint8_t[]", headers)
    copy.headers_mask = places - 1
    cast(Any, copy).headers = lent
    return lent


HEADER_ROOM = 20
"""Bytes of the longest header that sound has: with room for a transport-wide number."""


def aim(way: WayNumbers, fd: int, address: bytes) -> None:
    """Send through that socket to a packed `struct sockaddr` from now on; -1 leaves all sending to Python.

    Raises ValueError for what is longer than an IPv6 address.
    """
    if isinstance(way, WayNumbers):
        return
    if len(address) > 28:
        raise ValueError("not an Internet address")
    way.fd = -1
    cast(Any, way).address[0 : len(address)] = address
    way.address_length = len(address)
    way.fd = fd


def seal_copy_with(copy: CopyNumbers, session: int) -> None:
    """Seal that copy's packets with the session at this address instead of its transport's, until 0 is given."""
    if not isinstance(copy, CopyNumbers):
        cast(Any, copy).session = _built.ffi.cast("void *", session)


def seal_with(way: WayNumbers, protect: int, session: int) -> None:
    """Take the addresses of libsrtp's `srtp_protect` and of a session, which is to live until 0 is given for it.

    A session of 0 with a `protect` that is not: only copies with a session of their own can be sent.
    """
    if isinstance(way, WayNumbers):
        return
    ffi = _built.ffi
    cast(Any, way).session = ffi.cast("void *", session)
    cast(Any, way).protect = ffi.cast("int (*)(void *, void *, int *)", protect)


def open_with(way: WayNumbers, unprotect: int, session: int) -> None:
    """Take the addresses of libsrtp's `srtp_unprotect` and of a session, which is to live until 0 is given for both."""
    if isinstance(way, WayNumbers):
        return
    ffi = _built.ffi
    cast(Any, way).unprotect = ffi.NULL
    cast(Any, way).receiving = ffi.cast("void *", session)
    cast(Any, way).unprotect = ffi.cast("int (*)(void *, void *, int *)", unprotect)


SHORT = 3
"""Bytes of a Dependency Descriptor that the twin looks into: that of nothing but mandatory fields."""

_LAY = Struct(f"@qdIIIII{SHORT}s").pack_into
"""Fills a `struct packet` in one go, which takes a third of the time of field after field."""


class FanOut:
    """The copies of one encoding, as the twin wants them."""

    __slots__ = ("_copies", "_count", "_left", "_packet", "_plain", "_source")

    def __init__(self, source: int) -> None:
        """``source`` is the encoding's number, not 0, under which copies expect its packets."""
        self._source = source
        self._packet: Any = _built.ffi.new("struct packet *")
        self._plain: Any = _built.ffi.buffer(self._packet)
        self.take([])

    def take(self, copies: list[CopyNumbers]) -> None:
        """Serve these copies, and no others, which must live until the next call."""
        self._count = len(copies)
        self._copies: Any = _built.ffi.new("struct copy *[]", copies)
        self._left: Any = _built.ffi.new("int32_t[]", len(copies))

    def send(self, packet: MediaPacket) -> list[int]:
        """Send the packet to every copy that needs nothing special; return the places of the others."""
        if not self._count:
            return []
        payload, descriptor = packet.payload, packet.descriptor
        length = len(descriptor)
        _LAY(
            self._plain, 0, packet.sequence, packet.arrival, packet.timestamp, packet.marker, packet.payload_type,
            len(payload), length, descriptor if length == SHORT else b"",
        )  # fmt: skip
        left = self._left
        count = _fan(self._copies, self._count, self._source, self._packet, _pointer("uint8_t[]", payload), left)
        return list(left[0:count]) if count else []


_pointer: Any = _built and _built.ffi.from_buffer
_fan: Any = _built and _built.lib.fan_out
