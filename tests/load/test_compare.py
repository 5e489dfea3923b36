"""Each is measured in turn until enough runs count, and no longer than it may be tried."""

from tests.load.adapters import AdapterError
from tests.load.compare import compare
from tests.load.measure import Run
from tests.load.record import Tried
from tests.load.result import Result

RESULT = Result("6", "janus", expected=1000.0, received=1000.0, cpu=0.1, p50=100.0, p99=200.0, memory=0.0, join=0.1)


async def test_each_in_turn_until_enough_count() -> None:
    order = []

    async def run(name: str) -> Run:
        order.append(name)
        if name == "broken":
            raise AdapterError("why")
        return Run(RESULT, 1.0 if len(order) == 1 else 0.0, "")

    done = {"late": Tried(), "good": Tried(), "broken": Tried()}
    kept: list[int] = []
    await compare(done, run, 1, 3, after_each=lambda: kept.append(len(order)))
    assert order == ["late", "good", "broken", "late", "broken", "broken"]
    assert kept == [1, 2, 3, 4, 5, 6]
    assert [(one.tries, len(one.counting)) for one in done.values()] == [(2, 1), (1, 1), (3, 0)]
    assert done["broken"].failures == ["AdapterError: why"] * 3
