"""This project's SFU as signaling has it: so many media workers, each room on one, in processes of their own.

`python -m tests.load.spread ADDRESS COUNT` is the control plane's part of it, as far as media needs it: it takes
requests from standard input, as `server` does, and starts the workers, which are its children.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from sfu.control import Done, Refused, Request, Response, WorkerSettings
from signaling import media_process, media_worker
from signaling.media_worker import MediaWorker, start_worker
from signaling.media_workers import MediaWorkers
from tests.load.adapters.hearthside import Hearthside
from tests.load.server import AnyRequest, GiveBack, answer, give_back, trust_the_path


class KillOther(Request, frozen=True):
    """Kill every worker but the one at this UDP port, as `kill -9` does."""

    port: int


class Spread(Hearthside):
    """So many workers."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.name = f"{count} worker{'s' if count > 1 else ''}"
        self._count = count

    async def kill_other(self, port: int) -> None:
        """Kill every worker but the one at this UDP port. They are replaced, and their people's connections are gone.

        Until then what is asked of their rooms is refused: `AdapterError`.
        """
        await self._ask(KillOther(port), Done)

    def _command(self, address: str) -> list[str]:
        return ["tests.load.spread", address, str(self._count)]


async def serve(address: str, count: int) -> None:
    """Answer until standard input ends."""
    running: dict[int, MediaWorker] = {}

    async def start(settings: WorkerSettings, **told: Any) -> MediaWorker:
        worker = await start_worker(settings, log_level="error", **told)
        running[worker.port] = worker
        return worker

    workers = MediaWorkers([WorkerSettings(0, [address])] * count, start, on_event=lambda event: None)
    await workers.start()

    async def request(one: Request) -> Response:
        if isinstance(one, GiveBack):  # this process alone: workers know nothing like it
            give_back()
            return Done()
        if isinstance(one, KillOther):
            for port, worker in running.items():
                if port != one.port:
                    os.kill(worker.pid, signal.SIGKILL)
            return Done()
        try:
            return await workers.request(one)
        except ConnectionError:
            return Refused("closing")  # it is being replaced

    await answer(AnyRequest | KillOther, request)
    await workers.close()


if __name__ == "__main__":
    if sys.argv[1].isdecimal():  # a worker's process, on the core of the one that started it
        trust_the_path()
        media_process.main(sys.argv[1:])
    else:
        media_worker.PROCESS = "tests.load.spread"
        asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
