"""What it costs to spread rooms over media workers: ``python -m tests.load.workers``.

Rooms in which all send sound and picture are held by one worker and by two, in turns, by the rules of the load tool:
all processes of the server on the first core, the generator on the last, disturbed runs repeated, INVALID where the
generator was the bottleneck; a run that takes more than `BUSIEST` of the first core fails, since who is behind works in
larger batches, at less for each packet. Equal load is read in two ways, and both are printed:

- *the same rooms*: two rooms on two workers against the same two on one. The machine forwards the same packets, each
  worker half of them, and wakes up for fewer at a time.
- *as much for each worker*: two rooms on two workers against one room on one. Each worker forwards the same packets,
  the machine twice as many.

Printed too are a worker's memory at rest (resident, and what of it no other process shares), and how long a request
takes through the pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import time
from pathlib import Path

from sfu.control import OpenTransport, TransportOpened, WatchTracks, WorkerSettings
from signaling.media_worker import start_worker
from tests.load.adapters import AdapterError
from tests.load.compare import compare, line
from tests.load.machine import GENERATOR_CORE, describe
from tests.load.measure import BUSIEST, Plan, Run, measure
from tests.load.meeting import Way
from tests.load.record import Tried
from tests.load.result import HEAD
from tests.load.scenarios import Scenario, traffic
from tests.load.spread import Spread

KINDS = {"two on one": (2, 1), "two on two": (2, 2), "one on one": (1, 1)}
"""Rooms and workers."""
AIM = 1.15
"""Two workers' CPU time per packet over one worker's."""
PEOPLE, RUNS, SECONDS = 20, 3, 8.0
"""In each room, of each kind that have to count, and of measured traffic in each: docs/benchmarks.md has these figures.

Two rooms of 20 take one worker some 37 % of a core: far below its limit, and enough that wake-ups are not all of it."""
TRIES = 3
"""Runs that are tried for each that is to count."""
REQUESTS = 2000


async def hold(kind: str, people: int, seconds: float) -> Run:
    """Measure one run. Raises `AdapterError` where the server was at its limit."""
    rooms, workers = KINDS[kind]
    plan = Plan(kind, Scenario(people, people, rooms=rooms), Way("gcm128"), seconds)
    run = await measure(Spread(workers), plan)
    if run.result.cpu > BUSIEST:
        raise AdapterError(f"the server took {run.result.cpu:.0%} of its core")
    return run


def ratios(done: dict[str, Tried], wanted: int) -> list[str]:
    """Return what two workers' packet costs beside one worker's, in both readings of equal load."""
    told = []
    for words, other in (("the same rooms", "two on one"), ("as much for each worker", "one on one")):
        kinds = (done["two on two"], done[other])
        two, one = (kind.figures(wanted) for kind in kinds)
        if two is None or one is None:
            told.append(f"{words}: INVALID, there is nothing to compare")
            continue
        remarks = {kind.remark(wanted) for kind in kinds} - {""}
        ratio = two.cost / one.cost
        verdict = "not to be quoted, disturbed" if remarks else "reached" if ratio <= AIM else "missed"
        told.append(
            f"{words}: two workers {two.cost:.2f} µs a packet, one {one.cost:.2f} µs, ratio {ratio:.2f} "
            f"(aimed at {AIM}: {verdict})"
        )
    return told


async def latency() -> tuple[float, float]:
    """Return the median and the 99th percentile of a request's way there and back, in microseconds."""
    settings = WorkerSettings(0, ["127.0.0.1"])
    worker = await start_worker(settings, log_level="error", on_event=lambda event: None, on_end=lambda: None)
    try:
        opened = await worker.request(OpenTransport("room", "member", "transport", "subscribe"))
        assert isinstance(opened, TransportOpened)
        times = []
        for _ in range(REQUESTS):
            start = time.perf_counter()
            await worker.request(WatchTracks("transport", []))
            times.append(1e6 * (time.perf_counter() - start))
        resident, own = memory(worker.pid)
        print(f"a worker at rest: {resident:.1f} MiB resident, {own:.1f} MiB of it its own")
        percentiles = statistics.quantiles(times, n=100)
        return percentiles[49], percentiles[98]
    finally:
        await worker.close()


def memory(pid: int) -> tuple[float, float]:
    """Return the MiB that are resident, and those that no other process shares."""
    sizes = dict.fromkeys(("Rss", "Private_Clean", "Private_Dirty"), 0)
    for each in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = each.split()
        if name.rstrip(":") in sizes:
            sizes[name.rstrip(":")] = int(value)
    return sizes["Rss"] / 1024, (sizes["Private_Clean"] + sizes["Private_Dirty"]) / 1024


async def main(people: int, runs: int, seconds: float) -> None:
    """Print the figures."""
    print(f"machine: {describe()}; load {os.getloadavg()[0]:.1f}")
    print(f"a room: {traffic(Scenario(people, people))}")
    p50, p99 = await latency()
    print(f"a request through the pipe and back: p50 {p50:.0f} µs, p99 {p99:.0f} µs")
    with contextlib.suppress(OSError):  # a machine with one core measures there
        os.sched_setaffinity(0, {GENERATOR_CORE})
    done = {kind: Tried() for kind in KINDS}
    await compare(done, lambda kind: hold(kind, people, seconds), runs, TRIES * runs)
    print(HEAD)
    for kind, tried in done.items():
        print(line(Spread(KINDS[kind][1]).name, kind, tried, runs))
    print("\n".join(ratios(done, runs)))


def command() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.load.workers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"in each room; {PEOPLE}")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each kind that have to count; {RUNS}")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of measured traffic in each; {SECONDS:.0f}")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.people, arguments.runs, arguments.seconds))


if __name__ == "__main__":
    command()
