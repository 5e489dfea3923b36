"""The Dependency Descriptor header extension (AV1 RTP payload specification, appendix A), reading and rewriting."""

from __future__ import annotations

from dataclasses import dataclass

Buffer = bytes | bytearray | memoryview


@dataclass(slots=True)
class Template:
    """One frame dependency template of a structure (section A.8.3)."""

    spatial_id: int
    temporal_id: int
    indications: tuple[int, ...]
    """Per decode target: 0 not present, 1 discardable, 2 switch, 3 required."""
    frame_diffs: tuple[int, ...]
    chain_diffs: tuple[int, ...]


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
    """Attached to this packet: only so on the first packet of a key frame (or when the layering changes)."""
    active_targets: int
    """Bit mask of the decode targets that are being sent."""

    @property
    def key_frame(self) -> bool:
        """Whether this packet carries the structure, and so begins a key frame."""
        return self.structure is not None


class Reader:
    """Reads the descriptors of one RTP stream and keeps the structure that the later ones refer to."""

    __slots__ = ("_active_targets", "structure")

    def __init__(self) -> None:
        self.structure: Structure | None = None
        self._active_targets = 0

    def read(self, buffer: Buffer, offset: int, length: int) -> Descriptor:
        """Read one element's data. Raises ParseError if it is malformed or refers to a template that was never sent."""
        raise NotImplementedError


def has_structure(buffer: Buffer, offset: int, length: int) -> bool:
    """Whether the element announces a structure: the mark of a key frame, told without reading the rest."""
    raise NotImplementedError


def frame_number(buffer: Buffer, offset: int) -> int:
    """Return the 16-bit frame number of an element of at least 3 bytes."""
    return buffer[offset + 1] << 8 | buffer[offset + 2]


def write_frame_number(buffer: bytearray, offset: int, number: int) -> None:
    """Overwrite the frame number in place."""
    buffer[offset + 1] = number >> 8 & 0xFF
    buffer[offset + 2] = number & 0xFF
