"""A whole meeting through a TURN server: for one who has no other way, and for one who chooses it.

Not collected where that cannot be (conftest.py says why): it needs coturn, nftables, and root for network namespaces.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.harness import Gathering, Person, chromium_path, eventually, frames_grow, gathering
from tests.browser.namespaces import ADDRESSES, Machines
from tests.browser.networks import TURN_SECRET, block_udp, turn_server

pytestmark = pytest.mark.browser

# Of each living connection: the kind of the own candidate in use, and the kinds of all that were gathered for it.
PATHS = """async () => {
  const found = [];
  for (const pc of window.__connections) {
    if (pc.connectionState === "closed") continue;
    const stats = await pc.getStats();
    const all = [...stats.values()];
    const transport = all.find((s) => s.type === "transport");
    const pair = stats.get(transport?.selectedCandidatePairId);
    const local = all.filter((s) => s.type === "local-candidate");
    found.push({
      state: pc.connectionState,
      used: stats.get(pair?.localCandidateId)?.candidateType ?? null,
      by: stats.get(pair?.localCandidateId)?.relayProtocol ?? null,
      policy: pc.getConfiguration().iceTransportPolicy,
      gathered: [...new Set(local.map((s) => s.candidateType))].sort(),
    });
  }
  return found;
}"""


@pytest.fixture
async def people(tmp_path: Path, machines: Machines) -> AsyncIterator[Gathering]:
    with turn_server(machines, "firefox", tmp_path) as address:
        urls = ",".join(f"turn:{address}:3478?transport={transport}" for transport in ("udp", "tcp"))
        settings = {"HEARTHSIDE_TURN_URLS": urls, "HEARTHSIDE_TURN_SECRET": TURN_SECRET}
        async with gathering(tmp_path, settings=settings, **machines.server()) as found:
            yield found


async def uses(person: Person, kind: str, **more: Any) -> None:
    """Wait until both of that person's connections, publisher and subscriber, go over candidates of that kind."""
    paths: list[dict[str, Any]] = []

    async def check() -> bool:
        nonlocal paths
        paths = await person.page.evaluate(PATHS)
        return len(paths) == 2 and all(each["state"] == "connected" and each["used"] == kind for each in paths)

    await eventually(check, f"{person.name}'s voice and picture go over {kind} candidates", timeout=40)
    print(f"{person.name}: {paths}")
    for each in paths:
        assert {name: each[name] for name in more} == more


async def test_a_relay_helps_who_has_no_other_way_and_who_chooses_it(people: Gathering, machines: Machines) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta", chromium=machines.wrapper("firefox", chromium_path()))  # only a machine's name
    await marta.join(links.facilitator)
    await uses(marta, "host")

    # Ana's network lets no UDP out: nothing needs to be chosen.
    block_udp(machines, "chromium")
    ana = await people.person("Ana", chromium=machines.wrapper("chromium", chromium_path()))
    await marta.let_in(ana, links.participant)
    await uses(ana, "relay", by="tcp")
    for person, other in ((ana, marta), (marta, ana)):
        await person.sees(other.name)
        await frames_grow(person, 1)

    # Marta chooses it: no other candidate is even gathered, and her call goes on as it was.
    await marta.open_panel("More")
    switch = marta.page.get_by_role("switch", name="Relay only", exact=True)
    await expect(switch).not_to_be_checked()
    await switch.click()
    await expect(switch).to_be_checked()
    await uses(marta, "relay", policy="relay", gathered=["relay"])
    for person, other in ((ana, marta), (marta, ana)):
        await person.sees(other.name)
        await frames_grow(person, 1)
    await marta.button("Call quality").click()
    await marta.page.get_by_text("Details", exact=True).click()
    await expect(marta.page.get_by_text("through a relay")).to_be_visible()
    await marta.page.reload()
    await marta.in_call()
    await uses(marta, "relay", policy="relay", gathered=["relay"])

    # And takes it back.
    await marta.open_panel("More")
    await switch.click()
    await expect(switch).not_to_be_checked()
    await uses(marta, "host")
    await ana.sees("Marta")
    await frames_grow(ana, 1)

    log = people.server.log.read_text()
    assert log.count("admitted") == 1
    assert not any(word in log for word in (ADDRESSES["chromium"], "Marta", "Ana", TURN_SECRET))
