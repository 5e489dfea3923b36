"""How long the client has somebody's voice and picture wait, by what the model browsers measure, once a second.

The rules are those of web/client/call_quality.ts (fractions lost), steady_quality.ts (what is said of one's own way up,
and when) and playout.ts (how long to wait), for two people with pictures.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.sim.meeting import Person

Uplink = Literal["good", "fair", "poor"]
ORDER: list[Uplink] = ["good", "fair", "poor"]

LOOK = 1.0
"""Seconds between two looks."""
LOOKS = 6
"""Looks of which the oldest is compared with the newest."""
FAIR, POOR = 0.02, 0.1
"""Fractions lost."""
NARROW, VERY_NARROW = 200_000, 50_000
"""Bit/s of an estimate of the way up below which it is fair, and poor."""
WORSE, BETTER, PAUSE = 3.0, 8.0, 10.0
"""Seconds after which something worse is said, something better, and anything again."""
MARGIN, THEIR_ROUND_TRIP, MOST = 0.07, 0.1, 0.5
"""Seconds: of asking and pacing, of a way up that nobody tells, and of waiting at most."""
HOLD, STEP = 10.0, 0.025
"""Seconds before the wait grows shorter, and by which it does at each look."""


def playout_target(uplink: Uplink, loss: float, round_trip: float | None) -> float:
    """Return the seconds for which somebody's sound and picture should wait (`playoutTarget`)."""

    def wait(trips: int, seconds: float) -> float:
        return trips * seconds + MARGIN if trips else 0.0

    own = THEIR_ROUND_TRIP if round_trip is None else round_trip
    theirs = wait(ORDER.index(uplink), THEIR_ROUND_TRIP)
    return min(MOST, theirs + wait(ORDER.index(grade(loss)), own))


def grade(loss: float) -> Uplink:
    return "poor" if loss >= POOR else "fair" if loss >= FAIR else "good"


class Waiting:
    """Ben's client as it sees to what he gets of Ana. What she says reaches him at the next look."""

    def __init__(self, ana: Person, ben: Person) -> None:
        self.ana, self.ben = ana, ben
        self.said: Uplink = "good"
        self.loss = 0.0
        """Fraction that Ben loses himself, before repair."""
        self.target = 0.0
        """Seconds."""
        self._counts: deque[tuple[int, ...]] = deque(maxlen=LOOKS)
        self._said_at = self._needed_at = float("-inf")
        self._differs: tuple[Uplink, float] | None = None
        ben.meeting.clock.every(LOOK, self.look)

    def look(self) -> None:
        """Compare the figures with those of five seconds ago."""
        sends = self.ana.sends
        sent = sum(stream.packets for stream in [sends.sound, *sends.video]) + sends.resent
        counts = [sent, sends.resent]
        for track in ("ana/cam", "ana/mic"):
            stream = self.ben.receives.streams[track]
            # Of a picture what came when it was sent again has not come by itself; of sound it is told by the requests.
            counts += stream.expected, stream.expected - stream.stream.received + stream.sound_asked
        self._counts.append(tuple(counts))
        sent, resent, pictures, missed, sounds, asked = (
            new - old for old, new in zip(self._counts[0], self._counts[-1], strict=True)
        )
        # Sound is asked for here as well where her way up lost it: that is no loss of his own.
        lost, expected = (missed + asked, pictures + sounds) if self.said == "good" else (missed, pictures)
        self.loss = max(0.0, min(1.0, lost / max(1, expected)))
        self._wait(playout_target(self.said, self.loss, self.ben.receives.rtt))
        estimate = sends.estimator.estimate
        narrow: Uplink = "poor" if estimate < VERY_NARROW else "fair" if estimate < NARROW else "good"
        self._say(max(grade(resent / max(1, sent)), narrow, key=ORDER.index))

    def _wait(self, wanted: float) -> None:
        """Longer at once, shorter slowly (`Playout`)."""
        now = self.ben.meeting.clock.now
        if wanted >= self.target:
            self.target, self._needed_at = wanted, now
        elif now - self._needed_at >= HOLD:
            self.target = max(wanted, self.target - STEP)
        for stream in self.ben.receives.streams.values():
            stream.output.target = self.target

    def _say(self, quality: Uplink) -> None:
        """Only what lasts (`SteadyQuality`)."""
        now = self.ben.meeting.clock.now
        if quality == self.said:
            self._differs = None
            return
        worse = ORDER.index(quality) > ORDER.index(self.said)
        if self._differs is None:
            self._differs = quality, now
        elif self._differs[0] != quality:
            kept = (ORDER.index(self._differs[0]) > ORDER.index(self.said)) == worse
            self._differs = quality, self._differs[1] if kept else now
        if now - self._differs[1] >= (WORSE if worse else BETTER) and now - self._said_at >= PAUSE:
            self.said, self._said_at, self._differs = quality, now, None
