"""Which media worker carries which room, and whose transport is where: books without input or output.

A room stays with one worker from its first transport to its last: its people's packets then never cross from one
process to another. A new room goes to the worker with the fewest transports. Their number is known here at once,
without asking, and goes with the people; processor time would be nearer to the truth, but of rooms that have just begun
it says nothing, and meetings begin at the full hour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sfu.control import CloseMember, CloseRoom, CloseTransport, OpenTransport


class Pinning:
    """The books. Workers are numbers."""

    def __init__(self) -> None:
        self._rooms: dict[str, int] = {}
        self._transports: dict[str, OpenTransport] = {}
        """By name."""

    def open(self, request: OpenTransport, working: Collection[int]) -> int | None:
        """Enter a transport; return its room's worker, which may be one that is not `working` just now.

        None, and nothing is entered, for a new room while none works.
        """
        worker = self._rooms.get(request.room)
        if worker is None:
            if not working:
                return None
            load = dict.fromkeys(working, 0)
            for opened in self._transports.values():
                if (carrier := self._rooms[opened.room]) in load:
                    load[carrier] += 1
            worker = self._rooms[request.room] = min(load, key=lambda number: (load[number], number))
        self._transports.setdefault(request.transport, request)
        return worker

    def of_transport(self, transport: str) -> int | None:
        """The worker that has it; None if it is not known (any more)."""
        opened = self._transports.get(transport)
        return None if opened is None else self._rooms[opened.room]

    def of_room(self, room: str) -> int | None:
        """The worker that carries it."""
        return self._rooms.get(room)

    def close(self, request: CloseTransport | CloseMember | CloseRoom) -> None:
        """Strike out what was closed, and a room with its last transport.

        A room that has none because it waits for its worker stays, whoever leaves it, until it is closed itself.
        """
        match request:
            case CloseTransport(transport):
                opened = self._transports.pop(transport, None)
                if opened is not None:
                    self._drop_if_empty(opened.room)
            case CloseMember(room, member):
                if self._strike(lambda opened: (opened.room, opened.member) == (room, member)):
                    self._drop_if_empty(room)
            case CloseRoom(room):
                self._strike(lambda opened: opened.room == room)
                self._drop_if_empty(room)

    def lost(self, worker: int) -> None:
        """Strike out all transports of a worker that ended. Its rooms stay with the one that takes its place.

        Not with another: what ended this worker may have come out of one of them, and must not end the others too.
        """
        self._strike(lambda opened: self._rooms[opened.room] == worker)

    def rooms_of(self, worker: int) -> list[str]:
        """All rooms of a worker, those that wait for it among them."""
        return [room for room, number in self._rooms.items() if number == worker]

    def release(self, worker: int) -> list[str]:
        """Let the rooms of a worker go that ended and cannot be replaced; they are free for others."""
        rooms = self.rooms_of(worker)
        for room in rooms:
            del self._rooms[room]
        return rooms

    def _strike(self, which: Callable[[OpenTransport], bool]) -> bool:
        """Whether there were any."""
        kept = {name: opened for name, opened in self._transports.items() if not which(opened)}
        struck = len(kept) < len(self._transports)
        self._transports = kept
        return struck

    def _drop_if_empty(self, room: str) -> None:
        if all(opened.room != room for opened in self._transports.values()):
            self._rooms.pop(room, None)
