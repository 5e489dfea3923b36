import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.streams import clock_map
from sfu.streams.clock_map import ClockMap, RemoteClock, ntp_time


def test_ntp_time() -> None:
    assert ntp_time(1.5) == 0x180000000
    assert ntp_time(2.0**32 + 0.25) == 0x40000000


def test_nothing_before_the_first_report() -> None:
    mapped = ClockMap(90000, RemoteClock())
    assert mapped.timestamp_at(1.0) is None
    mapped.sender_report(0, 1234, now=1.0)
    assert mapped.timestamp_at(1.0) is None, "a report without NTP time says nothing"


def test_the_clock_runs_on_between_reports() -> None:
    mapped = ClockMap(48000, RemoteClock())
    mapped.sender_report(ntp_time(3_900_000_000.0), 0xFFFFFF00, now=10.0)
    assert mapped.timestamp_at(10.0) == 0xFFFFFF00
    assert mapped.timestamp_at(10.5) == 0xFFFFFF00 + 24000 - 2**32
    assert mapped.timestamp_at(9.5) == 0xFFFFFF00 - 24000


class Publisher:
    """A publisher with clocks of its own, behind a network with delay."""

    def __init__(self, *, drift: float = 0.0) -> None:
        self.remote = RemoteClock()
        self.audio = ClockMap(48000, self.remote)
        self.video = ClockMap(90000, self.remote)
        self.drift = drift
        self.step = 0.0

    def ntp(self, when: float) -> float:
        return 3_900_000_000.0 + when * (1 + self.drift) + self.step

    def report(self, mapped: ClockMap, rate: int, when: float, delay: float) -> None:
        timestamp = int(self.ntp(when) * rate) & 0xFFFFFFFF
        mapped.sender_report(ntp_time(self.ntp(when)), timestamp, now=when + delay)

    def skew(self, now: float) -> float:
        """Return by how many seconds picture is mapped apart from sound."""
        audio, video = self.audio.timestamp_at(now), self.video.timestamp_at(now)
        assert audio is not None
        assert video is not None
        moment = self.ntp(now)
        audio_error = ((audio - int(moment * 48000) + 2**31) % 2**32 - 2**31) / 48000
        video_error = ((video - int(moment * 90000) + 2**31) % 2**32 - 2**31) / 90000
        return audio_error - video_error


@pytest.mark.parametrize("drift", [0.0, 1e-4, -1e-4])
def test_sound_and_picture_stay_together_whatever_the_network_does(drift: float) -> None:
    rng = random.Random(7)
    publisher = Publisher(drift=drift)
    for second in range(600):
        when = float(second)
        publisher.report(publisher.audio, 48000, when, 0.05 + rng.expovariate(20))
        publisher.report(publisher.video, 90000, when + 0.3, 0.05 + rng.expovariate(20))
        assert abs(publisher.skew(when + 0.6)) < 0.001


def test_the_offset_is_that_of_the_fastest_report() -> None:
    publisher = Publisher()
    publisher.report(publisher.audio, 48000, 0.0, 0.3)
    publisher.report(publisher.audio, 48000, 1.0, 0.05)
    publisher.report(publisher.audio, 48000, 2.0, 0.5)
    assert publisher.remote.local_time(ntp_time(publisher.ntp(2.0))) == pytest.approx(2.05, abs=0.001)


def test_one_slow_report_hardly_moves_it() -> None:
    publisher = Publisher()
    for when, delay in ((1000.0, 0.05), (1010.0, 0.5), (1020.0, 0.5)):
        publisher.report(publisher.audio, 48000, when, delay)
    moved = publisher.remote.local_time(ntp_time(publisher.ntp(1020.0)))
    assert moved == pytest.approx(1020.05 + 20 * clock_map.DRIFT, abs=0.0002)


def test_a_clock_that_was_set_anew_is_followed() -> None:
    publisher = Publisher()
    publisher.report(publisher.audio, 48000, 0.0, 0.05)
    for publisher.step in (3600.0, -3600.0):
        publisher.report(publisher.audio, 48000, 5.0, 0.05)
        publisher.report(publisher.video, 90000, 5.0, 0.05)
        assert abs(publisher.skew(6.0)) < 0.001


def test_a_slow_remote_clock_is_not_left_behind() -> None:
    publisher = Publisher(drift=-1e-4)
    for second in range(0, 3600, 5):
        publisher.report(publisher.audio, 48000, float(second), 0.05)
    last = publisher.remote.local_time(ntp_time(publisher.ntp(3595.0)))
    assert last == pytest.approx(3595.05, abs=0.002)
    assert clock_map.DRIFT > 1e-4


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.floats(0, 100)), max_size=20))
def test_absurd_reports_give_some_timestamp(reports: list[tuple[int, int, float]]) -> None:
    mapped = ClockMap(90000, RemoteClock())
    now = 0.0
    for ntp, timestamp, pause in reports:
        now += pause
        mapped.sender_report(ntp, timestamp, now=now)
        result = mapped.timestamp_at(now)
        assert result is None or 0 <= result <= 0xFFFFFFFF
