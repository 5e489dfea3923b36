"""The delivery service of one meeting (RFC 9750, section 5): it orders what members seal and commit, and holds no key.

Sans-IO: a method takes a member, a message and `now` (seconds since 1970) and returns effects. One number counts
commits and application messages alike. A commit and its Welcome are one submission. The first commit on a state wins:
it is everybody's next state, and later ones on the same state are told to rebase. An application message is taken only
in the current epoch, so that whoever reads in the order of the numbers can open each one, and nothing that was sealed
before a removal is handed out after it.

What members cannot accept is taken back by the rule in `mls_jury.py`.

**Bounds.** 256 sessions with one KeyPackage of 4 KiB each, `limit` leaves, a missed Welcome for each for two minutes,
the log's bounds, `UNSETTLED` commits that can be undone. `end` forgets all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from signaling.mls_effects import (
    Abandoned,
    CaughtUp,
    Effect,
    Expel,
    In,
    Message,
    MustRejoin,
    Offered,
    Out,
    Rebase,
    Refused,
    Registered,
    Reopened,
    Tell,
    Welcomed,
)
from signaling.mls_jury import MAX_STATEMENT_BYTES, SETTLE_SECONDS, UNSETTLED, Case, case_of, verdict
from signaling.mls_log import LOG_SECONDS, Committed, Log, Sealed
from signaling.mls_messages import (
    MAX_GROUP_ID_BYTES,
    MAX_LEAVES,
    ParseError,
    read_application,
    read_commit,
    read_key_package,
    read_welcome,
)
from signaling.mls_rules import Change, Refusal, Role, RuleError, Session, change_of

SESSIONS = 288
"""64 members and 200 waiting people, the server's limits, and a few who have just left."""
MAX_KEY_PACKAGE_BYTES = 4096
MAX_SAID_BYTES = 18_000
"""`say.body` (docs/protocol.md, section 3) holds as much in base64url."""
MAX_ID_CHARS = 32
CLOCK_SECONDS = 86_400
"""Devices' clocks may be wrong by a day: nobody stays outside for that."""


class Delivery:
    """See the module's text. `limit`: leaves in the group. `seq`: where numbering goes on after a restart."""

    def __init__(self, *, limit: int, seq: int = 0) -> None:
        self._limit = limit
        self._log = Log(seq=seq)
        self._group: bytes | None = None
        self._epoch = 0
        self._leaves: dict[int, str] = {}
        self._sessions: dict[str, Session] = {}
        self._welcomes: dict[str, tuple[float, Welcomed]] = {}
        self._unsettled: list[Case] = []
        self._effects: list[Effect] = []

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

    # -- Sessions ---------------------------------------------------------------------------------------------------

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
            if self._group is not None:
                self._tell(member, self._registered(self._group))
        return self._drained()

    def leave(self, member: str, *, now: float) -> list[Effect]:
        """Somebody's session is over. Their leaf stays until a commit removes it, which anybody may send now."""
        self._settle(now)
        self._gone(member)
        self._abandon()
        return self._drained()

    def _gone(self, member: str) -> None:
        session = self._sessions.get(member)
        self._welcomes.pop(member, None)
        if session is None:
            return
        if member in self._leaves.values():
            session.gone, session.key_package, session.ref = True, None, None
        else:
            del self._sessions[member]

    def _abandon(self) -> None:
        """Let go of a group of which nobody holds a state: who has a leaf is gone, or asks to come back."""
        members = list(self._leaves.values())
        if not members or any((found := self._present(member)) and found.ref is None for member in members):
            return
        self._group, self._leaves = None, {}
        self._unsettled.clear()
        self._welcomes.clear()
        self._sessions = {member: session for member, session in self._sessions.items() if not session.gone}
        for member, session in self._sessions.items():
            if session.role == "facilitator":
                self._tell(member, Abandoned())

    # -- The group --------------------------------------------------------------------------------------------------

    def register(self, member: str, group: bytes, epoch: int, leaves: Mapping[int, str], *, now: float) -> list[Effect]:
        """A certificate holder names the group: one just founded (epoch 0), or the one that a restarted server forgot.

        Until the first commit, somebody who was further ahead in the same group may correct it. Everybody is told;
        members whose state is another one rejoin.
        """
        self._settle(now)
        session = self._present(member)
        if session is None or session.role != "facilitator":
            self._refuse(member, "not_permitted")
        elif not self._plausible(member, group, epoch, leaves):
            self._refuse(member, "malformed")
        elif self._group is not None and not (
            group == self._group and epoch > self._epoch and self._log.head == self._log.base
        ):
            self._refuse(member, "registered")
            self._tell(member, self._registered(self._group))
        elif len(self._sessions.keys() | set(leaves.values())) > SESSIONS:
            self._refuse(member, "full")
        else:
            self._group, self._epoch, self._leaves = group, epoch, dict(leaves)
            self._log.start()
            session.key_package = session.ref = None
            for known in leaves.values():
                self._sessions.setdefault(known, Session("participant"))
            for known, other in self._sessions.items():
                other.since = self._log.base
                self._tell(known, self._registered(group))
            self._pass_on_all(member)
        return self._drained()

    def _plausible(self, member: str, group: bytes, epoch: int, leaves: Mapping[int, str]) -> bool:
        members = list(leaves.values())
        return (
            0 < len(group) <= MAX_GROUP_ID_BYTES
            and 0 <= epoch < 1 << 53
            and member in members
            and len(members) == len(set(members)) <= self._limit
            and all(0 <= leaf < MAX_LEAVES for leaf in leaves)
            and all(len(known) <= MAX_ID_CHARS for known in members)
        )

    def offer(self, member: str, key_package: bytes, *, now: float) -> list[Effect]:
        """Somebody asks to be added, or to come back in place of their leaf. A newer offer replaces the one before."""
        self._settle(now)
        session = self._present(member)
        if session is None:
            self._refuse(member, "not_a_member")
            return self._drained()
        try:
            package = read_key_package(key_package)
        except ParseError:
            package = None
        if package is None or package.leaf.lifetime is None or len(key_package) > MAX_KEY_PACKAGE_BYTES:
            self._refuse(member, "malformed")
            return self._drained()
        start, end = package.leaf.lifetime
        if not start - CLOCK_SECONDS <= now <= end + CLOCK_SECONDS:
            self._refuse(member, "clock")
        elif any(other.ref == package.ref for known, other in self._sessions.items() if known != member):
            self._refuse(member, "unknown_key_package")
        else:
            session.key_package, session.ref = key_package, package.ref
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
            self._tell(reader, Offered(member, session.key_package))

    def commit(self, member: str, after: int, commit: bytes, welcome: bytes | None, *, now: float) -> list[Effect]:
        """A commit on the state after number `after`, with the Welcome for those whom it adds."""
        self._settle(now)
        if self._ready(member):
            try:
                self._commit(member, after, commit, welcome, now)
            except ParseError:
                self._refuse(member, "malformed")
            except RuleError as broken:
                self._refuse(member, broken.code)
        return self._drained()

    def _commit(self, member: str, after: int, data: bytes, welcome: bytes | None, now: float) -> None:
        read = read_commit(data)
        letters = read_welcome(welcome) if welcome is not None else None
        if read.group != self._group:
            raise RuleError("foreign")
        if max(after, self._log.base) != self._log.head or read.epoch != self._epoch:
            self._too_late(member, after, read.epoch, data, now)
            return
        change = change_of(read, letters, member, self._leaves, self._sessions)
        if len(change.leaves) > self._limit:
            raise RuleError("full")
        if len(self._unsettled) >= UNSETTLED:
            raise RuleError("busy")
        entry = self._log.commit(self._epoch, member, data, now=now)
        self._unsettled.append(case_of(entry, change, self._leaves, self._sessions, now=now))
        for reader in self._leaves.values():
            if reader not in change.added:
                self._tell(reader, entry)
        self._leaves = change.leaves
        self._epoch += 1
        for removed in sorted(change.removed):
            self._welcomes.pop(removed, None)
            if not self._sessions.pop(removed).gone:
                self._effects.append(Out(removed))
        if welcome is not None:
            self._let_in(change, Welcomed(entry.seq, self._epoch, member, welcome), now)

    def _let_in(self, change: Change, welcomed: Welcomed, now: float) -> None:
        for added in change.added:
            session = self._sessions[added]
            session.key_package, session.ref, session.since = None, None, welcomed.seq
            self._welcomes[added] = (now, welcomed)
        for added in change.added:
            self._effects.append(In(added))
            self._tell(added, welcomed)
            self._pass_on_all(added)

    def _pass_on_all(self, reader: str) -> None:
        for other, session in self._sessions.items():
            self._pass_on(other, session, reader)

    def _too_late(self, member: str, after: int, epoch: int, data: bytes, now: float) -> None:
        """Another commit was first, or this very one: its sender did not hear of it."""
        if entry := self._log.repeated(member, epoch, data):
            self._tell(member, entry)
            return
        missed = self._missed(epoch, after, now)
        self._tell(member, MustRejoin("behind") if missed is None else Rebase(tuple(missed)))

    def _missed(self, epoch: int, applied: int, now: float) -> list[Committed] | None:
        """The commits that lead from a state to the current one; None if there is no way."""
        missed = self._log.commits_after(applied, now=now)
        if missed is None or epoch != (missed[0].epoch if missed else self._epoch):
            return None
        return missed

    # -- What is said -----------------------------------------------------------------------------------------------

    def say(self, member: str, n: int, message: bytes, *, now: float) -> list[Effect]:
        """An application message, sealed in the current epoch. `n` is the sender's own count, strictly rising."""
        self._settle(now)
        if self._ready(member, n):
            session = self._sessions[member]
            if n <= session.said_n:
                entry = self._log.said(member, n)
                self._tell(member, entry if entry is not None else Refused("repeated", n))
            elif (refusal := self._unfit(message)) is not None:
                self._refuse(member, refusal, n)
            else:
                session.said_n = n
                entry = self._log.seal(self._epoch, member, n, message, now=now)
                for reader in self._leaves.values():
                    self._tell(reader, entry)
        return self._drained()

    def _unfit(self, message: bytes) -> Refusal | None:
        try:
            read = read_application(message)
        except ParseError:
            return "malformed"
        if len(message) > MAX_SAID_BYTES:
            return "malformed"
        if read.group != self._group:
            return "foreign"
        return None if read.epoch == self._epoch else "stale"

    # -- Coming back ------------------------------------------------------------------------------------------------

    def catch_up(self, member: str, epoch: int | None, applied: int, seen: int, *, now: float) -> list[Effect]:
        """A member is connected again, in `epoch` since number `applied`, and has read up to `seen`.

        `epoch` None: has no state, but may still hold the key to a Welcome that was missed.
        """
        self._settle(now)
        if self._group is not None and self._present(member) and member not in self._leaves.values():
            self._tell(member, MustRejoin("behind"))  # the group is another one, or goes on without this leaf
            return self._drained()
        if not self._ready(member):
            return self._drained()
        session = self._sessions[member]
        kept = self._welcomes.get(member)
        if epoch is None and kept is None:
            self._tell(member, MustRejoin("no_state"))
            return self._drained()
        if epoch is None:
            assert kept is not None
            welcomed: Welcomed | None = kept[1]
            epoch, applied = kept[1].epoch, kept[1].seq
        else:
            welcomed = None
            self._welcomes.pop(member, None)
        missed = self._missed(epoch, applied, now)
        if missed is None:
            self._tell(member, MustRejoin("behind"))
            return self._drained()
        replayed_from, said = self._log.sealed_after(max(seen, session.since))
        before = missed[0].after if missed else self._log.head
        self._tell(member, CaughtUp(before, self._log.seq, replayed_from))
        if welcomed is not None:
            self._tell(member, welcomed)
        entries: list[Committed | Sealed] = [*missed, *said]
        for entry in sorted(entries, key=attrgetter("seq")):
            self._tell(member, entry)
        self._pass_on_all(member)
        return self._drained()

    # -- Commits that do not hold -----------------------------------------------------------------------------------

    def reject(self, member: str, seq: int, statement: bytes, *, now: float) -> list[Effect]:
        """A member cannot accept commit number `seq`; `statement` is what they sign about it, for the others."""
        self._settle(now)
        if self._ready(member):
            at = next((i for i, found in enumerate(self._unsettled) if found.entry.seq == seq), None)
            if len(statement) > MAX_STATEMENT_BYTES:
                self._refuse(member, "malformed")
            elif not self._log.holds(seq):
                self._refuse(member, "stale")  # void already: they were told
            elif at is None or member not in self._unsettled[at].judges:
                self._tell(member, MustRejoin("rejected"))
            else:
                self._unsettled[at].reports[member] = statement
                found = verdict(self._unsettled[at], self._sessions)
                if found == "reopen":
                    self._reopen(at)
                elif found == "stands":
                    self._tell(member, MustRejoin("rejected"))
        return self._drained()

    def _reopen(self, at: int) -> None:
        case, void = self._unsettled[at], self._unsettled[at:]
        del self._unsettled[at:]
        seq = self._log.void(case.entry)
        self._leaves, self._epoch = case.before, case.entry.epoch
        back = {member for later in void for member in later.change.added}
        for member in self._leaves.values():  # those whom a void commit removed: their sessions are over all the same
            self._sessions.setdefault(member, Session("participant", gone=True))
        self._gone(case.entry.sender)
        self._effects.append(Expel(case.entry.sender))
        reports = tuple(sorted(case.reports.items()))
        reopened = Reopened(seq, case.entry.seq, case.entry.after, self._epoch, reports)
        for member in self._leaves.values():
            if member not in back:
                self._tell(member, reopened)
        for member in sorted(back):
            self._welcomes.pop(member, None)
            self._tell(member, MustRejoin("void"))
        self._abandon()

    # -- Time and the end -------------------------------------------------------------------------------------------

    def tick(self, *, now: float) -> list[Effect]:
        """To be called every second or so."""
        self._settle(now)
        self._log.forget_old(now=now)
        return self._drained()

    def end(self) -> None:
        """The meeting is over: nothing of it is kept."""
        self._log = Log()
        self._group, self._epoch = None, 0
        self._leaves, self._sessions, self._welcomes = {}, {}, {}
        self._unsettled.clear()

    def _settle(self, now: float) -> None:
        """Commits that are old enough hold; whoever could not accept one rejoins."""
        while self._unsettled and now - self._unsettled[0].at >= SETTLE_SECONDS:
            for member in sorted(self._unsettled.pop(0).reports):
                self._tell(member, MustRejoin("rejected"))
        self._welcomes = {member: kept for member, kept in self._welcomes.items() if now - kept[0] < LOG_SECONDS}

    # -- Small things -----------------------------------------------------------------------------------------------

    def _present(self, member: str) -> Session | None:
        session = self._sessions.get(member)
        return session if session is not None and not session.gone else None

    def _ready(self, member: str, n: int | None = None) -> bool:
        """Whether this member can act in the group; else they are told why not."""
        if self._group is None:
            self._refuse(member, "not_registered", n)
        elif self._present(member) is None or member not in self._leaves.values():
            self._refuse(member, "not_a_member", n)
        else:
            return True
        return False

    def _registered(self, group: bytes) -> Registered:
        return Registered(group, self._epoch, self._log.head)

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
