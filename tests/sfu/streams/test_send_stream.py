import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.native.numbers import CopyNumbers
from sfu.rtp.rtcp import ReportBlock
from sfu.streams.clock_map import ntp_time
from sfu.streams.send_stream import SendStream


def block(last_sr: int, delay: float = 0.0) -> ReportBlock:
    return ReportBlock(1, 25, 7, 0, 0, last_sr, int(delay * 0x10000))


def test_a_sender_report_says_what_was_sent() -> None:
    numbers = CopyNumbers()
    numbers.packets, numbers.octets = 2, 300
    stream = SendStream(1, numbers)
    report = stream.sender_report(12345, now=1.5)
    assert (report.ssrc, report.ntp, report.rtp_timestamp) == (1, 0x180000000, 12345)
    assert (report.packet_count, report.octet_count) == (2, 300)


def test_round_trip_time_as_in_rfc_3550() -> None:
    """The example of section 6.4.1, figure 2: LSR 0xb705:2000, DLSR 5.25 s, A 0xb710:8000, so 6.125 s."""
    stream = SendStream(1)
    report = ReportBlock(1, 0, 0, 0, 0, 0xB7052000, 0x00054000)
    stream.receive_report(report, now=0xB7108000 / 0x10000)
    assert stream.rtt == 6.125


def test_round_trip_time_is_smoothed() -> None:
    stream = SendStream(1)
    stream.receive_report(block(ntp_time(100.0) >> 16, delay=0.5), now=100.6)
    assert stream.rtt == pytest.approx(0.1, abs=1e-3)
    stream.receive_report(block(ntp_time(101.0) >> 16, delay=0.5), now=101.7)
    assert stream.rtt == pytest.approx(0.1125, abs=1e-3)


def test_loss_is_kept_as_reported() -> None:
    stream = SendStream(1)
    stream.receive_report(block(0), now=1.0)
    assert (stream.fraction_lost, stream.cumulative_lost, stream.rtt) == (25, 7, 0.0)


@given(st.integers(1, 2**32 - 1), st.integers(0, 2**32 - 1), st.floats(0, 1e6))
def test_absurd_reports_leave_round_trip_time_sane(last_sr: int, delay: int, now: float) -> None:
    stream = SendStream(1)
    stream.receive_report(ReportBlock(1, 0, 0, 0, 0, last_sr, delay), now=now)
    assert 0 <= stream.rtt <= 10
