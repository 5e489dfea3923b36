"""The client of `tests.sfu.client` over TCP: the same packets, in RFC 4571 frames."""

from __future__ import annotations

import socket

from sfu.control import LocalParameters
from tests.sfu.client import Client


class TcpClient(Client):
    """One transport over TCP. `local` must offer a TCP candidate."""

    async def connect(self, local: LocalParameters, *, timeout: float = 5.0) -> None:
        tcp = [candidate for candidate in local.candidates if candidate.protocol == "tcp"]
        only_tcp = LocalParameters(local.ice_ufrag, local.ice_pwd, local.fingerprint, tcp)
        self._stream = socket.create_connection((tcp[0].address, tcp[0].port))
        self._stream.setblocking(False)
        self._unread = bytearray()
        self._loop.add_reader(self._stream, self._read)
        await super().connect(only_tcp, timeout=timeout)

    def send_raw(self, datagram: bytes | memoryview) -> None:
        if self.server[1] != 9:  # where `close` turns to go quietly
            self._stream.sendall(len(datagram).to_bytes(2, "big") + datagram)

    async def close(self, *, quietly: bool = False) -> None:
        self._loop.remove_reader(self._stream)
        await super().close(quietly=quietly)
        self._stream.close()

    def _read(self) -> None:
        """Hand frames to the UDP socket's reader, through that socket: it knows what to do with each packet."""
        try:
            data = self._stream.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._stream)
            return
        self._unread += data
        while len(self._unread) >= 2:
            length = int.from_bytes(self._unread[:2], "big")
            if len(self._unread) - 2 < length:
                return
            self.sock.sendto(self._unread[2 : 2 + length], self.sock.getsockname())
            del self._unread[: 2 + length]
