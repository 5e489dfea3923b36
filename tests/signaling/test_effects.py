"""What cores ask of their callers: every kind is in the union that callers match on, and none can be changed after."""

from __future__ import annotations

import dataclasses
import inspect
from types import ModuleType
from typing import get_args

import pytest

from signaling import effects, mls_effects


def declared(module: ModuleType) -> set[type]:
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if kind.__module__ == module.__name__]
    return {kind for kind in kinds if dataclasses.is_dataclass(kind)}


def test_every_effect_of_the_machine_is_one_of_the_union() -> None:
    assert declared(effects) == set(get_args(effects.Effect))


def test_whatever_the_delivery_service_says_is_an_effect_or_told_by_one() -> None:
    ours = declared(mls_effects)
    assert ours <= set(get_args(mls_effects.Effect)) | set(get_args(mls_effects.Message))
    assert set(get_args(mls_effects.Effect)) <= ours


@pytest.mark.parametrize("module", [effects, mls_effects])
def test_none_can_be_changed_on_its_way(module: ModuleType) -> None:
    assert all(kind.__dataclass_params__.frozen for kind in declared(module))  # type: ignore[attr-defined]
