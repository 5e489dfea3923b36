"""Where the two commands begin: `signaling.__main__` and `signaling.demo_run`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Presses Ctrl-C at the moment at which the libraries begin to load, however fast the machine is.
IMPATIENT = """
import importlib.abc, os, runpy, signal, sys
module, loading = sys.argv.pop(1), sys.argv.pop(1)
class Impatient(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == loading:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Impatient())
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("module", "loading", "code"),
    [
        ("signaling", "sqlalchemy", 130),
        ("signaling", "alembic", 130),
        ("signaling.demo_run", "sqlalchemy", 0),  # else make would call it an error
        ("signaling.demo_run", "aiohttp", 0),
    ],
)
def test_ctrl_c_while_the_libraries_load_ends_the_command_without_a_word(
    module: str, loading: str, code: int, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHSIDE_")}
    environment |= {"HEARTHSIDE_DATA": str(tmp_path), "HEARTHSIDE_PORT": "0", "HEARTHSIDE_MEDIA_PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, module, loading],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_the_command_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "signaling", "--version"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("hearthside ")
