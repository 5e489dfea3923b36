"""Changes between encodings and layers, from the publisher's packets to what a decoder makes of them."""

import itertools
import random

import pytest

from sfu.forwarding.dynacast import OFF_AFTER
from sfu.forwarding.header_rewriter import RUN_GAP
from sfu.forwarding.up_encoding import MAX_UNHEARD, SILENCE
from sfu.rtp.packet import RtpHeader
from tests.sfu.forwarding.camera import FRAME, Camera, Viewer, offered

BOTH = pytest.mark.parametrize("descriptors", ["vp8", "dd"])


def watching(camera: Camera, encoding: int, temporal: int = 2) -> Viewer:
    """Return a viewer who has got this layer for a while."""
    viewer = camera.subscribe()
    viewer.select(encoding, temporal)
    camera.run(2.0)
    return viewer


def check(viewer: Viewer, *, longest_gap: float) -> None:
    """Everything that came could be shown, in order, without a pause longer than so many seconds."""
    frames = viewer.frames()
    assert viewer.decoded() == frames
    for before, after in itertools.pairwise(frames):
        assert 0 < after.timestamp - before.timestamp <= longest_gap * 90_000 + 2
    numbers = list(viewer.packets())
    assert all(after - before <= RUN_GAP for before, after in itertools.pairwise(numbers))
    if not viewer.camera.described:
        for before, after in itertools.pairwise(frames):
            assert (after.picture - before.picture) % 0x8000 == 1, "a gap would make the decoder wait"
            assert (after.tl0 - before.tl0) % 0x100 == (after.temporal == 0)


@BOTH
def test_switching_up_and_down_shows_every_frame(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 0)
    for encoding in (2, 1, 0, 2, 0):
        viewer.select(encoding)
        camera.run(1.5)
        assert viewer.frames()[-1].encoding == encoding
    check(viewer, longest_gap=2 * FRAME)


@BOTH
def test_the_old_encoding_goes_on_until_the_key_frame(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 0)
    camera.answer()
    camera.asked = [0, 0, 0]
    before = len(viewer.frames())
    viewer.select(2)
    camera.tick()  # asks; the next frame is the key frame
    camera.tick()
    camera.tick()
    assert [frame.encoding for frame in viewer.frames()[before:]] == [0, 0, 2, 2]
    assert camera.asked == [0, 0, 1]
    check(viewer, longest_gap=2 * FRAME)


@BOTH
@pytest.mark.parametrize("temporal", [0, 1])
def test_temporal_layers_go_and_come_back_without_a_key_frame(descriptors: str, temporal: int) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 1)
    asked = camera.asked[:]
    viewer.select(1, temporal)
    start = len(viewer.frames())
    camera.run(2.0)
    assert max(frame.temporal for frame in viewer.frames()[start:]) == temporal
    assert len(viewer.frames()[start:]) == pytest.approx(2.0 / FRAME / (4, 2)[temporal], abs=1)
    middle = len(viewer.frames())
    viewer.select(1, 2)
    camera.run(2.0)
    assert max(frame.temporal for frame in viewer.frames()[middle:]) == 2
    assert len(viewer.frames()[middle:]) >= 2.0 / FRAME - 4
    assert camera.asked == asked
    check(viewer, longest_gap=4 * FRAME)
    assert len(viewer.packets()) == max(viewer.packets()) - min(viewer.packets()) + 1, "no hole to ask for"


@BOTH
def test_who_gets_fewer_temporal_layers_can_change_encodings(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 0, 0)
    for encoding, temporal in ((1, 1), (2, 0), (2, 2), (0, 1), (1, 0)):
        viewer.select(encoding, temporal)
        camera.run(1.5)
        assert {frame.encoding for frame in viewer.frames()[-4:]} == {encoding}
    check(viewer, longest_gap=6 * FRAME)


@BOTH
def test_after_a_pause_numbers_go_on(descriptors: str) -> None:
    """Half a turn of the short numbers would be taken for a step back by everybody who unwraps them."""
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 1)
    viewer.select(None)
    sent = len(viewer.channel.sent)
    camera.run(1.0)
    assert len(viewer.channel.sent) == sent
    camera.number += 0x9000
    camera.run(1.0)
    viewer.select(1)
    camera.run(1.0)
    frames = viewer.frames()
    assert viewer.decoded() == frames
    jump = [after.picture - before.picture for before, after in itertools.pairwise(frames)]
    assert {step % 0x8000 for step in jump} == {1}


def test_nothing_is_handed_to_who_selected_nothing() -> None:
    camera = Camera()
    viewer = watching(camera, 1)
    viewer.select(None)
    assert all(not encoding.down_tracks for encoding in camera.track.encodings)
    camera.asked = [0, 0, 0]
    camera.run(3.0)
    assert camera.asked == [0, 0, 0], "nobody asks for nobody's key frames"
    assert camera.active == [False] * 3


def test_the_publisher_sends_what_somebody_gets_and_nothing_else() -> None:
    camera = Camera()
    viewer = watching(camera, 0)
    camera.run(OFF_AFTER)
    assert camera.told == [[True, False, False]]
    viewer.select(2)
    camera.tick()
    assert camera.told[-1] == [True, False, True]
    camera.run(OFF_AFTER + 0.5)
    assert camera.told[-1] == [False, False, True]
    assert viewer.frames()[-1].encoding == 2
    check(viewer, longest_gap=2 * FRAME)


def test_what_was_just_asked_for_need_not_flow_at_once() -> None:
    camera = Camera()
    viewer = watching(camera, 0)
    camera.run(OFF_AFTER)
    camera.obeys = False
    viewer.select(2)
    camera.run(1.0)
    assert viewer.frames()[-1].encoding == 0
    assert camera.asked[2] == 0, "it sends nothing that could be asked"
    assert offered(camera, 2).rate > 1_000_000, "what it will take"
    camera.run(2.0)
    assert offered(camera, 2).rate == offered(camera, 0).rate, "what it takes while it does not come"
    camera.active[2] = True
    camera._due.add(2)
    camera.tick()
    camera.tick()
    assert viewer.frames()[-1].encoding == 2, "begins with a key frame of its own accord"
    check(viewer, longest_gap=2 * FRAME)


@BOTH
def test_who_got_an_encoding_that_stops_gets_the_one_below(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 2)
    camera.active = [True, True, False]
    camera.run(SILENCE + 0.2)
    assert viewer.frames()[-1].encoding == 1
    check(viewer, longest_gap=SILENCE + 3 * FRAME)
    camera.active = [True, True, True]
    camera._due.add(2)
    camera.run(1.0)
    assert viewer.frames()[-1].encoding == 2


def test_a_publisher_that_sends_nothing_is_told_to_send_anything() -> None:
    camera = Camera()
    viewer = watching(camera, 2)
    camera.run(OFF_AFTER)
    assert camera.active == [False, False, True]
    camera.active, camera.obeys = [False] * 3, False
    camera.run(2 * OFF_AFTER)
    assert camera.told[-1] == [True] * 3
    camera.active = [True, False, False]
    camera._due.add(0)
    camera.run(1.0)
    assert viewer.frames()[-1].encoding == 0


def test_a_key_frame_that_comes_too_late_is_asked_for_again() -> None:
    camera = Camera()
    camera.obeys = False
    viewer = watching(camera, 0)
    viewer.select(1)
    camera.tick()
    camera.asked = [0, 0, 0]
    *others, small, middle, large = [*camera.tick(deliver=False)]
    assert not others
    assert middle.key
    assert not small.key
    assert not large.key
    camera.receive(1, middle.packets[1])
    camera.receive(0, small.packets[0])
    camera.receive(1, middle.packets[0])
    camera.run(1.0)
    assert camera.asked[1] == 1
    assert viewer.frames()[-1].encoding == 1
    assert viewer.decoded() == viewer.frames()


@BOTH
def test_what_is_lost_after_a_switch_is_found_again(descriptors: str) -> None:
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 1, 0)
    viewer.select(2, 1)
    camera.run(0.6)
    sent = viewer.packets()
    recent = sorted(sent)[-45:]
    assert {frame.encoding for frame in viewer.frames()[-5:]} == {2}
    viewer.channel.sent.clear()
    assert viewer.copy.receive_nack([number & 0xFFFF for number in recent], now=camera.now) == len(recent)
    for number, again in zip(recent, viewer.channel.sent, strict=True):
        before = sent[number]
        old, new = RtpHeader(), RtpHeader()
        old.parse(before, len(before))
        new.parse(again, len(again))
        assert (new.timestamp, new.marker) == (old.timestamp, old.marker)
        start = new.payload_start
        assert again[start : start + 2] == before[2:4], "the number that it had"
        assert again[start + 2 :] == before[old.payload_start :], "picture id and TL0PICIDX as they were sent"
        assert again[16:start][4:] == before[16 : old.payload_start][4:], "the descriptor too"


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_loss_and_disorder_leave_what_is_shown_right(descriptors: str, seed: int) -> None:
    """Late packets find their places between what was left out; no number is used twice, no wrong frame is decoded."""
    chance = random.Random(seed)
    camera = Camera(descriptors=descriptors)
    camera.obeys = False
    viewer = watching(camera, 1)
    late: list[tuple[int, int, bytes]] = []
    for _ in range(240):
        if chance.random() < 0.1:
            viewer.select(chance.choice((0, 1, 2, 2, None)), chance.randrange(3))
        for frame in camera.tick(deliver=False):
            for packet in frame.packets:
                if chance.random() < 0.1:
                    late.append((camera.number + chance.randrange(1, 6), frame.encoding, packet))
                elif chance.random() > 0.03:
                    camera.receive(frame.encoding, packet)
        for item in [item for item in late if item[0] <= camera.number]:
            late.remove(item)
            camera.receive(item[1], item[2])
    shown = viewer.decoded()
    assert len(shown) > 60
    assert all(before.timestamp < after.timestamp for before, after in itertools.pairwise(shown))
    viewer.select(2)
    viewer.copy.request_key_frame(now=camera.now)
    camera.run(2.0)
    tail = [frame.number for frame in viewer.decoded() if frame.number > camera.number - 30]
    assert tail == list(range(camera.number - 29, camera.number))


def test_ten_joins_in_a_second_cost_at_most_two_key_frames_of_each_encoding() -> None:
    camera = Camera()
    camera.obeys = False
    watching(camera, 0)
    camera.run(2.0)
    camera.asked = [0, 0, 0]
    for number in range(28):
        if number % 3 == 0:
            camera.subscribe().select(number // 3 % 3)
        camera.tick()
    camera.run(0.6)
    assert all(0 < asked <= 2 for asked in camera.asked)
    assert all(viewer.stream.packets for viewer in camera.track.down_tracks)


@BOTH
@pytest.mark.parametrize("clocks", [True, False])
def test_pictures_keep_their_time_over_changes_and_pauses(descriptors: str, clocks: bool) -> None:
    """Lip sync: by its timestamps and sender reports, a picture is shown when it was taken, within 80 ms.

    Sound has one encoding, whose timestamps are not changed, so that it is the picture that could go astray. Without
    the publisher's reports arrivals must do, and there is no report of ours to compare with.
    """
    camera = Camera(descriptors=descriptors, clocks=clocks)
    camera.obeys = False
    viewer = watching(camera, 0)
    first = viewer.frames()[0]
    seconds = first.timestamp / 90_000 - first.number * FRAME
    for encoding in (2, 0, None, 1, None, 2, 1):
        viewer.select(encoding)
        for _ in range(40):
            camera.tick()
            report = viewer.copy.sender_report(now=camera.now)
            if encoding is None or report is None:
                continue
            frame = viewer.frames()[-1]
            # The report says: this RTP time is now. What was taken just now has to bear it.
            apart = (report.rtp_timestamp - frame.timestamp + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
            assert abs(camera.now - frame.number * FRAME - apart / 90_000) <= 0.08
    for frame in viewer.frames():
        assert abs(frame.timestamp / 90_000 - frame.number * FRAME - seconds) <= 0.08


def test_a_stream_whose_numbers_jump_goes_on_without_a_jump() -> None:
    camera = Camera()
    camera.obeys = False
    viewer = watching(camera, 1)
    for jump in (30_000, 50_000, 60_000):
        camera._sequence[1] += jump
        camera.run(1.0)
    assert viewer.decoded() == viewer.frames()
    assert viewer.frames()[-1].number == camera.number - 1
    numbers = list(viewer.packets())
    assert max(after - before for before, after in itertools.pairwise(numbers)) <= RUN_GAP


def test_an_encoding_that_ends_before_its_key_frame_holds_up_nobody_elses() -> None:
    """Who waits for what the publisher does not send any more, because it cannot or will not, waits alone."""
    camera = Camera()
    camera.obeys = False
    viewer = watching(camera, 1)
    viewer.select(2)
    camera.active[2] = False
    camera.run(20.0)
    assert 0 < camera.asked[2] <= MAX_UNHEARD
    for pause in (0.7, 1.1, 1.3):
        camera.run(pause)
        camera.asked = [0, 0, 0]
        camera.subscribe().select(0)
        camera.answer()
        assert camera.asked == [1, 0, 0], "at once: nothing was asked for of late"
        camera.run(3.0)
    camera.active[2] = True
    camera.run(2.0)
    assert camera.track.encodings[2].alive
    assert viewer.frames()[-1].encoding == 2


def test_a_subscriber_that_asks_for_key_frames_all_the_time_gets_few() -> None:
    camera = Camera()
    camera.obeys = False
    viewer = watching(camera, 1)
    camera.asked = [0, 0, 0]
    for _ in range(30 * 60):
        for _ in range(10):
            viewer.copy.request_key_frame(now=camera.now)
        camera.tick()
    assert camera.asked[0] == camera.asked[2] == 0
    assert 17 <= camera.asked[1] <= 19, "three in ten seconds"
