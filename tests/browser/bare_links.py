"""A bare Chromium on bad links: no client, no end-to-end encryption, only the SFU and what the browser makes of it.

``python -m tests.browser.bare_links`` plays the links of `test_bad_links` on two connections of one page (a camera of
720 lines in three encodings on the one, its copy on the other) and prints what `getStats` says.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from sfu.io.worker import Worker
from sfu.subscriber import Subscriber
from tests.browser.test_bad_links import LINKS, SETTLE, Path, watch
from tests.browser.udp_relay import UdpRelay
from tests.sim.capture import Session, blank_page
from tests.sim.link import Conditions

TARGET = "milliseconds => subscriber.getReceivers().forEach((each) => { each.jitterBufferTarget = milliseconds; })"


@asynccontextmanager
async def bare_page(path: Path) -> AsyncIterator[tuple[Page, Worker]]:
    """The page, connected to the worker through two relays."""
    async with blank_page() as (page, worker, _):
        server = ("127.0.0.1", worker.port)
        relays = [
            UdpRelay(server, seed=1, up=path.up, down=Conditions(delay=path.up.delay)),
            UdpRelay(server, seed=3, up=Conditions(delay=path.down.delay), down=path.down),
        ]
        try:
            await Session(page, worker, relays=(relays[0].port, relays[1].port)).connect(height=720)
            await page.evaluate("() => { window.__connections = [subscriber]; }")
            yield page, worker
        finally:
            for relay in relays:
                relay.close()


async def play(name: str, target: int | None) -> None:
    """Hold one session."""
    async with bare_page(LINKS[name]) as (page, worker):
        if target is not None:
            await page.evaluate(TARGET, target)
        await asyncio.sleep(SETTLE)
        seen = await watch(page)
        subscriber = worker._links["down"].peer
        assert isinstance(subscriber, Subscriber)
        print(f"{name:>20}: {seen}, estimate {subscriber.sender.estimator.estimate / 1000:.0f} kbit/s", flush=True)


def main() -> None:
    """Play every link, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.bare_links", description=__doc__)
    parser.add_argument("links", nargs="*", default=list(LINKS), help=f"of {', '.join(LINKS)}")
    parser.add_argument("--target", type=int, help="milliseconds of jitterBufferTarget on both receivers")
    arguments = parser.parse_args()
    for name in arguments.links:
        asyncio.run(play(name, arguments.target))
    print(f"machine: {os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
