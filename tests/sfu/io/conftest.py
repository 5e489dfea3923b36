"""A worker on loopback, and clients that are closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

import pytest

from sfu.control import Done, Event, StartTrack, TrackSubscribed, TrackWish, WatchTracks, WorkerSettings
from sfu.io.worker import Worker, start_worker
from tests.sfu.client import Client, open_client
from tests.sfu.fakes import publish, subscribe
from tests.sfu.io import full_socket

WITHOUT_FULL_SOCKET = full_socket.obstacle()
collect_ignore = ["test_full_buffer.py"] if WITHOUT_FULL_SOCKET else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what is left out: what is not collected would not be missed."""
    if WITHOUT_FULL_SOCKET:
        terminalreporter.write_line(f"tests/sfu/io/test_full_buffer.py is left out, {WITHOUT_FULL_SOCKET}.")


class Meeting:
    """A worker and who is connected to it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.worker: Worker
        self.clients: list[Client] = []

    async def start(self) -> None:
        self.worker = await start_worker(WorkerSettings(0, ["127.0.0.1"]), on_event=self.events.append)

    async def open(self, name: str, direction: Literal["publish", "subscribe"], *, room: str = "room") -> Client:
        """Connect a client to a new transport of that name."""
        client = await open_client(self.worker, name, direction, room=room, member=name)
        self.clients.append(client)
        return client

    async def pair(self, number: int = 0, *, room: str = "room") -> tuple[Client, Client, TrackSubscribed]:
        """Connect a publisher of a camera at SSRC 1000 + number, and a subscriber to it."""
        up = await self.open(f"up{number}", "publish", room=room)
        down = await self.open(f"down{number}", "subscribe", room=room)
        track = f"camera{number}"
        request = publish(track, transport=f"up{number}", ssrc=1000 + number, rtx_ssrc=2000 + number)
        assert await self.worker.request(request) == Done()
        answer = await self.worker.request(subscribe(track, transport=f"down{number}"))
        assert isinstance(answer, TrackSubscribed)
        assert await self.worker.request(StartTrack(f"down{number}", track)) == Done()
        assert await self.worker.request(WatchTracks(f"down{number}", [TrackWish(track, 720)])) == Done()
        return up, down, answer

    async def close(self) -> None:
        for client in self.clients:
            await client.close()
        await self.worker.close()


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    meeting = Meeting()
    await meeting.start()
    yield meeting
    await meeting.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def until(condition: Callable[[], object], *, seconds: float = 5.0) -> None:
    """Wait for something that will come; raise TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - packets and tables have no event to wait for
            await asyncio.sleep(0.005)
