"""What the parts do to each other; how good the result is on real paths is told by tests/sim/test_bandwidth.py."""

from sfu.bwe.delay_based import MIN_RATE
from sfu.bwe.estimator import CONTENT, DRAIN_FLOOR, FIRST_ESTIMATE, MAX_DRAIN, PACE, SAMPLE, Estimator
from sfu.rtp.rtcp import ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback


class Path:
    """Sends at a steady rate, and reports every 0.1 s what came out of a link of some capacity."""

    def __init__(self) -> None:
        self.estimator = Estimator(now=0.0)
        self.now = 0.0
        self.free = 0.0
        self.drop = 0.0

    def run(self, seconds: float, *, rate: int, capacity: int = 50_000_000) -> None:
        end = self.now + seconds
        interval = 1000 * 8 / rate
        base, waiting = -1, list[float]()
        report_at = self.now + 0.1
        while self.now < end:
            self.now += interval
            number = self.estimator.send(1000, now=self.now)
            base = number if base < 0 else base
            self.free = max(self.free, self.now) + 1000 * 8 / capacity
            waiting.append(self.free)
            self.estimator.handle_timer(now=self.now)
            if self.now >= report_at:
                report_at += 0.1
                gone = int(len(waiting) * self.drop)
                arrivals = [(index, round((time + 0.02) * 4000)) for index, time in enumerate(waiting) if index >= gone]
                feedback = TransportFeedback(1, 2, base, len(waiting), 0, arrivals)
                self.estimator.receive_feedback(feedback, now=max(self.free, self.now) + 0.04)
                base, waiting = -1, []


def test_a_new_subscriber_gets_the_first_guess() -> None:
    estimator = Estimator(now=0.0)
    assert estimator.estimate == estimator.target == FIRST_ESTIMATE
    assert estimator.pacing_rate == int(PACE * FIRST_ESTIMATE)
    assert not estimator.wants_padding(now=1.0)


def test_numbers_follow_each_other() -> None:
    estimator = Estimator(now=0.0)
    assert [estimator.send(10, now=0.0) for _ in range(3)] == [0, 1, 2]


def test_a_path_that_fell_lowers_estimate_and_for_a_while_the_target_further() -> None:
    path = Path()
    path.run(3, rate=1_000_000)
    assert path.estimator.estimate > 1_000_000
    assert path.estimator.target == path.estimator.estimate
    path.run(0.5, rate=1_000_000, capacity=300_000)
    assert path.estimator.estimate < 300_000
    assert path.estimator.queue_delay > 0.2
    assert DRAIN_FLOOR * path.estimator.estimate - 1 <= path.estimator.target < path.estimator.estimate
    path.run(MAX_DRAIN, rate=100_000, capacity=300_000)
    assert path.estimator.queue_delay < 0.05
    assert path.estimator.target == path.estimator.estimate


def test_a_probe_paces_faster_and_raises_the_estimate() -> None:
    path = Path()
    path.run(1, rate=700_000)
    path.estimator.wanted = 5_000_000
    path.now += CONTENT + SAMPLE
    path.estimator.handle_timer(now=path.now)
    before = path.estimator.estimate
    assert path.estimator.pacing_rate >= 3 * before
    padding = 0
    for step in range(1, 8):
        while path.estimator.wants_padding(now=path.now + step * 0.005):
            path.estimator.send(300, now=path.now + step * 0.005)
            padding += 1
    assert padding >= 8
    assert path.estimator.pacing_rate == int(PACE * path.estimator.target), "it is over"


def test_heavy_loss_counts_although_no_queue_shows() -> None:
    path = Path()
    path.run(3, rate=1_000_000)
    path.drop = 0.6
    path.run(2.5, rate=1_000_000)
    assert path.estimator.estimate < 500_000


def test_moderate_loss_does_not() -> None:
    path = Path()
    path.run(3, rate=1_000_000)
    before = path.estimator.estimate
    path.drop = 0.2
    path.run(5, rate=1_000_000)
    assert path.estimator.estimate >= before


def report(estimator: Estimator, highest: int, lost: int, now: float) -> None:
    estimator.receive_report(ReportBlock(1, 0, lost, highest, 0), now=now)


def test_without_feedback_receiver_reports_decide() -> None:
    estimator = Estimator(now=0.0)
    report(estimator, 0, 0, 0.5)
    report(estimator, 1000, 500, 1.5)
    assert estimator.estimate == estimator.target == FIRST_ESTIMATE * 3 // 4
    for step in range(100):
        report(estimator, 2000 + 1000 * step, 1500 + 1000 * step, 3.0 + step)
    assert estimator.estimate == MIN_RATE
    estimator.forget(1)


def test_with_feedback_receiver_reports_do_not() -> None:
    path = Path()
    path.run(1, rate=700_000)
    before = path.estimator.estimate
    for step in range(10):
        report(path.estimator, 1000 * step, 1000 * step, 2.0 + step)
    assert path.estimator.estimate == before
    assert path.estimator.rtt > 0
