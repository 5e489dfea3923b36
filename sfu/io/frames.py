"""What crosses the pipe between the control plane and a worker process: messages as frames, sans-IO.

A frame is the length of its content, four bytes in network order, and one message in MessagePack. Only what is declared
here is taken, with the fields and types of its declaration, from either end: nothing that arrives can name code to run,
as a pickle could, and a worker into whose memory somebody got has no more words than these.

Requests, answers and reports each keep the order in which they were sent, and one stream carries them all: what a
worker reported before it answered is read before the answer.
"""

from __future__ import annotations

import struct

import msgspec

from sfu.control import (
    CloseMember,
    CloseRoom,
    CloseTransport,
    ConnectTransport,
    Done,
    EncodingsWanted,
    OpenTransport,
    PublishTrack,
    Refused,
    RestartIce,
    StartTrack,
    SubscribeTrack,
    TracksHeld,
    TrackSubscribed,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
    TransportOpened,
    UnpublishTrack,
    UnsubscribeTrack,
    WatchTracks,
    WorkerSettings,
)
from sfu.rtp.errors import ParseError

MAX_FRAME = 1 << 20
"""Bytes of a frame's content. The largest is `WatchTracks`: what one message of a browser holds, 1 MiB at most, and no
wish needs as many bytes here as there. A smaller bound could be met from outside, and would cost everybody the
worker; a larger one is memory that a broken worker may ask for."""

AnyRequest = (
    OpenTransport
    | ConnectTransport
    | RestartIce
    | PublishTrack
    | UnpublishTrack
    | SubscribeTrack
    | StartTrack
    | WatchTracks
    | UnsubscribeTrack
    | CloseTransport
    | CloseMember
    | CloseRoom
)
AnyResponse = Done | TransportOpened | TrackSubscribed | Refused
AnyEvent = TransportConnected | TransportDisconnected | TransportClosed | EncodingsWanted | TracksHeld


class Message(msgspec.Struct, tag=True, frozen=True):
    """Something that is sent."""


# -- From the control plane -----------------------------------------------------------------------------------------


class Start(Message, frozen=True):
    """The first word: open the ports. Answered by `Started` or `NotStarted`."""

    settings: WorkerSettings


class Call(Message, frozen=True):
    """A request, answered under its number."""

    number: int
    request: AnyRequest


class Ping(Message, frozen=True):
    """Answered at once by `Pong`."""

    number: int


class Stop(Message, frozen=True):
    """Close every transport, and end."""


# -- From the worker ------------------------------------------------------------------------------------------------


class Started(Message, frozen=True):
    """The ports are open; these are their numbers."""

    port: int
    tcp_port: int | None


class NotStarted(Message, frozen=True):
    """A port could not be had, or a fault of ours came before."""

    errno: int
    """Of the operating system; 0 where no port is to blame."""
    tcp: bool
    """It was the TCP port."""


class Answer(Message, frozen=True):
    """The response to the call of that number."""

    number: int
    response: AnyResponse


class Failed(Message, frozen=True):
    """The call of that number met a fault of the worker's, which the log tells."""

    number: int


class Report(Message, frozen=True):
    """An event."""

    event: AnyEvent


class Pong(Message, frozen=True):
    """The answer to the ping of that number."""

    number: int


ToWorker = Start | Call | Ping | Stop
FromWorker = Started | NotStarted | Answer | Failed | Report | Pong

_LENGTH = struct.Struct("!I")
_encoder = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """Return the frame. Raises `ValueError` for one beyond `MAX_FRAME`."""
    content = _encoder.encode(message)
    if len(content) > MAX_FRAME:
        raise ValueError("a message too long for a frame")
    return _LENGTH.pack(len(content)) + content


class FrameReader:
    """Makes messages of bytes as they come. Holds one unfinished frame at most."""

    def __init__(self, kind: object) -> None:
        """`kind`: `ToWorker` or `FromWorker`."""
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are complete now. Raises `ParseError`, after which nothing more can be read."""
        self._waiting += data
        found: list[Message] = []
        at = 0
        while len(self._waiting) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._waiting, at)
            if length > MAX_FRAME:
                raise ParseError("a frame too long")
            end = at + _LENGTH.size + length
            if end > len(self._waiting):
                break
            with memoryview(self._waiting) as view:
                try:
                    found.append(self._decoder.decode(view[at + _LENGTH.size : end]))
                except msgspec.MsgspecError:
                    raise ParseError("a frame that is none of the messages") from None
            at = end
        del self._waiting[:at]
        return found
