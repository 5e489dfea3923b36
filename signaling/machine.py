"""Signaling's core: connections in, messages in, effects out. No sockets, clock or random inside.

The machine knows connections by a number that the shell gives. Each becomes somebody by `join` or `resume`; what it may
do from then on is in `permissions.py`, what that does in `moderation.py` and `live_group.py`. Every public method
returns what there is to do, in order. `now` is wall-clock seconds that never run backwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

import msgspec

from signaling import effects as e
from signaling import messages as m
from signaling.group_state import Surroundings
from signaling.live_group import LiveGroup
from signaling.meeting import Attendee
from signaling.permissions import RefusedError, Standing, refusal
from signaling.rate_limit import AddressBook, Limits, TokenBucket
from signaling.session import GroupKeys, TokenKeeper, proof_is_good
from signaling.turn import Relay

JOIN_SECONDS = 15.0
"""From `challenge` to `join` or `resume`. A slow phone signs in under 1 s; a longer wait lets idle sockets pile up."""
MAX_FIRST_CHARS = 16 << 10
"""Largest message of somebody who has not joined, characters: `knock` is the longest, with 11 kB. Anybody who holds the
link can send it, and reading a message of 1 MiB may take 27 ms, in which no media flows."""
REQUESTS = (m.Lock, m.UpdateGroup, m.MlsRegister, m.MlsOffer, m.MlsCatchUp)
"""What is told to many, or answered with much (`Limits.requests`)."""
FINISHED = 4000
TOO_MUCH = 4002
NOT_LET_IN = 4003
SERVER_FULL_SECONDS = 10
"""What a client is told to wait when all places are taken, seconds."""


@dataclass(slots=True)
class _Connection:
    address: str
    nonce: str
    since: float
    messages: TokenBucket
    message_chars: TokenBucket
    say_bytes: TokenBucket
    requests: TokenBucket
    knocks: TokenBucket
    commits: TokenBucket
    watches: TokenBucket
    faults: TokenBucket
    group: LiveGroup | None = None
    session: str | None = None  # None with a group: an organiser
    loading: bool = False
    outdated: bool = False
    """What is being loaded may have been read before an organiser changed it."""

    def bucket_of(self, message: m.ClientMessage) -> TokenBucket | None:
        match message:
            case m.SendKnock():
                return self.knocks
            case m.MlsCommit():
                return self.commits
            case m.Watch():
                return self.watches
        return self.requests if isinstance(message, REQUESTS) else None

    @property
    def standing(self) -> Standing:
        if self.group is None:
            return Standing.NOBODY
        if self.session is None:
            return Standing.ORGANISER
        standing = self.group.standing(self.session)
        assert standing is not None, "a connection is closed before its session ends"
        return standing


class Machine:
    """See the module's text."""

    def __init__(
        self,
        *,
        tokens: TokenKeeper,
        new_id: Callable[[], str],
        new_nonce: Callable[[], str],
        limits: Limits,
        relay: Relay | None = None,
    ) -> None:
        """`new_id` gives 16 random bytes, `new_nonce` 32, both base64url; `relay`: a TURN server for browsers."""
        self._tokens = tokens
        self._new_nonce = new_nonce
        self._limits = limits
        self._effects: list[e.Effect] = []
        self._connections: dict[int, _Connection] = {}
        self._groups: dict[str, LiveGroup] = {}
        self._addresses = AddressBook(limits)
        self._around = Surroundings(limits, tokens, new_id, itertools.count(1), self._effects.append, relay)

    # -- Connections ------------------------------------------------------------------------------------------------

    def connect(self, connection: int, address: str, *, now: float) -> list[e.Effect]:
        """A socket was opened. `address` serves to count, and is forgotten with the connection."""
        limits = self._limits
        wait = self._addresses.arrive(address, now=now)
        if wait is None and len(self._connections) >= limits.connections:
            self._addresses.leave(address)
            wait = SERVER_FULL_SECONDS
        if wait is not None:
            return [
                e.Send(connection, m.Error(code="server_full", retry_after=wait)),
                e.Close(connection, NOT_LET_IN),
            ]
        self._connections[connection] = _Connection(
            address,
            self._new_nonce(),
            now,
            TokenBucket(limits.messages, now=now),
            TokenBucket(limits.message_chars, now=now),
            TokenBucket(limits.say_bytes, now=now),
            TokenBucket(limits.requests, now=now),
            TokenBucket(limits.knocks, now=now),
            TokenBucket(limits.commits, now=now),
            TokenBucket(limits.watches, now=now),
            TokenBucket(limits.faults, now=now),
        )
        self._send(connection, m.Challenge(nonce=self._connections[connection].nonce))
        return self._drained()

    def disconnected(self, connection: int, *, now: float) -> list[e.Effect]:
        """A socket is gone. Of one that the machine closed itself, nothing is left to do."""
        if found := self._forget(connection):
            self._detach(connection, found, now=now)
        return self._drained()

    def receive(self, connection: int, data: str | bytes, *, now: float) -> list[e.Effect]:
        """A message came. One that arrives after the machine has closed the connection is dropped."""
        found = self._connections.get(connection)
        if found is None:
            return []
        if len(data) > MAX_FIRST_CHARS and found.standing in (Standing.NOBODY, Standing.WAITING):
            if found.group is None:
                self._shut(connection, m.Error(code="bad_message"))
            else:
                self._fault(connection, found, m.Error(code="bad_message"), now=now)
            return self._drained()
        if wait := found.messages.take(now=now) or found.message_chars.take(len(data), now=now):
            self._fault(connection, found, self._refusal_of(data, "rate_limited", wait), now=now)
            return self._drained()
        try:
            if isinstance(data, bytes):
                raise msgspec.DecodeError("binary")
            message = m.decode_client(data)
        except msgspec.DecodeError:
            self._fault(connection, found, self._refusal_of(data, "bad_message"), now=now)
            return self._drained()
        try:
            if found.loading:
                raise RefusedError("wrong_state")
            if code := refusal(found.standing, message):
                raise RefusedError(code)
            bucket = found.bucket_of(message)
            if bucket is not None and (wait := bucket.take(now=now)):
                raise RefusedError("rate_limited", retry_after=wait)
            self._act(connection, found, message, now=now)
        except RefusedError as refused:
            error = _error(refused, message)
            if refused.code == "rate_limited":
                self._fault(connection, found, error, now=now)
            else:
                self._send(connection, error)
        return self._drained()

    def tick(self, *, now: float) -> list[e.Effect]:
        """Let time pass; to be called about once a second."""
        for connection, found in list(self._connections.items()):
            if found.group is None and now - found.since >= JOIN_SECONDS:
                self._shut(connection, m.Error(code="join_deadline"))
        for group in list(self._groups.values()):
            group.tick(now=now)
            if group.idle:
                del self._groups[group.id]
        self._addresses.forget_idle(now=now)
        return self._drained()

    # -- Groups -----------------------------------------------------------------------------------------------------

    def restore(self, meetings: Iterable[tuple[e.SaveMeeting, list[str]]], *, now: float) -> list[e.Effect]:
        """At start: the meetings that ran when the server went down, each with the digests of its marks."""
        for meeting, marks in meetings:
            self._live(meeting.group).restore(meeting, marks, now=now)
        return self._drained()

    def group_loaded(
        self, connection: int, message: m.Join | m.Resume, keys: GroupKeys | None, *, now: float
    ) -> list[e.Effect]:
        """Answer to `LoadGroup`, which may be asked for again; None: there is no such group."""
        found = self._connections.get(connection)
        if found is None:
            return []
        if found.outdated:
            found.outdated = False
            return [e.LoadGroup(connection, message)]
        found.loading = False
        try:
            if keys is None:
                raise RefusedError("unknown_group")
            if isinstance(message, m.Join):
                self._join(connection, found, message, keys, now=now)
            else:
                self._resume(connection, found, message, keys, now=now)
            if found.group is not None:
                found.group.grace_seconds = keys.grace_seconds
        except RefusedError as refused:
            self._shut(connection, _error(refused, message))
        return self._drained()

    def group_updated(self, connection: int, group: str, keys: GroupKeys, *, now: float) -> list[e.Effect]:
        """Answer to `UpdateGroup`: the store holds what the organiser changed."""
        found = self._groups.get(group)
        if found is not None:
            if connection in self._connections:
                found.welcome_organiser(connection, keys)
            found.changed(keys, now=now)
        for other in self._connections.values():  # else who comes in this moment comes by a link that is withdrawn
            other.outdated = other.loading
        return self._drained()

    def update_refused(self, connection: int) -> list[e.Effect]:
        """Answer to `UpdateGroup`: its parts are not good."""
        if connection in self._connections:
            self._send(connection, m.Error(code="bad_group", about="update_group"))
        return self._drained()

    def load_failed(self, connection: int) -> list[e.Effect]:
        """Answer to `LoadGroup`, `DeleteGroup` or `UpdateGroup`: the store could not be asked."""
        if found := self._connections.get(connection):
            found.loading = found.outdated = False
            self._send(connection, m.Error(code="internal"))
        return self._drained()

    def group_deleted(self, group: str, *, now: float) -> list[e.Effect]:
        """The store no longer has this group: end what runs of it."""
        if found := self._groups.get(group):
            found.delete(now=now)
        return self._drained()

    def peopled_groups(self) -> list[str]:
        """The groups that people are connected to or may come back to."""
        return [group.id for group in self._groups.values() if group.peopled]

    def everybody(self) -> list[int]:
        """All open connections."""
        return list(self._connections)

    def connection_of(self, member: str) -> int | None:
        """The connection of a member, None while it is lost or if there is no such member."""
        attendee = self._attendee(member)
        return attendee.connection if attendee is not None else None

    def media_ended(self, member: str) -> None:
        """The SFU let go of a connection of this member: who resumes from now on is to build them anew."""
        if attendee := self._attendee(member):
            attendee.has_media = False

    def _attendee(self, member: str) -> Attendee | None:
        for group in self._groups.values():
            if group.meeting is not None and (attendee := group.meeting.attendees.get(member)):
                return attendee
        return None

    # -- Coming in --------------------------------------------------------------------------------------------------

    def _join(self, connection: int, found: _Connection, message: m.Join, keys: GroupKeys, *, now: float) -> None:
        if not proof_is_good(message, keys, found.nonce):
            raise RefusedError("bad_proof")
        group = self._live(message.group)
        if message.role == "organiser":
            group.welcome_organiser(connection, keys)
        elif message.role == "facilitator":
            found.session = group.enter(connection, message.key, subscribe=message.subscribe, now=now)
        else:
            found.session = group.wait(connection, message.browser, now=now)
        found.group = group

    def _resume(self, connection: int, found: _Connection, message: m.Resume, keys: GroupKeys, *, now: float) -> None:
        claims = self._tokens.read(message.token, now=now)
        if claims is None or claims.group != message.group:
            raise RefusedError("session_expired")
        group = self._live(message.group)
        found.session = group.resume(connection, claims, keys.role_keys, now=now)
        found.group = group

    def _live(self, group: str) -> LiveGroup:
        return self._groups.setdefault(group, LiveGroup(group, self._around))

    # -- Acting -----------------------------------------------------------------------------------------------------

    def _act(self, connection: int, found: _Connection, message: m.AnyClientMessage, *, now: float) -> None:
        if isinstance(message, m.Join | m.Resume):
            found.loading = True
            self._effects.append(e.LoadGroup(connection, message))
            return
        group, session = found.group, found.session
        assert group is not None
        if session is None:
            self._act_as_organiser(connection, group, message)
            return
        match message:
            case m.Ping(n=n):
                self._send(connection, m.Pong(n=n, token=group.fresh_token(session, now=now)))
            case m.Leave():
                group.leave(session, message, now=now)
                self._effects.append(e.Close(connection, FINISHED))
            case m.SendKnock():
                group.knock(session, message, found.nonce, now=now)
            case m.Say(body=body):
                if wait := found.say_bytes.take(len(body), now=now):
                    raise RefusedError("rate_limited", retry_after=wait)
                group.say(session, message, now=now)
            case m.Publish() | m.Subscribe() | m.SubscribeAnswer() | m.Watch():
                group.negotiate(session, message)
            case m.MediaBlocked():
                group.report_media_blocked(session, message)
            case m.MlsRegister() | m.MlsOffer() | m.MlsCommit() | m.MlsCatchUp() | m.MlsApplied() | m.MlsReject():
                group.act_in_group(session, message, now=now)
            case m.Decline():
                group.decline(session, message, now=now)
            case m.Lock():
                group.lock(session, message)
            case m.EndMeeting():
                group.end("facilitator", now=now)
            case m.DeleteGroup() | m.UpdateGroup():
                raise AssertionError("permissions leave this to organisers")
            case _:
                assert_never(message)

    def _act_as_organiser(self, connection: int, group: LiveGroup, message: m.AnyClientMessage) -> None:
        match message:
            case m.Ping(n=n):
                self._send(connection, m.Pong(n=n))
            case m.Leave():
                group.organisers.discard(connection)
                self._effects.append(e.Close(connection, FINISHED))
            case m.DeleteGroup():
                self._effects.append(e.DeleteGroup(connection, group.id))
            case m.UpdateGroup():
                self._effects.append(e.UpdateGroup(connection, group.id, message))
            case _:
                raise AssertionError("permissions leave this to members")

    # -- Refusing and closing ---------------------------------------------------------------------------------------

    def _refusal_of(
        self, data: str | bytes, code: Literal["bad_message", "rate_limited"], retry_after: int | None = None
    ) -> m.Error:
        """The error for a message that was not read; it names no type that is not ours."""
        about, n = m.decode_header(data)
        return m.Error(code=code, about=about, n=n, retry_after=retry_after)

    def _fault(self, connection: int, found: _Connection, error: m.Error, *, now: float) -> None:
        """Answer a message that a good client does not send, and close on who sends many."""
        self._send(connection, error)
        if found.faults.take(now=now):
            self._effects.append(e.Close(connection, TOO_MUCH))
            self._detach(connection, found, now=now)

    def _detach(self, connection: int, found: _Connection, *, now: float) -> None:
        """The connection's group goes on without it."""
        if found.group is None:
            return
        if found.session is None:
            found.group.organisers.discard(connection)
        else:
            found.group.lose(found.session, connection, now=now)

    def _shut(self, connection: int, error: m.Error) -> None:
        self._send(connection, error)
        self._effects.append(e.Close(connection, NOT_LET_IN))

    def _send(self, connection: int, message: m.ServerMessage) -> None:
        self._effects.append(e.Send(connection, message))

    def _forget(self, connection: int) -> _Connection | None:
        found = self._connections.pop(connection, None)
        if found is not None:
            self._addresses.leave(found.address)
        return found

    def _drained(self) -> list[e.Effect]:
        """Hand over what there is to do; a connection that is closed by it is forgotten at once."""
        done = self._effects.copy()
        self._effects.clear()
        for effect in done:
            if isinstance(effect, e.Close):
                self._forget(effect.connection)
        return done


def _error(refused: RefusedError, message: m.ClientMessage) -> m.Error:
    about = str(message.__struct_config__.tag)
    return m.Error(code=refused.code, about=about, n=getattr(message, "n", None), retry_after=refused.retry_after)
