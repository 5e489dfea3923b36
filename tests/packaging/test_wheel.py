"""`pip install .` really done: the wheel is built, client and all, and runs from where it was unpacked."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def unpacked(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("hearthside-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_what_is_served_and_nothing_else(unpacked: Path) -> None:
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    for wanted in (
        "signaling/cli.py",
        "signaling/migrations/env.py",
        "signaling/migrations/versions/0001_groups_and_meetings.py",
        "sfu/control.py",
        "web/__init__.py",
        "web/templates/group.html",
        "web/locales/en/server.ftl",
        "web/static/build/manifest.json",
    ):
        assert wanted in names
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"sfu", "signaling", "web"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for name in names:
        assert not name.endswith((".ts", ".tsx", ".mjs", "package.json")), name
        assert "node_modules" not in name
        assert not name.startswith("signaling/demo")
    compiled = {name for name in names if name.startswith("sfu/native/") and not name.endswith(".py")}
    parts = {f"sfu/native/_{part}.abi3.so" for part in ("fan_out", "feedback", "receive")}
    assert compiled == (parts if shutil.which("cc") else set())


def test_the_wheel_runs_and_serves_its_client(unpacked: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHSIDE_")}
    environment |= {"PYTHONPATH": str(unpacked), "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-c", "from signaling.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "serve", "--port", "0", "--media-port", "0"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = None
        for line in process.stdout:
            if found := re.search(r"pages: +(http://\S+)", line):
                url = found[1]
                break
        assert url, process.communicate()[1]
        with urllib.request.urlopen(f"{url}/g/AAECAwQFBgcICQoLDA0ODw") as page:
            text = page.read().decode()
        script = re.search(r'src="(/static/app-[^"]+\.js)"', text)
        assert script is not None
        with urllib.request.urlopen(url + script[1]) as asset:
            assert len(asset.read()) > 10_000
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert (tmp_path / "hearthside" / "hearthside.db").exists()
