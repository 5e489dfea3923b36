"""Which layer of which track a subscriber gets: one pure function, and what must be remembered between its calls.

The rules are Signal's (Signal-Calling-Service, backend/src/call.rs, allocate_send_rate): the lowest layer for everybody
who is seen before more for anybody; what is sent already may use all of the estimate, what is new must fit into the
least of the last seconds too. Sound stands outside: it is sent whatever comes, and its rate is taken off first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

HEADROOM = 0.9
"""Of the estimate is given away (Signal): the rest lets a queue empty, and rates waver. Less wastes picture quality."""

WINDOW = 2.5
"""Seconds (Signal). New layers must fit the least of this window and the one before: 2.5 to 5 s. Shorter makes layers
flap, each change up costing a key frame; longer brings pictures back later."""

INTERVAL = 1.0
"""Seconds between two allocations while nothing fell (Signal)."""

MODEST = 500_000
"""Bit/s that the lowest layer of a picture may take to be given first, or a fair share of all where that is more. Those
of browsers take 150 000 at most. Higher lets a member whose smallest picture is a flood push everybody else's to the
smallest, lower leaves out cameras that send one encoding alone."""

FALL = 0.9
"""Of the estimate that the last allocation used: below, it is made anew at once (Signal)."""


class Priority(IntEnum):
    """In which order tracks get more than their lowest layer."""

    NORMAL = 0
    FIRST = 1
    """A shared screen, or a tile that the person pinned."""


@dataclass(slots=True, frozen=True)
class Layer:
    """Something that can be sent of a track: an encoding up to some temporal layer."""

    height: int
    """Pixels."""
    rate: int
    """Bit/s, measured, with everything below it that it needs; what is not flowing yet is assumed by the caller."""
    encoding: int = 0
    """Index among the track's encodings."""
    temporal: int = 0
    """The highest temporal layer that goes along."""


@dataclass(slots=True, frozen=True)
class Request:
    """What a subscriber shows of one track, and what there is of it."""

    track: str
    height: int
    """Pixels of the tile; 0 if it is not seen."""
    layers: Sequence[Layer]
    """By rising height, then rate."""
    current: int | None = None
    """Index of the layer that is being sent, None for nothing."""
    priority: Priority = Priority.NORMAL


def worthwhile(layers: Sequence[Layer]) -> list[Layer]:
    """Leave out the taller pictures at fewer frames a second; the order stays.

    At 7 or 15 frames they cost about as much as the whole of a smaller one, and look worse: movement counts for more
    than sharpness in a face (Signal, call.rs, has whole layers alone). The smallest is kept in all its parts, because
    below it there is nothing but a picture that is held.
    """
    smallest = min((layer.encoding for layer in layers), default=0)
    highest: dict[int, int] = {}
    for layer in layers:
        highest[layer.encoding] = max(layer.temporal, highest.get(layer.encoding, 0))
    return [layer for layer in layers if layer.encoding == smallest or layer.temporal == highest[layer.encoding]]


def wanted_layer(request: Request) -> int | None:
    """Return the index of the best layer worth sending: the whole of the lowest that fills the tile, None for none."""
    if request.height <= 0 or not request.layers:
        return None
    filling = [layer.height for layer in request.layers if layer.height >= request.height]
    height = filling[0] if filling else request.layers[-1].height
    return max(index for index, layer in enumerate(request.layers) if layer.height <= height)


def wanted_rate(requests: Sequence[Request], audio: int) -> int:
    """Return the estimate, in bit/s, with which everybody would get all that they ask for beside `audio` bit/s."""
    best = ((request, wanted_layer(request)) for request in requests)
    video = sum(request.layers[index].rate for request, index in best if index is not None)
    return int((video + audio) / HEADROOM)


def allocate(requests: Sequence[Request], *, estimate: int, least: int, audio: int) -> dict[str, int | None]:
    """Share an estimate out. Return the index of the layer for each track, None for nothing.

    `estimate` is the present one and `least` the lowest of late, in bit/s: what is being sent already has to fit the
    former, any more also the latter. `audio` is what sound takes of both. Among tracks of the same priority the taller
    tile comes first, then the order given. Whoever's least is not `MODEST` gets what all others leave.
    """
    order = sorted(requests, key=lambda request: (-request.priority, -request.height))
    best = {request.track: wanted_layer(request) for request in order}
    seen = [request for request in order if best[request.track] is not None]
    share = _Share(int(HEADROOM * estimate) - audio, int(HEADROOM * min(estimate, least)) - audio)
    most = max(MODEST, share.budget // max(1, len(seen)))
    groups: tuple[list[Request], list[Request]] = [], []
    for request in seen:
        modest = request.priority is Priority.FIRST or request.layers[0].rate <= most
        groups[not modest].append(request)
    for group in groups:
        for request in group:
            share.give(request, range(1))
        for request in group:
            if request.priority is Priority.FIRST:
                share.give(request, range(best[request.track] or 0, -1, -1))
        rising = [request for request in group if request.priority is Priority.NORMAL]
        while rising:  # a step for each in turn, so that equal tiles look alike
            rising = [
                request
                for request in rising
                if share.give(request, range((share.chosen.get(request.track, -1)) + 1, (best[request.track] or 0) + 1))
            ]
    return {request.track: share.chosen.get(request.track) for request in requests}


class _Share:
    """What has been given away so far."""

    def __init__(self, budget: int, least_budget: int) -> None:
        self.chosen: dict[str, int] = {}
        self._spent = 0
        self.budget = budget
        self._least_budget = least_budget

    def give(self, request: Request, indices: range) -> bool:
        """Give a track the first of these layers that fits; False if none does or it has it."""
        held = self.chosen.get(request.track)
        others = self._spent - (0 if held is None else request.layers[held].rate)
        for index in indices:
            spent = others + request.layers[index].rate
            old = request.current is not None and index <= request.current
            if index != held and spent <= (self.budget if old else self._least_budget):
                self.chosen[request.track] = index
                self._spent = spent
                return True
        return False


class Allocator:
    """Remembers what `allocate` needs of the past, and says when it is time for it."""

    __slots__ = ("_before", "_least", "_made_at", "_used", "_window_until")

    def __init__(self) -> None:
        self._before = self._least = 0
        self._window_until = float("-inf")
        self._made_at = float("-inf")
        self._used = 0

    def note(self, estimate: int, *, now: float) -> None:
        """Take note of the estimate, in bit/s, whenever it changes and at least every `WINDOW`."""
        if now < self._window_until:
            self._least = min(self._least, estimate)
            return
        first = self._window_until == float("-inf")
        stale = now >= self._window_until + WINDOW
        self._before = estimate if first or stale else self._least
        self._least = estimate
        self._window_until = now + WINDOW

    def due(self, estimate: int, *, now: float) -> bool:
        """Whether to allocate now; also do when a request changes."""
        return now - self._made_at >= INTERVAL or estimate < FALL * self._used

    def next_deadline(self) -> float:
        """When to allocate, or to take note of the estimate, if nothing changes before."""
        return min(self._made_at + INTERVAL, self._window_until)

    def allocate(
        self, requests: Sequence[Request], *, estimate: int, audio: int, now: float
    ) -> Mapping[str, int | None]:
        """Allocate with the history so far; see `allocate`."""
        self._made_at, self._used = now, estimate
        return allocate(requests, estimate=estimate, least=min(self._before, self._least), audio=audio)
