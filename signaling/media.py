"""The media plane: between members' messages and the SFU, everybody in a room publishes to and hears everybody else.

One `MediaPlane` serves all rooms. What a member asks for runs in order, one thing at a time per connection; different
members, and the two connections of one member, do not wait for each other. When tracks come or go, the subscriber
offers of the others follow: at most one unanswered offer each, and what happens meanwhile goes into the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from sfu.control import (
    CloseMember,
    CloseRoom,
    ConnectTransport,
    Event,
    LocalParameters,
    OpenTransport,
    Refused,
    RestartIce,
    RoomLost,
    Sfu,
    StartTrack,
    SubscribeTrack,
    TrackSubscribed,
    TrackWish,
    TransportClosed,
    UnsubscribeTrack,
    WatchTracks,
)
from sfu.control import EncodingsWanted as EncodingsWantedEvent
from sfu.control import TracksHeld as TracksHeldEvent
from signaling.media_state import Member, Publisher, Room, Subscriber, session_id
from signaling.messages import (
    EncodingsWanted,
    Error,
    ErrorCode,
    HeldTrack,
    MediaLost,
    Publish,
    Published,
    ServerMessage,
    SubscribeAnswer,
    SubscribeOffer,
    TracksHeld,
    Watch,
)
from signaling.messages import VideoCodec as VideoCodecMessage
from signaling.negotiation import PublisherOffer, read_offer
from signaling.publishing import change, same_peer
from signaling.sdp import SdpError
from signaling.sfu_calls import MediaError, SfuCalls
from signaling.subscriber_session import SUBSCRIBER_EXTENSIONS, SubscriberSession
from signaling.video_codec import VideoCodec

ANSWER_SECONDS = 15.0
"""How long an offer waits for its answer before everything is offered again, seconds. It was lost with a socket, or a
phone is locked: the next one that arrives makes good. Shorter only repeats 100 kB to who cannot answer; longer leaves
somebody who came back without the voices that joined meanwhile."""

logger = logging.getLogger("hearthside.signaling")


class MediaPlane:
    """Opens, connects and closes the SFU's transports as members' messages ask, and keeps subscribers up to date.

    Whether a member may is the caller's to check, in the same turn: after `drop_member` nothing may be asked for them.
    """

    def __init__(
        self,
        sfu: Sfu,
        send: Callable[[str, ServerMessage], None],
        *,
        new_id: Callable[[], str],
        vp9: bool = False,
    ) -> None:
        """`vp9`: cameras may be published in VP9 while everybody decodes it (`video_codec.py`)."""
        self._sfu = SfuCalls(sfu)
        self._send = send
        self._new_id = new_id
        self._vp9 = vp9
        self._rooms: dict[str, Room] = {}
        self._owners: dict[str, Member] = {}
        """By transport."""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- What members ask ---------------------------------------------------------------------------------------------

    async def publish(self, room: str, member: str, message: Publish) -> None:
        """Answer a publisher offer with `Published`, or with an `Error` that says what was wrong."""
        await self._run(self._publish(self._member(room, member), message))

    async def subscribe(self, room: str, member: str, *, restart_ice: bool = False) -> None:
        """Open the member's subscriber connection, or build it anew; `SubscribeOffer` follows, or an `Error`.

        With `restart_ice` a connection that there is stays, and is offered with new ICE credentials.
        """
        await self._run(self._subscribe(self._member(room, member), restart_ice=restart_ice))

    async def watch(self, room: str, member: str, message: Watch) -> None:
        """Take all that a member wants to be sent; it holds for later connections too."""
        await self._run(self._watch(self._member(room, member), message))

    async def subscribe_answer(self, room: str, member: str, message: SubscribeAnswer) -> None:
        """Take the answer to a subscriber offer; one that comes too late is ignored, a bad one gets an `Error`."""
        await self._run(self._subscribe_answer(self._member(room, member), message))

    def returned(self, room: str, member: str) -> None:
        """A member's socket is back: what went with the old one is said again now, and an offer made again."""
        found = self._rooms.get(room)
        state = found.members.get(member) if found is not None else None
        if found is None or state is None:
            return
        self._tell_codec(found, state)
        if state.publisher is not None:
            for wanted in state.publisher.wanted.values():
                self._send(member, wanted)
        if state.subscriber is not None:
            if state.subscriber.held is not None:
                self._send(member, state.subscriber.held)
            if not state.subscriber.session.answered:
                self._start(self._refresh(state, state.subscriber, again=True))

    async def drop_member(self, room: str, member: str) -> None:
        """Close a member's connections and tell the others. Nothing under way brings them back.

        The SFU is asked before the first suspension, so that a removed person's media ends in the turn of the removal,
        both ways: to close one connection after the other would leave the second open while the first says goodbye, and
        let what is under way publish on it.
        """
        found = self._rooms.get(room)
        state = found.members.pop(member, None) if found is not None else None
        if found is None or state is None:
            return
        if not found.members:
            found.stop()
            del self._rooms[room]
        state.gone = True
        connected = state.subscriber is not None or state.publisher is not None
        self._forget_subscriber(state)
        self._forget_publisher(state)
        self._choose_codec(found)
        if connected:
            await self._sfu.close(CloseMember(room, member))

    async def close_room(self, room: str) -> None:
        """Close everything of a room."""
        found = self._rooms.pop(room, None)
        if found is not None:
            found.stop()
        for state in found.members.values() if found is not None else ():
            state.gone = True
            self._forget_subscriber(state)
            self._forget_publisher(state)
        await self._sfu.close(CloseRoom(room))

    def on_event(self, event: Event) -> list[str]:
        """Take an event of the SFU. A transport that ended by itself is forgotten, its client builds a new one.

        Returns the members who lost a transport so.
        """
        match event:
            case EncodingsWantedEvent(transport, key, active):
                state = self._owners.get(transport)
                if state is not None and state.publisher is not None:
                    wanted = EncodingsWanted(state.room, _track_of(key), active)
                    state.publisher.wanted[key] = wanted
                    self._send(state.id, wanted)
            case TracksHeldEvent(transport, keys, sound_too_much):
                state = self._owners.get(transport)
                if state is not None and state.subscriber is not None:
                    tracks = [HeldTrack(_member_of(key), _track_of(key)) for key in keys]
                    state.subscriber.held = TracksHeld(state.room, tracks, sound_too_much)
                    self._send(state.id, state.subscriber.held)
            case TransportClosed(transport):
                return self._transport_ended(transport)
            case RoomLost(room):
                return self._room_lost(room)
        return []

    def _transport_ended(self, transport: str) -> list[str]:
        state = self._owners.get(transport)
        if state is None:
            return []
        if state.publisher is not None and state.publisher.transport == transport:
            self._forget_publisher(state)
        elif state.subscriber is not None and state.subscriber.transport == transport:
            self._forget_subscriber(state)
        return [state.id]

    def _room_lost(self, room: str) -> list[str]:
        """Its worker ended, and every transport with it: their clients learn it now, not when ICE has given up."""
        found = self._rooms.get(room)
        members = list(found.members.values()) if found is not None else []
        for state in members:
            self._forget_subscriber(state)
        for state in members:
            self._forget_publisher(state)
            self._send(state.id, MediaLost(room))
        return [state.id for state in members]

    async def close(self) -> None:
        """Stop all work. The SFU is not told: it is closed by its owner."""
        for room in self._rooms.values():
            room.stop()
            for state in room.members.values():
                state.gone = True
                if state.subscriber is not None:
                    state.subscriber.stop_waiting()
        self._rooms.clear()
        self._owners.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- Publisher ----------------------------------------------------------------------------------------------------

    async def _publish(self, state: Member, message: Publish) -> None:
        async with state.publishing:
            if state.gone:
                return
            try:
                offer = read_offer(message.sdp, message.tracks, vp9=self._vp9)
                publisher, local = await self._accept(state, offer)
            except SdpError:
                self._refuse(state, "bad_sdp", "publish", message.n)
            except MediaError as error:
                self._refuse(state, error.code, "publish", message.n)
            else:
                if not state.gone:
                    sdp = offer.answer(local, message.n, session=session_id(publisher.transport))
                    self._send(state.id, Published(state.room, message.n, sdp))

    async def _accept(self, state: Member, offer: PublisherOffer) -> tuple[Publisher, LocalParameters]:
        publisher = state.publisher
        if publisher is not None and (publisher.remote is None or not same_peer(publisher.remote, offer.remote)):
            # A page that was reloaded, or has given its old connection up.
            self._forget_publisher(state)
            await self._sfu.close_transport(publisher.transport)
            if state.gone:
                raise MediaError("media_unavailable")  # removed meanwhile: nothing is opened for them any more
            publisher = None
        fresh = publisher is None
        if publisher is None:
            publisher = state.publisher = Publisher(self._new_id())
            self._owners[publisher.transport] = state
        try:
            if publisher.local is None:
                opening = OpenTransport(state.room, state.id, publisher.transport, "publish")
                publisher.local = await self._sfu.open(opening)
            before = publisher.tracks
            try:
                return publisher, await change(self._sfu, state, publisher, offer)
            finally:
                if publisher.tracks != before:
                    self._refresh_others(state)
        except MediaError as error:
            if fresh or error.code == "media_unavailable":
                if state.publisher is publisher:
                    self._forget_publisher(state)
                await self._sfu.close_transport(publisher.transport)
            raise

    def _forget_publisher(self, state: Member) -> None:
        if state.publisher is not None:
            self._owners.pop(state.publisher.transport, None)
            state.publisher = None
            self._refresh_others(state)

    # -- Subscriber ---------------------------------------------------------------------------------------------------

    async def _subscribe(self, state: Member, *, restart_ice: bool) -> None:
        async with state.subscribing:
            if state.gone:
                return
            if restart_ice and await self._restart_ice(state):
                return
            if state.subscriber is not None:
                transport = state.subscriber.transport
                self._forget_subscriber(state)
                await self._sfu.close_transport(transport)
            if state.gone:
                return
            transport = self._new_id()
            session = SubscriberSession(state.takes, session_id(transport))
            subscriber = state.subscriber = Subscriber(transport, session)
            self._owners[subscriber.transport] = state
            self._choose_codec(self._rooms[state.room], besides=state)
            self._tell_codec(self._rooms[state.room], state)
            try:
                opening = OpenTransport(state.room, state.id, subscriber.transport, "subscribe")
                subscriber.local = await self._sfu.open(opening)
                await self._send_wishes(state, subscriber)
                await self._offer(state, subscriber)
            except MediaError as error:
                await self._fail_subscriber(state, subscriber, error, "subscribe")
            if state.gone:
                await self._sfu.close_transport(subscriber.transport)

    async def _restart_ice(self, state: Member) -> bool:
        """Offer the connection with new ICE credentials; False if there is none (any more) that could be kept."""
        subscriber = state.subscriber
        if subscriber is None:
            return False
        try:
            subscriber.local = await self._sfu.open(RestartIce(subscriber.transport))
        except MediaError:
            return False
        subscriber.connected = None
        try:
            await self._offer(state, subscriber, anyway=True)
        except MediaError as error:
            await self._fail_subscriber(state, subscriber, error, "subscribe")
        return True

    async def _watch(self, state: Member, message: Watch) -> None:
        async with state.subscribing:
            state.watch = message
            if state.subscriber is not None and not state.gone:
                with contextlib.suppress(MediaError):  # it ended in this moment: the next connection is told
                    await self._send_wishes(state, state.subscriber)

    async def _send_wishes(self, state: Member, subscriber: Subscriber) -> None:
        if state.watch is not None:
            wishes = {
                f"{tile.member}/{tile.track}": TrackWish(f"{tile.member}/{tile.track}", tile.height, tile.first)
                for tile in state.watch.tiles
            }
            await self._sfu.do(WatchTracks(subscriber.transport, list(wishes.values()), state.watch.max_rate))

    async def _offer(self, state: Member, subscriber: Subscriber, *, anyway: bool = False) -> None:
        """Offer all that the others publish now, if it is news or `anyway`. Raises `MediaError` without transport."""
        subscriber.stale = False
        wanted = [
            track
            for other in self._others(state)
            if other.publisher is not None
            for track in other.publisher.tracks.values()
        ]
        ended, new = subscriber.session.plan(wanted)
        for track in ended:
            # Most copies ended with their track. Not those of what cannot be decoded, nor one made after the track had
            # been published anew under its name: asked for again, its SSRC would come on a second m-line.
            await self._sfu.request(UnsubscribeTrack(subscriber.transport, track.key))
        for track in new:
            codecs, extensions = state.takes.codecs[track.offer.kind], SUBSCRIBER_EXTENSIONS[track.offer.kind]
            response = await self._sfu.request(SubscribeTrack(subscriber.transport, track.key, codecs, extensions))
            match response:
                case TrackSubscribed():
                    subscriber.session.bind(track, response)
                case Refused("no_such_transport" | "closing"):
                    raise MediaError("media_unavailable")
                case _:
                    # The track went in this moment, and another refresh follows; or the SFU is at a limit.
                    logger.debug("a track could not be subscribed")
        overdue = not subscriber.session.answered
        if state.subscriber is not subscriber or not (subscriber.session.offer_due or overdue or anyway):
            return
        assert subscriber.local is not None
        state.generation += 1
        sdp, tracks = subscriber.session.offer(subscriber.local, state.generation)
        subscriber.stop_waiting()
        subscriber.overdue = asyncio.get_running_loop().call_later(
            ANSWER_SECONDS, self._offer_overdue, state, subscriber
        )
        self._send(state.id, SubscribeOffer(state.room, state.generation, sdp, tracks))

    async def _subscribe_answer(self, state: Member, message: SubscribeAnswer) -> None:
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
            if not state.gone:
                self._choose_codec(self._rooms[state.room])
            try:
                if agreed.remote != subscriber.connected:
                    await self._sfu.do(ConnectTransport(subscriber.transport, agreed.remote))
                    subscriber.connected = agreed.remote
                for track in agreed.missed:
                    logger.info(
                        "A browser cannot decode a picture that is published in %s.", track.offer.codecs[0].name
                    )
                    subscriber.stale = True
                for track in agreed.started:
                    # Refused when the track has ended meanwhile; the next offer says so.
                    extensions = state.takes.extensions[track.offer.kind]
                    await self._sfu.request(StartTrack(subscriber.transport, track.key, extensions))
                if subscriber.stale or subscriber.session.crowded:
                    await self._offer(state, subscriber)
            except MediaError as error:
                await self._fail_subscriber(state, subscriber, error, "subscribe_answer")

    def _offer_overdue(self, state: Member, subscriber: Subscriber) -> None:
        subscriber.overdue = None
        self._start(self._refresh(state, subscriber, again=True))

    def _refresh_others(self, state: Member) -> None:
        """Have every other member's offer follow a change; many changes in one turn are one offer."""
        for other in self._others(state):
            subscriber = other.subscriber
            if subscriber is not None:
                subscriber.stale = True
                if not subscriber.refreshing:
                    subscriber.refreshing = True
                    self._start(self._refresh(other, subscriber, again=False))

    async def _refresh(self, state: Member, subscriber: Subscriber, *, again: bool) -> None:
        async with state.subscribing:
            if not again:
                subscriber.refreshing = False
            if state.subscriber is not subscriber:
                return
            try:
                if again or (subscriber.stale and subscriber.session.answered):
                    await self._offer(state, subscriber)
            except MediaError:
                await self._fail_subscriber(state, subscriber, None, "subscribe")

    async def _fail_subscriber(
        self,
        state: Member,
        subscriber: Subscriber,
        error: MediaError | None,
        about: Literal["subscribe", "subscribe_answer"],
    ) -> None:
        if state.subscriber is subscriber:
            self._forget_subscriber(state)
        await self._sfu.close_transport(subscriber.transport)
        if error is not None:
            self._refuse(state, error.code, about)

    def _forget_subscriber(self, state: Member) -> None:
        if state.subscriber is not None:
            state.subscriber.stop_waiting()
            self._owners.pop(state.subscriber.transport, None)
            held = state.subscriber.held
            state.subscriber = None
            if held is not None and not state.gone:
                # What was held went with the connection, and the next one speaks up only when it holds something.
                self._send(state.id, TracksHeld(state.room, [], sound_too_much=False))

    # -- Codec --------------------------------------------------------------------------------------------------------

    def _choose_codec(self, room: Room, *, besides: Member | None = None) -> None:
        """Look again at what cameras are to be published in; tell everybody, `besides` one, if it is another now."""
        watching = [member for member in room.members.values() if member.subscriber is not None]
        loop = asyncio.get_running_loop()
        if room.codec.update((member.takes.vp9 for member in watching), now=loop.time()):
            logger.info("Cameras of a room are to be published in %s from now on.", room.codec.name)
            for member in room.members.values():
                if member is not besides:
                    self._tell_codec(room, member)
        room.stop()
        if room.codec.due is not None and room.members:
            room.due = loop.call_at(room.codec.due, self._choose_codec, room)

    def _tell_codec(self, room: Room, state: Member) -> None:
        self._send(state.id, VideoCodecMessage(state.room, room.codec.name))

    # -- Common -------------------------------------------------------------------------------------------------------

    def _member(self, room: str, member: str) -> Member:
        found = self._rooms.setdefault(room, Room(VideoCodec(auto=self._vp9)))
        return found.members.setdefault(member, Member(room, member))

    def _others(self, state: Member) -> list[Member]:
        room = self._rooms.get(state.room)
        return [other for other in room.members.values() if other is not state] if room is not None else []

    def _refuse(self, state: Member, code: ErrorCode, about: str, n: int | None = None) -> None:
        if not state.gone:
            self._send(state.id, Error(code, about, n))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run to the end even if the caller is cancelled, as when a socket is lost: half-done is worse than done."""
        await asyncio.shield(self._start(work))


def _member_of(key: str) -> str:
    return key.partition("/")[0]


def _track_of(key: str) -> str:
    return key.partition("/")[2]
