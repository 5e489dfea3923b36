"""The media plane over an SFU that keeps books: publishing, subscribing, failures, and people who leave in between."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfu.control import (
    CloseTransport,
    ConnectTransport,
    OpenTransport,
    PublishTrack,
    Refused,
    Request,
    RestartIce,
    RoomLost,
    StartTrack,
    SubscribeTrack,
    TrackWish,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
    UnpublishTrack,
)
from signaling import subscriber_session
from signaling.media import ANSWER_SECONDS, MediaPlane
from signaling.messages import (
    Error,
    MediaLost,
    Publish,
    Published,
    ServerMessage,
    SubscribeAnswer,
    SubscribeOffer,
    TileWish,
    TrackOffer,
    Watch,
)
from signaling.sdp import read
from tests.signaling.fake_sfu import FakeSfu
from tests.signaling.sdp_samples import browser_answer, sample

ROOM = "room-one"
MICROPHONE = TrackOffer("microphone", "0", "audio")
CAMERA = TrackOffer("camera-0", "1", "video")


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer when nothing else is left to do."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.now


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits for something that never comes")
        self.loop.now += max(timeout, 0.0)
        return super().select(0)


def virtual(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @functools.wraps(test)
    def run() -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test())

    return run


class Meeting:
    """A media plane, its SFU, and browsers that are good at WebRTC."""

    def __init__(self, *, vp9: bool = False) -> None:
        self.sfu = FakeSfu()
        self.sent: list[tuple[str, ServerMessage]] = []
        self.ids = 0
        self.plane = MediaPlane(
            self.sfu, lambda member, message: self.sent.append((member, message)), new_id=self.new_id, vp9=vp9
        )

    def new_id(self) -> str:
        self.ids += 1
        return f"transport-{self.ids}"

    def to(self, member: str) -> list[ServerMessage]:
        return [message for receiver, message in self.sent if receiver == member]

    def last_offer(self, member: str) -> SubscribeOffer:
        return [message for message in self.to(member) if isinstance(message, SubscribeOffer)][-1]

    def offers(self, member: str) -> int:
        return sum(isinstance(message, SubscribeOffer) for message in self.to(member))

    async def publish(self, member: str, *tracks: TrackOffer, n: int = 1, sdp: str | None = None) -> ServerMessage:
        offer = sdp if sdp is not None else browser_offer(member)
        await self.plane.publish(ROOM, member, Publish(ROOM, n, offer, list(tracks or (MICROPHONE, CAMERA))))
        await settle()
        return self.to(member)[-1]

    async def subscribe(self, member: str) -> None:
        await self.plane.subscribe(ROOM, member)
        await settle()

    async def answer(self, member: str, sdp: str | None = None) -> None:
        offer = self.last_offer(member)
        answer = sdp if sdp is not None else browser_answer(offer.sdp)
        await self.plane.subscribe_answer(ROOM, member, SubscribeAnswer(ROOM, offer.generation, answer))
        await settle()

    def hears(self, member: str) -> set[str]:
        """Keys of the tracks that flow to a member."""
        return {
            track
            for (transport, track), flows in self.sfu.down.items()
            if flows and self.sfu.transports[transport].member == member
        }

    def shown(self, member: str) -> set[str]:
        return {f"{track.member}/{track.track}" for track in self.last_offer(member).tracks}


def browser_offer(member: str, *, ufrag: str = "CHRM", certificate: str | None = None) -> str:
    """Chromium's offer as it would come from `member`: own credentials, certificate and SSRCs."""
    mark = sum(member.encode())
    sdp = sample("chromium_156_audio_video")
    sdp = re.sub("a=ice-ufrag:.*\r\n", f"a=ice-ufrag:{ufrag}\r\n", sdp)
    sdp = re.sub("sha-256 .*\r\n", f"sha-256 {':'.join([certificate or f'{mark % 256:02X}'] * 32)}\r\n", sdp)
    return re.sub(
        r"\b([0-9]{7,10})( |\r)", lambda found: f"{int(found[1]) % 1_000_000 + mark * 1_000_000}{found[2]}", sdp
    )


async def settle() -> None:
    """Let everything that can run now run."""
    for _ in range(50):
        await asyncio.sleep(0)


@virtual
async def test_publishing() -> None:
    meeting = Meeting()
    reply = await meeting.publish("ana-0001", n=5)
    assert isinstance(reply, Published)
    assert (reply.room, reply.n) == (ROOM, 5)
    kinds = [type(request) for request in meeting.sfu.requests]
    assert kinds == [OpenTransport, PublishTrack, PublishTrack, ConnectTransport]
    opened = meeting.sfu.asked(OpenTransport)[0]
    assert (opened.room, opened.member, opened.direction) == (ROOM, "ana-0001", "publish")
    assert set(meeting.sfu.up) == {"ana-0001/microphone", "ana-0001/camera-0"}
    assert read(reply.sdp).media[0].setup == "passive"


@virtual
async def test_everybody_hears_everybody_else() -> None:
    meeting = Meeting()
    members = ["ana-0001", "ben-0001", "chi-0001"]
    for member in members:
        await meeting.subscribe(member)
        await meeting.answer(member)
        await meeting.publish(member)
        for other in members:
            if meeting.offers(other):
                await meeting.answer(other)
    for member in members:
        others = {f"{other}/{track}" for other in members if other != member for track in ("microphone", "camera-0")}
        assert meeting.hears(member) == others
        assert meeting.shown(member) == others
    assert not any(isinstance(message, Error) for _, message in meeting.sent)


@virtual
async def test_publishing_again_changes_only_what_changed() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    before = len(meeting.sfu.requests)
    assert isinstance(await meeting.publish("ana-0001", n=2), Published)
    assert len(meeting.sfu.requests) == before
    await meeting.publish("ana-0001", MICROPHONE, n=3)
    assert [type(request) for request in meeting.sfu.requests[before:]] == [UnpublishTrack]
    await meeting.publish("ana-0001", MICROPHONE, TrackOffer("screen-0", "1", "video"), n=4)
    assert set(meeting.sfu.up) == {"ana-0001/microphone", "ana-0001/screen-0"}


@virtual
async def test_an_ice_restart_keeps_the_transport() -> None:
    meeting = Meeting()
    first = await meeting.publish("ana-0001")
    second = await meeting.publish("ana-0001", n=2, sdp=browser_offer("ana-0001", ufrag="anew"))
    assert isinstance(first, Published)
    assert isinstance(second, Published)
    assert len(meeting.sfu.asked(OpenTransport)) == 1
    assert len(meeting.sfu.asked(RestartIce)) == 1
    assert meeting.sfu.connected["transport-1"].ice_ufrag == "anew"
    assert read(first.sdp).media[0].ice_ufrag != read(second.sdp).media[0].ice_ufrag
    # An ordinary offer after the restart is answered with the credentials that now hold.
    third = await meeting.publish("ana-0001", n=3, sdp=browser_offer("ana-0001", ufrag="anew"))
    assert isinstance(third, Published)
    assert read(third.sdp).media[0].ice_ufrag == read(second.sdp).media[0].ice_ufrag


@virtual
async def test_another_certificate_replaces_the_connection() -> None:
    meeting = Meeting()
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    await meeting.publish("ana-0001")
    await meeting.answer("ben-0001")
    await meeting.publish("ana-0001", n=1, sdp=browser_offer("ana-0001", certificate="C0"))
    assert [request.transport for request in meeting.sfu.asked(CloseTransport)] == ["transport-2"]
    await meeting.answer("ben-0001")
    if meeting.sfu.down.keys() != {key for key, flows in meeting.sfu.down.items() if flows}:
        await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}


@virtual
async def test_bad_offers_change_nothing() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    before = list(meeting.sfu.requests)
    for sdp in ("junk", browser_offer("ana-0001").replace("VP8", "VP7"), browser_offer("ana-0001")[:900]):
        reply = await meeting.publish("ana-0001", n=9, sdp=sdp)
        assert reply == Error("bad_sdp", "publish", 9)
    assert meeting.sfu.requests == before


@virtual
async def test_nobody_takes_another_members_track_id() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    assert isinstance(await meeting.publish("ben-0001"), Published)
    assert {up.track for up in meeting.sfu.asked(PublishTrack)} == {
        f"{member}/{track}" for member in ("ana-0001", "ben-0001") for track in ("microphone", "camera-0")
    }


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("ssrc_taken", "bad_sdp"),
        ("unsupported_codec", "bad_sdp"),
        ("limit", "too_many_tracks"),
        ("closing", "media_unavailable"),
        ("no_such_transport", "media_unavailable"),
    ],
)
def test_refusals_of_the_sfu_leave_nothing_behind(reason: Any, code: Any) -> None:
    @virtual
    async def test() -> None:
        meeting = Meeting()

        def fail(request: Request) -> Refused | None:
            return Refused(reason) if isinstance(request, PublishTrack) and request.kind == "video" else None

        meeting.sfu.fail = fail
        assert await meeting.publish("ana-0001", n=4) == Error(code, "publish", 4)
        assert meeting.sfu.transports == {}
        assert meeting.sfu.up == {}
        meeting.sfu.fail = lambda _: None
        assert isinstance(await meeting.publish("ana-0001", n=5), Published)

    test()


@virtual
async def test_a_refused_change_goes_back_to_what_was() -> None:
    meeting = Meeting()
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    await meeting.publish("ana-0001")
    await meeting.answer("ben-0001")

    def fail(request: Request) -> Refused | None:
        return Refused("limit") if isinstance(request, PublishTrack) and "screen" in request.track else None

    meeting.sfu.fail = fail
    screen = TrackOffer("screen-0", "1", "video")
    assert await meeting.publish("ana-0001", MICROPHONE, screen, n=2) == Error("too_many_tracks", "publish", 2)
    assert set(meeting.sfu.up) == {"ana-0001/microphone", "ana-0001/camera-0"}
    await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}


@virtual
async def test_a_dead_sfu_is_said_and_survived() -> None:
    meeting = Meeting()
    meeting.sfu.fail = lambda _: ConnectionError()
    assert await meeting.publish("ana-0001", n=2) == Error("media_unavailable", "publish", 2)
    await meeting.subscribe("ana-0001")
    assert meeting.to("ana-0001")[-1] == Error("media_unavailable", "subscribe")
    await meeting.plane.drop_member(ROOM, "ana-0001")
    await meeting.plane.close_room(ROOM)
    meeting.sfu.fail = lambda _: None
    assert isinstance(await meeting.publish("ana-0001", n=3), Published)


@virtual
async def test_an_sfu_that_dies_between_two_offers() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ben-0001")
    meeting.sfu.fail = lambda request: ConnectionError()
    await meeting.answer("ben-0001")
    assert meeting.to("ben-0001")[-1] == Error("media_unavailable", "subscribe_answer")
    assert await meeting.publish("ana-0001", MICROPHONE, n=2) == Error("media_unavailable", "publish", 2)
    meeting.sfu.fail = lambda _: None
    meeting.sfu.transports.clear()
    meeting.sfu.up.clear()
    meeting.sfu.down.clear()
    await meeting.publish("ana-0001", n=3)
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}


@virtual
async def test_one_offer_at_a_time_and_changes_are_gathered() -> None:
    meeting = Meeting()
    await meeting.subscribe("ben-0001")
    for number in range(5):
        await meeting.publish(f"ana-{number:04}")
    assert meeting.offers("ben-0001") == 1
    await meeting.answer("ben-0001")
    assert meeting.offers("ben-0001") == 2
    assert len(meeting.shown("ben-0001")) == 10
    assert meeting.hears("ben-0001") == set()
    await meeting.answer("ben-0001")
    assert len(meeting.hears("ben-0001")) == 10
    # With nothing outstanding, what comes in one turn still makes one offer.
    await asyncio.gather(*(meeting.publish(f"chi-{number:04}") for number in range(5)))
    assert meeting.offers("ben-0001") == 3


@virtual
async def test_tracks_start_only_after_the_answer() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ben-0001")
    assert len(meeting.sfu.asked(SubscribeTrack)) == 2
    assert meeting.sfu.asked(StartTrack) == []
    await meeting.answer("ben-0001")
    kinds = [type(request) for request in meeting.sfu.requests[-3:]]
    assert kinds == [ConnectTransport, StartTrack, StartTrack]


@virtual
async def test_an_unanswered_offer_is_made_again() -> None:
    meeting = Meeting()
    await meeting.subscribe("ben-0001")
    await asyncio.sleep(ANSWER_SECONDS - 1)
    await meeting.publish("ana-0001")
    assert meeting.offers("ben-0001") == 1
    await asyncio.sleep(2)
    assert meeting.offers("ben-0001") == 2
    assert len(meeting.shown("ben-0001")) == 2
    await asyncio.sleep(ANSWER_SECONDS)
    assert meeting.offers("ben-0001") == 3
    await meeting.answer("ben-0001")
    assert len(meeting.hears("ben-0001")) == 2
    await asyncio.sleep(10 * ANSWER_SECONDS)
    assert meeting.offers("ben-0001") == 3


@virtual
async def test_who_comes_back_is_offered_at_once_what_went_with_the_old_socket() -> None:
    meeting = Meeting()
    meeting.plane.returned(ROOM, "ben-0001")
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    await meeting.publish("ana-0001")
    await meeting.publish("chi-0001")
    meeting.plane.returned(ROOM, "ben-0001")
    await settle()
    assert meeting.offers("ben-0001") == 3
    assert len(meeting.shown("ben-0001")) == 4
    await meeting.answer("ben-0001")
    assert len(meeting.hears("ben-0001")) == 4
    meeting.plane.returned(ROOM, "ben-0001")
    await settle()
    assert meeting.offers("ben-0001") == 3


def test_who_was_away_while_many_came_and_went_hears_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """All m-lines were used up, none may be used again before an answer, and then nothing asked for the rest."""
    monkeypatch.setattr(subscriber_session, "MAX_MEDIA", 6)

    @virtual
    async def test() -> None:
        meeting = Meeting()
        await meeting.subscribe("ben-0001")
        await meeting.answer("ben-0001")
        for count in range(5):
            await meeting.publish("ana-0001", n=count + 1, sdp=browser_offer("ana-0001", certificate=f"A{count}"))
            await asyncio.sleep(ANSWER_SECONDS)
        while not meeting.hears("ben-0001"):
            before = meeting.offers("ben-0001")
            await meeting.answer("ben-0001")
            assert meeting.hears("ben-0001") or meeting.offers("ben-0001") > before
        assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}

    test()


@virtual
async def test_bad_answers_change_nothing() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ben-0001")
    before = len(meeting.sfu.requests)
    for sdp in ("junk", browser_answer(meeting.last_offer("ben-0001").sdp).replace("active", "passive")):
        await meeting.answer("ben-0001", sdp)
        assert meeting.to("ben-0001")[-1] == Error("bad_sdp", "subscribe_answer")
    assert len(meeting.sfu.requests) == before
    await meeting.answer("ben-0001")
    assert len(meeting.hears("ben-0001")) == 2


@virtual
async def test_answers_that_nobody_waits_for_are_ignored() -> None:
    meeting = Meeting()
    await meeting.plane.subscribe_answer(ROOM, "ben-0001", SubscribeAnswer(ROOM, 1, "junk"))
    await meeting.subscribe("ben-0001")
    old = meeting.last_offer("ben-0001")
    await meeting.subscribe("ben-0001")
    assert meeting.last_offer("ben-0001").generation > old.generation
    await meeting.plane.subscribe_answer(
        ROOM, "ben-0001", SubscribeAnswer(ROOM, old.generation, browser_answer(old.sdp))
    )
    assert meeting.sfu.connected == {}
    assert not any(isinstance(message, Error) for _, message in meeting.sent)


@virtual
async def test_subscribing_again_builds_anew() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    assert [request.transport for request in meeting.sfu.asked(CloseTransport)] == ["transport-2"]
    assert len(meeting.hears("ben-0001")) == 2


@virtual
async def test_leaving_closes_both_connections_and_tells_the_others() -> None:
    meeting = Meeting()
    for member in ("ana-0001", "ben-0001"):
        await meeting.publish(member)
        await meeting.subscribe(member)
        await meeting.answer(member)
    await meeting.answer("ana-0001")
    await meeting.plane.drop_member(ROOM, "ana-0001")
    await settle()
    assert {opened.member for opened in meeting.sfu.transports.values()} == {"ben-0001"}
    assert meeting.last_offer("ben-0001").tracks == []
    assert meeting.hears("ben-0001") == set()
    await meeting.plane.drop_member(ROOM, "ana-0001")
    await meeting.plane.drop_member("no-such-room", "ana-0001")


@virtual
async def test_a_room_whose_worker_ended_is_told_and_built_anew() -> None:
    meeting = Meeting()
    for member in ("ana-0001", "ben-0001"):
        await meeting.publish(member)
        await meeting.subscribe(member)
        await meeting.answer(member)
    await meeting.answer("ana-0001")
    await meeting.plane.watch(ROOM, "ben-0001", Watch(ROOM, [TileWish("ana-0001", "camera-0", 360)]))
    await meeting.plane.watch("another", "chi-0001", Watch("another", []))
    for transport in list(meeting.sfu.transports):
        meeting.sfu._close(transport)
    asked = len(meeting.sfu.requests)
    sent = len(meeting.sent)
    assert sorted(meeting.plane.on_event(RoomLost(ROOM))) == ["ana-0001", "ben-0001"]
    assert meeting.plane.on_event(RoomLost("unknown")) == []
    assert meeting.sent[sent:] == [("ana-0001", MediaLost(ROOM)), ("ben-0001", MediaLost(ROOM))]
    await meeting.answer("ben-0001")  # to what was offered before: it comes too late
    await asyncio.sleep(5 * ANSWER_SECONDS)
    assert len(meeting.sfu.requests) == asked, "nothing is asked of what is gone, and nobody is offered it"
    for member in ("ana-0001", "ben-0001"):
        await meeting.publish(member, n=2, sdp=browser_offer(member, certificate="A0" if member < "b" else "B0"))
        await meeting.subscribe(member)
        await meeting.answer(member)
    await meeting.answer("ana-0001")
    assert meeting.hears("ana-0001") == {"ben-0001/microphone", "ben-0001/camera-0"}
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}
    assert [wish.height for watch in meeting.sfu.wishes.values() for wish in watch.wishes] == [360]


@virtual
async def test_what_is_asked_while_a_worker_ends_is_refused_and_done_again_after_it() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    meeting.sfu.fail = lambda _: ConnectionError()
    asked = [
        asyncio.ensure_future(meeting.subscribe("ben-0001")),
        asyncio.ensure_future(meeting.publish("ana-0001", MICROPHONE, n=2)),
    ]
    await settle()
    meeting.sfu.gate.set()
    await asyncio.gather(*asked)
    assert [message for _, message in meeting.sent if isinstance(message, Error)] == [
        Error("media_unavailable", "subscribe"),
        Error("media_unavailable", "publish", 2),
    ]
    meeting.sfu.fail, meeting.sfu.gate = lambda _: None, None
    for transport in list(meeting.sfu.transports):
        meeting.sfu._close(transport)
    meeting.plane.on_event(RoomLost(ROOM))
    await meeting.publish("ana-0001", n=3)
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}


@virtual
async def test_a_removal_reaches_the_sfu_before_anything_else_runs() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ana-0001")
    removal = meeting.plane.drop_member(ROOM, "ana-0001")
    with pytest.raises(StopIteration):
        removal.send(None)
    assert meeting.sfu.transports == {}


@virtual
async def test_a_removal_waits_for_no_goodbye_to_end_both_connections() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    removal = asyncio.ensure_future(meeting.plane.drop_member(ROOM, "ana-0001"))
    await settle()
    assert not removal.done()
    assert meeting.sfu.transports == {}
    meeting.sfu.gate.set()
    await removal


@virtual
async def test_a_copy_of_what_was_published_anew_meanwhile_moves_to_no_other_m_line() -> None:
    """It was on its way when the publisher was replaced: one SSRC stood on an m-line of the old and one of the new."""
    meeting = Meeting()
    await meeting.publish("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    first = asyncio.ensure_future(meeting.subscribe("ben-0001"))
    while not meeting.sfu.asked(SubscribeTrack):  # the sound is copied, the picture is not yet
        meeting.sfu.gate.set()
        meeting.sfu.gate = asyncio.Event()
        await asyncio.sleep(0)
    held, meeting.sfu.gate = meeting.sfu.gate, None
    await meeting.publish("ana-0001", n=2, sdp=browser_offer("ana-0001", certificate="C0"))
    held.set()
    await first
    seen: dict[int, str] = {}
    for _ in range(3):
        for media in read(meeting.last_offer("ben-0001").sdp).media:
            assert {seen.setdefault(ssrc, media.mid) for ssrc in media.ssrcs} <= {media.mid}
        await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone", "ana-0001/camera-0"}


@pytest.mark.parametrize("turns", range(1, 13))
@pytest.mark.parametrize("action", ["publish", "subscribe", "answer"])
def test_leaving_while_the_sfu_works(action: str, turns: int) -> None:
    """Whenever a member leaves, in whatever the SFU is just doing for them: nothing of theirs stays, nothing hangs."""

    @virtual
    async def test() -> None:
        meeting = Meeting()
        await meeting.publish("ben-0001")
        await meeting.subscribe("ben-0001")
        await meeting.answer("ben-0001")
        if action == "answer":
            await meeting.subscribe("ana-0001")
        gate = meeting.sfu.gate = asyncio.Event()
        ways: dict[str, Callable[[str], Awaitable[Any]]] = {
            "publish": meeting.publish,
            "subscribe": meeting.subscribe,
            "answer": meeting.answer,
        }
        working = asyncio.ensure_future(_swallow(ways[action]("ana-0001")))
        for _ in range(turns):
            await asyncio.sleep(0)
            gate.set()
            gate = meeting.sfu.gate = asyncio.Event()
        meeting.sfu.gate = None
        await meeting.plane.drop_member(ROOM, "ana-0001")
        meeting.sent.clear()
        gate.set()
        await asyncio.wait_for(working, 60)
        await settle()
        assert {opened.member for opened in meeting.sfu.transports.values()} == {"ben-0001"}
        assert meeting.to("ana-0001") == []
        assert "ana-0001" not in str(meeting.sfu.up)
        assert meeting.hears("ben-0001") == set()

    test()


async def _swallow(work: Awaitable[Any]) -> None:
    # The helpers look for the reply that a member who left does not get.
    with contextlib.suppress(IndexError):
        await work


@virtual
async def test_a_lost_socket_does_not_leave_work_half_done() -> None:
    meeting = Meeting()
    gate = meeting.sfu.gate = asyncio.Event()
    work = asyncio.ensure_future(meeting.publish("ana-0001"))
    await settle()
    work.cancel()
    await settle()
    assert work.cancelled()
    meeting.sfu.gate = None
    gate.set()
    await settle()
    assert isinstance(meeting.to("ana-0001")[-1], Published)
    assert len(meeting.sfu.connected) == 1


@virtual
async def test_one_slow_member_holds_up_nobody() -> None:
    meeting = Meeting()
    gate = asyncio.Event()
    meeting.sfu.gate = gate
    slow = asyncio.ensure_future(meeting.publish("ana-0001"))
    await settle()
    meeting.sfu.gate = None
    assert isinstance(await meeting.publish("ben-0001"), Published)
    await meeting.subscribe("ana-0001")
    assert len(meeting.shown("ana-0001")) == 2
    gate.set()
    assert isinstance(await slow, Published) or meeting.offers("ana-0001")


@virtual
async def test_a_members_messages_are_taken_in_order() -> None:
    meeting = Meeting()
    gate = meeting.sfu.gate = asyncio.Event()
    first = asyncio.ensure_future(meeting.publish("ana-0001", n=1))
    second = asyncio.ensure_future(meeting.publish("ana-0001", MICROPHONE, n=2))
    await settle()
    meeting.sfu.gate = None
    gate.set()
    await asyncio.gather(first, second)
    assert [message.n for message in meeting.to("ana-0001") if isinstance(message, Published)] == [1, 2]
    assert set(meeting.sfu.up) == {"ana-0001/microphone"}


@virtual
async def test_transports_that_end_by_themselves() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")  # transport-1
    await meeting.subscribe("ben-0001")  # transport-2
    await meeting.answer("ben-0001")
    meeting.plane.on_event(TransportConnected("transport-1"))
    meeting.plane.on_event(TransportDisconnected("transport-1"))
    meeting.plane.on_event(TransportClosed("unknown", "dtls_failed"))
    await settle()
    assert meeting.offers("ben-0001") == 1
    # The publisher's end: others see it go, and a new offer opens a new one.
    meeting.sfu._close("transport-1")
    meeting.plane.on_event(TransportClosed("transport-1", "consent_expired"))
    await settle()
    assert meeting.last_offer("ben-0001").tracks == []
    await meeting.answer("ben-0001")
    assert isinstance(await meeting.publish("ana-0001", n=2), Published)
    await meeting.answer("ben-0001")
    assert len(meeting.hears("ben-0001")) == 2
    # The subscriber's end: silence until the client subscribes again.
    meeting.sfu._close("transport-2")
    meeting.plane.on_event(TransportClosed("transport-2", "dtls_closed"))
    offers = meeting.offers("ben-0001")
    await meeting.publish("ana-0001", MICROPHONE, n=3)
    await asyncio.sleep(5 * ANSWER_SECONDS)
    assert meeting.offers("ben-0001") == offers
    await meeting.subscribe("ben-0001")
    await meeting.answer("ben-0001")
    assert meeting.hears("ben-0001") == {"ana-0001/microphone"}


@virtual
async def test_closing_a_room_leaves_the_others_alone() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    await meeting.subscribe("ana-0001")
    await meeting.plane.publish("room-two", "ben-0001", Publish("room-two", 1, browser_offer("ben-0001"), [MICROPHONE]))
    await meeting.plane.close_room(ROOM)
    await asyncio.sleep(2 * ANSWER_SECONDS)
    assert {opened.room for opened in meeting.sfu.transports.values()} == {"room-two"}
    assert meeting.offers("ana-0001") == 1


@virtual
async def test_closing_the_plane_stops_all_work() -> None:
    meeting = Meeting()
    await meeting.subscribe("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    waiting = asyncio.ensure_future(meeting.publish("ben-0001"))
    await settle()
    await meeting.plane.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await asyncio.sleep(2 * ANSWER_SECONDS)
    assert meeting.offers("ana-0001") == 1


@virtual
async def test_nothing_is_opened_for_who_is_removed_while_the_old_publisher_closes() -> None:
    meeting = Meeting()
    await meeting.publish("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    anew = meeting.publish("ana-0001", sdp=browser_offer("ana-0001", certificate="C7"))
    await _removed_meanwhile(meeting, anew)


@virtual
async def test_nothing_is_opened_for_who_is_removed_while_the_old_subscriber_closes() -> None:
    meeting = Meeting()
    await meeting.subscribe("ana-0001")
    meeting.sfu.gate = asyncio.Event()
    await _removed_meanwhile(meeting, meeting.subscribe("ana-0001"))


async def _removed_meanwhile(meeting: Meeting, work: Awaitable[Any]) -> None:
    rebuilding = asyncio.ensure_future(_swallow(work))
    await settle()
    removal = asyncio.ensure_future(meeting.plane.drop_member(ROOM, "ana-0001"))
    await settle()
    assert meeting.sfu.gate is not None
    meeting.sfu.gate.set()
    await asyncio.gather(rebuilding, removal)
    assert len(meeting.sfu.asked(OpenTransport)) == 1
    assert not meeting.sfu.transports


MEMBERS = ("ana-0001", "ben-0001", "chi-0001")
STEPS = st.tuples(
    st.sampled_from(
        ["publish", "mute", "restart", "anew", "junk", "subscribe", "restart down", "answer", "watch", "leave", "break"]
    ),
    st.sampled_from(MEMBERS),
    st.integers(0, 6),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25), st.booleans())
@example(
    steps=[
        ("publish", "ana-0001", 2),
        ("publish", "ana-0001", 1),
        ("publish", "ana-0001", 1),
        ("subscribe", "ben-0001", 2),
        ("leave", "ana-0001", 0),
        ("publish", "ana-0001", 0),
        ("restart down", "ben-0001", 1),
    ],
    gated=True,
)
@example(
    steps=[
        ("publish", "ana-0001", 0),
        ("subscribe", "ana-0001", 1),
        ("leave", "ana-0001", 0),
        ("publish", "ana-0001", 1),
    ],
    gated=True,
)
def test_whatever_happens_everybody_hears_everybody_in_the_end(steps: list[tuple[str, str, int]], gated: bool) -> None:
    """Steps overlap as they like. The fake SFU's books object to what is subscribed twice, and note what is published
    twice."""

    @virtual
    async def test() -> None:
        meeting = Meeting()
        certificates = dict.fromkeys(MEMBERS, 0xA0)
        restarts = dict.fromkeys(MEMBERS, 0)
        work: list[asyncio.Future[Any]] = []

        def offer(member: str) -> str:
            mark = MEMBERS.index(member) * 16 + certificates[member] % 16
            return browser_offer(member, ufrag=f"u{restarts[member]:05}", certificate=f"{mark:02X}")

        async def answer(member: str) -> None:
            if meeting.offers(member):
                await meeting.answer(member)

        async def step(action: str, member: str, turns: int) -> None:
            match action:
                case "publish":
                    await _swallow(meeting.publish(member, sdp=offer(member)))
                case "mute":
                    await _swallow(meeting.publish(member, MICROPHONE, sdp=offer(member)))
                case "restart":
                    restarts[member] += 1
                    await _swallow(meeting.publish(member, sdp=offer(member)))
                case "anew":
                    certificates[member] += 1
                    await _swallow(meeting.publish(member, sdp=offer(member)))
                case "junk":
                    await _swallow(meeting.publish(member, sdp="v=0\r\n"))
                case "subscribe":
                    await meeting.subscribe(member)
                case "restart down":
                    await meeting.plane.subscribe(ROOM, member, restart_ice=True)
                case "watch":
                    await meeting.plane.watch(ROOM, member, Watch(ROOM, [TileWish("ana-0001", "camera-0", turns)]))
                case "answer":
                    await answer(member)
                case "leave":
                    await meeting.plane.drop_member(ROOM, member)
                case _:
                    for name in [name for name, opened in meeting.sfu.transports.items() if opened.member == member]:
                        meeting.sfu._close(name)
                        meeting.plane.on_event(TransportClosed(name, "consent_expired"))

        for action, member, turns in steps:
            gate = meeting.sfu.gate = asyncio.Event() if gated else None
            work.append(asyncio.ensure_future(step(action, member, turns)))
            for _ in range(turns):
                await asyncio.sleep(0)
            if gate is not None:
                gate.set()
        meeting.sfu.gate = None
        await asyncio.wait_for(asyncio.gather(*work), 60)
        await settle()
        for member in MEMBERS:
            await meeting.publish(member, sdp=offer(member))
            await meeting.subscribe(member)
        for _ in range(4):
            for member in MEMBERS:
                await meeting.answer(member)
        for transport, opened in meeting.sfu.transports.items():
            last = meeting.plane._rooms[ROOM].members[opened.member].watch
            if opened.direction == "subscribe" and last is not None:
                assert meeting.sfu.wishes[transport].wishes == [TrackWish("ana-0001/camera-0", last.tiles[0].height)]
        for member in MEMBERS:
            everything = {
                f"{other}/{track}" for other in MEMBERS if other != member for track in ("microphone", "camera-0")
            }
            assert meeting.shown(member) == everything
            assert meeting.hears(member) == everything
        assert meeting.sfu.clashes == []
        assert len(meeting.sfu.transports) == 2 * len(MEMBERS)
        assert meeting.sfu.connected.keys() == meeting.sfu.transports.keys()

    test()
