"""A delivery service played by hand: structurally valid bytes in, effects out."""

from __future__ import annotations

from collections.abc import Iterable

from signaling import mls_effects as e
from signaling.mls_delivery import Delivery
from signaling.mls_jury import SETTLE_SECONDS
from signaling.mls_rules import Role
from tests.signaling import mls_bytes as b

NOW = 1_700_000_000.0
DAY = 86_400


class Desk:
    """A delivery service with a clock."""

    def __init__(self, *, limit: int = 50, seq: int = 0) -> None:
        self.server = Delivery(limit=limit, seq=seq)
        self.now = NOW

    def arrive(self, *members: str, role: Role = "participant") -> list[e.Effect]:
        return [effect for member in members for effect in self.server.arrive(member, role, now=self.now)]

    def register(self, member: str, epoch: int = 0, leaves: dict[int, str] | None = None) -> list[e.Effect]:
        return self.server.register(member, b.GROUP, epoch, leaves or {0: member}, now=self.now)

    def offer(self, member: str, package: bytes | None = None) -> list[e.Effect]:
        return self.server.offer(member, package or b.key_package(member), now=self.now)

    def commit(self, sender: str, *proposals: bytes, to: Iterable[bytes] = (), mark: bytes = b"") -> list[e.Effect]:
        """On the current state, from the sender's leaf."""
        data = b.commit(self.leaf(sender), self.server.epoch, *proposals, mark=mark)
        letters = list(to)
        return self.server.commit(sender, self.head, data, b.welcome(*letters) if letters else None, now=self.now)

    def grant(self, sender: str, *chosen: str) -> list[e.Effect]:
        """New keys, and these as co-facilitators."""
        data = b.commit(self.leaf(sender), self.server.epoch)
        return self.server.commit(sender, self.head, data, None, chosen, now=self.now)

    def admit(self, sender: str, *members: str) -> list[e.Effect]:
        packages = [b.key_package(member) for member in members]
        return self.commit(sender, *map(b.add, packages), b.LINK, to=packages)

    def say(self, member: str, n: int, message: bytes | None = None) -> list[e.Effect]:
        return self.server.say(member, n, message or b.application(self.server.epoch), now=self.now)

    def catch_up(self, member: str, epoch: int | None, applied: int, seen: int = 0) -> list[e.Effect]:
        return self.server.catch_up(member, epoch, applied, seen, now=self.now)

    def reject(self, member: str, seq: int) -> list[e.Effect]:
        return self.server.reject(member, seq, b"signed by " + member.encode(), now=self.now)

    def tick(self, seconds: float) -> list[e.Effect]:
        self.now += seconds
        return self.server.tick(now=self.now)

    def leaf(self, member: str) -> int:
        return next(leaf for leaf, other in self.server.leaves.items() if other == member)

    @property
    def head(self) -> int:
        return self.server._log.head


def meeting(*participants: str, facilitators: tuple[str, ...] = ("fac",)) -> Desk:
    """Everybody is in, and the commits that let them in have settled."""
    desk = Desk()
    desk.arrive(*facilitators, role="facilitator")
    desk.arrive(*participants)
    desk.register(facilitators[0])
    rest = (*facilitators[1:], *participants)
    for member in rest:
        desk.offer(member)
    if rest:
        desk.admit(facilitators[0], *rest)
    desk.tick(SETTLE_SECONDS)
    return desk


def told(effects: list[e.Effect], member: str) -> list[e.Message]:
    return [effect.message for effect in effects if isinstance(effect, e.Tell) and effect.member == member]


def receivers(effects: list[e.Effect], kind: type[e.Message]) -> list[str]:
    return sorted(f.member for f in effects if isinstance(f, e.Tell) and isinstance(f.message, kind))


def refusal(effects: list[e.Effect]) -> str:
    """The one effect of a message that was refused."""
    (effect,) = effects
    assert isinstance(effect, e.Tell)
    assert isinstance(effect.message, e.Refused)
    return effect.message.code


def kept(thing: object, seen: set[int] | None = None) -> list[object]:
    """Every text and byte string that an object holds on to, however deep."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return []
    seen.add(id(thing))
    if isinstance(thing, str | bytes):
        return [thing]
    if isinstance(thing, dict):
        inner: list[object] = [*thing.keys(), *thing.values()]
    elif isinstance(thing, Iterable):
        inner = list(thing)
    else:
        names = list(getattr(thing, "__dict__", {}))
        names += [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
        inner = [getattr(thing, name) for name in names]
    return [found for item in inner for found in kept(item, seen)]
