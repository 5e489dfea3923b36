import json
from pathlib import Path
from typing import Any

import pytest

from signaling.mls_messages import (
    MAX_MESSAGE_BYTES,
    Add,
    OtherProposal,
    ParseError,
    PreSharedKey,
    ProposalType,
    Remove,
    read_application,
    read_commit,
    read_key_package,
    read_welcome,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "mls"
SEEDS = Path(__file__).parents[1] / "fuzz" / "mls_messages"


def load(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.suite1.json").read_text())
    assert found
    return found


def seed(name: str) -> bytes:
    return bytes.fromhex((SEEDS / f"{name}.hex").read_text())


@pytest.mark.parametrize("name", ["passive-client-welcome", "passive-client-handling-commit", "welcome"])
def test_a_welcome_names_the_key_package_that_it_is_for(name: str) -> None:
    for vector in load(name):
        package = read_key_package(bytes.fromhex(vector["key_package"]))
        assert package.ref in read_welcome(bytes.fromhex(vector["welcome"])).refs
        assert package.leaf.lifetime is not None


def test_every_commit_of_the_working_group_is_read() -> None:
    seen: set[object] = set()
    for vector in load("passive-client-handling-commit"):
        epochs = [read_commit(bytes.fromhex(epoch["commit"])) for epoch in vector["epochs"]]
        assert [commit.epoch for commit in epochs] == list(range(epochs[0].epoch, epochs[0].epoch + len(epochs)))
        assert len({commit.group for commit in epochs}) == 1
        for commit in epochs:
            assert commit.sender is not None
            needs_path = any(not isinstance(p, Add | PreSharedKey) for p in commit.proposals) or not commit.proposals
            by_reference = OtherProposal(None) in commit.proposals
            assert commit.path or by_reference or not needs_path
            seen |= {type(proposal) for proposal in commit.proposals} | {not commit.proposals}
    assert seen == {Add, Remove, PreSharedKey, OtherProposal, True, False}


def test_what_is_in_clear_of_protected_messages() -> None:
    (vector,) = load("message-protection")
    group, epoch = bytes.fromhex(vector["group_id"]), int(vector["epoch"])
    commit = read_commit(bytes.fromhex(vector["commit_pub"]))
    assert (commit.group, commit.epoch, commit.sender, commit.path) == (group, epoch, 1, False)
    assert commit.proposals == (PreSharedKey(external=True),)
    said = read_application(bytes.fromhex(vector["application_priv"]))
    assert (said.group, said.epoch) == (group, epoch)


def test_foreign_proposals_are_told_apart() -> None:
    commit = read_commit(seed("good_commit_otherproposal_group_context_extensions"))
    assert OtherProposal(ProposalType.GROUP_CONTEXT_EXTENSIONS) in commit.proposals
    assert OtherProposal(None) in read_commit(seed("good_commit_otherproposal_ref")).proposals
    assert read_commit(seed("good_commit_external")).sender is None


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("bad_empty", "cut short"),
        ("bad_version", "version"),
        ("bad_wire_format", "wire format"),
        ("bad_group_info", "wire format"),
        ("bad_private_commit", "wire format"),
        ("bad_proposal_message", "content type"),
        ("bad_sender_type", "sender type"),
        ("bad_leaf_index", "leaf index"),
        ("bad_length_not_shortest", "length"),
        ("bad_length_of_eight", "length"),
        ("bad_group_longer_than_message", "length"),
        ("bad_trailing", "bytes left over"),
        ("bad_cut", "cut short"),
    ],
)
def test_a_bad_commit(name: str, place: str) -> None:
    with pytest.raises(ParseError, match=f"^{place}$"):
        read_commit(seed(name))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("bad_key_package_suite", "cipher suite"),
        ("bad_key_package_version", "version"),
        ("bad_key_package_short_key", "length"),
        ("bad_credential_x509", "credential"),
    ],
)
def test_a_bad_key_package(name: str, place: str) -> None:
    with pytest.raises(ParseError, match=f"^{place}$"):
        read_key_package(seed(name))


def test_a_bad_welcome() -> None:
    with pytest.raises(ParseError, match="cipher suite"):
        read_welcome(seed("bad_welcome_suite"))
    with pytest.raises(ParseError, match="cut short"):
        read_welcome(seed("bad_welcome_secrets_overrun"))


def test_an_application_message_carries_nothing_in_clear() -> None:
    with pytest.raises(ParseError, match="authenticated data in clear"):
        read_application(seed("bad_application_clear_data"))
    for name in ("bad_private_commit", "bad_private_proposal"):
        with pytest.raises(ParseError, match="content type"):
            read_application(seed(name))


def test_nothing_is_read_of_what_is_too_long() -> None:
    with pytest.raises(ParseError, match="too long"):
        read_commit(seed("good_commit_psk").ljust(MAX_MESSAGE_BYTES + 1, b"\0"))


def test_an_error_repeats_nothing() -> None:
    for path in SEEDS.glob("*.hex"):
        with pytest.raises(ParseError) as caught:
            read_commit(bytes.fromhex(path.read_text()) + bytes(3))
        assert len(str(caught.value)) < 40
