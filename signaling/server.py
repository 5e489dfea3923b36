"""The shell around the machine: WebSockets, clock, random, store and media plane."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Literal, Protocol

from aiohttp import web

from sfu.control import Event, Sfu
from signaling import effects as e
from signaling.addresses import Network, client_address
from signaling.certificates import CertificateError, apply_update
from signaling.database import MisfitError, StoreError
from signaling.links import b64
from signaling.listen import ports
from signaling.machine import Machine
from signaling.media import MediaPlane
from signaling.messages import (
    MAX_MESSAGE_BYTES,
    PROTOCOL,
    Publish,
    Restarting,
    ServerMessage,
    Subscribe,
    SubscribeAnswer,
    UpdateGroup,
    Watch,
    encode,
)
from signaling.rate_limit import Limits
from signaling.session import TokenKeeper
from signaling.store import Group, OpenMeeting, Store
from signaling.turn import Relay
from signaling.wire import Wire

PING_SECONDS = 20.0
"""WebSocket ping: keeps NAT and proxies open (they close after 30 s at the earliest). A client that does not answer
within 10 s is lost."""
TICK_SECONDS = 1.0
"""How often time passes for the machine, and how often groups that another process deleted are looked for."""
DRAIN_SECONDS = 2.0
"""How long `drain` waits for clients to take their leave. Longer keeps everybody waiting for one locked phone."""
STORE_SECONDS = 3.0
"""How long `close` waits for what is still to be stored: a hung database should not keep the server from ending."""
KEEP_SECONDS = 1.0
"""How long the messages of a turn wait for the disk to hold what the turn changed. A write takes a few milliseconds;
longer would let a slow disk be felt in the meeting, shorter would tell of removals that a crash undoes."""
AGAIN_SECONDS = 1.0
"""Between two attempts to store what could not be stored. Longer leaves removals open to a crash for longer."""
RESTART_CODE = 1012

_log = logging.getLogger("hearthside.signaling")
_Later = e.LoadGroup | e.DeleteGroup | e.UpdateGroup | e.Negotiate
_Work = Literal["asking", "keeping"]
_Kept = e.SaveMeeting | e.EndMeeting | e.AddMark


class SignalingSettings(Protocol):
    """What signaling needs of the settings."""

    @property
    def public_url(self) -> str:
        """Scheme, host and port: the origin whose pages may connect."""

    @property
    def media_ports(self) -> Sequence[int]:
        """The UDP ports that media needs."""

    @property
    def media_tcp_ports(self) -> Sequence[int]:
        """The TCP ports that stand in for them where UDP is blocked."""

    @property
    def turn_urls(self) -> Sequence[str]:
        """The TURN server's."""

    @property
    def turn_secret(self) -> str | None:
        """Shared with the TURN server."""

    @property
    def video_codec(self) -> str:
        """ "vp8" or "auto"."""

    @property
    def trusted_proxies(self) -> Sequence[Network]:
        """Whose ``X-Forwarded-For`` counts."""


class _Clock:
    """Wall-clock seconds that never run backwards: tokens outlive the process, and deadlines do not jump."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        return time.monotonic() + self._offset


class Signaling:
    """One process's signaling. `start` before the first socket, `drain` before the end, then `close`."""

    def __init__(self, *, store: Store, sfu: Sfu, settings: SignalingSettings, limits: Limits | None = None) -> None:
        self._store = store
        self._settings = settings
        self._limits = limits or Limits()
        self._now = _Clock()
        self._numbers = itertools.count(1)
        self._wires: dict[int, Wire] = {}
        self._conversations: set[asyncio.Task[Any]] = set()
        vp9 = settings.video_codec == "auto"
        self._media = MediaPlane(sfu, self._send_to_member, new_id=_new_id, vp9=vp9)
        self._machine: Machine | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_store: asyncio.Queue[tuple[_Kept, asyncio.Future[None]]] = asyncio.Queue()
        self._kept: asyncio.Future[None] | None = None  # done once all so far is stored, or is not waited for
        self._draining = False
        self._failing: set[_Work] = set()
        self._media_blocked_told = False

    def routes(self) -> list[web.RouteDef]:
        """``GET /ws``."""
        return [web.get("/ws", self._serve)]

    async def start(self) -> None:
        """Take up what ran before. Raises `StoreError`."""
        tokens = TokenKeeper(await self._store.server_key())
        secret = self._settings.turn_secret
        relay = Relay(self._settings.turn_urls, secret) if secret is not None else None
        self._machine = Machine(tokens=tokens, new_id=_new_id, new_nonce=_new_nonce, limits=self._limits, relay=relay)
        found = [
            (e.SaveMeeting(o.group, o.meeting, o.room, o.started), [digest for _, digest in marks])
            for o, marks in await self._store.load_meetings()
        ]
        self._apply(self._machine.restore(found, now=self._now()))
        for step in (self._let_time_pass, self._watch_for_deletion):
            self._spawn(self._every_second(step))
        self._spawn(self._write_to_store())

    async def drain(self) -> None:
        """Tell everybody to come back after the restart, and let nobody new in."""
        self._draining = True
        for wire in self._wires.values():
            wire.send(encode(Restarting()))
            wire.close(RESTART_CODE)
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=DRAIN_SECONDS)

    async def close(self) -> None:
        """Stop. What the store was to be told has been told, unless it fails or hangs."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._to_store.join(), STORE_SECONDS)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._media.close()

    def on_event(self, event: Event) -> None:
        """Take an event of the SFU."""
        for member in self._media.on_event(event):
            if self._machine is not None:
                self._machine.media_ended(member)

    # -- Sockets ----------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self._draining or self._machine is None or request.transport is None:
            raise web.HTTPServiceUnavailable
        if not self._from_our_page(request):
            raise web.HTTPForbidden(text="Only this server's own pages may connect.")
        offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if PROTOCOL not in offered:
            raise web.HTTPBadRequest(text=f"This server speaks the WebSocket subprotocol {PROTOCOL}.")
        # No compression: it would tell of what is said by its size, and costs memory for each socket.
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,), heartbeat=PING_SECONDS, max_msg_size=MAX_MESSAGE_BYTES, compress=False
        )
        await socket.prepare(request)
        address = client_address(
            request.remote, request.headers.getall("X-Forwarded-For", []), self._settings.trusted_proxies
        )
        await self._converse(self._machine, Wire(socket, request.transport), address)
        return socket

    async def _converse(self, machine: Machine, wire: Wire, address: str) -> None:
        connection = next(self._numbers)
        self._wires[connection] = wire
        conversation = asyncio.current_task()
        assert conversation is not None
        self._conversations.add(conversation)
        writer = asyncio.create_task(wire.run())
        try:
            self._apply(machine.connect(connection, address, now=self._now()))
            while (data := await wire.receive()) is not None:
                for later in self._apply(machine.receive(connection, data, now=self._now())):
                    await self._carry_out(machine, later)
        finally:
            if not self._draining:
                self._apply(machine.disconnected(connection, now=self._now()))
            if not wire.closing:
                writer.cancel()
            try:
                await asyncio.gather(writer, return_exceptions=True)
            finally:  # also when aiohttp ends this conversation, as it may when the connection is lost
                del self._wires[connection]
                self._conversations.discard(conversation)

    def _from_our_page(self, request: web.Request) -> bool:
        """True unless another site's page asks. Browsers always send Origin; other programs act for nobody else."""
        origin = request.headers.get("Origin")
        return origin is None or origin == self._settings.public_url or origin.partition("://")[2] == request.host

    def _send_to_member(self, member: str, message: ServerMessage) -> None:
        connection = self._machine.connection_of(member) if self._machine else None
        if connection is not None and (wire := self._wires.get(connection)):
            wire.send(encode(message))

    # -- Effects ----------------------------------------------------------------------------------------------------

    def _apply(self, effects: list[e.Effect]) -> list[_Later]:
        """Carry out in order what can be done at once; return what has to be waited for.

        Media of a removed member is stopped by a task that starts before any message of the same turn is written. What
        a restart must not undo is on the disk before anybody is told of it: else a crash in between would let somebody
        back in whose removal a facilitator has seen.
        """
        later: list[_Later] = []
        kept: asyncio.Future[None] | None = None
        for effect in effects:
            if isinstance(effect, _Kept):
                kept = self._keep(effect)
        last: ServerMessage | None = None
        text = ""
        for effect in effects:
            match effect:
                case e.Send(connection, message):
                    if message is not last:  # the same to everybody in a room: write it once
                        last, text = message, encode(message)
                    if wire := self._wires.get(connection):
                        if kept is not None:
                            wire.hold(kept)
                        wire.send(text)
                case e.Close(connection, code):
                    if wire := self._wires.get(connection):
                        if kept is not None:
                            wire.hold(kept)
                        wire.close(code)
                case e.OfferFirst(room, member):
                    self._spawn(self._media.subscribe(room, member))
                case e.OfferAgain(room, member):
                    self._media.returned(room, member)
                case e.DropMedia(room, member):
                    self._spawn(self._media.drop_member(room, member))
                case e.CloseRoom(room):
                    self._spawn(self._media.close_room(room))
                case e.SaveMeeting() | e.EndMeeting() | e.AddMark():
                    pass  # above
                case e.ReportMediaBlocked():
                    self._report_media_blocked()
                case e.Log(text=line):
                    _log.info(line)
                case e.LoadGroup() | e.DeleteGroup() | e.UpdateGroup() | e.Negotiate():
                    later.append(effect)
        return later

    async def _carry_out(self, machine: Machine, later: _Later) -> None:
        """One member's slow matters, in the turn of that member's socket: who sends faster than this waits."""
        match later:
            case e.LoadGroup(connection, message):
                try:
                    group: Group | None = await self._store.get_group(message.group)
                except StoreError as error:
                    self._tell_failure("asking", error)
                    self._apply(machine.load_failed(connection))
                else:
                    if self._kept is not None:
                        await asyncio.wait([self._kept])  # whom they find there, or that they were removed, is told too
                    for again in self._apply(machine.group_loaded(connection, message, group, now=self._now())):
                        await self._carry_out(machine, again)
            case e.DeleteGroup(connection, group_id):
                try:
                    await self._store.delete_group(group_id)
                except StoreError as error:
                    self._tell_failure("asking", error)
                    self._apply(machine.load_failed(connection))
                else:
                    self._apply(machine.group_deleted(group_id, now=self._now()))
            case e.UpdateGroup(connection, group_id, update):
                await self._update_group(machine, connection, group_id, update)
            case e.Negotiate(room, member, Publish() as message):
                await self._media.publish(room, member, message)
            case e.Negotiate(room, member, Subscribe(restart_ice=restart)):
                await self._media.subscribe(room, member, restart_ice=restart)
            case e.Negotiate(room, member, Watch() as message):
                await self._media.watch(room, member, message)
            case e.Negotiate(room, member, SubscribeAnswer() as message):
                await self._media.subscribe_answer(room, member, message)

    async def _update_group(self, machine: Machine, connection: int, group_id: str, update: UpdateGroup) -> None:
        try:
            group = await self._store.update_group(group_id, lambda group: apply_update(group, update))
        except CertificateError:
            self._apply(machine.update_refused(connection))
        except StoreError as error:
            self._tell_failure("asking", error)
            self._apply(machine.load_failed(connection))
        else:
            if group is not None:  # else it was deleted meanwhile, which is told by itself
                self._apply(machine.group_updated(connection, group_id, group, now=self._now()))

    def _report_media_blocked(self) -> None:
        if not self._media_blocked_told:
            self._media_blocked_told = True
            tcp = self._settings.media_tcp_ports
            _log.warning(
                "somebody's voice and picture did not connect: if many meet this, open %s of this server%s",
                ports("UDP", self._settings.media_ports),
                f" and {ports('TCP', tcp)}" if tcp else ", and give media_tcp_port a port for networks that block UDP",
            )

    # -- Tasks ------------------------------------------------------------------------------------------------------

    async def _every_second(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await step()
            except Exception:  # noqa: BLE001 - else time stands still for everybody, and nobody's place ever runs out
                _log.exception("a fault in what is done every second; it goes on")

    async def _let_time_pass(self) -> None:
        assert self._machine is not None
        self._apply(self._machine.tick(now=self._now()))

    async def _watch_for_deletion(self) -> None:
        """A group may be deleted by another process: ``hearthside group delete``."""
        assert self._machine is not None
        groups = self._machine.peopled_groups()
        if not groups:
            return
        try:
            existing: Collection[str] = await self._store.existing_groups(groups)
        except StoreError as error:
            self._tell_failure("asking", error)
            return
        self._failing.discard("asking")
        for gone in set(groups) - set(existing):
            self._apply(self._machine.group_deleted(gone, now=self._now()))

    # -- Keeping ----------------------------------------------------------------------------------------------------

    def _keep(self, effect: _Kept) -> asyncio.Future[None]:
        """Have it stored, after all before it. The future is done then, or when that takes too long or fails."""
        kept = self._kept = asyncio.get_running_loop().create_future()
        self._to_store.put_nowait((effect, kept))
        if "keeping" in self._failing:
            kept.set_result(None)
        else:
            asyncio.get_running_loop().call_later(KEEP_SECONDS, self._go_on, kept)
        return kept

    def _go_on(self, kept: asyncio.Future[None]) -> None:
        if not kept.done():
            kept.set_result(None)
            self._tell_failure("keeping", f"The database takes over {KEEP_SECONDS:.0f} s to write: look at its disk.")

    async def _write_to_store(self) -> None:
        """In order, and again until it works: who was removed stays removed, if the disk has room again in time."""
        while True:
            effect, kept = await self._to_store.get()
            while not await self._write(effect):
                if not kept.done():
                    kept.set_result(None)
                await asyncio.sleep(AGAIN_SECONDS)
            if not kept.done():
                kept.set_result(None)
            self._to_store.task_done()

    async def _write(self, effect: _Kept) -> bool:
        try:
            match effect:
                case e.SaveMeeting(group, meeting, room, started):
                    await self._store.save_meeting(OpenMeeting(group, meeting, room, started))
                case e.EndMeeting(meeting):
                    await self._store.end_meeting(meeting)
                case e.AddMark(meeting, kind, digest):
                    await self._store.add_mark(meeting, kind, digest)
        except MisfitError:
            pass  # the group was deleted meanwhile, and all of it with it
        except StoreError as error:
            self._tell_failure("keeping", error)
            return False
        self._failing.discard("keeping")
        return True

    def _tell_failure(self, work: _Work, error: StoreError | str) -> None:
        """Once until it works again: the meeting goes on, and the log should stay readable."""
        if work not in self._failing:
            self._failing.add(work)
            lost = "A restart now would forget who was removed from the running meetings."
            _log.error("%s%s", error, f" {lost}" if work == "keeping" else "")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _new_id() -> str:
    return b64(secrets.token_bytes(16))


def _new_nonce() -> str:
    return b64(secrets.token_bytes(32))
