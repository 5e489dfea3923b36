"""The media plane and what calls need to hold: wishes, what is held, dynacast, ICE restarts, the room's codec."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from sfu.control import (
    CloseTransport,
    ConnectTransport,
    EncodingsWanted,
    Event,
    Extensions,
    OpenTransport,
    PublishTrack,
    Refused,
    Request,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TracksHeld,
    TrackWish,
    TransportClosed,
    UnsubscribeTrack,
    WatchTracks,
)
from signaling import messages as m
from signaling.messages import HeldTrack, TileWish, VideoCodec, Watch
from signaling.sdp import Format, read, write
from signaling.video_codec import BACK_SECONDS
from tests.signaling.sdp_samples import browser_answer
from tests.signaling.test_media import CAMERA, MICROPHONE, ROOM, Meeting, browser_offer, settle, virtual

ANA, BEN, CHI = "ana-0001", "ben-0001", "chi-0001"


def told(meeting: Meeting, member: str, kind: type[m.ServerMessage]) -> list[m.ServerMessage]:
    return [message for message in meeting.to(member) if isinstance(message, kind)]


@virtual
async def test_a_track_flows_with_the_header_extensions_that_the_answer_took() -> None:
    meeting = Meeting()
    await meeting.subscribe(BEN)
    await meeting.publish(ANA)
    await meeting.answer(BEN)  # to the empty offer
    answered = read(browser_answer(meeting.last_offer(BEN).sdp))
    for media in answered.media:  # as Firefox, which takes transport-cc for pictures alone
        if media.kind == "audio":
            media.extensions = []
    await meeting.answer(BEN, write(answered))
    taken = {request.track: request.extensions for request in meeting.sfu.asked(StartTrack)}
    assert taken == {
        f"{ANA}/microphone": Extensions(),
        f"{ANA}/camera-0": Extensions(transport_cc=1, dependency_descriptor=2),
    }


@virtual
async def test_a_new_transport_and_an_ice_restart_can_be_told_apart() -> None:
    meeting = Meeting()

    def said(sdp: str) -> str:
        return sdp.split()[2]  # v=0, o=-, session id

    sessions = []
    for restart in (False, True, False):
        await meeting.plane.subscribe(ROOM, BEN, restart_ice=restart)
        await meeting.answer(BEN)
        sessions.append(said(meeting.last_offer(BEN).sdp))
    assert sessions[0] == sessions[1] != sessions[2]
    answers = []
    for sdp in (browser_offer(ANA), browser_offer(ANA, ufrag="anew"), browser_offer(ANA, ufrag="late")):
        if "late" in sdp:  # meanwhile the SFU has given the transport up, and the browser does not know
            transport = meeting.sfu.asked(PublishTrack)[-1].transport
            await meeting.sfu.request(CloseTransport(transport))
            meeting.plane.on_event(TransportClosed(transport, "consent_expired"))
        answers.append(await meeting.publish(ANA, sdp=sdp))
    assert all(isinstance(answer, m.Published) for answer in answers)
    ids = [said(answer.sdp) for answer in answers if isinstance(answer, m.Published)]
    assert ids[0] == ids[1] != ids[2]
    assert all(0 < int(each) < 1 << 62 for each in sessions + ids)


@virtual
async def test_nothing_is_kept_of_what_the_sfu_says_about_tracks_that_ended_or_were_refused() -> None:
    meeting = Meeting()
    await meeting.publish(ANA)
    transport = meeting.sfu.asked(PublishTrack)[-1].transport
    meeting.plane.on_event(EncodingsWanted(transport, f"{ANA}/camera-0", [True]))

    def refuse(request: Request) -> Refused | None:
        if isinstance(request, PublishTrack) and request.track.endswith("new-sound"):
            # What it says of a track that is taken, and taken back because another one of the same offer is refused.
            meeting.plane.on_event(EncodingsWanted(transport, f"{ANA}/new-camera", [False]))
            return Refused("limit")
        return None

    meeting.sfu.fail = refuse
    refused = await meeting.publish(
        ANA, m.TrackOffer("new-camera", "1", "video"), m.TrackOffer("new-sound", "0", "audio")
    )
    assert isinstance(refused, m.Error)
    meeting.sfu.fail = lambda _: None
    meeting.sent.clear()
    meeting.plane.returned(ROOM, ANA)
    assert told(meeting, ANA, m.EncodingsWanted) == []  # the camera came back, and is another track now


# -- Wishes -----------------------------------------------------------------------------------------------------------


@virtual
async def test_wishes_reach_the_sfu_under_its_names() -> None:
    meeting = Meeting()
    await meeting.subscribe(BEN)
    tiles = [TileWish(ANA, "camera-0", 180), TileWish(ANA, "screen-0", 720, first=True)]
    await meeting.plane.watch(ROOM, BEN, Watch(ROOM, tiles, 300_000))
    (asked,) = meeting.sfu.asked(WatchTracks)
    wishes = [TrackWish(f"{ANA}/camera-0", 180), TrackWish(f"{ANA}/screen-0", 720, first=True)]
    assert asked == WatchTracks("transport-1", wishes, 300_000)
    # Of two wishes for one track the later one counts.
    await meeting.plane.watch(ROOM, BEN, Watch(ROOM, [TileWish(ANA, "camera-0", 180), TileWish(ANA, "camera-0", 0)]))
    assert meeting.sfu.asked(WatchTracks)[-1].wishes == [TrackWish(f"{ANA}/camera-0", 0)]


@virtual
async def test_wishes_hold_for_every_later_connection_and_come_before_its_tracks() -> None:
    meeting = Meeting()
    await meeting.publish(ANA)
    await meeting.plane.watch(ROOM, BEN, Watch(ROOM, [TileWish(ANA, "camera-0", 360)]))
    assert meeting.sfu.asked(WatchTracks) == []
    for _ in range(2):
        before = len(meeting.sfu.requests)
        await meeting.subscribe(BEN)
        kinds = [type(request) for request in meeting.sfu.requests[before:] if not isinstance(request, CloseTransport)]
        assert kinds == [OpenTransport, WatchTracks, SubscribeTrack, SubscribeTrack]
        await meeting.answer(BEN)


@pytest.mark.parametrize("failure", [ConnectionError(), Refused("no_such_transport")])
def test_wishes_that_meet_a_closing_connection_are_kept(failure: ConnectionError | Refused) -> None:
    @virtual
    async def test() -> None:
        meeting = Meeting()
        await meeting.subscribe(BEN)
        meeting.sfu.fail = lambda _: failure
        await meeting.plane.watch(ROOM, BEN, Watch(ROOM, [TileWish(ANA, "camera-0", 360)]))
        assert not told(meeting, BEN, m.Error)
        meeting.sfu.fail = lambda _: None
        await meeting.subscribe(BEN)
        assert meeting.sfu.wishes["transport-2"].wishes == [TrackWish(f"{ANA}/camera-0", 360)]

    test()


# -- What the SFU tells ---------------------------------------------------------------------------------------------


@virtual
async def test_what_the_sfu_tells_reaches_whom_it_concerns_and_is_said_again_after_a_loss() -> None:
    meeting = Meeting()
    await meeting.publish(ANA)  # transport-1
    await meeting.subscribe(BEN)  # transport-2
    await meeting.answer(BEN)
    events: list[Event] = [
        EncodingsWanted("transport-1", f"{ANA}/camera-0", [True, False, False]),
        EncodingsWanted("transport-1", f"{ANA}/camera-0", [True, True, False]),
        TracksHeld("transport-2", [f"{ANA}/camera-0"], sound_too_much=True),
        EncodingsWanted("unknown", "x/y", [True]),
        TracksHeld("unknown", [], sound_too_much=False),
    ]
    for event in events:
        assert meeting.plane.on_event(event) == []
    wanted = [m.EncodingsWanted(ROOM, "camera-0", [True, up, False]) for up in (False, True)]
    held = m.TracksHeld(ROOM, [HeldTrack(ANA, "camera-0")], sound_too_much=True)
    assert told(meeting, ANA, m.EncodingsWanted) == wanted
    assert told(meeting, BEN, m.TracksHeld) == [held]
    meeting.sent.clear()
    meeting.plane.returned(ROOM, ANA)
    meeting.plane.returned(ROOM, BEN)
    assert told(meeting, ANA, m.EncodingsWanted) == wanted[1:]
    assert told(meeting, BEN, m.TracksHeld) == [held]

    # A track that has ended is not spoken of any more.
    await meeting.publish(ANA, MICROPHONE, n=2)
    meeting.sent.clear()
    meeting.plane.returned(ROOM, ANA)
    assert not told(meeting, ANA, m.EncodingsWanted)


# -- ICE restarts -----------------------------------------------------------------------------------------------------


def without_credentials(sdp: str) -> str:
    return re.sub(r"a=ice-(ufrag|pwd):.*\r\n|o=.*\r\n", "", sdp)


@pytest.mark.parametrize("lost", [False, True])
def test_what_was_held_on_a_connection_ends_with_it_before_the_next_is_offered(lost: bool) -> None:
    @virtual
    async def test() -> None:
        meeting = Meeting()
        await meeting.publish(ANA)
        await meeting.subscribe(BEN)
        transport = meeting.sfu.asked(OpenTransport)[-1].transport
        meeting.plane.on_event(TracksHeld(transport, [f"{ANA}/camera-0"], sound_too_much=True))
        meeting.sent.clear()
        if lost:
            # The client asks for a restart of what is gone, and learns from the offer that it was built anew.
            meeting.sfu._close(transport)
        await meeting.plane.subscribe(ROOM, BEN, restart_ice=lost)
        meeting.plane.on_event(TracksHeld(transport, [f"{ANA}/camera-0"], sound_too_much=True))  # of the old one, late
        assert [type(message) for message in meeting.to(BEN)] == [m.TracksHeld, m.VideoCodec, m.SubscribeOffer]
        assert meeting.to(BEN)[0] == m.TracksHeld(ROOM, [], sound_too_much=False)
        # Who is gone is told nothing.
        transport = meeting.sfu.asked(OpenTransport)[-1].transport
        meeting.plane.on_event(TracksHeld(transport, [f"{ANA}/camera-0"], sound_too_much=True))
        meeting.sent.clear()
        await meeting.plane.drop_member(ROOM, BEN)
        assert meeting.to(BEN) == []

    test()


@virtual
async def test_a_restart_changes_the_credentials_and_nothing_else() -> None:
    meeting = Meeting()
    await meeting.publish(ANA)
    await meeting.subscribe(BEN)
    await meeting.answer(BEN)
    before = meeting.last_offer(BEN)
    flowing = meeting.hears(BEN)
    asked = len(meeting.sfu.requests)
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    after = meeting.last_offer(BEN)
    assert after.generation == before.generation + 1
    assert after.tracks == before.tracks
    assert without_credentials(after.sdp) == without_credentials(before.sdp)
    assert read(after.sdp).media[0].ice_ufrag != read(before.sdp).media[0].ice_ufrag
    assert meeting.hears(BEN) == flowing
    # The answer is told to the SFU even if a browser kept its half, so that no other half is taken any more.
    await meeting.answer(BEN)
    kinds = [type(request) for request in meeting.sfu.requests[asked:]]
    assert kinds == [RestartIce, ConnectTransport]


@virtual
async def test_a_restart_while_an_offer_is_unanswered_takes_its_place() -> None:
    meeting = Meeting()
    await meeting.subscribe(BEN)
    await meeting.answer(BEN)
    await meeting.publish(ANA)
    first = meeting.last_offer(BEN)
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    assert meeting.offers(BEN) == 4
    await meeting.plane.subscribe_answer(
        ROOM, BEN, m.SubscribeAnswer(ROOM, first.generation, browser_answer(first.sdp, ufrag="late"))
    )
    assert meeting.sfu.connected["transport-1"].ice_ufrag != "late"
    await meeting.answer(BEN, browser_answer(meeting.last_offer(BEN).sdp, ufrag="anew"))
    assert meeting.sfu.connected["transport-1"].ice_ufrag == "anew"
    assert len(meeting.hears(BEN)) == 2
    assert len(meeting.sfu.asked(OpenTransport)) == 2


@virtual
async def test_a_restart_without_a_connection_opens_one() -> None:
    meeting = Meeting()
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    assert (meeting.offers(BEN), len(meeting.sfu.asked(RestartIce))) == (1, 0)
    meeting.sfu._close("transport-1")
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    assert len(meeting.sfu.asked(OpenTransport)) == 2
    await meeting.answer(BEN)
    assert list(meeting.sfu.connected) == ["transport-2"]


@virtual
async def test_a_restart_that_loses_its_transport_midway_is_told() -> None:
    meeting = Meeting()
    await meeting.subscribe(BEN)
    await meeting.answer(BEN)

    def fail(request: Request) -> Refused | None:
        return Refused("no_such_transport") if isinstance(request, SubscribeTrack) else None

    meeting.sfu.fail = fail
    meeting.sent.clear()
    meeting.sfu.gate = None
    await meeting.publish(ANA)
    meeting.sfu.fail = lambda _: None
    await meeting.plane.subscribe(ROOM, BEN, restart_ice=True)
    await settle()
    await meeting.answer(BEN)
    assert len(meeting.hears(BEN)) == 2


# -- Codecs -----------------------------------------------------------------------------------------------------------


def vp9_first(sdp: str) -> str:
    """An offer whose browser prefers VP9."""
    session = read(sdp)
    video = session.media[1]
    video.formats.sort(key=lambda each: each.name != "VP9")
    return write(session)


def lacks_vp9(sdp: str) -> str:
    """The answer of a browser that does not know VP9."""
    session = read(browser_answer(sdp))
    for media in session.media:
        media.formats = [each for each in media.formats if each.payload_type not in (98, 99)]
    return write(session)


def codec_of(meeting: Meeting, member: str) -> str:
    last = told(meeting, member, VideoCodec)[-1]
    assert isinstance(last, VideoCodec)
    return last.codec


async def come(meeting: Meeting, member: str, *, vp9: bool = True) -> None:
    await meeting.publish(member, sdp=vp9_first(browser_offer(member)))
    await meeting.subscribe(member)
    await answer_all(meeting, {member: vp9})


async def answer_all(meeting: Meeting, people: dict[str, bool]) -> None:
    for _ in range(3):
        for member, vp9 in people.items():
            sdp = meeting.last_offer(member).sdp
            await meeting.answer(member, browser_answer(sdp) if vp9 else lacks_vp9(sdp))


@virtual
async def test_by_default_everything_is_vp8() -> None:
    meeting = Meeting()
    for member in (ANA, BEN):
        await come(meeting, member)
    await answer_all(meeting, {ANA: True})
    assert {up.codecs[0].name for up in meeting.sfu.asked(PublishTrack) if up.kind == "video"} == {"VP8"}
    for member in (ANA, BEN):
        assert told(meeting, member, VideoCodec) == [VideoCodec(ROOM, "VP8")]


@virtual
async def test_vp9_until_somebody_comes_who_cannot_and_back() -> None:
    meeting = Meeting(vp9=True)
    await come(meeting, ANA)
    assert codec_of(meeting, ANA) == "VP8"
    await come(meeting, BEN)
    await answer_all(meeting, {ANA: True, BEN: True})
    assert codec_of(meeting, ANA) == codec_of(meeting, BEN) == "VP9"
    assert meeting.sfu.up[f"{ANA}/camera-0"].codecs[0].name == "VP9"

    # A third browser without VP9: told to all in the moment of its first answer, and sent nothing that it cannot read.
    await meeting.publish(CHI)
    await meeting.subscribe(CHI)
    assert codec_of(meeting, CHI) == "VP9"
    await meeting.answer(CHI, lacks_vp9(meeting.last_offer(CHI).sdp))
    assert [codec_of(meeting, member) for member in (ANA, BEN, CHI)] == ["VP8"] * 3
    assert meeting.hears(CHI) == {f"{ANA}/microphone", f"{BEN}/microphone"}
    assert len(meeting.sfu.asked(UnsubscribeTrack)) == 2
    assert {track for _, track in meeting.sfu.down if track.startswith((ANA, BEN))} >= {f"{ANA}/microphone"}
    assert meeting.shown(CHI) == {f"{ANA}/microphone", f"{BEN}/microphone"}
    await answer_all(meeting, {CHI: False})

    # The cameras come anew, in VP8, and arrive.
    for member in (ANA, BEN):
        await meeting.publish(member, MICROPHONE, m.TrackOffer("camera-1", "1", "video"), n=2)
    await answer_all(meeting, {ANA: True, BEN: True, CHI: False})
    assert {f"{ANA}/camera-1", f"{BEN}/camera-1"} <= meeting.hears(CHI)
    # What a browser takes is known from its first answer on.
    video = [each for each in meeting.sfu.asked(SubscribeTrack) if each.track == f"{ANA}/camera-1"]
    assert sorted([codec.name for codec in each.codecs] for each in video) == [["VP8"], ["VP8", "VP9"]]

    # It goes: VP9 again, but not at once.
    await meeting.plane.drop_member(ROOM, CHI)
    await settle()
    assert codec_of(meeting, ANA) == "VP8"
    await asyncio.sleep(BACK_SECONDS)
    await settle()
    assert codec_of(meeting, ANA) == codec_of(meeting, BEN) == "VP9"
    meeting.plane.returned(ROOM, ANA)
    assert len(told(meeting, ANA, VideoCodec)) == 5


@virtual
async def test_a_room_that_closes_leaves_no_timer_behind() -> None:
    meeting = Meeting(vp9=True)
    for member in (ANA, BEN):
        await come(meeting, member)
    await answer_all(meeting, {ANA: True, BEN: True})
    await meeting.publish(CHI)
    await meeting.subscribe(CHI)
    await meeting.answer(CHI, lacks_vp9(meeting.last_offer(CHI).sdp))
    await meeting.plane.drop_member(ROOM, CHI)
    await meeting.plane.close_room(ROOM)
    meeting.sent.clear()
    await asyncio.sleep(2 * BACK_SECONDS)
    assert not any(isinstance(message, VideoCodec) for _, message in meeting.sent)


def test_what_a_browser_cannot_decode_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    @virtual
    async def test() -> None:
        meeting = Meeting(vp9=True)
        await meeting.publish(ANA, CAMERA, sdp=vp9_first(browser_offer(ANA)))
        for _ in range(3):
            await meeting.subscribe(BEN)
            await answer_all(meeting, {BEN: False})
        assert meeting.hears(BEN) == set()
        assert not told(meeting, BEN, m.Error)

    with caplog.at_level(logging.INFO, "hearthside.signaling"):
        test()
    assert caplog.text.count("cannot decode a picture that is published in VP9") == 1
    assert ANA not in caplog.text


@virtual
async def test_an_answer_without_any_of_our_codecs_is_refused() -> None:
    meeting = Meeting()
    await meeting.publish(ANA)
    await meeting.subscribe(BEN)
    session = read(browser_answer(meeting.last_offer(BEN).sdp))
    session.media[1].formats = [Format(102, "H264", 90_000)]
    await meeting.answer(BEN, write(session))
    assert meeting.to(BEN)[-1] == m.Error("bad_sdp", "subscribe_answer")
    assert not meeting.sfu.asked(StartTrack)
