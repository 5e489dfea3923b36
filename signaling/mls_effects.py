"""What the delivery service asks its caller to do, and what it tells members, in the order in which it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signaling.messages import Refusal
from signaling.mls_log import Committed, Sealed
from signaling.mls_rules import Role


@dataclass(frozen=True, slots=True)
class Registered:
    """The group of this meeting. Members whose state is of this epoch go on from number `seq`."""

    group: bytes
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    """To facilitators: nobody there holds a state of the group. Found a new one and register it; the first is it."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Somebody asks to be added, or to come back: who may commit that, do so; facilitators first, then by leaf."""

    member: str
    key_package: bytes
    rejoin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The receiver was added by commit number `seq`, and is in `epoch` by this Welcome."""

    seq: int
    epoch: int
    sender: str
    welcome: bytes


@dataclass(frozen=True, slots=True)
class Rebase:
    """The receiver's commit came after another one: drop it, apply these, and commit anew if there still is a reason.

    The commits were sent before; a client that has them passes over them by their numbers.
    """

    commits: tuple[Committed, ...]


@dataclass(frozen=True, slots=True)
class Reopened:
    """Commit number `void_from` and everything after it is void; `epoch` is current again, after number `after`.

    `reports` are the members who could not accept it, each with what they signed. A client goes back if it rejected the
    commit itself or a certificate holder's signed report is among these; else it takes itself for behind and rejoins: a
    server alone brings nobody back to keys that a removed person has.
    """

    seq: int
    void_from: int
    after: int
    epoch: int
    reports: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Answer to a reconnect; what was missed follows.

    `applied`: number of the state that the receiver was in when it asked, as it is counted now: a client that has gone
    on since keeps its higher one. `replayed_from`: number from which on nothing said is missing.
    """

    applied: int
    seq: int
    replayed_from: int


@dataclass(frozen=True, slots=True)
class MustRejoin:
    """The receiver's state does not lead to the current one: offer a fresh KeyPackage."""

    reason: Literal["no_state", "behind", "rejected", "void"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A message was refused and changed nothing. `n` names an application message."""

    code: Refusal
    n: int | None = None


Message = (
    Registered | Abandoned | Offered | Committed | Welcomed | Sealed | Rebase | Reopened | CaughtUp | MustRejoin
    | Refused
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to a member. Lost if their socket is: they catch up."""

    member: str
    message: Message


@dataclass(frozen=True, slots=True)
class In:
    """A commit gave this member a leaf, for the first time or again: they are let in."""

    member: str


@dataclass(frozen=True, slots=True)
class Out:
    """A commit took this member's leaf away: forward nothing to them from now on, and end their session.

    They are told of the commit before, so that they can check who sent it.
    """

    member: str


@dataclass(frozen=True, slots=True)
class Expel:
    """This member's commit was rejected: end their session. They may knock again, a facilitator may come back."""

    member: str


@dataclass(frozen=True, slots=True)
class Became:
    """An accepted commit gave this member another role, or was taken back with what it gave."""

    member: str
    role: Role


Effect = Tell | In | Out | Expel | Became
