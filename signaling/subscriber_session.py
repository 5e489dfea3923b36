"""What is agreed with a browser about its subscriber connection, sans-IO (docs/protocol.md, section 6): the server
offers, the browser's answers are taken, and m-lines are used again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import structs

from sfu.control import Codec, Extensions, Kind, LocalParameters, RemoteParameters, TrackSubscribed
from signaling.messages import TrackMap
from signaling.negotiation import EXTENSIONS, FEEDBACK, VP9_PARAMETERS, UpTrack, put_transport, read_remote
from signaling.sdp import MAX_MEDIA, Extension, Format, Media, SdpError, Session, read, write

SUBSCRIBER_CODECS: dict[Kind, list[Codec]] = {
    "audio": [Codec("opus", 111, 48_000)],
    "video": [Codec("VP8", 96, 90_000, rtx_payload_type=97), Codec("VP9", 98, 90_000, rtx_payload_type=99)],
}
"""As every subscriber connection carries them; the numbers are the ones that Chromium itself uses."""

SUBSCRIBER_EXTENSIONS: dict[Kind, Extensions] = {
    "audio": Extensions(transport_cc=1),
    "video": Extensions(transport_cc=1, dependency_descriptor=2),
}
"""No MID and no RID: m-lines are told apart by SSRC, and a publisher's MID passed on would lead to another m-line."""

_PARAMETERS = {"opus": "minptime=10;useinbandfec=1", "VP8": "", "VP9": VP9_PARAMETERS}


@dataclass(slots=True)
class Taken:
    """What one browser takes of what subscriber connections offer: everything, until an answer says otherwise.

    Its first offer names tracks before that is known. They begin to flow after the answer, with the header extensions
    that it took (`StartTrack`); a retransmission format that it left out does no harm, and none has been seen to.
    """

    codecs: dict[Kind, list[Codec]] = field(default_factory=lambda: dict(SUBSCRIBER_CODECS))
    extensions: dict[Kind, Extensions] = field(default_factory=lambda: dict(SUBSCRIBER_EXTENSIONS))
    known: set[Kind] = field(default_factory=set)
    """Of which kinds an answer has said so."""

    @property
    def vp9(self) -> bool | None:
        """Whether it decodes VP9; None while it has not said."""
        return any(codec.name == "VP9" for codec in self.codecs["video"]) if "video" in self.known else None

    def decodes(self, track: UpTrack) -> bool:
        """Whether it has what the track is published in, as far as is known."""
        names = {codec.name for codec in self.codecs[track.offer.kind]}
        return all(codec.name in names for codec in track.offer.codecs)

    def learn(self, media: Media) -> None:
        """Read it out of an answered m-line. Inactive ones say it too, but may leave out codecs or extensions."""
        kind: Kind = "audio" if media.kind == "audio" else "video"
        codecs = _accepted(media)
        if not codecs or (media.direction == "inactive" and kind in self.known):
            return
        uris = {extension.id: extension.uri for extension in media.extensions}
        offered = SUBSCRIBER_EXTENSIONS[kind]
        ids = {
            name: number
            for uri, name in EXTENSIONS.items()
            if (number := getattr(offered, name)) is not None and uris.get(number) == uri
        }
        self.codecs[kind], self.extensions[kind] = codecs, Extensions(**ids)
        self.known.add(kind)


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
    missed: list[UpTrack]
    """Tracks that it was offered and cannot decode: the next `plan` lets go of them."""


@dataclass(slots=True)
class SubscriberSession:
    """The offers and answers of one subscriber connection.

    Call `plan`, have the SFU end and subscribe what it returns, `bind` each new one, then `offer` if `offer_due`; then
    `answer`. A second offer before the answer replaces the first, whose answer is ignored; holding it back is the
    caller's part.
    """

    taken: Taken = field(default_factory=Taken)
    """What this browser takes; may be known from a connection before."""
    id: int = 0
    """Of the ``o=`` line: another for every connection."""
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

    def plan(self, wanted: Iterable[UpTrack]) -> tuple[list[UpTrack], list[UpTrack]]:
        """Let go of every track that is not `wanted` any more, or cannot be decoded; return these, and the new ones.

        Of the new ones sound comes first. When m-lines run out (`MAX_MEDIA`) the rest is left for later, see `crowded`.
        """
        wanted = sorted(filter(self.taken.decodes, wanted), key=lambda track: track.offer.kind)
        ended = []
        for slot in self._slots:
            if slot.track is not None and slot.track not in wanted:
                ended.append(slot.track)
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
        return ended, new

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
        session = Session(self.id, generation, ice_lite=True, extmap_allow_mixed=True)
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
        remote = read_remote(session, ("active",))
        if self.remote is not None and remote.fingerprint != self.remote.fingerprint:
            raise SdpError("another certificate than before")
        if [media.mid for media in session.media] != [slot.mid for slot in self._slots]:
            raise SdpError("other m-lines than offered")
        for slot, media in zip(self._slots, session.media, strict=True):
            _check_answer(slot, media)
            if media.mid not in session.bundle:
                raise SdpError("m-line outside the bundle")
        for media in session.media:
            self.taken.learn(media)
        fresh = [slot.track for slot in self._slots if slot.track is not None and not slot.agreed]
        started = [track for track in fresh if self.taken.decodes(track)]
        for slot in self._slots:
            slot.agreed = True
        self.remote, self.answered = remote, True
        return Agreed(remote, started, [track for track in fresh if track not in started])


def _check_answer(slot: _Slot, media: Media) -> None:
    if media.kind != slot.kind or media.rejected:
        raise SdpError("an m-line was not accepted")
    if slot.track is not None and (media.direction != "recvonly" or not _accepted(media)):
        raise SdpError("an m-line was not accepted")


def _accepted(media: Media) -> list[Codec]:
    """Those of the codecs that were offered which an answered m-line takes, with or without retransmission."""
    names = {each.payload_type: each.name.lower() for each in media.formats}
    found = []
    for codec in SUBSCRIBER_CODECS["audio" if media.kind == "audio" else "video"]:
        if names.get(codec.payload_type) == codec.name.lower():
            rtx = codec.rtx_payload_type
            repaired = rtx is not None and names.get(rtx) == "rtx"
            found.append(codec if repaired else structs.replace(codec, rtx_payload_type=None))
    return found


def _offer_media(slot: _Slot, local: LocalParameters) -> Media:
    media = Media(slot.kind, slot.mid, direction="inactive")
    put_transport(media, local, "actpass")
    for codec in SUBSCRIBER_CODECS[slot.kind]:
        channels = 2 if codec.name == "opus" else 1
        feedback = list(FEEDBACK[slot.kind])
        media.formats.append(
            Format(codec.payload_type, codec.name, codec.clock_rate, channels, _PARAMETERS[codec.name], feedback)
        )
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
