"""This project's SFU: a worker in a process of its own, asked over a pipe what signaling would ask it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from sfu.control import (
    CloseTransport,
    Codec,
    ConnectTransport,
    Done,
    EncodingParameters,
    Extensions,
    Kind,
    LocalParameters,
    OpenTransport,
    PublishTrack,
    RemoteParameters,
    Request,
    Response,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TrackWish,
    TransportOpened,
    WatchTracks,
)
from tests.load.adapters import OPUS_TYPE, RTX_TYPE, VP8_TYPE, AdapterError, Copy, Encoding, Reception, Wish
from tests.load.process import start_pinned, stop
from tests.load.server import AnyResponse, GiveBack

CODECS: dict[Kind, list[Codec]] = {
    "audio": [Codec("opus", OPUS_TYPE, 48000)],
    "video": [Codec("VP8", VP8_TYPE, 90000, RTX_TYPE)],
}
Answer = TypeVar("Answer", bound=Response)


class Hearthside:
    """The worker's process. The transports of person 3 in room ``a`` are called ``a/p3`` and ``a/s3``."""

    name = "hearthside"
    does = (
        "one process, one thread; ICE-lite, one UDP port; NACK, RTX, PLI, simulcast, transport-wide feedback, "
        "an estimate (held at its most), pacing, probes; signaling is not in the figures"
    )
    transport_cc = 3
    dependency_descriptor = 4

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._decoder = msgspec.json.Decoder(AnyResponse)
        self._wishes: dict[str, list[Wish]] = {}
        self._layered: set[str] = set()
        """Tracks with temporal layers."""

    @property
    def pid(self) -> int:
        """See `Adapter`."""
        assert self._process is not None
        return self._process.pid

    def missing(self) -> str:
        """See `Adapter`."""
        return ""

    async def start(self, address: str, core: int) -> None:
        """See `Adapter`."""
        self._process = start_pinned([sys.executable, "-m", *self._command(address)], core, stdout=subprocess.PIPE)

    async def open_room(self, room: str) -> None:
        """See `Adapter`. A room opens with its first transport."""

    async def publish(
        self, room: str, person: int, remote: RemoteParameters, encodings: Sequence[Encoding]
    ) -> LocalParameters:
        """See `Adapter`."""
        transport = f"{room}/p{person}"
        opened = await self._ask(OpenTransport(room, _member(person), transport, "publish"), TransportOpened)
        await self._ask(ConnectTransport(transport, remote), Done)
        for kind in CODECS:
            parameters = [EncodingParameters(one.ssrc, rid=str(one.height)) for one in encodings if one.kind == kind]
            if parameters:
                track = _track(room, person, kind)
                if any(one.layers > 1 for one in encodings if one.kind == kind):
                    self._layered.add(track)
                extensions = self._extensions(track)
                await self._ask(PublishTrack(transport, track, kind, kind, CODECS[kind], extensions, parameters), Done)
        return opened.local

    async def subscribe(self, room: str, person: int, remote: RemoteParameters, wishes: Sequence[Wish]) -> Reception:
        """See `Adapter`."""
        transport = f"{room}/s{person}"
        opened = await self._ask(OpenTransport(room, _member(person), transport, "subscribe"), TransportOpened)
        await self._ask(ConnectTransport(transport, remote), Done)
        return Reception(opened.local, await self._subscribe(room, transport, wishes))

    async def connected(self, room: str, person: int) -> None:
        """See `Adapter`. An offer's answer is what a track waits for."""
        transport = f"{room}/s{person}"
        await self._start(room, transport, self._wishes[transport])

    async def extend(self, room: str, person: int, wishes: Sequence[Wish]) -> list[Copy]:
        """See `Adapter`."""
        transport = f"{room}/s{person}"
        copies = await self._subscribe(room, transport, wishes)
        await self._start(room, transport, wishes)
        return copies

    async def leave(self, room: str, person: int) -> None:
        """See `Adapter`."""
        for transport in (f"{room}/p{person}", f"{room}/s{person}"):
            self._wishes.pop(transport, None)
            await self._ask(CloseTransport(transport), Done)
        for transport, wishes in self._wishes.items():
            if transport.startswith(f"{room}/"):
                self._wishes[transport] = [wish for wish in wishes if wish.publisher != person]

    async def give_back(self) -> None:
        """See `Adapter`."""
        await self._ask(GiveBack(), Done)

    async def stop(self) -> None:
        """See `Adapter`."""
        if self._process is not None:
            await asyncio.to_thread(stop, self._process)

    def _command(self, address: str) -> list[str]:
        """Return the module to run, and its arguments."""
        return ["tests.load.server", address]

    async def _subscribe(self, room: str, transport: str, wishes: Sequence[Wish]) -> list[Copy]:
        copies = []
        for wish in wishes:
            track = _track(room, wish.publisher, wish.kind)
            extensions = self._extensions(track)
            answer = await self._ask(SubscribeTrack(transport, track, CODECS[wish.kind], extensions), TrackSubscribed)
            copies.append(Copy(wish.publisher, wish.kind, answer.ssrc, answer.rtx_ssrc))
        self._wishes[transport] = [*self._wishes.get(transport, []), *wishes]
        shown = [
            TrackWish(_track(room, wish.publisher, wish.kind), wish.height)
            for wish in self._wishes[transport]
            if wish.kind == "video" and wish.height
        ]
        await self._ask(WatchTracks(transport, shown), Done)
        return copies

    async def _start(self, room: str, transport: str, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            await self._ask(StartTrack(transport, _track(room, wish.publisher, wish.kind)), Done)

    def _extensions(self, track: str) -> Extensions:
        layered = track in self._layered
        return Extensions(
            transport_cc=self.transport_cc,
            dependency_descriptor=self.dependency_descriptor if layered else None,
        )

    async def _ask(self, request: Request, kind: type[Answer]) -> Answer:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise AdapterError("the server process ended")
        answer = self._decoder.decode(line)
        if not isinstance(answer, kind):
            raise AdapterError(f"{type(request).__name__} was answered by {answer}")
        return answer


def _member(person: int) -> str:
    return f"m{person}"


def _track(room: str, person: int, kind: Kind) -> str:
    return f"{room}/{person}-{kind}"
