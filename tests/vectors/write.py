"""Write ``links.json`` and ``certificates.json`` anew: ``python -m tests.vectors.write``.

Inputs of ``links.json`` are kept as they stand there. Both files are checked against ``docs/protocol.md`` by tests that
compute everything a second way, in Python and in TypeScript.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signaling import links
from signaling.certificates import issue_certificate, issue_revocations
from signaling.links import GroupKeys, KnockText, b64, unb64

FOLDER = Path(__file__).parent


def sign(seed: bytes, statement: bytes) -> bytes:
    """Ed25519 (RFC 8032)."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(statement)


def derived(secret: bytes, info: str) -> bytes:
    """A key of 16 bytes (section 1)."""
    return HKDF(SHA256(), 16, None, info.encode()).derive(secret)


def link_case(given: dict[str, Any]) -> dict[str, Any]:
    """One worked example of section 1."""
    group, secret = given["group"], unb64(given["room_secret"])
    keys = GroupKeys(group, secret, unb64(given["root_seed"]))
    ref, leaf_seed = unb64(given["ref"]), unb64(given["leaf_seed"])
    statement = b"hearthside knock v1\0" + unb64(group) + ref + unb64(given["nonce"])
    knock = KnockText(given["name"], ref, sign(leaf_seed, statement))
    made = keys.links(given["public_url"])
    profile_nonce = unb64(given["profile_nonce"])
    roles: tuple[links.Role, ...] = ("participant", "facilitator", "organiser")
    seeds = {role: links.parse_link(made[role]).seed for role in roles}
    return {
        "input": given,
        "root_key": b64(keys.root_key),
        "root_fingerprint": b64(links.fingerprint(keys.root_key)),
        "door_seed": b64(links.door_seed(secret)),
        "door_key": b64(keys.door_key),
        "role_seeds": [b64(links.role_seed(keys.root_seed, number)) for number in (1, 2)],
        "role_keys": [b64(keys.role_key(number)) for number in (1, 2)],
        "profile_key": b64(derived(secret, f"hearthside profile v1\0{group}")),
        "knock_key": b64(derived(secret, f"hearthside knock v1\0{group}")),
        "psk": b64(links.link_psk(secret, group)),
        "avatar_seed": b64(links.avatar_seed(secret, given["meeting"], given["member"])),
        "leaf_key": b64(links.public_key(leaf_seed)),
        "knock_statement": statement.hex(),
        "knock_signature": b64(knock.signature),
        "sealed_profile": b64(links.seal_profile(secret, group, links.Profile(given["title"]), nonce=profile_nonce)),
        "sealed_profile_many_screens": b64(
            links.seal_profile(secret, group, links.Profile(given["title"], many_screens=True), nonce=profile_nonce)
        ),
        "sealed_knock": b64(links.seal_knock(secret, group, knock, nonce=unb64(given["knock_nonce"]))),
        "proofs": {
            role: {
                "key": b64(links.public_key(seeds[role])),
                "challenge": links.challenge_bytes(role, group, given["nonce"]).hex(),
                "signature": b64(links.sign_challenge(seeds[role], role, group, given["nonce"])),
            }
            for role in roles
        },
        "links": made,
    }


ROOT_SEED = sha256(b"root").digest()
GROUP = sha256(b"group").digest()[:16]
ROLE_KEYS = [links.public_key(sha256(name).digest()) for name in (b"ana", b"ben")]
SERIALS = [sha256(name).digest()[:8] for name in (b"first", b"second", b"third")]
LAST = (1 << 53) - 1
"""The largest number in the format."""


def certificates() -> Iterator[dict[str, Any]]:
    """Good certificates: an everyday one, and both ends of what the format holds."""
    for role_key, serial, begin, end in (
        (ROLE_KEYS[0], SERIALS[0], 1_750_000_000, 1_784_560_000),
        (ROLE_KEYS[1], SERIALS[1], 0, LAST),
        (ROLE_KEYS[1], bytes(8), LAST, LAST),
    ):
        given = {"role_key": b64(role_key), "not_before": begin, "not_after": end, "serial": b64(serial)}
        issued = issue_certificate(
            ROOT_SEED, group=GROUP, role_key=role_key, not_before=begin, not_after=end, serial=serial
        )
        yield {"input": given, "encoded": b64(issued.encode())}


def revocations() -> Iterator[dict[str, Any]]:
    """Good lists; `serials` of the input are in any order."""
    for version, date, serials in (
        (1, 1_750_000_000, SERIALS[:1]),
        (2, 1_760_000_000, SERIALS),
        (LAST, LAST, SERIALS[::-1]),
        (3, 0, []),
    ):
        given = {"version": version, "date": date, "serials": [b64(serial) for serial in serials]}
        issued = issue_revocations(ROOT_SEED, group=GROUP, version=version, date=date, serials=tuple(serials))
        yield {"input": given, "encoded": b64(issued.encode())}


Change = tuple[str, str, Callable[[bytearray], object]]


def put(at: int, data: bytes) -> Callable[[bytearray], object]:
    """A change that writes over what stands at `at`."""

    def change(body: bytearray) -> None:
        body[at : at + len(data)] = data

    return change


def cut(length: int) -> Callable[[bytearray], object]:
    """A change that leaves so many bytes less."""

    def change(body: bytearray) -> None:
        del body[-length:]

    return change


# Offsets are those of section 8: version 0, group 1, role 17, role key 18, not before 50, not after 58, serial 66.
BAD_CERTIFICATE_BODIES: list[Change] = [
    ("another version", "malformed", put(0, b"\2")),
    ("another role", "malformed", put(17, b"\2")),
    ("ends before it begins", "malformed", put(50, (1_784_560_001).to_bytes(8, "big"))),
    ("ends after 2^53 - 1", "malformed", put(58, (1 << 53).to_bytes(8, "big"))),
    ("a serial of seven bytes", "malformed", cut(1)),
    ("a serial of nine bytes", "malformed", lambda body: body.append(0)),
    ("another group", "foreign", put(1, bytes(16))),
]
# Version 0, group 1, version of the list 17, date 25, count 33, serials from 35.
BAD_REVOCATION_BODIES: list[Change] = [
    ("another version of the format", "malformed", put(0, b"\0")),
    ("version 0", "malformed", put(17, bytes(8))),
    ("a version of 2^53", "malformed", put(17, (1 << 53).to_bytes(8, "big"))),
    ("a date of 2^64 - 1", "malformed", put(25, b"\xff" * 8)),
    ("one serial more than there are", "malformed", put(33, b"\0\4")),
    ("one serial less than there are", "malformed", put(33, b"\0\2")),
    ("65535 serials", "malformed", put(33, b"\xff\xff")),
    ("falling serials", "malformed", put(35, b"\xff" * 8)),
    ("a serial twice", "malformed", lambda body: put(43, bytes(body[35:43]))(body)),
    ("another group", "foreign", put(1, bytes(16))),
]


def bad(encoded: str, label: bytes, changes: list[Change]) -> Iterator[dict[str, str]]:
    """What a good record becomes: bodies changed and signed again by the root, then what is wrong with signatures."""
    whole = unb64(encoded)
    body, signature = whole[:-64], whole[-64:]
    for why, problem, change in changes:
        changed = bytearray(body)
        change(changed)
        yield {"why": why, "problem": problem, "encoded": b64(bytes(changed) + sign(ROOT_SEED, label + changed))}
    for why, forged in (
        ("signed by another root", sign(sha256(b"impostor").digest(), label + body)),
        ("signed under another label", sign(ROOT_SEED, b"hearthside leaf v1\0" + body)),
        ("signed without a label", sign(ROOT_SEED, body)),
        ("a signature of zeros", bytes(64)),
    ):
        yield {"why": why, "problem": "forged", "encoded": b64(body + forged)}
    for why, data in (
        ("empty", b""),
        ("without its signature", body),
        ("a signature cut short", body + signature[:-1]),
        ("a byte behind it", whole + b"\0"),
        ("twice", whole + whole),
    ):
        yield {"why": why, "problem": "malformed", "encoded": b64(data)}


def write(name: str, comment: str, content: dict[str, Any]) -> None:
    """One file, as the others of this folder look."""
    text = json.dumps({"comment": comment, **content}, indent=1, ensure_ascii=False)
    (FOLDER / name).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write both files."""
    kept = json.loads((FOLDER / "links.json").read_text("utf-8"))
    write(
        "links.json",
        "Worked examples of docs/protocol.md, section 1, and of the knock of section 8. Byte strings are base64url, "
        "`challenge` and `knock_statement` (with its label) hexadecimal. Python and TypeScript check themselves "
        "against this file; tests/vectors/write.py writes it.",
        {"cases": [link_case(case["input"]) for case in kept["cases"]], "bad_links": kept["bad_links"]},
    )
    good, lists = list(certificates()), list(revocations())
    write(
        "certificates.json",
        "Certificates and revocation lists of docs/protocol.md, section 8. Byte strings are base64url. Python and "
        "TypeScript check themselves against this file; tests/vectors/write.py writes it.",
        {
            "root_seed": b64(ROOT_SEED),
            "root_key": b64(links.public_key(ROOT_SEED)),
            "group": b64(GROUP),
            "certificates": good,
            "revocations": lists,
            "bad_certificates": list(bad(good[0]["encoded"], b"hearthside certificate v1\0", BAD_CERTIFICATE_BODIES)),
            "bad_revocations": list(bad(lists[1]["encoded"], b"hearthside revocations v1\0", BAD_REVOCATION_BODIES)),
        },
    )


if __name__ == "__main__":
    main()
