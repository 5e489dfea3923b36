"""One room of a meeting: who sits in it, who has a leaf of its group, and who holds the newest keys.

The order of what is said and committed is the delivery service's (`mls_delivery.py`), one for each room. The room knows
members by id alone and nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import Literal

from signaling import messages as m
from signaling.mls_delivery import Delivery
from signaling.mls_effects import Effect, Registered
from signaling.session import GRACE_SECONDS


class Room:
    """See the module's text. `limit`: leaves of its group; `seq` and `restored` as for `Delivery`."""

    def __init__(self, room: str, *, limit: int, seq: int = 0, restored: float | None = None) -> None:
        self.id = room
        self.delivery = Delivery(limit=limit, seq=seq, restored=restored)
        self.members: dict[str, None] = {}
        """Who sits here, in the order of their coming. Most have a leaf, some will get one."""
        self._expected: dict[str, float] = {}
        self._state: Registered | None = None
        self._awaited: Set[str] = frozenset()
        self._gone: dict[str, m.Gone] = {}
        self._told: Set[str] = frozenset()
        self._applied: set[str] = set()
        self._ready = False

    @property
    def gone(self) -> dict[str, m.Gone]:
        """Whose leaf is to be removed."""
        absent = self.delivery.absent
        return {member: gone for member, gone in self._gone.items() if member in absent}

    @property
    def holders(self) -> set[str]:
        """Who has a leaf."""
        return set(self.delivery.leaves.values())

    def end(
        self, member: str, reason: Literal["left", "lost", "expelled"], leaving: str | None = None, *, now: float
    ) -> list[Effect]:
        """A member's session is over; if they have a leaf it is to be removed."""
        self.members.pop(member, None)
        self._expected.pop(member, None)
        effects = self.delivery.leave(member, now=now)
        if member in (*self.delivery.absent, *self.delivery.absent_aside):
            self._gone[member] = m.Gone(member=member, reason=reason, leaving=leaving)
        return effects

    def newly_gone(self) -> list[m.Gone]:
        """Those of whom the others are to be told now.

        Of a group set aside they are kept, with what they signed: if it comes back, its members are told.
        """
        absent, aside = set(self.delivery.absent), set(self.delivery.absent_aside)
        for member in self.delivery.absent:
            if member not in self._gone:  # expelled just now, or removed by a commit that is void
                self._gone[member] = m.Gone(member=member, reason="expelled")
        self._gone = {member: gone for member, gone in self._gone.items() if member in absent | aside}
        before, self._told = self._told, absent
        return [gone for member, gone in self._gone.items() if member in absent - before]

    # -- The state of the group -------------------------------------------------------------------------------------

    def moved(self) -> bool:
        """Whether there is another group or epoch than when this was asked last, or others are waited for."""
        before, self._awaited = self._awaited, self.delivery.awaited
        if self.delivery.state == self._state:
            return self._awaited != before
        self._state = self.delivery.state
        self._applied.clear()
        self._ready = False
        return True

    def expect(self, members: Collection[str], *, now: float) -> None:
        """These have a leaf and are not here: people who have not come back after a restart yet."""
        self._expected = {member: self._expected.get(member, now) for member in members}

    def overdue(self, *, now: float) -> list[str]:
        """Those who were expected for too long."""
        self._expected = {member: since for member, since in self._expected.items() if member not in self.members}
        return [member for member, since in self._expected.items() if now - since >= GRACE_SECONDS]

    def applied(self, member: str, epoch: int) -> None:
        """A member holds the receive keys of an epoch. Of another than the current one this says nothing."""
        if self._state is not None and epoch == self._state.epoch and member in self.holders:
            self._applied.add(member)

    def ready(self, connected: Collection[str]) -> int | None:
        """The epoch whose keys all connected members hold, if that has become so since this was asked last."""
        here = self.holders & set(connected)
        if self._state is None or self._ready or not here or not here <= self._applied:
            return None
        self._ready = True
        return self._state.epoch
