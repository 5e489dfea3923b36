"""How much one subscriber's path carries: feedback, delay, loss and probes put together.

A subscribe transport has one. Everything that leaves on it goes through `send`, everything that comes back about it
through `receive_feedback` or `receive_report`; after either, and every few ten milliseconds through `handle_timer`,
`target`, `pacing_rate` and `wants_padding` are up to date.
"""

from __future__ import annotations

from collections import deque

from sfu.bwe.delay_based import MAX_RATE, MIN_RATE, RateControl, Usage
from sfu.bwe.loss_based import LossBased
from sfu.bwe.prober import Prober
from sfu.bwe.twcc_sender import RATE_WINDOW, STANDING, Report
from sfu.bwe.twcc_twin import new_sender
from sfu.native import new_way
from sfu.native.numbers import WayNumbers
from sfu.rtp.rtcp import ReportBlock
from sfu.rtp.transport_feedback import TransportFeedback, UnreadFeedback

FIRST_ESTIMATE = 800_000
"""Bit/s before anything is known (Signal's initial rate). Lower shows people late, higher floods slow paths at once;
the probes of the first second correct it upwards, the first overuse downwards."""

PACE = 1.1
"""Times the target (str0m 1.1, libwebrtc 2.5). With more, the key frames of a change up stand as a queue in the network
and look like overuse; with less, video waits longer in the pacer."""

DRAIN_TIME = 1.0
"""Seconds: after a cut, a known queue of length q leaves 1 - q / DRAIN_TIME of the estimate, so that it is gone after
about that time instead of standing for as long as it took to grow. libwebrtc's congestion window pushback does this by
bytes in flight (congestion_window_pushback_controller.cc)."""

DRAIN_FLOOR = 0.5
"""Of the estimate is left at least while a queue empties. Less is faster and stops pictures."""

DRAINED = 0.05
"""Seconds of queue that need not be emptied: jitter."""

MAX_DRAIN = 4.0
"""Seconds for which a cut lets less through. A queue that stands longer is somebody else's, or no queue but a longer
route."""

SWAMPED = 1.5
"""Times what comes out while a queue stands and grows by `STANDING` between two reports: whoever sends more than that
need not wait for a line through twenty groups, which on a link that fell to a tenth takes 0.3 s longer and half a
second more of queue."""

HEAVY_LOSS, LOSS_WINDOW, LOSS_PACKETS = 0.3, 1.0, 30
"""Fraction lost over as many seconds, of at least so many packets, at which delay is not waited for: a link that drops
instead of queueing (a shaper without a buffer) never shows any. Loss by radio stays below; 0.1, as without feedback,
would let it take the picture away."""


IDLE = 0.8
"""Of the estimate: who sends less cannot have filled the path by it, and the queue must stand in two reports on end
before it counts. One alone, when little is sent, is often a moment of jitter, and a cut to what little was sent costs
more than the 0.1 s by which somebody else's traffic is noticed later."""

SILENCE, SILENCE_WITHOUT_FEEDBACK = 3.0, 8.0
"""Seconds without a word about what is being sent, after which the path is believed to carry less: the first where
transport-wide feedback had come, which browsers send at least four times a second, the second where there was none,
because receiver reports on sound alone come every 5 s with half of that by chance (RFC 3550 section 6.2). Shorter cuts
for an outage that passes, longer floods a path that broke, or one whose owner does not answer at all."""

SILENT_BYTES = 5000
"""So much must have been sent since: a single voice for a second. Of a packet every two seconds some are just lost."""

SILENT_CUT, SILENT_INTERVAL = 0.5, 1.0
"""Of the estimate is left, again after as many seconds (libwebrtc halves too when feedback stops, send_side_bandwidth_
estimation.cc). Whoever never reports is down to sound and nothing else five seconds later."""

SAMPLE = 0.05
"""Seconds between two looks at how much was sent, at silence, and for an occasion to probe. Shorter costs time, longer
makes the rate lag and probes begin later by as much."""

CONTENT = 0.2
"""Seconds between two such looks where the estimate is enough for all that is wanted, beside those at every feedback:
there is nothing to probe for. Shorter looks for nothing, longer begins a probe later when more is wanted."""


class SentRate:
    """Rate over the last `RATE_WINDOW` seconds of bytes that are counted elsewhere."""

    __slots__ = ("_samples", "value")

    def __init__(self) -> None:
        self.value = 0
        """Bit/s."""
        self._samples: deque[tuple[float, int]] = deque()

    def sample(self, total: int, *, now: float) -> None:
        """Look at the time and at all that was ever sent; to be called every few ten milliseconds."""
        samples = self._samples
        if samples and now - samples[-1][0] < SAMPLE:
            return
        samples.append((now, total))
        while len(samples) > 2 and samples[1][0] <= now - RATE_WINDOW:
            samples.popleft()
        elapsed = now - samples[0][0]
        self.value = int((total - samples[0][1]) * 8 / elapsed) if elapsed > 0 else 0


class Estimator:
    """The estimate for one subscriber."""

    __slots__ = (
        "_control", "_doubted_at", "_drain_until", "_draining", "_look_at", "_loss", "_loss_since",
        "_lost", "_prober", "_received", "_sent", "_spoken_of", "_twcc", "_twcc_seen", "_unnumbered", "_usage",
        "_way", "check_feedback", "wanted",
    )  # fmt: skip

    def __init__(self, *, now: float, way: WayNumbers | None = None) -> None:
        """``way`` is where the transport counts what it sends."""
        self._way = way or new_way()
        self._twcc = new_sender(self._way)
        self.check_feedback = self._twcc.check
        """For `rtcp.parse`."""
        self._control = RateControl(FIRST_ESTIMATE, now=now)
        self._loss = LossBased(FIRST_ESTIMATE, now=now)
        self._prober = Prober(FIRST_ESTIMATE, now=now, way=self._way)
        self._sent = SentRate()
        self._unnumbered = SentRate()
        self._twcc_seen = False
        self._usage = Usage.NORMAL
        self._draining = False
        self._drain_until = now
        self._doubted_at = now + SILENCE_WITHOUT_FEEDBACK
        """When silence counts next."""
        self._spoken_of = 0
        """Bytes sent when something was heard last."""
        self._lost = self._received = 0
        self._loss_since = now
        self._look_at = now
        self.wanted = 0
        """Bit/s that everything asked for would need (`allocation.wanted_rate`): no probe goes far beyond, and 0 lets
        none begin."""

    @property
    def estimate(self) -> int:
        """Bit/s that the path is believed to carry, everything included. What `Allocator.note` takes."""
        return self._control.estimate if self._twcc_seen else self._loss.estimate

    @property
    def target(self) -> int:
        """Bit/s to send now: the estimate, or less of it while a queue has to be emptied."""
        if not self._draining:
            return self.estimate
        share = max(1 - self._twcc.queue_delay / DRAIN_TIME, DRAIN_FLOOR)
        return max(int(self.estimate * min(share, 1.0)), MIN_RATE)

    @property
    def pacing_rate(self) -> int:
        """Bit/s at which video may leave; during a probe as fast as that."""
        cluster = self._prober.cluster
        pace = int(PACE * self.target)
        return pace if cluster is None else max(pace, cluster.rate)

    @property
    def rtt(self) -> float:
        """Seconds there and back, 0 while unknown."""
        return self._twcc.rtt

    @property
    def queue_delay(self) -> float:
        """Seconds that packets stood in queues of late."""
        return self._twcc.queue_delay

    def send(self, size: int, now: float) -> int:
        """Count a packet that leaves now, whatever it is; return its transport-wide sequence number (16 bits)."""
        prober = self._prober
        self._way.sent_bytes += size
        return self._twcc.send(size, now, prober.sent(size, now=now) if prober.cluster is not None else 0)

    def send_again(self, size: int, sequence: int) -> None:
        """Count a packet that leaves once more under the transport-wide number that it had."""
        self._way.unnumbered_bytes += size
        self._twcc.sent_again(sequence)

    def send_unnumbered(self, size: int) -> None:
        """Count a packet that leaves without such a number: no feedback will speak of it."""
        self._way.unnumbered_bytes += size

    def wants_padding(self, *, now: float) -> bool:
        """Whether a probe needs a packet of padding now, once the pacer has nothing to send. Ask again after each."""
        return self._prober.due(now=now)

    def receive_feedback(self, feedback: TransportFeedback | UnreadFeedback, *, now: float) -> None:
        """Take transport-wide feedback."""
        self._sent.sample(self._way.sent_bytes, now=now)
        before = self._twcc.queue_delay
        report = self._twcc.receive(feedback, now=now)
        if not report.count and not report.lost:
            return
        self._twcc_seen = True
        self._spoken_of = self._speakable()
        usage = report.usage
        busy_rate = self._twcc.busy_rate
        grows = self._twcc.queue_delay - before >= STANDING
        if grows and busy_rate is not None and SWAMPED * busy_rate < self._sent.value:
            usage = Usage.OVERUSE
        idle = self._sent.value < IDLE * self.estimate
        standing = min(before, self._twcc.queue_delay) if idle and not grows else self._twcc.queue_delay
        if usage is Usage.OVERUSE and (standing < STANDING or self._prober.busy):
            usage = Usage.UNDERUSE  # whatever rose is gone, or a probe's own work: do not grow, do not cut
        if usage is not None:
            self._usage = usage
            acknowledged = self._twcc.acknowledged_rate if busy_rate is None else busy_rate
            if self._control.update(usage, acknowledged, self._twcc.rtt, now=now):
                self._drain(now)
        shown = self._prober.receive(report.received, now=now) if self._prober.busy else None
        if shown is not None and self._usage is not Usage.OVERUSE and not self._draining:
            self._control.raise_to(shown, now=now)
        self._count_losses(report, now)
        if self._draining and self._twcc.queue_delay < DRAINED:
            self._draining = False
        elif self._draining and now >= self._drain_until:
            self._draining = False
            self._twcc.rebase()
        self._look(now)

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """Take what a receiver report says of one stream; decides only where no transport-wide feedback comes."""
        if not self._twcc_seen:
            self._spoken_of = self._speakable()
            self._loss.receive(block)
            self._loss.update(self._sent.value + self._unnumbered.value, now=now)
            self._loss.estimate = min(max(self._loss.estimate, MIN_RATE), MAX_RATE)

    def forget(self, ssrc: int) -> None:
        """Drop what is kept for a stream that ended."""
        self._loss.forget(ssrc)

    @property
    def probing(self) -> bool:
        """Whether a probe is being sent: `wants_padding` is to be asked often."""
        return self._prober.cluster is not None

    def next_deadline(self) -> float:
        """When `handle_timer` wants to be called."""
        return self._look_at

    def handle_timer(self, *, now: float) -> None:
        """Let time pass: begin a probe if there is an occasion, and believe in less if nobody answers."""
        if now >= self._look_at:
            self._look(now)

    def _look(self, now: float) -> None:
        """Do what `handle_timer` says: at every feedback, and as often as there is something to find out."""
        self._look_at = now + (CONTENT if self._twcc_seen and self.wanted <= self.estimate else SAMPLE)
        self._sent.sample(self._way.sent_bytes, now=now)
        self._unnumbered.sample(self._way.unnumbered_bytes, now=now)
        self._doubt(now)
        if self._twcc_seen:
            calm = not self._draining and self._usage is not Usage.OVERUSE
            self._prober.update(self.estimate, self.wanted, self._sent.value, calm=calm, now=now)

    def _speakable(self) -> int:
        """Return the bytes so far of which something should be heard."""
        way = self._way
        return way.sent_bytes if self._twcc_seen else way.sent_bytes + way.unnumbered_bytes

    def _doubt(self, now: float) -> None:
        """Lower the estimate while something is sent and nothing is heard of it."""
        if self._speakable() - self._spoken_of < SILENT_BYTES:
            self._doubted_at = now + (SILENCE if self._twcc_seen else SILENCE_WITHOUT_FEEDBACK)
        elif now >= self._doubted_at:
            self._doubted_at = now + SILENT_INTERVAL
            self._control.cut_to(int(SILENT_CUT * self._control.estimate), now=now)
            self._loss.estimate = max(int(SILENT_CUT * self._loss.estimate), MIN_RATE)

    def _drain(self, now: float) -> None:
        self._draining = True
        self._drain_until = now + MAX_DRAIN

    def _count_losses(self, report: Report, now: float) -> None:
        """Lower the rate to what comes through where much is dropped."""
        self._lost += report.lost - report.recovered
        self._received += report.count
        if now - self._loss_since < LOSS_WINDOW:
            return
        total = self._lost + self._received
        acknowledged = self._twcc.acknowledged_rate
        if total >= LOSS_PACKETS and self._lost > HEAVY_LOSS * total and acknowledged is not None:
            self._control.cut_to(acknowledged, now=now)
        self._lost = self._received = 0
        self._loss_since = now
