"""The soak runs, people come and go in it, and its rule is the one that is written down. No memory is judged here."""

import asyncio

from tests.load.soak import PEOPLE, READINGS, allowed, soak


def test_a_few_turns() -> None:
    sizes, people = asyncio.run(soak(0.0, turn=0.1))
    assert len(sizes) == READINGS
    assert min(sizes) > 10 << 20, "not the memory of a running server"
    assert people == PEOPLE + READINGS - 1, "nobody went"


def test_a_twentieth_or_four_mebibytes() -> None:
    assert allowed(40 << 20) == 4 << 20
    assert allowed(200 << 20) == 10 << 20
