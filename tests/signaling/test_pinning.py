"""Which worker carries which room: even, lasting, and never two for one room."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sfu.control import CloseMember, CloseRoom, CloseTransport, OpenTransport
from signaling.pinning import Pinning

ALL = (0, 1, 2)


def opening(room: str, number: int = 0) -> OpenTransport:
    return OpenTransport(room, f"member-{number}", f"{room}/{number}", "publish")


def test_a_new_room_goes_to_the_worker_with_the_fewest_transports() -> None:
    pinning = Pinning()
    assert [pinning.open(opening("large", n), ALL) for n in range(4)] == [0, 0, 0, 0]
    assert [pinning.open(opening("small", n), ALL) for n in range(2)] == [1, 1]
    assert pinning.open(opening("one"), ALL) == 2
    assert pinning.open(opening("two"), ALL) == 2
    pinning.close(CloseRoom("large"))
    assert pinning.open(opening("three"), ALL) == 0


def test_rooms_that_begin_at_once_are_spread() -> None:
    pinning = Pinning()
    assert sorted(pinning.open(opening(f"room-{n}"), ALL) or 0 for n in range(6)) == [0, 0, 1, 1, 2, 2]


def test_a_new_room_goes_to_no_worker_that_does_not_work() -> None:
    pinning = Pinning()
    assert pinning.open(opening("a"), (1, 2)) == 1
    assert pinning.open(opening("b"), ()) is None
    assert pinning.of_transport("b/0") is None
    assert pinning.of_room("b") is None


def test_a_room_waits_for_its_own_worker_and_not_for_another() -> None:
    pinning = Pinning()
    pinning.open(opening("a"), ALL)
    pinning.open(opening("a", 1), ALL)
    pinning.lost(0)
    assert pinning.of_transport("a/0") is None
    assert pinning.rooms_of(0) == ["a"]
    # Somebody who leaves meanwhile, or goes on with what is gone, does not take the room along.
    pinning.close(CloseMember("a", "member-0"))
    pinning.close(CloseTransport("a/1"))
    assert pinning.open(opening("a", 2), (1, 2)) == 0
    pinning.lost(0)
    pinning.close(CloseRoom("a"))
    assert pinning.rooms_of(0) == []


def test_rooms_of_a_worker_that_cannot_be_replaced_are_free() -> None:
    pinning = Pinning()
    pinning.open(opening("a"), (0,))
    pinning.lost(0)
    assert pinning.release(0) == ["a"]
    assert pinning.open(opening("a", 1), (1,)) == 1


class Books(RuleBasedStateMachine):
    """Any order of events, against the plain rule."""

    def __init__(self) -> None:
        super().__init__()
        self.pinning = Pinning()
        self.places: dict[str, int] = {}
        self.opened: dict[str, OpenTransport] = {}
        self.waiting: set[str] = set()

    rooms = st.sampled_from(["a", "b", "c", "d"])
    numbers = st.integers(0, 3)

    @rule(room=rooms, number=numbers, working=st.sets(st.sampled_from(ALL)))
    def open(self, room: str, number: int, working: set[int]) -> None:
        request = opening(room, number)
        place = self.pinning.open(request, working)
        if room in self.places:
            assert place == self.places[room]
        elif not working:
            assert place is None
            return
        else:
            assert place in working
            load = {each: sum(self.places[o.room] == each for o in self.opened.values()) for each in working}
            assert load[place] == min(load.values())
            self.places[room] = place
        self.opened[request.transport] = request
        self.waiting.discard(room)

    @rule(room=rooms, number=numbers, how=st.sampled_from(["transport", "member", "room"]))
    def close(self, room: str, number: int, how: str) -> None:
        member = f"member-{number}"
        match how:
            case "transport":
                self.pinning.close(CloseTransport(f"{room}/{number}"))
                gone = [f"{room}/{number}"]
            case "member":
                self.pinning.close(CloseMember(room, member))
                gone = [name for name, o in self.opened.items() if (o.room, o.member) == (room, member)]
            case _:
                self.pinning.close(CloseRoom(room))
                gone = [name for name, o in self.opened.items() if o.room == room]
                self.waiting.discard(room)
        for name in gone:
            self.opened.pop(name, None)
        if room not in self.waiting and all(o.room != room for o in self.opened.values()):
            self.places.pop(room, None)

    @rule(worker=st.sampled_from(ALL))
    def lose(self, worker: int) -> None:
        self.pinning.lost(worker)
        self.opened = {name: o for name, o in self.opened.items() if self.places[o.room] != worker}
        self.waiting |= {room for room, place in self.places.items() if place == worker}

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        worker = self.places[data.draw(st.sampled_from(sorted(self.waiting)))]
        self.pinning.lost(worker)
        rooms = {room for room, place in self.places.items() if place == worker}
        assert set(self.pinning.release(worker)) == rooms
        self.opened = {name: o for name, o in self.opened.items() if o.room not in rooms}
        for room in rooms:
            del self.places[room]
        self.waiting -= rooms

    @invariant()
    def agrees(self) -> None:
        for room in ("a", "b", "c", "d"):
            assert self.pinning.of_room(room) == self.places.get(room)
            for number in range(4):
                name = f"{room}/{number}"
                assert self.pinning.of_transport(name) == (self.places[room] if name in self.opened else None)


TestBooks = Books.TestCase
