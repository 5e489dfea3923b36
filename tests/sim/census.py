"""How much the SFU's machines remember: every item in every container that can be reached from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any


def census(*roots: object) -> int:
    """Items in all containers that hang on these objects; the SFU's own objects are looked into, others are not."""
    seen: set[int] = set()
    waiting: list[object] = list(roots)
    count = 0
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, dict):
            count += len(found)
            waiting += [*found.keys(), *found.values()]
        elif isinstance(found, list | tuple | set | frozenset | deque):
            count += len(found)
            waiting += found
        elif type(found).__module__.startswith("sfu."):
            waiting += _fields(found)
    return count


def _fields(found: object) -> Iterator[Any]:
    for kind in type(found).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(found, name):
                yield getattr(found, name)
    yield from getattr(found, "__dict__", {}).values()
