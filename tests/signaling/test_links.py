import contextlib
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from signaling import links
from signaling.links import GroupKeys, KnockText, LinkError, SealError, b64, parse_link, unb64

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "links.json").read_text())
CASES: list[dict[str, Any]] = VECTORS["cases"]
every_case = pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 written out for one block, so that the vectors do not only agree with the code that made them."""
    return hmac.digest(hmac.digest(bytes(32), key, "sha256"), info + b"\1", "sha256")[:length]


def keys_of(case: dict[str, Any]) -> GroupKeys:
    given_ = case["input"]
    return GroupKeys(given_["group"], unb64(given_["room_secret"]), unb64(given_["root_seed"]))


@every_case
def test_the_vectors_follow_from_the_document(case: dict[str, Any]) -> None:
    given_ = case["input"]
    secret, root = unb64(given_["room_secret"]), unb64(given_["root_seed"])
    group, meeting, member = (given_[name].encode() for name in ("group", "meeting", "member"))
    assert unb64(case["door_seed"]) == hkdf(secret, b"hearthside door v1", 32)
    assert unb64(case["profile_key"]) == hkdf(secret, b"hearthside profile v1\0" + group, 16)
    assert unb64(case["knock_key"]) == hkdf(secret, b"hearthside knock v1\0" + group, 16)
    assert [unb64(seed) for seed in case["role_seeds"]] == [
        hkdf(root, b"hearthside role v1\0" + number, 32) for number in (b"1", b"2")
    ]
    assert unb64(case["psk"]) == hkdf(secret, b"hearthside psk v1\0" + group, 32)
    assert unb64(case["avatar_seed"]) == hkdf(secret, b"hearthside avatar v1\0" + meeting + b"\0" + member, 16)
    assert unb64(case["root_fingerprint"]) == hashlib.sha256(unb64(case["root_key"])).digest()[:16]
    statement = unb64(given_["group"]) + unb64(given_["ref"]) + unb64(given_["nonce"])
    assert bytes.fromhex(case["knock_statement"]) == b"hearthside knock v1\0" + statement
    leaf_key = Ed25519PublicKey.from_public_bytes(unb64(case["leaf_key"]))
    leaf_key.verify(unb64(case["knock_signature"]), bytes.fromhex(case["knock_statement"]))


@every_case
def test_the_code_gives_the_vectors(case: dict[str, Any]) -> None:
    given_, keys = case["input"], keys_of(case)
    place = {"meeting": given_["meeting"], "member": given_["member"]}
    assert b64(keys.root_key) == case["root_key"]
    assert b64(keys.door_key) == case["door_key"]
    assert [b64(keys.role_key(number)) for number in (1, 2)] == case["role_keys"]
    assert b64(links.link_psk(keys.room_secret, given_["group"])) == case["psk"]
    assert b64(links.avatar_seed(keys.room_secret, **place)) == case["avatar_seed"]
    assert keys.links(given_["public_url"]) == case["links"]


@every_case
def test_profile_and_knock_seal_and_open(case: dict[str, Any]) -> None:
    given_, secret = case["input"], unb64(case["input"]["room_secret"])
    for many, sealed in ((False, case["sealed_profile"]), (True, case["sealed_profile_many_screens"])):
        known = links.Profile(given_["title"], many)
        profile = links.seal_profile(secret, given_["group"], known, nonce=unb64(given_["profile_nonce"]))
        assert b64(profile) == sealed
        assert links.open_profile(secret, given_["group"], profile) == known
    text = KnockText(given_["name"], unb64(given_["ref"]), unb64(case["knock_signature"]))
    knock = links.seal_knock(secret, given_["group"], text, nonce=unb64(given_["knock_nonce"]))
    assert b64(knock) == case["sealed_knock"]
    assert links.open_knock(secret, given_["group"], knock) == text


@every_case
@pytest.mark.parametrize("role", ["participant", "facilitator", "organiser"])
def test_a_links_key_signs_the_challenge_of_its_role_alone(case: dict[str, Any], role: links.Role) -> None:
    given_, proof = case["input"], case["proofs"][role]
    link = parse_link(case["links"][role])
    assert b64(links.public_key(link.seed)) == proof["key"]
    assert links.challenge_bytes(role, link.group, given_["nonce"]).hex() == proof["challenge"]
    signature = links.sign_challenge(link.seed, role, link.group, given_["nonce"])
    assert b64(signature) == proof["signature"]
    key = Ed25519PublicKey.from_public_bytes(unb64(proof["key"]))
    key.verify(signature, bytes.fromhex(proof["challenge"]))
    with pytest.raises(InvalidSignature):
        key.verify(signature, links.challenge_bytes(role, link.group, b64(bytes(32))))


@every_case
def test_links_are_read_back(case: dict[str, Any]) -> None:
    keys = keys_of(case)
    for role, url in case["links"].items():
        link = parse_link(url)
        assert (link.role, link.group, link.room_secret) == (role, keys.group, keys.room_secret)
        assert b64(link.root_fingerprint) == case["root_fingerprint"]


@pytest.mark.parametrize("bad", VECTORS["bad_links"], ids=lambda bad: bad["why"])
def test_a_bad_link_is_refused_without_being_quoted(bad: dict[str, str]) -> None:
    with pytest.raises(LinkError) as caught:
        parse_link(bad["link"])
    assert not re.search(r"[A-Za-z0-9_-]{16}", str(caught.value))


@given(st.text(max_size=400))
def test_any_text_is_a_link_or_a_link_error(text: str) -> None:
    for url in (text, "https://a/g/AAECAwQFBgcICQoLDA0ODw#" + text):
        with contextlib.suppress(LinkError):
            parse_link(url)


@given(st.binary(max_size=80))
def test_base64url_has_one_writing(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert not set(b64(data)) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=60))
def test_base64url_refuses_what_it_would_not_write(text: str) -> None:
    try:
        data = unb64(text)
    except ValueError:
        return
    assert b64(data) == text


@given(st.binary(max_size=16380))
def test_padding_hides_the_length_and_comes_off(text: bytes) -> None:
    padded = links.pad(text)
    assert len(padded) in links.SIZE_CLASSES
    assert links.unpad(padded) == text


@given(st.binary(max_size=300))
def test_only_padding_is_unpadded(data: bytes) -> None:
    try:
        text = links.unpad(data)
    except ValueError:
        return
    assert links.pad(text) == data


def test_a_text_above_the_largest_class_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than"):
        links.pad(bytes(16381))


@given(st.integers(0, 284), st.integers(0, 7))
def test_a_changed_blob_does_not_open(position: int, bit: int) -> None:
    secret, group = bytes(16), "AAECAwQFBgcICQoLDA0ODw"
    blob = bytearray(links.seal_profile(secret, group, links.Profile("Thursday circle"), nonce=bytes(12)))
    blob[position] ^= 1 << bit
    with pytest.raises(SealError):
        links.open_profile(secret, group, bytes(blob))


def test_a_blob_opens_only_for_its_group_its_secret_and_its_use() -> None:
    secret, group = bytes(16), "AAECAwQFBgcICQoLDA0ODw"
    blob = links.seal_profile(secret, group, links.Profile("Thursday circle"), nonce=bytes(12))
    assert links.open_profile(secret, group, blob) == ("Thursday circle", False)
    for other_secret, other_group, other_blob in [
        (bytes(15) + b"\1", group, blob),
        (secret, "BAECAwQFBgcICQoLDA0ODw", blob),
        (secret, group, blob[:-1]),
        (secret, group, b""),
    ]:
        with pytest.raises(SealError):
            links.open_profile(other_secret, other_group, other_blob)
    with pytest.raises(SealError):
        links.open_knock(secret, group, blob)


@every_case
@pytest.mark.parametrize("kind", ["profile", "knock"])
def test_what_is_sealed_is_this_json(case: dict[str, Any], kind: str) -> None:
    given_, blob = case["input"], unb64(case[f"sealed_{kind}"])
    info = f"hearthside {kind} v1\0{given_['group']}".encode()
    assert blob[:13] == b"\1" + unb64(given_[f"{kind}_nonce"])
    plain = AESGCM(unb64(case[f"{kind}_key"])).decrypt(blob[1:13], blob[13:], info)
    fields = {"title": given_["title"]}
    if kind == "knock":
        fields = {"name": given_["name"], "ref": given_["ref"], "signature": case["knock_signature"]}
    assert json.loads(links.unpad(plain)) == {"v": 1, **fields}


@pytest.mark.parametrize(
    "text",
    [b'{"name":"Sam","ref":"A","signature":""}', b'{"name":"Sam","ref":3,"signature":""}', b'{"name":"Sam"}'],
)
def test_a_knock_without_its_parts_is_refused(text: bytes) -> None:
    secret, group, info = bytes(16), "AAECAwQFBgcICQoLDA0ODw", b"hearthside knock v1\0AAECAwQFBgcICQoLDA0ODw"
    sealed = AESGCM(hkdf(secret, info, 16)).encrypt(bytes(12), links.pad(text), info)
    with pytest.raises(SealError):
        links.open_knock(secret, group, b"\1" + bytes(12) + sealed)


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"title":3}', b"\xff", b"7"])
def test_a_blob_with_another_text_inside_is_refused(text: bytes) -> None:
    secret, group, info = bytes(16), "AAECAwQFBgcICQoLDA0ODw", b"hearthside profile v1\0AAECAwQFBgcICQoLDA0ODw"
    sealed = AESGCM(hkdf(secret, info, 16)).encrypt(bytes(12), links.pad(text), info)
    with pytest.raises(SealError):
        links.open_profile(secret, group, b"\1" + bytes(12) + sealed)


def test_secrets_have_no_repr() -> None:
    keys = GroupKeys("AAECAwQFBgcICQoLDA0ODw", bytes(range(16)), bytes(range(32)))
    for url in keys.links("https://meet.example.org").values():
        assert "\\x" not in repr(parse_link(url))
        assert "AAEC" not in repr(parse_link(url))
    assert "AAEC" not in repr(keys)
