"""A socket's life: challenge, joining, speaking, losing, resuming, taking over, flooding."""

from __future__ import annotations

import pytest

from signaling import effects as e
from signaling import messages as m
from signaling.links import b64
from signaling.machine import JOIN_SECONDS, MAX_FIRST_CHARS
from signaling.rate_limit import Allowance, Limits
from signaling.session import GRACE_SECONDS, RENEW_SECONDS
from tests.signaling import mls_bytes as b
from tests.signaling.world import GROUP, ROLE_SEED, Client, World, signed_join, text_of


def test_the_first_facilitator_starts_the_meeting_and_the_next_joins_it() -> None:
    world = World()
    first, second = world.facilitator(), world.facilitator()
    one, two = first.take(m.Joined), second.take(m.Joined)
    assert one.meeting == two.meeting
    assert one.member != two.member
    assert [member.id for member in two.rooms[0].members] == [one.member, two.member]
    assert (one.rooms[0].mls, one.now) == (None, int(world.now))
    assert first.inbox == []
    assert len({GROUP, one.meeting, one.rooms[0].id}) == 3
    assert len(world.meetings) == 1


@pytest.mark.parametrize("role", ["participant", "facilitator", "organiser"])
def test_a_bad_proof_closes_the_socket(role: m.Role) -> None:
    world = World()
    for join in (
        signed_join(role, "another nonce"),
        signed_join(role, "nonce", seed=b"\x09" * 32),
    ):
        client = Client(world)
        client.send(join)
        assert (client.error(), client.closed) == ("bad_proof", 4003)
    assert world.machine.peopled_groups() == []


def test_a_participants_key_makes_no_facilitator() -> None:
    world = World()
    client = Client(world)
    stolen = signed_join("participant", client.nonce)
    client.send(m.Join(group=GROUP, role="facilitator", key=stolen.key, signature=stolen.signature))
    assert client.error() == "bad_proof"
    client = Client(world)
    client.send(signed_join("organiser", client.nonce, seed=ROLE_SEED))
    assert client.error() == "bad_proof"


def test_an_unknown_group_is_told_apart_from_nothing_else() -> None:
    world = World()
    client = Client(world)
    client.send(signed_join("participant", client.nonce, group="nogroupnogroup"))
    assert (client.error(), client.closed) == ("unknown_group", 4003)


def test_who_does_not_join_in_time_is_closed() -> None:
    world = World()
    silent, person = Client(world), world.knock()
    world.wait(JOIN_SECONDS - 1)
    assert silent.inbox == []
    world.wait(1)
    assert (silent.error(), silent.closed) == ("join_deadline", 4003)
    assert person.closed is None


def test_messages_before_joining_and_a_second_join_are_out_of_turn() -> None:
    world = World()
    client = Client(world)
    client.send(m.Ping(n=1))
    error = client.take(m.Error)
    assert (error.code, error.about, error.n) == ("wrong_state", "ping", 1)
    client.send(signed_join("facilitator", client.nonce))
    client.take(m.Joined)
    client.send(signed_join("facilitator", client.nonce))
    assert client.error() == "wrong_state"
    assert client.closed is None


def test_what_is_said_reaches_the_room_and_the_speaker() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.say("hello")
    seqs = {client.take(m.Said).seq for client in (facilitator, ana, ben)}
    assert len(seqs) == 1
    ana.say("psst", to=ben.member)
    assert ben.take(m.Said).to == ben.member
    assert text_of(ana.take(m.Said)) == "psst"
    assert facilitator.inbox == []
    ana.say("psst", to=ben.member, n=ana.n)
    assert (len(ana.find(m.Said)), ben.inbox) == (1, [])
    late = world.facilitator()
    for nobody in ("nobodynobody", late.member):
        ana.say("x", to=nobody)
        error = ana.take(m.Error)
        assert (error.code, error.about, error.n) == ("no_such_member", "say", ana.n)


def test_a_room_is_for_its_members() -> None:
    world = World()
    world.groups["anothergroup"] = world.groups[GROUP]
    _, ana = world.meeting(1)
    other = Client(world)
    other.send(signed_join("facilitator", other.nonce, group="anothergroup"))
    other.take(m.Joined)
    assert other.room != ana.room
    for message in (
        m.Say(room=ana.room, n=1, body="abc"),
        m.MlsRegister(room=ana.room, group="g" * 22, epoch=0, leaves=[m.Seat(0, other.member)]),
        m.MlsOffer(room=ana.room, key_package="abc"),
        m.MlsCommit(room=ana.room, after=1, commit="abc"),
        m.MlsCatchUp(room=ana.room, epoch=None, applied=0, seen=0),
        m.MlsApplied(room=ana.room, epoch=0),
        m.MlsReject(room=ana.room, seq=1, statement="abc"),
        m.Publish(room=ana.room, n=1, sdp="v=0", tracks=[]),
        m.Subscribe(room=ana.room),
        m.SubscribeAnswer(room=ana.room, generation=1, sdp="v=0"),
        m.MediaBlocked(room=ana.room),
    ):
        other.send(message)
        assert other.error() == "no_such_room"
    assert ana.inbox == []


def test_media_messages_go_to_the_media_plane() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.effects.clear()
    publish = m.Publish(room=ana.room, n=1, sdp="v=0", tracks=[])
    ana.send(publish)
    ana.send(m.MediaBlocked(room=ana.room))
    assert world.effects == [e.Negotiate(ana.room, ana.member, publish), e.ReportMediaBlocked()]


def test_a_fresh_token_comes_with_a_pong_at_most_every_half_minute() -> None:
    world = World()
    _, ana = world.meeting(1)
    tokens = []
    for n in range(7):
        ana.send(m.Ping(n=n))
        pong = ana.take(m.Pong)
        assert pong.n == n
        tokens.append(pong.token is not None)
        world.wait(RENEW_SECONDS / 3)
    assert tokens == [False, False, False, True, False, False, True]


def test_a_lost_member_keeps_the_place_and_hears_what_was_missed() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ana.send(m.Subscribe(room=ana.room))
    ben.say("first")
    seen = ana.take(m.Said).seq
    ana.lose()
    assert ben.find(m.MemberConnection) == [m.MemberConnection(ana.room, ana.member, connected=False)]
    ben.say("missed")
    ben.say("whispered elsewhere", to=facilitator.member)
    facilitator.commit()
    facilitator.say("whispered here", to=ana.member)
    world.wait(GRACE_SECONDS - 1)
    world.effects.clear()
    back = ana.resume()
    kinds = [type(effect.message) if isinstance(effect, e.Send) else type(effect) for effect in world.effects]
    assert kinds.index(m.Joined) < kinds.index(e.OfferAgain)
    assert e.OfferAgain(ana.room, ana.member) in world.effects
    assert world.take_effects(e.DropMedia) == []
    joined = back.take(m.Joined)
    assert (joined.member, joined.resumed, joined.media_kept) == (ana.member, True, True)
    assert back.inbox == []
    back.send(m.MlsCatchUp(room=back.room, epoch=1, applied=2, seen=seen))
    caught = back.take(m.MlsCaughtUp)
    assert (caught.applied, caught.seq, caught.replayed_from) == (2, seen + 4, seen + 1)
    assert text_of(back.take(m.Said)) == "missed"
    assert back.take(m.MlsCommitted).commit.epoch == 1
    assert text_of(back.take(m.Said)) == "whispered here"
    assert back.inbox == []
    assert ben.find(m.MemberConnection) == [m.MemberConnection(ana.room, ana.member, connected=True)]


def test_who_resumes_is_not_told_of_media_that_the_sfu_let_go() -> None:
    world = World()
    _, ana, ben = world.meeting(2)
    for client in (ana, ben):
        client.send(m.Subscribe(room=client.room))
    ana.lose()
    world.machine.media_ended(ana.member)
    world.machine.media_ended("nobodynobody")
    back = ana.resume()
    assert not back.take(m.Joined).media_kept
    assert ben.resume().take(m.Joined).media_kept
    back.send(m.Subscribe(room=back.room))
    assert back.resume().take(m.Joined).media_kept


def test_a_reloaded_page_goes_on_counting() -> None:
    world = World()
    _, ana, _ = world.meeting(2)
    ana.say()
    ana.say()
    again = ana.resume()
    room = again.take(m.Joined).rooms[0]
    assert (room.said_n, room.mls) == (2, m.MlsState(b64(b.GROUP), 1, world.head))
    assert again.inbox == []


def test_another_tab_takes_the_session_over() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    tab = ana.resume()
    ana.take(m.TakenOver)
    assert ana.closed == 4001
    tab.take(m.Joined)
    ana.lose()
    assert [hint.connected for hint in facilitator.find(m.MemberConnection)] == [True]
    tab.say()
    assert facilitator.find(m.Said)
    waiting = world.knock()
    other = waiting.resume()
    assert (waiting.closed, waiting.all[-1]) == (4001, m.TakenOver())
    other.take(m.Waiting)


def test_who_stays_away_too_long_is_gone() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    ana.lose()
    world.effects.clear()
    world.wait(GRACE_SECONDS)
    assert [type(effect) for effect in world.effects[:1]] == [e.DropMedia]
    assert facilitator.find(m.MemberGone)[0].gone.reason == "lost"
    assert ana.resume().error() == "session_expired"


def test_all_may_stay_away_at_once_whatever_they_had_asked_for() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    ana.offer(rejoin=True)  # the last state goes with the facilitator's place: ana's at the door then
    facilitator.lose()
    ana.lose()
    world.wait(GRACE_SECONDS + 1)
    for client in (facilitator, ana):
        assert client.resume().error() == "session_expired"
    world.wait(GRACE_SECONDS)
    assert world.meetings == {}


def test_leaving_ends_media_and_token() -> None:
    world = World()
    facilitator, ana = world.meeting(1)
    world.effects.clear()
    ana.send(m.Leave())
    assert isinstance(world.effects[0], e.DropMedia)
    assert ana.closed == 4000
    assert facilitator.take(m.MemberGone).gone.reason == "left"
    assert ana.resume().error() == "session_expired"
    ana.lose()
    ana.send(m.Ping(n=1))


def test_an_empty_meeting_ends_after_two_minutes_and_those_who_wait_stay() -> None:
    world = World()
    (facilitator,) = world.meeting(0)
    waiting = world.knock()
    facilitator.send(m.Leave())
    waiting.take(m.Waiting)
    assert not waiting.take(m.Door).facilitator_present
    world.wait(GRACE_SECONDS - 1)
    assert len(world.meetings) == 1
    world.wait(1)
    assert world.meetings == {}
    assert waiting.closed is None
    again = world.facilitator()
    assert len(again.take(m.Joined).knocks) == 1


def test_a_facilitator_who_returns_within_two_minutes_finds_the_meeting() -> None:
    world = World()
    (facilitator,) = world.meeting(0)
    facilitator.send(m.Leave())
    world.wait(60)
    again = world.facilitator()
    assert again.take(m.Joined).rooms[0].id == facilitator.room


def test_a_token_of_another_group_or_of_nobody_is_refused() -> None:
    world = World()
    world.groups["anothergroup"] = world.groups[GROUP]
    _, ana = world.meeting(1)
    for group, token in (("anothergroup", ana.token), (GROUP, "A" * 100), (GROUP, ana.token[:-8] + "AAAAAAA=")):
        client = Client(world)
        client.send(m.Resume(group=group, token=token))
        assert (client.error(), client.closed) == ("session_expired", 4003)
    assert ana.closed is None


def test_unreadable_messages_are_answered_and_then_closed_upon() -> None:
    world = World()
    _, ana, ben = world.meeting(2)
    ana.send('{"type":"say","n":7,"room":1}')
    error = ana.take(m.Error)
    assert (error.code, error.about, error.n) == ("bad_message", "say", 7)
    ana.send('{"type":"<script>","n":7}')
    error = ana.take(m.Error)
    assert (error.code, error.about, error.n) == ("bad_message", None, None)
    for _ in range(int(world.limits.faults.capacity)):
        if ana.closed is None:
            ana.send("junk")
    assert ana.closed == 4002
    assert ben.find(m.MemberConnection)[0].member == ana.member
    ana.resume().take(m.Joined)


def test_binary_messages_are_unreadable() -> None:
    world = World()
    _, ana = world.meeting(1)
    world.do(world.machine.receive(ana.connection, b'{"type":"ping","n":1}', now=world.now))
    assert ana.error() == "bad_message"


def test_a_flood_is_slowed_then_closed_and_nobody_else_notices() -> None:
    world = World(Limits(messages=Allowance(10, 1), faults=Allowance(5, 0.1)))
    _, ana, ben = world.meeting(2)
    for n in range(30):
        if ana.closed is None:
            ana.send(m.Ping(n=n))
    # Two messages of the bucket's ten were the join and the knock.
    assert len(ana.find(m.Pong)) == 8
    errors = ana.find(m.Error)
    assert {(error.code, error.about) for error in errors} == {("rate_limited", "ping")}
    assert all(error.retry_after == 1 for error in errors)
    assert ana.closed == 4002
    ben.send(m.Ping(n=1))
    assert ben.find(m.Pong)


def test_much_at_once_is_limited_by_size_too() -> None:
    world = World(Limits(say_bytes=Allowance(1000, 100)))
    _, ana, ben = world.meeting(2)
    ana.say(size=600)
    ana.say(size=150)
    refused = ana.find(m.Error)[0]
    assert (refused.code, refused.about, refused.n, refused.retry_after) == ("rate_limited", "say", 2, 2)
    world.wait(2)
    ana.say(size=150, n=2)
    assert [said.n for said in ben.find(m.Said)] == [1, 2]


def test_large_messages_are_limited_whatever_they_hold() -> None:
    world = World(Limits(message_chars=Allowance(100_000, 1_000)))
    _, ana, ben = world.meeting(2)
    large = '{"type":"ping","n":1,"x":"%s"}' % ("x" * 40_000)
    for _ in range(3):
        ana.send(large)
    assert len(ana.find(m.Pong)) == 2
    refused = ana.find(m.Error)[0]
    assert (refused.code, refused.about) == ("rate_limited", "ping")
    ben.say()
    assert ana.find(m.Said), "nobody else waits for it"
    world.wait(refused.retry_after or 0)
    ana.send(large)
    assert ana.find(m.Pong)


def test_only_who_has_joined_may_send_large_messages() -> None:
    world = World()
    stranger = Client(world)
    large = '{"type":"resume","group":"groupgroup","token":"%s"}' % ("t" * MAX_FIRST_CHARS)
    stranger.send(large)
    assert (stranger.error(), stranger.closed) == ("bad_message", 4003)
    person = world.visitor(browser="b" * 32)
    person.take(m.Waiting)
    person.send(m.MlsCommit(room="r" * 32, after=1, commit="c" * m.MAX_MLS_CHARS))
    assert (person.error(), person.closed) == ("bad_message", None)
    person.send(m.SendKnock(sealed="s" * m.MAX_KNOCK_CHARS, key_package="A" * m.MAX_KEY_PACKAGE_CHARS))
    assert person.take(m.MlsRefused).code == "malformed", "it was read"
    back = Client(world)
    back.send(m.Resume(group=GROUP, token="t" * 1024))
    assert back.error() == "session_expired", "it was read"


def test_a_commit_of_the_largest_size_is_read() -> None:
    world = World()
    facilitator, _ = world.meeting(1)
    largest = "A" * m.MAX_MLS_CHARS
    facilitator.send(m.MlsCommit(room=facilitator.room, after=1, commit=largest, welcome=largest))
    assert facilitator.take(m.MlsRefused).code == "malformed"


def test_what_is_told_to_many_is_limited_apart() -> None:
    world = World(Limits(requests=Allowance(2, 0.5)))
    _, ana, ben = world.meeting(2)
    for _ in range(4):
        ana.offer()
    assert len(ben.find(m.MlsOffered)) == 2
    refused = ana.find(m.Error)
    assert [(error.code, error.about, error.retry_after) for error in refused] == [("rate_limited", "mls_offer", 2)] * 2
    ana.say()
    assert ben.find(m.Said)


def test_commits_are_limited_apart_because_late_ones_are_answered_with_all_that_was_missed() -> None:
    world = World(Limits(commits=Allowance(3, 0.5)))
    facilitator, ana = world.meeting(1)
    facilitator.commit()
    for _ in range(4):
        ana.commit(after=2, epoch=1)
    assert len(ana.find(m.MlsRebase)) == 3
    assert [(error.code, error.about) for error in ana.find(m.Error)] == [("rate_limited", "mls_commit")]


def test_wishes_have_an_allowance_of_their_own() -> None:
    world = World(Limits(watches=Allowance(3, 5)))
    ana = world.meeting(1)[1]
    for _ in range(5):
        ana.send(m.Watch(room=ana.room, tiles=[m.TileWish("membermember", "camera-0", 180)]))
    assert len(world.take_effects(e.Negotiate)) == 3
    assert [(error.code, error.about) for error in ana.find(m.Error)] == [("rate_limited", "watch")] * 2
    ana.send(m.Ping(n=1))
    assert ana.find(m.Pong)
    ana.send(m.Watch(room="another-room", tiles=[]))
    world.now += 1
    ana.send(m.Watch(room="another-room", tiles=[]))
    assert [error.code for error in ana.find(m.Error)] == ["rate_limited", "no_such_room"]
    assert not world.meeting_now.attendees[ana.member].has_media


def test_who_resumes_without_end_is_asked_to_wait_and_keeps_the_place() -> None:
    world = World(Limits(returns=Allowance(3, 0.5)))
    _, ana, ben = world.meeting(2)
    for _ in range(3):
        ana = ana.resume()
        ana.take(m.Joined)
    refused = ana.resume()
    error = refused.take(m.Error)
    assert (error.code, error.about, error.retry_after, refused.closed) == ("rate_limited", "resume", 2, 4003)
    assert ana.closed is None, "the session goes on where it was"
    assert len(ben.find(m.MemberConnection)) == 3
    world.wait(2)
    ana.resume().take(m.Joined)
    waiting = world.knock()
    for _ in range(3):
        waiting = waiting.resume()
        waiting.take(m.Waiting)
    assert waiting.resume().error() == "rate_limited"
    world.wait(6)
    assert world.machine._groups[GROUP]._returns == {}


def test_a_full_server_says_so() -> None:
    world = World(Limits(connections=2))
    Client(world)
    Client(world)
    third = Client(world)
    assert (third.take(m.Error).retry_after, third.closed) == (10, 4003)


def test_one_address_cannot_fill_the_server() -> None:
    world = World(Limits(connections_per_address=1))
    first = Client(world, "198.51.100.1")
    second = Client(world, "198.51.100.1")
    assert (second.error(), second.closed) == ("server_full", 4003)
    Client(world, "198.51.100.2")
    first.lose()
    assert Client(world, "198.51.100.1").closed is None


def test_a_store_that_fails_leaves_the_socket_open_to_try_again() -> None:
    world = World()
    client = Client(world)
    join = m.encode(signed_join("facilitator", client.nonce))
    (load,) = world.machine.receive(client.connection, join, now=world.now)
    assert isinstance(load, e.LoadGroup)
    client.send(join)
    assert client.error() == "wrong_state"
    world.do(world.machine.load_failed(client.connection))
    assert client.error() == "internal"
    client.send(join)
    client.take(m.Joined)
    world.do(world.machine.load_failed(999))


def test_a_socket_lost_while_its_group_was_read_joins_nothing() -> None:
    world = World()
    client = Client(world)
    (load,) = world.machine.receive(
        client.connection, m.encode(signed_join("facilitator", client.nonce)), now=world.now
    )
    assert isinstance(load, e.LoadGroup)
    client.lose()
    assert world.machine.group_loaded(client.connection, load.message, world.groups[GROUP], now=world.now) == []
    assert world.machine.peopled_groups() == []


def test_where_a_member_is_reached() -> None:
    world = World()
    _, ana = world.meeting(1)
    assert world.machine.connection_of(ana.member) == ana.connection
    ana.lose()
    assert world.machine.connection_of(ana.member) is None
    assert world.machine.connection_of("nobody") is None
    back = ana.resume()
    assert world.machine.connection_of(ana.member) == back.connection


def test_the_log_names_nobody() -> None:
    world = World()
    facilitator, ana, ben = world.meeting(2)
    ben.lose()
    ben.resume()
    facilitator.remove(ana)
    facilitator.send(m.EndMeeting())
    log = "\n".join(world.log)
    for line in ("meeting 1: started", "participant admitted", "participant removed", "is back", "ended (facilitator)"):
        assert line in log
    for secret in (GROUP, ana.member, ana.room, ana.token, "browser0000", "192.0.2.1"):
        assert secret not in log
