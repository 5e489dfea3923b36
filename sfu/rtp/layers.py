"""Which layer a packet of video belongs to, from whatever says so in clear.

The Dependency Descriptor where there is one, else the payload descriptor of VP8 or VP9, else the codec header that
Hearthside's clients leave in clear. It is found out once for each packet that arrives, not once for each subscriber;
packets of which the same is to be said share one object.
"""

from __future__ import annotations

from sfu.rtp import dependency_descriptor
from sfu.rtp.errors import ParseError
from sfu.rtp.payload_descriptor import parse_vp8, parse_vp9, vp8_key_frame_height

Buffer = bytes | bytearray | memoryview

MAX_TEMPORAL = 3
"""The highest temporal layer that is told apart: browsers send three layers, descriptors could name eight. What is
above counts as this one."""

MAX_SPATIAL = 3
"""The same for spatial layers, of which the Dependency Descriptor knows no more."""

LAYERS = (MAX_TEMPORAL + 1) * (MAX_SPATIAL + 1)
"""Of one encoding, at most."""

_ALL = (1 << MAX_TEMPORAL + 1) - 1

STRUCTURES = 16
"""Structures that one encoding may announce between two calls of `refill`. Reading one takes 0.1 ms; an encoding
sends one with each key frame. More would let a member spend our time, less takes layers from one in great loss."""


class FrameLayer:
    """What is known of a packet's frame."""

    __slots__ = (
        "ends_frame", "index", "key_frame", "picture_id", "spatial", "starts_frame", "switches", "temporal",
        "tl0_pic_idx",
    )  # fmt: skip

    def __init__(
        self,
        *,
        spatial: int = 0,
        temporal: int = 0,
        starts_frame: bool = False,
        ends_frame: bool = False,
        key_frame: bool = False,
        switches: int = 0,
        picture_id: int = -1,
        tl0_pic_idx: int = -1,
    ) -> None:
        self.spatial = spatial
        self.temporal = temporal
        self.index = spatial * (MAX_TEMPORAL + 1) + temporal
        """Of the layer among `LAYERS`, for counting."""
        self.starts_frame = starts_frame
        """First packet of a spatial layer's frame."""
        self.ends_frame = ends_frame
        """Last packet of a spatial layer's frame, where the descriptor tells."""
        self.key_frame = key_frame
        """First packet of a key frame."""
        self.switches = switches
        """Bit n: who gets fewer temporal layers may get those up to n from this frame on."""
        self.picture_id = picture_id
        """VP8's, to be rewritten; -1 where there is none."""
        self.tl0_pic_idx = tl0_pic_idx
        """VP8's, to be rewritten; -1 where there is none."""


PLAIN = FrameLayer(starts_frame=True, switches=_ALL)
"""Of a packet of which nothing is known: sound, say."""
_REST = FrameLayer()
_START = FrameLayer(starts_frame=True, switches=_ALL)
_KEY = FrameLayer(starts_frame=True, key_frame=True, switches=_ALL)


class LayerReader:
    """Reads the layers of one encoding's packets, and keeps what key frames announce for those after them."""

    __slots__ = ("_codecs", "_indices", "_known", "_reader", "_structures_left", "heights")

    def __init__(self, codecs: dict[int, str], indices: bytearray | None = None) -> None:
        """``codecs`` names the codec of each payload type.

        In ``indices`` is noted what layer a descriptor that says no more than its first byte is of: its index and 1.
        """
        self._indices = indices if indices is not None else bytearray(256)
        self.heights: list[int] = []
        """Lines of the picture for each spatial layer, lowest first, as announced last; empty where not known."""
        self._codecs = codecs
        self._reader = dependency_descriptor.Reader()
        self._known: list[FrameLayer | None] = [None] * 256
        """By the first byte of a descriptor: its flags and its template id."""
        self._structures_left = STRUCTURES

    def refill(self) -> None:
        """Allow `STRUCTURES` more to be read. To be called about every half second."""
        self._structures_left = STRUCTURES

    def read(self, payload_type: int, descriptor: bytes, buffer: Buffer, start: int, end: int) -> FrameLayer:
        """Return what is known of the packet with that payload, buffer[start:end]. Never raises."""
        if descriptor:
            layer = self._read_descriptor(descriptor)
            if layer.key_frame and not self.heights and (height := vp8_key_frame_height(buffer, start, end)):
                self.heights = [height]
            return layer
        codec = self._codecs.get(payload_type)
        if codec == "VP8":
            return self._read_vp8(buffer, start, end)
        if codec == "VP9":
            return self._read_vp9(buffer, start, end)
        return PLAIN

    def _read_descriptor(self, descriptor: bytes) -> FrameLayer:
        first = descriptor[0]
        if len(descriptor) == dependency_descriptor.MANDATORY_LENGTH:
            return self._known[first] or _flags(first)
        announces = dependency_descriptor.has_structure(descriptor, 0, len(descriptor))
        if announces:
            if not self._structures_left:
                return _flags(first)
            self._structures_left -= 1
        try:
            read = self._reader.read(descriptor, 0, len(descriptor))
        except ParseError:
            return self._known[first] or _flags(first)
        if read.structure is not None:
            self._learn(read.structure)
        targets = self._reader.decode_targets
        return _layer(first, read.spatial_id, read.temporal_id, read.indications, targets, key_frame=announces)

    def _learn(self, structure: dependency_descriptor.Structure) -> None:
        """Keep templates by their ids. Ids change with each structure, so that late packets still find their own."""
        for index, template in enumerate(structure.templates):
            number = structure.template_id_offset + index & 0x3F
            for flags in (0, 0x40, 0x80, 0xC0):
                layer = self._known[flags | number] = _layer(
                    flags, template.spatial_id, template.temporal_id, template.indications, structure.decode_targets
                )
                self._indices[flags | number] = layer.index + 1
        if structure.resolutions:
            self.heights = [height for _, height in structure.resolutions][: MAX_SPATIAL + 1]

    def _read_vp8(self, buffer: Buffer, start: int, end: int) -> FrameLayer:
        height = vp8_key_frame_height(buffer, start, end)
        key_frame = height > 0
        if key_frame:
            self.heights = [height]
        if start >= end or not buffer[start] & 0x80:  # no extensions, as most browsers send without simulcast
            if key_frame:
                return _KEY
            return _START if start < end and buffer[start] & 0x17 == 0x10 else _REST
        try:
            read = parse_vp8(buffer, start, end)
        except ParseError:
            return _REST
        temporal = max(read.temporal_id, 0)
        if key_frame or read.temporal_id < 0:
            switches = _ALL
        else:
            switches = 1 << temporal if read.layer_sync or not temporal else 0
        return FrameLayer(
            temporal=temporal,
            starts_frame=read.starts_frame,
            key_frame=key_frame,
            switches=switches,
            picture_id=read.picture_id,
            tl0_pic_idx=read.tl0_pic_idx,
        )

    def _read_vp9(self, buffer: Buffer, start: int, end: int) -> FrameLayer:
        try:
            read = parse_vp9(buffer, start, end)
        except ParseError:
            return _REST
        if read.heights:
            self.heights = list(read.heights[: MAX_SPATIAL + 1])
        key_frame = read.starts_frame and not read.inter_predicted and read.spatial_id <= 0
        temporal = min(max(read.temporal_id, 0), MAX_TEMPORAL)
        switches = _ALL if key_frame or read.temporal_id < 0 else 0
        if read.switching_up:  # RFC 9628 section 4.2: what follows in higher layers needs nothing older of them
            switches = _ALL & ~((1 << temporal) - 1)
        return FrameLayer(
            spatial=min(max(read.spatial_id, 0), MAX_SPATIAL),
            temporal=temporal,
            starts_frame=read.starts_frame,
            ends_frame=read.ends_frame,
            key_frame=key_frame,
            switches=switches,
        )


def _flags(first: int) -> FrameLayer:
    """What a descriptor says of which the template is not known: nothing but where the frame begins and ends."""
    return FrameLayer(starts_frame=first & 0x80 != 0, ends_frame=first & 0x40 != 0)


def _layer(
    first: int,
    spatial: int,
    temporal: int,
    indications: tuple[int, ...],
    targets: tuple[tuple[int, int], ...],
    *,
    key_frame: bool = False,
) -> FrameLayer:
    """Put together what a descriptor and its template say."""
    switches = _ALL if key_frame else 0
    for indication, (target_spatial, target_temporal) in zip(indications, targets, strict=False):
        if indication == dependency_descriptor.SWITCH and target_spatial == spatial:
            switches |= 1 << min(target_temporal, MAX_TEMPORAL)
    return FrameLayer(
        spatial=min(spatial, MAX_SPATIAL),
        temporal=min(temporal, MAX_TEMPORAL),
        starts_frame=first & 0x80 != 0,
        ends_frame=first & 0x40 != 0,
        key_frame=key_frame and first & 0x80 != 0,
        switches=switches,
    )
