"""What it costs to spread rooms over media workers: ``python -m tests.load.workers``.

Two rooms, in which all send sound and picture, are held by one worker and by two, in turns; far below what one can
carry, so that the same packets are forwarded either way. All workers are on the first core, what sends and receives is
on the last; a run in which more than one packet in a hundred did not come is left out.

Printed are the median of the processor time of all workers together per outgoing packet, the ratio of both, a worker's
memory at rest (resident, and what of it no other process shares), and how long a request takes through the pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import operator
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from sfu.control import OpenTransport, Request, Response, TransportOpened, WatchTracks, WorkerSettings
from signaling import media_process, media_worker
from signaling.media_worker import MediaWorker, start_worker
from signaling.media_workers import MediaWorkers
from tests.load.adapters import AdapterError
from tests.load.adapters.hearthside import Answer, Hearthside
from tests.load.inbox import Inbox
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.scenarios import Scenario
from tests.load.server import trust_the_path

ROOMS = 2
WARM_UP = 1.0
"""Seconds of traffic before the measurement."""
REQUESTS = 2000
ENOUGH = 0.99
"""The share of packets that must come for a run to count: who is behind works in larger batches, at less for each."""


class Spread(Hearthside):
    """The same SFU as signaling has it: so many workers, each room on one, asked through their pipes."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._workers: MediaWorkers | None = None
        self.started: list[MediaWorker] = []

    async def start(self, address: str, core: int) -> None:
        """See `Adapter`. The processes pin themselves."""

        async def start(settings: WorkerSettings, **told: Any) -> MediaWorker:
            self.started.append(await start_worker(settings, log_level="error", **told))
            return self.started[-1]

        settings = [WorkerSettings(0, [address])] * self._count
        self._workers = MediaWorkers(settings, start, on_event=lambda event: None)
        await self._workers.start()

    async def stop(self) -> None:
        """See `Adapter`."""
        if self._workers is not None:
            await self._workers.close()

    async def request(self, request: Request) -> Response:
        """Have the room's worker carry it out."""
        assert self._workers is not None
        return await self._workers.request(request)

    async def _ask(self, request: Request, kind: type[Answer]) -> Answer:
        answer = await self.request(request)
        if not isinstance(answer, kind):
            raise AdapterError(f"{type(request).__name__} was answered by {answer}")
        return answer


def pin(core: int) -> None:
    """Stay on one core. Two that are halves of one slow each other down, and that would count as the workers' cost."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {core})


def cpu(pid: int) -> float:
    """Return the seconds of user and system time of a process so far."""
    nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    return int(nanoseconds) / 1e9


def memory(pid: int) -> tuple[float, float]:
    """Return the MiB that are resident, and those that no other process shares."""
    sizes = dict.fromkeys(("Rss", "Private_Clean", "Private_Dirty"), 0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        if name.rstrip(":") in sizes:
            sizes[name.rstrip(":")] = int(value)
    return sizes["Rss"] / 1024, (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024


async def measure(count: int, scenario: Scenario, seconds: float) -> tuple[float, float]:
    """Hold both rooms; return processor seconds per outgoing packet and the share of packets that came."""
    adapter, pace, inbox = Spread(count), Pace(), Inbox()
    meetings = [Meeting(adapter, f"r{n}", scenario, Way("gcm128"), pace, inbox) for n in range(ROOMS)]

    def figures() -> tuple[float, int, int]:
        used = sum(cpu(worker.pid) for worker in adapter.started)
        return used, sum(meeting.received() for meeting in meetings), sum(meeting.expected() for meeting in meetings)

    try:
        await adapter.start("127.0.0.1", 0)
        async with pace.running():
            for meeting in meetings:
                await meeting.gather()
            await asyncio.sleep(WARM_UP)
            before = figures()
            await asyncio.sleep(seconds)
            used, received, expected = map(operator.sub, figures(), before)
        return used / received, received / expected
    finally:
        await asyncio.gather(*(meeting.part() for meeting in meetings))
        await adapter.stop()


async def latency() -> tuple[float, float]:
    """Return the median and the 99th percentile of a request's way there and back, in microseconds."""
    adapter = Spread(1)
    try:
        await adapter.start("127.0.0.1", 0)
        opened = await adapter.request(OpenTransport("room", "member", "transport", "subscribe"))
        assert isinstance(opened, TransportOpened)
        times = []
        for _ in range(REQUESTS):
            start = time.perf_counter()
            await adapter.request(WatchTracks("transport", []))
            times.append(1e6 * (time.perf_counter() - start))
        resident, own = memory(adapter.started[0].pid)
        print(f"a worker at rest: {resident:.1f} MiB resident, {own:.1f} MiB of it its own")
        percentiles = statistics.quantiles(times, n=100)
        return percentiles[49], percentiles[98]
    finally:
        await adapter.stop()


async def main(people: int, runs: int, seconds: float) -> None:
    """Print the figures."""
    p50, p99 = await latency()
    print(f"a request through the pipe and back: p50 {p50:.0f} µs, p99 {p99:.0f} µs")
    costs: dict[int, list[float]] = {1: [], 2: []}
    for run in range(runs):
        for count in (1, 2) if run % 2 == 0 else (2, 1):
            cost, came = await measure(count, Scenario(people, people), seconds)
            if came >= ENOUGH:
                costs[count].append(1e6 * cost)
            print(
                f"run {run + 1}, {count} worker(s): {1e6 * cost:.2f} µs per outgoing packet, {came:.2%} came",
                flush=True,
            )
    if not all(costs.values()):
        print("INVALID: in no run did enough packets come; this machine is too busy")
        return
    one, two = (statistics.median(costs[count]) for count in (1, 2))
    print(f"median: one worker {one:.2f} µs, two {two:.2f} µs, ratio {two / one:.3f}")


def command() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.workers", description=__doc__)
    parser.add_argument("--people", type=int, default=12, help="in each of the two rooms")
    parser.add_argument("--runs", type=int, default=5, help="of each kind")
    parser.add_argument("--seconds", type=float, default=8.0, help="of measured traffic in each run")
    arguments = parser.parse_args()
    pin((os.cpu_count() or 1) - 1)
    media_worker.PROCESS = "tests.load.workers"
    asyncio.run(main(arguments.people, arguments.runs, arguments.seconds))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1].isdecimal():  # a worker's process
        trust_the_path()
        pin(0)
        media_process.main(sys.argv[1:])
    else:
        command()
