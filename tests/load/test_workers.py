"""Rooms side by side in the comparison of workers keep apart, whatever they call their people."""

from __future__ import annotations

from sfu.control import CloseRoom, OpenTransport, TrackWish, WatchTracks
from tests.load.workers import Room
from tests.signaling.fake_sfu import FakeSfu


async def test_each_room_has_names_of_its_own() -> None:
    sfu = FakeSfu()
    for name in ("a", "b"):
        room = Room(sfu, name)
        await room.request(OpenTransport("room", "m0", "s0", "subscribe"))
        await room.request(WatchTracks("s0", [TrackWish("p1-video", 720)]))
        await room.request(CloseRoom("other"))
    assert set(sfu.transports) == {"a-s0", "b-s0"}
    assert {opened.room for opened in sfu.transports.values()} == {"a-room", "b-room"}
    assert sfu.wishes["b-s0"].wishes == [TrackWish("b-p1-video", 720)]
