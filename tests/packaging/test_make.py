"""The two commands, as far as they do not need the network: the sentences, the demonstration, Ctrl-C."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tools(folder: Path) -> Path:
    """A folder for PATH with make and what its recipes need, and no Python."""
    folder.mkdir()
    for name in ("make", "sh", "find", "id", "sed", "touch", "dirname"):
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def make(checkout: Path, path: Path, *arguments: str) -> str:
    """Run make where it must fail, and return what it said."""
    done = subprocess.run(
        ["make", *arguments], cwd=checkout, env={"PATH": str(path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(said) == 1, done.stderr
    return said[0]


def test_an_old_python_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    script(path / "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit; exit 1')
    for command in ("run", "test"):
        said = make(checkout, path, command)
        assert "needs Python 3.11 or newer, and this machine has Python 3.9.2: install one" in said
        assert "PYTHON=/path/to/python3.11" in said
    assert "python3 is not Python 3.11 or newer" in make(checkout, path, "run", "PYTHON=python3")


def test_a_missing_python_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    assert "needs Python 3.11 or newer, and this machine has no Python:" in make(
        checkout, tools(tmp_path / "bin"), "run"
    )


def test_a_missing_venv_module_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    script(path / "python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    assert "venv module is missing: run 'apt install python3-venv'" in make(checkout, path, "run")


def test_a_missing_browser_is_named_and_nothing_is_installed_without_root(checkout: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    (path / "id").unlink()
    script(path / "id", "echo 1000")
    script(path / "python", "exit 1")
    said = make(checkout, path, "browser", f"PY={path / 'python'}", "-o", ".venv/.dev")
    assert "run 'apt install chromium', or name one with CHROMIUM=/path/to/chrome" in said


def test_root_gets_the_browser_installed_and_reads_so(checkout: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin")
    (path / "id").unlink()
    script(path / "id", "echo 0")
    script(path / "python", "exit 1")
    calls, fetched = tmp_path / "calls", tmp_path / "fetched"  # nothing is found before the lists are fetched
    script(path / "apt-get", f'echo "$@" >>{calls}; case "$1" in update) touch {fetched};; *) [ -e {fetched} ];; esac')
    done = subprocess.run(
        ["make", "browser", f"PY={path / 'python'}", "-o", ".venv/.dev"],
        cwd=checkout, env={"PATH": str(path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The tests need a browser: installing the package chromium (apt-get, as root) ...\n"
    assert calls.read_text().splitlines() == ["install -y -qq chromium", "update -qq", "install -y -qq chromium"]


def test_make_run_prints_the_links_keeps_them_and_ends_quietly_on_ctrl_c(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "web" / "static" / "build", checkout / "web" / "static" / "build", dirs_exist_ok=True)
    command = ["make", "run", f"PY={sys.executable}", "-o", ".venv/.run", "-o", "web/static/build/manifest.json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHSIDE_")}
    environment |= {"HEARTHSIDE_PORT": "0", "HEARTHSIDE_MEDIA_PORT": "0"}
    ids = []
    for start in ("first", "second"):
        said, code = at_a_terminal(command, checkout, environment, until="organiser: ")
        assert code == 0, said
        assert "***" not in said
        assert "Traceback" not in said
        assert ("a new demonstration group was made" in said) == (start == "first")
        kept = json.loads((checkout / ".demo" / "links.json").read_text())
        assert (checkout / ".demo" / "links.json").stat().st_mode & 0o777 == 0o600
        for role in ("participant", "facilitator", "organiser"):
            assert re.search(rf"^{role}: {re.escape(kept[role])}\r?$", said, re.MULTILINE)
        ids.append(kept["id"])
    assert ids[0] == ids[1]


def at_a_terminal(command: list[str], folder: Path, environment: dict[str, str], *, until: str) -> tuple[str, int]:
    """Run a command at a terminal of its own and press Ctrl-C once it has printed `until` and the rest of that line."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    said, pressed = "", False
    while select.select([terminal], [], [], 60)[0]:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux's way of saying that the other side is closed
            break
        said += read.decode()
        if not pressed and re.search(rf"{until}.*\n", said):
            os.write(terminal, b"\x03")
            pressed = True
    else:
        os.kill(process, 9)
    os.close(terminal)
    return said, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_the_readmes_apt_line_names_what_the_makefile_asks_for() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "apt install make python3-venv" in readme


def test_continuous_integration_runs_make_test() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert text.rstrip().endswith("exec make test")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
