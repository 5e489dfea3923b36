"""The real server, but it writes down what the SFU holds behind SRTP: what an operator with a debugger could see.

Only for test_payloads.py: the place is named by ``CAPTURE_FILE``, one packet a line, the payload in base64.
"""

from __future__ import annotations

import base64
import json
import os
import sys

from sfu import native
from sfu.rtp.packet import MediaPacket
from sfu.streams.retransmission_cache import RetransmissionCache
from signaling import media_process, media_worker
from signaling.cli import main

_put = RetransmissionCache.put
_descriptor = os.open(os.environ["CAPTURE_FILE"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


def _write_down(self: RetransmissionCache, packet: MediaPacket) -> None:
    payload = base64.b64encode(packet.payload).decode()
    line = {"cache": id(self), "type": packet.payload_type, "sequence": packet.sequence, "marker": bool(packet.marker)}
    os.write(_descriptor, json.dumps({**line, "payload": payload}).encode() + b"\n")
    _put(self, packet)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        media_worker.PROCESS = "tests.browser.capturing_server"
        main()
    else:
        native.compiled = False  # what is patched is the twin's Python
        RetransmissionCache.put = _write_down  # type: ignore[method-assign] # the point of it
        media_process.main(sys.argv[1:])
