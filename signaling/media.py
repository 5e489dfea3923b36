"""The media plane: between members' messages and the SFU, everybody in a room publishes to and hears everybody else.

One `MediaPlane` serves all rooms. What a member asks for runs in order, one thing at a time per connection; different
members, and the two connections of one member, do not wait for each other. When tracks come or go, the subscriber
offers of the others follow: at most one unanswered offer each, and what happens meanwhile goes into the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from sfu.control import (
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Event,
    LocalParameters,
    OpenTransport,
    PublishTrack,
    Refused,
    RemoteParameters,
    Request,
    Response,
    RestartIce,
    Sfu,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TransportClosed,
    TransportOpened,
    UnpublishTrack,
)
from signaling.messages import Error, ErrorCode, Publish, Published, ServerMessage, SubscribeAnswer, SubscribeOffer
from signaling.negotiation import (
    SUBSCRIBER_CODECS,
    SUBSCRIBER_EXTENSIONS,
    PublisherOffer,
    SubscriberSession,
    UpTrack,
    read_offer,
)
from signaling.sdp import SdpError

ANSWER_SECONDS = 15.0
"""How long an offer waits for its answer before everything is offered again, seconds. It was lost with a socket, or a
phone is locked: the next one that arrives makes good. Shorter only repeats 100 kB to who cannot answer; longer leaves
somebody who came back without the voices that joined meanwhile."""

logger = logging.getLogger("hearthside.signaling")


class _MediaError(Exception):
    """The SFU did not do what was asked."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code)
        self.code: ErrorCode = code


_REFUSALS: dict[str, ErrorCode] = {
    "ssrc_taken": "bad_sdp",
    "unsupported_codec": "bad_sdp",
    "limit": "too_many_tracks",
}
"""What a refusal means for the member; every other one means that the SFU's state has moved on: try again."""


@dataclass(slots=True, eq=False)
class _Publisher:
    transport: str
    local: LocalParameters | None = None
    remote: RemoteParameters | None = None
    tracks: dict[str, UpTrack] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Subscriber:
    transport: str
    local: LocalParameters | None = None
    session: SubscriberSession = field(default_factory=SubscriberSession)
    connected: RemoteParameters | None = None
    stale: bool = False
    """Tracks came or went since the last offer."""
    refreshing: bool = False
    """A task that looks after `stale` is on its way."""
    overdue: asyncio.TimerHandle | None = None

    def stop_waiting(self) -> None:
        if self.overdue is not None:
            self.overdue.cancel()
            self.overdue = None


@dataclass(slots=True, eq=False)
class _Member:
    room: str
    id: str
    publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    subscribing: asyncio.Lock = field(default_factory=asyncio.Lock)
    publisher: _Publisher | None = None
    subscriber: _Subscriber | None = None
    generation: int = 0
    """Of the last subscriber offer: it goes on over rebuilt connections, so that no answer meets a wrong offer."""
    gone: bool = False


class MediaPlane:
    """Opens, connects and closes the SFU's transports as members' messages ask, and keeps subscribers up to date.

    Whether a member may is the caller's to check, in the same turn: after `drop_member` nothing may be asked for them.
    """

    def __init__(self, sfu: Sfu, send: Callable[[str, ServerMessage], None], *, new_id: Callable[[], str]) -> None:
        self._sfu = sfu
        self._send = send
        self._new_id = new_id
        self._rooms: dict[str, dict[str, _Member]] = {}
        self._owners: dict[str, _Member] = {}
        """By transport."""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- What members ask ---------------------------------------------------------------------------------------------

    async def publish(self, room: str, member: str, message: Publish) -> None:
        """Answer a publisher offer with `Published`, or with an `Error` that says what was wrong."""
        await self._run(self._publish(self._member(room, member), message))

    async def subscribe(self, room: str, member: str) -> None:
        """Open the member's subscriber connection, or build it anew; `SubscribeOffer` follows, or an `Error`."""
        await self._run(self._subscribe(self._member(room, member)))

    async def subscribe_answer(self, room: str, member: str, message: SubscribeAnswer) -> None:
        """Take the answer to a subscriber offer; one that comes too late is ignored, a bad one gets an `Error`."""
        await self._run(self._subscribe_answer(self._member(room, member), message))

    def returned(self, room: str, member: str) -> None:
        """A member's socket is back: an offer that went with the old one is made again now."""
        state = self._rooms.get(room, {}).get(member)
        if state is not None and state.subscriber is not None and not state.subscriber.session.answered:
            self._start(self._refresh(state, state.subscriber, again=True))

    async def drop_member(self, room: str, member: str) -> None:
        """Close a member's connections and tell the others. Nothing under way brings them back.

        The SFU is asked before the first suspension, so that a removed person's media ends in the turn of the removal.
        """
        members = self._rooms.get(room, {})
        state = members.pop(member, None)
        if state is None:
            return
        if not members:
            del self._rooms[room]
        state.gone = True
        transports = [end.transport for end in (state.subscriber, state.publisher) if end is not None]
        self._forget_subscriber(state)
        self._forget_publisher(state)
        for transport in transports:
            await self._close_transport(transport)

    async def close_room(self, room: str) -> None:
        """Close everything of a room."""
        for state in self._rooms.pop(room, {}).values():
            state.gone = True
            self._forget_subscriber(state)
            self._forget_publisher(state)
        await self._close(CloseRoom(room))

    def on_event(self, event: Event) -> str | None:
        """Take an event of the SFU: a transport that ended by itself is forgotten, its client builds a new one.

        Returns the member who lost a transport so.
        """
        if not isinstance(event, TransportClosed):
            return None
        state = self._owners.get(event.transport)
        if state is None:
            return None
        if state.publisher is not None and state.publisher.transport == event.transport:
            self._forget_publisher(state)
        elif state.subscriber is not None and state.subscriber.transport == event.transport:
            self._forget_subscriber(state)
        return state.id

    async def close(self) -> None:
        """Stop all work. The SFU is not told: it is closed by its owner."""
        for members in self._rooms.values():
            for state in members.values():
                state.gone = True
                if state.subscriber is not None:
                    state.subscriber.stop_waiting()
        self._rooms.clear()
        self._owners.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- Publisher ----------------------------------------------------------------------------------------------------

    async def _publish(self, state: _Member, message: Publish) -> None:
        async with state.publishing:
            if state.gone:
                return
            try:
                offer = read_offer(message.sdp, message.tracks)
                local = await self._accept(state, offer)
            except SdpError:
                self._refuse(state, "bad_sdp", "publish", message.n)
            except _MediaError as error:
                self._refuse(state, error.code, "publish", message.n)
            else:
                if not state.gone:
                    self._send(state.id, Published(state.room, message.n, offer.answer(local, message.n)))

    async def _accept(self, state: _Member, offer: PublisherOffer) -> LocalParameters:
        publisher = state.publisher
        if publisher is not None and (publisher.remote is None or not _same_peer(publisher.remote, offer.remote)):
            # A page that was reloaded, or has given its old connection up.
            self._forget_publisher(state)
            await self._close_transport(publisher.transport)
            if state.gone:
                raise _MediaError("media_unavailable")  # removed meanwhile: nothing is opened for them any more
            publisher = None
        fresh = publisher is None
        if publisher is None:
            publisher = state.publisher = _Publisher(self._new_id())
            self._owners[publisher.transport] = state
        try:
            if publisher.local is None:
                opening = OpenTransport(state.room, state.id, publisher.transport, "publish")
                publisher.local = await self._open(opening)
            return await self._change(state, publisher, offer)
        except _MediaError as error:
            if fresh or error.code == "media_unavailable":
                if state.publisher is publisher:
                    self._forget_publisher(state)
                await self._close_transport(publisher.transport)
            raise

    async def _change(self, state: _Member, publisher: _Publisher, offer: PublisherOffer) -> LocalParameters:
        """Bring a publisher to what its new offer says; if the SFU refuses any of it, back to what it was."""
        local = publisher.local
        if publisher.remote not in (None, offer.remote):
            local = await self._open(RestartIce(publisher.transport))
        assert local is not None
        before = publisher.tracks
        wanted = {track.id: track for track in offer.tracks}
        ended = [track for name, track in before.items() if wanted.get(name) != track.offer]
        after = {name: track for name, track in before.items() if track not in ended}
        undo: list[Request] = []
        try:
            for track in ended:
                await self._do(UnpublishTrack(publisher.transport, track.key))
                undo.append(_publish_track(publisher.transport, track))
            for offered in offer.tracks:
                if offered.id not in after:
                    track = after[offered.id] = UpTrack(state.id, offered)
                    await self._do(_publish_track(publisher.transport, track))
                    undo.append(UnpublishTrack(publisher.transport, track.key))
            if publisher.remote != offer.remote:
                await self._do(ConnectTransport(publisher.transport, offer.remote))
        except _MediaError:
            for request in reversed(undo):
                await self._close(request)
            # Tracks that ended and came back have new down tracks to get: they count as new.
            publisher.tracks = {
                name: UpTrack(state.id, track.offer) if track in ended else track for name, track in before.items()
            }
            self._refresh_others(state)
            raise
        if publisher is not state.publisher:
            raise _MediaError("media_unavailable")  # it was closed, or the member left, while the SFU worked
        publisher.remote, publisher.local, publisher.tracks = offer.remote, local, after
        if after != before:
            self._refresh_others(state)
        return local

    def _forget_publisher(self, state: _Member) -> None:
        if state.publisher is not None:
            self._owners.pop(state.publisher.transport, None)
            state.publisher = None
            self._refresh_others(state)

    # -- Subscriber ---------------------------------------------------------------------------------------------------

    async def _subscribe(self, state: _Member) -> None:
        async with state.subscribing:
            if state.gone:
                return
            if state.subscriber is not None:
                transport = state.subscriber.transport
                self._forget_subscriber(state)
                await self._close_transport(transport)
                if state.gone:
                    return
            subscriber = state.subscriber = _Subscriber(self._new_id())
            self._owners[subscriber.transport] = state
            try:
                opening = OpenTransport(state.room, state.id, subscriber.transport, "subscribe")
                subscriber.local = await self._open(opening)
                await self._offer(state, subscriber)
            except _MediaError as error:
                await self._fail_subscriber(state, subscriber, error, "subscribe")
            if state.gone:
                await self._close_transport(subscriber.transport)

    async def _offer(self, state: _Member, subscriber: _Subscriber) -> None:
        """Offer all that the others publish now. Raises `_MediaError` if the transport is gone."""
        subscriber.stale = False
        members = self._rooms.get(state.room, {})
        wanted = [
            track
            for other in members.values()
            if other is not state and other.publisher is not None
            for track in other.publisher.tracks.values()
        ]
        for track in subscriber.session.plan(wanted):
            kind = track.offer.kind
            request = SubscribeTrack(
                subscriber.transport, track.key, SUBSCRIBER_CODECS[kind], SUBSCRIBER_EXTENSIONS[kind]
            )
            response = await self._request(request)
            match response:
                case TrackSubscribed():
                    subscriber.session.bind(track, response)
                case Refused("no_such_transport" | "closing"):
                    raise _MediaError("media_unavailable")
                case _:
                    # The track went in this moment, and another refresh follows; or the SFU is at a limit.
                    logger.debug("a track could not be subscribed")
        overdue = not subscriber.session.answered
        if state.subscriber is not subscriber or not (subscriber.session.offer_due or overdue):
            return
        assert subscriber.local is not None
        state.generation += 1
        sdp, tracks = subscriber.session.offer(subscriber.local, state.generation)
        subscriber.stop_waiting()
        subscriber.overdue = asyncio.get_running_loop().call_later(
            ANSWER_SECONDS, self._offer_overdue, state, subscriber
        )
        self._send(state.id, SubscribeOffer(state.room, state.generation, sdp, tracks))

    async def _subscribe_answer(self, state: _Member, message: SubscribeAnswer) -> None:
        async with state.subscribing:
            subscriber = state.subscriber
            if subscriber is None:
                return
            try:
                agreed = subscriber.session.answer(message.generation, message.sdp)
            except SdpError:
                self._refuse(state, "bad_sdp", "subscribe_answer")
                return
            if agreed is None:
                return
            subscriber.stop_waiting()
            try:
                if agreed.remote != subscriber.connected:
                    await self._do(ConnectTransport(subscriber.transport, agreed.remote))
                    subscriber.connected = agreed.remote
                for track in agreed.started:
                    # Refused when the track has ended meanwhile; the next offer says so.
                    await self._request(StartTrack(subscriber.transport, track.key))
                if subscriber.stale or subscriber.session.crowded:
                    await self._offer(state, subscriber)
            except _MediaError as error:
                await self._fail_subscriber(state, subscriber, error, "subscribe_answer")

    def _offer_overdue(self, state: _Member, subscriber: _Subscriber) -> None:
        subscriber.overdue = None
        self._start(self._refresh(state, subscriber, again=True))

    def _refresh_others(self, state: _Member) -> None:
        """Have every other member's offer follow a change; many changes in one turn are one offer."""
        for other in self._rooms.get(state.room, {}).values():
            subscriber = other.subscriber
            if other is not state and subscriber is not None:
                subscriber.stale = True
                if not subscriber.refreshing:
                    subscriber.refreshing = True
                    self._start(self._refresh(other, subscriber, again=False))

    async def _refresh(self, state: _Member, subscriber: _Subscriber, *, again: bool) -> None:
        async with state.subscribing:
            if not again:
                subscriber.refreshing = False
            if state.subscriber is not subscriber:
                return
            try:
                if again or (subscriber.stale and subscriber.session.answered):
                    await self._offer(state, subscriber)
            except _MediaError:
                await self._fail_subscriber(state, subscriber, None, "subscribe")

    async def _fail_subscriber(
        self,
        state: _Member,
        subscriber: _Subscriber,
        error: _MediaError | None,
        about: Literal["subscribe", "subscribe_answer"],
    ) -> None:
        if state.subscriber is subscriber:
            self._forget_subscriber(state)
        await self._close_transport(subscriber.transport)
        if error is not None:
            self._refuse(state, error.code, about)

    def _forget_subscriber(self, state: _Member) -> None:
        if state.subscriber is not None:
            state.subscriber.stop_waiting()
            self._owners.pop(state.subscriber.transport, None)
            state.subscriber = None

    # -- Common -------------------------------------------------------------------------------------------------------

    def _member(self, room: str, member: str) -> _Member:
        members = self._rooms.setdefault(room, {})
        return members.setdefault(member, _Member(room, member))

    def _refuse(self, state: _Member, code: ErrorCode, about: str, n: int | None = None) -> None:
        if not state.gone:
            self._send(state.id, Error(code, about, n))

    async def _request(self, request: Request) -> Response:
        try:
            return await self._sfu.request(request)
        except ConnectionError:
            raise _MediaError("media_unavailable") from None

    async def _do(self, request: Request) -> None:
        response = await self._request(request)
        if isinstance(response, Refused):
            raise _MediaError(_REFUSALS.get(response.reason, "media_unavailable"))

    async def _open(self, request: OpenTransport | RestartIce) -> LocalParameters:
        response = await self._request(request)
        if not isinstance(response, TransportOpened):
            raise _MediaError("media_unavailable")
        return response.local

    async def _close(self, request: Request) -> None:
        """Ask for something that ends what may be gone already."""
        try:
            await self._request(request)
        except _MediaError:
            logger.debug("the SFU is gone: nothing left to close")

    async def _close_transport(self, transport: str) -> None:
        await self._close(CloseTransport(transport))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run to the end even if the caller is cancelled, as when a socket is lost: half-done is worse than done."""
        await asyncio.shield(self._start(work))


def _same_peer(one: RemoteParameters, other: RemoteParameters) -> bool:
    """Whether two halves belong to one connection of one browser: it keeps its certificate, also over ICE restarts."""
    return (one.fingerprint_algorithm, one.fingerprint) == (other.fingerprint_algorithm, other.fingerprint)


def _publish_track(transport: str, track: UpTrack) -> PublishTrack:
    offer = track.offer
    return PublishTrack(transport, track.key, offer.mid, offer.kind, offer.codecs, offer.extensions, offer.encodings)
