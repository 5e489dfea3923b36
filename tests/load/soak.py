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

from tests.load import process
from tests.load.adapters.hearthside import Hearthside
from tests.load.inbox import Inbox
from tests.load.machine import SERVER_CORE
from tests.load.meeting import Meeting, Way
from tests.load.pace import Pace
from tests.load.scenarios import Scenario

PEOPLE = 6
TURN = 5.0
"""Seconds between two who leave and come."""
WITHOUT_A_WORD = 3
"""Of so many who go, one vanishes. The server keeps their place for 30 s (RFC 7675: consent)."""
PATIENCE = 10.0
"""Seconds after a turn in which everybody has to have been sent something since it began: busy machines are slow."""
READINGS = 6
"""How often memory is read, the first after a sixth of the time."""
SHARE, ABSOLUTE = 0.05, 4 << 20
"""By how much memory may differ: a fraction, or bytes."""


def allowed(early: int) -> float:
    """Return by how many bytes memory may differ from what it was."""
    return max(SHARE * early, ABSOLUTE)


async def soak(minutes: float, *, turn: float = TURN) -> tuple[list[int], int]:
    """Return the memory in bytes at each reading, and how many came. Raises if somebody was sent nothing."""
    server, pace = Hearthside(), Pace()
    meeting = Meeting(server, "soak", Scenario(PEOPLE, PEOPLE), Way("gcm128"), pace, Inbox())
    begin, number = time.monotonic(), PEOPLE
    sizes: list[int] = []
    try:
        await server.start("127.0.0.1", SERVER_CORE)
        async with pace.running():
            await meeting.gather()
            while True:
                before = {one.number: one.received for one in meeting.subscribers.values()}
                await asyncio.sleep(turn)
                patience = time.monotonic() + PATIENCE
                while any(one.received == before[one.number] for one in meeting.subscribers.values()):
                    assert time.monotonic() < patience, "somebody was sent nothing"
                    await asyncio.sleep(0.1)
                meeting.latencies.clear()
                elapsed = time.monotonic() - begin
                if elapsed >= 60 * minutes * (len(sizes) + 1) / READINGS:
                    resident = process.memory(server.pid)
                    await server.give_back()
                    sizes.append(process.memory(server.pid))
                    print(f"{elapsed / 60:5.1f} min: {sizes[-1] / 2**20:.2f} MiB", end="")
                    print(f" ({resident / 2**20:.2f} MiB with what was free)", flush=True)
                if len(sizes) == READINGS:
                    return sizes, number
                await meeting.go(min(meeting.subscribers), quietly=number % WITHOUT_A_WORD == 0)
                await meeting.come(number)
                number += 1
    finally:
        await meeting.part()
        await server.stop()


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
