"""One measured run: a server started, its people gathered, so many seconds of traffic, and whether the run counts."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, replace

from tests.load import process
from tests.load.adapters import Adapter
from tests.load.hostile import Trouble
from tests.load.inbox import Inbox
from tests.load.machine import ALLOWED, GENERATOR_CORE, SERVER_CORE, disturbance, read_core
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.result import Result
from tests.load.scenarios import Scenario
from tests.load.trouble import come

WARM_UP = 1.0
"""Seconds of traffic before the measurement: key frames, first reports, memory that is allocated once."""
WARM_UP_LIMIT = 20.0
"""Seconds in which everybody has to be sent what they wished for: an SFU that has to find out what a path bears sends
small layers first."""
ALL = 0.98
"""Share of what is due in a second that has to arrive in it, for people to be sent what they wished for: packets of a
second that ends between two do not count."""
SETTLE = 0.3
"""Seconds without a packet, after which nothing is under way any more."""
BREATH = 0.05
"""The same before a measurement, of a server that keeps up: in a longer silence streams end, and layers change."""
SETTLE_LIMIT = 5.0
"""Seconds after which it is not waited for any longer: a server that still sends by then has a long queue."""
SENT_ENOUGH = 0.99
"""Share of what was due that the generator has to send, for the run to be valid."""
BUSIEST = 0.9
"""Of its core, that the generator may take: beyond, it reads late, and the server is paid for waking it less often."""


@dataclass(frozen=True)
class Plan:
    """What is held, and how long."""

    name: str
    scenario: Scenario
    way: Way
    seconds: float
    churn: float = 0.0
    """Seconds after which one goes and another comes; 0 for nobody."""
    hostile: str | None = None


@dataclass(frozen=True)
class Run:
    """A result, and what is to be thought of it."""

    result: Result
    disturbed: float
    """Share of a core, the worse of both, that went to others."""
    invalid: str
    """Why the generator was the bottleneck; empty if it was not."""
    generator: float = 0.0
    """Of one core, the generator's process."""
    left: float = 0.0
    """Bytes that the server grew by in all, once it should have forgotten whatever was beside the meeting."""

    @property
    def counts(self) -> bool:
        """Whether it may stand in a table without a remark."""
        return not self.invalid and self.disturbed <= ALLOWED


async def measure(adapter: Adapter, plan: Plan) -> Run:
    """Hold the plan's meetings on a server just for them. Raises `AdapterError`, `TimeoutError` or `OSError`."""
    pace, inbox = Pace(), Inbox()
    meetings = [Meeting(adapter, f"r{n}", plan.scenario, plan.way, pace, inbox) for n in range(plan.scenario.rooms)]
    first = Meeting(adapter, "first", Scenario(2, 2), plan.way, pace, inbox)
    # Counters are read while nothing is under way, except where people come and go, or repairs go on.
    settles = not plan.churn and not plan.way.loss
    try:
        await adapter.start(plan.way.address, SERVER_CORE)
        async with pace.running():
            # One meeting before the others: what the process loads on the way is not a participant's.
            await first.gather()
            for number in (0, 1):
                await first.go(number)
            before = process.memory(adapter.pid)
            for meeting in meetings:
                await meeting.gather()
            trouble = None if plan.hostile is None else await come(plan.hostile, meetings[0])
            await asyncio.sleep(WARM_UP)
            if settles:
                await _until_all_get_all(meetings)
        if settles:
            await _settle(meetings, BREATH)
        start = _Reading(adapter, meetings)
        for meeting in meetings:
            meeting.latencies.clear()
        async with pace.running():
            seconds = await _pass(plan, meetings, trouble)
        if settles:
            await _settle(meetings, SETTLE)
        beside = 0.0 if trouble is None else trouble.cpu()
        run = start.until(_Reading(adapter, meetings), seconds, plan, adapter, meetings, beside)
        memory = (process.memory(adapter.pid) - before) / (plan.scenario.people * plan.scenario.rooms)
        await asyncio.sleep(0.0 if trouble is None else trouble.lasts)
        await adapter.give_back()
        return replace(run, result=replace(run.result, memory=memory), left=process.memory(adapter.pid) - before)
    finally:
        for meeting in (first, *meetings):
            await meeting.part()
        await adapter.stop()


async def _until_all_get_all(meetings: list[Meeting]) -> None:
    """Wait for a second in which what is due arrives; whoever never sends it has it counted as loss."""
    deadline = time.monotonic() + WARM_UP_LIMIT
    while time.monotonic() < deadline:
        expected, received = _counts(meetings)
        await asyncio.sleep(1.0)
        later, arrived = _counts(meetings)
        if ALL <= (arrived - received) / (later - expected) <= 2 - ALL:
            return


def _counts(meetings: list[Meeting]) -> tuple[int, int]:
    return sum(meeting.expected() for meeting in meetings), sum(meeting.received() for meeting in meetings)


async def _settle(meetings: list[Meeting], quiet: float) -> None:
    """Wait until nothing arrived for so many seconds."""
    deadline = time.monotonic() + SETTLE_LIMIT
    received = -1
    while time.monotonic() < deadline:
        before, received = received, sum(meeting.received() for meeting in meetings)
        if received == before:
            return
        await asyncio.sleep(quiet)


async def _pass(plan: Plan, meetings: list[Meeting], trouble: Trouble | None) -> float:
    """Let the time of the measurement pass, with whatever happens in it; return how many seconds it was."""
    begin = time.monotonic()
    if trouble is not None:
        await trouble.attack(plan.seconds)
        await trouble.close()
        return time.monotonic() - begin
    end = begin + plan.seconds
    turn = 0
    while plan.churn and time.monotonic() + plan.churn < end:
        await asyncio.sleep(plan.churn)
        meeting = meetings[turn % len(meetings)]
        turn += 1
        await meeting.go(min(meeting.subscribers))
        await meeting.come(max(meeting.subscribers) + 1)
    await asyncio.sleep(max(0.0, end - time.monotonic()))
    return time.monotonic() - begin


class _Reading:
    """All counters at one moment."""

    def __init__(self, adapter: Adapter, meetings: list[Meeting]) -> None:
        self.at = time.monotonic()
        self.server = process.cpu(adapter.pid)
        self.generator = time.process_time()
        self.cores = {core: read_core(core) for core in (SERVER_CORE, GENERATOR_CORE)}
        self.expected = sum(meeting.expected() for meeting in meetings)
        self.received = sum(meeting.received() for meeting in meetings)
        self.dropped = sum(line.dropped() for meeting in meetings for line in meeting.lines)
        self.sent = sum(meeting.sent() for meeting in meetings)

    def until(
        self, end: _Reading, seconds: float, plan: Plan, adapter: Adapter, meetings: list[Meeting], beside: float
    ) -> Run:
        """Return what lies between two readings, but for memory.

        ``seconds`` is for how long packets were sent, ``beside`` CPU time of other processes that are ours.
        """
        whole = end.at - self.at
        server, generator = end.server - self.server, end.generator - self.generator
        ours = {SERVER_CORE: 0.0, GENERATOR_CORE: 0.0}
        ours[SERVER_CORE] += server
        ours[GENERATOR_CORE] += generator + beside
        latencies = [latency for meeting in meetings for latency in meeting.latencies]
        percentiles = statistics.quantiles(latencies, n=100)
        suites = {line.suite for meeting in meetings for line in meeting.lines}
        assert suites == {plan.way.suite}, "not the suite that was asked for"
        due = sum(meeting.rate() for meeting in meetings) * seconds
        return Run(
            Result(
                plan.name,
                adapter.name,
                expected=(end.expected - self.expected) / seconds,
                received=(end.received - self.received) / seconds,
                cpu=server / seconds,
                p50=percentiles[49] / 1000,
                p99=percentiles[98] / 1000,
                memory=0.0,
                join=statistics.median(join for meeting in meetings for join in meeting.joins),
            ),
            max(disturbance(self.cores[core], end.cores[core], ours[core], whole) for core in ours),
            bottleneck((end.sent - self.sent) / due, generator / whole, end.dropped - self.dropped),
            generator / whole,
        )


def bottleneck(sent: float, core: float, dropped: int) -> str:
    """Return why the generator was the bottleneck, or nothing, by shares of what was due and of its core."""
    reasons = []
    if sent < SENT_ENOUGH:
        reasons.append(f"sent {sent:.1%} of what was due")
    if core > BUSIEST:
        reasons.append(f"took {core:.0%} of its core")
    if dropped:
        reasons.append(f"had no room for {dropped} datagrams")
    return ", ".join(reasons)
