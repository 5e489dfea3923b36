"""What is aimed at, and whether a record's figures reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.load.record import Record
from tests.load.result import Result

JANUS, MEDIASOUP, BEYOND = 0.7, 1.0, 0.8
"""What a packet may cost here, in units of what it costs there; the last is the aim beyond, of mediasoup too."""
COST, P99 = 7.5, 0.5
"""Of 12 people all to all: µs a packet, and ms of the way of the slowest of a hundred."""
CORE, LARGE_P99 = 1.0, 5.0
"""Of 30 people all to all: of one core, and ms."""
MEMORY = 4.0
"""MiB for each of the people."""


@dataclass(frozen=True)
class Aim:
    """One figure with its bound."""

    words: str
    of: tuple[tuple[str, str], ...]
    """Scenarios and SFUs whose results the figure is made of, in this order."""
    figure: Callable[..., float]
    bound: float
    """The figure is to be at most this."""
    form: str
    """How both are written."""
    strictly: bool = False
    """Whether the figure has to be less."""

    def reached(self, figure: float) -> bool:
        """Whether a figure, as it was measured, is as it should be."""
        return figure < self.bound if self.strictly else figure <= self.bound

    def row(self, record: Record) -> list[str]:
        """Return the words, the bound, the figure, and whether it is reached."""
        bound = f"{'<' if self.strictly else '≤'} {self.form.format(self.bound)}"
        each = [record.tried[scenario][sfu] for scenario, sfu in self.of if sfu in record.tried.get(scenario, {})]
        results = [tried.figures(record.wanted) for tried in each]
        if len(results) < len(self.of) or None in results:
            return [self.words, bound, "-", "not measured"]
        figure = self.figure(*results)
        verdict = "reached" if self.reached(figure) else "**missed**"
        remarks = {tried.remark(record.wanted) for tried in each} - {""}
        return [
            self.words,
            bound,
            self.form.format(figure),
            f"{verdict} ({', '.join(sorted(remarks))})" if remarks else verdict,
        ]


def aims(record: Record, scenarios: Mapping[str, str]) -> Iterator[Aim]:
    """Give all that are to be told of a record, with what each scenario is called."""
    yield from _beside("janus", "Janus's", JANUS, scenarios)
    yield from _beside("mediasoup", "mediasoup's", MEDIASOUP, {"12": scenarios["12"]})
    yield from _beside("mediasoup", "mediasoup's, the aim beyond", BEYOND, scenarios)
    twelve, thirty = (("12", "hearthside"),), (("30", "hearthside"),)
    yield Aim(f"{scenarios['12']}: cost of a packet", twelve, lambda one: one.cost, COST, "{:.1f} µs")
    yield Aim(f"{scenarios['12']}: p99", twelve, _p99, P99, "{:.2f} ms")
    yield Aim(f"{scenarios['30']}: of one core", thirty, lambda one: one.cpu, CORE, "{:.1%}", strictly=True)
    yield Aim(f"{scenarios['30']}: p99", thirty, _p99, LARGE_P99, "{:.2f} ms")
    yield Aim(f"{scenarios['30']}: lost", thirty, lambda one: 1 - one.received / one.expected, 0.0, "{:.3%}")
    growth = (("30", "hearthside"), ("6", "hearthside"))
    yield Aim(f"cost of a packet, {scenarios['30']}, over that of 6", growth, _ratio, 1.0, "{:.2f}")
    everywhere = tuple((key, "hearthside") for key in record.tried)
    words = "memory for each of the people, the most of all scenarios"
    yield Aim(words, everywhere, lambda *all_of_them: max(map(_mebibytes, all_of_them)), MEMORY, "{:.2f} MiB")


def _beside(sfu: str, whose: str, share: float, scenarios: Mapping[str, str]) -> Iterable[Aim]:
    for key, called in scenarios.items():
        words = f"{called}: cost of a packet over {whose}"
        yield Aim(words, ((key, "hearthside"), (key, sfu)), _ratio, share, "{:.2f}")


def _ratio(ours: Result, other: Result) -> float:
    return ours.cost / other.cost


def _p99(one: Result) -> float:
    return one.p99 / 1000


def _mebibytes(one: Result) -> float:
    return one.memory / 2**20
