import pytest

from sfu.bwe import pacer as module
from sfu.bwe.pacer import BURST, MAX_PACKETS, MAX_REPAIR_WAIT, MAX_WAIT, Pacer


def popped(pacer: Pacer[str], now: float) -> list[str]:
    out = []
    while (packet := pacer.pop(now=now)) is not None:
        out.append(packet)
    return out


def test_video_leaves_at_the_pace() -> None:
    pacer: Pacer[str] = Pacer(800_000)  # 1000 bytes in 10 ms
    for index in range(10):
        pacer.push(str(index), 1000, stream=1, frame=1, now=1.0)
    assert pacer.size == 10_000
    assert popped(pacer, 1.0) == ["0", "1", "2"]  # two bursts of credit and debt
    assert pacer.next_deadline() == pytest.approx(1.01)
    assert popped(pacer, 1.005) == []
    assert popped(pacer, 1.0101) == ["3"]
    late = [popped(pacer, 1.0101 + 0.01 * step) for step in range(1, 7)]
    assert late == [["4"], ["5"], ["6"], ["7"], ["8"], ["9"]]
    assert (pacer.size, pacer.next_deadline()) == (0, None)


def test_idle_time_is_no_credit() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    for index in range(10):
        pacer.push(str(index), 1000, stream=1, frame=1, now=100.0)
    assert len(popped(pacer, 100.0)) == 3


def test_a_late_timer_costs_no_rate() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    sent = 0
    for tick in range(100):
        while len(pacer._video) < 20:
            pacer.push("", 1000, stream=1, frame=tick, now=tick * BURST * 2)
        sent += len(popped(pacer, tick * BURST * 2))
    assert sent == pytest.approx(200, abs=5)


def test_repairs_go_first() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    pacer.push("video", 1000, stream=1, frame=1, now=1.0)
    pacer.push_repair("repair", 1000, now=1.0)
    assert popped(pacer, 1.0) == ["repair", "video"]


def test_padding_takes_from_the_pace() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    pacer.push("video", 1000, stream=1, frame=1, now=1.0)
    pacer.spend(5000, now=1.0)
    assert popped(pacer, 1.0) == []
    assert popped(pacer, 1.05) == ["video"]


def test_whole_frames_are_dropped_from_the_old_end() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push("a1", 1000, stream=1, frame=10, now=1.0)
    pacer.push("b1", 1000, stream=2, frame=10, now=1.2)
    pacer.push("a2", 1000, stream=1, frame=10, now=1.3)
    pacer.push("a3", 1000, stream=1, frame=11, now=1.4)
    assert pacer.drop_late(now=1.0 + MAX_WAIT) == []
    assert pacer.drop_late(now=1.01 + MAX_WAIT) == ["a1", "a2"]
    assert pacer.size == 2000
    assert pacer.push("a4", 1000, stream=1, frame=11, now=1.6)
    assert popped(pacer, 1.6) == ["b1"]


def test_the_rest_of_a_dropped_frame_is_dropped_too() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push("1", 1000, stream=1, frame=10, now=1.0)
    assert pacer.drop_late(now=2.0) == ["1"]
    assert not pacer.push("2", 1000, stream=1, frame=10, now=2.0)
    assert pacer.push("3", 1000, stream=1, frame=11, now=2.0)
    assert pacer.push("again", 1000, stream=1, frame=10, now=2.0)
    assert pacer.size == 2000


def test_late_repairs_are_dropped() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push_repair("old", 1000, now=1.0)
    pacer.push_repair("young", 1000, now=1.2)
    assert pacer.drop_late(now=1.1 + MAX_REPAIR_WAIT) == []
    assert popped(pacer, 1.5) == ["young"]
    assert pacer.size == 0


def test_the_queue_is_bounded_in_packets() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    for index in range(MAX_PACKETS + 10):
        pacer.push(str(index), 1, stream=1, frame=index // 2, now=1.0)
        pacer.push_repair("", 1, now=1.0)
    assert pacer.drop_late(now=1.0) == [str(index) for index in range(10)]
    assert pacer.size == 2 * MAX_PACKETS


def test_streams_that_lost_a_frame_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)
    pacer: Pacer[str] = Pacer(8_000)
    for stream in range(3):
        pacer.push("", 1, stream=stream, frame=1, now=1.0)
    assert len(pacer.drop_late(now=2.0)) == 3
    assert [pacer.push("", 1, stream=stream, frame=1, now=2.0) for stream in range(3)] == [True, False, False]


def test_a_paused_stream_leaves_nothing_behind() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push("a", 1000, stream=1, frame=1, now=1.0)
    pacer.push("b", 1000, stream=2, frame=1, now=1.0)
    pacer.push_repair("r", 500, now=1.0)
    pacer.forget(1)
    assert pacer.size == 1500
    assert popped(pacer, 1.0) == ["r", "b"] or popped(pacer, 3.0) == ["b"]
