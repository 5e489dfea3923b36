"""What negotiation writes and reads, held against a real Chromium."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from sfu.control import Extensions, Kind, TrackSubscribed
from signaling.messages import TrackOffer
from signaling.negotiation import OfferedTrack, UpTrack, read_offer
from signaling.sdp import read
from signaling.subscriber_session import SUBSCRIBER_CODECS, SUBSCRIBER_EXTENSIONS, SubscriberSession
from tests.browser.harness import chromium_path
from tests.signaling.blank_page import blank_page
from tests.signaling.sdp_samples import LOCAL

pytestmark = pytest.mark.browser

BOTH = [TrackOffer("microphone", "0", "audio"), TrackOffer("camera-0", "1", "video")]

PUBLISHER = """async encodings => {
  const canvas = document.createElement('canvas');
  canvas.width = 320; canvas.height = 180; canvas.getContext('2d').fillRect(0, 0, 1, 1);
  const voice = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
  window.publisher = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  window.audio = publisher.addTransceiver(voice, {direction: 'sendonly'});
  window.video = publisher.addTransceiver(canvas.captureStream(5).getVideoTracks()[0],
    {direction: 'sendonly', sendEncodings: encodings});
  await publisher.setLocalDescription();
  return publisher.localDescription.sdp;
}"""
ANSWERED = "async sdp => { await publisher.setRemoteDescription({type: 'answer', sdp}); }"
SUBSCRIBER = """() => {
  window.subscriber = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  window.heard = [];
  subscriber.ontrack = event => heard.push([event.transceiver.mid, event.streams[0].id, event.track.kind]);
}"""
ANSWER = """async sdp => {
  await subscriber.setRemoteDescription({type: 'offer', sdp});
  await subscriber.setLocalDescription();
  return subscriber.localDescription.sdp;
}"""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Page]:
    """An empty page, open."""
    async with blank_page() as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(address)
        yield page
        await browser.close()


@pytest.mark.parametrize(
    ("encodings", "expected"),
    [
        ([{}], [None]),
        (
            [{"rid": "q", "scaleResolutionDownBy": 4}, {"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}],
            ["q", "h", "f"],
        ),
    ],
    ids=["one encoding", "simulcast"],
)
async def test_a_publisher_takes_the_answer(encodings: list[dict[str, Any]], expected: list[str | None]) -> None:
    async with chromium() as page:
        offer = read_offer(await page.evaluate(PUBLISHER, encodings), BOTH)
        assert [encoding.rid for encoding in offer.tracks[1].encodings] == expected
        await page.evaluate(ANSWERED, offer.answer(LOCAL, 1))
        parameters = await page.evaluate("[audio.sender.getParameters(), video.sender.getParameters()]")
        sound, picture = parameters
        assert [codec["mimeType"] for codec in sound["codecs"]] == ["audio/opus"]
        for wish in ("cbr=1", "usedtx=0", "useinbandfec=1", "maxaveragebitrate=32000"):
            assert wish in sound["codecs"][0]["sdpFmtpLine"]
        assert [codec["mimeType"] for codec in picture["codecs"]] == ["video/VP8", "video/rtx"]
        uris = {extension["uri"] for each in parameters for extension in each["headerExtensions"]}
        assert any("transport-wide-cc" in uri for uri in uris)
        assert not any("audio-level" in uri or "abs-send-time" in uri for uri in uris)
        assert len(picture["encodings"]) == len(expected)

        # Muted (no track on the sender) and with an ICE restart, the same tracks are offered again.
        again = await page.evaluate("""async () => {
          await audio.sender.replaceTrack(null);
          await publisher.setLocalDescription(await publisher.createOffer({iceRestart: true}));
          return publisher.localDescription.sdp;
        }""")
        second = read_offer(again, BOTH)
        assert second.tracks == offer.tracks
        assert second.remote.ice_ufrag != offer.remote.ice_ufrag
        assert second.remote.fingerprint == offer.remote.fingerprint
        await page.evaluate(ANSWERED, second.answer(LOCAL, 2))

        # Camera ended and screen begun on the same m-line; a data channel is turned down without harm to the rest.
        ended = await page.evaluate("""async () => {
          video.direction = 'inactive';
          publisher.createDataChannel('unwanted');
          await publisher.setLocalDescription();
          return publisher.localDescription.sdp;
        }""")
        third = read_offer(ended, BOTH[:1])
        assert [track.id for track in third.tracks] == ["microphone"]
        await page.evaluate(ANSWERED, third.answer(LOCAL, 3))
        used_again = await page.evaluate("""async () => {
          video.direction = 'sendonly';
          await publisher.setLocalDescription();
          return publisher.localDescription.sdp;
        }""")
        fourth = read_offer(used_again, [BOTH[0], TrackOffer("screen-0", "1", "video")])
        assert [track.id for track in fourth.tracks] == ["microphone", "screen-0"]
        await page.evaluate(ANSWERED, fourth.answer(LOCAL, 4))
        assert await page.evaluate("publisher.getTransceivers().map(each => each.currentDirection)") == ["sendonly"] * 2


async def test_a_stopped_m_line_is_offered_again_for_another_track() -> None:
    async with chromium() as page:
        first = read_offer(await page.evaluate(PUBLISHER, [{}]), BOTH)
        await page.evaluate(ANSWERED, first.answer(LOCAL, 1))
        stopped = await page.evaluate("""async () => {
          video.stop();
          await publisher.setLocalDescription();
          return publisher.localDescription.sdp;
        }""")
        second = read_offer(stopped, BOTH[:1])
        await page.evaluate(ANSWERED, second.answer(LOCAL, 2))
        recycled = await page.evaluate("""async () => {
          publisher.addTransceiver('video', {direction: 'sendonly'});
          await publisher.setLocalDescription();
          return publisher.localDescription.sdp;
        }""")
        mid = read(recycled).media[1].mid
        third = read_offer(recycled, [BOTH[0], TrackOffer("camera-1", mid, "video")])
        assert [track.id for track in third.tracks] == ["microphone", "camera-1"]
        await page.evaluate(ANSWERED, third.answer(LOCAL, 3))


def member(number: int) -> list[UpTrack]:
    return [up_track(number, "audio"), up_track(number, "video")]


def up_track(number: int, kind: Kind) -> UpTrack:
    return UpTrack(f"member-{number:02}", OfferedTrack(f"{kind}-{number:02}", "0", kind, [], Extensions(), []))


class Offers:
    """A subscriber session whose SFU draws SSRCs by counting."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = SubscriberSession()
        self.ssrc = 1000

    async def agree(self, wanted: list[UpTrack]) -> tuple[list[UpTrack], dict[str, str]]:
        for track in self.session.plan(wanted)[1]:
            self.ssrc += 2
            rtx = self.ssrc + 1 if track.offer.kind == "video" else 0
            self.session.bind(track, TrackSubscribed(self.ssrc, rtx, f"cname-{track.member}"))
        sdp, tracks = self.session.offer(LOCAL, self.session.generation + 1)
        agreed = self.session.answer(self.session.generation, await self.page.evaluate(ANSWER, sdp))
        assert agreed is not None
        return agreed.started, {track.mid: track.member for track in tracks}


async def test_a_subscriber_follows_a_meeting_of_thirty() -> None:
    async with chromium() as page:
        await page.evaluate(SUBSCRIBER)
        offers = Offers(page)
        # Alone: the connection is begun all the same.
        assert (await offers.agree([]))[0] == []
        assert await page.evaluate("subscriber.iceConnectionState") in ("new", "checking")
        assert await page.evaluate("subscriber.localDescription.sdp.includes('a=ice-ufrag')")

        people = {number: member(number) for number in range(30)}
        started, _ = await offers.agree([track for tracks in people.values() for track in tracks])
        assert len(started) == 60
        heard = await page.evaluate("heard")
        assert {stream for _, stream, _ in heard} == {f"member-{number:02}" for number in range(30)}
        assert len(heard) == 60

        for number in range(20):
            del people[number]
        started, carried = await offers.agree([track for tracks in people.values() for track in tracks])
        assert started == []
        directions = await page.evaluate("subscriber.getTransceivers().map(each => [each.mid, each.currentDirection])")
        assert {mid for mid, direction in directions if direction == "recvonly"} == set(carried)
        assert len(directions) == 60

        await page.evaluate("heard.length = 0")
        people |= {number: member(number) for number in range(30, 40)}
        started, carried = await offers.agree([track for tracks in people.values() for track in tracks])
        assert len(started) == 20
        heard = await page.evaluate("heard")
        assert len(heard) == 20
        assert all(carried[mid] == stream for mid, stream, _ in heard)
        assert await page.evaluate("subscriber.getTransceivers().length") == 60


async def test_a_subscriber_keeps_what_the_sfu_needs() -> None:
    async with chromium() as page:
        await page.evaluate(SUBSCRIBER)
        offers = Offers(page)
        await offers.agree(member(1))
        session = read(await page.evaluate("subscriber.localDescription.sdp"))
        audio, video = session.media
        assert "transport-cc" in audio.formats[0].feedback
        assert {"nack", "nack pli", "ccm fir", "transport-cc"} <= set(video.formats[0].feedback)
        assert [each.name for each in video.formats] == ["VP8", "rtx", "VP9", "rtx"]
        taken = offers.session.taken
        assert (taken.vp9, taken.codecs, taken.extensions) == (True, SUBSCRIBER_CODECS, SUBSCRIBER_EXTENSIONS)
        assert {extension.id for extension in video.extensions} == {1, 2}
        assert video.rtcp_rsize
