import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import rtcp
from sfu.rtp.errors import ParseError
from sfu.rtp.transport_feedback import TransportFeedback


def wire(body: str, base: int = 1, count: int = 1) -> bytes:
    """Return a feedback packet with these chunks and deltas: reference time 2 (512 ticks), feedback count 9."""
    data = bytes.fromhex(f"0000000a 0000000b {base:04x} {count:04x} 000002 09" + body)
    padding = -len(data) % 4
    if padding:
        data += bytes(padding - 1) + bytes([padding])
    return bytes([0xAF if padding else 0x8F, 205, 0, len(data) // 4]) + data


def feedback(count: int, arrivals: list[tuple[int, int]]) -> TransportFeedback:
    return TransportFeedback(10, 11, 1, count, 9, arrivals)


@pytest.mark.parametrize(
    ("packet", "body"),
    [
        # One packet: run length of one small delta (draft section 3.1.3).
        (feedback(1, [(0, 517)]), "2001 05"),
        # Received, not received, received: a one-bit vector would need 14; the run to the end is not one, so a vector.
        (feedback(3, [(0, 512), (2, 513)]), "a800 00 01"),
        # A large and a negative delta: two-bit vector, symbols 1 2 2.
        (feedback(3, [(0, 512), (1, 1024), (2, 1023)]), "da00 00 0200 ffff"),
        # Twenty small ones: one run.
        (feedback(20, [(i, 512 + i) for i in range(20)]), "2014 00" + "01" * 19),
        # A long gap costs one chunk.
        (feedback(8000, [(0, 512), (7999, 512)]), "a000 1f31 2001 00 00"),
    ],
)
def test_golden_bytes(packet: TransportFeedback, body: str) -> None:
    expected = wire(body, count=packet.status_count)
    assert packet.to_bytes() == expected
    assert rtcp.parse(expected) == [packet]


def test_the_drafts_own_chunk_examples() -> None:
    # Section 3.1.3: 0 00 0000011011101 is a run of 221 "not received"; 0 11 ... is reserved and refused.
    assert rtcp.parse(wire("00dd", count=221)) == [feedback(221, [])]
    # Section 3.1.4, first example: one-bit symbols 0 11111 000 111 00, of which the small deltas follow.
    assert rtcp.parse(wire("9f1c" + "00" * 8, count=14)) == [
        feedback(14, [(place, 512) for place in (1, 2, 3, 4, 5, 9, 10, 11)])
    ]
    # Second example: two-bit symbols 00 11 01 01 01 00 00 uses the reserved 11 for "received without time": refused.
    with pytest.raises(ParseError):
        rtcp.parse(wire("cd50" + "00" * 8, count=7))


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(-300, 600)), min_size=1, max_size=150),
    st.integers(-(2**30), 2**30),
    st.integers(0, 9000),
)
def test_round_trip(steps: list[tuple[int, int]], ticks: int, tail: int) -> None:
    offset, arrivals = -1, []
    for gap, delta in steps:
        offset += gap
        ticks += delta
        arrivals.append((offset, ticks))
    packet = TransportFeedback(1, 2, 0xFFF0, offset + 1 + tail, 255, arrivals)
    assert rtcp.parse(packet.to_bytes()) == [packet]


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=60))
def test_every_short_pattern_of_statuses_survives(symbols: list[int]) -> None:
    ticks, arrivals = 0, []
    for offset, symbol in enumerate(symbols):
        ticks += {0: 0, 1: 1, 2: 256}[symbol]
        if symbol:
            arrivals.append((offset, ticks))
    packet = TransportFeedback(1, 2, 3, len(symbols), 4, arrivals)
    assert rtcp.parse(packet.to_bytes()) == [packet]


def read_plainly(data: bytes, count: int) -> list[tuple[int, int]] | None:
    """Read chunks and deltas as sections 3.1.3 to 3.1.5 tell them, symbol by symbol; None where they do not fit.

    ``data`` begins behind the fixed part, whose reference time is 512 ticks.
    """
    symbols: list[int] = []
    position = 0
    while len(symbols) < count:
        if position + 2 > len(data):
            return None
        bits = f"{int.from_bytes(data[position : position + 2], 'big'):016b}"
        position += 2
        if bits[0] == "0":
            symbols += [int(bits[1:3], 2)] * int(bits[3:], 2)
        elif bits[1] == "0":
            symbols += [int(bit) for bit in bits[2:]]
        else:
            symbols += [int(bits[place : place + 2], 2) for place in range(2, 16, 2)]
    ticks, arrivals = 512, []
    for offset, symbol in enumerate(symbols[:count]):
        if symbol == 3 or position + symbol > len(data):
            return None
        if symbol:
            ticks += int.from_bytes(data[position : position + symbol], "big", signed=symbol == 2)
            arrivals.append((offset, ticks))
        position += symbol
    return arrivals


SYMBOLS = st.sampled_from([0, 1, 1, 1, 2, 3])
CHUNKS = (
    st.tuples(SYMBOLS, st.integers(0, 40)).map(lambda run: run[0] << 13 | run[1])
    | st.integers(0x8000, 0xBFFF)
    | st.lists(SYMBOLS, min_size=7, max_size=7).map(lambda seven: int("11" + "".join(f"{one:02b}" for one in seven), 2))
    | st.integers(0, 0xFFFF)
)


@given(st.lists(CHUNKS, max_size=8), st.binary(max_size=300), st.integers(0, 200))
def test_whatever_comes_is_read_as_if_symbol_by_symbol(chunks: list[int], deltas: bytes, count: int) -> None:
    body = b"".join(chunk.to_bytes(2, "big") for chunk in chunks) + deltas
    body = body[: len(body) // 4 * 4]
    data = bytes.fromhex(f"8fcd{len(body) // 4 + 4:04x} 0000000a 0000000b 0001 {count:04x} 000002 09") + body
    arrivals = read_plainly(body, count)
    if arrivals is None:
        with pytest.raises(ParseError):
            rtcp.parse(data)
    else:
        assert rtcp.parse(data) == [feedback(count, arrivals)]


def test_a_run_of_thousands_is_refused_before_it_is_unfolded() -> None:
    with pytest.raises(ParseError, match="lacks deltas"):
        rtcp.parse(wire("3fff" + "00" * 40, count=0xFFFF))


def test_a_body_without_its_fixed_part_is_refused() -> None:
    with pytest.raises(ParseError):
        rtcp.parse(bytes.fromhex("8fcd0003 0000000a 0000000b 00010001"))


def test_a_step_that_no_delta_carries_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="too far apart"):
        TransportFeedback(1, 2, 3, 2, 4, [(0, 0), (1, 0x8000)]).to_bytes()


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("", 1),  # no chunk
        ("2000", 1),  # an empty run, and nothing after it
        ("3fff", 0xFFFF),  # a run of 8191 received without a single delta
        ("6001 00", 1),  # reserved symbol
        ("4001 01", 1),  # half a large delta
        ("2002 01", 2),  # one delta for two
    ],
)
def test_malformed_bodies_raise_parse_error(body: str, count: int) -> None:
    data = bytes.fromhex(f"0000000a 0000000b 0001 {count:04x} 000002 09" + body)
    data += bytes([0] * (-len(data) % 4))
    padding = len(data) - 16 - len(bytes.fromhex(body))
    if padding:
        data = data[:-1] + bytes([padding])
    with pytest.raises(ParseError):
        rtcp.parse(bytes([0xAF if padding else 0x8F, 205, 0, len(data) // 4]) + data)
