"""How much is taken from one connection and from one address, and the limits of a meeting.

Token buckets (as in RFC 2697): `capacity` may come at once, then `rate` a second. No clock in here: `now` is given.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket's shape: how much at once, and how much a second in the long run."""

    capacity: float
    rate: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit of the door and the room, with what moving it costs."""

    members: int = 64
    """People in one meeting: the sixty who may come from one hospital within a minute, and their facilitators. All
    pictures go to everybody: the work of the SFU grows with the square, and an SDP holds 200 m-lines, two for each."""
    waiting: int = 200
    """People at one group's door. A longer list helps no facilitator and costs about 2 kB each."""
    connections: int = 4_000
    """Sockets of this process. Each costs about 50 kB; `app.py` raises the limit of open files above it."""
    connections_per_address: int = 250
    """A hospital or a carrier's NAT is one address, so that sixty people in a minute must pass; one machine should
    still not be able to take all places."""
    arrivals: Allowance = Allowance(240, 4)
    """New sockets from one address. Sixty people who reload or reconnect four times within a minute still pass."""
    messages: Allowance = Allowance(150, 20)
    """Messages of one connection, a second. After a restart everybody sends their state to every one of 60 others
    within a moment; in the long run a person makes fewer than two a second."""
    say_bytes: Allowance = Allowance(512 * 1024, 64 * 1024)
    """Characters of `say.body` of one connection. Sixty padded states are 84 kB, one long chat message is 22 kB."""
    message_chars: Allowance = Allowance(4 << 20, 256 << 10)
    """Characters of all messages of one connection. Reading costs up to 27 ms a MiB, in which no media flows. Who
    answers an offer of 60 people's tracks sends 84 kB, after each of sixty who are let in together."""
    returns: Allowance = Allowance(20, 0.2)
    """Resumes of one session: each is told to everybody in the room. A network that comes and goes is back every few
    seconds for a minute; who goes on is to wait a little between two attempts."""
    requests: Allowance = Allowance(20, 0.5)
    """Offers, registrations, locking and catching up of one connection: each is told to many, or brings up to
    2 MiB of what was missed. A good client needs a handful in an hour; more would let one person fill all sockets."""
    knocks: Allowance = Allowance(4, 0.1)
    """Knocks of one connection: each is up to 11 kB to every facilitator, from up to 200 people at one door. A client
    knocks once for each `waiting`; more would let holders of the link alone fill the sockets of all facilitators."""
    commits: Allowance = Allowance(40, 4)
    """Commits of one connection: one that comes too late is answered with all that it missed, of whatever size. Who
    admits makes two a second at most; a client that is refused sends the same again after 3 s."""
    watches: Allowance = Allowance(40, 5)
    """`watch` of one connection: each is a new allocation in the SFU. A client sends four a second while somebody
    scrolls; fewer would show old pictures after scrolling, more would only buy work for the SFU."""
    faults: Allowance = Allowance(20, 0.2)
    """Refused messages (unreadable, or beyond the limits) before the socket is closed. A clumsy client makes a few."""


class TokenBucket:
    """One bucket. Starts full."""

    __slots__ = ("_allowance", "_at", "_level")

    def __init__(self, allowance: Allowance, *, now: float) -> None:
        self._allowance = allowance
        self._level = allowance.capacity
        self._at = now

    def take(self, amount: float = 1, *, now: float) -> int:
        """Take `amount`. Returns 0 if it was there, else how many seconds until it will be; then none is taken."""
        self._fill(now)
        missing = amount - self._level
        if missing <= 0:
            self._level -= amount
            return 0
        return max(1, ceil(missing / self._allowance.rate))

    def full(self, *, now: float) -> bool:
        """True if nothing has been taken, or all of it has come back: such a bucket may be forgotten."""
        self._fill(now)
        return self._level >= self._allowance.capacity

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._at)
        self._at = max(self._at, now)
        self._level = min(self._allowance.capacity, self._level + elapsed * self._allowance.rate)


MAX_ADDRESSES = 20_000
"""Addresses remembered at once (about 400 B each). Beyond it the longest unseen is forgotten and starts afresh."""


class AddressBook:
    """Open sockets and arrivals by address. Lives in memory only; nothing of it is stored or logged."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[str, int] = {}
        self._arrivals: OrderedDict[str, TokenBucket] = OrderedDict()

    def arrive(self, address: str, *, now: float) -> int | None:
        """Count a new socket. Returns None if it may stay (then `leave` must follow), else seconds to wait."""
        bucket = self._arrivals.setdefault(address, TokenBucket(self._limits.arrivals, now=now))
        self._arrivals.move_to_end(address)
        while len(self._arrivals) > MAX_ADDRESSES:
            self._arrivals.popitem(last=False)
        if wait := bucket.take(now=now):
            return wait
        if self._open.get(address, 0) >= self._limits.connections_per_address:
            return 10
        self._open[address] = self._open.get(address, 0) + 1
        return None

    def leave(self, address: str) -> None:
        """A socket that had arrived is gone."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def forget_idle(self, *, now: float) -> None:
        """Drop the addresses that owe nothing."""
        for address in [a for a, bucket in self._arrivals.items() if bucket.full(now=now)]:
            del self._arrivals[address]
