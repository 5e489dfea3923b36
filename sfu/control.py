"""The SFU's control interface: what signaling asks of it, and what it reports.

Structs, not calls, so that the same interface crosses the pipe to a worker process (`io/frames.py`). Ids are opaque
strings that the caller chose; the SFU knows rooms, members and tracks by nothing else. A request is answered by its
response or by `Refused`; nothing was changed by a refused one. Requests are idempotent: opening what is open with the
same parameters, or closing what is gone, is answered like the first time.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Kind = Literal["audio", "video"]
Direction = Literal["publish", "subscribe"]


class WorkerSettings(msgspec.Struct, frozen=True):
    """Where a worker receives media."""

    port: int
    """UDP; 0 takes any free one."""
    addresses: list[str]
    """To bind, IPv4 or IPv6."""
    announced: list[str] = []
    """What browsers are told to send to: the public address behind NAT, say. The bound ones where empty."""
    tcp_port: int | None = None
    """The same over TCP, for networks that block UDP: None for not at all, 0 takes any free one."""
    spare: bool = False
    """Addresses that are not the machine's any more may be left out, as long as one is left."""
    quiet: bool = False
    """The log heard often enough what this worker has to say when it begins."""


class Candidate(msgspec.Struct, frozen=True):
    """Where the SFU can be reached (RFC 8445 host candidate)."""

    address: str
    port: int
    protocol: Literal["udp", "tcp"] = "udp"


class LocalParameters(msgspec.Struct, frozen=True):
    """The SFU's half of a transport: ICE-lite credentials, certificate, candidates. The SFU is always DTLS-passive."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint: str
    """SHA-256 of the certificate, upper-case hex pairs with colons (RFC 8122)."""
    candidates: list[Candidate]


class RemoteParameters(msgspec.Struct, frozen=True):
    """The browser's half of a transport, from its SDP."""

    ice_ufrag: str
    ice_pwd: str
    fingerprint_algorithm: str
    fingerprint: str


class Codec(msgspec.Struct, frozen=True):
    """One payload format as negotiated on one connection."""

    name: Literal["opus", "VP8", "VP9"]
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None


class Extensions(msgspec.Struct, frozen=True):
    """Ids of the header extensions that were negotiated on one m-line (RFC 8285); None where absent."""

    mid: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None
    transport_cc: int | None = None
    dependency_descriptor: int | None = None


class EncodingParameters(msgspec.Struct, frozen=True):
    """One encoding of an up track. SSRCs are 0 where the offer names none: they are learnt from MID, RID and RRID."""

    ssrc: int = 0
    rtx_ssrc: int = 0
    rid: str | None = None


# -- Requests -------------------------------------------------------------------------------------------------------


class Request(msgspec.Struct, tag=True, frozen=True):
    """Asked of the SFU."""


class OpenTransport(Request, frozen=True):
    """Prepare a peer connection of a member; a room's router opens with its first. Answer: `TransportOpened`."""

    room: str
    member: str
    transport: str
    direction: Direction


class ConnectTransport(Request, frozen=True):
    """Tell a transport its remote half; other ICE credentials with the same fingerprint are an ICE restart."""

    transport: str
    remote: RemoteParameters


class RestartIce(Request, frozen=True):
    """New local ICE credentials, DTLS kept; the old ones hold until the new connect. Answer: `TransportOpened`."""

    transport: str


class PublishTrack(Request, frozen=True):
    """Accept a member's track on its publish transport, and bind its SSRCs to the member."""

    transport: str
    track: str
    mid: str
    kind: Kind
    codecs: list[Codec]
    extensions: Extensions
    encodings: list[EncodingParameters]


class UnpublishTrack(Request, frozen=True):
    """End an up track; its down tracks end with it."""

    transport: str
    track: str


class SubscribeTrack(Request, frozen=True):
    """Prepare a copy of an up track of the same room on a subscribe transport. Answer: `TrackSubscribed`.

    Nothing is sent before `StartTrack`: a browser that does not know the SSRC yet would drop the key frame, or take the
    stream for another m-line's.
    """

    transport: str
    track: str
    codecs: list[Codec]
    """As the subscriber connection will carry them."""
    extensions: Extensions
    """As the offer names them."""


class StartTrack(Request, frozen=True):
    """Let a prepared down track flow: the subscriber answered the offer that names it. Video asks for a key frame."""

    transport: str
    track: str
    extensions: Extensions | None = None
    """What the answer took of those in `SubscribeTrack`; None: all. Nothing else is sent: a packet that is numbered
    for transport-cc and never reported on would count as lost."""


class TrackWish(msgspec.Struct, frozen=True):
    """What a subscriber shows of one track."""

    track: str
    height: int
    """Pixels of the tile; 0: send nothing of it. Of sound: 0 pauses it, anything else sends it."""
    first: bool = False
    """Before all others when the estimate is short: a shared screen, a pinned tile."""


class WatchTracks(Request, frozen=True):
    """Say all that a subscriber wants now. Video that is not named is not sent, sound that is not named is.

    A wish for a track that the transport does not (yet) carry is kept for when it does.
    """

    transport: str
    wishes: list[TrackWish]
    max_rate: int | None = None
    """Bit/s of video and sound together that the person wants to spend at most; None for no such wish."""


class UnsubscribeTrack(Request, frozen=True):
    """End one down track."""

    transport: str
    track: str


class CloseTransport(Request, frozen=True):
    """Close a peer connection with all its tracks."""

    transport: str


class CloseMember(Request, frozen=True):
    """Close every peer connection of a member in a room, all in one turn."""

    room: str
    member: str


class CloseRoom(Request, frozen=True):
    """Close a room's router and every transport in it."""

    room: str


# -- Responses ------------------------------------------------------------------------------------------------------


class Response(msgspec.Struct, tag=True, frozen=True):
    """The SFU's answer."""


class Done(Response, frozen=True):
    """Carried out, nothing to tell."""


class TransportOpened(Response, frozen=True):
    """The transport's local half."""

    local: LocalParameters


class TrackSubscribed(Response, frozen=True):
    """What the subscriber's m-line must say: SSRCs drawn for this down track, CNAME for lip sync."""

    ssrc: int
    rtx_ssrc: int
    """0 for audio."""
    cname: str
    """Equal for the tracks of one publisher: random, per room and member."""


class Refused(Response, frozen=True):
    """The request did not fit the SFU's state, or a limit was reached; nothing was changed."""

    reason: Literal["no_such_transport", "no_such_track", "ssrc_taken", "unsupported_codec", "limit", "closing"]


# -- Events ---------------------------------------------------------------------------------------------------------


class Event(msgspec.Struct, tag=True, frozen=True):
    """Reported by the SFU unasked."""


class TransportConnected(Event, frozen=True):
    """ICE and DTLS are through (again, after a loss or an ICE restart)."""

    transport: str


class TransportDisconnected(Event, frozen=True):
    """No consent for 10 s (RFC 7675): the browser may come back."""

    transport: str


class TransportClosed(Event, frozen=True):
    """The transport ended by itself: no consent for 30 s, DTLS failed or was closed by the browser."""

    transport: str
    reason: Literal["consent_expired", "dtls_failed", "dtls_closed", "never_connected"]


class EncodingsWanted(Event, frozen=True):
    """Which encodings of an up track anybody needs: the publisher may stop the others (and must send these)."""

    transport: str
    track: str
    active: list[bool]
    """In the order of `PublishTrack.encodings`."""


class TracksHeld(Event, frozen=True):
    """What a subscriber's estimate has no room for: at first nothing. Reported when it changes.

    What was told of a track ends with its copy, and is told afresh when that holds for its next one.
    """

    transport: str
    tracks: list[str]
    """Wished-for video of which not even the smallest layer fits."""
    sound_too_much: bool
    """Sound alone exceeds the estimate: the client knows the levels, and may pause voices that are silent."""


class RoomLost(Event, frozen=True):
    """The worker that carried a room ended, and took its transports with it. From now on new ones can be opened."""

    room: str


class Sfu(Protocol):
    """The port through which signaling uses the SFU."""

    async def request(self, request: Request) -> Response:
        """Carry out one request. Raises `ConnectionError` if the SFU is gone."""
        ...
