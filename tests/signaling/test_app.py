"""What the process asks of the operating system."""

from __future__ import annotations

import resource

import pytest

from signaling import app

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
