"""A stretch of packets that a subscriber gets renumbered by the same offsets."""

from __future__ import annotations

from typing import Generic, TypeVar

from sfu.rtp.dependency_descriptor import MANDATORY_LENGTH, frame_number
from sfu.rtp.layers import MAX_SPATIAL
from sfu.rtp.packet import MediaPacket

_OPEN = 1 << 62
"""Where a run ends that still goes on: no number comes near."""

Source = TypeVar("Source")


class Run(Generic[Source]):
    """A stretch of packets from one source that were all renumbered by the same offsets."""

    __slots__ = (
        "first", "frame_offset", "last", "picture_offset", "sequence_offset", "source", "spatial",
        "timestamp_offset", "tl0_offset",
    )  # fmt: skip

    def __init__(
        self,
        source: Source,
        first: int,
        sequence_offset: int,
        timestamp_offset: int = 0,
        frame_offset: int = 0,
        picture_offset: int = 0,
        tl0_offset: int = 0,
        spatial: int = MAX_SPATIAL,
    ) -> None:
        self.source = source
        self.first = first
        """Unwrapped number, at the source, of the first packet."""
        self.sequence_offset = sequence_offset
        self.timestamp_offset = timestamp_offset
        self.frame_offset = frame_offset
        """Of the Dependency Descriptor's frame numbers."""
        self.picture_offset = picture_offset
        self.tl0_offset = tl0_offset
        """Of VP8's PictureID and TL0PICIDX."""
        self.spatial = spatial
        """The highest spatial layer that is passed on: its frame is the last of each picture."""
        self.last = _OPEN
        """Number of the last packet that can have been sent in it: what follows is the next run's, or a gap's."""


def continued(last: MediaPacket, before: Run[Source], packet: MediaPacket) -> tuple[int, int, int]:
    """Return the offsets by which frames, pictures and base-layer pictures go on from the last packet and its run.

    Also after a pause at the same source: the numbers are short, and a receiver takes a jump of half their range for a
    step back.
    """
    frame = picture = tl0 = 0
    if len(last.descriptor) >= MANDATORY_LENGTH <= len(packet.descriptor):
        frame = frame_number(last.descriptor, 0) + before.frame_offset + 1 - frame_number(packet.descriptor, 0)
    if last.layer.picture_id >= 0 <= packet.layer.picture_id:
        picture = last.layer.picture_id + before.picture_offset + 1 - packet.layer.picture_id
        tl0 = last.layer.tl0_pic_idx + before.tl0_offset + 1 - packet.layer.tl0_pic_idx
    return frame & 0xFFFF, picture, tl0
