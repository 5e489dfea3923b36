"""What the SFU holds behind SRTP: pictures and sound when the transform is off, noise when it is on."""

from __future__ import annotations

import base64
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import av
import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor

from tests.browser.harness import eventually, gathering

pytestmark = pytest.mark.browser

# The page still believes in its transforms, but they are no longer there.
TRANSFORM_OFF = """
for (const holder of [RTCRtpSender.prototype, RTCRtpReceiver.prototype]) {
  Object.defineProperty(holder, "transform", { set() {}, get() { return null; } });
}
window.RTCRtpScriptTransform = class {};
"""


async def capture(tmp_path: Path, *, transform: bool) -> list[dict[str, Any]]:
    """What the SFU received of one real browser in some seconds."""
    file = tmp_path / "packets"
    settings = {"CAPTURE_FILE": str(file)}
    async with gathering(tmp_path, settings=settings, module="tests.browser.capturing_server") as people:
        links = await people.server.create_group()
        marta = await people.person("Marta")
        if not transform:
            await marta.page.add_init_script(TRANSFORM_OFF)
        await marta.join(links.facilitator)

        async def enough() -> bool:
            return len(file.read_text().splitlines()) > 250

        await eventually(enough, "the SFU received 250 packets", timeout=30)
    lines = file.read_text().splitlines()
    return [json.loads(line) | {"payload": base64.b64decode(json.loads(line)["payload"])} for line in lines]


def streams(packets: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Sound and picture, in order of their numbers. Sound is the stream in which every packet is a frame."""
    by_cache: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for packet in packets:
        by_cache[packet["cache"]].append(packet)
    found = [sorted(stream, key=lambda packet: packet["sequence"]) for stream in by_cache.values()]
    sound, picture = sorted(found, key=lambda stream: -len({p["sequence"] for p in stream if len(p["payload"]) < 300}))
    return sound, picture


def decoded_pictures(packets: list[dict[str, Any]]) -> list[float]:
    """Of each frame that libvpx makes of the packets: how much of it is the green that Chromium's fake camera shows."""
    decoder = av.CodecContext.create("libvpx", "r")
    found = []
    frame = b""
    for packet in packets:
        _, data = VpxPayloadDescriptor.parse(packet["payload"])
        frame += data
        if packet["marker"]:
            try:
                pictures = decoder.decode(av.Packet(frame))
            except av.FFmpegError:
                pictures = []
            for picture in pictures:
                colours = bytes(picture.reformat(format="rgb24").planes[0])
                pixels = list(zip(colours[0::3], colours[1::3], colours[2::3], strict=False))
                found.append(sum(g > r + 50 and g > b + 50 for r, g, b in pixels) / len(pixels))
            frame = b""
    return found


def most_frequent(payloads: list[bytes], offset: int) -> float:
    """How often the byte at that offset has its most frequent value; 1/256 would be perfect noise."""
    values = Counter(payload[offset] for payload in payloads)
    return values.most_common(1)[0][1] / len(payloads)


def sframe_header_size(payload: bytes) -> int:
    """Length of the header, which grows with the counter (RFC 9605, section 4.3)."""
    config = payload[0]
    kid = (config >> 4 & 7) + 1 if config & 0x80 else 0
    counter = (config & 7) + 1 if config & 0x08 else 0
    return 1 + kid + counter


async def test_without_the_transform_the_sfu_could_decode(tmp_path: Path) -> None:
    sound, picture = streams(await capture(tmp_path, transform=False))
    pictures = decoded_pictures(picture)
    assert len(pictures) >= 20
    assert min(pictures) > 0.5
    payloads = [packet["payload"] for packet in sound]
    assert most_frequent(payloads, 0) > 0.4, "Opus' first byte tells its mode"


async def test_with_the_transform_it_cannot(tmp_path: Path) -> None:
    sound, picture = streams(await capture(tmp_path, transform=True))
    assert sum(packet["marker"] for packet in picture) > 20
    # The codec header in clear is true VP8: a decoder may make something of a key frame, but never the picture.
    assert all(green < 0.05 for green in decoded_pictures(picture))
    payloads = [packet["payload"] for packet in sound]
    sizes = {len(payload) - sframe_header_size(payload) for payload in payloads}
    assert len(sizes) == 1, "neither words nor silence show in the sizes"
    # SFrame's header is at most 17 bytes; behind it all is ciphertext and tag.
    assert all(most_frequent(payloads, offset) < 0.12 for offset in range(17, len(payloads[0])))
