"""A group's page on a slow phone's network: what is fetched, when, and how long until it can be used.

Run: ``python -m tests.browser.page_load [--rtt 400] [--kbit 1600] [--loads 5]``. Each load has a browser of its own
with nothing in its cache. The way is `slow_path`'s: a bottleneck for everything together, and a round trip for each
connection's handshake; TLS would cost one more.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import expect

from tests.browser.harness import Gathering, gathering
from tests.browser.server import Links
from tests.browser.slow_path import SlowPath

RESOURCES = """() => performance.getEntriesByType("resource").map(({ name, startTime, responseEnd, transferSize }) =>
  [new URL(name).pathname.replace(/-[0-9a-f]{10}\\./, ".").replace(/groups\\/.*/, "groups/…"), startTime, responseEnd,
   transferSize])"""


class Load(NamedTuple):
    """One load of the page."""

    usable: float
    """Seconds from the navigation to the agreement that can be ticked."""
    received: int
    """Bytes by then."""
    connections: int
    resources: list[tuple[str, float, float, int]]
    """Name, ms of its beginning and end, bytes."""


async def load(people: Gathering, links: Links, *, round_trip: float, rate: int) -> Load:
    """Open the page once."""
    path = SlowPath(people.server, round_trip=round_trip, rate=rate)
    await path.start()
    try:
        person = await people.person("Ana")
        person.page.set_default_timeout(60_000)
        begun = time.monotonic()
        await person.page.goto(path.link(links.participant), wait_until="commit")
        await expect(person.page.get_by_role("group", name="Group agreement")).to_be_visible(timeout=60_000)
        usable = time.monotonic() - begun
        received, connections = path.tcp.received, path.tcp.connections
        await asyncio.sleep(2)
        resources = await person.page.evaluate(RESOURCES)
        await people.close()
        return Load(usable, received, connections, resources)
    finally:
        await path.close()


async def measure(loads: int, *, round_trip: float, rate: int) -> list[Load]:
    """So many loads, one after another."""
    with tempfile.TemporaryDirectory() as folder:
        async with gathering(Path(folder)) as people:
            links = await people.server.create_group()
            return [await load(people, links, round_trip=round_trip, rate=rate) for _ in range(loads)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rtt", type=int, default=400, help="ms")
    parser.add_argument("--kbit", type=int, default=1600, help="kbit/s each way")
    parser.add_argument("--loads", type=int, default=5)
    given = parser.parse_args()
    found = asyncio.run(measure(given.loads, round_trip=given.rtt / 1000, rate=given.kbit * 1000))
    print(f"command: python -m tests.browser.page_load {' '.join(sys.argv[1:])}")
    print(f"machine: {platform.machine()}, Python {platform.python_version()}, {sys.platform}")
    usable = [one.usable for one in found]
    print(f"loads: {len(found)}; navigation to usable, seconds:")
    print(f"p50 {statistics.median(usable):.2f}  min {min(usable):.2f}  max {max(usable):.2f}")
    middle = sorted(found)[len(found) // 2]
    print(
        f"in the middle one {middle.received / 1000:.0f} kB over {middle.connections} connections by then; of the page:"
    )
    for name, begin, end, size in middle.resources:
        print(f"{begin:7.0f} to {end:6.0f} ms {size / 1000:6.1f} kB  {name}")


if __name__ == "__main__":
    main()
