"""The SDP reader and writer: real browsers' texts, round trips, and texts that mean harm."""

from __future__ import annotations

import contextlib
import dataclasses
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.control import Candidate
from signaling.messages import MAX_SDP_CHARS
from signaling.sdp import (
    DIRECTIONS,
    MAX_ITEMS,
    MAX_LINE_CHARS,
    MAX_MEDIA,
    Extension,
    Fingerprint,
    Format,
    Media,
    SdpError,
    Session,
    read,
    write,
)
from tests.signaling.sdp_samples import SEEDS, VECTORS, sample

OFFERS = sorted(VECTORS.glob("*.sdp"))


def test_chromium_offer_is_read() -> None:
    session = read(sample("chromium_156_audio_video"))
    assert session.bundle == ["0", "1"]
    assert session.extmap_allow_mixed
    assert not session.ice_lite
    audio, video = session.media
    assert (audio.kind, audio.mid, audio.direction, audio.setup) == ("audio", "0", "sendonly", "actpass")
    assert audio.rtcp_mux
    assert audio.rtcp_rsize
    assert audio.formats[0] == Format(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1", ["transport-cc"])
    assert [each.name for each in video.formats[:2]] == ["VP8", "rtx"]
    assert video.formats[0].feedback == ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]
    assert video.formats[1].parameters == "apt=96"
    assert len(video.ssrcs) == 2
    assert [tuple(video.ssrcs)] == video.fid_groups
    assert set(video.ssrcs.values()) == set(audio.ssrcs.values())
    assert Extension(3, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01") in audio.extensions


def test_simulcast_offer_is_read() -> None:
    video = read(sample("chromium_156_simulcast")).media[1]
    assert video.rids == {"q": "send", "h": "send", "f": "send"}
    assert video.simulcast_send == ["q", "h", "f"]
    assert video.ssrcs == {}


def test_what_stands_above_the_m_lines_holds_for_all() -> None:
    session = read(sample("firefox_153_audio_video"))
    assert all(media.fingerprints == session.media[0].fingerprints for media in session.media)
    assert session.media[0].fingerprints[0].algorithm == "sha-256"
    assert Extension(2, "urn:ietf:params:rtp-hdrext:csrc-audio-level", "recvonly") in session.media[0].extensions
    assert session.media[1].bundle_only
    assert not session.media[1].rejected


def test_alternatives_and_paused_streams_of_simulcast() -> None:
    offer = sample("chromium_156_simulcast").replace("a=simulcast:send q;h;f", "a=simulcast:send q,h;~f")
    assert read(offer).media[1].simulcast_send == ["q", "f"]


def test_feedback_for_all_formats() -> None:
    offer = sample("chromium_156_audio_only") + "a=rtcp-fb:* nack\r\n"
    assert all("nack" in each.feedback for each in read(offer).media[0].formats)


def test_unknown_lines_are_passed_over_and_line_ends_may_be_bare() -> None:
    offer = sample("chromium_156_audio_video")
    odd = offer.replace("\r\n", "\n").replace("a=rtcp-mux\n", "a=rtcp-mux\na=new-thing:1 2 3\nb=AS:30\nz=0 0\n\n")
    assert read(odd) == read(offer)


def test_weak_fingerprints_are_passed_over() -> None:
    offer = sample("chromium_156_audio_only")
    weak = offer.replace("a=setup", "a=fingerprint:sha-1 " + ":".join(["AB"] * 20) + "\r\na=setup")
    assert read(weak).media[0].fingerprints == read(offer).media[0].fingerprints


def test_hash_in_lower_case_is_the_same_hash() -> None:
    offer = sample("chromium_156_audio_only")
    start = offer.index("sha-256 ")
    end = offer.index("\r\n", start)
    assert read(offer[:start] + offer[start:end].lower() + offer[end:]) == read(offer)


@pytest.mark.parametrize(
    "text",
    [
        "v=0\r\n" + "a=x\r\n" * (MAX_SDP_CHARS // 5),
        "v=0\r\na=" + "x" * MAX_LINE_CHARS + "\r\n",
        "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * (MAX_MEDIA + 1),
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + "".join(f"a=ssrc:{n + 1}\r\n" for n in range(MAX_ITEMS + 1)),
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + "a=rtcp-fb:* nack\r\n" * (MAX_ITEMS + 1),
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + "a=ssrc-group:FID 1 2\r\n" * (MAX_ITEMS + 1),
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + "".join(f"a=rid:{n} send\r\n" for n in range(MAX_ITEMS + 1)),
    ],
    ids=["text", "line", "m-lines", "ssrcs", "feedback", "groups", "rids"],
)
def test_everything_is_bounded(text: str) -> None:
    with pytest.raises(SdpError):
        read(text)


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
def test_real_offers_survive_a_round_trip(path: Path) -> None:
    once = read(path.read_bytes().decode())
    assert read(write(once)) == once


def test_candidates_prefer_udp_and_the_first_address() -> None:
    media = Media("audio", "0", formats=[Format(111, "opus", 48_000, 2)])
    media.candidates = [
        Candidate("192.0.2.7", 8081),
        Candidate("2001:db8::7", 8081),
        Candidate("192.0.2.7", 8081, "tcp"),
    ]
    lines = [line for line in write(Session(media=[media])).split("\r\n") if line.startswith("a=candidate")]
    assert lines[0] == "a=candidate:1 1 udp 2130706431 192.0.2.7 8081 typ host"  # the figure of RFC 8445, 5.1.2.1
    assert lines[2].endswith("192.0.2.7 8081 typ host tcptype passive")
    priorities = [int(line.split()[3]) for line in lines]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == 3


# -- Anything at all ------------------------------------------------------------------------------------------------


def read_quietly(text: str) -> None:
    """Read; an `SdpError` is a good outcome, any other exception is not."""
    with contextlib.suppress(SdpError):
        read(text)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.sdp")), ids=lambda path: path.stem)
def test_seeds_raise_nothing_but_sdp_error(path: Path) -> None:
    read_quietly(path.read_bytes().decode(errors="surrogateescape"))


@given(st.text())
def test_any_text(text: str) -> None:
    read_quietly(text)
    read_quietly("v=0\r\n" + text)
    read_quietly("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=" + text)


ATTRIBUTES = (
    "mid", "ice-ufrag", "ice-pwd", "setup", "fingerprint", "rtpmap", "fmtp", "rtcp-fb", "extmap", "msid", "ssrc",
    "ssrc-group", "rid", "simulcast", "group",
)  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(
        ["0", "1", "96", "111", "*", "FID", "BUNDLE", "send", "recv", "q;h", "~q,", "opus/48000/2", "VP8/", "apt=96",
         "sha-256", "AA:BB", "cname:x", "/sendonly", "1/recvonly", "urn:x", "\u0663", "-1", "+1", "1_0",
         "9" * 30, ";", ""]
    ),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(ATTRIBUTES), st.lists(PIECES, max_size=4)), max_size=12))
def test_known_attributes_with_any_value(lines: list[tuple[str, list[str]]]) -> None:
    attributes = "".join(f"a={name}:{' '.join(pieces)}\r\n" for name, pieces in lines)
    read_quietly("v=0\r\n" + attributes + "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" + attributes)


@given(st.sampled_from(OFFERS), st.data())
def test_real_offers_with_lines_lost_doubled_or_damaged(path: Path, data: st.DataObject) -> None:
    lines = path.read_bytes().decode().split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["lose", "double", "damage", "move"])):
            case "lose":
                lines[index] = ""
            case "double":
                lines.insert(index, lines[index])
            case "damage":
                at = data.draw(st.integers(0, len(lines[index])))
                lines[index] = lines[index][:at] + data.draw(PIECES) + lines[index][at + 1 :]
            case _:
                lines.insert(data.draw(st.integers(0, len(lines))), lines.pop(index))
    read_quietly("\r\n".join(lines))


# -- Round trips ----------------------------------------------------------------------------------------------------

NAME = st.text(string.ascii_letters + string.digits, min_size=1, max_size=16)
ICE = st.text(string.ascii_letters + string.digits + "+/", min_size=22, max_size=60)
WORDS = st.text(string.ascii_letters + string.digits + "=;-", min_size=1, max_size=30)
SSRC = st.integers(1, 0xFFFF_FFFF)
FINGERPRINT = st.builds(
    Fingerprint, st.just("sha-256"), st.binary(min_size=32, max_size=32).map(lambda b: b.hex(":").upper())
)


@st.composite
def medias(draw: st.DrawFn) -> Media:
    media = Media(draw(st.sampled_from(["audio", "video"])), draw(NAME))
    media.port = draw(st.sampled_from([0, 9]))
    media.direction = draw(st.sampled_from(DIRECTIONS))
    media.bundle_only, media.rtcp_mux, media.rtcp_rsize = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    media.ice_ufrag, media.ice_pwd = draw(ICE), draw(ICE)
    media.fingerprints = draw(st.lists(FINGERPRINT, max_size=2))
    media.setup = draw(st.sampled_from(["", "active", "passive", "actpass"]))
    for payload_type in draw(st.lists(st.integers(0, 127), min_size=1, max_size=5, unique=True)):
        media.formats.append(
            Format(
                payload_type,
                draw(NAME),
                draw(st.integers(1, 90_000)),
                draw(st.integers(1, 2)),
                draw(st.one_of(st.just(""), WORDS)),
                draw(st.lists(st.sampled_from(["nack", "nack pli", "ccm fir"]), max_size=3)),
            )
        )
    for number in draw(st.lists(st.integers(1, 255), max_size=4, unique=True)):
        media.extensions.append(Extension(number, draw(WORDS), draw(st.sampled_from(DIRECTIONS))))
    media.msid = draw(st.one_of(st.just(""), WORDS))
    media.ssrcs = draw(st.dictionaries(SSRC, st.one_of(st.just(""), WORDS), max_size=3))
    media.fid_groups = draw(st.lists(st.tuples(SSRC, SSRC), max_size=2))
    media.rids = draw(st.dictionaries(NAME, st.sampled_from(["send", "recv"]), max_size=4))
    media.simulcast_send = [rid for rid, direction in media.rids.items() if direction == "send"]
    media.simulcast_recv = [rid for rid, direction in media.rids.items() if direction == "recv"]
    return media


@given(st.lists(medias(), max_size=4, unique_by=lambda media: media.mid), st.booleans(), st.integers(0, 1 << 60))
def test_what_is_written_is_read_again(media: list[Media], flag: bool, version: int) -> None:
    session = Session(0, version, flag, not flag, [each.mid for each in media], media)
    assert dataclasses.asdict(read(write(session))) == dataclasses.asdict(session)
