"""Real worker processes: started, asked, killed, stopped, and gone with whoever started them."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sfu.control import CloseMember, Done, Event, OpenTransport, Refused, StartTrack, TransportOpened, WorkerSettings
from signaling import media_worker
from signaling.media_worker import MediaWorker, WorkerStartError, start_worker
from tests.browser.server import lives

ROOT = Path(__file__).parents[2]
SECONDS = 60
LOOPBACK = WorkerSettings(0, ["127.0.0.1"])
OPEN = OpenTransport("room", "ana", "t1", "publish")

PARENT = """
import asyncio, os, signal
from sfu.control import WorkerSettings
from signaling.media_worker import start_worker

async def main():
    ended = lambda: None
    settings = WorkerSettings(0, ["127.0.0.1"])
    workers = [await start_worker(settings, log_level="info", on_event=print, on_end=ended) for _ in range(2)]
    os.kill(workers[1].pid, signal.SIGSTOP)
    print(*(worker.pid for worker in workers), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


FAULTY = """
import sys
import sfu.io.serve
from signaling import media_process

async def start_worker(settings, *, on_event):
    raise ZeroDivisionError

sfu.io.serve.start_worker = start_worker
media_process.main(sys.argv[1:])
"""


class Started:
    """A worker and what it told."""

    def __init__(self, worker: MediaWorker, events: list[Event], ended: asyncio.Event) -> None:
        self.worker = worker
        self.events = events
        self.ended = ended


async def begin(settings: WorkerSettings = LOOPBACK) -> Started:
    events: list[Event] = []
    ended = asyncio.Event()
    worker = await start_worker(settings, log_level="info", on_event=events.append, on_end=ended.set)
    return Started(worker, events, ended)


def environment_of(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


@pytest.fixture
async def started() -> AsyncIterator[Started]:
    found = await begin()
    yield found
    await found.worker.close()
    assert not lives(found.worker.pid)


async def test_it_serves_through_the_pipe_and_frees_its_port_at_the_end() -> None:
    found = await begin()
    worker = found.worker
    opened = await worker.request(OPEN)
    assert isinstance(opened, TransportOpened)
    assert [candidate.port for candidate in opened.local.candidates] == [worker.port]
    assert await worker.request(StartTrack("t2", "none")) == Refused("no_such_transport")
    assert await worker.request(CloseMember("room", "ana")) == Done()
    await worker.close()
    await worker.close()
    assert not found.ended.is_set(), "an end that was asked for is no news"
    with pytest.raises(ConnectionError):
        await worker.request(OPEN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", worker.port))


async def test_a_removal_is_in_the_pipe_before_anything_else_runs(started: Started) -> None:
    """The worker carries out what it was asked in order: what is written after the removal finds nobody there."""
    await started.worker.request(OPEN)
    removal = started.worker.request(CloseMember("room", "ana"))
    removal.send(None)  # as far as its first suspension
    assert await started.worker.request(StartTrack("t1", "none")) == Refused("no_such_transport")
    removal.close()


async def test_one_that_is_killed_says_so_to_all_who_wait(started: Started) -> None:
    os.kill(started.worker.pid, signal.SIGSTOP)  # so that the answer cannot be quicker
    asked = asyncio.ensure_future(started.worker.request(OPEN))
    await asyncio.sleep(0)
    os.kill(started.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(SECONDS):
        with pytest.raises(ConnectionError):
            await asked
        await started.ended.wait()
    with pytest.raises(ConnectionError):
        await started.worker.request(OPEN)


async def test_the_exit_status_of_a_killed_one_is_left_to_asyncio(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever polls takes it from asyncio's watcher, which then logs an unknown child process with status 255."""
    polled: list[int] = []
    monkeypatch.setattr(subprocess.Popen, "poll", lambda process: polled.append(process.pid))
    os.kill(started.worker.pid, signal.SIGKILL)
    async with asyncio.timeout(SECONDS):
        await started.ended.wait()
        assert await started.worker._process.wait() == -signal.SIGKILL
    assert polled == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
async def test_the_settings_of_the_server_are_none_of_its(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHSIDE_TURN_SECRET", "known to the control plane alone")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")
    worker = (await begin()).worker
    environment = environment_of(worker.pid)
    await worker.close()
    assert b"LC_TIME=C.UTF-8" in environment
    assert not [variable for variable in environment if variable.startswith(b"HEARTHSIDE_")]


async def test_one_that_hangs_is_killed(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_worker, "PING_SECONDS", 0.02)
    os.kill(started.worker.pid, signal.SIGSTOP)
    asked = asyncio.ensure_future(started.worker.request(OPEN))
    async with asyncio.timeout(SECONDS):
        with pytest.raises(ConnectionError):
            await asked
        await started.ended.wait()
        await started.worker._process.wait()
    assert not lives(started.worker.pid)


def test_a_hang_is_noticed_in_half_of_the_time_in_which_rooms_should_be_back() -> None:
    """It may begin just after an answer."""
    assert media_worker.PING_SECONDS * (media_worker.MAX_MISSED + 1) <= 2.5


async def test_one_that_answers_pings_and_nothing_else_is_killed_too(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_worker, "MAX_PENDING", 3)
    os.kill(started.worker.pid, signal.SIGSTOP)
    asked = [asyncio.ensure_future(started.worker.request(OPEN)) for _ in range(5)]
    async with asyncio.timeout(SECONDS):
        results = await asyncio.gather(*asked, return_exceptions=True)
        await started.ended.wait()
    assert {type(result) for result in results} == {ConnectionError}


async def test_a_control_plane_that_stood_still_accuses_nobody(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_worker, "PING_SECONDS", 3600.0)  # only the test looks
    worker = started.worker
    for _ in range(media_worker.MAX_MISSED):
        worker._look()
        worker._look()  # late: what came meanwhile has not been read yet
        await worker.request(CloseMember("room", "nobody"))  # behind the ping, and so is its answer
    assert isinstance(await worker.request(OPEN), TransportOpened)


async def test_signals_for_the_whole_group_leave_it_to_its_parent(started: Started) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(started.worker.pid, number)
    assert isinstance(await started.worker.request(OPEN), TransportOpened)


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        with pytest.raises(WorkerStartError) as failure:
            await begin(WorkerSettings(holder.getsockname()[1], ["127.0.0.1"]))
    assert (failure.value.errno, failure.value.tcp) == (errno.EADDRINUSE, False)


async def test_one_that_takes_anothers_place_does_without_an_address_that_is_gone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Else nobody could take it until the server was started anew, and read its addresses again."""
    settings = WorkerSettings(0, ["198.51.100.7", "127.0.0.1"], tcp_port=0, spare=True)
    worker = (await begin(settings)).worker
    opened = await worker.request(OPEN)
    await worker.close()
    assert isinstance(opened, TransportOpened)
    assert {candidate.address for candidate in opened.local.candidates} == {"127.0.0.1"}
    log = capfd.readouterr().err
    assert log.count("1 of 2 addresses cannot be had") == 1
    assert "198.51.100.7" not in log


async def test_a_start_that_fails_for_no_port_blames_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faulty.py").write_text(FAULTY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(media_worker, "PROCESS", "faulty")
    with pytest.raises(WorkerStartError, match="did not start") as failure:
        await begin()
    assert (failure.value.errno, failure.value.tcp) == (None, False)


async def test_one_that_does_not_come_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_worker, "START_SECONDS", 0.0)
    with pytest.raises(WorkerStartError) as failure:
        await begin()
    assert failure.value.errno is None
    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkerStartError) as failure:
        await begin()
    assert failure.value.errno == errno.ENOENT


async def test_a_process_without_a_descriptor_left_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def socketpair() -> tuple[socket.socket, socket.socket]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", socketpair)
    with pytest.raises(WorkerStartError) as failure:
        await begin()
    assert failure.value.errno == errno.EMFILE


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_no_worker_outlives_a_parent_that_is_killed_not_even_one_that_hangs() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(lives, pids))
    parent.kill()
    parent.wait()
    assert parent.stdout.read() == ""  # returns when the last who holds it is as good as gone: the workers inherit it
    parent.stdout.close()
    until = time.monotonic() + SECONDS
    while any(map(lives, pids)):
        assert time.monotonic() < until
        time.sleep(0.01)
