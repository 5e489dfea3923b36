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

PYTHONS, OPENED, TAKEN, REFUSED, LEFT, EMPTY, RTP, RTCP, OTHER, FULL = range(10)
"""What became of a datagram: nothing yet, opened and no more, all done, not authentic, taken but for some copies. The
rest is for `Door`: nothing is there, what was read, and that `Door.take_aside` has to be called first."""

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


FIRST_PLACES = 1024
"""Of a door's table, a power of two; it doubles when half of them are taken. 48 bytes each."""


class Door:
    """A UDP socket as the twin reads it, and the addresses whose packets it takes."""

    __slots__ = ("_asides", "_buffer", "_count", "_door", "_routes")

    def __init__(self, fd: int, incoming: bytearray, *, seed: int) -> None:
        """Datagrams are read into ``incoming``, which must keep its size, 1564 bytes at least.

        ``seed``, 64 random bits, keeps others from choosing addresses that are slow to find.
        """
        if len(incoming) < 1564:
            raise ValueError("no room for a datagram")
        self._buffer: Any = _built.ffi.from_buffer("uint8_t[]", incoming, require_writable=True)
        self._door: Any = _built.ffi.new("struct door *")
        self._door.fd, self._door.incoming, self._door.seed = fd, self._buffer, seed
        self._count = 0
        self._make_room(FIRST_PLACES)

    def lead(self, routes: dict[bytes, Inlet | None]) -> None:
        """Know these packed addresses and no others; what comes from one with an inlet the twin takes by that."""
        places = len(self._routes)
        while 2 * len(routes) >= places:
            places *= 2
        self._make_room(places)
        for address, inlet in routes.items():
            self.add(address, inlet)

    def add(self, address: bytes, inlet: Inlet | None) -> bool:
        """Know one address more, or another inlet of one; return False if `lead` has to make room for it first.

        The inlet must live until the address is dropped.
        """
        if 2 * self._count >= len(self._routes):
            return False
        numbers = _built.ffi.NULL if inlet is None else inlet.numbers
        found = _built.lib.set_route(self._door, address, len(address), numbers)
        if not found:
            raise ValueError("not an Internet address")
        self._count += found - 1
        return True

    def drop(self, address: bytes) -> None:
        """Know an address no more."""
        self._count -= _built.lib.drop_route(self._door, address, len(address))

    def drain(self, limit: int, now: float) -> int:
        """Read up to so many datagrams, until one is Python's, which lies in the buffer; return what it is."""
        return int(_drain(self._door, limit, now))

    def limit_strangers(self, rate: float, burst: float, *, share_rate: float, share_burst: float) -> None:
        """Drop what unknown addresses send beyond so much a second and at once, all together and of one host's share.

        Hosts are spread over 1024 shares by the door's seed. The first of each 1024 that are too many comes through.
        """
        door = self._door
        door.strangers_rate, door.strangers_burst = rate, burst
        door.share_rate, door.share_burst = share_rate, share_burst

    def set_aside(self, room: int) -> None:
        """Let up to so many datagrams of transport-wide feedback wait for `take_aside` from now on."""
        self._asides: Any = _built.ffi.new("struct aside[]", room)
        self._door.asides, self._door.aside_room = self._asides, room
        self._door.aside_count = self._door.aside_next = 0

    @property
    def aside(self) -> int:
        """How many wait."""
        return int(self._door.aside_count - self._door.aside_next)

    def take_aside(self) -> bool:
        """Have the oldest that waits lie in the buffer, as when `drain` had just returned; False if none does."""
        return bool(_take_aside(self._door))

    @property
    def handled(self) -> int:
        """Datagrams that the last call of `drain` read."""
        return int(self._door.handled)

    @property
    def length(self) -> int:
        """Bytes of the datagram that is Python's."""
        return int(self._door.length)

    @property
    def now(self) -> float:
        """When that was read, on the clock of the caller."""
        return float(self._door.now)

    @property
    def address(self) -> bytes:
        """Where it came from, as the kernel says it."""
        return bytes(self._door.address[0 : self._door.address_length])

    def take_dropped(self) -> int:
        """Return how many were dropped since the last call."""
        dropped = int(self._door.dropped)
        self._door.dropped = 0
        return dropped

    def _make_room(self, places: int) -> None:
        self._routes: Any = _built.ffi.new("struct route[]", places)
        self._door.routes, self._door.mask = self._routes, places - 1
        self._count = 0


class Doors:
    """Several doors, waited at together."""

    __slots__ = ("_busy", "_doors", "_first", "_kept", "_verdict")

    def __init__(self, doors: list[Door]) -> None:
        """At most 16."""
        if len(doors) > MAX_DOORS:
            raise ValueError("too many doors")
        self._kept = doors
        self._doors: Any = _built.ffi.new("struct door *[]", [door._door for door in doors])
        self._verdict: Any = _built.ffi.new("int32_t *")
        self._busy: Any = _built.ffi.new("int32_t *")
        self._first = 0

    def wait(self, others: int, timeout: float, now: float) -> tuple[int, int, bool]:
        """Read what comes until a datagram is Python's; return the place of its door, and what `Door.drain` said there.

        (-1, `EMPTY`) once the file ``others`` can be read, or after ``timeout`` seconds, which never end below 0. Last
        comes whether ``others`` can be read, or may: then it is to be looked at, whatever else came.
        """
        place = int(_await(self._doors, len(self._kept), self._first, others, timeout, now, self._verdict, self._busy))
        if place >= 0:
            self._first = place + 1
        return place, EMPTY if place < 0 else int(self._verdict[0]), bool(self._busy[0])


MAX_DOORS = 16
"""That are waited at together: addresses that the media port is bound to."""


def _address(ffi: Any, pointer: object) -> int:
    return int(ffi.cast("uintptr_t", pointer))


_take: Any = _built and _built.lib.take
_drain: Any = _built and _built.lib.drain
_take_aside: Any = _built and _built.lib.take_aside
_await: Any = _built and _built.lib.await_datagrams
