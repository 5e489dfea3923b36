"""What was ordered in a meeting, kept for those whose network was lost for a moment: commits, and ciphertext.

Numbers rise by one for everything. Commits and application messages are bounded apart, so that nobody can talk the
commits out of the log and force everybody who was away to join anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

LOG_SECONDS = 120.0
"""As long as a lost socket's place is kept (docs/protocol.md, section 3). Beyond it nobody comes back."""
LOG_MESSAGES = 256
LOG_BYTES = 1 << 20
"""Of commits, and again of application messages. A commit among 20 people takes 2 kB: 256 of them are more than two
minutes of coming and going. Smaller: people who were away must join anew. Larger: memory, per meeting."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit took its place in the order: it ends `epoch`. For everybody who was in the group, its sender too."""

    seq: int
    epoch: int
    sender: str
    commit: bytes
    after: int
    """The number of the commit before it, or of the registration: on this state it is applied."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An application message in its place in the order, sealed in `epoch`, which was current then."""

    seq: int
    epoch: int
    sender: str
    n: int
    """The sender's own count."""
    message: bytes
    to: str | None = None
    """Passed on to this member alone, and back to the sender."""


E = TypeVar("E", Committed, Sealed)


class _Shelf(Generic[E]):
    """Entries of one kind, within the bounds."""

    def __init__(self) -> None:
        self.entries: deque[E] = deque()
        self._kept: deque[tuple[float, int]] = deque()
        self._size = 0
        self.dropped = 0
        """The number of the last entry that fell out by age or size."""

    def add(self, entry: E, size: int, now: float) -> None:
        self.entries.append(entry)
        self._kept.append((now, size))
        self._size += size
        while len(self.entries) > LOG_MESSAGES or self._size > LOG_BYTES:
            self._drop_first()

    def drop_old(self, now: float) -> None:
        while self._kept and now - self._kept[0][0] > LOG_SECONDS:
            self._drop_first()

    def take_back(self, seq: int) -> None:
        while self.entries and self.entries[-1].seq >= seq:
            self.entries.pop()
            self._size -= self._kept.pop()[1]

    def _drop_first(self) -> None:
        self.dropped = self.entries.popleft().seq
        self._size -= self._kept.popleft()[1]


class Log:
    """One meeting's. `seq` is the last number given: above 0 when a meeting is taken up after a restart."""

    def __init__(self, *, seq: int = 0) -> None:
        self.seq = seq
        self.base = self.head = seq
        """Numbers of the registration, and of the last commit or the registration: the state that holds now."""
        self._commits: _Shelf[Committed] = _Shelf()
        self._sealed: _Shelf[Sealed] = _Shelf()

    def start(self) -> int:
        """A group is registered: what comes now follows on the number that is returned."""
        self.seq += 1
        self.base = self.head = self.seq
        self._commits, self._sealed = _Shelf(), _Shelf()
        return self.seq

    def commit(self, epoch: int, sender: str, commit: bytes, *, now: float) -> Committed:
        """Number a commit."""
        self.forget_old(now=now)
        self.seq += 1
        entry = Committed(self.seq, epoch, sender, commit, self.head)
        self.head = self.seq
        self._commits.add(entry, len(commit), now)
        return entry

    def seal(self, epoch: int, sender: str, n: int, message: bytes, to: str | None = None, *, now: float) -> Sealed:
        """Number an application message."""
        self.forget_old(now=now)
        self.seq += 1
        entry = Sealed(self.seq, epoch, sender, n, message, to)
        self._sealed.add(entry, len(message), now)
        return entry

    def void(self, commit: Committed) -> int:
        """Take out a commit and everything after it. Returns a number for this: those taken out are never given again.

        What was sealed after it was sealed in the epochs that it began.
        """
        self._commits.take_back(commit.seq)
        self._sealed.take_back(commit.seq)
        self.head = commit.after
        self.seq += 1
        return self.seq

    def repeated(self, sender: str, epoch: int, commit: bytes) -> Committed | None:
        """The entry of a commit that was taken before: its sender did not hear of it."""
        return next(
            (e for e in self._commits.entries if (e.sender, e.epoch, e.commit) == (sender, epoch, commit)), None
        )

    def holds(self, seq: int) -> bool:
        """Whether the commit with this number is here and not void."""
        return any(entry.seq == seq for entry in self._commits.entries)

    def said(self, sender: str, n: int) -> Sealed | None:
        """The entry with this count of a sender."""
        return next((e for e in self._sealed.entries if (e.sender, e.n) == (sender, n)), None)

    def commits_after(self, applied: int, *, now: float) -> list[Committed] | None:
        """The commits that somebody misses who applied number `applied` last; None if that is no state to go on from.

        Numbers from before the registration are taken for it: a restarted server has forgotten them, and its caller
        compares the epochs.
        """
        self.forget_old(now=now)
        after = max(applied, self.base)
        if after == self.head:
            return []
        commits = list(self._commits.entries)
        return next((commits[i:] for i, entry in enumerate(commits) if entry.after == after), None)

    def sealed_after(self, seq: int) -> tuple[int, list[Sealed]]:
        """The application messages after a number, and the number from which on none of them is missing."""
        return max(seq, self._sealed.dropped) + 1, [entry for entry in self._sealed.entries if entry.seq > seq]

    def forget_old(self, *, now: float) -> None:
        """Drop what is older than `LOG_SECONDS`."""
        self._commits.drop_old(now)
        self._sealed.drop_old(now)
