"""Media reaches people whose network blocks UDP: over ICE-TCP, and through a TURN server (relay-only too).

Server, browser and TURN server sit on machines of their own. Not collected where that cannot be (conftest.py says why).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfu.control import WorkerSettings
from sfu.io.worker import Worker
from signaling.turn import Relay
from tests.browser.harness import chromium_path
from tests.browser.namespaces import ADDRESSES, Machines
from tests.browser.networks import TURN_SECRET, block_udp, sitting_at, turn_server
from tests.signaling.test_media_browser import Gathering, gathering, tracks_of

pytestmark = pytest.mark.browser

ANA, BEN = "ana-0001", "ben-0001"


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with Machines(tmp_path) as found, sitting_at(found, "server"):
        yield found


def here(machines: Machines, **more: Any) -> Any:
    """A gathering whose server is on one machine and whose browser is on another."""
    return gathering(host=ADDRESSES["server"], executable=str(machines.wrapper("chromium", chromium_path())), **more)


async def meet(meeting: Gathering) -> float:
    """Two people see and hear each other. Returns the seconds that it took."""
    begin = time.monotonic()
    ana, ben = [await meeting.person(name) for name in (ANA, BEN)]
    await ana.receives(*tracks_of(BEN))
    await ben.receives(*tracks_of(ANA))
    assert not ana.errors + ben.errors
    return time.monotonic() - begin


def selected_hosts(worker: Worker) -> set[str]:
    """Where media goes to and comes from, as the SFU sees it."""
    return {str(link.peer.agent.selected and link.peer.agent.selected[0]) for link in worker._links.values()}


def entrances(worker: Worker) -> set[int]:
    """Indices of the entrances in use."""
    return {link.peer.agent.selected[2] for link in worker._links.values() if link.peer.agent.selected}


async def test_where_udp_is_blocked_media_comes_over_tcp(machines: Machines) -> None:
    block_udp(machines, "chromium")
    settings = WorkerSettings(0, [ADDRESSES["server"]], tcp_port=0)
    async with here(machines, settings=settings) as meeting:
        print(f"two people over ICE-TCP: {await meet(meeting):.2f} s")
        assert entrances(meeting.worker) == {1}
        assert selected_hosts(meeting.worker) == {ADDRESSES["chromium"]}

        # An ICE restart of both connections goes over new TCP connections, and media goes on.
        people = meeting.people
        await people[ANA].publish(restart=True)
        await people[ANA].restart_ice()
        await people[BEN].receives(*tracks_of(ANA))
        await people[ANA].receives(*tracks_of(BEN))
        assert entrances(meeting.worker) == {1}


async def test_where_udp_works_it_is_used(machines: Machines) -> None:
    settings = WorkerSettings(0, [ADDRESSES["server"]], tcp_port=0)
    async with here(machines, settings=settings) as meeting:
        await meet(meeting)
        assert entrances(meeting.worker) == {0}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_with_relay_only_the_server_sees_the_relay_alone(
    machines: Machines, tmp_path: Path, transport: str
) -> None:
    with turn_server(machines, "firefox", tmp_path) as address:
        if transport == "tcp":
            block_udp(machines, "chromium")
        relay = Relay([f"turn:{address}:3478?transport={transport}"], TURN_SECRET)
        (server,) = relay.ice_servers("a-random-id", now=time.time())
        configuration = {
            "iceServers": [{"urls": server.urls, "username": server.username, "credential": server.credential}],
            "iceTransportPolicy": "relay",
        }
        settings = WorkerSettings(0, [ADDRESSES["server"]])
        async with here(machines, settings=settings, configuration=configuration) as meeting:
            print(f"two people over TURN/{transport}: {await meet(meeting):.2f} s")
            assert selected_hosts(meeting.worker) == {address}


async def test_a_wrong_or_expired_password_gets_no_relay(machines: Machines, tmp_path: Path) -> None:
    with turn_server(machines, "firefox", tmp_path) as address:
        urls = [f"turn:{address}:3478?transport=udp"]
        async with here(machines, settings=WorkerSettings(0, [ADDRESSES["server"]])) as meeting:
            page = await meeting.browser.new_page()
            found = {}
            for name, secret, now in (
                ("good", TURN_SECRET, time.time()),
                ("wrong", "another secret", time.time()),
                ("expired", TURN_SECRET, time.time() - 25 * 3600),
            ):
                (server,) = Relay(urls, secret).ice_servers("a-random-id", now=now)
                found[name] = await asyncio.wait_for(
                    page.evaluate(CANDIDATES, [server.urls, server.username, server.credential]), 30
                )
            assert found == {"good": 1, "wrong": 0, "expired": 0}


CANDIDATES = """async ([urls, username, credential]) => {
  const pc = new RTCPeerConnection({iceServers: [{urls, username, credential}], iceTransportPolicy: 'relay'});
  let found = 0;
  pc.onicecandidate = ({candidate}) => { if (candidate?.candidate) found += 1; };
  pc.addTransceiver('audio');
  await pc.setLocalDescription();
  const done = new Promise(r => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && r(); });
  await Promise.race([done, new Promise(r => setTimeout(r, 5000))]);
  pc.close();
  return found;
}"""
