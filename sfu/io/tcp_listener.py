"""Media over TCP (RFC 6544 passive candidates, RFC 4571 framing), the way in from networks that block UDP.

Whoever connects has `PROOF_SECONDS` to prove by a STUN check that they belong to a transport; until then a connection
costs one socket and at most one frame of memory. From then on frames are what datagrams are on the UDP side.

TCP never loses a packet, it delays all that come after. So what waits here stays short: pictures are dropped when the
queue holds more than `VIDEO_QUEUE`, sound and everything else only with the whole connection.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import OrderedDict
from collections.abc import Sequence

from sfu.io.addresses import SocketAddress
from sfu.io.entrance import Entrance
from sfu.io.udp_mux import UdpMux
from sfu.rtp.packet import HEADER_SIZE, MAX_DATAGRAM, is_rtcp

PROOF_SECONDS = 5.0
"""From the connection to the first valid check, seconds. A browser sends it within a round trip; longer lets idle
connections pile up, shorter cuts off a satellite link that loses the first flight."""

MAX_PENDING = 256
"""Connections that have not proven themselves, of one entrance. When one more comes, the oldest goes: who floods pushes
their own out, while a browser has had its round trip by then."""

MAX_PENDING_PER_ADDRESS = 64
"""The same of one address. Sixty people behind one hospital's NAT make 120 connections in the moments in which they
join, each of them pending for a round trip."""

MAX_CONNECTIONS = 1_000
"""Connections of one entrance: 500 people who all lack UDP. Each costs a file and about 4 kB."""

READ = 16 << 10
"""Bytes read from a connection in one wake-up: 13 large packets. More lets one sender of tiny frames hold up all."""

ACCEPT = 32
"""Connections taken in one wake-up, for the same reason."""

VIDEO_QUEUE = 48 << 10
"""Bytes that may wait before pictures are dropped: 0.4 s at 1 Mbit/s. More is delay for the sound behind it, less
drops key frames, which come as 20 to 40 kB at once."""

MAX_QUEUE = 256 << 10
"""Bytes that may wait at all. Ten seconds of the sound of three: who takes nothing for that long does not read."""

UNSENT = 16 << 10
"""TCP_NOTSENT_LOWAT, bytes that the kernel takes before they can leave. Its own buffer would hold up to 4 MiB, half a
minute of a slow uplink, of which nothing could be dropped any more."""

BREATH = 1.0
"""Seconds without new connections when the process has no files left."""


def open_tcp(mux: UdpMux, addresses: Sequence[str], port: int) -> int:
    """Add an entrance over TCP for each address (``port`` 0: any free one, the same on all); return the port.

    Raises `OSError` if it cannot be had. `UdpMux.listen` and `UdpMux.close` open and close these with the others.
    """
    for address in addresses:
        entrance = TcpListener(mux, len(mux.entrances), address, port)
        mux.entrances.append(entrance)
        port = entrance.port
    return port


class TcpListener(Entrance):
    """One listening socket and its connections."""

    def __init__(self, mux: UdpMux, index: int, address: str, port: int) -> None:
        """Bind it."""
        super().__init__(mux, index)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if family == socket.AF_INET6:
                self._sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sock.setblocking(False)
            self._sock.bind((address, port))
            self._sock.listen(MAX_PENDING)
        except OSError:
            self._sock.close()
            raise
        self.port = self._sock.getsockname()[1]
        self.sendto = self._send_packet
        self.connections: dict[SocketAddress, Connection] = {}
        self.pending: OrderedDict[SocketAddress, asyncio.TimerHandle] = OrderedDict()
        """Those that have not proven themselves, the oldest first."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Begin to receive."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._accept)

    def close(self) -> None:
        """Stop receiving and close."""
        for connection in list(self.connections.values()):
            connection.close()
        if self._loop is not None:
            self._loop.remove_reader(self._sock)
            self._loop = None
        self._sock.close()

    def send(self, datagram: bytes, address: SocketAddress) -> None:
        """Send an answer or a handshake; if its connection is gone, so is its reader."""
        connection = self.connections.get(address[:2])
        if connection is not None:
            connection.send(datagram)

    def forget(self, address: SocketAddress) -> None:
        """Nobody is behind the address any more: its connection has no use."""
        super().forget(address)
        if address in self.connections:
            self.connections[address].close()

    def receive(self, length: int, address: SocketAddress) -> bool:
        """Take the frame in the buffer as a datagram; False if its sender has no business here."""
        first = self._buffer[0]
        endpoint = self.routes.get(address)
        if endpoint is None:
            self._receive_other(first, length, address)
            if address not in self.routes:
                return False
            if address in self.pending:
                self.pending.pop(address).cancel()
        elif not 128 <= first <= 191:
            self._receive_other(first, length, address)
        elif is_rtcp(self._buffer[1]):
            endpoint.receive_rtcp(length, now=self._mux.now())
        else:
            endpoint.receive_rtp(length, now=self._mux.now())
        return True

    def gone(self, address: SocketAddress) -> None:
        """A connection is closed."""
        del self.connections[address]
        self.routes.pop(address, None)
        if address in self.pending:
            self.pending.pop(address).cancel()

    def cut_off(self, address: SocketAddress) -> None:
        """A connection ends because it is not read."""
        endpoint = self.routes.get(address)
        if endpoint is not None:
            endpoint.cut_off()

    def drop(self) -> None:
        """Count a frame that could not be used."""
        self._mux.dropped += 1

    def _send_packet(self, packet: memoryview, address: SocketAddress) -> int:
        connection = self.connections.get(address)
        if connection is None:
            raise OSError(errno.ENOTCONN, "the connection is gone")
        if connection.waiting > VIDEO_QUEUE and not is_rtcp(packet[1]):
            endpoint = self.routes.get(address)
            if endpoint is None or packet[1] & 0x7F not in endpoint.sound_types:
                raise OSError(errno.ENOBUFS, "no room for pictures")
        connection.send(packet)
        return len(packet)

    def _accept(self) -> None:
        assert self._loop is not None
        for _ in range(ACCEPT):
            try:
                sock, full_address = self._sock.accept()
            except BlockingIOError:
                return
            except OSError:  # no files left; or it hung up before it was taken, which a second's pause does not change
                self._loop.remove_reader(self._sock)
                self._loop.call_later(BREATH, self._go_on)
                return
            address = full_address[:2]
            if before := self.connections.get(address):  # it was reset, which is not read yet, and somebody is back
                before.close()
            if len(self.connections) >= MAX_CONNECTIONS and not self.pending:
                sock.close()
                continue
            same = [other for other in self.pending if other[0] == address[0]]
            if len(same) >= MAX_PENDING_PER_ADDRESS:
                self.connections[same[0]].close()
            elif len(self.pending) >= MAX_PENDING or len(self.connections) >= MAX_CONNECTIONS:
                self.connections[next(iter(self.pending))].close()
            connection = self.connections[address] = Connection(self, sock, address, self._buffer, self._loop)
            self.pending[address] = self._loop.call_later(PROOF_SECONDS, connection.close)

    def _go_on(self) -> None:
        if self._loop is not None:
            self._loop.add_reader(self._sock, self._accept)


class Connection:
    """One accepted connection: frames in, frames out."""

    def __init__(
        self,
        listener: TcpListener,
        sock: socket.socket,
        address: SocketAddress,
        buffer: bytearray,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Begin to read. ``buffer`` is where packets are worked on."""
        self._listener = listener
        self._sock = sock
        self._address = address
        self._buffer = buffer
        self._loop = loop
        self._partial = bytearray()
        self._queue = bytearray()
        self._open = True
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # Linux and macOS
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        loop.add_reader(sock, self._read)

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._queue)

    def send(self, packet: bytes | memoryview) -> None:
        """Send a frame now or in its turn. Ends the connection when too much waits."""
        if not self._open:
            return
        frame = len(packet).to_bytes(2, "big") + packet
        if self._queue:
            self._queue += frame
            if len(self._queue) > MAX_QUEUE:
                self._listener.cut_off(self._address)
                self.close()
            return
        sent = self._write(frame)
        if sent < len(frame) and self._open:
            self._queue += frame[sent:]
            self._loop.add_writer(self._sock, self._flush)

    def close(self) -> None:
        """End it, with what waits. Safe to call again."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._queue.clear()
        self._listener.gone(self._address)

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.close()
            return 0

    def _flush(self) -> None:
        sent = self._write(self._queue)
        if self._open:
            del self._queue[:sent]
            if not self._queue:
                self._loop.remove_writer(self._sock)

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or not self._take(data):
            self.close()

    def _take(self, data: bytes) -> bool:
        """Take what was read, frame by frame; False if the other side breaks the rules."""
        partial = self._partial
        partial += data
        offset = 0
        while self._open and len(partial) - offset >= 2:
            length = partial[offset] << 8 | partial[offset + 1]
            if length > MAX_DATAGRAM:
                return False
            start = offset + 2
            if len(partial) - start < length:
                break
            offset = start + length
            if length < HEADER_SIZE:
                self._listener.drop()
                if self._address in self._listener.pending:
                    return False
                continue
            self._buffer[:length] = partial[start:offset]
            if not self._listener.receive(length, self._address):
                return False
        del partial[:offset]
        return True
