"""What is agreed with a browser about its publisher connection, sans-IO, and what both connections have in common
(docs/protocol.md, section 6); the other one is in `subscriber_session.py`.

Two connections with fixed roles, so that offers never cross: on the publisher the browser offers, on the subscriber the
server does. Both follow JSEP (RFC 8829) with everything bundled (RFC 9143) on one ICE-lite, DTLS-passive transport.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sfu.control import (
    Codec,
    EncodingParameters,
    Extensions,
    Kind,
    LocalParameters,
    RemoteParameters,
)
from signaling.messages import TrackOffer
from signaling.sdp import Extension, Fingerprint, Format, Media, SdpError, Session, read, write

MAX_ENCODINGS = 3
"""Simulcast encodings of one track: 180p, 360p, 720p. What a browser offers beyond them is not accepted."""

RIDS = ("q", "h", "f")
"""Names of encodings, small to large: a quarter, half, all. Others stand in the order of the offer."""

OPUS_PARAMETERS = "minptime=10;useinbandfec=1;cbr=1;usedtx=0;maxaveragebitrate=32000;stereo=0"
"""What browsers shall send (RFC 7587, section 6.1). In-band FEC needs about 32 kbit/s to carry speech; a constant rate
without DTX keeps frame sizes from telling speech from silence through the encryption. Firefox ignores `cbr`: its frames
are padded before encryption."""

VP9_PARAMETERS = "profile-id=0"
"""8 bits, 4:2:0: what every VP9 decoder has (RFC 9628, section 7)."""

_TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
_RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
_REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
_DEPENDENCY_DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"

EXTENSIONS = {
    _TRANSPORT_CC: "transport_cc",
    _MID: "mid",
    _RID: "rid",
    _REPAIRED_RID: "repaired_rid",
    _DEPENDENCY_DESCRIPTOR: "dependency_descriptor",
}
"""The header extensions that are accepted, and nothing else. Extensions travel outside the end-to-end encryption: with
ssrc-audio-level the server would learn who speaks, and abs-send-time has no use beside transport-cc."""

FEEDBACK: dict[Kind, tuple[str, ...]] = {
    "audio": ("nack", "transport-cc"),
    "video": ("nack", "nack pli", "ccm fir", "transport-cc"),
}
"""``a=rtcp-fb`` that the SFU speaks (RFC 4585, RFC 5104). goog-remb is left out: transport-cc replaces it."""


def read_remote(session: Session, setups: tuple[str, ...]) -> RemoteParameters:
    """The transport of the bundle: what its first m-line says (RFC 9143, section 7.2). Raises `SdpError`."""
    if not session.bundle:
        raise SdpError("no BUNDLE group")
    media = next(media for media in session.media if media.mid == session.bundle[0])
    if not media.ice_ufrag or not media.ice_pwd or not media.fingerprints:
        raise SdpError("no ICE credentials or fingerprint")
    if media.setup not in setups:
        raise SdpError("the browser must be DTLS client")
    best = min(media.fingerprints, key=lambda each: each.algorithm != "sha-256")
    return RemoteParameters(media.ice_ufrag, media.ice_pwd, best.algorithm, best.value)


def put_transport(media: Media, local: LocalParameters, setup: str) -> None:
    """Write the SFU's half of the transport into an m-line."""
    media.ice_ufrag, media.ice_pwd, media.setup = local.ice_ufrag, local.ice_pwd, setup
    media.fingerprints = [Fingerprint("sha-256", local.fingerprint)]
    media.rtcp_mux = media.rtcp_rsize = True


# -- Publisher ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfferedTrack:
    """A track of a browser's offer, as far as it was accepted."""

    id: str
    mid: str
    kind: Kind
    codecs: list[Codec]
    extensions: Extensions
    encodings: list[EncodingParameters]


@dataclass(frozen=True, slots=True)
class PublisherOffer:
    """A browser's offer that was found good. Nothing has happened yet: the SFU's half makes an `answer` of it."""

    remote: RemoteParameters
    tracks: list[OfferedTrack]
    _accepted: Session

    def answer(self, local: LocalParameters, version: int, *, session: int = 0) -> str:
        """The SDP answer; `version` must rise with each answer of one connection, `session` tells connections apart."""
        self._accepted.id, self._accepted.version = session, version
        first = True
        for media in self._accepted.media:
            if media.port:
                put_transport(media, local, "passive")
                media.candidates = local.candidates if first else []
                first = False
        return write(self._accepted)


def read_offer(sdp: str, tracks: Sequence[TrackOffer], *, vp9: bool = False) -> PublisherOffer:
    """Read a browser's offer for its publisher connection, with the `tracks` that its message names.

    An m-line that sends and is named is accepted. One that is inactive, or that no track names, is answered inactive.
    Pictures are taken in VP8, or with `vp9` in what the browser names first of VP8 and VP9.
    Raises `SdpError` for SDP that is malformed or does not fit `tracks`, and for a track without a codec that we speak.
    """
    session = read(sdp)
    remote = read_remote(session, ("actpass", "active"))
    if len({track.id for track in tracks}) != len(tracks) or len({track.mid for track in tracks}) != len(tracks):
        raise SdpError("track named twice")
    named = {track.mid: track for track in tracks}
    if not named.keys() <= set(session.bundle):
        raise SdpError("a track's m-line is missing")
    accepted = Session(ice_lite=True, extmap_allow_mixed=session.extmap_allow_mixed)
    result = []
    for media in session.media:
        answer = Media(media.kind, media.mid, protocol=media.protocol, direction="inactive", formats=media.formats[:1])
        accepted.media.append(answer)
        codec = _choose_codec(media, answer, vp9=vp9)
        if media.rejected or codec is None or media.mid not in session.bundle:
            if media.mid in named and not media.rejected:
                raise SdpError("a track without a codec that we speak")
            answer.port = 0
            continue
        accepted.bundle.append(media.mid)
        extensions = _choose_extensions(media, answer, mixed=session.extmap_allow_mixed)
        track = named.get(media.mid)
        if track is None or media.direction not in ("sendonly", "sendrecv"):
            continue
        if track.kind != media.kind:
            raise SdpError("a track of another kind than its m-line")
        answer.direction = "recvonly"
        encodings = _encodings(media, answer, codec, extensions)
        result.append(OfferedTrack(track.id, media.mid, track.kind, [codec], extensions, encodings))
    if not accepted.bundle:
        raise SdpError("nothing that can be accepted")
    _check_bundle(accepted, result)
    return PublisherOffer(remote, result, accepted)


def _choose_codec(media: Media, answer: Media, *, vp9: bool) -> Codec | None:
    """Opus, VP8 or VP9 under the browser's own payload type (Chromium 111, 96, 98; Firefox 109, 120, 121)."""
    for each in media.formats:
        encoding = (media.kind, each.name.lower(), each.clock_rate, each.channels)
        if encoding == ("audio", "opus", 48_000, 2):
            feedback = [feedback for feedback in FEEDBACK["audio"] if feedback in each.feedback]
            answer.formats = [Format(each.payload_type, "opus", 48_000, 2, OPUS_PARAMETERS, feedback)]
            return Codec("opus", each.payload_type, 48_000)
        name: Literal["VP8", "VP9"]
        if encoding == ("video", "vp8", 90_000, 1):
            name, parameters = "VP8", ""
        elif vp9 and encoding == ("video", "vp9", 90_000, 1) and is_vp9_profile_0(each):
            name, parameters = "VP9", VP9_PARAMETERS
        else:
            continue
        feedback = [feedback for feedback in FEEDBACK["video"] if feedback in each.feedback]
        answer.formats = [Format(each.payload_type, name, 90_000, parameters=parameters, feedback=feedback)]
        rtx = _find_rtx(media, each.payload_type)
        if rtx is not None:
            answer.formats.append(Format(rtx, "rtx", 90_000, parameters=f"apt={each.payload_type}"))
        return Codec(name, each.payload_type, 90_000, rtx)
    return None


def is_vp9_profile_0(each: Format) -> bool:
    """Whether a VP9 format is of profile 0, which it is too where it does not say (RFC 9628, section 7)."""
    parameters = each.parameters.replace(" ", "").lower().split(";")
    profiles = [value for value in parameters if value.startswith("profile-id=")]
    return profiles in ([], [VP9_PARAMETERS])


def _find_rtx(media: Media, payload_type: int) -> int | None:
    for each in media.formats:
        if each.name.lower() == "rtx" and f"apt={payload_type}" in each.parameters.replace(" ", "").split(";"):
            return each.payload_type
    return None


def _choose_extensions(media: Media, answer: Media, *, mixed: bool) -> Extensions:
    ids: dict[str, int] = {}
    for extension in media.extensions:
        name = EXTENSIONS.get(extension.uri)
        # One-byte headers carry ids up to 14; more need the two-byte form, which only mixed streams may use (RFC 8285).
        if name is None or name in ids or extension.direction in ("recvonly", "inactive"):
            continue
        if extension.id == 15 or (extension.id > 14 and not mixed):
            continue
        ids[name] = extension.id
        answer.extensions.append(Extension(extension.id, extension.uri))
    return Extensions(**ids)


def _encodings(media: Media, answer: Media, codec: Codec, extensions: Extensions) -> list[EncodingParameters]:
    if media.kind == "video" and media.simulcast_send and extensions.rid is not None:
        # Chromium offers no SSRCs with rids: the SFU learns them from the packets.
        rids = media.simulcast_send[:MAX_ENCODINGS]
        answer.rids = dict.fromkeys(rids, "recv")
        answer.simulcast_recv = rids
        return [EncodingParameters(rid=rid) for rid in sorted(rids, key=lambda rid: _place(rid, rids))]
    retransmits = dict(media.fid_groups) if codec.rtx_payload_type is not None else {}
    ssrc = next((ssrc for ssrc in media.ssrcs if ssrc not in retransmits.values()), 0)
    return [EncodingParameters(ssrc, retransmits.get(ssrc, 0))]


def _place(rid: str, offered: list[str]) -> tuple[bool, int]:
    return (False, RIDS.index(rid)) if rid in RIDS else (True, offered.index(rid))


def _check_bundle(accepted: Session, tracks: list[OfferedTrack]) -> None:
    """In a bundle a payload type or extension id means one thing, and an SSRC one stream (RFC 9143, 9.1 and 9.2)."""
    meanings: dict[tuple[str, int], str] = {}
    for media in accepted.media:
        if media.port:
            for each in media.formats:
                meaning = f"{media.kind}/{each.name}/{each.parameters}"
                if meanings.setdefault(("format", each.payload_type), meaning) != meaning:
                    raise SdpError("payload type with two meanings")
            for extension in media.extensions:
                if meanings.setdefault(("extension", extension.id), extension.uri) != extension.uri:
                    raise SdpError("header extension id with two meanings")
    encodings = [encoding for track in tracks for encoding in track.encodings]
    ssrcs = [ssrc for encoding in encodings for ssrc in (encoding.ssrc, encoding.rtx_ssrc) if ssrc]
    if len(set(ssrcs)) != len(ssrcs):
        raise SdpError("SSRC named twice")


@dataclass(frozen=True, slots=True, eq=False)
class UpTrack:
    """A published track, told apart by identity: one published anew under the same id is another with other SSRCs."""

    member: str
    offer: OfferedTrack

    @property
    def key(self) -> str:
        """The SFU's name for it. Members choose their tracks' ids, so the member's own id stands before it."""
        return f"{self.member}/{self.offer.id}"
