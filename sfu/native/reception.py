"""Reception by the compiled twin (`receive.c`), where one was built.

A packet that comes in order, in a form that needs no thought, is opened, counted, kept and handed to the fan-out in one
call; of the others `Publisher` learns how far the twin went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sfu import native
from sfu.native.numbers import InletNumbers, SourceNumbers, WayNumbers

if TYPE_CHECKING:
    from array import array

    from sfu.native import FanOut

_built: Any = None
try:
    from sfu.native import _receive  # type: ignore[attr-defined]

    _built = _receive
except ImportError:
    pass

built = _built is not None and native.compiled  # that tests turn off later changes nothing here
"""Whether there is such a twin on this machine."""

PYTHONS, OPENED, TAKEN, REFUSED, LEFT, EMPTY, RTP, RTCP, OTHER = range(9)
"""What became of a datagram: nothing yet, opened and no more, all done, not authentic, taken but for some copies. The
rest is for `Door`: nothing is there, and what was read."""

MAX_SOURCES = 32
"""Of one transport: more than the tracks and encodings that it may have (`sfu.publisher`)."""


def new_source(way: WayNumbers) -> SourceNumbers:
    """Return the numbers of an encoding that is received on that transport."""
    if isinstance(way, WayNumbers) or not built:
        return SourceNumbers()
    source = cast(SourceNumbers, _built.ffi.new("struct source *"))
    source.highest = source.timestamp = source.asked_highest = -1
    source.bad_next = -1 << 16
    source.heard_at = float("-inf")
    return source


def new_inlet(way: WayNumbers) -> InletNumbers:
    """Return the numbers of a publish transport. Whoever has them keeps ``way`` too."""
    if isinstance(way, WayNumbers) or not built:
        return InletNumbers()
    inlet = cast(InletNumbers, _built.ffi.new("struct inlet *"))
    shared = cast(Any, inlet)
    shared.way = _built.ffi.cast("void *", _address(native._built.ffi, way))
    shared.fan_out = _built.ffi.cast(
        "int32_t (*)(void *, int32_t, int64_t, const void *, const uint8_t *, int32_t *)",
        _address(native._built.ffi, native._built.ffi.addressof(native._built.lib, "fan_out")),
    )
    inlet.refilled_at = float("-inf")
    inlet.transport_highest = -1
    inlet.due = -1.0
    return inlet


def lend_seen(source: SourceNumbers, seen: array[int]) -> object:
    """Let the twin note duplicates there, 1024 of them. What is returned is to be kept as long as ``source``."""
    if isinstance(source, SourceNumbers):
        return None
    if len(seen) != 1024 or seen.typecode != "q":
        raise ValueError("not a window")
    lent = _built.ffi.from_buffer("int64_t[]", seen)
    cast(Any, source).seen = lent
    return lent


def lend_arrivals(inlet: InletNumbers, seen: array[int], numbers: array[int], ticks: array[int]) -> object:
    """Let the twin note transport-wide numbers and when they came, at most 2000 at a time.

    What is returned is to be kept as long as ``inlet``.
    """
    if isinstance(inlet, InletNumbers):
        return None
    if len(seen) != 1024 or len(numbers) != 2000 or len(ticks) != 2000:
        raise ValueError("not arrivals")
    if not seen.typecode == numbers.typecode == ticks.typecode == "q":
        raise ValueError("not arrivals")
    lent = [_built.ffi.from_buffer("int64_t[]", each) for each in (seen, numbers, ticks)]
    shared = cast(Any, inlet)
    shared.transport_seen, shared.pending_numbers, shared.pending_ticks = lent
    return lent


def lend_ring(source: SourceNumbers, slots: int) -> Any:
    """Return a ring of so many packets, a power of two, that the twin fills; to be kept as long as ``source``.

    None where only Python fills it.
    """
    if isinstance(source, SourceNumbers):
        return None
    if slots <= 0 or slots & (slots - 1):
        raise ValueError("not a ring")
    owned = _built.ffi.new("struct kept[]", slots)
    pointer = _built.ffi.cast("struct kept *", owned)
    ring = _built.ffi.gc(pointer, lambda kept, _=owned: _built.lib.release(kept, slots))  # which keeps it until then
    shared = cast(Any, source)
    shared.kept, shared.kept_mask = ring, slots - 1
    return ring


def kept_bytes(slot: Any) -> tuple[bytearray, bytes]:
    """Return payload and descriptor of a place in a ring, which is taken."""
    payload = bytearray(_built.ffi.buffer(slot.payload, slot.size))
    return payload, bytes(slot.descriptor[0 : slot.descriptor_length])


def lend_copies(source: SourceNumbers, fan_out: FanOut) -> None:
    """Have what is received under it go to these copies, until they change: then it is to be called again."""
    if isinstance(source, SourceNumbers):
        return
    shared = cast(Any, source)
    native_ffi = native._built.ffi
    shared.copies = _built.ffi.cast("void *", _address(native_ffi, fan_out._copies))
    shared.left = _built.ffi.cast("int32_t *", _address(native_ffi, fan_out._left))
    shared.copy_count, shared.number = fan_out._count, fan_out._source


class Inlet:
    """A publish transport's packets, as the twin takes them."""

    __slots__ = ("_buffer", "numbers")

    def __init__(self, numbers: InletNumbers, incoming: bytearray) -> None:
        """``numbers`` are the twin's; packets lie at the begin of ``incoming``, which must keep its size."""
        self.numbers = cast(Any, numbers)
        self._buffer: Any = _built.ffi.from_buffer("uint8_t[]", incoming, require_writable=True)

    def serve(self, sources: list[SourceNumbers]) -> None:
        """Take packets of these encodings, and of no others, which must live until the next call."""
        if len(sources) > MAX_SOURCES:
            raise ValueError("too many encodings")
        self.numbers.source_count = 0
        for place, source in enumerate(sources):
            self.numbers.sources[place] = source
        self.numbers.source_count = len(sources)

    def take(self, length: int, now: float) -> int:
        """Take the packet in the buffer; return one of `PYTHONS`, `OPENED`, `TAKEN`, `REFUSED`, `LEFT`."""
        return int(_take(self.numbers, self._buffer, min(length, len(self._buffer)), now))

    @property
    def length(self) -> int:
        """Bytes of the packet that was opened last."""
        return int(self.numbers.length)

    def left(self) -> tuple[int, int, list[int]]:
        """Return SSRC and unwrapped number of the packet taken last, and the places of copies it did not go to."""
        taken = self.numbers.taken
        return taken.ssrc, taken.highest, list(taken.left[0 : self.numbers.left])


def _address(ffi: Any, pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))


_take: Any = _built and _built.lib.take
