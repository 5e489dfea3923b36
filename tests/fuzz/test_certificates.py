"""What an organiser's page may send as certificates and revocation lists: good ones and bad ones, torn and altered."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.certificates import CertificateError, apply_update, decode_certificate, decode_revocations
from signaling.links import b64, unb64
from signaling.messages import UpdateGroup
from tests.signaling.test_certificates import group

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "certificates.json").read_text("utf-8"))
SEEDS = [
    unb64(case["encoded"])
    for kind in ("certificates", "revocations", "bad_certificates", "bad_revocations")
    for case in VECTORS[kind]
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 400), st.binary(max_size=10), st.integers(0, 10))
def test_altered_records_are_read_in_their_one_form_or_refused(seed: bytes, at: int, put: bytes, drop: int) -> None:
    at %= len(seed) + 1
    data = seed[:at] + put + seed[at + drop :]
    for decode in (decode_certificate, decode_revocations):
        try:
            found = decode(data)
        except CertificateError:
            continue
        assert found.encode() == data


texts = st.one_of(
    st.sampled_from([b64(seed) for seed in SEEDS]),
    st.binary(max_size=150).map(b64),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=150),
)


@settings(max_examples=200, deadline=None)
@given(st.none() | st.lists(texts, max_size=3), st.none() | texts, st.none() | texts, st.none() | texts)
def test_any_update_is_kept_whole_or_refused(
    certificates: list[str] | None, revocations: str | None, door_key: str | None, profile: str | None
) -> None:
    update = UpdateGroup(certificates=certificates, revocations=revocations, door_key=door_key, profile=profile)
    try:
        kept = apply_update(group(), update)
    except CertificateError:
        return
    assert certificates is None or kept.certificates == certificates
    assert revocations is None or kept.revocations == revocations
    assert (door_key, profile) == (None, None) or (kept.door_key, b64(kept.profile)) == (door_key, profile)
    assert apply_update(kept, update) == kept
