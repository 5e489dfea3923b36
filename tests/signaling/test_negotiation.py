"""Offers of publishers are answered as agreed; subscriber sessions keep their m-lines through any course of events."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sfu.control import Codec, EncodingParameters, Extensions, Kind, RemoteParameters, TrackSubscribed
from signaling.messages import TrackMap, TrackOffer
from signaling.negotiation import (
    OPUS_PARAMETERS,
    OfferedTrack,
    UpTrack,
    read_offer,
)
from signaling.sdp import MAX_MEDIA, Extension, Format, SdpError, Session, read, write
from signaling.subscriber_session import SubscriberSession
from tests.signaling.sdp_samples import LOCAL, SEEDS, browser_answer, sample

MICROPHONE = TrackOffer("microphone", "0", "audio")
CAMERA = TrackOffer("camera-0", "1", "video")
BOTH = [MICROPHONE, CAMERA]


def answer(offer: str, tracks: list[TrackOffer]) -> Session:
    return read(read_offer(offer, tracks).answer(LOCAL, 7))


# -- Publisher ------------------------------------------------------------------------------------------------------


def test_chromium_publishes_opus_and_vp8() -> None:
    offer = read_offer(sample("chromium_156_audio_video"), BOTH)
    session = read(sample("chromium_156_audio_video"))
    audio, video = offer.tracks
    assert audio == OfferedTrack(
        "microphone",
        "0",
        "audio",
        [Codec("opus", 111, 48_000)],
        Extensions(mid=4, transport_cc=3),
        [EncodingParameters(next(iter(session.media[0].ssrcs)))],
    )
    assert video.codecs == [Codec("VP8", 96, 90_000, rtx_payload_type=97)]
    assert video.extensions == Extensions(mid=4, rid=10, repaired_rid=11, transport_cc=3)
    assert video.encodings == [EncodingParameters(*session.media[1].fid_groups[0])]
    media = session.media[0]
    assert offer.remote == RemoteParameters(media.ice_ufrag, media.ice_pwd, "sha-256", media.fingerprints[0].value)


def test_firefox_keeps_its_payload_types() -> None:
    offer = read_offer(sample("firefox_153_audio_video"), BOTH)
    audio, video = offer.tracks
    assert audio.codecs == [Codec("opus", 109, 48_000)]
    assert video.codecs == [Codec("VP8", 120, 90_000, rtx_payload_type=124)]
    assert video.encodings == [EncodingParameters(*read(sample("firefox_153_audio_video")).media[1].fid_groups[0])]
    assert audio.extensions == Extensions(mid=3, transport_cc=7)
    assert read(offer.answer(LOCAL, 1)).media[1].port == 9  # bundle-only in the offer, open in the answer


@pytest.mark.parametrize("name", ["chromium_156_simulcast", "firefox_153_simulcast"])
def test_simulcast_is_answered(name: str) -> None:
    offer = read_offer(sample(name), BOTH)
    assert offer.tracks[1].encodings == [EncodingParameters(rid=rid) for rid in ("q", "h", "f")]
    video = read(offer.answer(LOCAL, 1)).media[1]
    assert video.rids == {"q": "recv", "h": "recv", "f": "recv"}
    assert video.simulcast_recv == ["q", "h", "f"]


@pytest.mark.parametrize(("name", "number"), [("chromium_156_simulcast", 12), ("firefox_153_simulcast", 8)])
def test_dependency_descriptor_is_taken_where_it_is_offered(name: str, number: int) -> None:
    assert read_offer(sample(name), BOTH).tracks[1].extensions.dependency_descriptor == number


def test_at_most_three_encodings() -> None:
    offer = sample("chromium_156_simulcast").replace(
        "a=simulcast:send q;h;f", "a=rid:x send\r\na=simulcast:send q;h;f;x"
    )
    assert [each.rid for each in read_offer(offer, BOTH).tracks[1].encodings] == ["q", "h", "f"]


@pytest.mark.parametrize("order", ["f;h;q", "h;f;q", "q;h;f"])
def test_encodings_are_named_from_small_to_large_whatever_the_offer_s_order(order: str) -> None:
    offer = sample("chromium_156_simulcast").replace("a=simulcast:send q;h;f", f"a=simulcast:send {order}")
    found = read_offer(offer, BOTH)
    assert [each.rid for each in found.tracks[1].encodings] == ["q", "h", "f"]
    assert ";".join(read(found.answer(LOCAL, 1)).media[1].simulcast_recv) == order


def test_other_names_keep_the_order_of_the_offer() -> None:
    offer = sample("chromium_156_simulcast")
    for old, new in (("q", "low"), ("h", "f"), ("f", "big")):
        offer = offer.replace(f"a=rid:{old} send", f"a=rid:{new}  send")
    offer = offer.replace("send q;h;f", "send big;low;f")
    assert [each.rid for each in read_offer(offer, BOTH).tracks[1].encodings] == ["f", "big", "low"]


def video_formats(offer: str, *, vp9_first: bool, parameters: str = "profile-id=0") -> str:
    """Chromium's offer with VP9 before or behind VP8."""
    session = read(offer)
    video = session.media[1]
    vp8 = [each for each in video.formats if each.name == "VP8" or each.parameters == "apt=96"]
    vp9 = [Format(98, "VP9", 90_000, 1, parameters, ["nack"]), Format(99, "rtx", 90_000, parameters="apt=98")]
    video.formats = [*vp9, *vp8] if vp9_first else [*vp8, *vp9]
    return write(session)


@pytest.mark.parametrize("parameters", ["profile-id=0", "", "max-fs=12288;max-fr=60", "x-google=1; profile-id=0"])
def test_vp9_is_taken_where_it_is_allowed_and_comes_first(parameters: str) -> None:
    offer = video_formats(sample("chromium_156_audio_video"), vp9_first=True, parameters=parameters)
    found = read_offer(offer, BOTH, vp9=True)
    assert found.tracks[1].codecs == [Codec("VP9", 98, 90_000, rtx_payload_type=99)]
    formats = read(found.answer(LOCAL, 1)).media[1].formats
    assert [(each.payload_type, each.name, each.parameters) for each in formats] == [
        (98, "VP9", "profile-id=0"),
        (99, "rtx", "apt=98"),
    ]
    assert read_offer(offer, BOTH).tracks[1].codecs[0].name == "VP8"


def test_vp8_is_taken_where_it_comes_first_or_vp9_is_of_another_profile() -> None:
    offer = sample("chromium_156_audio_video")
    for changed in (
        video_formats(offer, vp9_first=False),
        video_formats(offer, vp9_first=True, parameters="profile-id=2"),
        video_formats(offer, vp9_first=True, parameters="profile-id=0;profile-id=2"),
    ):
        assert read_offer(changed, BOTH, vp9=True).tracks[1].codecs == [Codec("VP8", 96, 90_000, rtx_payload_type=97)]


def test_without_the_rid_extension_there_is_no_simulcast() -> None:
    offer = re.sub("a=extmap:10 .*\r\n", "", sample("chromium_156_simulcast"))
    assert read_offer(offer, BOTH).tracks[1].encodings == [EncodingParameters()]
    assert answer(offer, BOTH).media[1].simulcast_recv == []


def test_the_answer_says_what_the_sfu_is() -> None:
    session = answer(sample("chromium_156_audio_video"), BOTH)
    assert session.ice_lite
    assert session.extmap_allow_mixed
    assert session.version == 7
    assert session.bundle == ["0", "1"]
    for media in session.media:
        assert (media.ice_ufrag, media.ice_pwd) == (LOCAL.ice_ufrag, LOCAL.ice_pwd)
        assert media.fingerprints[0].value == LOCAL.fingerprint
        assert (media.setup, media.direction) == ("passive", "recvonly")
        assert media.rtcp_mux
        assert media.rtcp_rsize
    assert session.media[0].formats == [Format(111, "opus", 48_000, 2, OPUS_PARAMETERS, ["transport-cc"])]
    assert [(each.payload_type, each.name) for each in session.media[1].formats] == [(96, "VP8"), (97, "rtx")]
    assert set(session.media[1].formats[0].feedback) == {"nack", "nack pli", "ccm fir", "transport-cc"}


def test_candidates_stand_once_with_udp_and_tcp() -> None:
    text = read_offer(sample("chromium_156_audio_video"), BOTH).answer(LOCAL, 1)
    assert text.count("a=candidate:") == len(LOCAL.candidates)
    assert "tcptype passive" in text


@pytest.mark.parametrize("name", ["chromium_156_audio_video", "chromium_156_simulcast", "firefox_153_audio_video"])
def test_the_server_never_learns_who_speaks(name: str) -> None:
    text = read_offer(sample(name), BOTH).answer(LOCAL, 1)
    for refused in ("audio-level", "abs-send-time", "goog-remb", "red/", "H264", "AV1", "telephone-event", "CN/"):
        assert refused not in text


def test_an_inactive_m_line_ends_its_track() -> None:
    offer = sample("chromium_156_audio_video")
    head, video = offer.split("m=video")
    for tracks in (BOTH, [MICROPHONE]):
        found = read_offer(head + "m=video" + video.replace("a=sendonly", "a=inactive"), tracks)
        assert [track.id for track in found.tracks] == ["microphone"]
        assert read(found.answer(LOCAL, 1)).media[1].direction == "inactive"
        assert read(found.answer(LOCAL, 1)).bundle == ["0", "1"]


def test_an_m_line_that_no_track_names_is_answered_inactive() -> None:
    session = answer(sample("chromium_156_audio_video"), [MICROPHONE])
    assert [media.direction for media in session.media] == ["recvonly", "inactive"]


def test_data_channels_and_stopped_m_lines_are_refused_alone() -> None:
    session = answer(sample("chromium_156_datachannel"), [MICROPHONE])
    assert [media.rejected for media in session.media] == [False, True]
    assert session.bundle == ["0"]
    head, video = sample("chromium_156_audio_video").split("m=video 9")
    stopped = head.replace("BUNDLE 0 1", "BUNDLE 0") + "m=video 0" + video.replace("a=sendonly", "a=inactive")
    assert [media.rejected for media in answer(stopped, [MICROPHONE]).media] == [False, True]


def test_extension_ids_above_14_need_mixed_headers() -> None:
    offer = sample("chromium_156_audio_only").replace("a=extmap:4 ", "a=extmap:20 ")
    assert read_offer(offer, [MICROPHONE]).tracks[0].extensions.mid == 20
    plain = offer.replace("a=extmap-allow-mixed\r\n", "")
    assert read_offer(plain, [MICROPHONE]).tracks[0].extensions.mid is None


@pytest.mark.parametrize(
    "tracks",
    [
        [TrackOffer("microphone", "7", "audio")],
        [TrackOffer("microphone", "0", "video")],
        [MICROPHONE, TrackOffer("other-one", "0", "audio")],
        [MICROPHONE, TrackOffer("microphone", "1", "video")],
    ],
    ids=["no such m-line", "other kind", "one m-line twice", "one track twice"],
)
def test_tracks_must_fit_the_offer(tracks: list[TrackOffer]) -> None:
    with pytest.raises(SdpError):
        read_offer(sample("chromium_156_audio_video"), tracks)


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.sdp")), ids=lambda path: path.stem)
def test_hostile_offers_are_refused(path: Path) -> None:
    with pytest.raises(SdpError):
        read_offer(path.read_bytes().decode(errors="surrogateescape"), BOTH)


def test_refusals_quote_nothing() -> None:
    with pytest.raises(SdpError) as error:
        read_offer(sample("chromium_156_audio_video").replace("a=mid:1", "a=mid:secret!"), BOTH)
    assert "secret" not in str(error.value)


# -- Subscriber -----------------------------------------------------------------------------------------------------


def up_track(member: str, kind: Kind) -> UpTrack:
    return UpTrack(member, OfferedTrack(f"{kind}-of-{member}", "0", kind, [], Extensions(), []))


class Server:
    """A subscriber session with an SFU that accepts everything, and the browser that it talks to."""

    def __init__(self) -> None:
        self.session = SubscriberSession()
        self.ssrc = 1000

    def offer(self, *wanted: UpTrack) -> tuple[str, list[TrackMap]]:
        for track in self.session.plan(wanted)[1]:
            self.ssrc += 2
            rtx = self.ssrc + 1 if track.offer.kind == "video" else 0
            self.session.bind(track, TrackSubscribed(self.ssrc, rtx, f"cname-{track.member}"))
        return self.session.offer(LOCAL, self.session.generation + 1)

    def agree(self, *wanted: UpTrack) -> list[UpTrack]:
        sdp, _ = self.offer(*wanted)
        agreed = self.session.answer(self.session.generation, browser_answer(sdp))
        assert agreed is not None
        return agreed.started


def test_a_subscriber_offer_carries_tracks_by_ssrc() -> None:
    voice, picture = up_track("member-1", "audio"), up_track("member-1", "video")
    sdp, tracks = Server().offer(picture, voice)
    assert tracks == [
        TrackMap("0", "member-1", "audio-of-member-1", "audio"),
        TrackMap("1", "member-1", "video-of-member-1", "video"),
    ]
    session = read(sdp)
    audio, video = session.media
    assert session.ice_lite
    assert (audio.direction, audio.setup, audio.msid) == ("sendonly", "actpass", "member-1 audio-of-member-1")
    assert audio.ssrcs == {1002: "cname-member-1"}
    assert video.ssrcs == {1004: "cname-member-1", 1005: "cname-member-1"}
    assert video.fid_groups == [(1004, 1005)]
    assert "sdes:mid" not in sdp
    assert "rtp-stream-id" not in sdp
    assert "audio-level" not in sdp
    assert sdp.count("a=candidate:") == len(LOCAL.candidates)


def test_every_m_line_offers_both_codecs() -> None:
    sdp, _ = Server().offer(up_track("member-1", "video"), up_track("member-1", "audio"))
    audio, video = read(sdp).media
    assert [(each.payload_type, each.name, each.parameters) for each in video.formats] == [
        (96, "VP8", ""),
        (97, "rtx", "apt=96"),
        (98, "VP9", "profile-id=0"),
        (99, "rtx", "apt=98"),
    ]
    assert [len(each.feedback) for each in video.formats] == [4, 0, 4, 0]
    assert [each.name for each in audio.formats] == ["opus"]
    assert len(video.extensions) == 2


def test_what_a_browser_takes_is_read_from_its_answer() -> None:
    server = Server()
    taken = server.session.taken
    assert (taken.vp9, taken.known) == (None, set())
    voice = up_track("member-1", "audio")
    sdp, _ = server.offer(voice)
    server.session.answer(1, browser_answer(sdp))
    assert (taken.vp9, taken.known) == (None, {"audio"})
    sdp, _ = server.offer(voice, up_track("member-1", "video"))
    answered = read(browser_answer(sdp))
    video = answered.media[1]
    # As a browser without VP9, retransmission and Dependency Descriptor, whose transport-cc has another meaning.
    video.formats = [each for each in video.formats if each.payload_type == 96]
    video.extensions = [Extension(1, "urn:example:other")]
    assert server.session.answer(2, write(answered)) is not None
    assert taken.vp9 is False
    assert taken.codecs["video"] == [Codec("VP8", 96, 90_000)]
    assert taken.extensions == {"audio": Extensions(transport_cc=1), "video": Extensions()}


def test_a_format_of_another_name_under_our_number_is_not_ours() -> None:
    server = Server()
    sdp, _ = server.offer(up_track("member-1", "video"))
    with pytest.raises(SdpError):
        server.session.answer(1, browser_answer(sdp).replace("VP8/", "VP7/").replace("VP9/", "AV1/"))
    assert server.session.taken.known == set()


def test_a_track_that_cannot_be_decoded_is_let_go() -> None:
    server = Server()
    picture = up_track("member-1", "video")
    picture.offer.codecs.append(Codec("VP9", 98, 90_000))
    sdp, _ = server.offer(picture)
    answered = read(browser_answer(sdp))
    answered.media[0].formats = [each for each in answered.media[0].formats if each.payload_type in (96, 97)]
    agreed = server.session.answer(1, write(answered))
    assert agreed is not None
    assert (agreed.started, agreed.missed) == ([], [picture])
    assert server.session.plan([picture]) == ([picture], [])
    assert server.session.offer_due
    sdp, tracks = server.session.offer(LOCAL, 2)
    assert tracks == []
    assert [media.direction for media in read(sdp).media] == ["inactive"]


def test_somebody_alone_connects_already() -> None:
    server = Server()
    assert server.agree() == []
    assert [media.direction for media in read(server.offer()[0]).media] == ["inactive"]


def test_an_m_line_is_used_again_once_the_browser_knows_it_inactive() -> None:
    server = Server()
    first, second, third = (up_track(f"member-{n}", "audio") for n in range(3))
    server.agree(first)
    # The first goes and the second comes in one offer: the browser would take the one for the other.
    assert [track.mid for track in server.offer(second)[1]] == ["1"]
    server.agree(second)
    assert [track.mid for track in server.offer(second, third)[1]] == ["0", "1"]


def test_only_what_is_new_is_started() -> None:
    server = Server()
    first, second = up_track("member-1", "audio"), up_track("member-2", "video")
    assert server.agree(first) == [first]
    assert server.agree(first, second) == [second]
    again = up_track("member-1", "audio")
    assert server.agree(again, second) == [again]


def test_old_and_repeated_answers_are_ignored() -> None:
    server = Server()
    track = up_track("member-1", "audio")
    first, _ = server.offer(track)
    second, _ = server.offer(track, up_track("member-2", "audio"))
    assert server.session.answer(1, browser_answer(first)) is None
    assert server.session.answer(2, browser_answer(second)) is not None
    assert server.session.answer(2, browser_answer(second)) is None
    with pytest.raises(SdpError):
        server.session.answer(3, browser_answer(second))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=mid:1", "a=mid:5"),
        ("BUNDLE 0 1", "BUNDLE 0"),
        ("m=video 9", "m=video 0"),
        ("m=video", "m=audio"),
        ("a=recvonly", "a=inactive"),
        ("a=recvonly", "a=sendrecv"),
        ("a=setup:active", "a=setup:passive"),
        ("AA:AA", "BB:BB"),
        ("sha-256", "sha-1"),
        ("a=ice-ufrag", "a=ice-x"),
        ("SAVPF 96", "SAVPF 98"),
    ],
)
def test_bad_answers_change_nothing(old: str, new: str) -> None:
    server = Server()
    voice, picture = up_track("member-1", "audio"), up_track("member-1", "video")
    server.agree(voice)
    good = browser_answer(server.offer(voice, picture)[0])
    assert old in good
    with pytest.raises(SdpError):
        server.session.answer(2, good.replace(old, new))
    agreed = server.session.answer(2, good)
    assert agreed is not None
    assert agreed.started == [picture]


def test_an_ice_restart_keeps_the_certificate() -> None:
    server = Server()
    track = up_track("member-1", "audio")
    server.agree(track)
    offer, _ = server.offer(track)
    agreed = server.session.answer(2, browser_answer(offer, ufrag="anew"))
    assert agreed is not None
    assert agreed.remote.ice_ufrag == "anew"


def test_when_m_lines_run_out_sound_goes_first() -> None:
    server = Server()
    pictures = [up_track(f"member-{n}", "video") for n in range(MAX_MEDIA)]
    voices = [up_track(f"member-{n}", "audio") for n in range(50)]
    _, tracks = server.offer(*pictures, *voices)
    assert len(tracks) == MAX_MEDIA
    assert sum(track.kind == "audio" for track in tracks) == 50
    assert server.offer(*pictures, *voices)[1] == tracks


@given(st.data())
def test_damaged_answers_raise_nothing_but_sdp_error(data: st.DataObject) -> None:
    server = Server()
    sdp, _ = server.offer(up_track("member-1", "audio"), up_track("member-1", "video"))
    text = browser_answer(sdp)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    with contextlib.suppress(SdpError):
        server.session.answer(1, text[:start] + data.draw(st.text(max_size=20)) + text[end:])


class SubscriberMachine(RuleBasedStateMachine):
    """Members come and go, offers are answered, lost or answered badly: what a browser sees stays consistent."""

    @initialize()
    def begin(self) -> None:
        self.server = Server()
        self.wanted: list[UpTrack] = []
        self.offers: dict[int, str] = {}
        self.shapes: list[tuple[str, str]] = []
        self.shown: dict[str, str] = {}  # msid by mid, until the browser has agreed to the m-line as inactive
        self.started: list[UpTrack] = []
        self.count = 0

    @rule(kind=st.sampled_from(["audio", "video"]))
    def publish(self, kind: Kind) -> None:
        self.count += 1
        self.wanted.append(up_track(f"member-{self.count}", kind))

    @precondition(lambda self: self.wanted)
    @rule(data=st.data())
    def unpublish(self, data: st.DataObject) -> None:
        self.wanted.remove(data.draw(st.sampled_from(self.wanted)))

    @rule()
    def offer(self) -> None:
        sdp, tracks = self.server.offer(*self.wanted)
        self.offers[self.server.session.generation] = sdp
        session = read(sdp)
        shapes = [(media.kind, media.mid) for media in session.media]
        assert shapes[: len(self.shapes)] == self.shapes
        self.shapes = shapes
        # Everything wanted is carried once, and nothing else.
        assert sorted(track.member for track in tracks) == sorted(track.member for track in self.wanted)
        assert len({track.mid for track in tracks}) == len(tracks)
        # No two m-lines share an SSRC, and no m-line goes from one track to another without a pause between.
        ssrcs = [ssrc for media in session.media for ssrc in media.ssrcs]
        assert len(set(ssrcs)) == len(ssrcs)
        for media in session.media:
            if media.msid:
                assert self.shown.setdefault(media.mid, media.msid) == media.msid

    @precondition(lambda self: self.offers)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        generation = data.draw(st.sampled_from(sorted(self.offers)))
        current = generation == self.server.session.generation and not self.server.session.answered
        agreed = self.server.session.answer(generation, browser_answer(self.offers[generation]))
        assert (agreed is not None) == current
        if agreed is not None:
            for media in read(self.offers[generation]).media:
                if not media.msid:
                    self.shown.pop(media.mid, None)
            self.started += agreed.started
            assert len(set(self.started)) == len(self.started)

    @precondition(lambda self: self.offers)
    @rule()
    def answer_badly(self) -> None:
        session = self.server.session
        answered = session.answered
        with contextlib.suppress(SdpError):
            session.answer(session.generation, "v=0\r\n")
        assert session.answered == answered

    @invariant()
    def bounded(self) -> None:
        assert len(self.shapes) <= MAX_MEDIA


SubscriberMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestSubscriberMachine = SubscriberMachine.TestCase
