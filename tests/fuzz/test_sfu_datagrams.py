"""Every seed as if it had passed SRTP: a member with the right keys may send anything, and harms only themselves."""

from pathlib import Path

import pytest

from sfu.control import EncodingParameters, Extensions, TrackWish, WatchTracks
from sfu.forwarding.router import Router
from sfu.ice.lite_agent import Credentials, State
from sfu.publisher import Publisher
from sfu.rtp.packet import HEADER_SIZE, MAX_DATAGRAM
from sfu.subscriber import Subscriber
from tests.sfu.fakes import DELTA, KEY, Draw, FakeChannel, publish, rtp, subscribe

SEEDS = [
    path
    for path in sorted((Path(__file__).parent / "datagrams").glob("*.bin"))
    if HEADER_SIZE <= path.stat().st_size <= MAX_DATAGRAM  # the mux lets nothing else through
]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_authentic_seeds(seed: Path) -> None:
    router = Router(draw=Draw())
    up, down = FakeChannel(), FakeChannel()
    publisher = Publisher("up", router, up, Credentials("a", "b"), report_ssrc=1, now=0.0)
    subscriber = Subscriber("down", router, down, Credentials("c", "d"), report_ssrc=2, now=0.0)
    for peer in (publisher, subscriber):
        peer.agent.state = State.CONNECTED
        peer.secured(now=0.0)
    extensions = Extensions(mid=1, rid=2, repaired_rid=3, transport_cc=3, dependency_descriptor=4)
    publisher.publish(publish(rtx_ssrc=2000, extensions=extensions))
    publisher.publish(publish("other", mid="1", encodings=[EncodingParameters()], extensions=extensions))
    subscriber.subscribe(subscribe())
    subscriber.start("camera", now=0.0)
    subscriber.watch(WatchTracks("down", [TrackWish("camera", 180)]), now=0.0)
    subscriber.handle_timer(now=0.0)
    publisher.receive_rtp(up.put(rtp(1000, 1, KEY)), now=0.0)
    data = seed.read_bytes()
    for peer, channel in ((publisher, up), (subscriber, down)):
        peer.receive_rtp(channel.put(data), now=0.01)
        peer.receive_rtcp(channel.put(data), now=0.02)
        peer.handle_timer(now=1.0)
    before = len(down.sent)
    publisher.receive_rtp(up.put(rtp(1000, 6, DELTA)), now=1.1)
    assert len(down.sent) == before + 1
