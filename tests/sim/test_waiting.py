"""The model of the client's waiting, held against the vectors that the client's own tests read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sim.link import Conditions, Loss
from tests.sim.meeting import Meeting
from tests.sim.waiting import MARGIN, THEIR_ROUND_TRIP, Waiting, playout_target

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "playout.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_the_rule_is_the_clients(vector: dict[str, Any]) -> None:
    target = playout_target(vector["uplink"], vector["loss"], vector["round_trip"])
    assert target == pytest.approx(vector["target"])


def test_what_is_said_and_waited_for_follows_the_loss_and_goes_back_slowly() -> None:
    """Seed 170. Ana's uplink loses 6 % for 20 s, and nothing after."""
    meeting = Meeting(seed=170)
    ana = meeting.person("ana", up=Conditions(delay=0.05, loss=Loss.uniform(0.06)), down=Conditions(delay=0.05))
    ben = meeting.person("ben")
    ana.publish()
    ben.subscribe(ana)
    waiting = Waiting(ana, ben)

    def said() -> str:
        return waiting.said

    meeting.clock.run_until(3.0)
    assert said() == "good", "not before it has lasted"
    meeting.clock.run_until(15.0)
    assert said() == "fair"
    assert waiting.target >= THEIR_ROUND_TRIP + MARGIN
    meeting.clock.run_until(20.0)
    ana.up.conditions.loss = Loss()
    meeting.clock.run_until(24.0)
    assert said() == "fair"
    meeting.clock.run_until(60.0)
    assert (said(), waiting.target, waiting.loss) == ("good", 0.0, 0.0)
    assert ben.receives.ear("ana/mic").target == 0.0
