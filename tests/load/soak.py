"""Half an hour of people who come and go: ``python -m tests.load.soak`` (``make soak``).

Six people talk; every few seconds one who came goes and another comes. Every third who goes does so without a word, as
a telephone that loses its network does, and the server has to notice. What is watched is the SFU's process alone: ICE,
DTLS, SRTP and forwarding over UDP. Signaling, its sockets and the members' keys have no part in it.

The process's resident memory at the end is held against that after a sixth of the time: minute 30 against minute 5. It
may differ by 5 % or 4 MiB, whichever is more. Exits with 1 when it does not. Before each reading the process gives
free memory back to the kernel: glibc keeps 10 to 15 MiB of it, of which some comes and goes for half an hour. What was
resident until then is printed beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from sfu.control import CloseTransport
from sfu.io.dtls import Certificate
from tests.load.__main__ import Server
from tests.load.generator import Meeting, Publisher, Subscriber
from tests.load.server import GiveBack
from tests.sfu.client import open_client

PEOPLE = 6
TURN = 5.0
"""Seconds between two who leave and come."""
WITHOUT_A_WORD = 3
"""Of so many who go, one vanishes. The server keeps their place for 30 s (RFC 7675: consent)."""
READINGS = 6
"""How often memory is read, the first after a sixth of the time."""
SHARE, ABSOLUTE = 0.05, 4 << 20
"""By how much memory may differ: a fraction, or bytes."""


def allowed(early: int) -> float:
    """Return by how many bytes memory may differ from what it was."""
    return max(SHARE * early, ABSOLUTE)


async def join(server: Server, meeting: Meeting, number: int, certificate: Certificate) -> None:
    """Somebody comes: publishes, hears and sees all, and is heard and seen by all."""
    client = await open_client(server, f"p{number}", "publish", member=f"m{number}", certificate=certificate)
    publisher = Publisher(number, client)
    await publisher.publish(server)
    client = await open_client(server, f"s{number}", "subscribe", member=f"m{number}", certificate=certificate)
    subscriber = Subscriber(f"s{number}", client)
    await subscriber.subscribe(server, tracks_of(meeting.publishers))
    for other in meeting.subscribers:
        await other.subscribe(server, tracks_of([publisher]))
    meeting.publishers.append(publisher)
    meeting.subscribers.append(subscriber)
    for each in meeting.subscribers:
        own = each.name.replace("s", "p")
        await each.watch(server, {f"{one.name}-video": 720 for one in meeting.publishers if one.name != own})


async def leave(server: Server, meeting: Meeting, *, quietly: bool) -> None:
    """Whoever has been there longest goes, ``quietly`` without a word to anybody."""
    for person in (meeting.publishers.pop(0), meeting.subscribers.pop(0)):
        if not quietly:
            await server.request(CloseTransport(person.name))
        await person.client.close(quietly=quietly)


def tracks_of(publishers: list[Publisher]) -> list[str]:
    """Both tracks of each."""
    return [f"{publisher.name}-{kind}" for publisher in publishers for kind in ("audio", "video")]


async def soak(minutes: float, *, turn: float = TURN) -> tuple[list[int], int]:
    """Return the memory in bytes at each reading, and how many came. Raises if somebody was sent nothing."""
    server, meeting, certificate = Server("127.0.0.1"), Meeting(), Certificate()
    begin, number = time.monotonic(), 0
    sizes: list[int] = []
    try:
        while len(sizes) < READINGS:
            if len(meeting.publishers) == PEOPLE:
                await leave(server, meeting, quietly=number % WITHOUT_A_WORD == 0)
            await join(server, meeting, number, certificate)
            number += 1
            for subscriber in meeting.subscribers:
                subscriber.latencies.clear()
                subscriber.received = 0
            await meeting.talk(turn)
            if len(meeting.publishers) < PEOPLE:
                continue
            assert all(subscriber.received for subscriber in meeting.subscribers), "somebody was sent nothing"
            elapsed = time.monotonic() - begin
            if elapsed >= 60 * minutes * (len(sizes) + 1) / READINGS:
                resident = server.memory()
                await server.request(GiveBack())
                sizes.append(server.memory())
                print(f"{elapsed / 60:5.1f} min: {sizes[-1] / 2**20:.2f} MiB", end="")
                print(f" ({resident / 2**20:.2f} MiB with what was free)", flush=True)
        return sizes, number
    finally:
        await meeting.part()
        server.close()


def main() -> None:
    """Run, print, and exit with 1 when memory grew or shrank too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="a shorter run tries the tool, and proves less")
    minutes = parser.parse_args().minutes
    sizes, number = asyncio.run(soak(minutes))
    early, late = sizes[0], sizes[-1]
    print(f"difference {(late - early) / 2**20:+.2f} MiB, allowed {allowed(early) / 2**20:.2f} MiB either way")
    print(f"{number} people came")
    sys.exit(abs(late - early) > allowed(early))


if __name__ == "__main__":
    main()
