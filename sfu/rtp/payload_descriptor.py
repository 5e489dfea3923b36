"""The payload descriptors of VP8 (RFC 7741 section 4.2) and VP9 (RFC 9628 section 4.2), and key frames told by them.

Both lie outside the encrypted frame, so that a forwarder may rewrite them. Behind VP8's lies the codec header that
Hearthside's clients leave in clear.
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
    heights: tuple[int, ...]
    """Lines of each spatial layer's picture, as a scalability structure announces; empty without one."""


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
    heights: tuple[int, ...] = ()
    if first & 0x02:
        heights, offset = _scalability_structure(buffer, offset, end)
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
        heights=heights,
    )


def vp8_key_frame_height(buffer: Buffer, start: int, end: int) -> int:
    """Return the lines of the picture if the RTP payload begins a VP8 key frame, else 0. Never raises.

    It does if the P bit is 0 and the start code follows (RFC 6386 section 9.1).
    """
    if start >= end or buffer[start] & 0x17 != 0x10:
        return 0
    try:
        offset = start + (parse_vp8(buffer, start, end).length if buffer[start] & 0x80 else 1)
    except ParseError:
        return 0
    if end - offset < 10 or buffer[offset] & 1 or buffer[offset + 3 : offset + 6] != b"\x9d\x01\x2a":
        return 0
    return (buffer[offset + 9] & 0x3F) << 8 | buffer[offset + 8]


def write_vp8(buffer: bytearray, start: int, picture_id: int, tl0_pic_idx: int) -> None:
    """Overwrite picture id and TL0PICIDX of a VP8 descriptor that `parse_vp8` has read, in place and modulo their size.

    What the descriptor does not carry stays absent.
    """
    extension = buffer[start + 1]
    offset = start + 2
    if extension & 0x80:
        if buffer[offset] & 0x80:
            buffer[offset] = 0x80 | picture_id >> 8 & 0x7F
            buffer[offset + 1] = picture_id & 0xFF
            offset += 2
        else:
            buffer[offset] = picture_id & 0x7F
            offset += 1
    if extension & 0x40:
        buffer[offset] = tl0_pic_idx & 0xFF


def _picture_id(buffer: Buffer, offset: int, end: int) -> tuple[int, int, int]:
    """Return the picture id, its bits, and the offset behind it."""
    value = _byte(buffer, offset, end)
    if value & 0x80:
        return (value & 0x7F) << 8 | _byte(buffer, offset + 1, end), 15, offset + 2
    return value, 7, offset + 1


def _scalability_structure(buffer: Buffer, offset: int, end: int) -> tuple[tuple[int, ...], int]:
    """Return the layers' heights, and the offset behind the scalability structure (RFC 9628 section 4.2.1)."""
    head = _byte(buffer, offset, end)
    offset += 1
    heights: tuple[int, ...] = ()
    if head & 0x10:
        sizes = offset
        offset += 4 * ((head >> 5) + 1)
        if offset <= end:
            heights = tuple([buffer[at] << 8 | buffer[at + 1] for at in range(sizes + 2, offset, 4)])
    if head & 0x08:
        pictures = _byte(buffer, offset, end)
        offset += 1
        for _ in range(pictures):
            offset += 1 + (_byte(buffer, offset, end) >> 2 & 3)
    if offset > end:
        raise ParseError("VP9 scalability structure is cut off")
    return heights, offset


def _byte(buffer: Buffer, offset: int, end: int) -> int:
    if offset >= end:
        raise ParseError("payload descriptor is cut off")
    return buffer[offset]
