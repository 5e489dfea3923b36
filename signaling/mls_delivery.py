"""The delivery service of one meeting (RFC 9750, section 5): it orders what members seal and commit, and holds no key.

Sans-IO: a method takes a member, a message and `now` (seconds since 1970) and returns effects. One number counts
commits and application messages alike. A commit and its Welcome are one submission. The first commit on a state wins:
it is everybody's next state, and later ones on the same state are told to rebase. An application message is taken only
in the current epoch, so that whoever reads in the order of the numbers can open each one, and nothing that was sealed
before a removal is handed out after it.

What members cannot accept is taken back by the rule in `mls_jury.py`.

**Bounds.** 256 sessions with one KeyPackage of 4 KiB each, `limit` leaves, a missed Welcome for each for two minutes,
the log's bounds, both once more for a group set aside, `UNSETTLED` commits that can be undone. `end` forgets all of it.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter

from signaling.messages import Refusal
from signaling.mls_aside import Aside, way
from signaling.mls_effects import (
    Became,
    CaughtUp,
    Effect,
    Expel,
    In,
    MustRejoin,
    Out,
    Rebase,
    Refused,
    Reopened,
    Welcomed,
)
from signaling.mls_jury import MAX_STATEMENT_BYTES, SETTLE_SECONDS, UNSETTLED, case_of, verdict
from signaling.mls_log import LOG_SECONDS, Committed, Log, Sealed
from signaling.mls_messages import ParseError, read_application, read_commit, read_welcome
from signaling.mls_rules import Change, Role, RuleError, Session, change_of
from signaling.mls_sessions import Sessions

MAX_SAID_BYTES = 18_000
"""`say.body` (docs/protocol.md, section 3) holds as much in base64url."""


class Delivery(Sessions):
    """See the module's text."""

    # -- Commits ----------------------------------------------------------------------------------------------------

    def commit(
        self,
        member: str,
        after: int,
        commit: bytes,
        welcome: bytes | None,
        co_facilitators: Collection[str] | None = None,
        *,
        now: float,
    ) -> list[Effect]:
        """A commit on the state after number `after`, with the Welcome for those whom it adds.

        `co_facilitators`, if a facilitator changes that: all whom the commit makes one or leaves one. Names of people
        who have no leaf afterwards are passed over.
        """
        self._settle(now)
        if self._ready(member):
            try:
                self._commit(member, after, commit, welcome, co_facilitators, now)
            except ParseError:
                self._refuse(member, "malformed")
            except RuleError as broken:
                self._refuse(member, broken.code)
        return self._drained()

    def _commit(
        self,
        member: str,
        after: int,
        data: bytes,
        welcome: bytes | None,
        co_facilitators: Collection[str] | None,
        now: float,
    ) -> None:
        read = read_commit(data)
        letters = read_welcome(welcome) if welcome is not None else None
        if read.group != self._group:
            raise RuleError("foreign")
        if max(after, self._log.base) != self._log.head or read.epoch != self._epoch:
            self._too_late(member, after, read.epoch, data, now)
            return
        change = change_of(read, letters, member, self._leaves, self._sessions)
        if co_facilitators is not None and self._sessions[member].role != "facilitator":
            raise RuleError("not_permitted")
        if change.added and len(change.leaves) + self._expected(change) > self._limit:
            raise RuleError("full")
        if len(self._unsettled) >= UNSETTLED:
            raise RuleError("busy")
        entry = self._log.commit(self._epoch, member, data, now=now)
        helpers = self._helpers() if co_facilitators is not None else None
        self._unsettled.append(case_of(entry, change, self._leaves, self._sessions, helpers, now=now))
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
        if co_facilitators is not None:  # after those whom it adds are in the room
            self._grant(co_facilitators)
        self._give_up()

    def _expected(self, change: Change) -> int:
        """Facilitators who are here and will still have no leaf: their places are taken."""
        return sum(
            session.role == "facilitator" and not session.gone and member not in change.leaves.values()
            for member, session in self._sessions.items()
        )

    def _helpers(self) -> frozenset[str]:
        return frozenset(member for member, session in self._sessions.items() if session.role == "co_facilitator")

    def _grant(self, co_facilitators: Collection[str]) -> None:
        """Make these co-facilitators, as far as they have a leaf and no certificate, and nobody else."""
        chosen = set(co_facilitators) & set(self._leaves.values())
        for member, session in self._sessions.items():
            if session.role == "facilitator" or session.gone:
                continue
            role: Role = "co_facilitator" if member in chosen else "participant"
            if session.role != role:
                session.role = role
                self._effects.append(Became(member, role))

    def _let_in(self, change: Change, welcomed: Welcomed, now: float) -> None:
        for added in change.added:
            session = self._sessions[added]
            session.key_package = session.ref = session.rejoin = None
            session.since = welcomed.seq
            self._welcomes[added] = (now, welcomed)
        for added in change.added:
            self._effects.append(In(added))
            self._tell(added, welcomed)
            self._pass_on_all(added)

    def _too_late(self, member: str, after: int, epoch: int, data: bytes, now: float) -> None:
        """Another commit was first, or this very one: its sender did not hear of it."""
        if entry := self._log.repeated(member, epoch, data):
            self._tell(member, entry)
            return
        missed = self._missed(epoch, after, now)
        self._tell(member, MustRejoin("behind") if missed is None else Rebase(tuple(missed)))

    def _missed(self, epoch: int, applied: int, now: float) -> list[Committed] | None:
        """The commits that lead from a state to the current one; None if there is no way."""
        return way(self._log, self._epoch, epoch, applied, now=now)

    # -- What is said -----------------------------------------------------------------------------------------------

    def say(self, member: str, n: int, message: bytes, to: str | None = None, *, now: float) -> list[Effect]:
        """An application message, sealed in the current epoch. `n` is the sender's own count, strictly rising.

        With `to` it goes to that member alone, and back to the sender; whether they have a leaf is the caller's to ask.
        """
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
                entry = self._log.seal(self._epoch, member, n, message, to, now=now)
                for reader in self._leaves.values():
                    if _concerns(entry, reader):
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
        if (aside := self._aside) is not None and member in self.awaited:
            if not _leads_back(aside, member, epoch, applied, now=now):
                aside.astray.add(member)
                self._tell(member, MustRejoin("behind"))
                self._tell_state(member)  # a facilitator asks in the new group; anybody else is at the door from now on
                self._give_up()
                return self._drained()
            self._take_back(aside, member)
        elif member in self._leaves.values():
            self._unheld_since = None
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
        replayed_from, said = self._log.sealed_after(max(min(seen, self._log.seq), session.since))
        before = missed[0].after if missed else self._log.head
        self._tell(member, CaughtUp(before, self._log.seq, replayed_from))
        if welcomed is not None:
            self._tell(member, welcomed)
        entries: list[Committed | Sealed] = [*missed, *(entry for entry in said if _concerns(entry, member))]
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
            if not 0 < len(statement) <= MAX_STATEMENT_BYTES:
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
        if (helpers := next((later.helpers for later in void if later.helpers is not None), None)) is not None:
            self._grant(helpers)
        back = {member for later in void for member in later.change.added}
        for member in self._leaves.values():  # those whom a void commit removed: their sessions are over all the same
            self._sessions.setdefault(member, Session("participant", gone=True))
        self._gone(case.entry.sender)
        self._forget_gone()
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
        self._founding = self._aside = self._unheld_since = None

    def _settle(self, now: float) -> None:
        """Commits that are old enough hold; whoever could not accept one rejoins."""
        super()._settle(now)
        while self._unsettled and now - self._unsettled[0].at >= SETTLE_SECONDS:
            for member in sorted(self._unsettled.pop(0).reports):
                self._tell(member, MustRejoin("rejected"))
        for welcomes in (self._welcomes, self._aside.welcomes if self._aside is not None else {}):
            for member in [member for member, (at, _) in welcomes.items() if now - at >= LOG_SECONDS]:
                del welcomes[member]

    def _ready(self, member: str, n: int | None = None) -> bool:
        """Whether this member can act in the group; else they are told why not."""
        if self._group is None:
            self._refuse(member, "not_registered", n)
        elif self._present(member) is None or member not in self._leaves.values():
            self._refuse(member, "not_a_member", n)
        else:
            return True
        return False


def _leads_back(aside: Aside, member: str, epoch: int | None, applied: int, *, now: float) -> bool:
    """Whether what this member holds, a state or the key to a kept Welcome, leads to the end of a group set aside."""
    if epoch is None:
        if (kept := aside.welcomes.get(member)) is None:
            return False
        epoch, applied = kept[1].epoch, kept[1].seq
    return way(aside.log, aside.epoch, epoch, applied, now=now) is not None


def _concerns(entry: Sealed, member: str) -> bool:
    return entry.to is None or member in (entry.to, entry.sender)
