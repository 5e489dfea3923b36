"""The frames between control plane and worker: what is sent arrives whole and in order, and nothing else is taken."""

from __future__ import annotations

import itertools
import struct
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu import control
from sfu.control import Done, OpenTransport, RoomLost, TrackWish, TransportClosed, WatchTracks, WorkerSettings
from sfu.io import frames
from sfu.io.frames import (
    MAX_FRAME,
    Answer,
    AnyEvent,
    AnyRequest,
    AnyResponse,
    Call,
    FrameReader,
    FromWorker,
    Message,
    Ping,
    Pong,
    Report,
    Start,
    Stop,
    ToWorker,
    encode,
)
from sfu.rtp.errors import ParseError

requests = st.one_of(*(st.from_type(each) for each in get_args(AnyRequest)))
ports = st.integers(0, 65535)
hosts = st.lists(st.text(), max_size=3)
settings = st.builds(WorkerSettings, ports, hosts, hosts, st.none() | ports)
to_worker = st.one_of(
    st.builds(Start, settings),
    st.builds(Call, st.integers(0, 2**63 - 1), requests),
    st.builds(Ping, st.integers(0, 2**63 - 1)),
    st.just(Stop()),
)
from_worker = st.one_of(
    st.builds(Answer, st.integers(0, 2**63 - 1), st.one_of(*(st.from_type(each) for each in get_args(AnyResponse)))),
    st.builds(Report, st.one_of(*(st.from_type(each) for each in get_args(AnyEvent)))),
    st.builds(Pong, st.integers(0, 2**63 - 1)),
)


def representable(message: Message) -> bool:
    """MessagePack has integers of 64 bits; ports, SSRCs and heights are far below, but hypothesis does not know."""
    try:
        encode(message)
    except (OverflowError, UnicodeEncodeError):
        return False
    return True


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces."""
    marks = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in itertools.pairwise(marks)]


@pytest.mark.parametrize(("kind", "messages"), [(ToWorker, to_worker), (FromWorker, from_worker)])
def test_what_is_sent_arrives_in_order_in_whatever_pieces(kind: object, messages: st.SearchStrategy[Message]) -> None:
    @given(st.lists(messages.filter(representable), max_size=5), st.lists(st.integers(0, 10_000)))
    def holds(sent: list[Message], places: list[int]) -> None:
        reader = FrameReader(kind)
        data = b"".join(map(encode, sent))
        assert [message for piece in cut(data, places) for message in reader.feed(piece)] == sent

    holds()


@given(st.lists(st.binary(max_size=60), max_size=4), st.booleans())
def test_junk_is_messages_or_an_error_and_nothing_else(contents: list[bytes], framed: bool) -> None:
    data = b"".join(struct.pack("!I", len(each)) + each if framed else each for each in contents)
    try:
        found = FrameReader(ToWorker).feed(data)
    except ParseError:
        return
    assert all(isinstance(message, get_args(ToWorker)) for message in found)


def test_messages_of_the_other_direction_are_refused() -> None:
    with pytest.raises(ParseError):
        FrameReader(ToWorker).feed(encode(Answer(1, Done())))
    with pytest.raises(ParseError):
        FrameReader(FromWorker).feed(encode(Call(1, OpenTransport("r", "m", "t", "publish"))))


def test_a_field_of_another_type_is_refused() -> None:
    wrong = {"type": "Call", "number": 1, "request": {"type": "OpenTransport", "room": 7}}
    content = msgspec.msgpack.encode(wrong)
    with pytest.raises(ParseError):
        FrameReader(ToWorker).feed(struct.pack("!I", len(content)) + content)


def test_a_frame_that_is_too_long_is_refused_before_it_comes() -> None:
    with pytest.raises(ParseError):
        FrameReader(ToWorker).feed(struct.pack("!I", MAX_FRAME + 1))
    wishes = [TrackWish("m" * 32 + "/" + "t" * 32, 720)] * 20_000
    with pytest.raises(ValueError, match="too long"):
        encode(Call(1, WatchTracks("t", wishes)))


def test_the_largest_wish_of_a_browser_fits_into_a_frame() -> None:
    from signaling.messages import MAX_MESSAGE_BYTES

    tile = b'{"member":"12345678","track":"12345678","height":1}'
    wishes = [TrackWish("12345678/12345678", 1)] * (MAX_MESSAGE_BYTES // len(tile))
    encode(Call(1, WatchTracks("t" * 32, wishes)))


def test_every_request_response_and_event_has_its_place() -> None:
    declared = {each for each in vars(control).values() if isinstance(each, type)}
    for base, union in ((control.Request, AnyRequest), (control.Response, AnyResponse), (control.Event, AnyEvent)):
        wanted = {each for each in declared if issubclass(each, base) and each is not base}
        # `RoomLost` is said by who keeps the workers, of a worker that cannot say anything any more.
        assert set(get_args(union)) == wanted - {RoomLost}
    assert TransportClosed in get_args(AnyEvent)
    assert set(get_args(ToWorker)) | set(get_args(FromWorker)) == {
        each for each in vars(frames).values() if isinstance(each, type) and issubclass(each, Message)
    } - {Message}
