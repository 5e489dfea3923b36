"""What is written is what is read, and what a server offers is taken without what was not asked for."""

import pytest

from sfu.control import Candidate, RemoteParameters
from tests.load.adapters import AdapterError, Encoding, sdp

ME = RemoteParameters("ufrg", "password", "sha-256", "AB:CD")
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "a=group:BUNDLE 0 1 2",
        "a=fingerprint:sha-256 11:22",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=sendonly",
        "a=mid:0",
        "a=rtcp-mux",
        "a=ice-ufrag:theirs",
        "a=ice-pwd:secret",
        "a=setup:actpass",
        "a=rtpmap:111 opus/48000/2",
        f"a=extmap:3 {sdp.TRANSPORT_CC}",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=ssrc:77 cname:x",
        "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host",
        "a=candidate:1 1 udp 2 127.0.0.1 4242 typ host",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=sendonly",
        "a=mid:1",
        "a=rtpmap:96 VP8/90000",
        "a=ssrc-group:FID 78 79",
        "a=ssrc:78 cname:x",
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "a=inactive",
        "a=mid:2",
    ]
)


def test_an_offer_reads_back() -> None:
    encodings = [Encoding("audio", 1), Encoding("video", 2, 180), Encoding("video", 3, 720)]
    read = sdp.parse(sdp.offer(ME, encodings, 3))
    assert [section.first("mid") for section in read.media] == ["audio", "video"]
    local = read.local()
    assert (local.ice_ufrag, local.ice_pwd, local.fingerprint) == ("ufrg", "password", "AB:CD")
    assert "ssrc-group:SIM 2 3" in read.media[1].attributes
    assert read.media[0].ssrcs == (1, 0)


def test_a_servers_offer_is_read() -> None:
    offered = sdp.parse(OFFER)
    assert offered.local().candidates == [Candidate("127.0.0.1", 4242)]
    assert [section.ssrcs for section in offered.media] == [(77, 0), (78, 79), (0, 0)]
    assert [section.is_active for section in offered.media] == [True, True, False]


def test_an_answer_takes_the_numbers_and_no_other_extension() -> None:
    answered = sdp.parse(sdp.answer(ME, sdp.parse(OFFER), 3))
    assert [section.line for section in answered.media] == [section.line for section in sdp.parse(OFFER).media]
    assert [section.first("extmap") for section in answered.media] == [f"3 {sdp.TRANSPORT_CC}", "", ""]
    assert [section.first("setup") for section in answered.media] == ["active"] * 3
    assert ["recvonly" in section.attributes for section in answered.media] == [True, True, False]
    assert "inactive" in answered.media[2].attributes
    assert all(section.ssrcs == (0, 0) for section in answered.media)


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(AdapterError):
        sdp.answer(ME, sdp.parse(OFFER), 4)
    with pytest.raises(AdapterError):
        sdp.parse(OFFER.replace("udp", "tcp")).local()
    with pytest.raises(AdapterError):
        sdp.parse(OFFER.replace("ice-pwd", "other")).local()
