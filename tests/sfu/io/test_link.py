"""A transport's way out and its tables; the rest of `link` is exercised in `test_worker.py` and `test_hostile.py`."""

from __future__ import annotations

import socket

from pylibsrtp import Policy, Session

from sfu.control import CloseTransport, OpenTransport, TransportOpened
from sfu.ice import stun
from sfu.io.link import KNOWN_BURST, SecureChannel
from sfu.io.srtp import Buffers, SrtpSession
from sfu.rtp.rtcp import ReceiverReport
from tests.sfu.fakes import rtp
from tests.sfu.io.conftest import Meeting


def session(direction: int) -> Session:
    return Session(Policy(key=bytes(30), ssrc_type=direction))


def secured(buffers: Buffers) -> SrtpSession:
    return SrtpSession(session(Policy.SSRC_ANY_INBOUND), session(Policy.SSRC_ANY_OUTBOUND), buffers)


def test_without_keys_nothing_goes_either_way() -> None:
    channel = SecureChannel(Buffers())
    channel.send(40)
    channel.send_rtcp(ReceiverReport(1).to_bytes())
    channel.forget_received(1)
    channel.forget_sent(1)
    assert channel.unprotect(40) == channel.unprotect_rtcp(40) == -1


def test_packets_go_where_it_points_and_never_in_clear() -> None:
    buffers = Buffers()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        there.bind(("127.0.0.1", 0))
        there.settimeout(2)
        channel = SecureChannel(buffers)
        channel.secure(secured(buffers))
        channel.point_at(sock.sendto, there.getsockname())
        packet = rtp(1, 1, b"payload")
        buffers.outgoing[: len(packet)] = packet
        channel.send(len(packet))
        sealed = there.recv(2000)
        assert b"payload" not in sealed
        assert session(Policy.SSRC_ANY_INBOUND).unprotect(sealed) == packet
        report = ReceiverReport(7).to_bytes()
        channel.send_rtcp(report)
        assert session(Policy.SSRC_ANY_INBOUND).unprotect_rtcp(there.recv(2000)) == report
        assert channel.unsent == 0
        channel.secure(None)
        channel.send(len(packet))
        assert channel.unsent == 1


def test_what_the_kernel_does_not_take_is_counted_and_forgotten() -> None:
    buffers = Buffers()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    channel = SecureChannel(buffers)
    channel.secure(secured(buffers))
    channel.point_at(sock.sendto, ("127.0.0.1", 9))
    sock.close()
    buffers.outgoing[:12] = rtp(1, 1, b"")
    channel.send(12)
    channel.send_rtcp(ReceiverReport(1).to_bytes())
    assert channel.unsent == 2


async def test_checks_on_a_known_path_are_limited(meeting: Meeting) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    link = meeting.worker._links["up"]
    local = opened.local
    attributes = [
        (stun.USERNAME, f"{local.ice_ufrag}:x".encode()),
        (stun.PRIORITY, bytes(4)),
        (stun.USE_CANDIDATE, b""),
    ]
    message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, local.ice_pwd))
    path = ("192.0.2.1", 5000, 0)
    answered = sum(link.receive_stun(message, path, now=1.0) is not None for _ in range(300))
    assert answered == KNOWN_BURST + 1
    assert link.receive_stun(message, path, now=2.0) is not None


async def test_forged_handshakes_do_not_starve_consent(meeting: Meeting) -> None:
    """Whoever forges a member's address can send what looks like DTLS; its checks are answered all the same."""
    opened = await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    link, local = meeting.worker._links["up"], opened.local
    attributes = [(stun.USERNAME, f"{local.ice_ufrag}:x".encode()), (stun.PRIORITY, bytes(4))]
    message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, local.ice_pwd))
    path = ("192.0.2.1", 5000, 0)
    assert link.receive_stun(message, path, now=1.0) is not None
    for _ in range(int(KNOWN_BURST) * 3):
        link.receive_dtls(b"\x16\xfe\xfd" + bytes(40), path, now=1.0)
    assert link.receive_stun(message, path, now=1.0) is not None


async def test_nobody_takes_anothers_address_by_a_forged_check(meeting: Meeting) -> None:
    """One check of one's own from another's forged address led that member's media astray for good."""
    links, messages = [], []
    for name in ("ada", "ben"):
        opened = await meeting.worker.request(OpenTransport("room", name, name, "publish"))
        assert isinstance(opened, TransportOpened)
        attributes = [(stun.USERNAME, f"{opened.local.ice_ufrag}:x".encode()), (stun.PRIORITY, bytes(4))]
        messages.append(stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, opened.local.ice_pwd)))
        links.append(meeting.worker._links[name])
    path = ("192.0.2.1", 5000, 0)
    routes = meeting.worker._mux.entrances[0].routes
    links[0].receive_stun(messages[0], path, now=1.0)
    links[1].receive_stun(messages[1], path, now=2.0)
    assert routes[path[:2]] is links[0]
    links[1].receive_stun(messages[1], path, now=12.0)
    assert routes[path[:2]] is links[1], "ada has been silent there for ten seconds: the address is somebody else's"
    await meeting.worker.request(CloseTransport("ben"))
    links[0].receive_stun(messages[0], path, now=13.0)
    assert routes[path[:2]] is links[0]


async def test_before_a_nomination_media_goes_where_dtls_is_spoken(meeting: Meeting) -> None:
    """A browser over a long way nominates a second after its first check, and DTLS is through by then."""
    opened = await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    link, local = meeting.worker._links["up"], opened.local

    def check(port: int, *extra: tuple[int, bytes]) -> None:
        attributes = [(stun.USERNAME, f"{local.ice_ufrag}:x".encode()), (stun.PRIORITY, bytes(4)), *extra]
        message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, local.ice_pwd))
        link.receive_stun(message, ("192.0.2.1", port, 0), now=1.0)

    def speak(port: int) -> tuple[str, int]:
        link.receive_dtls(b"\x16\xfe\xfd" + bytes(40), ("192.0.2.1", port, 0), now=1.0)
        assert link._target is not None
        return link._target[1][0], link._target[1][1]

    check(5000)
    assert link._channel._address == ("192.0.2.1", 5000)
    check(5001)
    assert speak(5000) == ("192.0.2.1", 5000)
    assert speak(5001) == link._channel._address == ("192.0.2.1", 5001)
    assert speak(5002) == ("192.0.2.1", 5001), "no check came from there"
    check(5000, (stun.USE_CANDIDATE, b""))
    assert speak(5001) == link._channel._address == ("192.0.2.1", 5000)


async def test_media_follows_when_the_address_in_use_falls_silent(meeting: Meeting) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    link, local = meeting.worker._links["up"], opened.local

    def check(port: int, *extra: tuple[int, bytes], now: float) -> None:
        attributes = [(stun.USERNAME, f"{local.ice_ufrag}:x".encode()), (stun.PRIORITY, bytes(4)), *extra]
        message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, local.ice_pwd))
        link.receive_stun(message, ("192.0.2.1", port, 0), now=now)

    check(5000, (stun.USE_CANDIDATE, b""), now=1.0)
    check(5001, now=9.0)
    assert link._channel._address == ("192.0.2.1", 5000)
    link.handle_timer(now=11.0)
    assert link._channel._address == ("192.0.2.1", 5001)


async def test_a_transport_has_at_most_eight_routes(meeting: Meeting) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "ada", "up", "publish"))
    assert isinstance(opened, TransportOpened)
    link, local = meeting.worker._links["up"], opened.local
    attributes = [(stun.USERNAME, f"{local.ice_ufrag}:x".encode()), (stun.PRIORITY, bytes(4))]
    message = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, local.ice_pwd))
    for port in range(5000, 5100):
        link.receive_stun(message, ("192.0.2.1", port, 0), now=port / 10)
    routes = meeting.worker._mux.entrances[0].routes
    assert len(routes) == 8
    assert ("192.0.2.1", 5099) in routes
