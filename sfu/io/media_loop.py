"""An event loop that forwards media while it waits.

What the compiled twin takes by itself needs no turn of the loop: waiting, in C, reads the media sockets, and returns
when a datagram is Python's, something else is ready, or a timer is due. In a small meeting, where each packet wakes the
server by itself, a turn costs more than the packet. In any other loop, and without the twin, media sockets are read in
the loop's turns.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import NamedTuple

from sfu.native.reception import MAX_DOORS, Door, Doors


class _Adopted(NamedTuple):
    """A door, and what is called with the verdict on a datagram that lies in its buffer."""

    door: Door
    take: Callable[[int], None]


class MediaSelector(selectors.DefaultSelector):
    """The system's selector, and beside it the doors that were adopted."""

    def __init__(self) -> None:
        """It has no doors yet."""
        super().__init__()
        self.on_fault: Callable[[Exception], None] = _raise
        self._adopted: list[_Adopted] = []
        self._doors: Doors | None = None
        self._clock: Callable[[], float] = _no_time

    def adopt(self, door: Door, take: Callable[[int], None], clock: Callable[[], float]) -> bool:
        """Read at this door while waiting; False if there are `MAX_DOORS` already. All have the same clock.

        ``take`` is called at once, before anything else can use the buffer, and goes on reading as far as it may.
        """
        if len(self._adopted) >= MAX_DOORS:
            return False
        self._arrange([*self._adopted, _Adopted(door, take)])
        self._clock = clock
        return True

    def give_up(self, door: Door) -> None:
        """Read there no more."""
        self._arrange([each for each in self._adopted if each.door is not door])

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `BaseSelector`."""
        doors = self._doors
        if doors is None:
            return super().select(timeout)
        place, verdict, busy = doors.wait(self.fileno(), -1.0 if timeout is None else max(0.0, timeout), self._clock())
        if place >= 0:
            try:
                self._adopted[place].take(verdict)
            except Exception as fault:  # noqa: BLE001 - a fault in one packet must not end the loop
                self.on_fault(fault)
        return super().select(0) if busy else []

    def _arrange(self, adopted: list[_Adopted]) -> None:
        self._doors = Doors([each.door for each in adopted]) if adopted else None
        self._adopted = adopted


class MediaLoop(asyncio.SelectorEventLoop):
    """To be made by ``asyncio.Runner(loop_factory=MediaLoop)``."""

    def __init__(self) -> None:
        """Begin with no doors."""
        self.media = MediaSelector()
        super().__init__(self.media)
        self.media.on_fault = self._on_fault

    def _on_fault(self, fault: Exception) -> None:
        self.call_exception_handler({"message": "A fault in taking a datagram", "exception": fault})


def _raise(fault: Exception) -> None:
    raise fault


def _no_time() -> float:
    return 0.0
