"""What members may send as MLS messages: seeds replayed, torn, joined and altered. Each is read whole or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.mls_messages import ParseError, read_application, read_commit, read_key_package, read_welcome

FOLDER = Path(__file__).parent / "mls_messages"
SEEDS = {path.stem: bytes.fromhex(path.read_text()) for path in sorted(FOLDER.glob("*.hex"))}
READERS: dict[str, Callable[[bytes], object]] = {
    "commit": read_commit,
    "welcome": read_welcome,
    "key_package": read_key_package,
    "application": read_application,
}


def taken_by(data: bytes) -> list[str]:
    """The readers that take this; anything but `ParseError` fails the test."""
    found = []
    for name, read in READERS.items():
        try:
            read(data)
        except ParseError:
            continue
        found.append(name)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_each_seed_is_taken_by_its_reader_alone(seed: str) -> None:
    goodness, _, kind = seed.partition("_")
    wanted = [name for name in READERS if kind.startswith(name)] if goodness == "good" else []
    assert bool(wanted) == (goodness == "good")
    assert taken_by(SEEDS[seed]) == wanted


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed.startswith("good")])
def test_no_part_of_a_message_is_a_message(seed: str) -> None:
    for end in range(len(SEEDS[seed])):
        assert taken_by(SEEDS[seed][:end]) == []


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.integers(0, 1200),
    st.binary(max_size=6),
    st.integers(0, 6),
)
def test_altered_messages_are_read_or_refused(seed: str, at: int, put: bytes, drop: int) -> None:
    data = SEEDS[seed]
    at %= len(data) + 1
    taken_by(data[:at] + put + data[at + drop :])


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 5), st.binary(max_size=300))
def test_anything_at_all_is_read_or_refused(wire_format: int, junk: bytes) -> None:
    taken_by(b"\x00\x01" + wire_format.to_bytes(2, "big") + junk)
    taken_by(junk)
