"""The payload descriptors of VP8 (RFC 7741 section 4.2) and VP9 (RFC 9628 section 4.2), and key frames told by them.

Both lie outside the encrypted frame. Behind VP8's lies the codec header that Hearthside's clients leave in clear.
"""

from __future__ import annotations

from dataclasses import dataclass

Buffer = bytes | bytearray | memoryview


@dataclass(slots=True)
class Vp8Descriptor:
    """VP8's descriptor; -1 where a field is absent."""

    length: int
    """Bytes, from the start of the RTP payload to the VP8 payload."""
    starts_frame: bool
    """First packet of a frame: S set and partition index 0."""
    non_reference: bool
    picture_id: int
    picture_id_bits: int
    """7 or 15, 0 without picture id."""
    tl0_pic_idx: int
    temporal_id: int
    layer_sync: bool
    """Y: depends on the base temporal layer only, so that switching up is possible here."""
    key_idx: int


@dataclass(slots=True)
class Vp9Descriptor:
    """VP9's descriptor; -1 where a field is absent."""

    length: int
    inter_predicted: bool
    """P: uses earlier pictures."""
    flexible: bool
    starts_frame: bool
    ends_frame: bool
    not_for_inter_layer: bool
    """Z: no higher spatial layer of the same picture uses this frame."""
    picture_id: int
    picture_id_bits: int
    temporal_id: int
    switching_up: bool
    spatial_id: int
    inter_layer: bool
    """D: uses the lower spatial layer of the same picture."""
    tl0_pic_idx: int


def parse_vp8(buffer: Buffer, start: int, end: int) -> Vp8Descriptor:
    """Read the descriptor of the RTP payload buffer[start:end]. Raises ParseError."""
    raise NotImplementedError


def parse_vp9(buffer: Buffer, start: int, end: int) -> Vp9Descriptor:
    """Read the descriptor of the RTP payload buffer[start:end]. Raises ParseError."""
    raise NotImplementedError


def vp8_key_frame(buffer: Buffer, start: int, end: int) -> bool:
    """Whether the RTP payload begins a VP8 key frame. Malformed payloads do not; never raises."""
    raise NotImplementedError


def vp9_key_frame(buffer: Buffer, start: int, end: int) -> bool:
    """Whether the RTP payload begins a VP9 key picture. Malformed payloads do not; never raises."""
    raise NotImplementedError
