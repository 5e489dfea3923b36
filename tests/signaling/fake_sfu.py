"""An SFU without media, for tests of signaling: it keeps the books that the real one keeps, and can be made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sfu.control import (
    Candidate,
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    LocalParameters,
    OpenTransport,
    PublishTrack,
    Refused,
    RemoteParameters,
    Request,
    Response,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WatchTracks,
)

R = TypeVar("R", bound=Request)


class FakeSfu:
    """Records every request. Down tracks end with their up track, tracks with their transport."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.transports: dict[str, OpenTransport] = {}
        self.connected: dict[str, RemoteParameters] = {}
        self.up: dict[str, PublishTrack] = {}
        """Up tracks by key."""
        self.down: dict[tuple[str, str], bool] = {}
        """(transport, track) → whether it flows."""
        self.clashes: list[PublishTrack] = []
        """Refused because the track was published already, on another transport or otherwise."""
        self.wishes: dict[str, WatchTracks] = {}
        """The last ones by transport."""
        self.fail: Callable[[Request], Response | BaseException | None] = lambda _: None
        """Give a request another end: a response, or an exception to raise."""
        self.gate: asyncio.Event | None = None
        """Every answer waits for it."""
        self._count = 0

    async def request(self, request: Request) -> Response:
        self.requests.append(request)
        failure = self.fail(request)
        answer = failure or self._handle(request)  # in the order asked, as the real one
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def asked(self, kind: type[R]) -> list[R]:
        """All requests of one kind, in order."""
        return [request for request in self.requests if isinstance(request, kind)]

    def _handle(self, request: Request) -> Response:
        self._count += 1
        match request:
            case OpenTransport():
                self.transports[request.transport] = request
                return self._opened()
            case CloseTransport(transport):
                self._close(transport)
                return Done()
            case CloseMember(room, member):
                for transport in [
                    name for name, opened in self.transports.items() if (opened.room, opened.member) == (room, member)
                ]:
                    self._close(transport)
                return Done()
            case CloseRoom(room):
                for transport in [name for name, opened in self.transports.items() if opened.room == room]:
                    self._close(transport)
                return Done()
            case (
                ConnectTransport(transport)
                | RestartIce(transport)
                | PublishTrack(transport)
                | UnpublishTrack(transport)
                | SubscribeTrack(transport)
                | StartTrack(transport)
                | UnsubscribeTrack(transport)
                | WatchTracks(transport)
            ) if transport not in self.transports:
                return Refused("no_such_transport")
            case ConnectTransport():
                self.connected[request.transport] = request.remote
                return Done()
            case RestartIce():
                return self._opened()
            case PublishTrack():
                if self.up.setdefault(request.track, request) == request:
                    return Done()
                self.clashes.append(request)
                return Refused("ssrc_taken")
            case UnpublishTrack():
                self._unpublish(request.track)
                return Done()
            case SubscribeTrack():
                if request.track not in self.up:
                    return Refused("no_such_track")
                # The real one gives the copy that there is once more: its SSRC would stand on two m-lines.
                assert (request.transport, request.track) not in self.down, "subscribed twice"
                self.down[request.transport, request.track] = False
                video = self.up[request.track].kind == "video"
                return TrackSubscribed(
                    self._count * 2, self._count * 2 + 1 if video else 0, self.up[request.track].transport
                )
            case StartTrack():
                if (request.transport, request.track) not in self.down:
                    return Refused("no_such_track")
                self.down[request.transport, request.track] = True
                return Done()
            case UnsubscribeTrack():
                self.down.pop((request.transport, request.track), None)
                return Done()
            case WatchTracks():
                self.wishes[request.transport] = request
                return Done()
            case _:
                raise AssertionError(request)

    def _opened(self) -> TransportOpened:
        ufrag = f"u{self._count:07}"
        fingerprint = ":".join(["5E"] * 32)
        return TransportOpened(LocalParameters(ufrag, ufrag * 3, fingerprint, [Candidate("192.0.2.7", 8081)]))

    def _close(self, transport: str) -> None:
        self.transports.pop(transport, None)
        self.connected.pop(transport, None)
        self.wishes.pop(transport, None)
        for track in [name for name, up in self.up.items() if up.transport == transport]:
            self._unpublish(track)
        self.down = {key: flows for key, flows in self.down.items() if key[0] != transport}

    def _unpublish(self, track: str) -> None:
        self.up.pop(track, None)
        self.down = {key: flows for key, flows in self.down.items() if key[1] != track}
