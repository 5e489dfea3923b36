"""What an admitted member may send that no browser would: bounded for the server, and nobody else's trouble."""

import itertools
import struct
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.bwe.allocation import Layer
from sfu.control import EncodingParameters, Extensions, Refused
from sfu.forwarding.down_track import DownTrack
from sfu.streams.receive_stream import MAX_DROPOUT, WINDOW
from tests.sfu.fakes import DELTA, KEY, OPUS, one_byte_extension, paced, publish, rtp, subscribe
from tests.sfu.forwarding.camera import Unpaced
from tests.sfu.test_publisher import Room


def watch(room: Room, extensions: Extensions | None = None) -> DownTrack:
    """Subscribe somebody to the camera whom no pace holds up."""
    sender = Unpaced(room.down, now=0.0)
    copy = room.router.subscribe(subscribe(extensions=extensions), sender, on_ended=lambda ended: None)
    assert not isinstance(copy, Refused)
    copy.resume(now=0.0)
    return copy


def test_ten_megabits_a_second_of_everything_are_cut_to_eight() -> None:
    """An admitted member is authentic and may still flood: what is too much goes no further than the decryption."""
    room = Room()
    room.publisher.publish(publish(extensions=Extensions(transport_cc=3)))
    room.publisher.publish(publish("mic", kind="audio", mid="1", ssrc=7))
    watch(room)
    heard = room.router.subscribe(subscribe("mic", codec=OPUS), paced(), on_ended=lambda ended: None)
    assert not isinstance(heard, Refused)
    heard.resume(now=0.0)
    sent = 12_500
    for number in range(sent):  # 10 s of 1000 bytes
        extension = one_byte_extension((3, struct.pack("!H", number & 0xFFFF)))
        payload = (KEY if number == 0 else DELTA).ljust(980, b"\0")
        room.receive(rtp(1000, number, payload, extension=extension), number / 1250)
        if number % 25 == 0:
            room.receive(rtp(7, number // 25, b"opus", payload_type=111), number / 1250)
    track = room.router.tracks["camera"]
    octets = sum(track.encodings[0].layer_rates.octets)
    assert 8_000_000 <= octets * 8 / 10 <= 9_000_000
    assert heard.stream.packets == 500, "sound goes on beside it"
    assert room.publisher.refusals.total == sent - octets // 980


@pytest.mark.parametrize("step", [1, 3000, 30_000, 40_000, 65_535])
def test_jumping_numbers_and_timestamps_keep_nothing_and_stop_nobody(step: int) -> None:
    room = Room()
    room.publisher.publish(publish(rtx_ssrc=2000))
    watch(room)
    for number in range(2000):
        room.receive(rtp(1000, number * step, KEY, timestamp=number * 0x7654_3211), number / 100)
        if number % 10 == 0:
            room.publisher.handle_timer(now=number / 100)
    assert len(room.channel.rtcp) < 2000
    sent = [struct.unpack_from("!H", packet, 2)[0] for packet in room.down.sent]
    steps = [(after - before) & 0xFFFF for before, after in itertools.pairwise(sent)]
    assert all(0 < change <= MAX_DROPOUT + WINDOW or change > 0x10000 - WINDOW for change in steps), (
        "gaps, but no jumps"
    )
    for number in range(4):
        room.receive(rtp(1000, 7 + number, KEY), 30 + number / 100)
    assert room.down.sent[-1][12:] == KEY


STRUCTURE = (Path(__file__).parents[1] / "fuzz" / "dependency_descriptor" / "good_l1t3_key.bin").read_bytes()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.one_of(st.binary(min_size=1, max_size=40), st.just(STRUCTURE)),
            st.binary(max_size=30),
            st.integers(0, 0xFFFF),
            st.sampled_from([None, 0, 1, 2, "pause"]),
        ),
        max_size=40,
    )
)
def test_absurd_descriptors_and_changes_of_layers_never_raise(
    steps: list[tuple[int, bytes, bytes, int, int | str | None]],
) -> None:
    room = Room()
    encodings = [EncodingParameters(1000 + index, rid=rid) for index, rid in enumerate("qhf")]
    extensions = Extensions(dependency_descriptor=4)
    room.publisher.publish(publish(encodings=encodings, extensions=extensions))
    copy = watch(room, extensions)
    for index, (encoding, descriptor, payload, number, choice) in enumerate(steps):
        now = index / 10
        block = bytes([4, len(descriptor)]) + descriptor
        block += bytes(-len(block) % 4)
        extension = struct.pack("!HH", 0x1000, len(block) // 4) + block if encoding else b""
        room.receive(rtp(1000 + encoding % 3, number, payload, extension=extension), now)
        if choice == "pause":
            copy.select(None, now=now)
        elif isinstance(choice, int):
            copy.select(Layer(1, 1, choice, choice), now=now)
        copy.receive_nack([number, 0x5000 + index], now=now)
        room.publisher.handle_timer(now=now)
        assert all(len(packet) < 1500 for packet in room.down.sent)


def test_ssrcs_that_are_not_bound_in_the_end_leave_nothing_behind() -> None:
    """libsrtp keeps a kilobyte for each SSRC under which something authentic came: 4 billion must not be had for free.

    The packets name an encoding whose SSRC is not known yet, and are refused only once they are open: because their
    padding makes no sense, and because too much was sent.
    """
    room = Room()
    extensions = Extensions(mid=1)
    room.publisher.publish(publish(encodings=[EncodingParameters()], extensions=extensions))
    room.publisher.publish(publish("mic", kind="audio", mid="1", ssrc=7))
    room.publisher.publish(publish("screen", mid="2", ssrc=8))
    named = one_byte_extension((1, b"0"))
    sealed = room.channel.unprotect

    def open_with_padding(length: int) -> int:
        room.channel.incoming[length - 1] = 255
        return sealed(length)

    with patch.object(room.channel, "unprotect", open_with_padding):  # opens as SRTP would
        for ssrc in range(5000, 5010):
            packet = bytearray(rtp(ssrc, 1, b"payload\1", extension=named))
            packet[0] |= 0x20
            room.receive(bytes(packet))
    assert room.channel.forgotten_received == list(range(5000, 5010))
    room.channel.forgotten_received.clear()
    while room.publisher.refusals.total == 10:
        room.receive(rtp(8, 1, bytes(1000)))
    for ssrc in range(6000, 6010):
        room.receive(rtp(ssrc, 1, KEY, extension=named))
    assert room.publisher.refusals.total == 21
    assert room.channel.forgotten_received == list(range(6000, 6010))
    room.receive(rtp(7, 1, b"known", payload_type=111))
    room.channel.authentic = False
    room.receive(rtp(7000, 1, KEY, extension=named), 9.0)
    assert room.channel.forgotten_received == list(range(6000, 6010)), "nothing is kept of these"
