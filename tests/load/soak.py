"""Half an hour of people who come and go: ``python -m tests.load.soak`` (``make soak``).

Six people talk; every few seconds one who joined leaves and another comes. The server's memory at the end is held
against that after a sixth of the time: it may differ by 5 % or 4 MiB, whichever is more. Exits with 1 when it does not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from sfu.control import CloseTransport, TrackWish, WatchTracks
from sfu.io.dtls import Certificate
from tests.load.__main__ import Server
from tests.load.generator import Meeting, Publisher, Subscriber
from tests.sfu.client import open_client

PEOPLE = 6
TURN = 5.0
"""Seconds between two who leave and come."""
SHARE, ABSOLUTE = 0.05, 4 << 20
"""By how much memory may differ: a fraction, or bytes."""


async def join(server: Server, meeting: Meeting, number: int, certificate: Certificate) -> None:
    """Somebody comes: publishes, hears and sees all, and is heard and seen by all."""
    client = await open_client(server, f"p{number}", "publish", member=f"m{number}", certificate=certificate)
    publisher = Publisher(number, client)
    await publisher.publish(server)
    client = await open_client(server, f"s{number}", "subscribe", member=f"m{number}", certificate=certificate)
    subscriber = Subscriber(number, client)
    await subscriber.subscribe(server, tracks_of(meeting.publishers))
    for other in meeting.subscribers:
        await other.subscribe(server, tracks_of([publisher]))
    meeting.publishers.append(publisher)
    meeting.subscribers.append(subscriber)
    for each in meeting.subscribers:
        own = each.name.replace("s", "p")
        wishes = [TrackWish(f"{one.name}-video", 720) for one in meeting.publishers if one.name != own]
        await server.request(WatchTracks(each.name, wishes))


async def leave(server: Server, meeting: Meeting) -> None:
    """Whoever has been there longest goes."""
    for person in (meeting.publishers.pop(0), meeting.subscribers.pop(0)):
        await server.request(CloseTransport(person.name))
        await person.client.close()


def tracks_of(publishers: list[Publisher]) -> list[str]:
    """Both tracks of each."""
    return [f"{publisher.name}-{kind}" for publisher in publishers for kind in ("audio", "video")]


async def soak(minutes: float) -> tuple[int, int, int]:
    """Return the memory in bytes after a sixth of the time and in the end, and how many came."""
    server, meeting, certificate = Server("127.0.0.1"), Meeting(), Certificate()
    begin, early, number = time.monotonic(), 0, 0
    try:
        while (elapsed := time.monotonic() - begin) < 60 * minutes:
            if not early and elapsed >= 10 * minutes:
                early = server.memory()
                print(f"{elapsed / 60:5.1f} min: {early / 2**20:.2f} MiB", flush=True)
            if len(meeting.publishers) == PEOPLE:
                await leave(server, meeting)
            await join(server, meeting, number, certificate)
            number += 1
            for subscriber in meeting.subscribers:
                subscriber.latencies.clear()
            await meeting.talk(min(TURN, minutes * 60 / (2 * PEOPLE)))
        assert all(subscriber.received for subscriber in meeting.subscribers), "somebody was sent nothing"
        return early, server.memory(), number
    finally:
        await meeting.part()
        server.close()


def main() -> None:
    """Run, print, and exit with 1 when memory grew or shrank too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="a shorter run tries the tool, and proves less")
    minutes = parser.parse_args().minutes
    early, late, number = asyncio.run(soak(minutes))
    allowed = max(SHARE * early, ABSOLUTE)
    print(f"{minutes:5.1f} min: {late / 2**20:.2f} MiB; {number} people came")
    print(f"difference {(late - early) / 2**20:+.2f} MiB, allowed {allowed / 2**20:.2f} MiB either way")
    sys.exit(abs(late - early) > allowed)


if __name__ == "__main__":
    main()
