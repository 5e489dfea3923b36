"""A `hearthside serve` process for tests, and the groups that the command line makes on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from signaling.demo import make_certificate

ROOT = Path(__file__).resolve().parents[2]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, count: int = 1) -> int:
    """A port of 127.0.0.1 that is free now, the first of so many in a row."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, OverflowError):
            first = 0
            for number in range(count):
                probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                probe.bind(("127.0.0.1", first + number if number else 0))
                first = first or int(probe.getsockname()[1])
            return first


def lives(pid: int) -> bool:
    """Whether there is a process of that id that is not just waiting to be counted out by its parent. Linux."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass
class Links:
    """What `group create --json` prints."""

    id: str
    participant: str
    facilitator: str
    organiser: str


class Server:
    """A `hearthside serve` process on ports and a data folder of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: dict[str, str] | None = None,
        prefix: Sequence[str] = (),
        module: str = "signaling.cli",
        host: str = "127.0.0.1",
        tls: bool = False,
        public_url: str | None = None,
    ) -> None:
        self.folder = folder
        self.host = host
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.port = free_port()
        self._settings = {"HEARTHSIDE_MEDIA_WORKERS": "1"} | (settings or {})
        self.media_port = free_port(socket.SOCK_DGRAM, int(self._settings["HEARTHSIDE_MEDIA_WORKERS"]))
        self.url = public_url or f"{'https' if tls else 'http'}://{host}:{self.port}"
        if tls:
            self._settings |= self._certificate()
        self._prefix = list(prefix)
        self._module = module
        self._process: asyncio.subprocess.Process | None = None

    def _certificate(self) -> dict[str, str]:
        pem, private = make_certificate([self.host], datetime.now(UTC))
        found = {}
        for name, data in (("certificate", pem), ("key", private)):
            path = self.folder / f"tls-{name}.pem"
            path.write_bytes(data)
            found[f"HEARTHSIDE_TLS_{name.upper()}"] = str(path)
        return found

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("HEARTHSIDE_")}
        return inherited | {"PYTHONUNBUFFERED": "1", "HEARTHSIDE_PUBLIC_URL": self.url} | self._settings

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def workers(self) -> dict[int, int]:
        """Process ids of the media workers that have their port open, by port. Linux."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        by_inode = {}
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
            fields = line.split()
            by_inode[fields[9]] = int(fields[1].rpartition(":")[2], 16)
        found = {}
        for child in children:
            with contextlib.suppress(OSError):  # it ends just now
                for link in Path(f"/proc/{child}/fd").iterdir():
                    port = by_inode.get(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
                    if port is not None:
                        found[port] = int(child)
        return found

    async def start(self) -> None:
        """Start, and wait until the server says that it is ready. Raises RuntimeError with its log if it does not."""
        command = [*self._prefix, sys.executable, "-m", self._module, "serve", "--data", str(self.data)]
        command += ["--host", self.host, "--port", str(self.port), "--media-port", str(self.media_port)]
        with self.log.open("ab") as log:
            before = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT, env=self._environment()
            )
        for _ in range(600):  # machines that hold whole meetings are busy
            if self._process.returncode is not None:
                break
            # Not by a connection: the server may be on a machine of its own.
            if f"  pages:  {self.url}\n".encode() in self.log.read_bytes()[before:]:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()}")

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """End it as Ctrl-C does; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self._process.wait(), 15)
            except TimeoutError:
                await self.kill()
                raise
        return self._process.returncode or 0

    async def create_group(self, title: str = "Thursday circle") -> Links:
        """Create a group by the command line, while the server runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "signaling.cli", "group", "create", title, "--json", "--data", str(self.data),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=self._environment(),
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            raise RuntimeError(err.decode())
        return Links(**json.loads(out))

    async def delete_group(self, group: str) -> None:
        """Delete a group by the command line."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "signaling.cli", "group", "delete", group, "--yes", "--data", str(self.data),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=self._environment(),
        )  # fmt: skip
        _, err = await process.communicate()
        if process.returncode:
            raise RuntimeError(err.decode())
