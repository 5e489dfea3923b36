"""The rounds that are measured, in one meeting of members in Python and real Chromiums. All times in seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from signaling import messages as m
from tests.browser.harness import Gathering, Person, eventually
from tests.browser.join_marks import FIRST_FRAME
from tests.interop.meeting import Meeting, every
from tests.interop.meeting_media import Arrived, MeetingMedia
from tests.interop.meeting_member import MeetingMember

PRESS = "(button) => { const now = Date.now(); button.click(); return now / 1000; }"
FREEZES = """
async () => {
  let count = 0, seconds = 0, frames = 0;
  for (const pc of window.__connections) {
    if (pc.connectionState === "closed") continue;
    (await pc.getStats()).forEach((s) => {
      if (s.type !== "inbound-rtp" || s.kind !== "video") return;
      count += s.freezeCount ?? 0;
      seconds += s.totalFreezesDuration ?? 0;
      frames += s.framesDecoded ?? 0;
    });
  }
  return [count, seconds, frames];
}
"""
READABLE_SECONDS = 1.5
"""For how long after a removal what is sent is tried with the removed member's keys."""


@dataclass
class Figures:
    """What came out."""

    everywhere: list[float] = field(default_factory=list)
    """From the making of the commit that adds, or the press on "Admit", to everybody's receive keys."""
    newcomer: list[float] = field(default_factory=list)
    """To the newcomer's own."""
    removals: list[float] = field(default_factory=list)
    """From the press on "Remove" to everybody's receive keys."""
    readable: list[float] = field(default_factory=list)
    """To the arrival of the last frame, at somebody else, that the removed member's keys open."""
    tried: int = 0
    """Frames that arrived after a removal and were tried."""
    forwarded: list[float] = field(default_factory=list)
    """To the last frame that the SFU handed to the removed member."""
    joins: list[float] = field(default_factory=list)
    """Of a Chromium: to its first decoded frame."""
    changes: list[float] = field(default_factory=list)
    """From the making of an empty commit to everybody's receive keys."""
    freezes: tuple[int, float, int] = (0, 0.0, 0)
    """Freezes (W3C webrtc-stats), their seconds, and frames decoded, while keys changed once a second."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes."""


class Rounds:
    """`ben` holds a certificate and commits in Python; `marta`, where she is there, is a Chromium that facilitates."""

    def __init__(self, meeting: Meeting, ben: MeetingMember, marta: Person | None) -> None:
        self._meeting, self._ben, self._marta = meeting, ben, marta
        self.figures = Figures()

    async def gather(self, count: int) -> None:
        """Let in so many members by one commit."""
        guests = [self._meeting.person(f"Guest {number}") for number in range(count)]
        for guest in guests:
            await guest.knock()
        await self._waiting(*(guest.name for guest in guests))
        await self._ben.admit(*(guest.name for guest in guests))
        await every(guests, lambda guest: guest.inside, "let in")
        await self._settled()

    async def _waiting(self, *names: str) -> None:
        await self._ben.until(lambda: {known for known, _ in self._ben.knocks.values()} >= {*names}, "waiting")

    async def _settled(self) -> None:
        """Everybody holds the same epoch, and is told so."""
        ben = self._ben
        await ben.until(lambda: ben.epoch is not None and ben.ready >= ben.epoch, "everybody has the keys", timeout=30)

    async def _timed(self, act: Callable[[], Awaitable[float]]) -> float:
        """Seconds from the moment that `act` returns until the server tells that everybody holds the next epoch."""
        before = self._ben.epoch or 0
        began = await act()
        await self._ben.until(lambda: self._ben.ready > before, "everybody has the new keys", timeout=30)
        return time.time() - began

    async def _press(self, name: str) -> float:
        assert self._marta is not None
        await self._marta.open_panel("People")
        button = self._marta.button(name)
        await button.wait_for()
        pressed: float = await button.evaluate(PRESS)
        return pressed

    # -- Admission --------------------------------------------------------------------------------------------------

    async def admission(self, *, by_press: bool) -> None:
        """One newcomer, who leaves again."""
        guest = self._meeting.person("Newcomer")
        await guest.knock()
        await self._waiting(guest.name)

        async def admit() -> float:
            if by_press:
                return await self._press(f"Admit {guest.name}")
            began = time.time()
            await self._ben.admit(guest.name)
            return began

        self.figures.everywhere.append(await self._timed(admit))
        await guest.until(lambda: guest.inside, "in")
        self._note_sizes(guest)
        await self._part(guest)

    async def _part(self, guest: MeetingMember) -> None:
        await self._settled()
        await guest.leave()
        self._meeting.people.remove(guest)
        await self._ben.until(lambda: self._ben.seat.leaf_of(guest.id) is None, "gone")
        await self._settled()

    def _note_sizes(self, guest: MeetingMember) -> None:
        commit = next(msg for msg in reversed(self._ben.told) if isinstance(msg, m.MlsCommitted))
        welcome = next(msg for msg in guest.told if isinstance(msg, m.MlsWelcomed))
        self.figures.sizes |= {
            "Add commit": len(commit.commit.commit) * 3 // 4,
            "Welcome": len(welcome.welcome) * 3 // 4,
        }

    # -- Removal ----------------------------------------------------------------------------------------------------

    async def removal(self, speakers: list[MeetingMedia], recorder: MeetingMedia) -> None:
        """Somebody comes in, listens, and is removed while others speak; `recorder` keeps what the SFU hands out."""
        guest = await self._meeting.admit(self._ben, "Listener")
        ears = MeetingMedia(guest)
        await ears.subscribe()
        await self._settled()
        speaking = [asyncio.create_task(speaker.play(60, ("audio",))) for speaker in speakers]
        try:
            await eventually(self._hears(ears), "the listener hears", interval=0.02)
            recorder.arrived.clear()
            pressed = 0.0

            async def remove() -> float:
                nonlocal pressed
                if self._marta is None:
                    pressed = time.time()
                    await self._ben.remove(guest.id)
                    return pressed
                await self._press(f"Remove {guest.name}")
                dialog = self._marta.page.get_by_role("dialog", name=f"Remove {guest.name}?")
                pressed = float(await dialog.get_by_role("button", name="Remove", exact=True).evaluate(PRESS))
                return pressed

            self.figures.removals.append(await self._timed(remove))
            await asyncio.sleep(READABLE_SECONDS)
        finally:
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)
        commit = next(msg for msg in reversed(self._ben.told) if isinstance(msg, m.MlsCommitted))
        self.figures.sizes["Remove commit"] = len(commit.commit.commit) * 3 // 4
        after = [frame for frame in recorder.arrived if frame.at > pressed]
        self.figures.tried += len(after)
        readable = [frame.at - pressed for frame in after if recorder.open(frame, guest.seat.epochs) is not None]
        self.figures.readable.append(max(readable, default=0.0))
        self.figures.forwarded.append(max((frame.at - pressed for frame in ears.arrived), default=0.0))
        await ears.close()
        self._meeting.people.remove(guest)

    def _hears(self, ears: MeetingMedia) -> Callable[[], Awaitable[bool]]:
        async def opens() -> bool:
            frames: list[Arrived] = ears.arrived[-5:]
            return any(ears.open(frame) is not None for frame in frames)

        return opens

    # -- Browsers ---------------------------------------------------------------------------------------------------

    async def join(self, people: Gathering, dora: Person) -> None:
        """A Chromium comes in, and leaves again."""
        await dora.knock(self._meeting.links.participant)
        await self._waiting(dora.name)
        began = time.time()
        await self._ben.admit(dora.name)
        first = await asyncio.wait_for(dora.page.evaluate(FIRST_FRAME), 30)
        self.figures.joins.append(first / 1000 - began)

    async def leave(self, dora: Person) -> None:
        """Out again."""
        before = self._ben.epoch or 0
        await dora.tool("Leave").click()
        await dora.button("Rejoin").wait_for()
        await self._ben.until(lambda: (self._ben.epoch or 0) > before, "gone")
        await self._settled()

    async def changes(self, seconds: int, watcher: Person | None) -> None:
        """New keys once a second."""
        before = [0, 0.0, 0] if watcher is None else await watcher.page.evaluate(FREEZES)
        for _ in range(seconds):
            began = time.time()

            async def renew(began: float = began) -> float:
                await self._ben.renew_keys()
                return began

            self.figures.changes.append(await self._timed(renew))
            await asyncio.sleep(max(0.0, began + 1 - time.time()))
        if watcher is not None:
            after = await watcher.page.evaluate(FREEZES)
            self.figures.freezes = after[0] - before[0], after[1] - before[1], after[2] - before[2]
