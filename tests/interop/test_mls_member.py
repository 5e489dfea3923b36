import json
from pathlib import Path

import pytest
from rfc9420 import DefaultCryptoProvider
from rfc9420.messages.data_structures import GroupContext
from rfc9420.protocol.schedule.key_schedule import KeySchedule

from signaling.mls_messages import Add, PreSharedKey, Remove, read_commit, read_key_package, read_welcome
from tests.interop.mls_member import Admission, Member, MemberError, Psk

VECTORS = Path(__file__).parents[1] / "vectors" / "mls"
PSK = Psk(b"link", bytes(range(32)))
GROUP = b"g" * 16


def group_of(count: int) -> list[Member]:
    """Members added one after the other by the first."""
    members = [Member(f"m{i}".encode(), PSK) for i in range(count)]
    members[0].found(GROUP)
    for i, newcomer in enumerate(members[1:], start=1):
        commit, welcome = members[0].commit(add=[newcomer.key_package()])
        for member in members[:i]:
            member.apply(commit)
        assert welcome is not None
        newcomer.join(welcome)
    return members


def agree(members: list[Member]) -> None:
    assert len({member.authenticator for member in members}) == 1
    assert len({member.sframe_base_key() for member in members}) == 1
    assert len({tuple(sorted(member.roster.items())) for member in members}) == 1


def test_members_agree() -> None:
    members = group_of(5)
    agree(members)
    assert [member.leaf for member in members] == [0, 1, 2, 3, 4]
    for sender in members:
        message = sender.seal(b"hello")
        for reader in members:
            if reader is not sender:
                assert reader.open(message) == (sender.leaf, b"hello")


@pytest.mark.parametrize("committer", range(5))
@pytest.mark.parametrize("removed", range(5))
def test_anybody_removes_anybody(committer: int, removed: int) -> None:
    if committer == removed:
        return
    members = group_of(5)
    before = members[removed].authenticator
    commit, welcome = members[committer].commit(remove=[removed])
    assert welcome is None
    stay = [member for i, member in enumerate(members) if i != removed]
    for member in stay:
        member.apply(commit)
    agree(stay)
    with pytest.raises(MemberError):
        members[removed].apply(commit)
    assert members[removed].authenticator == before
    with pytest.raises(MemberError):
        members[removed].open(stay[0].seal(b"without you"))


def test_somebody_comes_back_in_place_of_the_old_leaf() -> None:
    members = group_of(5)
    members[3].renew()
    members[3].restore(None)
    commit, welcome = members[4].commit(remove=[3], add=[members[3].key_package()])
    for member in (members[0], members[1], members[2], members[4]):
        member.apply(commit)
    assert welcome is not None
    members[3].join(welcome)
    agree(members)
    assert members[3].leaf == 3
    commit, _ = members[3].commit(remove=[0])
    for member in members[1:]:
        member.apply(commit)
    agree(members[1:])


def test_without_the_links_key_nobody_joins() -> None:
    founder, stranger = Member(b"founder", PSK), Member(b"stranger", Psk(PSK.id, b"guess" * 7))
    founder.found(GROUP)
    _, welcome = founder.commit(add=[stranger.key_package()])
    assert welcome is not None
    with pytest.raises(MemberError):
        stranger.join(welcome)


def test_a_lost_race_costs_nothing() -> None:
    members = group_of(3)
    first, _ = members[0].commit()
    second, _ = members[1].commit()
    for member in members:
        member.apply(first)
    with pytest.raises(MemberError):
        members[0].apply(second)
    agree(members)
    again, _ = members[1].commit()
    for member in members:
        member.apply(again)
    agree(members)


def test_a_damaged_commit_changes_nothing() -> None:
    members = group_of(3)
    commit, _ = members[0].commit(remove=[2])
    for at in range(0, len(commit), 7):
        damaged = commit[:at] + bytes([commit[at] ^ 1]) + commit[at + 1 :]
        with pytest.raises(MemberError):
            members[1].apply(damaged)
    members[0].apply(commit)
    members[1].apply(commit)
    agree(members[:2])


def test_the_server_reads_what_members_write() -> None:
    members = group_of(3)
    package = members[2]
    newcomer = Member(b"new", PSK, lifetime=(5, 99))
    read = read_key_package(newcomer.key_package())
    assert read.leaf.identity == b"new"
    assert read.leaf.lifetime == (5, 99)
    commit, welcome = package.commit(add=[newcomer.key_package()], remove=[1])
    found = read_commit(commit)
    assert (found.group, found.epoch, found.sender, found.path) == (GROUP, 2, 2, True)
    assert found.proposals == (Remove(1), Add(read), PreSharedKey(external=True))
    assert welcome is not None
    assert read_welcome(welcome).refs == (read.ref,)


@pytest.mark.parametrize("committers", [(0, 1), (1, 0), (2, 3, 0), (3, 1, 2, 0), (0, 1, 2, 3, 1)])
def test_newcomers_join_whoever_has_renewed_keys(committers: tuple[int, ...]) -> None:
    """A sibling's later commit leaves a leaf with a parent hash of a parent that is gone: that is as it should be."""
    members = group_of(4)
    for committer in committers:
        commit, _ = members[committer].commit()
        for member in members:
            member.apply(commit)
    newcomer = Member(b"new", PSK)
    commit, welcome = members[committers[0]].commit(add=[newcomer.key_package()])
    for member in members:
        member.apply(commit)
    assert welcome is not None
    newcomer.join(welcome)
    agree([*members, newcomer])


def test_a_commit_carries_data_in_clear_and_its_welcome_notes() -> None:
    members = group_of(2)
    newcomer = Member(b"new", PSK)
    commit, welcome = members[1].commit(add=[newcomer.key_package()], authenticated_data=b"in clear", notes=b"for you")
    assert read_commit(commit).authenticated_data == b"in clear"
    members[0].apply(commit)
    members[1].apply(commit)
    assert welcome is not None
    assert newcomer.join(welcome) == Admission(1, b"for you")
    agree([*members, newcomer])
    another = Member(b"another", PSK)
    _, welcome = members[0].commit(add=[another.key_package()])
    assert welcome is not None
    assert another.join(welcome) == Admission(0, None)


def test_what_founded_a_group_stands_in_it_for_good() -> None:
    founder, guest, last = (Member(name, PSK) for name in (b"founder", b"guest", b"last"))
    founder.found(GROUP, b"founded by me")
    _, welcome = _applied(founder, founder.commit(add=[guest.key_package()]))
    assert welcome is not None
    assert guest.join(welcome) == Admission(0, None, b"founded by me")
    commit, _ = founder.commit()
    for member in (founder, guest):
        member.apply(commit)
    _, welcome = guest.commit(add=[last.key_package()])
    assert welcome is not None
    assert last.join(welcome) == Admission(1, None, b"founded by me")


def _applied(member: Member, made: tuple[bytes, bytes | None]) -> tuple[bytes, bytes | None]:
    member.apply(made[0])
    return made


def test_an_identity_may_be_made_for_its_leaf_key() -> None:
    member = Member(b"", PSK)
    member.renew(lambda key: b"of " + key)
    package = read_key_package(member.key_package())
    assert package.leaf.identity == b"of " + package.leaf.signature_key
    assert package.ref == member.ref
    member.found(GROUP)
    assert member.leaf_keys == {0: package.leaf.signature_key}
    assert member.signing_key.public_key().public_bytes_raw() == package.leaf.signature_key


def test_the_exporter_is_corrected() -> None:
    checked = 0
    for vector in json.loads((VECTORS / "key-schedule.suite1.json").read_text()):
        crypto = DefaultCryptoProvider(suite_id=1)
        init = bytes.fromhex(vector["initial_init_secret"])
        for epoch in vector["epochs"]:
            context = GroupContext.deserialize(bytes.fromhex(epoch["group_context"]))
            schedule = KeySchedule(
                init, bytes.fromhex(epoch["commit_secret"]), context, bytes.fromhex(epoch["psk_secret"]), crypto
            )
            init = bytes.fromhex(epoch["init_secret"])
            member = Member(b"reader", PSK)
            member.found(GROUP)
            state = member.snapshot()
            assert state is not None
            state._key_schedule = schedule
            wanted = epoch["exporter"]
            length = int(wanted["length"])
            label, exported = wanted["label"].encode(), bytes.fromhex(wanted["secret"])
            assert member.export(label, bytes.fromhex(wanted["context"]), length) == exported
            checked += 1
    assert checked == 5
