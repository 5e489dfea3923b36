import pytest

from sfu.bwe.pacer import BURST, MAX_PACKETS, MAX_REPAIR_WAIT, MAX_WAIT, Pacer


def popped(pacer: Pacer[str], now: float) -> list[str]:
    out = []
    while (packet := pacer.pop(now=now)) is not None:
        out.append(packet)
    return out


def test_video_leaves_at_the_pace() -> None:
    pacer: Pacer[str] = Pacer(800_000)  # 1000 bytes in 10 ms
    for index in range(10):
        pacer.push(str(index), 1000, stream=1, now=1.0)
    assert pacer.size == 10_000
    assert popped(pacer, 1.0) == ["0", "1", "2"]  # two bursts of credit and debt
    assert popped(pacer, 1.005) == []
    assert popped(pacer, 1.0101) == ["3"]
    late = [popped(pacer, 1.0101 + 0.01 * step) for step in range(1, 7)]
    assert late == [["4"], ["5"], ["6"], ["7"], ["8"], ["9"]]
    assert pacer.size == 0


def test_idle_time_is_no_credit() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    for index in range(10):
        pacer.push(str(index), 1000, stream=1, now=100.0)
    assert len(popped(pacer, 100.0)) == 3


def test_a_late_timer_costs_no_rate() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    sent = 0
    for tick in range(100):
        while pacer.size < 20_000:
            pacer.push("", 1000, stream=1, now=tick * BURST * 2)
        sent += len(popped(pacer, tick * BURST * 2))
    assert sent == pytest.approx(200, abs=5)


def test_repairs_go_first() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    pacer.push("video", 1000, stream=1, now=1.0)
    pacer.push_repair("repair", 1000, stream=1, now=1.0)
    assert popped(pacer, 1.0) == ["repair", "video"]


def test_streams_take_turns() -> None:
    pacer: Pacer[str] = Pacer(8_000_000)
    for packet in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
        pacer.push(packet, 1000, stream=ord(packet[0]), now=1.0)
    assert popped(pacer, 1.0) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]


def test_a_flood_keeps_only_itself_waiting() -> None:
    """8 Mbit/s of one stream and 0.4 Mbit/s of another, at a pace of 1 Mbit/s."""
    pacer: Pacer[tuple[int, float]] = Pacer(1_000_000)
    waited, dropped = list[float](), set[int]()
    for tick in range(500):
        now = tick / 100
        dropped |= pacer.drop_late(now=now)
        for _ in range(10):
            pacer.push((1, now), 1000, stream=1, now=now)
        if tick % 2 == 0:
            pacer.push((2, now), 1000, stream=2, now=now)
        while (packet := pacer.pop(now=now)) is not None:
            if packet[0] == 2:
                waited.append(now - packet[1])
    assert dropped == {1}
    assert len(waited) >= 248
    assert max(waited) <= 0.03


def test_padding_takes_from_the_pace() -> None:
    pacer: Pacer[str] = Pacer(800_000)
    pacer.push("video", 1000, stream=1, now=1.0)
    pacer.spend(5000, now=1.0)
    assert popped(pacer, 1.0) == []
    assert popped(pacer, 1.05) == ["video"]


def test_of_a_stream_that_waited_too_long_nothing_is_left() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push("a1", 1000, stream=1, now=1.0)
    pacer.push("b1", 1000, stream=2, now=1.2)
    pacer.push("a2", 1000, stream=1, now=1.4)
    pacer.push_repair("a3", 1000, stream=1, now=1.4)
    assert pacer.drop_late(now=1.0 + MAX_WAIT) == set()
    assert pacer.drop_late(now=1.01 + MAX_WAIT) == {1}
    assert pacer.size == 1000
    pacer.push("a4", 1000, stream=1, now=1.6)
    assert popped(pacer, 1.6) == ["b1"]
    assert popped(pacer, 9.0) == ["a4"]


def test_late_repairs_are_dropped() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push_repair("old", 1000, stream=1, now=1.0)
    pacer.push_repair("young", 1000, stream=1, now=1.2)
    assert pacer.drop_late(now=1.1 + MAX_REPAIR_WAIT) == set()
    assert popped(pacer, 1.5) == ["young"]
    assert pacer.size == 0


def test_the_queue_is_bounded_in_packets() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    for stream, count in ((1, 10), (2, MAX_PACKETS)):
        for _ in range(count):
            pacer.push("", 1, stream=stream, now=1.0)
    for _ in range(MAX_PACKETS + 10):
        pacer.push_repair("", 1, stream=3, now=1.0)
    assert pacer.drop_late(now=1.0) == {2}, "the one that fills it"
    assert pacer.size == 10 + MAX_PACKETS


def test_a_paused_stream_leaves_nothing_behind() -> None:
    pacer: Pacer[str] = Pacer(8_000)
    pacer.push("a", 1000, stream=1, now=1.0)
    pacer.push("b", 1000, stream=2, now=1.0)
    pacer.push_repair("r", 500, stream=1, now=1.0)
    pacer.forget(1)
    assert pacer.size == 1000
    assert popped(pacer, 1.0) == ["b"]
