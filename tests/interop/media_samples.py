"""Frames for test members to send, and what decoders make of frames: by libopus and libvpx, out of PyAV."""

from __future__ import annotations

import array
import math
from collections.abc import Iterable
from fractions import Fraction

import av
from av.video.frame import PictureType


def opus_tone(*, seconds: float = 1.0) -> list[bytes]:
    """Opus frames of 20 ms each with a loud tone."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.bit_rate, encoder.options = 32_000, {"vbr": "off", "application": "voip"}
    frames: list[bytes] = []
    for at in range(0, int(48_000 * seconds), 960):
        wave = array.array("h", (int(12_000 * math.sin((at + n) * 2 * math.pi * 440 / 48_000)) for n in range(960)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(wave.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    return frames


def key_frames(*, count: int = 5, width: int = 320, height: int = 180) -> list[bytes]:
    """VP8 key frames of a bright picture whose brightness changes."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, 10), 300_000
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    frames: list[bytes] = []
    for number in range(count):
        picture = av.VideoFrame(width, height, "yuv420p")
        for plane, shade in zip(picture.planes, (150 + 20 * number, 128, 128), strict=True):
            plane.update(bytes([shade]) * plane.buffer_size)
        picture.pts, picture.pict_type = number, PictureType.I
        frames += [bytes(packet) for packet in encoder.encode(picture)]
    return frames


def decoded_brightness(frames: Iterable[bytes]) -> list[float]:
    """Mean brightness (0-255) of the pictures that libvpx makes of VP8 frames."""
    decoder = av.CodecContext.create("libvpx", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    found = []
    for frame in frames:
        try:
            pictures = decoder.decode(av.Packet(frame))
        except av.FFmpegError:
            continue
        for picture in pictures:
            shades = bytes(picture.reformat(format="gray").planes[0])
            found.append(sum(shades) / len(shades))
    return found


def decoded_loudness(frames: Iterable[bytes]) -> float:
    """The largest sample (0-32767) that libopus makes of Opus frames."""
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    resampler = av.AudioResampler("s16", "mono", 48_000)
    loudest = 0
    for frame in frames:
        for sound in decoder.decode(av.Packet(frame)):
            for part in resampler.resample(sound):
                samples = array.array("h", bytes(part.planes[0])[: 2 * part.samples])
                loudest = max(loudest, *(abs(sample) for sample in samples))
    return loudest
