"""One room: numbers, echoes, replay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import messages as m
from signaling.permissions import RefusedError
from signaling.room import REPLAY_CHARS, REPLAY_MESSAGES, REPLAY_SECONDS, Room


def member(name: str) -> m.Member:
    return m.Member(id=name, leaf=0, role="participant", order=0)


def room(*names: str) -> Room:
    found = Room("room")
    for name in names:
        found.enter(member(name), now=0)
    return found


def say(n: int, body: str = "body", to: str | None = None) -> m.Say:
    return m.Say(room="room", n=n, body=body, to=to)


def test_everything_is_numbered_in_one_order() -> None:
    found = Room("room", seq=10)
    assert found.enter(member("ana"), now=0).seq == 11
    assert found.enter(member("ben"), now=0).seq == 12
    said, receivers = found.say("ana", say(1), now=0)
    assert (said.seq, said.sender, said.n, receivers) == (13, "ana", 1, ["ana", "ben"])
    assert found.lost("ben", now=0).seq == 14
    assert found.back("ben", now=0).seq == 15
    assert found.leave("ben", "left", now=0).seq == 16


def test_what_is_said_to_one_goes_to_one_and_back_to_the_sender() -> None:
    found = room("ana", "ben", "cleo")
    assert found.say("ana", say(1, to="ben"), now=0)[1] == ["ana", "ben"]
    assert found.say("ana", say(2, to="ana"), now=0)[1] == ["ana"]
    with pytest.raises(RefusedError) as refused:
        found.say("ana", say(3, to="dan"), now=0)
    assert refused.value.code == "no_such_member"
    assert found.seats["ana"].said_n == 2
    assert found.seq == 5


def test_a_repeated_number_is_answered_and_not_passed_on() -> None:
    found = room("ana", "ben")
    first, _ = found.say("ana", say(5, "first"), now=0)
    assert found.say("ana", say(5, "first"), now=0) == (first, ["ana"])
    assert found.say("ben", say(5, "other"), now=0)[0].sender == "ben"
    with pytest.raises(RefusedError) as refused:
        found.say("ana", say(4), now=0)
    assert refused.value.code == "wrong_state"


def test_replay_brings_what_was_missed_and_no_more() -> None:
    found = room("ana", "ben", "cleo")
    seen = found.seq
    found.say("ana", say(1, "to all"), now=0)
    found.say("ana", say(2, "to ben", to="ben"), now=0)
    found.say("ana", say(3, "to cleo", to="cleo"), now=0)
    found.lost("ben", now=0)
    found.enter(member("dan"), now=0)
    start, missed = found.replay("ben", seen, now=0)
    assert start == seen + 1
    assert [type(message) for message in missed] == [m.Said, m.Said, m.MemberJoined]
    assert [message.body for message in missed if isinstance(message, m.Said)] == ["to all", "to ben"]
    assert found.replay("ben", None, now=0) == (found.seq + 1, [])
    assert found.replay("ben", found.seq, now=0) == (found.seq + 1, [])
    assert found.replay("ben", found.seq + 1000, now=0) == (found.seq + 1, [])


def test_nobody_is_replayed_what_was_said_before_they_were_let_in() -> None:
    found = room("ana")
    found.say("ana", say(1, "before"), now=0)
    found.enter(member("ben"), now=0)
    found.say("ana", say(2, "after"), now=0)
    start, missed = found.replay("ben", 0, now=0)
    assert start == 4
    assert [message.seq for message in missed] == [4]


@pytest.mark.parametrize(
    ("count", "body"), [(REPLAY_MESSAGES + 10, "x"), (80, "x" * (REPLAY_CHARS // 50))], ids=["many", "large"]
)
def test_the_replay_is_bounded_and_shows_its_gap(count: int, body: str) -> None:
    found = room("ana", "ben")
    for n in range(1, count + 1):
        found.say("ana", say(n, body), now=0)
    start, missed = found.replay("ben", 3, now=0)
    assert start > 4
    assert [message.seq for message in missed] == list(range(start, found.seq + 1))
    assert len(missed) <= REPLAY_MESSAGES
    assert sum(len(message.body) for message in missed if isinstance(message, m.Said)) <= REPLAY_CHARS


def test_what_is_older_than_the_grace_time_is_forgotten() -> None:
    found = room("ana", "ben")
    found.say("ana", say(1), now=10)
    found.say("ana", say(2), now=20)
    start, missed = found.replay("ben", 2, now=11 + REPLAY_SECONDS)
    assert (start, len(missed)) == (4, 1)
    assert found.replay("ben", 2, now=1000) == (found.seq + 1, [])


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.sampled_from([None, "a", "b", "c", "nobody"])),
        max_size=60,
    ),
    st.integers(0, 100),
)
def test_live_and_replayed_are_the_same(says: list[tuple[str, int, str | None]], seen: int) -> None:
    found = room("a", "b", "c")
    got: list[m.Said] = []
    last = found.seq
    for sender, n, to in says:
        try:
            said, receivers = found.say(sender, say(n, to=to), now=0)
        except RefusedError:
            continue
        assert sender in receivers
        if said.seq > last:
            assert said.seq == last + 1
            last = said.seq
            if "c" in receivers:
                got.append(said)
    _, missed = found.replay("c", seen, now=0)
    assert [message for message in missed if isinstance(message, m.Said)] == [said for said in got if said.seq > seen]
