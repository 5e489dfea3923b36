"""The process under load: an SFU worker that takes its control requests from standard input, one JSON object a line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import msgspec

from sfu.bwe import delay_based, estimator
from sfu.control import (
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    OpenTransport,
    PublishTrack,
    Refused,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WatchTracks,
)
from sfu.io.worker import WorkerSettings, start_worker

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
    | CloseRoom
)
AnyResponse = Done | TransportOpened | TrackSubscribed | Refused


async def serve(address: str) -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    requests = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    worker = await start_worker(WorkerSettings(0, [address]), on_event=lambda event: None)
    decoder = msgspec.json.Decoder(AnyRequest)
    while line := await requests.readline():
        response = await worker.request(decoder.decode(line))
        os.write(1, msgspec.json.encode(response) + b"\n")
    await worker.close()


def trust_the_path() -> None:
    """Have every estimate begin and stay at the most: a busy machine's jitter must not lower what is measured."""
    delay_based.MIN_RATE = estimator.FIRST_ESTIMATE = delay_based.MAX_RATE


if __name__ == "__main__":
    trust_the_path()
    with contextlib.suppress(OSError):  # a machine with one core measures there
        os.sched_setaffinity(0, {0})
    asyncio.run(serve(sys.argv[1]))
