"""VP9 with its layers, encrypted, while everybody decodes it; VP8 as soon as somebody comes who does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.video_codec import BACK_SECONDS
from tests.browser.harness import Camera, Gathering, Person, eventually, gathering

pytestmark = pytest.mark.browser

TALL = Camera(1280, 720, 12)
"""Three sizes in one stream; two cores encode and decode it in software."""

WITHOUT_VP9 = """
const take = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
  await take.call(this, description);
  if (description.type !== "offer") return;
  const known = RTCRtpReceiver.getCapabilities("video").codecs.filter((c) => c.mimeType !== "video/VP9");
  for (const t of this.getTransceivers()) if (t.receiver.track.kind === "video") t.setCodecPreferences(known);
};
"""


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    async with gathering(tmp_path, settings={"HEARTHSIDE_VIDEO_CODEC": "auto"}) as found:
        yield found


async def shows(person: Person, other: Person, codec: str, *, height: int | None = None, timeout: float = 40) -> None:
    """Wait until the person sees new pictures of the other in that codec, and of that many lines."""
    first: dict[str, int] = {}
    seen: dict[str, Any] = {}

    async def check() -> bool:
        nonlocal seen
        seen = await person.picture(other.name)
        if seen.get("codec") != codec or height not in (None, seen.get("frameHeight")):
            return False
        frames = seen.get("framesDecoded", 0)
        return bool(frames >= first.setdefault(seen["id"], frames) + 5)

    await eventually(check, f"{person.name} sees {other.name} in {codec}, {height or 'any'} lines", timeout=timeout)
    print(f"{person.name} sees {other.name}: {codec}, {seen['frameWidth']}x{seen['frameHeight']}")


async def test_vp9_while_everybody_decodes_it_and_back_without_a_new_admission(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta", camera=TALL)
    await marta.join(links.facilitator)
    ana = await people.person("Ana")
    await marta.let_in(ana, links.participant)
    await shows(ana, marta, "VP9")
    await shows(marta, ana, "VP9")
    (sent,) = [each for each in await marta.sent_pictures() if each["codec"] == "VP9"]
    assert sent["scalabilityMode"] == "L3T3_KEY"
    connections = {person.name: await person.page.evaluate("window.__connections.length") for person in (marta, ana)}

    # Large when it is pinned, and small out of the same stream for who saves.
    await ana.button("Pin Marta").click()
    await shows(ana, marta, "VP9", height=720, timeout=60)
    await ana.open_panel("More")
    saver = ana.page.get_by_role("switch", name="Data saver", exact=True)
    await saver.click()
    await shows(ana, marta, "VP9", height=180)
    await saver.click()

    # Somebody whose browser lacks it: everybody sees everybody in VP8.
    chi = await people.person("Chi")
    await chi.page.add_init_script(WITHOUT_VP9)
    await marta.let_in(chi, links.participant)
    present = [marta, ana, chi]
    for person in present:
        for other in present:
            if other is not person:
                await shows(person, other, "VP8")
                await person.sees(other.name)

    # And VP9 again some time after they left.
    await chi.tool("Leave").click()
    await shows(ana, marta, "VP9", timeout=BACK_SECONDS + 40)
    await shows(marta, ana, "VP9")
    assert people.server.log.read_text().count("admitted") == 2
    for person in (marta, ana):
        assert await person.page.evaluate("window.__connections.length") == connections[person.name], person.name
