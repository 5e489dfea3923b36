"""What stands in people's way: networks, missing devices, unfit browsers and pages. Each says what can be done."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.harness import CHROMIUM_FLAGS, Gathering, chromium_path
from tests.browser.server import free_port

pytestmark = pytest.mark.browser

NO_CAMERA = """
const lend = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) =>
  wanted.video ? Promise.reject(new DOMException("", "NotFoundError")) : lend(wanted);
"""
NOTHING_ALLOWED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
"""
NO_TRANSFORM = """
delete window.RTCRtpScriptTransform;
delete RTCRtpSender.prototype.createEncodedStreams;
"""


async def test_a_network_that_blocks_media_is_told_in_plain_words(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    nowhere = free_port()
    # The answer and the offer name a port on which nobody listens: as if a firewall swallowed what is sent there.
    await marta.page.add_init_script(
        f"""
        const apply = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function (description) {{
          const sdp = description.sdp.replace(/(a=candidate:.* )\\d+( typ host)/g, "$1{nowhere}$2");
          return apply.call(this, {{ type: description.type, sdp }});
        }};
        """
    )
    await marta.join(links.facilitator)
    notice = marta.page.get_by_text("Your network lets this page through, but not voice and picture")
    await expect(notice.first).to_be_visible(timeout=20_000)
    await asyncio.sleep(0.5)
    log = people.server.log.read_text()
    assert log.count(f"open UDP port {people.server.media_port}") == 1


async def test_no_webcam_still_gives_a_microphone(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.join(links.facilitator)
    ana = await people.person("Ana")
    await ana.page.add_init_script(NO_CAMERA)
    await ana.open(links.participant)
    await ana.agree()
    await ana.fill_name()
    await expect(ana.button("Mute microphone")).to_be_visible()
    await expect(ana.button("Turn camera on")).to_be_visible()
    await expect(ana.page.get_by_text("You are just as welcome without a picture").first).to_be_visible()
    await ana.button("Ask to join").click()
    await marta.admit("Ana")
    await ana.in_call()
    await expect(ana.tool("Mute microphone")).to_be_visible()
    await ana.sees("Marta")


async def test_somebody_whose_devices_are_kept_closed_reads_how_to_open_them_and_joins(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.page.add_init_script(NOTHING_ALLOWED)
    await marta.open(links.facilitator)
    await marta.agree()
    await marta.fill_name()
    await expect(marta.page.get_by_text("The browser keeps the", exact=False).first).to_be_visible()
    await marta.button("Join meeting").click()
    await marta.in_call()
    await expect(marta.tool("Unmute microphone")).to_be_visible()


async def test_a_browser_that_cannot_encrypt_is_told_which_can(people: Gathering) -> None:
    links = await people.server.create_group()
    ana = await people.person("Ana")
    await ana.page.add_init_script(NO_TRANSFORM)
    await ana.open(links.participant)
    await expect(ana.page.get_by_text("It works in current Chrome, Edge, Firefox and Safari").first).to_be_visible()
    await expect(ana.button("Copy link")).to_be_visible()
    await expect(ana.page.get_by_role("group", name="Group agreement")).to_have_count(0)


async def test_a_page_that_cannot_even_fetch_its_words_says_that_the_server_does_not_answer(people: Gathering) -> None:
    links = await people.server.create_group()
    ana = await people.person("Ana")
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    await ana.page.route("**/client-*.ftl", refuse)
    await ana.open(links.participant)
    await expect(ana.page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    assert len(asked) == 3
    # The network is back: the same tab goes on with the link it was opened with.
    await ana.page.unroute("**/client-*.ftl")
    await ana.page.get_by_role("link", name="Load the page again").click()
    await expect(ana.page.get_by_role("group", name="Group agreement")).to_be_visible()


async def test_a_page_that_is_not_a_secure_context_says_why(people: Gathering) -> None:
    links = await people.server.create_group()
    flags = [*CHROMIUM_FLAGS, "--host-resolver-rules=MAP meet.test 127.0.0.1"]
    browser = await people.launch(executable_path=chromium_path(), args=flags)
    page = await browser.new_page()
    await page.goto(links.participant.replace("127.0.0.1", "meet.test"))
    await expect(page.get_by_text("address begins with https").first).to_be_visible()
    await expect(page.get_by_text("certificate").first).to_be_visible()


async def test_without_devices_one_stays_and_may_open_the_camera_later(people: Gathering) -> None:
    links = await people.server.create_group()
    marta = await people.person("Marta")
    await marta.open(links.facilitator)
    await marta.agree()
    await marta.fill_name()
    await expect(marta.button("Mute microphone")).to_be_visible()
    await marta.button("Continue without camera or microphone").click()
    await expect(marta.button("Join meeting")).to_be_visible()
    assert await marta.live_tracks() == {"audio": 0, "video": 0}
    await marta.button("Join meeting").click()
    await marta.in_call()
    await marta.tool("Turn camera on").click()
    await expect(marta.tool("Turn camera off")).to_be_visible()
    assert (await marta.live_tracks())["video"] == 1


async def test_a_meeting_goes_by_keyboard_alone(people: Gathering) -> None:
    """From the link to leaving: Tab, Space, Enter and arrows, nothing else."""
    links = await people.server.create_group()
    marta = await people.person("Marta")
    keyboard = marta.page.keyboard
    await marta.open(links.facilitator)
    agreement = marta.page.get_by_role("group", name="Group agreement")
    await expect(agreement).to_be_visible()
    boxes = await agreement.get_by_role("checkbox").all()
    assert boxes

    async def tab_to(role: str, name: str) -> None:
        dialog = marta.page.get_by_role("dialog")
        place = dialog if await dialog.count() else marta.page
        wanted = place.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type] # a role's name
        for _ in range(60):
            if await wanted.count() and await wanted.first.evaluate("(e) => e === document.activeElement"):
                return
            await keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches the {role} {name}")

    for box in boxes:
        for _ in range(30):
            if await box.evaluate("(e) => e === document.activeElement"):
                break
            await keyboard.press("Tab")
        await keyboard.press("Space")
        await expect(box).to_be_checked()
    await tab_to("textbox", "Your name")
    await keyboard.type("Marta")
    await tab_to("button", "Join meeting")
    await keyboard.press("Enter")
    await marta.in_call()
    # The toolbar is one stop, arrows move inside it.
    await keyboard.press("F2")
    await expect(marta.tool("Mute microphone").or_(marta.tool("Unmute microphone"))).to_be_focused()
    for _ in range(3):
        await keyboard.press("ArrowRight")
    await expect(marta.tool("Chat")).to_be_focused()
    await keyboard.press("Enter")
    await expect(marta.tool("Chat")).to_have_attribute("aria-expanded", "true")
    await tab_to("textbox", "Message")
    await keyboard.type("Good evening")
    await keyboard.press("Enter")
    await expect(marta.page.get_by_role("log").get_by_text("Good evening")).to_be_visible()
    await keyboard.press("Escape")
    await expect(marta.tool("Chat")).to_be_focused()
    await keyboard.press("End")
    await expect(marta.tool("Leave")).to_be_focused()
    await keyboard.press("Enter")
    await tab_to("button", "Leave")
    await keyboard.press("Enter")
    await expect(marta.button("Rejoin")).to_be_visible()
