"""Everything in the SFU that reads the network: seeds replayed, then torn, joined and altered by hypothesis.

A parser returns or raises ParseError, whatever it is given. Seeds named good_ must be read, those named bad_ refused.
"""

import contextlib
from binascii import crc32
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.ice import stun
from sfu.ice.lite_agent import Credentials, LiteAgent
from sfu.rtp import dependency_descriptor, extensions, payload_descriptor, rtcp
from sfu.rtp.errors import ParseError

SEEDS = Path(__file__).parent


def read_rtcp(data: bytes) -> None:
    rtcp.parse(data)


def read_stun(data: bytes) -> None:
    message = stun.parse(data)
    agent = LiteAgent(Credentials("evtj", "not the password"), now=0.0)
    assert agent.receive(message, ("192.0.2.1", 1), now=0.0) is None, "nobody here knows the password"
    assert message.mapped_address is None or len(message.mapped_address) == 2
    assert message.error_code is None or 0 <= message.error_code <= 955


def read_extensions(data: bytes) -> None:
    """Read two bytes of profile and then elements; nothing raises here, so that reading none counts as refusal."""
    profile, block = int.from_bytes(data[:2], "big"), data[2:]
    found = list(extensions.elements(block, 0, len(block), profile))
    for identifier, offset, length in found:
        assert 0 < offset <= offset + length <= len(block)
        assert extensions.find(block, 0, len(block), profile, identifier)[0] <= offset
    if (not found and any(block)) or not block:
        raise ParseError("no elements")


def read_dependency_descriptor(data: bytes) -> None:
    reader = dependency_descriptor.Reader()
    structure = (SEEDS / "dependency_descriptor" / "good_l1t3_key.bin").read_bytes()
    reader.read(structure, 0, len(structure))
    reader.read(data, 0, len(data))


def read_payload_descriptor(data: bytes) -> None:
    assert 0 <= payload_descriptor.vp8_key_frame_height(data, 0, len(data)) < 1 << 14
    refused = 0
    for parse in (payload_descriptor.parse_vp8, payload_descriptor.parse_vp9):
        try:
            assert 0 < parse(data, 0, len(data)).length <= len(data)
        except ParseError:
            refused += 1
    if refused == 2:
        raise ParseError("neither VP8 nor VP9")


READERS: dict[str, Callable[[bytes], None]] = {
    "rtcp": read_rtcp,
    "stun": read_stun,
    "extensions": read_extensions,
    "dependency_descriptor": read_dependency_descriptor,
    "payload_descriptor": read_payload_descriptor,
}

FILES = [(name, path) for name in READERS for path in sorted((SEEDS / name).glob("*.bin"))]


@pytest.mark.parametrize(("name", "path"), FILES, ids=[f"{name}/{path.stem}" for name, path in FILES])
def test_seeds(name: str, path: Path) -> None:
    data = path.read_bytes()
    if path.stem.startswith("good_"):
        READERS[name](data)
    else:
        assert path.stem.startswith("bad_")
        with pytest.raises(ParseError):
            READERS[name](data)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_has_seeds_of_both_kinds(name: str) -> None:
    kinds = {path.stem.partition("_")[0] for path in (SEEDS / name).glob("*.bin")}
    assert kinds == {"good", "bad"}


def with_fingerprint(data: bytes) -> bytes:
    """Put length and fingerprint right, so that what was altered is looked at, as an attacker would."""
    body = data[:-8] if len(data) >= 28 else data.ljust(20, b"\0")
    body = body[: len(body) & ~3]
    body = body[:2] + (len(body) + 8 - 20).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + body[8:]
    return body + b"\x80\x28\x00\x04" + (crc32(body) ^ 0x5354554E).to_bytes(4, "big")


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=200)
@given(data=st.data())
def test_altered_seeds(name: str, data: st.DataObject) -> None:
    seeds = [path.read_bytes() for seed_name, path in FILES if seed_name == name]
    altered = bytearray(data.draw(st.sampled_from(seeds), "seed"))
    for _ in range(data.draw(st.integers(1, 4), "edits")):
        place = data.draw(st.integers(0, len(altered)), "place")
        match data.draw(st.sampled_from(["cut", "insert", "change", "join"]), "edit"):
            case "cut":
                del altered[place : place + data.draw(st.integers(1, 8))]
            case "insert":
                altered[place:place] = data.draw(st.binary(min_size=1, max_size=8))
            case "change":
                altered[place : place + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case _:
                altered += data.draw(st.sampled_from(seeds))
    wires = [bytes(altered), with_fingerprint(bytes(altered))] if name == "stun" else [bytes(altered)]
    for wire in wires:
        with contextlib.suppress(ParseError):
            READERS[name](wire)


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    with contextlib.suppress(ParseError):
        READERS[name](data)
