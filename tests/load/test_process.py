"""A process is seen with its children, and ends with them."""

import subprocess
import sys
import time

from tests.load import process

CHILD = "x = bytearray(30 << 20); sum(range(10**7)); print(flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def test_the_children_count_and_end_too() -> None:
    parent = process.start_pinned([sys.executable, "-c", PARENT], 0, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    family = process.tree(parent.pid)
    assert family[0] == parent.pid
    assert len(family) == 2
    assert process.cpu(parent.pid) > process.cpu(family[1]) > 0
    assert process.memory(parent.pid) > 30 << 20
    process.stop(parent)
    process.stop(parent)
    deadline = time.monotonic() + 10
    while process.tree(family[1]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.tree(parent.pid)
    assert not process.tree(family[1])


def test_nothing_is_no_tree() -> None:
    ended = process.start_pinned([sys.executable, "-c", ""], 0, stdout=subprocess.DEVNULL)
    ended.wait()
    assert process.tree(ended.pid) == []
    process.stop(ended)
