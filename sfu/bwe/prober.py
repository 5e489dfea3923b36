"""When to try for more than the estimate, and what such a trial shows.

The server cannot make up media, so a probe is what flows anyway plus packets of the retransmission stream that hold
nothing but padding (RFC 4588 has no frame for them; browsers' own probes look the same). Occasions and figures follow
libwebrtc (goog_cc/probe_controller.cc, probe_bitrate_estimator.cc) where no other source is given.
"""

from __future__ import annotations

from collections.abc import Iterable

from sfu.bwe.twcc_sender import PacketResult
from sfu.native import new_way
from sfu.native.numbers import WayNumbers

DURATION = 0.015
"""Seconds that a probe lasts at least (min_probe_duration). At 2 Mbit/s it adds 4 kB: 0.1 s of queue if the link has no
more than 300 kbit/s. Longer is surer and hurts more."""

MIN_PACKETS = 8
"""Packets in a probe at least; libwebrtc has 5, of full size, where padding fills 255 bytes only (RFC 3550, 5.1)."""

STEP = 0.002
"""Seconds between the bursts of a probe (min_probe_delta)."""

MIN_BURSTS = 3
"""Bursts in a probe at least, whatever the caller's timers allow: rates are measured between bursts."""

BURST_GAP = 0.001
"""Seconds between packets of different bursts at least."""

MAX_LAG = 0.25
"""Seconds that a probe may lag behind its rate before it is given up: the caller's timers stood still, or nothing can
carry padding. Its length is no measure: at 60 kbit/s, from the least estimate, eight packets of padding take 0.3 s."""

RESULT_WAIT = 1.0
"""Seconds from a probe's last packet to its judgement (kMaxWaitingTimeForProbingResult)."""

MIN_RECEIVED = 0.8
"""Of a probe's packets must arrive (kMinReceivedProbesRatio)."""

MAX_COMPRESSION = 2.0
"""Times faster than sent may a probe arrive at most (kMaxValidRatio); more says that something on the way held it."""

SATURATED, USABLE = 0.9, 0.95
"""If less than the first of the sent rate arrives, the link is full, and the second of what arrives is usable
(kMinRatioForUnsaturatedLink, kTargetUtilizationFraction)."""

FIRST_SCALES = 3, 6
"""Times the first estimate at the start (first and second exponential probe scale)."""

NEXT_SCALE, GO_ON = 2, 0.7
"""Times the estimate is the next probe, at once if a probe has shown the second of what it tried for."""

LARGE_DROP = 0.66
"""Of the earlier estimate is a large drop what goes below it (kBitrateDropThreshold)."""

DROP_WAIT = 4.0
"""Seconds after a large drop until a probe asks whether it was false (kBitrateDropTimeout: within 5 s). Sooner would
meet the queue that is still emptying. libwebrtc tries 0.85 of the earlier estimate at once, which on a link that did
fall to a tenth is a queue of 0.2 s; doubling gets there in as many round trips as it takes."""

LIMITED = 0.85
"""Of the estimate: who sends less does not find out by sending what more there is. libwebrtc's 0.65 (alr_detector.cc)
suits an encoder that fills any rate; layers come in steps, and growth ends at 1.5 times what is sent."""

LIMITED_INTERVAL = 5.0
"""Seconds between probes while limited so (alr_probing_interval). Shorter finds room sooner and costs more padding."""

BACKOFF, MAX_INTERVAL = 1.5, 10.0
"""Times the interval after a probe that found nothing more, and seconds that it grows to (LiveKit's prober backs off by
the same factor). A longer one saves padding on a path that stays narrow; but one that widens is to be found within
15 s, by one probe and those that follow it at once."""

STAGNANT = 15.0
"""Seconds without growth after which a probe asks although much is being sent (str0m's bwe)."""

GROWN = 1.05
"""Times the estimate is growth."""

ENOUGH = 1.25
"""Times what is wanted is the most that is probed for: allocation leaves a tenth of the estimate unused."""


class Cluster:
    """One probe: what was sent in it, and what of that arrived."""

    __slots__ = (
        "_timed", "arrived", "bursts", "bytes", "last_sent", "number", "open", "packets", "rate", "reported", "started",
    )  # fmt: skip

    def __init__(self, number: int, rate: int, *, now: float) -> None:
        self.number = number
        self.rate = rate
        """Bit/s that are tried for."""
        self.started = now
        self.open = self._timed = False
        """Its own first burst has begun; the caller's timer was here once."""
        self.last_sent = float("-inf")
        self.bursts = self.packets = self.bytes = 0
        self.arrived: list[PacketResult] = []
        self.reported = False
        """Something sent later was reported on."""

    def due(self, now: float) -> bool:
        """Whether more is to be sent now for the rate to be reached.

        The first question only sets the clock: bursts are to be alike, and the first is as large as the others when it
        comes a whole turn of the caller's timer later. A smaller one leaves the path idle behind it, and the probe
        shows half of what the path carries.
        """
        if not self._timed:
            self._timed, self.started = True, now
        due = now - self.started >= BURST_GAP and self.bytes * 8 < self.rate * (now - self.started)
        self.open = self.open or due
        return due

    def next_time(self) -> float:
        """When more will be due."""
        return self.started + self.bytes * 8 / self.rate + STEP

    def sent(self, size: int, now: float) -> None:
        """Count a packet that left in it."""
        if now - self.last_sent >= BURST_GAP:
            self.bursts += 1
        self.last_sent = now
        self.packets += 1
        self.bytes += size

    def complete(self, now: float) -> bool:
        """Whether enough was sent, the last burst included."""
        long_enough = now - self.started >= DURATION + STEP and self.bursts >= MIN_BURSTS
        return long_enough and self.packets >= MIN_PACKETS and not self.due(now)

    def judge(self) -> int | None:
        """Return the bit/s that the probe has shown, None if it shows nothing.

        The first burst counts for nothing: each other one holds what became due since the one before it, and comes
        through in the time since the end of that one.
        """
        arrived = self.arrived
        if len(arrived) < MIN_RECEIVED * self.packets or not arrived:
            return None
        first_sent = min(result.sent for result in arrived)
        last_sent = max(result.sent for result in arrived)
        first = [result for result in arrived if result.sent - first_sent < BURST_GAP]
        size = sum(result.size for result in arrived) - sum(result.size for result in first)
        sending = last_sent - first_sent
        receiving = max(result.arrival for result in arrived) - max(result.arrival for result in first)
        if sending < BURST_GAP or receiving <= 0:
            return None
        send_rate, receive_rate = size * 8 / sending, size * 8 / receiving
        if receive_rate > MAX_COMPRESSION * send_rate:
            return None
        if receive_rate < SATURATED * send_rate:
            return int(USABLE * receive_rate)
        return int(min(send_rate, receive_rate))


class Prober:
    """Decides about probes and reads their results. One at a time."""

    __slots__ = (
        "_dropped_at", "_estimate", "_grown_at", "_grown_from", "_interval", "_judging", "_last", "_numbers",
        "_pending", "_started", "_way", "cluster",
    )  # fmt: skip

    def __init__(self, estimate: int, *, now: float, way: WayNumbers | None = None) -> None:
        """``way`` is told while a probe is being sent."""
        self._way = way or new_way()
        self.cluster: Cluster | None = None
        """The probe that is being sent."""
        self._judging: Cluster | None = None
        self._pending: list[int] = []
        self._numbers = 0
        self._interval = LIMITED_INTERVAL
        self._started = False
        self._estimate = self._grown_from = estimate
        self._grown_at = self._last = now
        self._dropped_at: float | None = None

    def update(self, estimate: int, wanted: int, sent_rate: int, *, calm: bool, now: float) -> None:
        """Begin a probe if there is an occasion.

        `wanted` is the estimate that would do for everything asked for, `sent_rate` what is being sent, in bit/s;
        `calm` says that no queue is known to stand on the way. Call often: every few ten milliseconds.
        """
        if estimate < LARGE_DROP * self._estimate:
            self._dropped_at = now
        if estimate > GROWN * self._grown_from or estimate < self._grown_from:
            self._grown_from, self._grown_at = estimate, now
        self._estimate = estimate
        self._expire(now)
        if not self._started and wanted and sent_rate:
            self._started = True
            self._pending = [scale * estimate for scale in FIRST_SCALES]
        if not self.busy and calm and estimate < wanted:
            rate = self._choose(estimate, sent_rate, now)
            if rate:
                self._begin(min(rate, int(ENOUGH * wanted)), now)

    @property
    def busy(self) -> bool:
        """Whether a probe is on its way."""
        return self.cluster is not None or self._judging is not None

    def due(self, *, now: float) -> bool:
        """Whether a packet of padding is to be sent now. Ask again after each.

        Being late by 10 ms makes a probe longer, not wrong.
        """
        cluster = self.cluster
        return cluster is not None and cluster.due(now)

    def sent(self, size: int, *, now: float) -> int:
        """Count any packet that leaves, media as padding; return the probe's number for `TwccSender.send`, or 0."""
        cluster = self.cluster
        if cluster is None or not cluster.open:
            return 0  # bursts are to be alike, so that the first may not be a stray packet before its time
        cluster.sent(size, now)
        if cluster.complete(now):
            self._judging = cluster
            self._send(None)
        return cluster.number

    def receive(self, results: Iterable[PacketResult], *, now: float) -> int | None:
        """Look at what arrived; return the bit/s that a probe has shown, None while none has come to its end."""
        for cluster in (self.cluster, self._judging):
            if cluster is not None:
                for result in results:
                    if result.cluster == cluster.number:
                        cluster.arrived.append(result)
                    elif cluster is self._judging and result.sent > cluster.last_sent:
                        cluster.reported = True
        cluster = self._judging
        if cluster is None or not (cluster.reported or len(cluster.arrived) == cluster.packets):
            return None
        self._judging = None
        shown = cluster.judge()
        if shown is not None:  # else it was lost on the way, which says nothing of the rate
            self._back_off(shown > GROWN * self._estimate)
        if shown is not None and shown >= GO_ON * cluster.rate and not self._pending:
            self._pending = [int(NEXT_SCALE * shown)]
        elif shown is None or shown < GO_ON * cluster.rate:
            self._pending = []
        return shown

    def _back_off(self, found: bool) -> None:
        self._interval = LIMITED_INTERVAL if found else min(BACKOFF * self._interval, MAX_INTERVAL)

    def _choose(self, estimate: int, sent_rate: int, now: float) -> int:
        """Return the rate of the next probe, 0 for none now."""
        while self._pending:
            rate = self._pending.pop(0)
            if rate > estimate:
                return rate
        dropped = self._dropped_at is not None and now - self._dropped_at >= DROP_WAIT
        limited = sent_rate < LIMITED * estimate and now - self._last >= self._interval
        if dropped or limited or now - max(self._grown_at, self._last) >= STAGNANT:
            return NEXT_SCALE * estimate
        return 0

    def _begin(self, rate: int, now: float) -> None:
        self._numbers = self._numbers % 0xFFFF_FFFF + 1
        self._last = now
        self._dropped_at = None
        self._send(Cluster(self._numbers, rate, now=now))

    def _send(self, cluster: Cluster | None) -> None:
        self.cluster = cluster
        self._way.probing = cluster is not None

    def _expire(self, now: float) -> None:
        cluster = self.cluster
        if cluster is not None and now - cluster.next_time() > MAX_LAG:
            self._send(None)
            self._pending = []
        cluster = self._judging
        if cluster is not None and now - cluster.last_sent > RESULT_WAIT:
            self._judging = None
            self._pending = []
