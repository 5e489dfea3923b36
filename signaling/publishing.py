"""A publisher connection from one offer to the next: what the SFU is asked for, and taken back if it refuses."""

from __future__ import annotations

from sfu.control import (
    ConnectTransport,
    LocalParameters,
    PublishTrack,
    RemoteParameters,
    Request,
    RestartIce,
    UnpublishTrack,
)
from signaling.media_state import Member, Publisher
from signaling.negotiation import PublisherOffer, UpTrack
from signaling.sfu_calls import MediaError, SfuCalls


async def change(sfu: SfuCalls, state: Member, publisher: Publisher, offer: PublisherOffer) -> LocalParameters:
    """Bring a publisher to what its new offer says; if the SFU refuses any of it, back to what it was.

    Returns the SFU's half of the connection. Raises `MediaError` if it was refused, or the publisher was given up
    meanwhile. Where `Publisher.tracks` is not what it was, the others' offers are to follow.
    """
    local = publisher.local
    if publisher.remote not in (None, offer.remote):
        local = await sfu.open(RestartIce(publisher.transport))
    assert local is not None
    before = publisher.tracks
    wanted = {track.id: track for track in offer.tracks}
    ended = [track for name, track in before.items() if wanted.get(name) != track.offer]
    after = {name: track for name, track in before.items() if track not in ended}
    kept = {track.key for track in after.values()}
    undo: list[Request] = []
    try:
        for track in ended:
            await sfu.do(UnpublishTrack(publisher.transport, track.key))
            publisher.wanted.pop(track.key, None)
            undo.append(_publish_track(publisher.transport, track))
        for offered in offer.tracks:
            if offered.id not in after:
                track = after[offered.id] = UpTrack(state.id, offered)
                await sfu.do(_publish_track(publisher.transport, track))
                undo.append(UnpublishTrack(publisher.transport, track.key))
        if publisher.remote != offer.remote:
            await sfu.do(ConnectTransport(publisher.transport, offer.remote))
    except MediaError:
        for request in reversed(undo):
            await sfu.close(request)
        publisher.wanted = {key: wanted for key, wanted in publisher.wanted.items() if key in kept}
        # Tracks that ended and came back have new down tracks to get: they count as new.
        publisher.tracks = {
            name: UpTrack(state.id, track.offer) if track in ended else track for name, track in before.items()
        }
        raise
    if publisher is not state.publisher:
        raise MediaError("media_unavailable")  # it was closed, or the member left, while the SFU worked
    publisher.remote, publisher.local, publisher.tracks = offer.remote, local, after
    return local


def same_peer(one: RemoteParameters, other: RemoteParameters) -> bool:
    """Whether two halves belong to one connection of one browser: it keeps its certificate, also over ICE restarts."""
    return (one.fingerprint_algorithm, one.fingerprint) == (other.fingerprint_algorithm, other.fingerprint)


def _publish_track(transport: str, track: UpTrack) -> PublishTrack:
    offer = track.offer
    return PublishTrack(transport, track.key, offer.mid, offer.kind, offer.codecs, offer.extensions, offer.encodings)
