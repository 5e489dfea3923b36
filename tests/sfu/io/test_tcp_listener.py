"""Media over TCP with real loopback sockets: framing, proof, limits, and queues that stay short."""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from unittest.mock import patch

import pytest

from sfu.ice import stun
from sfu.ice.stun import Message
from sfu.io import tcp_listener
from sfu.io.entrance import Path
from sfu.io.tcp_listener import MAX_QUEUE, VIDEO_QUEUE, TcpListener, open_tcp
from sfu.io.udp_mux import UdpMux
from sfu.rtp.rtcp import ReceiverReport
from tests.sfu.fakes import rtp
from tests.sfu.io.conftest import until

SOUND, PICTURE = 111, 96


class Notes:
    """An endpoint that believes every check but those of "liar"."""

    def __init__(self, mux: UdpMux) -> None:
        self.mux = mux
        self.sound_types = {SOUND}
        self.taken: list[tuple[str, bytes]] = []
        self.cuts = 0
        self.path: Path = ()

    inlet = None

    def hears(self, path: Path, *, now: float) -> bool:
        return True

    def cut_off(self) -> None:
        self.cuts += 1

    def receive_rtp(self, length: int, *, now: float) -> None:
        self.taken.append(("rtp", bytes(self.mux.buffer[:length])))

    def finish(self, verdict: int, length: int, *, now: float) -> None:
        raise AssertionError("it has no inlet")

    def receive_rtcp(self, length: int, *, now: float) -> None:
        self.taken.append(("rtcp", bytes(self.mux.buffer[:length])))

    def receive_dtls(self, datagram: bytes, path: Path, *, now: float) -> None:
        self.taken.append(("dtls", datagram))

    def receive_stun(self, message: Message, path: Path, *, now: float) -> bytes | None:
        self.taken.append(("stun", message.raw))
        if message.ufrags is not None and message.ufrags[1] == "liar":
            return None
        self.path = path
        self.mux.add_route(path, self, now=now)
        return b"answer"


class Bench:
    def __init__(self) -> None:
        self.now = 0.0
        self.mux = UdpMux(["127.0.0.1"], 0, bytearray(1564), clock=lambda: self.now)
        self.port = open_tcp(self.mux, ["127.0.0.1"], 0)
        self.mux.listen()
        self.endpoint = Notes(self.mux)
        self.mux.endpoints["ours"] = self.endpoint
        self.socks: list[socket.socket] = []

    @property
    def listener(self) -> TcpListener:
        listener = self.mux.entrances[1]
        assert isinstance(listener, TcpListener)
        return listener

    def connect(self, *, address: str = "127.0.0.1", receive: int | None = None) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socks.append(sock)
        if receive is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        return sock

    async def proven(self, *, receive: int | None = None) -> socket.socket:
        """A connection that belongs to the endpoint."""
        sock = self.connect(receive=receive)
        sock.sendall(frame(check()))
        await until(lambda: self.endpoint.path[:2] == sock.getsockname())
        assert await asyncio.get_running_loop().sock_recv(sock, 100) == frame(b"answer")
        self.endpoint.taken.clear()
        return sock

    async def settle(self) -> None:
        """Let the listener read what is on its way."""
        for _ in range(20):
            await asyncio.sleep(0.001)

    def is_closed(self, sock: socket.socket) -> bool:
        """Whether our side hung up; takes out what came before."""
        try:
            while sock.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        for sock in self.socks:
            sock.close()
        self.mux.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()
    assert not bench.listener.connections
    assert not bench.listener.pending


def check(ufrag: str = "ours", theirs: str = "theirs") -> bytes:
    return stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, f"{ufrag}:{theirs}".encode())], "pwd")


def frame(packet: bytes) -> bytes:
    return len(packet).to_bytes(2, "big") + packet


def frames(data: bytes) -> Iterator[bytes]:
    """What is framed in it; what is cut off at the end is left out."""
    while len(data) >= 2 and len(data) - 2 >= (length := int.from_bytes(data[:2], "big")):
        yield data[2 : 2 + length]
        data = data[2 + length :]


PACKETS = [
    rtp(1, 1, bytes(1400)),
    rtp(1, 2, b"small"),
    ReceiverReport(7).to_bytes() + bytes(8),
    b"\x16\xfe\xfd" + bytes(40),
    check(),
]
KINDS = ["rtp", "rtp", "rtcp", "dtls", "stun"]


@pytest.mark.parametrize("seed", range(5))
async def test_frames_arrive_whole_however_the_stream_is_cut(bench: Bench, seed: int) -> None:
    sock = await bench.proven()
    stream = b"".join(map(frame, PACKETS)) * 3
    chance = random.Random(seed)
    while stream:
        size = chance.choice([1, 2, 3, 700, 1403])
        sock.sendall(stream[:size])
        stream = stream[size:]
        await asyncio.sleep(0)
    await until(lambda: len(bench.endpoint.taken) == 3 * len(PACKETS))
    assert bench.endpoint.taken == list(zip(KINDS, PACKETS, strict=True)) * 3


async def test_packets_leave_in_frames(bench: Bench) -> None:
    sock = await bench.proven()
    entrance, address = bench.listener, sock.getsockname()
    for packet in PACKETS[:3]:
        assert entrance.sendto(memoryview(packet), address) == len(packet)
    entrance.send(b"handshake", address)
    await bench.settle()
    assert list(frames(sock.recv(65_536))) == [*PACKETS[:3], b"handshake"]


@pytest.mark.parametrize(
    "first",
    [
        frame(check("nobody")),
        frame(check(theirs="liar")),
        frame(rtp(1, 1)),
        frame(b"\x16\xfe\xfd" + bytes(40)),
        frame(b"\0\1" + bytes(30)),
        frame(b""),
        frame(b"short"),
        b"\xff\xff" + bytes(3000),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["unknown", "wrong password", "rtp", "dtls", "no user name", "empty", "short", "64 KiB", "http"],
)
async def test_whose_first_frame_is_no_good_check_is_hung_up_on(bench: Bench, first: bytes) -> None:
    sock = bench.connect()
    sock.sendall(first)
    await until(lambda: bench.is_closed(sock))
    assert not bench.listener.connections
    assert not bench.listener.routes


async def test_an_address_that_was_reset_and_comes_back_at_once_is_a_new_connection(bench: Bench) -> None:
    # In one turn of the loop: somebody knocks, so that the listener is served first; the proven one resets and is back.
    sock = await bench.proven()
    address = sock.getsockname()
    bench.connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    again = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bench.socks.append(again)
    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    again.bind(address)
    again.connect(("127.0.0.1", bench.port))
    again.setblocking(False)
    await bench.settle()
    assert len(bench.listener.connections) == 2
    assert address not in bench.listener.routes
    again.sendall(frame(rtp(1, 1)))  # it has proven nothing
    await until(lambda: bench.is_closed(again))
    assert not bench.endpoint.taken
    assert len(bench.listener.connections) == 1


async def test_who_says_nothing_or_half_a_frame_has_some_seconds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_listener, "PROOF_SECONDS", 0.05)
    silent, slow = bench.connect(), bench.connect()
    slow.sendall(frame(check())[:-1])
    await until(lambda: bench.is_closed(silent) and bench.is_closed(slow))
    proven = await bench.proven()
    await asyncio.sleep(0.1)
    assert not bench.is_closed(proven)


async def test_frames_that_are_too_long_end_it_and_short_ones_are_dropped(bench: Bench) -> None:
    sock = await bench.proven()
    dropped = bench.mux.dropped
    sock.sendall(frame(b"") * 3 + frame(b"\x80short") + frame(PACKETS[1]))
    await until(lambda: bench.endpoint.taken == [("rtp", PACKETS[1])])
    assert bench.mux.dropped == dropped + 4
    sock.sendall((1501).to_bytes(2, "big"))
    await until(lambda: bench.is_closed(sock))
    assert not bench.listener.routes


SEEDS = sorted((pathlib.Path(__file__).parents[2] / "fuzz" / "datagrams").glob("*.bin"))


async def test_no_junk_raises_in_a_frame_or_as_a_stream(bench: Bench) -> None:
    """As a stranger's first words, framed and not, and from somebody who belongs here."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    assert len(SEEDS) > 30
    streams = [form(seed.read_bytes()) for seed in SEEDS for form in (frame, bytes)]
    chance = random.Random(3)
    streams += [chance.randbytes(chance.randrange(1, 4000)) for _ in range(200)]
    for stream in streams:
        stranger, known = bench.connect(), await bench.proven()
        for sock in (stranger, known):
            sock.sendall(stream)
            sock.shutdown(socket.SHUT_WR)
        await until(lambda: not bench.listener.connections)
        stranger.close()
        known.close()
    assert faults == []
    assert not bench.listener.routes


async def test_a_thousand_silent_connections_keep_nobody_out(bench: Bench) -> None:
    for number in range(1000):
        bench.connect(address=f"127.0.1.{number % 200 + 1}")
        if number % 30 == 0:
            await asyncio.sleep(0)
    await bench.settle()
    assert len(bench.listener.connections) <= tcp_listener.MAX_PENDING
    await bench.proven()


async def test_one_address_pushes_out_its_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_listener, "MAX_PENDING_PER_ADDRESS", 4)
    other = bench.connect(address="127.0.1.1")
    await bench.settle()
    socks = [bench.connect() for _ in range(10)]
    await until(lambda: sum(bench.is_closed(sock) for sock in socks) == 6)
    assert [bench.is_closed(sock) for sock in socks] == [True] * 6 + [False] * 4
    assert not bench.is_closed(other)


async def test_there_are_so_many_connections_and_no_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_listener, "MAX_CONNECTIONS", 2)
    first, second = await bench.proven(), await bench.proven()
    third = bench.connect()
    await until(lambda: bench.is_closed(third))
    assert not bench.is_closed(first)
    assert not bench.is_closed(second)


async def test_unknown_checks_are_parsed_at_the_strangers_rate(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.mux, "admits_stranger", lambda host, now: False)
    sock = bench.connect()
    sock.sendall(frame(check()))
    await until(lambda: bench.is_closed(sock))
    assert bench.endpoint.taken == []


async def test_pictures_give_way_when_the_network_is_slow_and_sound_does_not(bench: Bench) -> None:
    sock = await bench.proven(receive=4096)
    entrance, address = bench.listener, sock.getsockname()
    connection = entrance.connections[address]
    dropped = 0
    for number in range(4000):
        packet = rtp(1, number, bytes(1000), payload_type=PICTURE)
        try:
            entrance.sendto(memoryview(packet), address)
        except OSError:
            dropped += 1
    assert dropped > 1000
    assert VIDEO_QUEUE < connection.waiting < VIDEO_QUEUE + 1100
    sound = [rtp(2, number, bytes(100), payload_type=SOUND) for number in range(100)]
    for packet in sound:
        entrance.sendto(memoryview(packet), address)
    entrance.sendto(memoryview(ReceiverReport(7).to_bytes()), address)
    # Whoever reads again gets all of the sound, in order, and whole frames only.
    got = bytearray()
    loop = asyncio.get_running_loop()
    while not got.endswith(frame(ReceiverReport(7).to_bytes())):
        got += await asyncio.wait_for(loop.sock_recv(sock, 65_536), 5)
    received = list(frames(bytes(got)))
    assert sum(len(frame(each)) for each in received) == len(got)
    assert [each for each in received if each[1] & 0x7F == SOUND] == sound
    assert connection.waiting == 0


async def test_who_reads_nothing_is_cut_off(bench: Bench) -> None:
    sock = await bench.proven(receive=4096)
    entrance, address = bench.listener, sock.getsockname()
    packet = memoryview(rtp(2, 1, bytes(1000), payload_type=SOUND))
    with contextlib.suppress(OSError):
        for _ in range(4000):
            entrance.sendto(packet, address)
            assert entrance.connections[address].waiting <= MAX_QUEUE if address in entrance.connections else True
    assert address not in entrance.connections
    assert address not in entrance.routes
    assert bench.endpoint.cuts == 1
    with pytest.raises(OSError, match="gone"):
        entrance.sendto(packet, address)
    entrance.send(b"late", address)


async def test_a_connection_ends_with_its_transport(bench: Bench) -> None:
    sock = await bench.proven()
    bench.mux.remove_route(bench.endpoint.path, bench.endpoint)
    await until(lambda: bench.is_closed(sock))


async def test_a_transport_that_ends_within_a_frame_ends_the_reading(bench: Bench) -> None:
    sock = await bench.proven()
    ended: list[int] = []

    def end(length: int, *, now: float) -> None:
        ended.append(length)
        bench.mux.remove_route(bench.endpoint.path, bench.endpoint)

    with patch.object(bench.endpoint, "receive_rtp", end):  # ends in the middle of a read
        sock.sendall(frame(PACKETS[1]) * 5)
        await until(lambda: bench.is_closed(sock))
    assert len(ended) == 1


async def test_a_hung_up_connection_is_forgotten(bench: Bench) -> None:
    sock = await bench.proven()
    sock.close()
    await until(lambda: not bench.listener.connections)
    assert not bench.listener.routes


async def test_without_files_it_takes_a_breath(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_listener, "BREATH", 0.05)

    class Exhausted:
        """The listening socket of a process without a file left."""

        def __init__(self, sock: socket.socket) -> None:
            self.sock = sock
            self.asked = 0

        def accept(self) -> tuple[socket.socket, tuple[str, int]]:
            self.asked += 1
            if self.asked == 1:
                raise OSError(24, "Too many open files")
            return self.sock.accept()

        def fileno(self) -> int:
            return self.sock.fileno()

        def close(self) -> None:
            self.sock.close()

    exhausted = Exhausted(bench.listener._sock)
    with patch.object(bench.listener, "_sock", exhausted):  # a socket without descriptors left
        sock = bench.connect()
        sock.sendall(frame(check()))
        await until(lambda: bench.endpoint.path[:2] == sock.getsockname())
    assert 2 <= exhausted.asked <= 4


async def test_the_same_number_as_udp_and_one_port_for_all_addresses() -> None:
    mux = UdpMux(["127.0.0.1", "::1"], 0, bytearray(1564), clock=lambda: 0.0)
    try:
        assert open_tcp(mux, ["127.0.0.1", "::1"], mux.port) == mux.port
        assert [entrance.port for entrance in mux.entrances] == [mux.port] * 4
        with pytest.raises(OSError, match="use"):
            open_tcp(mux, ["127.0.0.1"], mux.port)
    finally:
        mux.close()
