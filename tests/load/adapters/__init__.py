"""What an SFU must be able to do to be measured: as little as can be, so that another one is soon added.

The generator is always the ICE-controlling side and the DTLS client; each person has one connection to publish by and
one to receive by. An adapter passes on what SDP would say, in the words of `sfu.control`, and never touches media.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu.control import Kind, LocalParameters, RemoteParameters

OPUS_TYPE = 111
VP8_TYPE = 96
RTX_TYPE = 97
"""Payload types as Chromium gives them, on every connection."""


@dataclass(frozen=True)
class Encoding:
    """One stream that a person sends."""

    kind: Kind
    ssrc: int
    height: int = 0
    """Lines of the picture, 0 for sound."""
    layers: int = 1
    """Temporal layers; with several the Dependency Descriptor is to be negotiated, if the SFU knows it."""


@dataclass(frozen=True)
class Wish:
    """What one person wants of another."""

    publisher: int
    kind: Kind
    height: int = 0
    """Lines; of a picture that is not shown 0, of sound too."""


@dataclass(frozen=True)
class Copy:
    """A stream that a subscriber is sent."""

    publisher: int
    kind: Kind
    ssrc: int
    rtx_ssrc: int = 0
    """0 where what is repaired comes under the stream's own SSRC."""


@dataclass(frozen=True)
class Reception:
    """A connection to receive by."""

    local: LocalParameters
    copies: list[Copy]


class AdapterError(Exception):
    """The SFU refused, or answered something that its adapter does not understand."""


class Adapter(Protocol):
    """One SFU. Rooms are named by strings, people by numbers that are unique in their room."""

    name: str
    does: str
    """What it does and does not do, in a line, for whoever compares the figures."""
    transport_cc: int
    """Id of the extension that numbers packets (draft-holmer-rmcat-transport-wide-cc-extensions-01), both ways."""
    dependency_descriptor: int
    """Id of that extension, both ways, where there are layers; 0 for an SFU that does not negotiate it."""

    @property
    def pid(self) -> int:
        """The first process of its tree."""

    def missing(self) -> str:
        """Return what has to be installed first, with the command, or nothing."""

    async def start(self, address: str, core: int) -> None:
        """Start the server with its media on that loopback address, every thread on that core."""

    async def open_room(self, room: str) -> None:
        """Open a room."""

    async def publish(
        self, room: str, person: int, remote: RemoteParameters, encodings: Sequence[Encoding]
    ) -> LocalParameters:
        """Announce what a person sends: at most one track of sound, and one of pictures in so many encodings."""

    async def subscribe(self, room: str, person: int, remote: RemoteParameters, wishes: Sequence[Wish]) -> Reception:
        """Open the connection to receive by. Media may flow at once, or when `connected` is called."""

    async def connected(self, room: str, person: int) -> None:
        """Let what was wished for flow: the connection to receive by stands."""

    async def extend(self, room: str, person: int, wishes: Sequence[Wish]) -> list[Copy]:
        """Wish for more on the same connection: somebody came."""

    async def leave(self, room: str, person: int) -> None:
        """End both connections of a person; the others are no longer sent theirs."""

    async def give_back(self) -> None:
        """Have it give free memory back to the kernel, if it can: what is resident afterwards is what is held."""

    async def stop(self) -> None:
        """End the server. Safe to call again."""
