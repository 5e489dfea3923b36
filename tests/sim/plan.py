"""Scripted plans on a virtual clock: conditions, let time pass, look. A missed figure fails the plan and names it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from tests.sim.clock import Clock
from tests.sim.link import Link

STEP = 0.01
"""Seconds between two looks of `Within` and `Keeps`."""


class World(Protocol):
    """What a plan is played in."""

    clock: Clock
    links: dict[str, Link]


W = TypeVar("W", bound=World)


class Change:
    """Change the conditions of a link: `Change("down", rate=300_000)`."""

    def __init__(self, link: str, **changes: object) -> None:
        self.link = link
        self.changes = changes

    def play(self, world: World) -> str:
        link = world.links[self.link]
        link.conditions = replace(link.conditions, **self.changes)  # type: ignore[arg-type]  # named by the plan
        return f"{self.link}: " + ", ".join(f"{name} {value}" for name, value in self.changes.items())


@dataclass
class Run:
    """Let time pass."""

    seconds: float

    def play(self, world: World) -> str:
        world.clock.run_until(world.clock.now + self.seconds)
        return f"run {self.seconds} s"


@dataclass
class Do(Generic[W]):
    """Change something in the world."""

    what: str
    action: Callable[[W], object]

    def play(self, world: W) -> str:
        self.action(world)
        return self.what


@dataclass
class Check(Generic[W]):
    """Read a figure and hold it to its bounds."""

    what: str
    figure: Callable[[W], float]
    at_least: float = float("-inf")
    at_most: float = float("inf")

    def play(self, world: W) -> str:
        value = self.figure(world)
        bounds = f"{self.at_least:g} to {self.at_most:g}"
        assert self.at_least <= value <= self.at_most, f"{self.what}: {value:g}, wanted {bounds}"
        return f"{self.what}: {value:g} (wanted {bounds})"


@dataclass
class Within(Generic[W]):
    """Let time pass until something holds, for so long at most."""

    seconds: float
    what: str
    holds: Callable[[W], bool]

    def play(self, world: W) -> str:
        begin = world.clock.now
        while not self.holds(world):
            waited = world.clock.now - begin
            assert waited < self.seconds, f"{self.what}: not within {self.seconds} s"
            world.clock.run_until(world.clock.now + STEP)
        return f"{self.what}: after {world.clock.now - begin:.2f} s (wanted {self.seconds} s)"


@dataclass
class Keeps(Generic[W]):
    """Let time pass in which a figure must stay within bounds all along."""

    seconds: float
    what: str
    figure: Callable[[W], float]
    at_least: float = float("-inf")
    at_most: float = float("inf")

    def play(self, world: W) -> str:
        end = world.clock.now + self.seconds
        lowest, highest = float("inf"), float("-inf")
        while world.clock.now < end:
            world.clock.run_until(world.clock.now + STEP)
            value = self.figure(world)
            lowest, highest = min(lowest, value), max(highest, value)
        bounds = f"{self.at_least:g} to {self.at_most:g}"
        text = f"{self.what} for {self.seconds} s: {lowest:g} to {highest:g} (wanted {bounds})"
        assert self.at_least <= lowest, text
        assert highest <= self.at_most, text
        return text


class Step(Protocol[W]):  # type: ignore[misc]  # W is contravariant here and invariant in the steps
    """One line of a plan."""

    def play(self, world: W) -> str: ...


def play(world: W, steps: Sequence[Step[W]]) -> None:
    """Play a plan, and print what happened: pytest shows it if the plan fails."""
    for step in steps:
        begin = world.clock.now
        print(f"{begin:9.2f} s  {step.play(world)}")
