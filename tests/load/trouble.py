"""What befalls a server beside a running meeting: `python -m tests.load 12 --hostile NAME`.

`junk`, `strangers` and `handshakes` come from outside, `rooms` from people who never arrive, `unread` from one who
takes nothing, `standstill` and `kill` from the machine. What members do is `hostile.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from sfu.control import LocalParameters, RemoteParameters
from sfu.ice import stun
from sfu.io.dtls import Certificate, Dtls
from tests.load import hostile
from tests.load.adapters import AdapterError, Encoding
from tests.load.hostile import Trouble
from tests.load.kill import Kill
from tests.load.machine import GENERATOR_CORE
from tests.load.meeting import Meeting
from tests.load.process import cpu, tree
from tests.sfu.client import HOST_PRIORITY
from tests.sfu.io.tcp_client import TcpClient

JUNK = 50_000
"""Datagrams a second."""
HANDSHAKES = 1_000
ROOMS = 200
STANDSTILL = 35.0
"""Seconds for which the server does not run: longer than the 30 after which consent is gone (RFC 7675)."""
FORGOTTEN = 36.0
"""Seconds after which a server has given up whoever never came (30 s here), its timers included."""
AFTERWARDS = 3.0
"""Seconds from then on until it is measured what the others get: what lay in the sockets is gone through by then."""


class Junk(Trouble):
    """Datagrams that belong to nobody."""

    kind = "junk"

    def __init__(self, meeting: Meeting) -> None:
        self._server = meeting.lines[0].server
        self._process: asyncio.subprocess.Process | None = None
        self._took = 0.0
        self.sent = 0

    async def attack(self, seconds: float) -> None:
        """See `Trouble`."""
        host, port = self._server
        command = [sys.executable, "-m", "tests.load.junk", host, str(port), str(JUNK), str(seconds), self.kind]
        self._process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        with contextlib.suppress(OSError):
            os.sched_setaffinity(self._process.pid, {GENERATOR_CORE})
        begin, before = time.monotonic(), dropped(port)
        while time.monotonic() < begin + seconds:
            await asyncio.sleep(0.1)
            self._took = max(self._took, cpu(self._process.pid))
        output, _ = await self._process.communicate()
        self.sent = int(output or 0)
        unread = dropped(port) - before
        print(f"{self.sent / seconds:,.0f} datagrams of {self.kind} a second; {unread} found no room", flush=True)

    async def close(self) -> None:
        """See `Trouble`."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def cpu(self) -> float:
        """See `Trouble`."""
        return self._took


class Strangers(Junk):
    """Binding requests for rooms that nobody here knows."""

    kind = "strangers"


class HalfOpen(Trouble):
    """Connections whose people prove who they are, say hello to DTLS, and never answer."""

    lasts = FORGOTTEN

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self.sockets: list[socket.socket] = []
        self._certificate = Certificate()

    async def attack(self, seconds: float) -> None:
        """See `Trouble`."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 2 * HANDSHAKES:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        hello = await first_flight(self._certificate)
        begin = time.monotonic()
        for number in range(HANDSHAKES):
            await self._open(number, hello)
            await asyncio.sleep(max(0.0, begin + seconds * (number + 1) / HANDSHAKES - time.monotonic()))
        print(f"{HANDSHAKES} handshakes begun in {time.monotonic() - begin:.1f} s", flush=True)

    async def close(self) -> None:
        """See `Trouble`."""
        for each in self.sockets:
            each.close()

    async def _open(self, number: int, hello: bytes) -> None:
        adapter, room = self._meeting.adapter, f"half-open {number // 10}"
        if number % 10 == 0:
            await adapter.open_room(room)
        remote = RemoteParameters(f"half{number:04}", "half-open" * 3, "sha-256", self._certificate.fingerprint)
        local = await adapter.publish(room, number % 10, remote, [Encoding("audio", 10_000 + number)])
        server = (local.candidates[0].address, local.candidates[0].port)
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sockets.append(sock)
        sock.sendto(check(local, remote, number), server)
        sock.sendto(hello, server)


class Abandoned(Trouble):
    """Rooms in which somebody was announced who never came."""

    lasts = FORGOTTEN

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting

    async def attack(self, seconds: float) -> None:
        """See `Trouble`."""
        adapter, begin = self._meeting.adapter, time.monotonic()
        certificate = Certificate()
        for number in range(ROOMS):
            room = f"abandoned {number}"
            await adapter.open_room(room)
            for person in (1, 2):
                remote = RemoteParameters(f"away{number}{person}", "away" * 6, "sha-256", certificate.fingerprint)
                await adapter.publish(room, person, remote, [Encoding("audio", 1_000_000 + person)])
            await asyncio.sleep(max(0.0, begin + seconds * (number + 1) / ROOMS - time.monotonic()))
        print(f"{ROOMS} rooms opened in {time.monotonic() - begin:.1f} s", flush=True)


class Unread(Trouble):
    """Somebody on TCP who looks at everybody and does not read."""

    def __init__(self, meeting: Meeting) -> None:
        self._meeting = meeting
        self._client = TcpClient(address=meeting.lines[0].server[0])

    async def attack(self, seconds: float) -> None:
        """See `Trouble`."""
        meeting, client = self._meeting, self._client
        reception = await meeting.adapter.subscribe(
            meeting.room, hostile.MALLORY, client.parameters, meeting.everything(meeting.publishers)
        )
        if not any(candidate.protocol == "tcp" for candidate in reception.local.candidates):
            raise AdapterError("it has no TCP here")
        begin = time.monotonic()
        await client.connect(reception.local)
        client._stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client._loop.remove_reader(client._stream)
        await meeting.adapter.connected(meeting.room, hostile.MALLORY)
        await asyncio.sleep(max(0.0, begin + seconds - time.monotonic()))

    async def close(self) -> None:
        """See `Trouble`."""
        with contextlib.suppress(OSError):  # the server cut it off, as it should
            await self._client.close(quietly=True)


class Standstill(Trouble):
    """A machine that was paused: for the server, time jumps."""

    def __init__(self, meeting: Meeting) -> None:
        self._pid = meeting.adapter.pid

    async def begin(self) -> None:
        """See `Trouble`. The server is kept from running, then let."""
        processes = tree(self._pid)
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        try:
            await asyncio.sleep(STANDSTILL)
        finally:
            for each in processes:
                os.kill(each, signal.SIGCONT)
        await asyncio.sleep(AFTERWARDS)

    async def attack(self, seconds: float) -> None:
        """See `Trouble`. What is measured is how the others are afterwards."""
        await asyncio.sleep(seconds)


TROUBLES: dict[str, Callable[[Meeting], Trouble]] = {
    "junk": Junk,
    "strangers": Strangers,
    "handshakes": HalfOpen,
    "rooms": Abandoned,
    "unread": Unread,
    "standstill": Standstill,
    "kill": Kill,
}
KINDS = [*hostile.BURSTS, *TROUBLES]
"""All that can be beside a meeting."""


async def come(name: str, meeting: Meeting) -> Trouble:
    """Have it begin beside a meeting, so that `attack` may follow."""
    if name in hostile.BURSTS:
        return await hostile.come(name, meeting)
    trouble = TROUBLES[name](meeting)
    await trouble.begin()
    return trouble


def dropped(port: int) -> int:
    """Return how many datagrams the UDP sockets of a port had no room for so far (proc_net_udp(5): drops)."""
    count = 0
    for table in ("udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rsplit(":", 1)[1], 16) == port:
                count += int(fields[-1])
    return count


async def first_flight(certificate: Certificate) -> bytes:
    """Return what a DTLS client sends first."""
    sent: asyncio.Queue[bytes] = asyncio.Queue()

    def nothing(*_: Any) -> None:
        """It never comes so far."""

    client = Dtls(certificate, role="client", send=sent.put_nowait, on_connected=nothing, on_closed=nothing)
    client.start("sha-256", certificate.fingerprint)
    flight = await sent.get()
    closing: Coroutine[Any, Any, None] = client.close()
    await closing
    return flight


def check(local: LocalParameters, remote: RemoteParameters, number: int) -> bytes:
    """Return a check that nominates, as a browser's."""
    attributes = [
        (stun.USERNAME, f"{local.ice_ufrag}:{remote.ice_ufrag}".encode()),
        (stun.PRIORITY, HOST_PRIORITY),
        (stun.ICE_CONTROLLING, bytes(8)),
        (stun.USE_CANDIDATE, b""),
    ]
    return stun.build(stun.BINDING_REQUEST, number.to_bytes(12, "big"), attributes, local.ice_pwd)
