"""Hold meetings of several sizes against a worker in a process of its own, and print what they cost."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import os
import platform
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

import msgspec

from sfu.control import CloseRoom, Request, Response
from tests.load.generator import Meeting
from tests.load.hostile import BURSTS, come
from tests.load.result import HEAD, Result
from tests.load.scenarios import SCENARIOS, Scenario
from tests.load.server import AnyResponse

WARM_UP = 1.0
"""Seconds of traffic before the measurement: key frames, first reports, memory that is allocated once."""


class Server:
    """The worker's process, and its control interface over a pipe."""

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.server", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._decoder = msgspec.json.Decoder(AnyResponse)

    async def request(self, request: Request) -> Response:
        """Ask over the pipe."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise ConnectionError("the server process ended")
        response: Response = self._decoder.decode(line)
        return response

    def cpu(self) -> float:
        """Return the seconds of user and system time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Return the resident bytes."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


async def measure(address: str, name: str, seconds: float, hostile: str | None = None) -> Result:
    """Hold one meeting, with somebody ``hostile`` in it or not; return what it cost and how it went."""
    scenario = SCENARIOS[name]
    server = Server(address)
    meeting = Meeting()
    try:
        # One transport opened and closed first: what the process loads on the way is not a participant's.
        first = Meeting()
        await first.gather(server, Scenario(1, 1))
        await first.part()
        await server.request(CloseRoom("room"))
        before = server.memory()
        await meeting.gather(server, scenario)
        attacker = None if hostile is None else await come(server, hostile, meeting)
        await meeting.talk(WARM_UP)
        await asyncio.sleep(0.2)
        for subscriber in meeting.subscribers:
            subscriber.received = 0
            subscriber.latencies.clear()
        expected = -copies(meeting, scenario)
        cpu = server.cpu()
        if attacker is None:
            await meeting.talk(seconds)
        else:
            await asyncio.gather(meeting.talk(seconds), attacker.attack(seconds))
            await attacker.close()
        await asyncio.sleep(0.2)
        cpu = server.cpu() - cpu
        memory = (server.memory() - before) / scenario.people
        expected += copies(meeting, scenario)
        received = sum(subscriber.received for subscriber in meeting.subscribers)
        latencies = sorted(latency for subscriber in meeting.subscribers for latency in subscriber.latencies)
        percentiles = statistics.quantiles(latencies, n=100)
    finally:
        await meeting.part()
        server.close()
    return Result(
        name,
        expected=expected / seconds,
        received=received / seconds,
        cpu=cpu / seconds,
        p50=percentiles[49] / 1000,
        p99=percentiles[98] / 1000,
        memory=memory,
    )


def copies(meeting: Meeting, scenario: Scenario) -> int:
    """Return how many packets should have reached somebody so far."""
    return sum(
        stream.sent * scenario.receivers(publisher.number, stream.form)
        for publisher in meeting.publishers
        for stream in publisher.streams
    )


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=["6", "12", "1-to-20"], help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--seconds", type=float, default=8.0, help="of measured traffic in each scenario")
    parser.add_argument("--hostile", choices=[*BURSTS, "all"], help="somebody who means harm is in the meeting too")
    parser.add_argument("--address", default="127.0.0.1", help="a loopback address; this tool floods")
    arguments = parser.parse_args()
    if not ipaddress.ip_address(arguments.address).is_loopback:
        parser.error("only loopback addresses: this tool is not for other people's machines")
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    print(
        f"machine: {processor}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    )
    print(f"command: python -m tests.load {shlex.join(sys.argv[1:])}".rstrip())
    print("traffic a second: sound 50 x 100 B, pictures 60 x 1100 B; one-speaker: 22 x 850 B small, 180 x 1050 B large")
    print("latency: from the generator's send to its receive callback, its own delay included")
    print(HEAD)
    for name in arguments.scenarios:
        quiet = asyncio.run(measure(arguments.address, name, arguments.seconds))
        print(quiet, flush=True)
        if arguments.hostile is None:
            continue
        for hostile in BURSTS if arguments.hostile == "all" else [arguments.hostile]:
            beside = asyncio.run(measure(arguments.address, name, arguments.seconds, hostile))
            print(f"{beside}  beside {hostile}: {beside.against(quiet)}", flush=True)
        again = asyncio.run(measure(arguments.address, name, arguments.seconds))
        print(f"{again}  quiet again, what the machine does by itself: {again.against(quiet)}", flush=True)


if __name__ == "__main__":
    main()
