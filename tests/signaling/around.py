"""What every group shares with the machine, for tests of one group by itself."""

from __future__ import annotations

import itertools
from typing import TypeVar

from signaling import effects as e
from signaling import messages as m
from signaling.group_state import Surroundings
from signaling.rate_limit import Limits
from signaling.session import Claims, TokenKeeper

NOW = 1_700_000_000.0
GROUP = "groupgroupgroupgroup0g"
M = TypeVar("M", bound=m.ServerMessage)


class Around:
    """Collects the effects of one group; ids are counted."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.effects: list[e.Effect] = []
        self.tokens = TokenKeeper(b"k" * 32)
        ids = (f"id{number:06d}" for number in itertools.count(1))
        self.surroundings = Surroundings(
            limits or Limits(), self.tokens, lambda: next(ids), itertools.count(1), self.effects.append
        )

    def take(self) -> list[e.Effect]:
        """What there was to do since this was asked last, without lines for the log."""
        found: list[e.Effect] = [effect for effect in self.effects if not isinstance(effect, e.Log)]
        self.effects.clear()
        return found

    def told(self, connection: int, kind: type[M]) -> list[M]:
        """What was sent of a kind on a connection; the effects stay."""
        sent = [effect for effect in self.effects if isinstance(effect, e.Send) and effect.connection == connection]
        return [effect.message for effect in sent if isinstance(effect.message, kind)]

    def claims(self, token: str, *, now: float = NOW) -> Claims:
        found = self.tokens.read(token, now=now)
        assert found is not None
        return found
