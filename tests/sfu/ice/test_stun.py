from binascii import crc32

import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.ice import stun
from sfu.rtp.errors import ParseError

# The request of RFC 5769 section 2.1, with integrity and fingerprint. Its padding is spaces, not zeros.
RFC_REQUEST = bytes.fromhex(
    "00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74"
    "00240004 6e0001ff 80290008 932ff9b151263b36 00060009 6576746a3a683676592020 20"
    "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf"
)
RFC_RESPONSE = bytes.fromhex(
    "0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643"
    "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96"
)
RFC_PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes(range(12))


def request(*attributes: tuple[int, bytes]) -> bytes:
    return stun.build(stun.BINDING_REQUEST, TRANSACTION, [(stun.USERNAME, b"srv:cli"), *attributes], "secret")


def test_the_rfcs_request() -> None:
    message = stun.parse(RFC_REQUEST)
    assert message.message_type == stun.BINDING_REQUEST
    assert message.transaction_id.hex() == "b7e7a701bc34d686fa87dfae"
    assert message.ufrags == ("evtj", "h6vY")
    assert message.priority == 0x6E0001FF
    assert not message.use_candidate
    assert stun.ICE_CONTROLLED in message.attributes
    assert message.integrity_is_valid(RFC_PASSWORD)
    assert not message.integrity_is_valid(RFC_PASSWORD + "x")
    assert message.mapped_address is None
    assert message.error_code is None


def test_the_rfcs_responses() -> None:
    message = stun.parse(RFC_RESPONSE)
    assert message.message_type == stun.BINDING_SUCCESS
    assert message.mapped_address == ("192.0.2.1", 32853)
    assert message.integrity_is_valid(RFC_PASSWORD)
    assert stun.xor_address(("192.0.2.1", 32853), message.transaction_id).hex() == "0001a147e112a643"
    value = bytes.fromhex("0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9")  # section 2.3
    assert stun.xor_address(("2001:db8:1234:5678:11:2233:4455:6677", 32853), message.transaction_id) == value


def test_golden_bytes() -> None:
    address = stun.xor_address(("192.0.2.1", 32853), TRANSACTION)
    built = stun.build(stun.BINDING_SUCCESS, TRANSACTION, [(stun.XOR_MAPPED_ADDRESS, address)], "secret")
    other = aioice.stun.Message(
        message_method=aioice.stun.Method.BINDING,
        message_class=aioice.stun.Class.RESPONSE,
        transaction_id=TRANSACTION,
    )
    other.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 32853)
    other.add_message_integrity(b"secret")
    assert built == bytes(other)
    assert len(built) == 64


@given(st.ip_addresses(), st.integers(0, 65535), st.binary(min_size=12, max_size=12))
def test_addresses_survive(host: object, port: int, transaction: bytes) -> None:
    value = stun.xor_address((str(host), port), transaction)
    message = stun.parse(stun.build(stun.BINDING_SUCCESS, transaction, [(stun.XOR_MAPPED_ADDRESS, value)], "x"))
    mapped = getattr(host, "ipv4_mapped", None) or host
    assert message.mapped_address == (str(mapped), port)


def test_an_ipv6_sockets_addresses_are_read() -> None:
    assert stun.xor_address(("::ffff:192.0.2.1", 9, 0, 0), TRANSACTION) == stun.xor_address(
        ("192.0.2.1", 9), TRANSACTION
    )
    assert len(stun.xor_address(("fe80::1%eth0", 9, 0, 3), TRANSACTION)) == 20


ATTRIBUTES = st.lists(
    st.tuples(st.integers(0, 0xFFFF).filter(lambda kind: kind not in (8, 0x8028)), st.binary(max_size=60)), max_size=8
)


@given(ATTRIBUTES, st.sampled_from([stun.BINDING_REQUEST, stun.BINDING_INDICATION, stun.BINDING_ERROR]))
def test_what_is_built_is_parsed(attributes: list[tuple[int, bytes]], message_type: int) -> None:
    message = stun.parse(stun.build(message_type, TRANSACTION, attributes, "secret"))
    assert (message.message_type, message.transaction_id) == (message_type, TRANSACTION)
    assert message.attributes == dict(reversed(attributes)), "the first of each type counts"
    assert message.integrity_is_valid("secret")
    assert not message.integrity_is_valid("Secret")


@given(st.integers(0, 8 * 68 - 1))
def test_any_changed_bit_is_noticed(bit: int) -> None:
    data = bytearray(request((stun.PRIORITY, b"\0\0\0\1"), (stun.USE_CANDIDATE, b"")))
    bit %= 8 * len(data)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ParseError):
        stun.parse(data)


@pytest.mark.parametrize("length", range(len(request())))
def test_a_cut_message_is_refused(length: int) -> None:
    with pytest.raises(ParseError):
        stun.parse(request()[:length])


def refingerprinted(data: bytes) -> bytes:
    """Return these bytes with a right length and fingerprint: an attacker can do that too."""
    head = data[:2] + (len(data) + 8 - 20).to_bytes(2, "big") + data[4:]
    return head + b"\x80\x28\x00\x04" + (crc32(head) ^ 0x5354554E).to_bytes(4, "big")


def test_attributes_after_the_integrity_do_not_count() -> None:
    signed = request()[:-8]
    message = stun.parse(refingerprinted(signed + bytes.fromhex("00250000")))
    assert not message.use_candidate
    assert message.integrity_is_valid("secret")


def test_a_message_without_integrity_is_not_valid() -> None:
    message = stun.parse(refingerprinted(request()[:20]))
    assert not message.integrity_is_valid("secret")
    assert message.ufrags is None


@pytest.mark.parametrize(
    "attributes",
    [
        "0006ffff",  # longer than the message
        "000600",  # cut in its head
        "00080013" + "00" * 20,  # integrity of a wrong length
    ],
)
def test_malformed_attributes_are_refused(attributes: str) -> None:
    with pytest.raises(ParseError):
        stun.parse(refingerprinted(request()[:20] + bytes.fromhex(attributes)))


@pytest.mark.parametrize("name", [b"no colon", b"\xff\xfe:x", b""])
def test_other_usernames_are_none(name: bytes) -> None:
    data = stun.build(stun.BINDING_REQUEST, TRANSACTION, [(stun.USERNAME, name)], "secret")
    assert stun.parse(data).ufrags is None


@pytest.mark.parametrize("value", ["", "0001", "0003a147e112a643", "0001a147e112a64300", "0002a147e112a643"])
def test_malformed_addresses_are_none(value: str) -> None:
    data = stun.build(1, TRANSACTION, [(stun.XOR_MAPPED_ADDRESS, bytes.fromhex(value)), (stun.PRIORITY, b"x")], "s")
    assert stun.parse(data).mapped_address is None
    assert stun.parse(data).priority is None


@given(st.binary(max_size=120))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for candidate in (data, b"\0\1" + len(data).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + TRANSACTION + data):
        with pytest.raises(ParseError):
            stun.parse(candidate)


@given(st.binary(max_size=120))
def test_any_attributes_with_a_right_fingerprint_are_parsed_or_refused(data: bytes) -> None:
    try:
        message = stun.parse(refingerprinted(request()[:20] + data[: len(data) & ~3]))
    except ParseError:
        return
    assert not message.integrity_is_valid("secret")
    assert message.ufrags is None or len(message.ufrags) == 2
    assert message.mapped_address is None or len(message.mapped_address) == 2


def test_oversize_messages_are_refused() -> None:
    data = stun.build(stun.BINDING_REQUEST, TRANSACTION, [(0x8022, bytes(1500))], "secret")
    with pytest.raises(ParseError):
        stun.parse(data)


def test_error_codes() -> None:
    data = stun.build(stun.BINDING_ERROR, TRANSACTION, [(stun.ERROR_CODE, b"\0\0\x0c\x57Role Conflict")], "s")
    assert stun.parse(data).error_code == 487, "of the class only three bits count"


def test_is_stun() -> None:
    assert stun.is_stun(RFC_REQUEST)
    assert not stun.is_stun(b"")
    assert not stun.is_stun(RFC_REQUEST[:19])
    assert not stun.is_stun(b"\x04" + RFC_REQUEST[1:])
    assert not stun.is_stun(RFC_REQUEST[:4] + b"\0" + RFC_REQUEST[5:])
