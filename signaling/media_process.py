"""Where a media worker's process begins: ``python -m signaling.media_process`` with a file descriptor, the parent's
process id and a log level. Started by `media_worker` alone.

It ends with the process that started it, whatever happens to that: the pipe breaks, and on Linux the kernel kills it,
also in the middle of an endless loop.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2), Linux."""


def end_with(parent: int) -> None:
    """Have the kernel end this process with its parent. Elsewhere than on Linux the broken pipe has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(0)


def main(arguments: list[str]) -> None:
    """Serve until told to stop. Ctrl-C and systemd's SIGTERM reach all processes: the parent decides what follows."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    descriptor, parent, log_level = arguments
    end_with(int(parent))
    # Only now: the libraries take a moment.
    import asyncio
    import logging
    import socket

    from sfu.io.media_loop import MediaLoop
    from sfu.io.serve import serve
    from signaling import logs

    logs.set_up(log_level)

    async def work() -> None:
        asyncio.get_running_loop().set_exception_handler(logs.on_loop_exception)
        await serve(socket.socket(fileno=int(descriptor)))

    try:
        with asyncio.Runner(loop_factory=MediaLoop) as runner:
            runner.run(work())
    except Exception:  # Python would print its text, which may quote what was being handled
        logging.getLogger("hearthside.media").exception("a fault ends a media worker")
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
