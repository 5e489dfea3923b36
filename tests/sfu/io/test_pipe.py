"""One end of the pipe: at once and in order, bounded, and its end told once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from sfu.io import pipe as pipe_module
from sfu.io.frames import FrameReader, FromWorker, Message, Ping, Pong, ToWorker, encode
from sfu.io.pipe import Pipe

SECONDS = 10
SMALL = 4096
"""Bytes of the kernel's buffers, so that a test fills them."""


class End:
    """One end and what it was told."""

    def __init__(self, sock: socket.socket, kind: object = ToWorker) -> None:
        self.heard: list[Message] = []
        self.ends = 0
        self.news = asyncio.Event()
        self.pipe = Pipe(sock, kind, on_message=self._hear, on_end=self._end)

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        self.news.set()

    def _end(self) -> None:
        self.ends += 1
        self.news.set()

    async def until(self, *, heard: int = 0, ends: int = 0) -> None:
        async with asyncio.timeout(SECONDS):
            while len(self.heard) < heard or self.ends < ends:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    with one, other:
        yield one, other


async def test_what_is_sent_is_in_the_kernel_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    end = End(ours)
    end.pipe.send(Pong(7))
    theirs.setblocking(False)
    assert FrameReader(FromWorker).feed(theirs.recv(1000)) == [Pong(7)]
    end.pipe.close()


async def test_more_than_the_kernel_takes_arrives_in_order(pair: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = End(pair[0], FromWorker), End(pair[1])
    for number in range(3000):
        sender.pipe.send(Ping(number))
    await receiver.until(heard=3000)
    assert receiver.heard == [Ping(number) for number in range(3000)]
    sender.pipe.close()
    await receiver.until(ends=1)
    assert (sender.ends, receiver.ends) == (0, 1)
    receiver.pipe.send(Pong(1))  # nobody is there: nothing happens


async def test_who_does_not_read_is_given_up(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe_module, "MAX_WAITING", 50_000)
    end = End(pair[0], FromWorker)
    sent = 0
    while not end.pipe._closed:
        end.pipe.send(Ping(sent))
        sent += 1
        assert sent < 100_000
    await end.until(ends=1)
    end.pipe.send(Ping(0))
    end.pipe.close()
    assert end.ends == 1


@pytest.mark.parametrize("words", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc0"])
async def test_who_says_what_is_no_message_is_given_up(pair: tuple[socket.socket, socket.socket], words: bytes) -> None:
    end = End(pair[0])
    pair[1].sendall(encode(Ping(1)) + words + encode(Ping(2)))
    await end.until(ends=1)
    assert end.heard == []
    await asyncio.sleep(0)
    assert end.ends == 1


async def test_the_end_of_the_other_is_told_after_its_last_words(pair: tuple[socket.socket, socket.socket]) -> None:
    end = End(pair[0])
    pair[1].sendall(encode(Ping(1)) + encode(Ping(2))[:3])
    pair[1].close()
    await end.until(ends=1)
    assert end.heard == [Ping(1)]
    assert end.ends == 1
