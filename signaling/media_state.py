"""What the media plane remembers of a room, of a member, and of a member's two connections."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

from sfu.control import LocalParameters, RemoteParameters
from signaling.messages import EncodingsWanted, TracksHeld, Watch
from signaling.negotiation import UpTrack
from signaling.subscriber_session import SubscriberSession, Taken
from signaling.video_codec import VideoCodec


def session_id(transport: str) -> int:
    """What the ``o=`` lines of a connection say: all have one certificate, so that a browser knows by this alone that
    a description is of a new transport and no ICE restart. At most 62 bits, as RFC 8829, section 5.2.1 has it.
    """
    return int.from_bytes(hashlib.sha256(transport.encode()).digest()[:8], "big") >> 2


@dataclass(slots=True, eq=False)
class Publisher:
    """A member's publisher connection."""

    transport: str
    local: LocalParameters | None = None
    remote: RemoteParameters | None = None
    tracks: dict[str, UpTrack] = field(default_factory=dict)
    wanted: dict[str, EncodingsWanted] = field(default_factory=dict)
    """The last word on each track's encodings: said again to who comes back."""


@dataclass(slots=True, eq=False)
class Subscriber:
    """A member's subscriber connection."""

    transport: str
    session: SubscriberSession
    local: LocalParameters | None = None
    connected: RemoteParameters | None = None
    """What the SFU was told of the browser's half; None before, and again from an ICE restart to its answer."""
    held: TracksHeld | None = None
    """The last word on what finds no room: said again to who comes back."""
    stale: bool = False
    """Tracks came or went since the last offer."""
    refreshing: bool = False
    """A task that looks after `stale` is on its way."""
    overdue: asyncio.TimerHandle | None = None

    def stop_waiting(self) -> None:
        """No offer waits for its answer any more."""
        if self.overdue is not None:
            self.overdue.cancel()
            self.overdue = None


@dataclass(slots=True, eq=False)
class Member:
    """A member in one room."""

    room: str
    id: str
    publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    subscribing: asyncio.Lock = field(default_factory=asyncio.Lock)
    publisher: Publisher | None = None
    subscriber: Subscriber | None = None
    takes: Taken = field(default_factory=Taken)
    """What this member's browser took of our offers: known over rebuilt connections."""
    watch: Watch | None = None
    """Their last wishes: they hold for a rebuilt connection too."""
    generation: int = 0
    """Of the last subscriber offer: it goes on over rebuilt connections, so that no answer meets a wrong offer."""
    gone: bool = False


@dataclass(slots=True, eq=False)
class Room:
    """One room."""

    codec: VideoCodec
    members: dict[str, Member] = field(default_factory=dict)
    due: asyncio.TimerHandle | None = None
    """Looks at the codec again."""

    def stop(self) -> None:
        """Nobody is there any more."""
        if self.due is not None:
            self.due.cancel()
            self.due = None
