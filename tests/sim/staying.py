"""What the client does about a path that is gone, in times that its own tests hold too (tests/vectors/staying.json).

What came has stopped (web/client/stillness.ts, looks.ts); the socket is asked whether it lives (connection.ts); it does
not, and a new one is opened; once the session is resumed both connections restart ICE (media.ts), and one that is not
back in time is built anew (media_health.ts), which plans count and do not carry out. That a browser notices a change of
network by itself, and says so earlier, is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.meeting import Person

TIMES = {
    name: value / 1000
    for name, value in json.loads((Path(__file__).parents[1] / "vectors" / "staying.json").read_text()).items()
}
"""Seconds."""

OPENING_TRIPS = 4
"""Round trips until a new socket has resumed the session: TCP, TLS, WebSocket with the challenge, `resume`."""
SYN_AGAIN = 1.0
"""Seconds after which TCP tries again to connect, twice as long each further time (RFC 6298)."""


class Staying:
    """The client of one person who is in a call."""

    def __init__(self, person: Person, *, first_look: float) -> None:
        """Look at what arrives from the time ``first_look`` on."""
        self.rebuilt = 0
        """Connections that would have been built anew."""
        self._person = person
        self._clock = person.meeting.clock
        self._socket_from = person.address
        """The address from which the socket was opened: from another one it is dead."""
        self._arrived = 0
        self._since: float | None = None
        self._asked = False
        self._restarted_at = float("-inf")
        self._clock.call_at(first_look, self._look)

    def _look(self) -> None:
        now = self._clock.now
        self._clock.call_at(now + TIMES["look_ms"], self._look)
        arrived = sum(stream.stream.received for stream in self._person.receives.streams.values())
        if arrived != self._arrived:
            self._arrived, self._since = arrived, now
        elif self._since is not None and now - self._since >= TIMES["still_ms"] - 1e-9:
            self._since = None
            if not self._asked:
                self._asked = True
                self._clock.call_at(now + TIMES["socket_probe_ms"], self._answered)

    def _answered(self) -> None:
        """An answer had this long to come."""
        person = self._person
        if person.address == self._socket_from and not person.up.conditions.outage:
            self._asked = False
        else:
            self._open(SYN_AGAIN)

    def _open(self, wait: float) -> None:
        """Open a socket: at once, or when TCP tries again."""
        person = self._person
        if person.up.conditions.outage:
            self._clock.call_at(self._clock.now + wait, lambda: self._open(2 * wait))
            return
        self._socket_from = person.address
        trip = person.up.conditions.delay + person.down.conditions.delay
        # The offers with other credentials cross in one round trip more.
        self._clock.call_at(self._clock.now + (OPENING_TRIPS + 1) * trip, self._restart)

    def _restart(self) -> None:
        self._asked = False
        if self._clock.now - self._restarted_at < TIMES["restart_pause_ms"]:
            return
        self._restarted_at = self._clock.now
        arrived = self._arrived
        self._person.restart_ice()
        self._clock.call_at(self._clock.now + TIMES["restart_ms"], lambda: self._judge(arrived))

    def _judge(self, arrived: int) -> None:
        """Give up connections that the restart did not bring back."""
        self.rebuilt += self._arrived == arrived
