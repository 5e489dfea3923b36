"""The process under load: an SFU worker that takes its control requests from standard input, one JSON object a line."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from sfu.bwe import delay_based, estimator
from sfu.control import (
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    OpenTransport,
    PublishTrack,
    Refused,
    Request,
    Response,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WatchTracks,
    WorkerSettings,
)
from sfu.io.media_loop import MediaLoop
from sfu.io.worker import start_worker


class GiveBack(Request, frozen=True):
    """Give memory that is free back to the kernel, so that what is resident is what is held."""


AnyRequest = (
    OpenTransport
    | ConnectTransport
    | RestartIce
    | PublishTrack
    | UnpublishTrack
    | SubscribeTrack
    | StartTrack
    | UnsubscribeTrack
    | WatchTracks
    | CloseTransport
    | CloseMember
    | CloseRoom
    | GiveBack
)
AnyResponse = Done | TransportOpened | TrackSubscribed | Refused


async def serve(address: str) -> None:
    """Answer until standard input ends."""
    worker = await start_worker(WorkerSettings(0, [address], tcp_port=0), on_event=lambda event: None)

    async def request(one: Request) -> Response:
        if isinstance(one, GiveBack):
            give_back()
            return Done()
        return await worker.request(one)

    await answer(AnyRequest, request)
    await worker.close()


async def answer(kinds: Any, request: Callable[[Any], Awaitable[Response]]) -> None:
    """Answer one request of these kinds after the other until standard input ends."""
    requests = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    decoder = msgspec.json.Decoder(kinds)
    while line := await requests.readline():
        os.write(1, msgspec.json.encode(await request(decoder.decode(line))) + b"\n")


def give_back() -> None:
    """Collect garbage; glibc keeps what was freed between pieces in use until `malloc_trim` (others do not have it)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def trust_the_path() -> None:
    """Have every estimate begin and stay at the most: a busy machine's jitter must not lower what is measured."""
    delay_based.MIN_RATE = estimator.FIRST_ESTIMATE = delay_based.MAX_RATE


if __name__ == "__main__":
    trust_the_path()
    with contextlib.suppress(OSError):  # a machine with one core measures there
        os.sched_setaffinity(0, {0})
    with asyncio.Runner(loop_factory=MediaLoop) as runner:
        runner.run(serve(sys.argv[1]))
