"""What the image sets for the server, read from the Dockerfile: it is built on few machines, and run on all kinds."""

import re
from pathlib import Path

import pytest

from signaling import config

ROOT = Path(__file__).parents[2]


def variables() -> dict[str, str]:
    """Of the last stage."""
    stage = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[-1]
    lines = re.findall(r"^ENV (.*)$", stage, flags=re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def test_it_opens_one_port_of_media_however_many_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "default_media_workers", lambda: 7)
    found = config.load({}, variables(), addresses_of_machine=lambda: ["192.0.2.1"])
    assert found.media_ports == (8081,)
    more = variables() | {"HEARTHSIDE_MEDIA_WORKERS": "3"}
    assert config.load({}, more, addresses_of_machine=lambda: ["192.0.2.1"]).media_ports == (8081, 8082, 8083)
