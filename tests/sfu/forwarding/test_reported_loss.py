from sfu.forwarding.reported_loss import REPORT_LIFE, ReportedLoss
from sfu.rtp.rtcp import ReportBlock


def block(fraction: int) -> ReportBlock:
    return ReportBlock(50, fraction, 1, 100, 0)


def test_the_larger_of_report_and_repair_counts() -> None:
    loss = ReportedLoss()
    loss.repaired = 10
    loss.receive(block(30), 50, now=1.0)
    assert loss.fraction(now=1.0) == 51, "a fifth was sent again"
    loss.repaired = 1
    loss.receive(block(30), 100, now=2.0)
    assert loss.fraction(now=2.0) == 30, "each repair counts in one report"
    loss.repaired = 9
    loss.receive(block(3), 100, now=3.0)
    assert loss.fraction(now=3.0) == 3, "nothing was sent that could have been lost"
    loss.repaired = 900
    loss.receive(block(3), 101, now=4.0)
    assert loss.fraction(now=4.0) == 255


def test_it_fades() -> None:
    loss = ReportedLoss()
    assert loss.fraction(now=0.0) == 0
    loss.receive(block(30), 50, now=1.0)
    assert loss.fraction(now=1.0 + REPORT_LIFE) == 30
    assert loss.fraction(now=1.1 + REPORT_LIFE) == 0
