"""The payload descriptors of VP8 (RFC 7741 section 4.2) and VP9 (RFC 9628 section 4.2), and key frames told by them.

Both lie outside the encrypted frame. Behind VP8's lies the codec header that Hearthside's clients leave in clear.
"""

from __future__ import annotations

from dataclasses import dataclass

from sfu.rtp.errors import ParseError

Buffer = bytes | bytearray | memoryview


@dataclass(slots=True)
class Vp8Descriptor:
    """VP8's descriptor; -1 where a field is absent."""

    length: int
    """Bytes, from the start of the RTP payload to the VP8 payload."""
    starts_frame: bool
    """First packet of a frame: S set and partition index 0."""
    non_reference: bool
    """N: no other frame needs this one."""
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
    """Bytes, from the start of the RTP payload to the VP9 payload."""
    inter_predicted: bool
    """P: uses earlier pictures."""
    flexible: bool
    """F: references are told per picture."""
    starts_frame: bool
    """B: first packet of a layer's frame."""
    ends_frame: bool
    """E: last packet of a layer's frame."""
    not_for_inter_layer: bool
    """Z: no higher spatial layer of the same picture uses this frame."""
    picture_id: int
    picture_id_bits: int
    """7 or 15, 0 without picture id."""
    temporal_id: int
    switching_up: bool
    """U: switching up to this temporal layer is possible here."""
    spatial_id: int
    inter_layer: bool
    """D: uses the lower spatial layer of the same picture."""
    tl0_pic_idx: int


def parse_vp8(buffer: Buffer, start: int, end: int) -> Vp8Descriptor:
    """Read the descriptor of the RTP payload buffer[start:end]. Raises ParseError."""
    picture_id = tl0_pic_idx = temporal_id = key_idx = -1
    picture_id_bits = 0
    layer_sync = False
    first = _byte(buffer, start, end)
    offset = start + 1
    if first & 0x80:
        extension = _byte(buffer, offset, end)
        offset += 1
        if extension & 0x80:
            picture_id, picture_id_bits, offset = _picture_id(buffer, offset, end)
        if extension & 0x40:
            tl0_pic_idx = _byte(buffer, offset, end)
            offset += 1
        if extension & 0x30:
            value = _byte(buffer, offset, end)
            offset += 1
            if extension & 0x20:
                temporal_id, layer_sync = value >> 6, value & 0x20 != 0
            if extension & 0x10:
                key_idx = value & 0x1F
    return Vp8Descriptor(
        length=offset - start,
        starts_frame=first & 0x17 == 0x10,
        non_reference=first & 0x20 != 0,
        picture_id=picture_id,
        picture_id_bits=picture_id_bits,
        tl0_pic_idx=tl0_pic_idx,
        temporal_id=temporal_id,
        layer_sync=layer_sync,
        key_idx=key_idx,
    )


def parse_vp9(buffer: Buffer, start: int, end: int) -> Vp9Descriptor:
    """Read the descriptor of the RTP payload buffer[start:end]. Raises ParseError."""
    picture_id = temporal_id = spatial_id = tl0_pic_idx = -1
    picture_id_bits = 0
    switching_up = inter_layer = False
    first = _byte(buffer, start, end)
    offset = start + 1
    if first & 0x80:
        picture_id, picture_id_bits, offset = _picture_id(buffer, offset, end)
    if first & 0x20:
        layers = _byte(buffer, offset, end)
        offset += 1
        temporal_id, switching_up = layers >> 5, layers & 0x10 != 0
        spatial_id, inter_layer = layers >> 1 & 7, layers & 1 != 0
        if not first & 0x10:
            tl0_pic_idx = _byte(buffer, offset, end)
            offset += 1
    if first & 0x50 == 0x50:  # flexible and predicted: one to three reference indices, N says that another follows
        for _ in range(3):
            more = _byte(buffer, offset, end) & 1
            offset += 1
            if not more:
                break
        else:
            raise ParseError("VP9 descriptor has more than three references")
    if first & 0x02:
        offset = _skip_scalability_structure(buffer, offset, end)
    return Vp9Descriptor(
        length=offset - start,
        inter_predicted=first & 0x40 != 0,
        flexible=first & 0x10 != 0,
        starts_frame=first & 0x08 != 0,
        ends_frame=first & 0x04 != 0,
        not_for_inter_layer=first & 0x01 != 0,
        picture_id=picture_id,
        picture_id_bits=picture_id_bits,
        temporal_id=temporal_id,
        switching_up=switching_up,
        spatial_id=spatial_id,
        inter_layer=inter_layer,
        tl0_pic_idx=tl0_pic_idx,
    )


def vp8_key_frame(buffer: Buffer, start: int, end: int) -> bool:
    """Whether the RTP payload begins a VP8 key frame: P bit 0 and start code (RFC 6386 section 9.1). Never raises."""
    if start >= end or buffer[start] & 0x17 != 0x10:
        return False
    try:
        offset = start + parse_vp8(buffer, start, end).length
    except ParseError:
        return False
    return end - offset >= 10 and not buffer[offset] & 1 and buffer[offset + 3 : offset + 6] == b"\x9d\x01\x2a"


def vp9_key_frame(buffer: Buffer, start: int, end: int) -> bool:
    """Whether the RTP payload begins a VP9 key picture: its lowest layer, not predicted. Never raises."""
    if start >= end or buffer[start] & 0x48 != 0x08:
        return False
    try:
        return parse_vp9(buffer, start, end).spatial_id <= 0
    except ParseError:
        return False


def _picture_id(buffer: Buffer, offset: int, end: int) -> tuple[int, int, int]:
    """Return the picture id, its bits, and the offset behind it."""
    value = _byte(buffer, offset, end)
    if value & 0x80:
        return (value & 0x7F) << 8 | _byte(buffer, offset + 1, end), 15, offset + 2
    return value, 7, offset + 1


def _skip_scalability_structure(buffer: Buffer, offset: int, end: int) -> int:
    """Return the offset behind the scalability structure (RFC 9628 section 4.2.1)."""
    head = _byte(buffer, offset, end)
    offset += 1
    if head & 0x10:
        offset += 4 * ((head >> 5) + 1)
    if head & 0x08:
        pictures = _byte(buffer, offset, end)
        offset += 1
        for _ in range(pictures):
            offset += 1 + (_byte(buffer, offset, end) >> 2 & 3)
    if offset > end:
        raise ParseError("VP9 scalability structure is cut off")
    return offset


def _byte(buffer: Buffer, offset: int, end: int) -> int:
    if offset >= end:
        raise ParseError("payload descriptor is cut off")
    return buffer[offset]
