"""Where ``hearthside`` and ``python -m signaling`` begin: before the libraries load, which takes a moment."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def interrupted(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C before anything has begun: no traceback, and the exit code of every interrupted command."""
    sys.exit(128 + signal.SIGINT)


def main() -> None:
    """Run the command. From there on asyncio and click end an interrupted command in good order."""
    signal.signal(signal.SIGINT, interrupted)
    from signaling.cli import main as command

    signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


if __name__ == "__main__":
    main()
