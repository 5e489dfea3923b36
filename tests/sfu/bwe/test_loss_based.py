import pytest

from sfu.bwe.loss_based import MAX_STREAMS, MIN_PACKETS, LossBased
from sfu.rtp.rtcp import ReportBlock


def block(ssrc: int, highest: int, lost: int) -> ReportBlock:
    return ReportBlock(ssrc, 0, lost, highest, 0)


@pytest.mark.parametrize(
    ("lost", "sent_rate", "estimate"),
    [
        (0, 1_000_000, 1_050_000),
        (19, 1_000_000, 1_050_000),
        (19, 800_000, 1_000_000),  # not tried
        (20, 1_000_000, 1_000_000),
        (100, 1_000_000, 1_000_000),
        (200, 1_000_000, 900_000),
        (1000, 1_000_000, 500_000),
    ],
)
def test_the_rule(lost: int, sent_rate: int, estimate: int) -> None:
    control = LossBased(1_000_000, now=0.0)
    control.receive(block(1, 100, 5))
    control.receive(block(1, 1100, 5 + lost))
    assert control.update(sent_rate, now=1.0) is (estimate < 1_000_000)
    assert control.estimate == estimate


def test_streams_count_together_once_a_second() -> None:
    control = LossBased(1_000_000, now=0.0)
    for ssrc in (1, 2):
        control.receive(block(ssrc, 0, 0))
    control.receive(block(1, 50, 30))
    control.receive(block(2, 950, 0))
    assert not control.update(0, now=0.9)
    assert not control.update(0, now=1.0)
    assert control.estimate == 1_000_000  # 3 %
    control.receive(block(1, 50 + MIN_PACKETS - 1, 30 + MIN_PACKETS - 1))
    assert not control.update(0, now=3.0)  # too few to tell


def test_numbers_that_go_back_or_lie_count_for_nothing() -> None:
    control = LossBased(1_000_000, now=0.0)
    control.receive(block(1, 1000, 10))
    control.receive(block(1, 900, 500))
    assert not control.update(0, now=1.0)
    control.receive(block(1, 1000, 0xFFFFFF))
    assert control.update(0, now=2.0)
    assert control.estimate == 500_000  # all of what was expected, no more


def test_the_number_of_streams_is_bounded() -> None:
    control = LossBased(1_000_000, now=0.0)
    for ssrc in range(MAX_STREAMS + 10):
        control.receive(block(ssrc, 0, 0))
    control.receive(block(MAX_STREAMS, 1000, 1000))
    assert not control.update(0, now=1.0)
    control.forget(0)
    control.receive(block(MAX_STREAMS, 1000, 1000))
    control.receive(block(MAX_STREAMS, 2000, 2000))
    assert control.update(0, now=1.0)
