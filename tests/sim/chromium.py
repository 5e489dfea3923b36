"""How Chromium behaves: as `tests/sim/capture.py` recorded it, or by its source where a record cannot tell.

In-band FEC was looked at by hand, once: what the two figures say no command records again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfu.rtp.dependency_descriptor import Reader
from tests.sfu.rtp.bits import BitWriter

RECORD: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "chromium.json").read_text())

FRAME_INTERVAL = 1 / 30
PACKET = 1140
"""Bytes of payload at most: what the record's largest packets carry."""
SOUND = int(RECORD["sound"]["payload B"]["p50"]) + 19
"""Bytes of an Opus frame of 32 kbit/s, and of SFrame's header and tag around it."""
SOUND_INTERVAL = 0.02
KEY_FRAME_DELAY: float = RECORD["key frames"]["delay s"]["p50"]
"""Seconds from a PLI to the key frame's first packet; all encodings make one together."""
KEY_FRAME_GAP = 0.3
"""Seconds between two key frames, however often one is asked for (libwebrtc, encoder_rtcp_feedback.cc)."""
STARVED: int = round(RECORD["nothing on the way down"]["key frame requests after s of nothing"][0])
"""Seconds without a decodable frame after which a receiver asks for a key frame (video_receive_stream2.cc)."""
NACK_TRIES = 10
"""Requests for one packet (nack_requester.cc)."""
NACK_LIMIT = 1000
"""Packets missing at once before a receiver gives up and asks for a key frame (nack_requester.cc)."""
NACK_ROUND = 0.02
"""Seconds between two looks at what is to be asked for again (nack_requester.cc)."""
FEEDBACK_INTERVAL = 0.1
"""Seconds between transport-wide feedback: 50 to 250 ms, by 5 % of the rate (remote_estimator_proxy.cc)."""
REPORT_INTERVAL = 1.0
"""Seconds between receiver reports of a picture on average: half as many to half as many again (rtcp_sender.cc)."""
SOUND_REPORT_INTERVAL = 5.0
"""The same of sound."""
HISTORY = 1.0
"""Seconds for which a sender keeps packets to send again (rtp_packet_history.cc: three round trips, at least 1 s)."""
PACE = 2.5
"""Times the estimate at which video leaves (pacing_controller.cc)."""

FEC_FROM = 0.05
"""Loss, told by reports and smoothed, from which Opus adds in-band FEC at 32 kbit/s. Read by hand, not by
`tests/sim/capture.py`, on a day not noted: of 200 frames of speech that Chromium sent while reports told it of one
constant loss, 135 to 171 carried FEC at 5 % and more, and none without reports."""
FEC_SHARE = 0.7
"""Frames of speech that carry it then: the lower end of what was read by hand."""
LOSS_SMOOTHING = 10.0
"""Seconds: time constant of the loss that the encoder believes, after a first report taken as it is
(audio_encoder_opus.cc)."""

CYCLE = [
    # template, frames back: as recorded, over eight frames of L1T3
    (0, (4,)), (5, (1,)), (3, (2,)), (5, (1,)), (2, (4,)), (6, (3, 1)), (4, (4, 2)), (5, (1,)),
]  # fmt: skip
SHARE = {0: 1.6, 1: 0.8, 2: 0.8}
"""Size of a frame of each temporal layer, in parts of the mean: libvpx gives 40, 20 and 40 % of the rate to one, one
and two frames of four."""
KEY_FRAME = 4.0
"""Size of a key frame in parts of the mean frame. The fake camera's simple picture shows less."""

_STRUCTURE = bytes.fromhex(RECORD["descriptors"]["key frame"][0])
_RESOLUTION_AT = 6
"""Bits behind the width and height in the recorded structure."""


def temporal_ids() -> list[int]:
    """The temporal layer of each template that the recorded structure names."""
    structure = Reader().read(_STRUCTURE, 0, len(_STRUCTURE)).structure
    assert structure is not None
    return [template.temporal_id for template in structure.templates]


TEMPORAL = temporal_ids()


@dataclass(frozen=True)
class Encoding:
    """One of the three, as the client asks for them."""

    rid: str
    width: int
    height: int
    rate: int
    """Bit/s at most."""
    least: int
    """Bit/s below which the encoding is not sent (simulcast.cc)."""


ENCODINGS = [
    Encoding("q", 320, 180, 150_000, 30_000),
    Encoding("h", 640, 360, 500_000, 150_000),
    Encoding("f", 1280, 720, 1_500_000, 600_000),
]


def first_descriptor(number: int, width: int, height: int) -> bytes:
    """The descriptor of a key frame's first packet: the recorded structure with another size in it."""
    value = int.from_bytes(_STRUCTURE[3:], "big") & ~(0xFFFFFFFF << _RESOLUTION_AT)
    value |= (width - 1 << 16 | height - 1) << _RESOLUTION_AT
    return bytes([0x80, number >> 8 & 0xFF, number & 0xFF]) + value.to_bytes(len(_STRUCTURE) - 3, "big")


def delta_descriptor(template: int, number: int, diffs: tuple[int, ...]) -> bytes:
    """The descriptor of any other frame's first packet: frame distances of its own, since encodings share numbers."""
    bits = BitWriter().write((2, 2), (template, 6), (number & 0xFFFF, 16), (0b00010, 5))
    for diff in diffs:
        bits.write(*(((1, 2), (diff - 1, 4)) if diff <= 16 else ((2, 2), (diff - 1, 8))))
    return bits.write((0, 2)).to_bytes()
