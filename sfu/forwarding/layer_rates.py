"""How much each layer of one encoding takes, over the last seconds."""

from __future__ import annotations

from collections import deque

from sfu.native.numbers import SourceNumbers
from sfu.rtp.layers import MAX_TEMPORAL

SAMPLE = 0.5
"""Seconds between two looks at the counts."""

WINDOW = 4
"""Samples that a rate spans, 2 s: shorter and a key frame makes a layer look too dear, longer and a publisher that
begins to send more is told to subscribers' allocation late."""


class LayerRates:
    """Counts bytes by layer; the hot path adds to `octets` by itself."""

    __slots__ = ("_samples", "octets")

    def __init__(self, numbers: SourceNumbers | None = None) -> None:
        """``numbers`` is where it counts: the compiled twin does so too."""
        self.octets = (numbers or SourceNumbers()).octets
        """Bytes of payload so far, by `FrameLayer.index`."""
        self._samples: deque[tuple[float, list[int]]] = deque(maxlen=WINDOW + 1)

    def restart(self) -> None:
        """Forget what was sent before a silence."""
        self._samples.clear()

    def sample(self, *, now: float) -> bool:
        """Look at the counts if it is time to; return whether it was. To be called every few ten milliseconds."""
        if self._samples and now - self._samples[-1][0] < SAMPLE:
            return False
        self._samples.append((now, list(self.octets)))
        return True

    def next_deadline(self) -> float:
        """When `sample` has something to do."""
        return self._samples[-1][0] + SAMPLE if self._samples else float("-inf")

    def measured(self) -> dict[tuple[int, int], int]:
        """Return the bit/s of each layer that flows, by (spatial, temporal), without what it builds upon.

        Empty before there are two samples.
        """
        if len(self._samples) < 2:
            return {}
        (since, before), (until, after) = self._samples[0], self._samples[-1]
        rates = {}
        for index, (first, last) in enumerate(zip(before, after, strict=True)):
            if last > first:
                rates[divmod(index, MAX_TEMPORAL + 1)] = int((last - first) * 8 / (until - since))
        return rates
