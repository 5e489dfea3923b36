"""A camera's temporal layers as Chromium sends them for L1T3, in VP8's words and in the Dependency Descriptor's.

Of four frames one is of the lowest layer, one of the middle and two of the highest: 0 2 1 2. The templates are those
of libwebrtc's scalability structure of that name; a key frame's first packet announces them, under new ids each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.sfu.rtp.bits import BitWriter


@dataclass(frozen=True)
class Template:
    """What frames of one kind depend on (AV1 RTP payload specification v1.0, section A.8.3)."""

    temporal: int
    indications: tuple[int, int, int]
    """For each of three decode targets: 0 not present, 1 discardable, 2 switch."""
    frames: tuple[int, ...]
    """How many frames back those lie that it refers to."""
    chain: int
    """How many frames back the last one of the lowest layer lies."""


TEMPLATES = (
    Template(0, (2, 2, 2), (), 0),
    Template(0, (2, 2, 2), (4,), 4),
    Template(1, (0, 1, 2), (2,), 2),
    Template(2, (0, 0, 1), (1,), 1),
    Template(2, (0, 0, 1), (1, 3), 3),
)
"""The first is of key frames."""
TURNS = (1, 3, 2, 4)
"""Templates of the frames, in turn; a key frame takes the place of the first."""
IDS = 64
"""Template ids (section A.8.2: template_id has six bits)."""


class Layers:
    """Of one stream."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._offset = -len(TEMPLATES)
        self._turn = 0
        self._template = 0
        self._base = 0

    def begin(self, *, key_frame: bool) -> None:
        """Begin a frame."""
        if key_frame:
            self._turn = 0
            self._offset = (self._offset + len(TEMPLATES)) % IDS
        place = self._turn % len(TURNS)
        self._template = 0 if key_frame else TURNS[place]
        self._turn += 1
        self._base += place == 0

    @property
    def vp8(self) -> tuple[int, int]:
        """The frame's TL0PICIDX, and its TID with the Y bit, in their places (RFC 7741 section 4.2)."""
        return self._base & 0xFF, TEMPLATES[self._template].temporal << 6 | (self._template in (2, 3)) << 5

    def first_byte(self, *, start: bool, end: bool) -> int:
        """Return the first byte of a packet's descriptor; the frame's number follows, and of most packets no more."""
        return start << 7 | end << 6 | (self._offset + self._template) % IDS

    def structure(self) -> bytes:
        """Return what follows these three bytes on the first packet of a key frame (section A.8.2)."""
        bits = BitWriter().write((1, 1), (0, 4))  # a structure, nothing custom
        bits.write((self._offset, 6), (2, 5))  # three decode targets
        bits.write((0, 2), (1, 2), (1, 2), (0, 2), (3, 2))  # layers: the same, next T, next T, the same, no more
        for template in TEMPLATES:
            bits.write(*[(indication, 2) for indication in template.indications])
        for template in TEMPLATES:
            for diff in template.frames:
                bits.write((1, 1), (diff - 1, 4))
            bits.write((0, 1))
        bits.write((1, 2))  # one chain, which protects every target
        bits.write(*[(template.chain, 4) for template in TEMPLATES])
        return bits.write((1, 1), (self._height * 16 // 9 - 1, 16), (self._height - 1, 16)).to_bytes()
