"""A publisher from one offer to the next, over an SFU that keeps books."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from sfu.control import OpenTransport, PublishTrack, Refused, RestartIce
from signaling.media_state import Member, Publisher
from signaling.negotiation import PublisherOffer, read_offer
from signaling.publishing import change, same_peer
from signaling.sfu_calls import MediaError, SfuCalls
from tests.signaling.fake_sfu import FakeSfu
from tests.signaling.test_media import CAMERA, MICROPHONE, browser_offer

ANA = "ana-0001"


async def opened(sfu: FakeSfu) -> tuple[Member, Publisher]:
    member = Member("room-one", ANA)
    publisher = member.publisher = Publisher("transport-1")
    publisher.local = await SfuCalls(sfu).open(OpenTransport("room-one", ANA, "transport-1", "publish"))
    return member, publisher


def offer(ufrag: str = "CHRM") -> PublisherOffer:
    return read_offer(browser_offer(ANA, ufrag=ufrag), [MICROPHONE, CAMERA])


async def test_the_same_offer_again_asks_for_nothing_and_new_credentials_for_new_ones() -> None:
    sfu = FakeSfu()
    member, publisher = await opened(sfu)
    local = await change(SfuCalls(sfu), member, publisher, offer())
    tracks, asked = publisher.tracks, len(sfu.requests)
    assert await change(SfuCalls(sfu), member, publisher, offer()) == local
    assert (publisher.tracks, len(sfu.requests)) == (tracks, asked)
    assert (await change(SfuCalls(sfu), member, publisher, offer("anew"))).ice_ufrag != local.ice_ufrag
    assert publisher.tracks == tracks
    assert len(sfu.asked(RestartIce)) == 1


async def test_a_refused_offer_leaves_no_track_behind() -> None:
    sfu = FakeSfu()
    member, publisher = await opened(sfu)

    def refuse(request: object) -> Refused | None:
        return Refused("limit") if isinstance(request, PublishTrack) and request.kind == "video" else None

    sfu.fail = refuse
    with pytest.raises(MediaError) as caught:
        await change(SfuCalls(sfu), member, publisher, offer())
    assert caught.value.code == "too_many_tracks"
    assert (sfu.up, publisher.tracks, publisher.remote) == ({}, {}, None)


async def test_a_publisher_that_is_given_up_meanwhile_is_not_changed() -> None:
    sfu = FakeSfu()
    member, publisher = await opened(sfu)
    sfu.gate = asyncio.Event()
    changing = asyncio.create_task(change(SfuCalls(sfu), member, publisher, offer()))
    await asyncio.sleep(0)
    member.publisher = None
    sfu.gate.set()
    with pytest.raises(MediaError):
        await changing
    assert publisher.tracks == {}


def test_the_certificate_alone_tells_peers_apart() -> None:
    one = offer().remote
    assert same_peer(one, offer("anew").remote)
    assert not same_peer(one, structs.replace(one, fingerprint="00:11"))
    assert not same_peer(one, structs.replace(one, fingerprint_algorithm="sha-512"))
