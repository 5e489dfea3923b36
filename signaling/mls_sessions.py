"""Who is there for the delivery service, which group a room has, and who asks to be added to it.

Sessions come and go, a certificate holder registers the group, people offer KeyPackages and those who may act on one
hear of it. What is ordered in the group is in `mls_delivery.py`, which is built on this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass

from signaling.messages import Refusal
from signaling.mls_aside import UNHELD_SECONDS, Aside
from signaling.mls_effects import Abandoned, Effect, Message, Offered, Refused, Registered, Tell, Welcomed
from signaling.mls_jury import Case
from signaling.mls_log import Log
from signaling.mls_messages import MAX_GROUP_ID_BYTES, MAX_LEAVES
from signaling.mls_rules import Role, RuleError, Session, check_key_package

SESSIONS = 288
"""64 members and 200 waiting people, the server's limits, and a few who have just left."""
MAX_ID_CHARS = 32
SIGNATURE_BYTES = 64
MAX_EPOCH = 1 << 48
"""Of a group that is registered: no meeting gets there, and its epochs stay below 2^53 (JSON's safe numbers)."""
ANYBODY_SECONDS = 5.0
"""After a restart any member may register the group if no certificate holder did for so long: a meeting whose
facilitators are all away goes on. Facilitators who are there are back within a second or two; longer leaves the others
without new keys for longer, shorter lets members name an older state than the one a facilitator comes back with."""
FOUND_SECONDS = 15.0
"""After a restart a group that was just founded waits so long for one that people still hold, since everybody would
have to be let in anew. Longer than `ANYBODY_SECONDS` and a browser's pause between two attempts to connect; a
facilitator who comes alone waits for nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class _Founding:
    """A new group that is held back after a restart."""

    member: str
    group: bytes
    leaves: Mapping[int, str]


class Sessions:
    """See the module's text. Its underscored names are for the class built on it."""

    def __init__(self, *, limit: int, seq: int = 0, restored: float | None = None) -> None:
        """`limit`: leaves. `seq`: where numbering goes on, `restored`: since when this server runs, after a restart."""
        self._limit = limit
        self._restored = restored
        self._log = Log(seq=seq)
        self._group: bytes | None = None
        self._epoch = 0
        self._leaves: dict[int, str] = {}
        self._sessions: dict[str, Session] = {}
        self._welcomes: dict[str, tuple[float, Welcomed]] = {}
        self._unsettled: list[Case] = []
        self._effects: list[Effect] = []
        self._certified = True
        self._founding: _Founding | None = None
        self._aside: Aside | None = None
        self._unheld_since: float | None = None

    @property
    def state(self) -> Registered | None:
        """The group and its current epoch; None while nobody has registered one."""
        return Registered(self._group, self._epoch, self._log.head) if self._group is not None else None

    def state_for(self, member: str) -> Registered | None:
        """The same, as this member is to take it: those of a group set aside may still bring it back."""
        if self._aside is not None and member in self.awaited:
            return Registered(self._aside.group, self._aside.epoch, self._aside.log.head)
        return self.state

    @property
    def awaited(self) -> Set[str]:
        """Those of a group set aside who may still hold a state of it."""
        if self._aside is None:
            return frozenset()
        others = {*self._leaves.values(), *self._aside.astray}
        return {member for member in self._aside.leaves.values() if self._holds(member)} - others

    @property
    def epoch(self) -> int:
        """The current epoch."""
        return self._epoch

    @property
    def seq(self) -> int:
        """The last number given."""
        return self._log.seq

    @property
    def leaves(self) -> Mapping[int, str]:
        """Who has which leaf."""
        return self._leaves

    @property
    def absent(self) -> list[str]:
        """Those whose session is over while they still have a leaf."""
        return self._gone_of(self._leaves)

    @property
    def absent_aside(self) -> list[str]:
        """The same of a group set aside."""
        return self._gone_of(self._aside.leaves) if self._aside is not None else []

    def _gone_of(self, leaves: Mapping[int, str]) -> list[str]:
        return [member for member in leaves.values() if (found := self._sessions.get(member)) and found.gone]

    def said_n(self, member: str) -> int:
        """The last count of this member that was taken."""
        session = self._sessions.get(member)
        return session.said_n if session is not None else 0

    # -- Coming and going -------------------------------------------------------------------------------------------

    def arrive(self, member: str, role: Role, *, now: float) -> list[Effect]:
        """Somebody is at the door or in the meeting, or their role has changed."""
        self._settle(now)
        session = self._sessions.get(member)
        if session is not None:
            session.role = role
        elif len(self._sessions) >= SESSIONS:
            self._refuse(member, "full")
        else:
            self._sessions[member] = Session(role)
        return self._drained()

    def leave(self, member: str, *, now: float) -> list[Effect]:
        """Somebody's session is over. Their leaf stays until a commit removes it, which anybody may send now."""
        self._settle(now)
        self._gone(member)
        self._give_up()
        self._abandon()
        return self._drained()

    def _gone(self, member: str) -> None:
        session = self._sessions.get(member)
        self._welcomes.pop(member, None)
        if self._founding is not None and self._founding.member == member:
            self._founding = None
        if session is None:
            return
        if member in self._leaves.values() or (self._aside is not None and member in self._aside.leaves.values()):
            session.gone = True
            session.key_package = session.ref = session.rejoin = None
        else:
            del self._sessions[member]

    def _abandon(self) -> None:
        """Let go of a group of which nobody holds a state: who has a leaf is gone, or asks to come back."""
        members = list(self._leaves.values())
        if not members or any(self._holds(member) for member in members):
            return
        if self._aside is not None and not any(self._present(member) for member in members):
            self._take_back(self._aside)
            return
        self._group, self._leaves, self._aside = None, {}, None
        self._unsettled.clear()
        self._welcomes.clear()
        self._forget_gone()
        for member, session in self._sessions.items():
            if session.role == "facilitator":
                self._tell(member, Abandoned())

    # -- Nobody there -----------------------------------------------------------------------------------------------

    def look(self, connected: Collection[str], *, now: float) -> list[Effect]:
        """To be called every second or so: whose socket is there.

        A facilitator who asks to be added while nobody of the group is there for `UNHELD_SECONDS` is to found another.
        """
        self._settle(now)
        asking = [member for member in connected if self._asks(member)]
        if not asking or self._group is None or any(self._holds(m) for m in self._leaves.values() if m in connected):
            self._unheld_since = None
        elif self._unheld_since is None:
            self._unheld_since = now
        elif now - self._unheld_since >= UNHELD_SECONDS:
            for member in sorted(asking):
                self._tell(member, Abandoned())
        return self._drained()

    def _supersedes(self, member: str, epoch: int, now: float) -> bool:
        """Whether the group that this member founded takes the place of one of which nobody is there."""
        since = self._unheld_since
        return epoch == 0 and self._asks(member) and since is not None and now - since >= UNHELD_SECONDS

    def _asks(self, member: str) -> bool:
        session = self._present(member)
        return session is not None and session.role == "facilitator" and session.ref is not None

    def _holds(self, member: str) -> bool:
        """Whether this member may hold a state of the group that they have a leaf in."""
        session = self._present(member)
        return session is not None and session.ref is None

    def _set_aside(self) -> None:
        assert self._group is not None
        if self._aside is None:  # else the group between was facilitators' alone: they come by certificate
            self._aside = Aside(self._group, self._epoch, self._leaves, self._log, self._welcomes)
        self._log = Log(seq=self._log.seq)
        self._leaves, self._welcomes = {}, {}
        self._unsettled.clear()
        self._forget_gone()

    def _take_back(self, aside: Aside, by: str | None = None) -> None:
        """The group set aside is the room's again; `by`: who holds a state of it, and need not be told."""
        aside.log.seq = self._log.seq
        self._group, self._epoch, self._leaves, self._log = aside.group, aside.epoch, dict(aside.leaves), aside.log
        self._aside = self._unheld_since = None
        self._unsettled.clear()
        for member in self._leaves.values():  # some were in the new group too, and removed from it
            self._sessions.setdefault(member, Session("participant", gone=True))
        self._welcomes = {member: kept for member, kept in aside.welcomes.items() if self._holds(member)}
        self._forget_gone()
        for member in self._sessions:
            if member != by:
                self._tell_state(member)

    def _give_up(self) -> None:
        """A group set aside that nobody can bring back, or nobody may any more.

        Once somebody without a certificate was let into the new group, they would be at the door again.
        """
        if self._aside is None:
            return
        led = all(self._sessions[member].role == "facilitator" for member in self._leaves.values())
        if not led or not self.awaited:
            self._aside = None
            self._forget_gone()

    def _forget_gone(self) -> None:
        kept = {*self._leaves.values(), *(self._aside.leaves.values() if self._aside is not None else ())}
        self._sessions = {
            member: session for member, session in self._sessions.items() if not session.gone or member in kept
        }

    # -- The group --------------------------------------------------------------------------------------------------

    def register(self, member: str, group: bytes, epoch: int, leaves: Mapping[int, str], *, now: float) -> list[Effect]:
        """A certificate holder names the group: one just founded (epoch 0), or the one that a restarted server forgot.

        Until the first commit, a certificate holder who was further ahead in the same group may correct it. Everybody
        is told; members whose state is another one rejoin. After a restart without a certificate holder anybody may
        name the group that they hold (see `ANYBODY_SECONDS`), and a certificate holder corrects what they say.
        """
        self._settle(now)
        superseding = False
        session = self._present(member)
        certified = session is not None and session.role == "facilitator"
        if session is None or not (certified or (self._restored is not None and epoch > 0)):
            self._refuse(member, "not_permitted")
        elif not self._plausible(member, group, epoch, leaves):
            self._refuse(member, "malformed")
        elif (
            self._group is not None
            and not (superseding := self._supersedes(member, epoch, now))
            and not self._corrects(group, epoch, certified=certified)
        ):
            self._refuse(member, "registered")
            self._tell_state(member)
        elif self._restored is not None and not certified and now - self._restored < ANYBODY_SECONDS:
            self._refuse(member, "busy")
        elif len(self._sessions.keys() | set(leaves.values())) > SESSIONS:
            self._refuse(member, "full")
        elif self._restored is not None and epoch == 0 and now - self._restored < FOUND_SECONDS:
            self._founding = _Founding(member, group, leaves)
        else:
            self._certified = certified
            if superseding:
                self._set_aside()
            self._register(member, group, epoch, leaves)
        return self._drained()

    def _corrects(self, group: bytes, epoch: int, *, certified: bool) -> bool:
        """Whether a registration holds against the one before it."""
        if self._log.head != self._log.base:
            return False
        if not certified:  # else any participant could name other leaves after a restart, and put everybody out
            return False
        if group == self._group:
            return epoch > self._epoch
        return not self._certified and epoch > 0

    def _register(self, member: str, group: bytes, epoch: int, leaves: Mapping[int, str]) -> None:
        self._group, self._epoch, self._leaves = group, epoch, dict(leaves)
        self._founding = self._unheld_since = None
        self._log.start()
        awaited = self.awaited
        mine = self._sessions[member]
        mine.key_package = mine.ref = mine.rejoin = None
        for known in leaves.values():
            self._sessions.setdefault(known, Session("participant"))
        for known, other in self._sessions.items():
            if known not in awaited:  # those go on from the group that they hold, and may be back already
                other.since = self._log.base
                self._tell_state(known)
        self._pass_on_all(member)

    def _found(self, now: float) -> None:
        """Nobody held the group from before the restart: the one just founded it is."""
        found = self._founding
        if found is not None and self._restored is not None and now - self._restored >= FOUND_SECONDS:
            self._founding = None
            if self._group is None and self._present(found.member) is not None:
                self._register(found.member, found.group, 0, found.leaves)

    def _plausible(self, member: str, group: bytes, epoch: int, leaves: Mapping[int, str]) -> bool:
        members = list(leaves.values())
        return (
            0 < len(group) <= MAX_GROUP_ID_BYTES
            and 0 <= epoch <= MAX_EPOCH
            and member in members
            and (epoch > 0 or len(members) == 1)  # who founds a group is alone in it
            and len(members) == len(set(members)) <= self._limit
            and all(0 <= leaf < MAX_LEAVES for leaf in leaves)
            and all(len(known) <= MAX_ID_CHARS for known in members)
        )

    # -- Offers -----------------------------------------------------------------------------------------------------

    def offer(self, member: str, key_package: bytes, rejoin: bytes | None = None, *, now: float) -> list[Effect]:
        """Somebody asks to be added, or to come back in place of their leaf. A newer offer replaces the one before."""
        self._settle(now)
        session = self._present(member)
        if session is None:
            self._refuse(member, "not_a_member")
            return self._drained()
        try:
            package = check_key_package(key_package, now=now)
            if rejoin is not None and len(rejoin) != SIGNATURE_BYTES:
                raise RuleError("malformed")
            if any(other.ref == package.ref for known, other in self._sessions.items() if known != member):
                raise RuleError("unknown_key_package")
        except RuleError as broken:
            self._refuse(member, broken.code)
            return self._drained()
        awaited = member in self.awaited
        session.key_package, session.ref, session.rejoin = key_package, package.ref, rejoin
        if awaited:  # they took the group set aside for the room's
            self._tell_state(member)
            self._give_up()
        for reader in self._leaves.values():
            self._pass_on(member, session, reader)
        self._abandon()
        return self._drained()

    def _pass_on(self, member: str, session: Session, reader: str) -> None:
        """Hand somebody's offer to a member who may act on it."""
        if reader == member or session.key_package is None or (found := self._present(reader)) is None:
            return
        anybody = member in self._leaves.values() or session.role == "facilitator"
        if anybody or found.role != "participant":
            self._tell(reader, Offered(member, session.key_package, session.rejoin))

    def _pass_on_all(self, reader: str) -> None:
        for other, session in self._sessions.items():
            self._pass_on(other, session, reader)

    # -- Small things -----------------------------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Let time pass. The class built on this has more to do."""
        self._found(now)

    def _present(self, member: str) -> Session | None:
        session = self._sessions.get(member)
        return session if session is not None and not session.gone else None

    def _tell_state(self, member: str) -> None:
        if (state := self.state) is not None:
            self._tell(member, state)

    def _tell(self, member: str, message: Message) -> None:
        session = self._sessions.get(member)
        if isinstance(message, Refused) or (session is not None and not session.gone):
            self._effects.append(Tell(member, message))

    def _refuse(self, member: str, code: Refusal, n: int | None = None) -> None:
        self._effects.append(Tell(member, Refused(code, n)))

    def _drained(self) -> list[Effect]:
        done = self._effects.copy()
        self._effects.clear()
        return done
