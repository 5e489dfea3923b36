import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sfu.ice import lite_agent, stun
from sfu.ice.lite_agent import Credentials, LiteAgent, State

LOCAL = Credentials("srv1", "password-of-the-server-1")
LOCAL_2 = Credentials("srv2", "password-of-the-server-2")
LOCAL_3 = Credentials("srv3", "password-of-the-server-3")
REMOTE = Credentials("cli1", "password-of-the-client-1")
REMOTE_2 = Credentials("cli2", "password-of-the-client-2")

WIFI = ("192.0.2.1", 1000)
MOBILE = ("198.51.100.7", 2000)
HIGH, LOW = 1853824767, 1677722111
"""Priorities of a peer-reflexive candidate on Ethernet and of a worse one (RFC 8445 section 5.1.2)."""

_transactions = (number.to_bytes(12, "big") for number in itertools.count())


def check(
    *,
    nominate: bool = False,
    priority: int = HIGH,
    local: Credentials = LOCAL,
    remote: Credentials = REMOTE,
    password: str | None = None,
    message_type: int = stun.BINDING_REQUEST,
    extra: list[tuple[int, bytes]] | None = None,
) -> stun.Message:
    """Return a connectivity check as a browser sends it."""
    attributes = [
        (stun.USERNAME, f"{local.ufrag}:{remote.ufrag}".encode()),
        (0xC057, b"\0\1\0\x0a"),
        (stun.ICE_CONTROLLING, bytes(8)),
        (stun.PRIORITY, priority.to_bytes(4, "big")),
    ]
    if nominate:
        attributes.append((stun.USE_CANDIDATE, b""))
    data = stun.build(message_type, next(_transactions), attributes + (extra or []), password or local.pwd)
    return stun.parse(data)


def agent() -> LiteAgent:
    agent = LiteAgent(LOCAL, now=0.0)
    agent.set_remote(REMOTE)
    return agent


def state(lite: LiteAgent) -> State:
    """Return the state; a call, so that the type checker does not take it for unchanging."""
    return lite.state


def connected() -> LiteAgent:
    lite = agent()
    lite.receive(check(nominate=True), WIFI, now=0.0)
    assert (lite.state, lite.selected) == (State.CONNECTED, WIFI)
    return lite


def test_a_check_is_answered_with_its_address() -> None:
    lite = agent()
    request = check()
    answer = lite.receive(request, WIFI, now=0.0)
    assert answer is not None
    message = stun.parse(answer)
    assert message.message_type == stun.BINDING_SUCCESS
    assert message.transaction_id == request.transaction_id
    assert message.mapped_address == WIFI
    assert message.integrity_is_valid(LOCAL.pwd)
    assert len(answer) <= len(request.raw)
    assert lite.addresses == [WIFI]


def test_the_first_check_connects_and_any_nomination_takes_over() -> None:
    """Over a round trip of 100 ms Chromium nominates 0.9 s after its first check: DTLS is through long before."""
    lite = agent()
    assert state(lite) is State.WAITING
    lite.receive(check(), WIFI, now=0.0)
    assert (lite.state, lite.selected) == (State.CONNECTED, WIFI)
    lite.receive(check(priority=HIGH + 1), ("203.0.113.9", 3), now=0.01)
    assert lite.selected == WIFI, "whichever was first: packets need not change their way twice"
    lite.receive(check(nominate=True, priority=LOW), MOBILE, now=0.05)
    assert lite.selected == MOBILE
    lite.receive(check(nominate=True, priority=1), WIFI, now=0.1)
    assert lite.selected == MOBILE, "a nomination defends its pair"


def test_before_a_nomination_dtls_says_which_pair_works_both_ways() -> None:
    lite = agent()
    lite.spoken_on(WIFI)
    assert lite.selected is None, "a pair that was never checked"
    lite.receive(check(), WIFI, now=0.0)
    lite.receive(check(), MOBILE, now=0.01)
    lite.spoken_on(MOBILE)
    assert lite.selected == MOBILE
    lite.spoken_on(("203.0.113.9", 3))
    assert lite.selected == MOBILE
    lite.receive(check(nominate=True), WIFI, now=0.02)
    lite.spoken_on(MOBILE)
    assert lite.selected == WIFI


def test_dtls_alone_neither_connects_nor_restarts() -> None:
    lite = agent()
    for address in (WIFI, MOBILE):
        lite.receive(check(), address, now=0.0)
    lite.restart(LOCAL_2)
    lite.set_remote(REMOTE_2)
    lite.receive(check(local=LOCAL_2, remote=REMOTE_2), MOBILE, now=1.0)
    lite.spoken_on(MOBILE)
    assert lite.selected == WIFI, "the old generation, until one of the new is nominated"
    lite.handle_timer(now=12.0)
    assert state(lite) is State.DISCONNECTED
    lite.spoken_on(MOBILE)
    assert state(lite) is State.DISCONNECTED


def test_a_check_before_the_answer_arrived_is_answered() -> None:
    lite = LiteAgent(LOCAL, now=0.0)
    assert lite.receive(check(nominate=True), WIFI, now=0.0) is not None
    assert state(lite) is State.CONNECTED


@pytest.mark.parametrize(
    "message",
    [
        check(password="wrong"),
        check(local=Credentials("other", LOCAL.pwd)),
        check(remote=Credentials("other", "")),
        check(message_type=stun.BINDING_INDICATION),
        check(message_type=stun.BINDING_SUCCESS),
        stun.parse(
            stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, b"srv1:cli1")], LOCAL.pwd)
        ),  # no priority
        stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.PRIORITY, bytes(4))], LOCAL.pwd)),  # no username
    ],
)
def test_everything_else_is_met_with_silence(message: stun.Message) -> None:
    lite = agent()
    assert lite.receive(message, WIFI, now=0.0) is None
    assert (lite.state, lite.addresses) == (State.WAITING, [])


def test_an_answer_is_never_larger_than_its_request() -> None:
    lite = LiteAgent(Credentials("s", "p"), now=0.0)
    attributes = [(stun.USERNAME, b"s:c"), (stun.PRIORITY, bytes(4))]
    small = stun.parse(stun.build(stun.BINDING_REQUEST, bytes(12), attributes, "p"))
    assert len(small.raw) == 68
    assert lite.receive(small, ("192.0.2.1", 1), now=0.0) is not None
    assert lite.receive(small, ("2001:db8::1", 1, 0, 0), now=0.0) is None


def test_a_role_conflict_is_told() -> None:
    lite = agent()
    answer = lite.receive(check(nominate=True, extra=[(stun.ICE_CONTROLLED, bytes(8))]), WIFI, now=0.0)
    assert answer is not None
    message = stun.parse(answer)
    assert (message.message_type, message.error_code) == (stun.BINDING_ERROR, 487)
    assert (lite.state, lite.addresses) == (State.WAITING, [])


def test_aggressive_nomination_ends_on_the_best_pair() -> None:
    """Firefox nominates every pair that works, in whatever order they answer."""
    for order in itertools.permutations([(WIFI, HIGH), (MOBILE, LOW), (("203.0.113.9", 3), 1)]):
        lite = agent()
        for step, (address, priority) in enumerate(order):
            lite.receive(check(nominate=True, priority=priority), address, now=0.05 * step)
        assert lite.selected == WIFI


def test_a_browser_that_moves_to_a_worse_pair_is_followed() -> None:
    """Chromium nominates only the pair that it uses, even after DTLS has begun, and pings it every 2.5 s."""
    lite = connected()
    lite.receive(check(nominate=True, priority=LOW), MOBILE, now=0.5)
    assert lite.selected == WIFI
    lite.receive(check(nominate=True, priority=LOW), MOBILE, now=1.0)
    assert lite.selected == MOBILE


def test_an_equal_nomination_waits_like_a_worse_one() -> None:
    lite = connected()
    lite.receive(check(nominate=True), MOBILE, now=0.9)
    assert lite.selected == WIFI
    lite.receive(check(nominate=True), MOBILE, now=1.0)
    assert lite.selected == MOBILE


def test_an_early_timer_moves_nothing() -> None:
    lite = connected()
    lite.receive(check(nominate=True, priority=LOW), MOBILE, now=1.0)
    lite.receive(check(), WIFI, now=2.0)
    lite.handle_timer(now=3.0)
    assert lite.selected == MOBILE


def test_a_check_without_nomination_moves_nothing() -> None:
    lite = connected()
    lite.receive(check(priority=HIGH + 1), MOBILE, now=5.0)
    assert lite.selected == WIFI


def test_consent_ends_in_two_steps() -> None:
    lite = connected()
    assert lite.next_deadline() == lite_agent.DISCONNECTED_AFTER
    lite.handle_timer(now=9.9)
    assert state(lite) is State.CONNECTED
    lite.handle_timer(now=10.0)
    assert state(lite) is State.DISCONNECTED
    assert lite.next_deadline() == lite_agent.GONE_AFTER
    lite.handle_timer(now=29.9)
    assert state(lite) is State.DISCONNECTED
    lite.handle_timer(now=30.0)
    assert state(lite) is State.EXPIRED
    assert lite.next_deadline() is None
    assert lite.receive(check(nominate=True), WIFI, now=31.0) is None
    lite.handle_timer(now=32.0)
    assert state(lite) is State.EXPIRED


def test_an_address_is_heard_for_as_long_as_its_checks_count() -> None:
    lite = connected()
    assert not lite.hears(MOBILE, now=0.0)
    assert lite.hears(WIFI, now=9.9)
    assert not lite.hears(WIFI, now=lite_agent.DISCONNECTED_AFTER)


def test_a_check_renews_consent_and_brings_back() -> None:
    lite = connected()
    lite.receive(check(), WIFI, now=9.0)
    lite.handle_timer(now=18.9)
    assert state(lite) is State.CONNECTED
    lite.handle_timer(now=19.0)
    assert state(lite) is State.DISCONNECTED
    lite.receive(check(), WIFI, now=25.0)
    assert (lite.state, lite.next_deadline()) == (State.CONNECTED, 35.0)


def test_a_check_elsewhere_does_not_renew_consent() -> None:
    """Firefox behind a NAT that gave it another port checks from there without nominating: it is followed, late."""
    lite = connected()
    for second in range(1, 10):
        lite.receive(check(), MOBILE, now=float(second))
        assert (lite.selected, lite.next_deadline()) == (WIFI, 10.0)
    lite.handle_timer(now=10.0)
    assert (lite.state, lite.selected, lite.next_deadline()) == (State.CONNECTED, MOBILE, 19.0)


def test_any_pair_that_is_checked_brings_back() -> None:
    lite = connected()
    lite.handle_timer(now=12.0)
    assert state(lite) is State.DISCONNECTED
    lite.receive(check(priority=1), MOBILE, now=13.0)
    assert (lite.state, lite.selected) == (State.CONNECTED, MOBILE)


def test_another_nominated_pair_takes_over_from_a_silent_one() -> None:
    lite = connected()
    lite.receive(check(nominate=True, priority=LOW), MOBILE, now=0.5)
    lite.receive(check(priority=LOW), MOBILE, now=5.0)
    lite.receive(check(), ("203.0.113.9", 3), now=6.0)
    lite.handle_timer(now=10.0)
    assert (lite.state, lite.selected, lite.next_deadline()) == (State.CONNECTED, MOBILE, 15.0)


def test_never_connected() -> None:
    lite = agent()
    lite.receive(check(password="wrong"), WIFI, now=20.0)
    assert lite.next_deadline() == 30.0
    lite.handle_timer(now=29.9)
    assert state(lite) is State.WAITING
    lite.handle_timer(now=30.0)
    assert state(lite) is State.NEVER_CONNECTED
    assert lite.next_deadline() is None


def test_addresses_are_bounded_and_the_selected_one_stays() -> None:
    lite = connected()
    others = [("203.0.113.1", port) for port in range(20)]
    for step, address in enumerate(others):
        lite.receive(check(priority=1), address, now=1.0 + step / 100)
    assert lite.addresses == [WIFI, *others[-7:]]


def test_an_ice_restart_keeps_the_old_pair_until_a_new_one_is_nominated() -> None:
    lite = connected()
    lite.restart(LOCAL_2)
    assert (lite.local, lite.ufrags) == (LOCAL_2, ["srv1", "srv2"])
    assert lite.receive(check(), WIFI, now=5.0) is not None, "the old generation still holds"
    lite.set_remote(REMOTE_2)
    assert lite.receive(check(local=LOCAL_2, remote=REMOTE), MOBILE, now=5.1) is None, "the new one has a new remote"
    assert lite.receive(check(local=LOCAL_2, remote=REMOTE_2, priority=LOW), MOBILE, now=5.2) is not None
    assert lite.selected == WIFI
    lite.receive(check(local=LOCAL_2, remote=REMOTE_2, priority=LOW, nominate=True), MOBILE, now=5.3)
    assert (lite.selected, lite.ufrags, lite.addresses) == (MOBILE, ["srv2"], [MOBILE])
    assert lite.receive(check(), WIFI, now=5.4) is None, "the old generation has ended"


def test_an_ice_restart_on_the_same_address() -> None:
    lite = connected()
    lite.restart(LOCAL_2)
    lite.set_remote(REMOTE_2)
    lite.receive(check(local=LOCAL_2, remote=REMOTE_2), WIFI, now=5.0)
    assert (lite.state, lite.selected, lite.ufrags) == (State.CONNECTED, WIFI, ["srv1", "srv2"])
    lite.receive(check(local=LOCAL_2, remote=REMOTE_2, nominate=True), WIFI, now=5.1)
    assert (lite.state, lite.selected, lite.ufrags) == (State.CONNECTED, WIFI, ["srv2"])


def test_the_old_generation_does_not_win_against_the_new() -> None:
    lite = connected()
    lite.restart(LOCAL_2)
    lite.restart(LOCAL_3)
    assert lite.ufrags == ["srv1", "srv3"], "a restart that nobody took up is replaced"
    lite.receive(check(nominate=True), MOBILE, now=2.0)
    assert lite.selected == MOBILE, "within the old generation everything goes on"
    lite.receive(check(nominate=True, local=LOCAL_3, priority=1), WIFI, now=2.0)
    assert (lite.selected, lite.ufrags) == (WIFI, ["srv3"])


def test_a_failed_restart_ends_with_consent() -> None:
    lite = connected()
    lite.restart(LOCAL_2)
    lite.handle_timer(now=30.0)
    assert state(lite) is State.EXPIRED


class Machine(RuleBasedStateMachine):
    """Checks, restarts and time in any order."""

    @initialize()
    def start(self) -> None:
        self.now = 0.0
        self.lite = LiteAgent(LOCAL, now=0.0)
        self.final: State | None = None

    @rule(
        port=st.integers(1, 12),
        nominate=st.booleans(),
        priority=st.sampled_from([1, LOW, HIGH]),
        local=st.sampled_from([LOCAL, LOCAL_2, LOCAL_3]),
        right=st.booleans(),
    )
    def receive(self, port: int, nominate: bool, priority: int, local: Credentials, right: bool) -> None:
        before = (self.lite.state, self.lite.selected, self.lite.addresses)
        ufrags = self.lite.ufrags
        message = check(nominate=nominate, priority=priority, local=local, password=None if right else "wrong")
        answer = self.lite.receive(message, ("192.0.2.1", port), now=self.now)
        if answer is None:
            assert (self.lite.state, self.lite.selected, self.lite.addresses) == before
        else:
            assert right
            assert local.ufrag in ufrags
            assert len(answer) <= len(message.raw)
            assert ("192.0.2.1", port) in self.lite.addresses
            assert stun.parse(answer).integrity_is_valid(local.pwd)

    @rule(local=st.sampled_from([LOCAL_2, LOCAL_3]))
    def restart(self, local: Credentials) -> None:
        self.lite.restart(local)

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 11.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        while (deadline := self.lite.next_deadline()) is not None and deadline <= self.now:
            self.lite.handle_timer(now=self.now)

    @invariant()
    def holds(self) -> None:
        lite = self.lite
        assert len(lite.addresses) <= lite_agent.MAX_REMOTES
        assert 1 <= len(lite.ufrags) <= 2
        assert lite.selected is None or lite.selected in lite.addresses
        assert (lite.selected is None) == (lite.state in (State.WAITING, State.NEVER_CONNECTED))
        final = lite.state in (State.EXPIRED, State.NEVER_CONNECTED)
        assert (lite.next_deadline() is None) == final
        if self.final is not None:
            assert lite.state is self.final, "a final state is left by nothing"
        elif final:
            self.final = lite.state


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestMachine = Machine.TestCase
