"""Where ``make run`` begins, before the libraries load: Ctrl-C ends it at any moment, and make says nothing of it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def terminal_to_ourselves() -> Iterator[None]:
    """Take the terminal's foreground, so that Ctrl-C reaches the server alone and make ends without an error."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        yield  # no terminal: signals come by kill
        return
    before = os.getpgrp()
    if os.getpid() == before or os.tcgetpgrp(terminal) != before:
        os.close(terminal)
        yield  # started without make, or in the background: the terminal is as it should be
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else giving the terminal back would stop us
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # Ctrl-Z would stop us alone and leave make waiting
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)
        os.close(terminal)


def interrupted(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C before the server is up: not an error for make."""
    sys.exit()


def main() -> None:
    """Run the demonstration. Once it serves, `signaling.app` takes the signals over."""
    signal.signal(signal.SIGINT, interrupted)
    with terminal_to_ourselves():
        from signaling.demo import main as command

        command()


if __name__ == "__main__":
    main()
