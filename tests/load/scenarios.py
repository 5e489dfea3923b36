"""Who sends what in a load test, and who looks at whom."""

from __future__ import annotations

from dataclasses import dataclass

from sfu.control import Kind


@dataclass(frozen=True)
class Format:
    """One encoding of a microphone or a camera."""

    kind: Kind
    """``audio`` or ``video``."""
    rate: int
    """Packets a second."""
    size: int
    """Bytes of an RTP packet before SRTP, header included."""
    per_frame: int = 1
    """Packets of one frame."""
    height: int = 0
    """Lines of a picture."""
    layers: int = 1
    """Temporal layers: 1, or the three of `layers`, told by the Dependency Descriptor where it is negotiated."""


SOUND = Format("audio", 50, 100)
PICTURE = Format("video", 60, 1100, 2, 720)
"""0.5 Mbit/s at 30 frames a second: what all scenarios but one send, and the figures since the first."""
LAYERED = Format("video", 60, 1100, 2, 720, layers=3)
"""The same as a Chromium camera sends it here."""
SMALL = Format("video", 22, 850, 1, 180)
"""150 kbit/s."""
LARGE = Format("video", 180, 1050, 6, 720)
"""1.5 Mbit/s at 30 frames a second."""


@dataclass(frozen=True)
class Scenario:
    """The first ``publishers`` of so many people have microphone and camera open; everybody looks at all of them."""

    publishers: int
    people: int
    formats: tuple[Format, ...] = (SOUND, PICTURE)
    rooms: int = 1
    """So many meetings of this kind, side by side."""

    @property
    def all_to_all(self) -> bool:
        """Whether everybody sends to everybody: only then people can come and go."""
        return type(self) is Scenario and self.publishers == self.people

    @property
    def all_to_all_once(self) -> bool:
        """Whether it is one meeting in which everybody sends the same to everybody: they differ in number alone."""
        return self.all_to_all and self.rooms == 1 and self.formats == (SOUND, PICTURE)

    def wishes(self, person: int) -> dict[int, int]:
        """Return whom a person looks at, by number, and how many lines tall."""
        return dict.fromkeys((other for other in range(self.publishers) if other != person), 720)

    def is_muted(self, person: int) -> bool:
        """Whether the microphone is off."""
        return False

    def receivers(self, person: int, form: Format) -> int:
        """Return how many get what a person sends in a format; what nobody gets is not sent."""
        if form.kind == "audio":
            return 0 if self.is_muted(person) else self.people - 1
        return sum(self.wishes(other).get(person) == form.height for other in range(self.people))


@dataclass(frozen=True)
class OneSpeaker(Scenario):
    """Everybody sees whoever speaks large and eight others small, each the eight that come next; six are unmuted."""

    publishers: int = 30
    people: int = 30
    formats: tuple[Format, ...] = (SOUND, SMALL, LARGE)

    def wishes(self, person: int) -> dict[int, int]:
        """See `Scenario`. The speaker sees the one who spoke before."""
        large = 1 if person == 0 else 0
        next_ones = [(person + step) % self.people for step in range(1, self.people)]
        return {large: LARGE.height} | dict.fromkeys([one for one in next_ones if one != large][:8], SMALL.height)

    def is_muted(self, person: int) -> bool:
        """See `Scenario`."""
        return person >= 6


MIDDLE = Format("video", 60, 1050, 2, 360)
"""0.5 Mbit/s at 30 frames a second."""


@dataclass(frozen=True)
class Simulcast(Scenario):
    """Everybody sends three encodings, and sees one person large, three middling and the others small."""

    publishers: int = 12
    people: int = 12
    formats: tuple[Format, ...] = (SOUND, SMALL, MIDDLE, LARGE)

    def wishes(self, person: int) -> dict[int, int]:
        """See `Scenario`. The next one is large, the three after that middling."""
        steps = {1: LARGE.height, 2: MIDDLE.height, 3: MIDDLE.height, 4: MIDDLE.height}
        return {(person + step) % self.people: steps.get(step, SMALL.height) for step in range(1, self.people)}


SCENARIOS = {
    "6": Scenario(6, 6),
    "12": Scenario(12, 12),
    "20": Scenario(20, 20),
    "30": Scenario(30, 30),
    "1-to-20": Scenario(1, 21),
    "10x4": Scenario(4, 4, rooms=10),
    "one-speaker": OneSpeaker(),
    "simulcast": Simulcast(),
    "12-layers": Scenario(12, 12, (SOUND, LAYERED)),
}


def outgoing(scenario: Scenario) -> int:
    """Return how many packets a second should reach somebody."""
    return scenario.rooms * sum(
        scenario.receivers(person, form) * form.rate
        for person in range(scenario.publishers)
        for form in scenario.formats
    )


def traffic(scenario: Scenario) -> str:
    """Return in a line who sends what to whom."""
    formats = ", ".join(
        f"{'sound' if form.kind == 'audio' else f'{form.height} lines'} {form.rate} x {form.size} B"
        f"{f' in {form.layers} temporal layers' if form.layers > 1 else ''}"
        for form in scenario.formats
    )
    rooms = f"{scenario.rooms} rooms of " if scenario.rooms > 1 else ""
    who = f"{rooms}{scenario.people} people, {scenario.publishers} send"
    return f"{who}; {outgoing(scenario)} packets out/s; a second {formats}"
