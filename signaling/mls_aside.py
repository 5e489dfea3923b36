"""A group of which nobody is there, set aside while a facilitator founds another one (docs/protocol.md, section 8).

Without this a facilitator who opens the link anew waits for people whose machines have died until their places are
given up, since only somebody of the group can add anybody to it. Those of the old group who come back all the same
need nobody's click: the first of them brings it back, and the facilitator is added to it by certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from signaling.mls_effects import Welcomed
from signaling.mls_log import Committed, Log

UNHELD_SECONDS = 10.0
"""How long a facilitator waits for somebody of the group. A browser whose network was away comes back within 8 s of its
return (`web/client/reconnect_policy.ts`); shorter founds groups that are given up a moment later, longer keeps a
facilitator from opening the door."""


@dataclass(frozen=True, slots=True)
class Aside:
    """As the group was when nobody was there."""

    group: bytes
    epoch: int
    leaves: Mapping[int, str]
    log: Log
    welcomes: dict[str, tuple[float, Welcomed]]
    """Those that may have been missed, with the time: somebody was let in while their phone was locked."""
    astray: set[str] = field(default_factory=set)
    """Whose state leads nowhere: they are not waited for."""


def way(log: Log, current: int, epoch: int, applied: int, *, now: float) -> list[Committed] | None:
    """The commits that lead from a state of `epoch`, reached by number `applied`, to epoch `current`; None: no way."""
    missed = log.commits_after(applied, now=now)
    if missed is None or epoch != (missed[0].epoch if missed else current):
        return None
    return missed
