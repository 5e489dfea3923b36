"""The mux with real loopback sockets and endpoints that only take notes."""

import asyncio
import errno
import inspect
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from sfu.ice import stun
from sfu.ice.stun import Message
from sfu.io import udp_mux
from sfu.io.addresses import pack_address
from sfu.io.entrance import Path
from sfu.io.media_loop import MediaLoop
from sfu.io.udp_mux import UdpMux
from sfu.native import reception
from sfu.native.reception import MAX_DOORS
from sfu.rtp.rtcp import ReceiverReport
from tests.sfu.fakes import rtp


class Notes:
    """An endpoint."""

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer
        self.sound_types: set[int] = set()
        self.taken: list[tuple[str, bytes]] = []
        self.cuts = 0
        self.paths: list[Path] = []
        self.heard = True

    inlet = None

    def hears(self, path: Path, *, now: float) -> bool:
        return self.heard

    def cut_off(self) -> None:
        self.cuts += 1

    def receive_rtp(self, length: int, *, now: float) -> None:
        self.taken.append(("rtp", bytes(self.buffer[:length])))

    def finish(self, verdict: int, length: int, *, now: float) -> None:
        raise AssertionError("it has no inlet")

    def receive_rtcp(self, length: int, *, now: float) -> None:
        self.taken.append(("rtcp", bytes(self.buffer[:length])))

    def receive_dtls(self, datagram: bytes, path: Path, *, now: float) -> None:
        self.taken.append(("dtls", datagram))
        self.paths.append(path)

    def receive_stun(self, message: Message, path: Path, *, now: float) -> bytes | None:
        self.taken.append(("stun", message.raw))
        self.paths.append(path)
        return b"answer"


class Bench:
    """A mux, one endpoint with ufrag "ours", and one socket of the other side."""

    def __init__(self) -> None:
        self.now = 0.0
        buffer = bytearray(1564)
        self.mux = UdpMux(["127.0.0.1"], 0, buffer, clock=lambda: self.now)
        self.mux.listen()
        self.endpoint = Notes(buffer)
        self.mux.endpoints["ours"] = self.endpoint
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(("127.0.0.1", 0))

    @property
    def path(self) -> Path:
        return (*self.sock.getsockname(), 0)

    async def send(self, *datagrams: bytes) -> list[tuple[str, bytes]]:
        """Send, let the mux read, return what the endpoint took."""
        for datagram in datagrams:
            self.sock.sendto(datagram, ("127.0.0.1", self.mux.port))
        for _ in range(4 + len(datagrams) // udp_mux.DRAIN):
            await asyncio.sleep(0)
        taken, self.endpoint.taken = self.endpoint.taken, []
        return taken

    def answers(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.sock.recv(2000))
            except BlockingIOError:
                return found


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.sock.close()
    bench.mux.close()


def check(ufrag: str = "ours") -> bytes:
    return stun.build(
        stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, f"{ufrag}:theirs".encode()), (stun.PRIORITY, bytes(4))], "p"
    )


async def test_a_known_address_is_told_apart_by_first_byte(bench: Bench) -> None:
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    report, media, handshake = ReceiverReport(1).to_bytes() + bytes(14), rtp(1, 1), b"\x16\xfe\xfd" + bytes(20)
    assert await bench.send(media, report, handshake) == [("rtp", media), ("rtcp", report), ("dtls", handshake)]


async def test_a_stranger_gets_in_by_user_name_alone(bench: Bench) -> None:
    assert await bench.send(rtp(1, 1), b"\x16\xfe\xfd" + bytes(20)) == []
    assert await bench.send(check()) == [("stun", check())]
    assert bench.endpoint.paths == [bench.path]
    assert bench.answers() == [b"answer"]


async def test_unknown_user_names_meet_silence(bench: Bench) -> None:
    assert await bench.send(check("somebody")) == []
    assert bench.answers() == []
    assert bench.mux.dropped == 1


async def test_what_is_nothing_is_dropped_before_anything_runs(bench: Bench) -> None:
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    junk = [b"", b"\x80", bytes(11), rtp(1, 1, bytes(1489)), b"\xff" * 40, b"\x40" * 40, b"\x00" * 40, check()[:-1]]
    assert await bench.send(*junk) == []
    assert bench.answers() == []
    assert bench.mux.dropped == len(junk)
    assert await bench.send(rtp(1, 1, bytes(1488))) == [("rtp", rtp(1, 1, bytes(1488)))]


async def test_strangers_share_a_bucket_and_known_ones_do_not(bench: Bench) -> None:
    burst = int(udp_mux.SHARE_BURST)
    assert len(await bench.send(*[check()] * (burst + 50))) == burst
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    assert len(await bench.send(check())) == 1
    bench.mux.remove_route(bench.path, bench.endpoint)
    assert await bench.send(check()) == []
    bench.now = 1.0
    assert len(await bench.send(check())) == 1


async def test_an_address_changes_hands_once_its_holder_is_silent(bench: Bench) -> None:
    older = Notes(bytearray())
    bench.mux.add_route(bench.path, older, now=0.0)
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    assert await bench.send(rtp(1, 1)) == []
    older.heard = False
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    bench.mux.remove_route(bench.path, older)
    assert len(await bench.send(rtp(1, 1))) == 1


async def test_a_flood_does_not_hold_the_loop(bench: Bench) -> None:
    bench.mux.add_route(bench.path, bench.endpoint, now=0.0)
    for _ in range(200):
        bench.sock.sendto(rtp(1, 1), ("127.0.0.1", bench.mux.port))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(bench.endpoint.taken) < 200
    assert len(bench.endpoint.taken) % udp_mux.DRAIN == 0


async def test_several_addresses_have_one_port_and_answer_from_where_they_were_asked() -> None:
    buffer = bytearray(1564)
    mux = UdpMux(["127.0.0.1", "127.0.0.2"], 0, buffer, clock=lambda: 0.0)
    mux.listen()
    endpoint = Notes(buffer)
    mux.endpoints["ours"] = endpoint
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(2)
    try:
        for index, address in enumerate(("127.0.0.1", "127.0.0.2")):
            sock.sendto(check(), (address, mux.port))
            await asyncio.sleep(0.01)
            assert sock.recvfrom(100) == (b"answer", (address, mux.port))
            assert endpoint.paths[-1] == (*sock.getsockname(), index)
    finally:
        sock.close()
        mux.close()


async def test_ipv6() -> None:
    buffer = bytearray(1564)
    mux = UdpMux(["::1"], 0, buffer, clock=lambda: 0.0)
    mux.listen()
    endpoint = Notes(buffer)
    mux.endpoints["ours"] = endpoint
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(("::1", 0))
    sock.settimeout(2)
    try:
        sock.sendto(check(), ("::1", mux.port))
        await asyncio.sleep(0.01)
        assert sock.recv(100) == b"answer"
        mux.add_route(endpoint.paths[0], endpoint, now=0.0)
        sock.sendto(rtp(1, 1), ("::1", mux.port))
        await asyncio.sleep(0.01)
        assert endpoint.taken[-1] == ("rtp", rtp(1, 1))
    finally:
        sock.close()
        mux.close()


async def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    first = UdpMux(["127.0.0.2"], 0, bytearray(1564), clock=lambda: 0.0)
    with pytest.raises(OSError, match="in use"):
        UdpMux(["127.0.0.1", "127.0.0.2"], first.port, bytearray(1564), clock=lambda: 0.0)
    again = UdpMux(["127.0.0.1"], first.port, bytearray(1564), clock=lambda: 0.0)
    again.close()
    first.close()


async def test_an_address_that_the_machine_lost_is_left_out() -> None:
    """It may have had a container's bridge, or an IPv6 privacy address, when the server was started."""
    mux = UdpMux(
        ["198.51.100.1", "127.0.0.1", "198.51.100.2", "127.0.0.2"], 0, bytearray(1564), clock=lambda: 0.0, spare=True
    )
    assert mux.addresses == ["127.0.0.1", "127.0.0.2"]
    assert [entrance._index for entrance in mux.entrances] == [0, 1]
    assert {entrance.port for entrance in mux.entrances} == {mux.port}
    mux.close()


async def test_no_address_is_left_out_unasked() -> None:
    with pytest.raises(OSError, match="assign"):
        UdpMux(["127.0.0.1", "198.51.100.1"], 0, bytearray(1564), clock=lambda: 0.0)


async def test_without_any_address_left_there_is_no_port() -> None:
    with pytest.raises(OSError, match="assign") as failure:
        UdpMux(["198.51.100.1", "198.51.100.2"], 0, bytearray(1564), clock=lambda: 0.0, spare=True)
    assert failure.value.errno == errno.EADDRNOTAVAIL


async def test_a_taken_port_counts_although_an_address_is_missing() -> None:
    first = UdpMux(["127.0.0.1"], 0, bytearray(1564), clock=lambda: 0.0)
    with pytest.raises(OSError, match="in use"):
        UdpMux(["198.51.100.1", "127.0.0.1"], first.port, bytearray(1564), clock=lambda: 0.0, spare=True)
    first.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only address of the loopback")
def test_any_number_of_addresses_is_listened_on() -> None:
    """A machine of many containers has a bridge for each; the compiled twin waits at some of them by itself."""
    addresses = [f"127.0.0.{number}" for number in range(1, MAX_DOORS + 5)]

    async def hear() -> list[tuple[str, bytes]]:
        buffer = bytearray(1564)
        mux = UdpMux(addresses, 0, buffer, clock=lambda: 0.0)
        mux.listen()
        endpoint = Notes(buffer)
        mux.endpoints["ours"] = endpoint
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for address in addresses:
                sock.sendto(check(), (address, mux.port))
                await asyncio.sleep(0.01)
        mux.close()
        await asyncio.sleep(0)
        return endpoint.taken

    with asyncio.Runner(loop_factory=MediaLoop) as runner:
        assert len(runner.run(hear())) == len(addresses)


class Endless:
    """A door at which more waits always: nine of ten datagrams are feedback, which is set aside."""

    def __init__(self, address: bytes) -> None:
        self.aside = udp_mux.ASIDES
        self.read = self.handled = 0
        self.length, self.now, self.address = 20, 0.0, address

    def drain(self, limit: int, now: float) -> int:
        self.handled = 0
        while self.handled < limit:
            if self.aside == udp_mux.ASIDES:
                return reception.FULL
            self.handled += 1
            self.read += 1
            assert self.read < 100_000, "no end of it"
            if self.read % 10 == 0:
                return reception.RTP
            self.aside += 1
        return reception.EMPTY

    def take_aside(self) -> bool:
        self.aside -= 1
        return self.aside >= 0

    def take_dropped(self) -> int:
        return 0


class Diver(Notes):
    """An endpoint that notes from how deep it is called."""

    deepest = 0

    def receive_rtp(self, length: int, *, now: float) -> None:
        self.deepest = max(self.deepest, len(inspect.stack()))


async def test_the_worker_gets_its_turn_back_however_much_comes(bench: Bench) -> None:
    """Nor is one reading called within another without end."""
    (entrance,) = bench.mux.entrances
    assert isinstance(entrance, udp_mux.MuxSocket)
    address = bench.sock.getsockname()
    diver = Diver(bench.endpoint.buffer)
    entrance.routes[address] = diver
    door = Endless(pack_address(address))
    entrance._door, before = cast(Any, door), entrance._door
    try:
        bench.mux.take_aside()
        assert udp_mux.ASIDES < door.read <= udp_mux.ASIDES * udp_mux.PASS
        read = door.read
        bench.mux.let_media_pass()
        assert door.read - read <= udp_mux.PASS
        assert 0 < diver.deepest - len(inspect.stack()) < 12
    finally:
        entrance._door = before
