from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.interop.statements import (
    Credential,
    StatementError,
    Statements,
    certificate_is_good,
    certify,
    fits,
    founding_is_good,
    founding_record,
    grant,
    read_credential,
    read_grants,
    read_statements,
    roster_hash,
    signed,
)

GROUP, MEETING, MEMBER = b"g" * 16, b"m" * 16, b"i" * 16
NOW = 1_700_000_000
ROOT, ROLE, LEAF, REJOIN = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 5))


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def certificate(*, group: bytes = GROUP, start: int = NOW - 10, end: int = NOW + 10) -> bytes:
    body = b"\1" + group + b"\1" + public(ROLE) + start.to_bytes(8, "big") + end.to_bytes(8, "big") + b"s" * 8
    return body + ROOT.sign(signed("hearthside certificate v1", body))


def facilitator() -> Credential:
    return certify(
        ROLE, certificate(), meeting=MEETING, member=MEMBER, rejoin_key=public(REJOIN), leaf_key=public(LEAF)
    )


def holds(credential: Credential, *, leaf_key: bytes = public(LEAF), meeting: bytes = MEETING) -> bool:
    return credential.is_facilitator(leaf_key, meeting=meeting, root_key=public(ROOT), group=GROUP, now=NOW)


def founded(record: bytes, *, meeting: bytes = MEETING, root: Ed25519PrivateKey = ROOT, now: float = NOW) -> bool:
    return founding_is_good(record, meeting=meeting, root_key=public(root), group=GROUP, now=now)


def test_a_founding_holds_for_its_group_and_a_few_days_only() -> None:
    lasting = certificate(start=NOW - 10 * 86_400, end=NOW + 10 * 86_400)
    record = founding_record(ROLE, lasting, meeting=MEETING, now=NOW + 0.5)
    assert len(record) == 210
    for off in (0, 3 * 86_400, -3 * 86_400):
        assert founded(record, now=NOW + off)
    assert not founded(record, now=NOW + 3 * 86_400 + 1)
    assert not founded(record, now=NOW - 3 * 86_400 - 1)
    assert not founded(record, meeting=b"n" * 16)
    assert not founded(record, root=LEAF)
    assert not founded(founding_record(LEAF, lasting, meeting=MEETING, now=NOW))
    assert not founded(founding_record(ROLE, certificate(end=NOW - 1), meeting=MEETING, now=NOW))
    for wrong in (b"", record[:-1], record + b"\0", record[:-64] + facilitator().signature):
        assert not founded(wrong)


def test_a_credential_holds_for_its_leaf_and_meeting_only() -> None:
    credential = facilitator()
    assert len(credential.encode()) == 252
    assert read_credential(credential.encode()) == credential
    assert holds(credential)
    assert not holds(credential, leaf_key=public(REJOIN))
    assert not holds(credential, meeting=b"n" * 16)
    assert not holds(Credential(MEMBER, public(REJOIN)))


def test_a_certificate_is_for_its_group_and_time() -> None:
    for changed in (certificate(group=b"h" * 16), certificate(end=NOW - 5), certificate(start=NOW + 5)):
        assert not certificate_is_good(changed, public(ROOT), GROUP, NOW)
    good = certificate()
    assert certificate_is_good(good, public(ROOT), GROUP, NOW)
    for at in range(len(good)):
        damaged = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert not certificate_is_good(damaged, public(ROOT), GROUP, NOW)


def test_statements_are_read_as_they_were_written() -> None:
    grants = grant(LEAF, facilitator(), meeting=MEETING, epoch=7, keys=[b"b" * 32, b"a" * 32])
    assert grants.keys == (b"a" * 32, b"b" * 32)
    assert grants.is_genuine(meeting=MEETING, root_key=public(ROOT), group=GROUP, now=NOW)
    assert not grants.is_genuine(meeting=b"n" * 16, root_key=public(ROOT), group=GROUP, now=NOW)
    assert read_grants(grants.encode()) == grants
    for said in (
        Statements({}, {}, None),
        Statements({3: b"x" * 64}, {}, None),
        Statements({}, {4: (b"r" * 32, b"y" * 64), 2: (b"q" * 32, b"z" * 64)}, grants),
    ):
        assert read_statements(said.encode()) == said
    assert Statements({}, {}, None).encode() == b""


@given(st.binary(max_size=300))
def test_junk_is_refused_in_one_way(data: bytes) -> None:
    for read in (read_credential, read_grants, read_statements):
        try:
            read(data)
        except StatementError:
            continue
        assert read is read_statements
        assert data == read_statements(data).encode()


def test_signatures_are_bound_to_their_label() -> None:
    signature = LEAF.sign(signed("hearthside leave v1", b"body"))
    assert fits(public(LEAF), signature, "hearthside leave v1", b"body")
    assert not fits(public(LEAF), signature, "hearthside knock v1", b"body")
    assert not fits(b"short", signature, "hearthside leave v1", b"body")


def test_a_roster_tells_leaves_apart() -> None:
    assert roster_hash({1: b"b" * 32, 0: b"a" * 32}) == roster_hash({0: b"a" * 32, 1: b"b" * 32})
    assert roster_hash({0: b"a" * 32}) != roster_hash({1: b"a" * 32})
