"""One's own commits: made of the state of now, sent, and made anew when another one was first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signaling import messages as m
from signaling.links import b64
from tests.interop.mls_member import MemberError
from tests.interop.seat import Seat
from tests.interop.statements import Statements

ANSWER_SECONDS = 10.0
"""In which the server orders or refuses a commit."""


@dataclass(frozen=True)
class Plan:
    """What a commit is to do."""

    add: Sequence[bytes] = ()
    remove: Sequence[int] = ()
    statements: Statements = Statements({}, {}, None)  # noqa: RUF009 - nothing changes it
    co_facilitators: list[str] | None = None


class Committer:
    """At most one commit is on its way."""

    def __init__(self, seat: Seat, send: Callable[[m.ClientMessage], None]) -> None:
        self._seat, self._send = seat, send
        self._turn = asyncio.Lock()
        self._sent = ""
        self._outcome: asyncio.Future[bool] | None = None

    async def commit(self, room: str, plan: Callable[[], Plan | None]) -> bool:
        """Commit what `plan` says of the current state. False if nothing was left to do.

        Raises `MemberError` with the server's code if the commit is refused.
        """
        async with self._turn:
            while (wanted := plan()) is not None:
                grants = wanted.statements.grants or self._seat.grants
                commit, welcome = self._seat.mls.commit(
                    add=[*wanted.add],
                    remove=[*wanted.remove],
                    authenticated_data=wanted.statements.encode(),
                    notes=grants.encode() if grants and wanted.add else None,
                )
                self._sent, self._outcome = b64(commit), asyncio.get_running_loop().create_future()
                letter = None if welcome is None else b64(welcome)
                self._send(m.MlsCommit(room, self._seat.applied, self._sent, letter, wanted.co_facilitators))
                if await asyncio.wait_for(self._outcome, ANSWER_SECONDS):
                    return True
        return False

    def ordered(self, commit: str) -> None:
        """A commit took its place: one's own, or another that voids it."""
        self._settle(done=commit == self._sent)

    def void(self) -> None:
        """Another commit was first, or the socket is lost."""
        self._settle(done=False)

    def refused(self, code: str) -> None:
        """The server did not take it."""
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_exception(MemberError(code))

    def _settle(self, *, done: bool) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(done)
