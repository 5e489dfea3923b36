"""A facilitator link that is revoked while real browsers meet, and a locked door over a restart of their server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest
from playwright.async_api import expect

from signaling import messages as m
from signaling.certificates import Certificate, decode_certificate, issue_certificate, issue_revocations
from signaling.links import (
    b64,
    build_link,
    facilitator_fragment,
    parse_link,
    public_key,
    role_seed,
    sign_challenge,
    unb64,
)
from tests.browser.harness import Gathering, gathering
from tests.browser.server import Links, Server

pytestmark = pytest.mark.browser
M = TypeVar("M", bound=m.ServerMessage)


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    async with gathering(tmp_path) as found:
        yield found


class Organiser:
    """The holder of an organiser link, without its page."""

    def __init__(self, server: Server, links: Links) -> None:
        self._server = server
        self._link = parse_link(links.organiser)
        self._group = unb64(links.id)
        self._now = int(time.time())

    async def _update(self, update: m.UpdateGroup | None = None) -> m.OrganiserReady:
        """What the server holds, after a change if one is given."""

        async def heard(socket: aiohttp.ClientWebSocketResponse, kind: type[M]) -> M:
            message = m.decode_server(await socket.receive_str(timeout=10))
            assert isinstance(message, kind), message
            return message

        seed, group = self._link.seed, self._link.group
        url = f"{self._server.url}/ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=(m.PROTOCOL,)) as socket:
            nonce = (await heard(socket, m.Challenge)).nonce
            proof = b64(sign_challenge(seed, "organiser", group, nonce))
            join = m.Join(group=group, role="organiser", key=b64(public_key(seed)), signature=proof)
            await socket.send_str(m.encode(join))
            ready = await heard(socket, m.OrganiserReady)
            if update is None:
                return ready
            await socket.send_str(m.encode(update))
            return await heard(socket, m.OrganiserReady)

    async def first_certificate(self) -> Certificate:
        return decode_certificate(unb64((await self._update()).certificates[0]))

    async def second_link(self) -> str:
        """One more facilitator link."""
        root, seed = self._link.seed, role_seed(self._link.seed, 2)
        before = (await self._update()).certificates
        issued = issue_certificate(
            root,
            group=self._group,
            role_key=public_key(seed),
            not_before=self._now - 86_400,
            not_after=self._now + 86_400,
            serial=b"serial 2",
        )
        await self._update(m.UpdateGroup(certificates=[*before, b64(issued.encode())]))
        fragment = facilitator_fragment(self._link.room_secret, public_key(root), seed)
        return build_link(self._server.url, self._link.group, fragment)

    async def revoke(self, certificate: Certificate) -> None:
        issued = issue_revocations(
            self._link.seed, group=self._group, version=1, date=self._now, serials=(certificate.serial,)
        )
        await self._update(m.UpdateGroup(revocations=b64(issued.encode())))


async def test_a_revoked_facilitator_is_out_and_the_others_remove_their_leaf(people: Gathering) -> None:
    links = await people.server.create_group()
    organiser = Organiser(people.server, links)
    certificate, second = await organiser.first_certificate(), await organiser.second_link()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    ben = await people.person("Ben")
    await ben.join(second)
    for who, other in ((ben, "Marta"), (ben, "Ana"), (ana, "Ben"), (marta, "Ben")):
        await who.sees(other)
    await organiser.revoke(certificate)
    await expect(marta.page.get_by_text("This facilitator link was withdrawn").first).to_be_visible()
    for who in (ben, ana):
        await expect(who.tile("Marta")).to_have_count(0)
    await ben.sees("Ana")
    again = await people.person("Marta")
    await again.get_ready(links.facilitator, devices=False)
    await again.button("Join meeting").click()
    await expect(again.page.get_by_text("This facilitator link was withdrawn").first).to_be_visible()


async def test_a_locked_door_is_locked_again_after_a_restart(people: Gathering) -> None:
    links = await people.server.create_group()
    marta, ana = await people.meeting(links, "Marta", "Ana")
    await marta.open_panel("More")
    await marta.button("Lock meeting").click()
    await expect(marta.button("Unlock meeting")).to_be_visible()
    before = people.server.log.stat().st_size
    await people.server.kill()
    await people.server.start()
    for _ in range(400):  # browsers come back when they notice
        if "meeting 1: locked" in people.server.log.read_text()[before:]:
            break
        await asyncio.sleep(0.1)
    assert "meeting 1: locked" in people.server.log.read_text()[before:]
    for who, other in ((marta, "Ana"), (ana, "Marta")):
        await who.sees(other, timeout=40)
    await expect(marta.button("Unlock meeting")).to_be_visible()
    chi = await people.person("Chi")
    await chi.get_ready(links.participant, devices=False)
    await chi.button("Ask to join").click()
    await expect(chi.page.get_by_text("The meeting is locked for now").first).to_be_visible()
