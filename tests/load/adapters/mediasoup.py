"""mediasoup, its worker built from the sources in the npm package: `python -m tests.load.mediasoup.build`."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sfu.control import LocalParameters, RemoteParameters
from tests.load.adapters import AdapterError, Copy, Encoding, Reception, Wish
from tests.load.process import start_pinned, stop

FOLDER = Path(__file__).parents[1] / "mediasoup"
WORKER = FOLDER / "node_modules/mediasoup/worker/out/Release/mediasoup-worker"
T = TypeVar("T")


class Mediasoup:
    """A Node.js process that controls one worker, and is asked over a pipe."""

    name = "mediasoup"
    does = (
        "3.8.4, one worker and its Node.js control process (whose memory counts too); ICE-lite, a UDP port for each "
        "connection; NACK and RTX for pictures, PLI, simulcast, transport-wide feedback, an estimate, probes; "
        "no pacing; knows no Dependency Descriptor, and is sent layers without it"
    )
    dependency_descriptor = 0
    transport_cc = 5
    """As its router gives it; checked when a room is opened."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """See `Adapter`."""
        assert self._process is not None
        return self._process.pid

    def missing(self) -> str:
        """See `Adapter`."""
        if not shutil.which("node"):
            return "there is no Node.js 20 or newer"
        return "" if WORKER.exists() else "its worker is not built: python -m tests.load.mediasoup.build"

    async def start(self, address: str, core: int) -> None:
        """See `Adapter`."""
        command = ["node", str(FOLDER / "control.mjs"), address]
        self._process = start_pinned(command, core, stdout=subprocess.PIPE)

    async def open_room(self, room: str) -> None:
        """See `Adapter`."""
        numbered = await self._ask("open_room", dict[str, int], room=room)
        if numbered["transport_cc"] != self.transport_cc:
            raise AdapterError(f"transport-wide numbers have the id {numbered['transport_cc']}")

    async def publish(
        self, room: str, person: int, remote: RemoteParameters, encodings: Sequence[Encoding]
    ) -> LocalParameters:
        """See `Adapter`."""
        return await self._ask("publish", LocalParameters, room=room, person=person, remote=remote, encodings=encodings)

    async def subscribe(self, room: str, person: int, remote: RemoteParameters, wishes: Sequence[Wish]) -> Reception:
        """See `Adapter`."""
        return await self._ask("subscribe", Reception, room=room, person=person, remote=remote, wishes=wishes)

    async def connected(self, room: str, person: int) -> None:
        """See `Adapter`."""
        await self._ask("connected", dict[str, int], room=room, person=person)

    async def extend(self, room: str, person: int, wishes: Sequence[Wish]) -> list[Copy]:
        """See `Adapter`."""
        return await self._ask("extend", list[Copy], room=room, person=person, wishes=wishes)

    async def leave(self, room: str, person: int) -> None:
        """See `Adapter`."""
        await self._ask("leave", dict[str, int], room=room, person=person)

    async def give_back(self) -> None:
        """See `Adapter`. It cannot."""

    async def stop(self) -> None:
        """See `Adapter`."""
        if self._process is not None:
            await asyncio.to_thread(stop, self._process)

    async def _ask(self, action: str, kind: type[T], **request: Any) -> T:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode({"do": action} | request) + b"\n")
        self._process.stdin.flush()
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise AdapterError("mediasoup's control process ended")
        answer = msgspec.json.decode(line)
        if "error" in answer:
            raise AdapterError(f"{action} was refused: {answer['error']}")
        return msgspec.convert(answer["answer"], kind)
