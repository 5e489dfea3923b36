"""The real server, but its SFU puts sound of its own, in clear, in the place of everybody's.

Only for test_malicious_server.py: what an operator who patches the SFU would try.
"""

from __future__ import annotations

import itertools
import sys

from sfu import native
from sfu.rtp.packet import MediaPacket
from sfu.streams.retransmission_cache import RetransmissionCache
from signaling import media_process, media_worker
from signaling.cli import main
from tests.interop.media_samples import opus_tone

OPUS = 111
_put = RetransmissionCache.put
_tone = itertools.cycle(opus_tone())


def _replace(self: RetransmissionCache, packet: MediaPacket) -> None:
    if packet.payload_type == OPUS:
        packet.payload = next(_tone)
    _put(self, packet)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        media_worker.PROCESS = "tests.browser.injecting_server"
        main()
    else:
        native.compiled = False  # what is patched is the twin's Python
        RetransmissionCache.put = _replace  # type: ignore[method-assign] # the point of it
        media_process.main(sys.argv[1:])
