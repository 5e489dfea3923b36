"""A meeting of members in Python on a real server: what tests and figures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from aiohttp import ClientSession

from tests.browser.server import Links
from tests.interop.meeting_media import MeetingMedia
from tests.interop.meeting_member import MeetingMember


async def every(members: Iterable[MeetingMember], check: Callable[[MeetingMember], object], what: str) -> None:
    """Wait until it holds for each of them."""
    for member in members:
        await member.until(partial(check, member), what)


class Meeting:
    """A group, and who has come in Python. Browsers may be there too."""

    def __init__(self, links: Links, http: ClientSession) -> None:
        self.links, self._http = links, http
        self.people: list[MeetingMember] = []
        self.media: list[MeetingMedia] = []

    def person(self, name: str, *, facilitator: bool = False) -> MeetingMember:
        member = MeetingMember(self._http, self.links.facilitator if facilitator else self.links.participant, name)
        self.people.append(member)
        return member

    async def gather(self, host: str, *guests: str) -> list[MeetingMember]:
        """The facilitator first, then everybody else, admitted by one commit each."""
        first = self.person(host, facilitator=True)
        await first.join()
        for name in guests:
            await self.admit(first, name)
        return self.people

    async def admit(self, host: MeetingMember, name: str) -> MeetingMember:
        guest = self.person(name)
        await guest.knock()
        await host.until(lambda: name in [known for known, _ in host.knocks.values()], f"{name} knocks")
        await host.admit(name)
        await guest.until(lambda: guest.inside, "let in")
        return guest

    async def agree(self, *members: MeetingMember) -> None:
        """Wait until these hold the same state, and nobody else is in it."""
        ids = {member.id for member in members}
        await every(
            members,
            lambda member: {person.member for person in member.seat.people.values()} == ids == member.names.keys(),
            "sees exactly these people, with their names",
        )
        await every(members, lambda member: member.epoch == members[0].epoch, "in the epoch")
        assert len({member.seat.mls.authenticator for member in members}) == 1
        assert len({member.seat.epochs[-1].base_key for member in members}) == 1

    async def with_media(self, member: MeetingMember) -> MeetingMedia:
        media = MeetingMedia(member)
        self.media.append(media)
        await media.publish("audio", "video")
        await media.subscribe()
        return media

    async def close(self) -> None:
        for media in self.media:
            await media.close()
        for member in self.people:
            await member.drop()
