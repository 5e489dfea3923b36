"""The Dependency Descriptor header extension (AV1 RTP payload specification v1.0, appendix A), read and rewritten."""

from __future__ import annotations

from dataclasses import dataclass

from sfu.rtp.errors import ParseError

Buffer = bytes | bytearray | memoryview

MANDATORY_LENGTH = 3
"""Bytes of the mandatory fields (section A.8.2): an element this short refers to a template and says no more."""

SWITCH = 2
"""The indication of a frame from which on a decode target can be decoded (section A.8.3)."""

_MAX_TEMPLATES = 64
_MAX_SPATIAL_ID = 3
_MAX_TEMPORAL_ID = 7
"""What six-bit template ids and the specification's layer ids can name (sections A.8.2, A.8.3); more is malformed."""


@dataclass(slots=True)
class Template:
    """One frame dependency template of a structure (section A.8.3)."""

    spatial_id: int
    temporal_id: int
    indications: tuple[int, ...]
    """Per decode target: 0 not present, 1 discardable, 2 switch, 3 required."""
    frame_diffs: tuple[int, ...]
    """How many frames back each referenced frame lies."""
    chain_diffs: tuple[int, ...]
    """Per chain: how many frames back its previous frame lies."""


@dataclass(slots=True)
class Structure:
    """A template dependency structure: what a key frame announces for the frames after it."""

    template_id_offset: int
    decode_targets: tuple[tuple[int, int], ...]
    """Per decode target: its highest (spatial id, temporal id)."""
    chain_count: int
    protected_by: tuple[int, ...]
    """Per decode target: the chain that protects it; empty without chains."""
    templates: list[Template]
    resolutions: list[tuple[int, int]]
    """(width, height) per spatial layer; empty where not told."""


@dataclass(slots=True)
class Descriptor:
    """What one packet's extension says of its frame."""

    start_of_frame: bool
    end_of_frame: bool
    frame_number: int
    """16 bits; shared by the simulcast layers of a source, so that a forwarder must rewrite it."""
    spatial_id: int
    temporal_id: int
    indications: tuple[int, ...]
    frame_diffs: tuple[int, ...]
    chain_diffs: tuple[int, ...]
    structure: Structure | None
    """Attached to this packet: the first of a key frame."""
    active_targets: int
    """Bit mask of the decode targets that are being sent."""

    @property
    def key_frame(self) -> bool:
        """Whether this packet carries the structure, and so begins a key frame."""
        return self.structure is not None


class Reader:
    """Reads the descriptors of one RTP stream and keeps the structure that the later ones refer to."""

    __slots__ = ("_active_targets", "_structure")

    def __init__(self) -> None:
        self._structure: Structure | None = None
        self._active_targets = 0

    @property
    def decode_targets(self) -> tuple[tuple[int, int], ...]:
        """Of the structure that came last: see `Structure`."""
        return () if self._structure is None else self._structure.decode_targets

    def read(self, buffer: Buffer, offset: int, length: int) -> Descriptor:
        """Read one element's data. Raises ParseError if it is malformed or refers to a template that was never sent.

        What is kept changes only when the whole element is right.
        """
        if length < MANDATORY_LENGTH:
            raise ParseError("dependency descriptor is cut off")
        first = buffer[offset]
        structure = self._structure
        active = self._active_targets
        attached = None
        bits = None
        custom_indications = custom_frames = custom_chains = 0
        if length > MANDATORY_LENGTH:
            bits = _Bits(buffer, offset + MANDATORY_LENGTH, length - MANDATORY_LENGTH)
            has_structure, has_active = bits.read(1), bits.read(1)
            custom_indications, custom_frames, custom_chains = bits.read(1), bits.read(1), bits.read(1)
            if has_structure:
                structure = attached = _read_structure(bits)
                active = (1 << len(structure.decode_targets)) - 1
            if has_active:
                active = bits.read(len(structure.decode_targets) if structure else 0)
        if structure is None:
            raise ParseError("dependency descriptor came before any structure")
        index = (first & 0x3F) - structure.template_id_offset & 0x3F
        if index >= len(structure.templates):
            raise ParseError("dependency descriptor names an unknown template")
        template = structure.templates[index]
        indications, frame_diffs, chain_diffs = template.indications, template.frame_diffs, template.chain_diffs
        if bits is not None:
            if custom_indications:
                indications = tuple([bits.read(2) for _ in indications])
            if custom_frames:
                diffs = []
                while size := bits.read(2):
                    diffs.append(bits.read(4 * size) + 1)
                frame_diffs = tuple(diffs)
            if custom_chains:
                chain_diffs = tuple([bits.read(8) for _ in range(structure.chain_count)])
        self._structure = structure
        self._active_targets = active
        return Descriptor(
            first & 0x80 != 0,
            first & 0x40 != 0,
            buffer[offset + 1] << 8 | buffer[offset + 2],
            template.spatial_id,
            template.temporal_id,
            indications,
            frame_diffs,
            chain_diffs,
            attached,
            active,
        )


def has_structure(buffer: Buffer, offset: int, length: int) -> bool:
    """Whether the element announces a structure: the mark of a key frame, told without reading the rest."""
    return length > MANDATORY_LENGTH and buffer[offset + MANDATORY_LENGTH] & 0x80 != 0


def frame_number(buffer: Buffer, offset: int) -> int:
    """Return the 16-bit frame number of an element of at least 3 bytes."""
    return buffer[offset + 1] << 8 | buffer[offset + 2]


def write_frame_number(buffer: bytearray, offset: int, number: int) -> None:
    """Overwrite the frame number of an element of at least 3 bytes, in place; `number` is taken modulo 2^16."""
    buffer[offset + 1] = number >> 8 & 0xFF
    buffer[offset + 2] = number & 0xFF


class _Bits:
    """Reads bit fields, most significant bit first."""

    __slots__ = ("_left", "_value")

    def __init__(self, buffer: Buffer, offset: int, length: int) -> None:
        self._value = int.from_bytes(buffer[offset : offset + length], "big")
        self._left = 8 * length

    def read(self, count: int) -> int:
        """Return the next `count` bits: f(n) of the specification."""
        self._left -= count
        if self._left < 0:
            raise ParseError("dependency descriptor is cut off")
        return self._value >> self._left & (1 << count) - 1

    def read_below(self, limit: int) -> int:
        """Return a number below `limit`: ns(n) of the specification."""
        width = limit.bit_length()
        short = (1 << width) - limit
        value = self.read(width - 1)
        return value if value < short else (value << 1) - short + self.read(1)


def _read_structure(bits: _Bits) -> Structure:
    """Read template_dependency_structure() (section A.8.2)."""
    template_id_offset = bits.read(6)
    target_count = bits.read(5) + 1
    layers = [(0, 0)]
    while (step := bits.read(2)) != 3:
        spatial, temporal = layers[-1]
        if step == 1:
            temporal += 1
        elif step == 2:
            spatial, temporal = spatial + 1, 0
        if len(layers) == _MAX_TEMPLATES or spatial > _MAX_SPATIAL_ID or temporal > _MAX_TEMPORAL_ID:
            raise ParseError("dependency structure has too many layers or templates")
        layers.append((spatial, temporal))
    indications = [tuple([bits.read(2) for _ in range(target_count)]) for _ in layers]
    frame_diffs = []
    for _ in layers:
        diffs = []
        while bits.read(1):
            diffs.append(bits.read(4) + 1)
        frame_diffs.append(tuple(diffs))
    chain_count = bits.read_below(target_count + 1)
    protected_by: tuple[int, ...] = ()
    chain_diffs: list[tuple[int, ...]] = [()] * len(layers)
    if chain_count:
        protected_by = tuple([bits.read_below(chain_count) for _ in range(target_count)])
        chain_diffs = [tuple([bits.read(4) for _ in range(chain_count)]) for _ in layers]
    targets = []
    for target in range(target_count):
        present = [layer for layer, row in zip(layers, indications, strict=True) if row[target]]
        targets.append((max((s for s, _ in present), default=0), max((t for _, t in present), default=0)))
    resolutions = []
    if bits.read(1):
        resolutions = [(bits.read(16) + 1, bits.read(16) + 1) for _ in range(layers[-1][0] + 1)]
    templates = [
        Template(*layer, *rest) for layer, *rest in zip(layers, indications, frame_diffs, chain_diffs, strict=True)
    ]
    return Structure(template_id_offset, tuple(targets), chain_count, protected_by, templates, resolutions)
