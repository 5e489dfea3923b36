import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from signaling import certificates as c
from signaling.certificates import CertificateError, apply_update
from signaling.links import b64, public_key, unb64
from signaling.messages import MAX_REVOCATIONS_CHARS, UpdateGroup
from signaling.store import Group

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "certificates.json").read_text("utf-8"))
ROOT_SEED, ROOT_KEY, GROUP = (unb64(VECTORS[name]) for name in ("root_seed", "root_key", "group"))
every_certificate = pytest.mark.parametrize("case", VECTORS["certificates"], ids=range(len(VECTORS["certificates"])))
every_list = pytest.mark.parametrize("case", VECTORS["revocations"], ids=range(len(VECTORS["revocations"])))


def seed(name: str) -> bytes:
    return sha256(name.encode()).digest()


def serial(name: str) -> bytes:
    return seed(name)[:8]


def certificate(name: str, *, root: bytes = ROOT_SEED, group: bytes = GROUP) -> str:
    """A certificate for this facilitator, as it travels."""
    issued = c.issue_certificate(
        root,
        group=group,
        role_key=public_key(seed(name)),
        not_before=1_750_000_000,
        not_after=1_784_560_000,
        serial=serial(name),
    )
    return b64(issued.encode())


def revocations(version: int, *names: str, root: bytes = ROOT_SEED, group: bytes = GROUP) -> str:
    """A list of these facilitators' certificates, as it travels."""
    serials = tuple(serial(name) for name in names)
    return b64(c.issue_revocations(root, group=group, version=version, date=1_750_000_000, serials=serials).encode())


def role_key(name: str) -> str:
    return b64(public_key(seed(name)))


# -- The format ------------------------------------------------------------------------------------------------------


@every_certificate
def test_certificates_are_laid_out_as_the_document_says(case: dict[str, Any]) -> None:
    given_, data = case["input"], unb64(case["encoded"])
    body = b"\1" + GROUP + b"\1" + unb64(given_["role_key"])
    body += given_["not_before"].to_bytes(8, "big") + given_["not_after"].to_bytes(8, "big") + unb64(given_["serial"])
    assert data[:-64] == body
    Ed25519PublicKey.from_public_bytes(ROOT_KEY).verify(data[-64:], b"hearthside certificate v1\0" + body)


@every_certificate
def test_certificates_are_issued_and_read_as_in_the_vectors(case: dict[str, Any]) -> None:
    given_ = case["input"]
    issued = c.issue_certificate(
        ROOT_SEED,
        group=GROUP,
        role_key=unb64(given_["role_key"]),
        not_before=given_["not_before"],
        not_after=given_["not_after"],
        serial=unb64(given_["serial"]),
    )
    assert b64(issued.encode()) == case["encoded"]
    assert c.decode_certificate(unb64(case["encoded"])) == issued
    issued.verify(root_key=ROOT_KEY, group=GROUP)


@every_list
def test_lists_are_laid_out_as_the_document_says(case: dict[str, Any]) -> None:
    given_, data = case["input"], unb64(case["encoded"])
    serials = sorted(unb64(text) for text in given_["serials"])
    body = b"\1" + GROUP + given_["version"].to_bytes(8, "big") + given_["date"].to_bytes(8, "big")
    body += len(serials).to_bytes(2, "big") + b"".join(serials)
    assert data[:-64] == body
    Ed25519PublicKey.from_public_bytes(ROOT_KEY).verify(data[-64:], b"hearthside revocations v1\0" + body)


@every_list
def test_lists_are_issued_and_read_as_in_the_vectors(case: dict[str, Any]) -> None:
    given_ = case["input"]
    serials = tuple(unb64(text) for text in given_["serials"])
    issued = c.issue_revocations(
        ROOT_SEED, group=GROUP, version=given_["version"], date=given_["date"], serials=serials
    )
    assert b64(issued.encode()) == case["encoded"]
    assert c.decode_revocations(unb64(case["encoded"])) == issued
    issued.verify(root_key=ROOT_KEY, group=GROUP)


def problem(decode: Callable[[bytes], c.Certificate | c.RevocationList], data: bytes) -> str:
    """What is wrong with a record, in the words of the vectors."""
    try:
        found = decode(data)
    except CertificateError:
        return "malformed"
    if found.group != GROUP:
        with pytest.raises(CertificateError, match="another group"):
            found.verify(root_key=ROOT_KEY, group=GROUP)
        return "foreign"
    try:
        found.verify(root_key=ROOT_KEY, group=GROUP)
    except CertificateError:
        return "forged"
    return "fine"


@pytest.mark.parametrize("bad", VECTORS["bad_certificates"], ids=lambda bad: bad["why"])
def test_a_bad_certificate_is_refused(bad: dict[str, str]) -> None:
    assert problem(c.decode_certificate, unb64(bad["encoded"])) == bad["problem"]


@pytest.mark.parametrize("bad", VECTORS["bad_revocations"], ids=lambda bad: bad["why"])
def test_a_bad_list_is_refused(bad: dict[str, str]) -> None:
    assert problem(c.decode_revocations, unb64(bad["encoded"])) == bad["problem"]


def test_no_bit_of_a_record_can_be_changed() -> None:
    for decode, text in (
        (c.decode_certificate, certificate("ana")),
        (c.decode_revocations, revocations(3, "ana", "ben")),
    ):
        data = unb64(text)
        assert problem(decode, data) == "fine"
        for bit in range(len(data) * 8):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            assert problem(decode, bytes(changed)) != "fine"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_in_its_one_form_or_refused(data: bytes) -> None:
    for decode in (c.decode_certificate, c.decode_revocations):
        try:
            found = decode(data)
        except CertificateError:
            continue
        assert found.encode() == data


numbers = st.integers(0, c.MAX_NUMBER)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32), numbers, numbers,
       st.binary(min_size=8, max_size=8))  # fmt: skip
def test_any_certificate_is_read_as_it_was_issued(group: bytes, key: bytes, one: int, two: int, number: bytes) -> None:
    issued = c.issue_certificate(
        ROOT_SEED, group=group, role_key=key, not_before=min(one, two), not_after=max(one, two), serial=number
    )
    assert len(issued.encode()) == 138
    assert c.decode_certificate(issued.encode()) == issued
    issued.verify(root_key=ROOT_KEY, group=group)


@given(st.integers(1, c.MAX_NUMBER), numbers, st.sets(st.binary(min_size=8, max_size=8), max_size=20))
def test_any_list_is_read_as_it_was_issued(version: int, date: int, serials: set[bytes]) -> None:
    issued = c.issue_revocations(ROOT_SEED, group=GROUP, version=version, date=date, serials=tuple(serials))
    assert c.decode_revocations(issued.encode()) == issued
    assert issued.serials == tuple(sorted(serials))
    issued.verify(root_key=ROOT_KEY, group=GROUP)


GOOD: dict[str, Any] = {
    "group": GROUP, "role_key": bytes(32), "not_before": 1, "not_after": 2, "serial": bytes(8)
}  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"group": bytes(15)},
        {"role_key": bytes(33)},
        {"serial": bytes(7)},
        {"not_before": 3},
        {"not_before": -1},
        {"not_after": c.MAX_NUMBER + 1},
    ],
)
def test_what_the_format_does_not_hold_is_not_issued(fields: dict[str, Any]) -> None:
    c.issue_certificate(ROOT_SEED, **GOOD)
    with pytest.raises(CertificateError):
        c.issue_certificate(ROOT_SEED, **(GOOD | fields))


def test_a_list_holds_so_many_and_each_once() -> None:
    serials = tuple(number.to_bytes(8, "big") for number in range(c.MAX_REVOCATIONS + 1))
    full = c.issue_revocations(ROOT_SEED, group=GROUP, version=1, date=0, serials=serials[:-1])
    assert len(b64(full.encode())) <= MAX_REVOCATIONS_CHARS
    assert c.decode_revocations(full.encode()) == full
    for version, bad in ((1, serials), (1, serials[:1] * 2), (0, serials[:1]), (1, (bytes(7),))):
        with pytest.raises(CertificateError):
            c.issue_revocations(ROOT_SEED, group=GROUP, version=version, date=0, serials=bad)


def test_a_list_that_is_longer_than_it_may_be_is_refused() -> None:
    serials = b"".join(number.to_bytes(8, "big") for number in range(c.MAX_REVOCATIONS + 1))
    body = b"\1" + GROUP + (1).to_bytes(8, "big") + bytes(8) + (c.MAX_REVOCATIONS + 1).to_bytes(2, "big") + serials
    signature = Ed25519PrivateKey.from_private_bytes(ROOT_SEED).sign(b"hearthside revocations v1\0" + body)
    with pytest.raises(CertificateError, match="too many"):
        c.decode_revocations(body + signature)


def test_records_do_not_show_themselves() -> None:
    for found in (
        c.decode_certificate(unb64(certificate("ana"))),
        c.decode_revocations(unb64(revocations(1, "ana"))),
    ):
        assert "\\x" not in repr(found)


# -- An organiser's update -------------------------------------------------------------------------------------------


def group(**fields: Any) -> Group:
    """A group with two facilitators."""
    found = Group(
        id=b64(GROUP),
        created=datetime(2026, 5, 1, tzinfo=UTC),
        root_key=b64(ROOT_KEY),
        door_key=role_key("door"),
        role_keys=[role_key("ana"), role_key("ben")],
        profile=b"\1sealed",
        certificates=[certificate("ana"), certificate("ben")],
        grace_seconds=300,
    )
    return msgspec.structs.replace(found, **fields)


def test_an_empty_update_changes_nothing() -> None:
    assert apply_update(group(), UpdateGroup()) == group()


def test_a_facilitator_is_added_and_taken_away() -> None:
    texts = [certificate(name) for name in ("ana", "ben", "cem")]
    more = apply_update(group(), UpdateGroup(certificates=texts))
    assert more == group(certificates=texts, role_keys=[role_key(name) for name in ("ana", "ben", "cem")])
    fewer = apply_update(more, UpdateGroup(certificates=texts[2:]))
    assert fewer == group(certificates=texts[2:], role_keys=[role_key("cem")])
    assert apply_update(fewer, UpdateGroup(certificates=[])).role_keys == []


def test_a_group_from_before_certificates_gets_them() -> None:
    old = group(certificates=[], role_keys=[role_key("ana")])
    assert apply_update(old, UpdateGroup(door_key=role_key("new"), profile="AQ")).role_keys == [role_key("ana")]
    updated = apply_update(old, UpdateGroup(certificates=[certificate("ana")]))
    assert updated == group(certificates=[certificate("ana")], role_keys=[role_key("ana")])


def test_a_revoked_link_no_longer_comes_in() -> None:
    first = apply_update(group(), UpdateGroup(revocations=revocations(1, "ana")))
    assert first == group(revocations=revocations(1, "ana"), role_keys=[role_key("ben")])
    second = apply_update(first, UpdateGroup(revocations=revocations(7, "ben", "ana")))
    assert second.role_keys == []
    assert second.certificates == group().certificates
    both = apply_update(
        first, UpdateGroup(revocations=revocations(2, "ben"), certificates=[certificate("ben"), certificate("cem")])
    )
    assert both.role_keys == [role_key("cem")]


def test_a_list_that_was_kept_holds_for_certificates_that_come_later() -> None:
    revoked = group(revocations=revocations(1, "ana"), role_keys=[role_key("ben")])
    again = apply_update(revoked, UpdateGroup(certificates=[certificate("ana"), certificate("cem")]))
    assert again.role_keys == [role_key("cem")]


def test_a_renewed_certificate_has_its_role_key_once() -> None:
    renewed = c.issue_certificate(
        ROOT_SEED, group=GROUP, role_key=public_key(seed("ana")), not_before=1, not_after=2, serial=bytes(8)
    )
    texts = [certificate("ana"), b64(renewed.encode())]
    assert apply_update(group(), UpdateGroup(certificates=texts)).role_keys == [role_key("ana")]
    # The old one is revoked, the link goes on with the new one.
    update = UpdateGroup(certificates=texts, revocations=revocations(1, "ana"))
    assert apply_update(group(), update).role_keys == [role_key("ana")]


def test_the_same_list_may_come_again_and_an_older_one_may_not() -> None:
    kept = group(revocations=revocations(4, "ana"), role_keys=[role_key("ben")])
    assert apply_update(kept, UpdateGroup(revocations=revocations(4, "ana"))) == kept
    for version in (1, 3, 4):
        with pytest.raises(CertificateError, match="not newer"):
            apply_update(kept, UpdateGroup(revocations=revocations(version, "ben")))


def test_a_new_room_secret_brings_both_its_parts() -> None:
    updated = apply_update(group(), UpdateGroup(door_key=role_key("new door"), profile=b64(b"\1other")))
    assert updated == group(door_key=role_key("new door"), profile=b"\1other")
    for half in (UpdateGroup(door_key=role_key("new door")), UpdateGroup(profile=b64(b"\1other"))):
        with pytest.raises(CertificateError, match="door key and a profile"):
            apply_update(group(), half)


@pytest.mark.parametrize(
    "update",
    [
        UpdateGroup(certificates=[certificate("cem"), certificate("ana", root=seed("impostor"))]),
        UpdateGroup(certificates=[certificate("ana", group=bytes(16))]),
        UpdateGroup(certificates=[certificate("ana")[:-1]]),
        UpdateGroup(certificates=["A" * 40]),
        UpdateGroup(certificates=[certificate("ana") + "A"]),
        UpdateGroup(certificates=[revocations(1, "ana")]),
        UpdateGroup(revocations=revocations(1, "ana", root=seed("impostor"))),
        UpdateGroup(revocations=revocations(1, "ana", group=bytes(16))),
        UpdateGroup(revocations=revocations(1, "ana")[:-1]),
        UpdateGroup(revocations="A"),
        UpdateGroup(revocations=certificate("ana")),
        UpdateGroup(door_key="A" * 42, profile="AQ"),
        UpdateGroup(door_key="A" * 42 + "B", profile="AQ"),
        UpdateGroup(door_key=role_key("new"), profile="A"),
        UpdateGroup(certificates=[certificate("cem")], revocations=revocations(1, "ana", root=seed("impostor"))),
    ],
    ids=range(15),
)
def test_an_update_that_is_not_the_organisers_is_refused(update: UpdateGroup) -> None:
    with pytest.raises(CertificateError) as caught:
        apply_update(group(), update)
    assert len(str(caught.value)) < 80


names = st.lists(st.sampled_from(["ana", "ben", "cem", "dua"]), unique=True)


@given(st.lists(st.tuples(names, st.integers(0, 6), names), max_size=6))
def test_whatever_is_updated_those_come_in_who_are_certified_and_not_revoked(
    updates: list[tuple[list[str], int, list[str]]],
) -> None:
    state, certified, revoked, version = group(), ["ana", "ben"], list[str](), 0
    for given_, number, out in updates:
        update = UpdateGroup(certificates=[certificate(name) for name in given_])
        if number:
            update.revocations = revocations(number, *out)
        before = state
        try:
            state = apply_update(state, update)
        except CertificateError:
            assert 0 < number <= version
            assert update.revocations != state.revocations
            assert state == before
            continue
        certified = given_
        if number:
            assert number > version or update.revocations == before.revocations
            revoked, version = out, number
        assert state.role_keys == [role_key(name) for name in certified if name not in revoked]
