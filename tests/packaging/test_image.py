"""What the image and compose.yaml set for the server, read from them: they are run on few machines here, and on all
kinds elsewhere."""

import json
import os
import re
import subprocess
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


@pytest.mark.parametrize("last", [None, 8081, 8083])
def test_compose_starts_a_worker_for_each_port_that_it_publishes(tmp_path: Path, last: int | None) -> None:
    def fill(found: re.Match[str]) -> str:
        """As Compose does it."""
        return str(last or found[1])

    text = re.sub(r"\$\{LAST_MEDIA_PORT:-(\d+)\}", fill, (ROOT / "compose.yaml").read_text()).replace("$$", "$")
    published = re.findall(r"- (\S+):(\S+)/(udp|tcp)", text)
    ports = f"8081-{last or 8081}"
    assert published == [(ports, ports, "udp"), (ports, ports, "tcp")]
    (given,) = re.findall(r"^      LAST_MEDIA_PORT: (.*)$", text, flags=re.MULTILINE)
    (command,) = re.findall(r"^    entrypoint: (.*)$", text, flags=re.MULTILINE)
    stub = tmp_path / "hearthside"
    stub.write_text('#!/bin/sh\necho "$HEARTHSIDE_MEDIA_WORKERS $*"\n')
    stub.chmod(0o755)
    ran = subprocess.run(
        json.loads(command),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LAST_MEDIA_PORT": given, "HEARTHSIDE_MEDIA_WORKERS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"{(last or 8081) - 8080} serve\n"
