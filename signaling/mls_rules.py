"""What the server can tell of a commit from its structure: who may add and remove whom (RFC 9420, sections 12 and 14).

The members check this too, and everything else: they do not rely on the server. What is refused here never costs
anybody an epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from signaling.messages import MemberRole, Refusal
from signaling.mls_messages import (
    Add,
    Commit,
    KeyPackage,
    ParseError,
    PreSharedKey,
    Remove,
    Welcome,
    read_key_package,
)

CLOCK_SECONDS = 86_400
"""Devices' clocks may be wrong by a day: nobody stays outside for that."""
MAX_KEY_PACKAGE_BYTES = 4096
"""`messages.MAX_KEY_PACKAGE_CHARS` of base64url hold as much."""

Role = MemberRole
"""As the server knows it. Only a facilitator holds a certificate; the others' rights end with the meeting."""


class RuleError(Exception):
    """A commit that breaks a rule; nothing was changed."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code)
        self.code: Refusal = code


@dataclass(slots=True)
class Session:
    """Somebody as the server knows them, with a leaf or before."""

    role: Role
    gone: bool = False
    """Left, or was sent away. The leaf stays until a commit removes it."""
    key_package: bytes | None = None
    """What they offer to be added by, as it came."""
    ref: bytes | None = None
    rejoin: bytes | None = None
    """That the KeyPackage is of somebody who was here: a signature that members check."""
    said_n: int = 0
    """The last count of an application message that was taken."""
    since: int = 0
    """The number of the commit that added them: they get nothing from before."""


@dataclass(frozen=True, slots=True)
class Change:
    """A permitted commit: the leaves after it, and whom it adds and removes."""

    leaves: dict[int, str]
    added: dict[str, KeyPackage] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    """Those without a leaf afterwards."""


def check_key_package(data: bytes, *, now: float) -> KeyPackage:
    """Read what somebody offers to be added by. Raises `RuleError`: ``malformed``, ``clock``."""
    try:
        package = read_key_package(data)
    except ParseError:
        raise RuleError("malformed") from None
    if package.leaf.lifetime is None or len(data) > MAX_KEY_PACKAGE_BYTES:
        raise RuleError("malformed")
    start, end = package.leaf.lifetime
    if not start - CLOCK_SECONDS <= now <= end + CLOCK_SECONDS:
        raise RuleError("clock")
    return package


def change_of(
    commit: Commit, welcome: Welcome | None, sender: str, leaves: Mapping[int, str], sessions: Mapping[str, Session]
) -> Change:
    """What a commit of the current epoch does. Raises `RuleError`."""
    if commit.sender is None or leaves.get(commit.sender) != sender:
        raise RuleError("foreign")
    adds, removes, keys = _sorted(commit)
    if len(removes) != len(set(removes)) or not set(removes) <= leaves.keys() or commit.sender in removes:
        raise RuleError("not_permitted")
    if keys != (1 if adds else 0):
        raise RuleError("no_key")
    if not commit.path and (removes or not adds):
        raise RuleError("no_path")
    offers = {session.ref: member for member, session in sessions.items() if session.ref is not None}
    added: dict[str, KeyPackage] = {}
    for package in adds:
        member = offers.pop(package.ref, None)
        if member is None:
            raise RuleError("unknown_key_package")
        added[member] = package
    refs = welcome.refs if welcome is not None else ()
    if sorted(refs) != sorted(package.ref for package in adds):
        raise RuleError("welcome")
    removed = {leaves[leaf] for leaf in removes}
    if any(member in leaves.values() and member not in removed for member in added):
        raise RuleError("not_permitted")  # one person, two leaves
    _check_rights(sessions[sender].role, added.keys(), removed, sessions)
    return Change(_placed(leaves, removes, list(added)), added, frozenset(removed - added.keys()))


def _sorted(commit: Commit) -> tuple[list[KeyPackage], list[int], int]:
    adds: list[KeyPackage] = []
    removes: list[int] = []
    keys = 0
    for proposal in commit.proposals:
        match proposal:
            case Add(key_package=package):
                adds.append(package)
            case Remove(leaf=leaf):
                removes.append(leaf)
            case PreSharedKey(external=True):
                keys += 1
            case _:
                raise RuleError("proposal")
    return adds, removes, keys


def _check_rights(role: Role, added: Set[str], removed: Set[str], sessions: Mapping[str, Session]) -> None:
    """The policy, as far as the server knows the roles. Raises `RuleError` ``not_permitted``.

    Facilitators add and remove whom they will, and may commit nothing but new keys. Co-facilitators add anybody and
    remove participants. Everybody else may do three things only: remove those who are gone, put somebody who comes back
    in place of their old leaf, and add a facilitator.
    """
    if role == "facilitator":
        return
    if not added and not removed:
        raise RuleError("not_permitted")
    helping = role == "co_facilitator"
    for member in removed - added:
        session = sessions[member]
        if not session.gone and not (helping and session.role == "participant"):
            raise RuleError("not_permitted")
    for member in added - removed:
        if not helping and sessions[member].role != "facilitator":
            raise RuleError("not_permitted")


def _placed(leaves: Mapping[int, str], removes: list[int], added: list[str]) -> dict[int, str]:
    """The leaves after removes and adds: each newcomer takes the leftmost empty leaf (section 7.7)."""
    after = {leaf: member for leaf, member in leaves.items() if leaf not in removes}
    leaf = 0
    for member in added:
        while leaf in after:
            leaf += 1
        after[leaf] = member
    return after
