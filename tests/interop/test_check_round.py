from tests.interop.check_round import CheckRound
from tests.interop.envelopes import Json


def rounds(leaves: set[int], *, authenticators: dict[int, bytes] | None = None) -> dict[int, CheckRound]:
    return {
        leaf: CheckRound(b"g" * 16, 7, (authenticators or {}).get(leaf, b"a" * 32), leaf, leaves, b"r" * 16, 0)
        for leaf in leaves
    }


def play(members: dict[int, CheckRound]) -> None:
    said: list[tuple[int, Json]] = [(leaf, member.commitment()) for leaf, member in members.items()]
    while said:
        sender, message = said.pop(0)
        for leaf, member in members.items():
            if leaf != sender:
                said += [(leaf, answer) for answer in member.take(sender, message)]


def test_everybody_sees_the_same() -> None:
    members = rounds({0, 2, 5})
    play(members)
    first = members[0]
    assert first.emoji is not None
    assert len(first.emoji) == 8
    assert len(first.digits) == 30
    assert all(member.emoji == first.emoji and member.digits == first.digits for member in members.values())


def test_halves_of_a_split_group_see_different_ones() -> None:
    members = rounds({0, 1}, authenticators={0: b"a" * 32, 1: b"b" * 32})
    play(members)
    assert members[0].emoji != members[1].emoji


def test_a_number_that_was_not_committed_to_fails_the_round() -> None:
    members = rounds({0, 1})
    members[1].nonce = b"another".ljust(32)
    play(members)
    assert members[0].failed
    assert members[0].emoji is None


def test_nobody_reveals_before_all_have_committed() -> None:
    members = rounds({0, 1, 2})
    answers = members[1].take(0, {"type": "check_set", "round": "", "leaves": [0, 1, 2]})
    answers += members[1].take(0, members[0].commitment())
    assert answers == []
    assert [answer["type"] for answer in members[1].take(2, members[2].commitment())] == ["check_reveal"]
