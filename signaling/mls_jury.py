"""When a commit that was ordered is taken back, since members cannot accept it.

The server cannot check signatures or paths, so a commit may turn out unusable after it took its place. For
`SETTLE_SECONDS` its judges may report it: who was in the group before it, whom it neither removed nor added anew, and
who did not send it. It is void, its sender is expelled and the epoch reopened
- of a facilitator's commit: by the report of another facilitator;
- of anybody else's: by a facilitator's report, or by those of more than half of the judges, and at least two.
Otherwise those who reported are told to rejoin, as anybody who is behind.

Why this cannot be abused: facilitators may remove whom they will anyway, so their word adds nothing to their power.
Participants, however many, never undo what a facilitator did, and a single one expels nobody. People whom a commit
adds do not judge it, so that nobody brings their own jury. Committing again on top of a bad commit does not save it:
all that follows is void with it. And expulsion ends a session, not the right to come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from signaling.mls_log import Committed
from signaling.mls_rules import Change, Role, Session

SETTLE_SECONDS = 5.0
"""How long a commit can be reported. Clients check one within 0.1 s and hear of it within a second; longer keeps old
states in their memory, shorter sends people with a slow phone to rejoin."""
UNSETTLED = 32
"""Commits that can be undone at once: admissions share one commit per 500 ms, which makes 10 in 5 s, and people leaving
as many. More are told to wait."""
MAX_STATEMENT_BYTES = 512
"""A report's signature and what it is over."""
JURY = 2
"""Reports that undo a commit when no facilitator reports it, at least."""


@dataclass(slots=True)
class Case:
    """A commit that can be undone, with what held before it."""

    entry: Committed
    at: float
    by: Role
    """The sender's role."""
    before: dict[int, str]
    change: Change
    judges: frozenset[str]
    helpers: frozenset[str] | None = None
    """Who was a co-facilitator before, if the commit grants or withdraws that."""
    reports: dict[str, bytes] = field(default_factory=dict)
    """Who could not accept it, with what they signed."""


def case_of(
    entry: Committed,
    change: Change,
    leaves: dict[int, str],
    sessions: Mapping[str, Session],
    helpers: frozenset[str] | None = None,
    *,
    now: float,
) -> Case:
    """What may be undone later. `leaves` are those before the commit."""
    here = {member for member in leaves.values() if not sessions[member].gone}
    judges = frozenset(here - change.removed - change.added.keys() - {entry.sender})
    return Case(entry, now, sessions[entry.sender].role, leaves, change, judges, helpers)


def verdict(case: Case, sessions: Mapping[str, Session]) -> Literal["reopen", "wait", "stands"]:
    """What the reports so far lead to. ``stands``: nothing that can still come undoes it."""
    judges = {member for member in case.judges if member in sessions and not sessions[member].gone}
    facilitators = {member for member in judges if sessions[member].role == "facilitator"}
    if facilitators & case.reports.keys():
        return "reopen"
    if case.by == "facilitator":
        return "stands"  # whoever of the facilitators cannot accept it says so without waiting for others
    needed = max(JURY, len(judges) // 2 + 1)
    if len(judges & case.reports.keys()) >= needed:
        return "reopen"
    return "wait" if facilitators or len(judges) >= needed else "stands"
