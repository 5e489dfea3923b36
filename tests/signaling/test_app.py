"""What the process asks of the operating system."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sfu.control import WorkerSettings
from signaling import app
from signaling.config import load
from signaling.media_worker import WorkerStartError
from signaling.media_workers import PortError

ROOT = Path(__file__).parents[2]

NEVER = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("found", "left"),
    [
        ((1024, 524_288), (4500, 524_288)),
        ((1024, 2048), (2048, 2048)),
        ((1024, NEVER), (4500, NEVER)),
        ((20_000, 20_000), (20_000, 20_000)),
        ((NEVER, NEVER), (NEVER, NEVER)),
    ],
)
def test_as_many_files_as_sockets_are_allowed(
    monkeypatch: pytest.MonkeyPatch, found: tuple[int, int], left: tuple[int, int]
) -> None:
    limits = {resource.RLIMIT_NOFILE: found}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    app.allow_open_files(4500)
    assert limits[resource.RLIMIT_NOFILE] == left


def test_the_control_plane_loads_nothing_that_only_media_needs() -> None:
    """Its memory is told apart from that of the workers (docs/operations.md)."""
    asked = "import sys, signaling.app; print(*sorted({'aiortc', 'av', 'pylibsrtp'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []


def test_each_media_worker_gets_its_own_ports() -> None:
    settings = load({"media_port": 9001, "media_tcp_port": 9101, "media_workers": 2}, {})
    assert [(each.port, each.tcp_port) for each in app.worker_settings(settings)] == [(9001, 9101), (9002, 9102)]
    settings = load({"media_workers": 2}, {})
    assert [each.tcp_port for each in app.worker_settings(settings)] == [None, None]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (WorkerStartError(errno.EADDRINUSE), "UDP port 9002 is taken by another program"),
        (WorkerStartError(errno.EADDRINUSE, tcp=True), "TCP port 443 is taken by another program"),
        (WorkerStartError(errno.EACCES, tcp=True), "TCP port 443 needs more rights"),
        (WorkerStartError(None), "The processes for media cannot be started"),
    ],
)
def test_why_a_worker_cannot_be_started_is_one_sentence(cause: WorkerStartError, words: str) -> None:
    sentence = app.worker_sentence(PortError(WorkerSettings(9002, ["192.0.2.1"], tcp_port=443), cause))
    assert sentence.startswith(words)
