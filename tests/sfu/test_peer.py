"""Connectivity of one transport as signaling hears of it, on a virtual clock."""

import pytest

from sfu.control import Event, TransportClosed, TransportConnected, TransportDisconnected
from sfu.forwarding.router import Router
from sfu.ice import stun
from sfu.ice.lite_agent import DISCONNECTED_AFTER, GONE_AFTER, Credentials
from sfu.peer import SECURE_WITHIN
from sfu.subscriber import Subscriber
from tests.sfu.fakes import Draw, FakeChannel

HOME = ("192.0.2.1", 5000, 0)
AWAY = ("192.0.2.2", 5001, 0)


class Transport:
    def __init__(self) -> None:
        self.peer = Subscriber(
            "t", Router(draw=Draw()), FakeChannel(), Credentials("ours", "password"), report_ssrc=9, now=0.0
        )
        self.peer.connect(Credentials("theirs", "secret"))

    def check(
        self, now: float, address: tuple[str, int, int] = HOME, local: str = "ours", remote: str = "theirs"
    ) -> None:
        attributes = [
            (stun.USERNAME, f"{local}:{remote}".encode()),
            (stun.PRIORITY, b"\x7e\xff\xff\xff"),
            (stun.ICE_CONTROLLING, bytes(8)),
            (stun.USE_CANDIDATE, b""),
        ]
        message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, "password"))
        assert self.peer.receive_stun(message, address, now=now) is not None

    def run(self, begin: float, end: float) -> None:
        now = begin
        while now <= end:
            self.peer.handle_timer(now=now)
            now += 0.05

    def take(self) -> list[Event]:
        events = self.peer.events[:]
        self.peer.events.clear()
        return events


def test_connected_needs_ice_and_dtls() -> None:
    transport = Transport()
    transport.check(0.0)
    assert transport.take() == []
    transport.peer.secured(now=0.1)
    assert transport.take() == [TransportConnected("t")]
    assert transport.peer.up


def test_consent_lost_and_found() -> None:
    transport = Transport()
    transport.check(0.0)
    transport.peer.secured(now=0.1)
    transport.take()
    transport.run(0.1, 9.9)
    assert transport.take() == []
    transport.run(9.9, 10.2)
    assert transport.take() == [TransportDisconnected("t")]
    assert not transport.peer.up
    transport.check(20.0, AWAY)
    assert transport.take() == [TransportConnected("t")]
    transport.run(20.0, 50.2)
    assert transport.take() == [TransportDisconnected("t"), TransportClosed("t", "consent_expired")]
    assert transport.peer.closed


def test_never_connected() -> None:
    transport = Transport()
    transport.run(0.0, 30.2)
    assert transport.take() == [TransportClosed("t", "never_connected")]


def test_it_says_when_it_is_to_be_looked_at() -> None:
    transport = Transport()
    peer = transport.peer
    assert peer.due <= 0.0
    peer.handle_timer(now=0.0)
    assert peer.due == pytest.approx(GONE_AFTER)
    transport.check(1.0)
    assert peer.due <= 1.0
    peer.handle_timer(now=1.0)
    assert peer.due == pytest.approx(1.0 + DISCONNECTED_AFTER)
    for now in (8.0, 16.0, 24.0, 30.0):
        transport.check(now)
        peer.handle_timer(now=now)
    assert peer.due == pytest.approx(1.0 + SECURE_WITHIN), "DTLS is not through"
    peer.secured(now=30.5)
    assert peer.due <= 30.5


def test_ice_without_dtls_is_ended() -> None:
    transport = Transport()
    now = 0.0
    while now < SECURE_WITHIN + 0.2:
        if round(now % 2, 2) == 0:
            transport.check(now)
        transport.peer.handle_timer(now=now)
        now = round(now + 0.1, 2)
    assert transport.take() == [TransportClosed("t", "dtls_failed")]


def test_an_ice_restart_is_reported_and_keeps_dtls() -> None:
    transport = Transport()
    transport.check(0.0)
    transport.peer.secured(now=0.1)
    transport.take()
    transport.peer.restart_ice(Credentials("ours2", "password"))
    transport.peer.connect(Credentials("theirs2", "secret2"))
    transport.check(1.0)
    assert transport.take() == []
    transport.check(1.5, AWAY, "ours2", "theirs2")
    assert transport.take() == [TransportConnected("t")]
    assert transport.peer.agent.selected == AWAY
    assert transport.peer.up


def test_it_ends_once() -> None:
    transport = Transport()
    transport.peer.end("dtls_closed")
    transport.peer.end("dtls_failed")
    assert transport.take() == [TransportClosed("t", "dtls_closed")]
    transport.peer.secured(now=1.0)
    assert transport.take() == []
