"""A media worker's process, run to its end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60

FAULTY = """
import sys
import sfu.io.serve
from signaling import media_process

async def serve(sock):
    raise LookupError("a name that nobody should read")

sfu.io.serve.serve = serve
media_process.main(sys.argv[1:])
"""


def run(*program: str) -> subprocess.CompletedProcess[str]:
    """Run one whose parent's end of the pipe is closed."""
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        return subprocess.run(
            [sys.executable, *program, str(theirs.fileno()), str(os.getpid()), "info"],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def test_it_ends_with_its_pipe_in_silence() -> None:
    ended = run("-m", "signaling.media_process")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_fault_that_ends_it_is_logged_without_its_text() -> None:
    ended = run("-c", FAULTY)
    assert ended.returncode == 1
    assert "a fault ends a media worker" in ended.stderr
    assert "LookupError" in ended.stderr
    assert "nobody should read" not in ended.stderr
    assert "Traceback" not in ended.stderr
