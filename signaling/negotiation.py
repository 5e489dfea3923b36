"""What is agreed with a browser, sans-IO: its offer for the publisher connection is answered, its answers to our
subscriber offers are taken (docs/protocol.md, section 6).

Two connections with fixed roles, so that offers never cross: on the publisher the browser offers, on the subscriber the
server does. Both follow JSEP (RFC 8829) with everything bundled (RFC 9143) on one ICE-lite, DTLS-passive transport.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sfu.control import (
    Codec,
    EncodingParameters,
    Extensions,
    Kind,
    LocalParameters,
    RemoteParameters,
    TrackSubscribed,
)
from signaling.messages import TrackMap, TrackOffer
from signaling.sdp import MAX_MEDIA, Extension, Fingerprint, Format, Media, SdpError, Session, read, write

MAX_ENCODINGS = 3
"""Simulcast encodings of one track: 180p, 360p, 720p. What a browser offers beyond them is not accepted."""

OPUS_PARAMETERS = "minptime=10;useinbandfec=1;cbr=1;usedtx=0;maxaveragebitrate=32000;stereo=0"
"""What browsers shall send (RFC 7587, section 6.1). In-band FEC needs about 32 kbit/s to carry speech; a constant rate
without DTX keeps frame sizes from telling speech from silence through the encryption. Firefox ignores `cbr`: its frames
are padded before encryption."""

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

SUBSCRIBER_CODECS: dict[Kind, list[Codec]] = {
    "audio": [Codec("opus", 111, 48_000)],
    "video": [Codec("VP8", 96, 90_000, rtx_payload_type=97)],
}
"""As every subscriber connection carries them; the numbers are the ones that Chromium itself uses."""

SUBSCRIBER_EXTENSIONS: dict[Kind, Extensions] = {
    "audio": Extensions(transport_cc=1),
    "video": Extensions(transport_cc=1, dependency_descriptor=2),
}
"""No MID and no RID: m-lines are told apart by SSRC, and a publisher's MID passed on would lead to another m-line."""


def _remote(session: Session, setups: tuple[str, ...]) -> RemoteParameters:
    """The transport of the bundle: what its first m-line says (RFC 9143, section 7.2)."""
    if not session.bundle:
        raise SdpError("no BUNDLE group")
    media = next(media for media in session.media if media.mid == session.bundle[0])
    if not media.ice_ufrag or not media.ice_pwd or not media.fingerprints:
        raise SdpError("no ICE credentials or fingerprint")
    if media.setup not in setups:
        raise SdpError("the browser must be DTLS client")
    best = min(media.fingerprints, key=lambda each: each.algorithm != "sha-256")
    return RemoteParameters(media.ice_ufrag, media.ice_pwd, best.algorithm, best.value)


def _put_transport(media: Media, local: LocalParameters, setup: str) -> None:
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

    def answer(self, local: LocalParameters, version: int) -> str:
        """The SDP answer; `version` must rise with each answer of one connection."""
        self._accepted.version = version
        first = True
        for media in self._accepted.media:
            if media.port:
                _put_transport(media, local, "passive")
                media.candidates = local.candidates if first else []
                first = False
        return write(self._accepted)


def read_offer(sdp: str, tracks: Sequence[TrackOffer]) -> PublisherOffer:
    """Read a browser's offer for its publisher connection, with the `tracks` that its message names.

    An m-line that sends and is named is accepted. One that is inactive, or that no track names, is answered inactive.
    Raises `SdpError` for SDP that is malformed or does not fit `tracks`, and for a track without a codec that we speak.
    """
    session = read(sdp)
    remote = _remote(session, ("actpass", "active"))
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
        codec = _choose_codec(media, answer)
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


def _choose_codec(media: Media, answer: Media) -> Codec | None:
    """Opus or VP8 under the browser's own payload type (Chromium 111 and 96, Firefox 109 and 120)."""
    for each in media.formats:
        encoding = (media.kind, each.name.lower(), each.clock_rate, each.channels)
        if encoding == ("audio", "opus", 48_000, 2):
            feedback = [feedback for feedback in FEEDBACK["audio"] if feedback in each.feedback]
            answer.formats = [Format(each.payload_type, "opus", 48_000, 2, OPUS_PARAMETERS, feedback)]
            return Codec("opus", each.payload_type, 48_000)
        if encoding == ("video", "vp8", 90_000, 1):
            feedback = [feedback for feedback in FEEDBACK["video"] if feedback in each.feedback]
            answer.formats = [Format(each.payload_type, "VP8", 90_000, feedback=feedback)]
            rtx = _find_rtx(media, each.payload_type)
            if rtx is not None:
                answer.formats.append(Format(rtx, "rtx", 90_000, parameters=f"apt={each.payload_type}"))
            return Codec("VP8", each.payload_type, 90_000, rtx)
    return None


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
        return [EncodingParameters(rid=rid) for rid in rids]
    retransmits = dict(media.fid_groups) if codec.rtx_payload_type is not None else {}
    ssrc = next((ssrc for ssrc in media.ssrcs if ssrc not in retransmits.values()), 0)
    return [EncodingParameters(ssrc, retransmits.get(ssrc, 0))]


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


# -- Subscriber -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class UpTrack:
    """A published track, told apart by identity: one published anew under the same id is another with other SSRCs."""

    member: str
    offer: OfferedTrack

    @property
    def key(self) -> str:
        """The SFU's name for it. Members choose their tracks' ids, so the member's own id stands before it."""
        return f"{self.member}/{self.offer.id}"


@dataclass(slots=True)
class _Slot:
    """One m-line of a subscriber connection: it carries a track, or is inactive and may be used again."""

    mid: str
    kind: Kind
    track: UpTrack | None = None
    stream: TrackSubscribed | None = None
    agreed: bool = False
    """The browser has answered an offer that shows the m-line as it is now."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a good answer settled."""

    remote: RemoteParameters
    started: list[UpTrack]
    """Tracks that the browser now knows and did not know before."""


@dataclass(slots=True)
class SubscriberSession:
    """The offers and answers of one subscriber connection.

    Call `plan`, have the SFU subscribe what it returns, `bind` each, then `offer` if `offer_due`; then `answer`. A
    second offer before the answer replaces the first, whose answer is ignored; holding it back is the caller's part.
    """

    generation: int = 0
    """Of the last offer; the caller numbers them, rising."""
    answered: bool = True
    """Whether the last offer was answered."""
    crowded: bool = False
    """Whether `plan` left tracks out for want of m-lines: once the answer is there, those of others may be free."""
    remote: RemoteParameters | None = None
    _slots: list[_Slot] = field(default_factory=list)
    _changed: bool = True

    @property
    def offer_due(self) -> bool:
        """Whether the browser lacks something that an offer would tell it."""
        return self._changed

    def plan(self, wanted: Iterable[UpTrack]) -> list[UpTrack]:
        """Let go of every track that is not `wanted` any more; return those that are new, sound first.

        When m-lines run out (`MAX_MEDIA`) the rest is left for later, see `crowded`.
        """
        wanted = sorted(wanted, key=lambda track: track.offer.kind)
        for slot in self._slots:
            if slot.track is not None and slot.track not in wanted:
                slot.track = slot.stream = None
                slot.agreed = False
                self._changed = True
        carried = {slot.track for slot in self._slots}
        room = {
            kind: sum(slot.track is None and slot.agreed and slot.kind == kind for slot in self._slots)
            for kind in SUBSCRIBER_CODECS
        }
        spare = MAX_MEDIA - len(self._slots)
        self.crowded = False
        new = []
        for track in wanted:
            if track in carried:
                continue
            if room[track.offer.kind]:
                room[track.offer.kind] -= 1
            elif spare:
                spare -= 1
            else:
                self.crowded = True
                continue
            new.append(track)
        return new

    def bind(self, track: UpTrack, stream: TrackSubscribed) -> None:
        """Give a track that `plan` returned an m-line, with the SSRCs that the SFU drew."""
        # Only an m-line that the browser knows to be inactive is used again: its receiver then starts from nothing.
        slot = next((s for s in self._slots if s.track is None and s.agreed and s.kind == track.offer.kind), None)
        if slot is None:
            slot = self._add_slot(track.offer.kind)
        slot.track, slot.stream, slot.agreed = track, stream, False
        self._changed = True

    def _add_slot(self, kind: Kind) -> _Slot:
        slot = _Slot(str(len(self._slots)), kind)
        self._slots.append(slot)
        return slot

    def offer(self, local: LocalParameters, generation: int) -> tuple[str, list[TrackMap]]:
        """The SDP offer of everything, and whose track is on which m-line."""
        if not self._slots:
            # Somebody who is alone connects at once all the same, and later hears a newcomer without delay.
            self._add_slot("audio")
        self.generation, self.answered, self._changed = generation, False, False
        session = Session(generation, ice_lite=True, extmap_allow_mixed=True)
        session.bundle = [slot.mid for slot in self._slots]
        session.media = [_offer_media(slot, local) for slot in self._slots]
        session.media[0].candidates = local.candidates
        tracks = [
            TrackMap(slot.mid, slot.track.member, slot.track.offer.id, slot.kind) for slot in self._slots if slot.track
        ]
        return write(session), tracks

    def answer(self, generation: int, sdp: str) -> Agreed | None:
        """Take the answer to the offer of that `generation`; None if it is of an older one or came before.

        Raises `SdpError`, and changes nothing, if the SDP is malformed or does not accept what was offered.
        """
        if generation > self.generation:
            raise SdpError("answer to an offer that was not made")
        if generation < self.generation or self.answered:
            return None
        session = read(sdp)
        remote = _remote(session, ("active",))
        if self.remote is not None and remote.fingerprint != self.remote.fingerprint:
            raise SdpError("another certificate than before")
        if [media.mid for media in session.media] != [slot.mid for slot in self._slots]:
            raise SdpError("other m-lines than offered")
        for slot, media in zip(self._slots, session.media, strict=True):
            _check_answer(slot, media)
            if media.mid not in session.bundle:
                raise SdpError("m-line outside the bundle")
        started = [slot.track for slot in self._slots if slot.track is not None and not slot.agreed]
        for slot in self._slots:
            slot.agreed = True
        self.remote, self.answered = remote, True
        return Agreed(remote, started)


def _check_answer(slot: _Slot, media: Media) -> None:
    if media.kind != slot.kind or media.rejected:
        raise SdpError("an m-line was not accepted")
    if slot.track is not None:
        formats = {each.payload_type for each in media.formats}
        if media.direction != "recvonly" or SUBSCRIBER_CODECS[slot.kind][0].payload_type not in formats:
            raise SdpError("an m-line was not accepted")


def _offer_media(slot: _Slot, local: LocalParameters) -> Media:
    media = Media(slot.kind, slot.mid, direction="inactive")
    _put_transport(media, local, "actpass")
    codec = SUBSCRIBER_CODECS[slot.kind][0]
    media.formats = [
        Format(
            codec.payload_type,
            codec.name,
            codec.clock_rate,
            2 if codec.name == "opus" else 1,
            "minptime=10;useinbandfec=1" if codec.name == "opus" else "",
            list(FEEDBACK[slot.kind]),
        )
    ]
    if codec.rtx_payload_type is not None:
        media.formats.append(
            Format(codec.rtx_payload_type, "rtx", codec.clock_rate, parameters=f"apt={codec.payload_type}")
        )
    extensions = SUBSCRIBER_EXTENSIONS[slot.kind]
    for uri, name in EXTENSIONS.items():
        number = getattr(extensions, name)
        if number is not None:
            media.extensions.append(Extension(number, uri))
    if slot.track is not None and slot.stream is not None:
        media.direction = "sendonly"
        media.msid = f"{slot.track.member} {slot.track.offer.id}"
        media.ssrcs = {slot.stream.ssrc: slot.stream.cname}
        if slot.stream.rtx_ssrc:
            media.ssrcs[slot.stream.rtx_ssrc] = slot.stream.cname
            media.fid_groups = [(slot.stream.ssrc, slot.stream.rtx_ssrc)]
    return media
