"""Whose time it was."""

import pytest

from tests.load.machine import Core, describe, disturbance, read_core


def test_others_and_the_hypervisor_disturb_we_do_not() -> None:
    before, after = Core(10.0, 1.0), Core(16.0, 1.5)
    assert disturbance(before, after, 6.0, 10.0) == pytest.approx(0.05)
    assert disturbance(before, after, 4.0, 10.0) == pytest.approx(0.25)
    assert disturbance(before, before, 0.05, 10.0) == 0.0, "a clock tick that was ours is nobody's harm"


def test_this_machine_can_be_read() -> None:
    assert read_core(0).busy > 0
    with pytest.raises(ValueError, match="no core"):
        read_core(100_000)
    assert " cores, Linux " in describe()
