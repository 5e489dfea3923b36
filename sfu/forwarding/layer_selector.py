"""Which temporal and spatial layers of one encoding a subscriber gets, packet by packet.

Fewer at once, from the next frame on; more only where the publisher says that what follows needs nothing that was left
out: more temporal layers at a switching point, more spatial layers at a key frame.
"""

from __future__ import annotations

from sfu.rtp.layers import MAX_SPATIAL, MAX_TEMPORAL, FrameLayer


class LayerSelector:
    """The limits that hold now, and those that are wanted."""

    __slots__ = ("_wanted_spatial", "_wanted_temporal", "spatial", "temporal")

    def __init__(self) -> None:
        self.spatial = self._wanted_spatial = MAX_SPATIAL
        """The highest spatial layer that passes."""
        self.temporal = self._wanted_temporal = MAX_TEMPORAL
        """The highest temporal layer that passes."""

    @property
    def open(self) -> bool:
        """Whether everything passes and is to go on passing."""
        return (
            self.temporal == self._wanted_temporal == MAX_TEMPORAL
            and self.spatial == self._wanted_spatial == MAX_SPATIAL
        )

    @property
    def waits_for_key_frame(self) -> bool:
        """Whether nothing but a key frame brings what is wanted."""
        return self._wanted_spatial > self.spatial

    def want(self, spatial: int, temporal: int) -> None:
        """Take new limits, to be reached as soon as frames allow."""
        self._wanted_spatial, self._wanted_temporal = spatial, temporal

    def begin(self) -> None:
        """Begin at a key frame: what is wanted holds."""
        self.spatial, self.temporal = self._wanted_spatial, self._wanted_temporal

    def admits(self, layer: FrameLayer, *, in_order: bool) -> bool:
        """Whether a packet passes. Limits move at the first packet of a picture that comes ``in_order``.

        A first packet that comes late proves nothing: frames that build upon its own may have been left out already.
        """
        if in_order and layer.starts_frame and not layer.spatial:
            if layer.key_frame:
                self.begin()
            else:
                self.spatial = min(self.spatial, self._wanted_spatial)
                if self._wanted_temporal < self.temporal:
                    self.temporal = self._wanted_temporal
                elif self._wanted_temporal > self.temporal and layer.switches:
                    self._rise(layer)
        return layer.temporal <= self.temporal and layer.spatial <= self.spatial

    def _rise(self, layer: FrameLayer) -> None:
        for temporal in range(self._wanted_temporal, self.temporal, -1):
            if layer.switches >> temporal & 1 and (layer.temporal <= self.temporal or layer.temporal == temporal):
                self.temporal = temporal
                return
