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
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from sfu.control import OpenTransport, Request, Response, Sfu, TransportOpened, WatchTracks, WorkerSettings
from signaling import media_process, media_worker
from signaling.media_worker import MediaWorker, start_worker
from signaling.media_workers import MediaWorkers
from tests.load.generator import Meeting
from tests.load.scenarios import Scenario
from tests.load.server import trust_the_path

ROOMS = 2
WARM_UP = 1.0
"""Seconds of traffic before the measurement."""
REQUESTS = 2000
ENOUGH = 0.99
"""The share of packets that must come for a run to count: who is behind works in larger batches, at less for each."""


class Room:
    """The SFU as one of several rooms sees it, each of which names its people and tracks as if it were alone."""

    def __init__(self, sfu: Sfu, name: str) -> None:
        self._sfu, self._name = sfu, name

    async def request(self, request: Request) -> Response:
        """Carry it out under names of this room's own."""
        values = msgspec.structs.asdict(request)
        changed: dict[str, Any] = {
            field: f"{self._name}-{values[field]}"
            for field in ("room", "member", "transport", "track")
            if field in values
        }
        if isinstance(request, WatchTracks):
            changed["wishes"] = [
                msgspec.structs.replace(wish, track=f"{self._name}-{wish.track}") for wish in request.wishes
            ]
        return await self._sfu.request(msgspec.structs.replace(request, **changed))


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


async def begin(count: int) -> tuple[MediaWorkers, list[MediaWorker]]:
    """Start so many workers."""
    started: list[MediaWorker] = []

    async def start(settings: WorkerSettings, **told: Any) -> MediaWorker:
        started.append(await start_worker(settings, log_level="error", **told))
        return started[-1]

    workers = MediaWorkers([WorkerSettings(0, ["127.0.0.1"])] * count, start, on_event=lambda event: None)
    await workers.start()
    return workers, started


async def measure(count: int, scenario: Scenario, seconds: float) -> tuple[float, float]:
    """Hold both rooms; return processor seconds per outgoing packet and the share of packets that came."""
    workers, started = await begin(count)
    meetings = [Meeting() for _ in range(ROOMS)]
    try:
        for number, meeting in enumerate(meetings):
            await meeting.gather(Room(workers, f"r{number}"), scenario)
        await asyncio.gather(*(meeting.talk(WARM_UP) for meeting in meetings))
        await asyncio.sleep(0.2)
        for meeting in meetings:
            for subscriber in meeting.subscribers:
                subscriber.received = 0
        sent = sum(stream.sent for meeting in meetings for each in meeting.publishers for stream in each.streams)
        before = sum(cpu(worker.pid) for worker in started)
        await asyncio.gather(*(meeting.talk(seconds) for meeting in meetings))
        await asyncio.sleep(0.2)
        used = sum(cpu(worker.pid) for worker in started) - before
        sent = sum(stream.sent for meeting in meetings for each in meeting.publishers for stream in each.streams) - sent
        received = sum(subscriber.received for meeting in meetings for subscriber in meeting.subscribers)
        return used / received, received / (sent * (scenario.people - 1))
    finally:
        await asyncio.gather(*(meeting.part() for meeting in meetings))
        await workers.close()


async def latency() -> tuple[float, float]:
    """Return the median and the 99th percentile of a request's way there and back, in microseconds."""
    workers, (worker, *_) = await begin(1)
    try:
        opened = await workers.request(OpenTransport("room", "member", "transport", "subscribe"))
        assert isinstance(opened, TransportOpened)
        times = []
        for _ in range(REQUESTS):
            start = time.perf_counter()
            await workers.request(WatchTracks("transport", []))
            times.append(1e6 * (time.perf_counter() - start))
        resident, own = memory(worker.pid)
        print(f"a worker at rest: {resident:.1f} MiB resident, {own:.1f} MiB of it its own")
        percentiles = statistics.quantiles(times, n=100)
        return percentiles[49], percentiles[98]
    finally:
        await workers.close()


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
