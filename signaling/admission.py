"""One group's door: who waits there, in which order, and who was asked to come back a little later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from signaling.messages import Knock
from signaling.permissions import RefusedError
from signaling.session import GRACE_SECONDS

PAUSE_SECONDS = 60
"""After a kind "not now" the same browser may knock again after this. Longer punishes people who were declined by
mistake; shorter lets one person keep the facilitators' list moving."""


@dataclass(frozen=True, slots=True)
class Request:
    """With what somebody asks to come in: their `knock`, and the nonce of the socket that it came on."""

    sealed: str
    key_package: str
    nonce: str
    subscribe: bool = False
    """They are to be offered what the others send as soon as they are let in."""


@dataclass(slots=True)
class Visitor:
    """Somebody who waits."""

    id: str
    since: float
    browser: str | None
    connection: int | None
    lost_at: float | None = None
    token_at: float = 0.0
    request: Request | None = None
    """None until they have knocked: nobody is told of them before."""


class Door:
    """The waiting list of one group. It exists without a meeting too: people may come before the facilitator does."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._visitors: dict[str, Visitor] = {}
        self._pauses: dict[str, float] = {}

    def __iter__(self) -> Iterator[Visitor]:
        """Everybody who waits, the longest first."""
        return iter(sorted(self._visitors.values(), key=lambda visitor: visitor.since))

    def __len__(self) -> int:
        return len(self._visitors)

    def get(self, visitor: str) -> Visitor | None:
        """The waiting person with this id."""
        return self._visitors.get(visitor)

    def check(self, browser: str | None, *, replaced: Visitor | None = None, now: float) -> None:
        """Whether there is room for one more, in the place of `replaced` if given.

        Raises `RefusedError`: ``wait_before_knocking``, ``waiting_room_full``.
        """
        until = self._pauses.get(browser, now) if browser else now
        if until > now:
            raise RefusedError("wait_before_knocking", retry_after=ceil(until - now))
        if replaced is None and len(self._visitors) >= self._limit:
            raise RefusedError("waiting_room_full")

    def add(self, visitor: Visitor) -> None:
        """Somebody comes, or takes their place up again."""
        self._visitors[visitor.id] = visitor

    def take(self, visitor: str) -> Visitor | None:
        """Take somebody off the list: answered, or gone. The first answer finds them, a second one nobody."""
        return self._visitors.pop(visitor, None)

    def pause(self, browser: str | None, *, now: float) -> None:
        """Keep this browser from knocking for `PAUSE_SECONDS`. One that keeps no mark cannot be told from others."""
        if browser:
            self._pauses[browser] = now + PAUSE_SECONDS

    def ghost_of(self, browser: str | None) -> Visitor | None:
        """A lost place of the same browser, which a new knock from it replaces."""
        for visitor in self._visitors.values():
            if browser and visitor.browser == browser and visitor.connection is None:
                return visitor
        return None

    def expired(self, *, now: float) -> list[Visitor]:
        """Those whose socket has been lost for too long. Forgets pauses that are over."""
        self._pauses = {browser: until for browser, until in self._pauses.items() if until > now}
        return [v for v in self._visitors.values() if v.lost_at is not None and now - v.lost_at >= GRACE_SECONDS]

    @property
    def idle(self) -> bool:
        """True if there is nothing to remember."""
        return not self._visitors and not self._pauses


def as_knock(visitor: Visitor, request: Request, *, removed_earlier: bool, now: float) -> Knock:
    """What facilitators are told of a waiting person."""
    return Knock(
        id=visitor.id,
        sealed=request.sealed,
        key_package=request.key_package,
        nonce=request.nonce,
        waiting_seconds=max(0, int(now - visitor.since)),
        removed_earlier=removed_earlier,
        connected=visitor.connection is not None,
    )
