"""The media plane, the SFU and Chromium together: sound and picture arrive, through every change of the connections.

Frames travel in clear here: encryption is the client's part, and this is about the connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from sfu.control import Event, WorkerSettings
from sfu.io.worker import Worker, start_worker
from signaling.media import MediaPlane
from signaling.messages import (
    Error,
    Publish,
    Published,
    ServerMessage,
    SubscribeAnswer,
    SubscribeOffer,
    TileWish,
    TrackOffer,
    Watch,
)
from tests.browser.harness import chromium_path
from tests.signaling.blank_page import blank_page

pytestmark = pytest.mark.browser

ROOM = "room-one"

PUBLISH = """async restart => {
  if (!window.publisher) {
    const picture = {width: 320, height: 180, frameRate: 15};
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: picture});
    window.publisher = new RTCPeerConnection({bundlePolicy: 'max-bundle', ...window.configuration});
    window.audio = publisher.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly'});
    window.video = publisher.addTransceiver(stream.getVideoTracks()[0], {direction: 'sendonly'});
  }
  await publisher.setLocalDescription(await publisher.createOffer({iceRestart: restart}));
  return publisher.localDescription.sdp;
}"""
PUBLISHED = "async sdp => { await publisher.setRemoteDescription({type: 'answer', sdp}); }"
ANSWER = """async ([sdp, anew]) => {
  if (anew) {
    window.subscriber?.close();
    window.subscriber = new RTCPeerConnection({bundlePolicy: 'max-bundle', ...window.configuration});
  }
  await subscriber.setRemoteDescription({type: 'offer', sdp});
  await subscriber.setLocalDescription();
  return subscriber.localDescription.sdp;
}"""
RECEIVED = """async () => {
  const found = {};
  for (const transceiver of subscriber.getTransceivers()) {
    for (const report of (await transceiver.receiver.getStats()).values()) {
      if (report.type === 'inbound-rtp') {
        found[transceiver.mid] = report.kind === 'video' ? report.framesDecoded ?? 0 : report.packetsReceived;
      }
    }
  }
  return found;
}"""


class Person:
    """One page, and what a client does with the server's messages."""

    def __init__(self, name: str, page: Page, plane: MediaPlane) -> None:
        self.name, self.page, self.plane = name, page, plane
        self.inbox: asyncio.Queue[ServerMessage] = asyncio.Queue()
        self.published: asyncio.Queue[str] = asyncio.Queue()
        self.carried: dict[str, str] = {}  # "member/track" by mid
        self.ufrags: list[str] = []  # the server's, of each subscriber offer
        self.changed = asyncio.Event()
        self.errors: list[Error] = []
        self.anew = True
        self.numbers = itertools.count(1)
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            match await self.inbox.get():
                case Published(sdp=sdp):
                    await self.page.evaluate(PUBLISHED, sdp)
                    self.published.put_nowait(sdp)
                case SubscribeOffer(_, generation, sdp, tracks):
                    anew, self.anew = self.anew, False
                    answer = await self.page.evaluate(ANSWER, [sdp, anew])
                    self.carried = {track.mid: f"{track.member}/{track.track}" for track in tracks}
                    self.changed.set()
                    self.ufrags.append(sdp.partition("a=ice-ufrag:")[2].partition("\r\n")[0])
                    await self.plane.subscribe_answer(ROOM, self.name, SubscribeAnswer(ROOM, generation, answer))
                    pictures = [TileWish(track.member, track.track, 180) for track in tracks if track.kind == "video"]
                    await self.plane.watch(ROOM, self.name, Watch(ROOM, pictures))
                case Error() as error:
                    self.errors.append(error)

    async def publish(self, *, restart: bool = False, camera: str = "camera-0") -> None:
        offer = await self.page.evaluate(PUBLISH, restart)
        tracks = [TrackOffer("microphone", "0", "audio"), TrackOffer(camera, "1", "video")]
        if "a=inactive" in offer:
            del tracks[1]
        await self.plane.publish(ROOM, self.name, Publish(ROOM, next(self.numbers), offer, tracks))
        await asyncio.wait_for(self.published.get(), 10)

    async def subscribe(self) -> None:
        self.anew = True
        await self.plane.subscribe(ROOM, self.name)

    async def restart_ice(self) -> None:
        """Give the subscriber connection new ICE credentials, and wait until they are agreed."""
        before = len(self.ufrags)
        self.changed.clear()
        await self.plane.subscribe(ROOM, self.name, restart_ice=True)
        await asyncio.wait_for(self.changed.wait(), 10)
        assert len(self.ufrags) > before
        assert self.ufrags[-1] not in self.ufrags[:before]

    async def receives(self, *tracks: str) -> None:
        """Wait until exactly these tracks are carried, and each brings something new."""
        async with asyncio.timeout(30):
            while sorted(self.carried.values()) != sorted(tracks):
                await self.changed.wait()
                self.changed.clear()
            before = await self.page.evaluate(RECEIVED)
            while True:
                now = await self.page.evaluate(RECEIVED)
                if all(now.get(mid, 0) > before.get(mid, 0) + 2 for mid in self.carried):
                    return
                await asyncio.sleep(0.1)


class Gathering:
    def __init__(self, browser: Browser, url: str, configuration: dict[str, Any]) -> None:
        self.browser, self.url = browser, url
        self.configuration = configuration
        self.people: dict[str, Person] = {}
        self.plane: MediaPlane
        self.worker: Worker
        self.events: list[Event] = []

    def send(self, member: str, message: ServerMessage) -> None:
        self.people[member].inbox.put_nowait(message)

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        self.plane.on_event(event)

    async def person(self, name: str) -> Person:
        page = await self.browser.new_page()
        await page.goto(self.url)
        await page.evaluate("configuration => { window.configuration = configuration; }", self.configuration)
        person = self.people[name] = Person(name, page, self.plane)
        await person.subscribe()
        await person.publish()
        return person


@contextlib.asynccontextmanager
async def gathering(
    *,
    host: str = "127.0.0.1",
    executable: str | None = None,
    settings: WorkerSettings | None = None,
    configuration: dict[str, Any] | None = None,
) -> AsyncIterator[Gathering]:
    """A page at `host`, a browser, and the SFU. `configuration` goes into every RTCPeerConnection."""
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    async with blank_page(host) as address, async_playwright() as playwright:
        flags.append(f"--unsafely-treat-insecure-origin-as-secure={address.rstrip('/')}")
        browser = await playwright.chromium.launch(executable_path=executable or chromium_path(), args=flags)
        meeting = Gathering(browser, address, configuration or {})
        worker = await start_worker(settings or WorkerSettings(0, [host]), on_event=meeting.on_event)
        meeting.worker = worker
        numbers = itertools.count(1)
        meeting.plane = MediaPlane(worker, meeting.send, new_id=lambda: f"transport-{next(numbers)}")
        try:
            yield meeting
        finally:
            for person in meeting.people.values():
                person.reader.cancel()
            await meeting.plane.close()
            await worker.close()
            await browser.close()


def tracks_of(*names: str, camera: str = "camera-0") -> list[str]:
    return [f"{name}/{track}" for name in names for track in ("microphone", camera)]


async def test_sound_and_picture_through_every_change() -> None:
    async with gathering() as meeting:
        ana, ben, chi = [await meeting.person(name) for name in ("ana-0001", "ben-0001", "chi-0001")]
        await ana.receives(*tracks_of("ben-0001", "chi-0001"))
        await ben.receives(*tracks_of("ana-0001", "chi-0001"))
        await chi.receives(*tracks_of("ana-0001", "ben-0001"))

        # One leaves; the m-lines are used again by the next who comes.
        await meeting.plane.drop_member(ROOM, "chi-0001")
        await ana.receives(*tracks_of("ben-0001"))
        dan = await meeting.person("dan-0001")
        await ana.receives(*tracks_of("ben-0001", "dan-0001"))
        await dan.receives(*tracks_of("ana-0001", "ben-0001"))
        assert await ana.page.evaluate("subscriber.getTransceivers().length") == 4

        # Camera off and on again, with a new track id.
        await dan.page.evaluate("() => { video.direction = 'inactive'; }")
        await dan.publish()
        await ana.receives(*tracks_of("ben-0001"), "dan-0001/microphone")
        await dan.page.evaluate("() => { video.direction = 'sendonly'; }")
        await dan.publish(camera="camera-1")
        await ana.receives(*tracks_of("ben-0001"), *tracks_of("dan-0001", camera="camera-1"))

        # Another network: ICE restarts, the connection stays.
        await ben.publish(restart=True)
        await ana.restart_ice()
        await ana.receives(*tracks_of("ben-0001"), *tracks_of("dan-0001", camera="camera-1"))

        # A page that gives its connections up and builds new ones.
        await ben.page.evaluate("() => { publisher.close(); window.publisher = null; }")
        await ben.publish()
        await ana.receives(*tracks_of("ben-0001"), *tracks_of("dan-0001", camera="camera-1"))
        await ana.subscribe()
        await ana.receives(*tracks_of("ben-0001"), *tracks_of("dan-0001", camera="camera-1"))

        # A connection that the browser closes is cleaned up for everybody.
        await dan.page.evaluate("() => { publisher.close(); }")
        await ana.receives(*tracks_of("ben-0001"))
        assert not any(person.errors for person in meeting.people.values())


async def test_somebody_alone_is_connected_before_anybody_comes() -> None:
    async with gathering() as meeting:
        ana = await meeting.person("ana-0001")
        states: list[Any] = []
        async with asyncio.timeout(30):
            while states != ["connected", "connected"]:
                await asyncio.sleep(0.05)
                states = await ana.page.evaluate("[publisher.connectionState, window.subscriber?.connectionState]")
