"""A meeting on the virtual clock: the SFU's real machines, model browsers, and between them one path for each person.

A person's two connections share an uplink and a downlink. STUN, RTP and RTCP cross them as bytes; DTLS and SRTP are
left out but for the tag's size, and signaling is a delay. The machines are looked at every 10 ms, as the worker does.
"""

from __future__ import annotations

import random
import struct
from functools import partial
from typing import Any

from sfu.control import (
    Codec,
    EncodingParameters,
    EncodingsWanted,
    Extensions,
    PublishTrack,
    Refused,
    SubscribeTrack,
    TracksHeld,
    TrackSubscribed,
    TrackWish,
    WatchTracks,
)
from sfu.forwarding.router import Router
from sfu.ice import stun
from sfu.ice.lite_agent import Credentials
from sfu.native import new_way
from sfu.native.numbers import CopyNumbers
from sfu.peer import Peer
from sfu.publisher import Publisher
from sfu.rtp.packet import is_rtcp
from sfu.subscriber import Subscriber
from tests.sfu import twin
from tests.sim import publishing_browser, subscribing_browser
from tests.sim.clock import Clock
from tests.sim.link import Conditions, Link
from tests.sim.publishing_browser import PublishingBrowser
from tests.sim.subscribing_browser import SubscribingBrowser

TAG = 16
"""Bytes that SRTP adds (RFC 7714)."""
TICK = 0.01
CHECK_INTERVAL = 2.5
"""Seconds between Chromium's consent checks."""
AWAKE = 0.1
"""Seconds until the SFU has reported what arrived (sfu/bwe/twcc_receiver.py: 80 ms), and a probe is on its way."""
PRIORITY = (126 << 24 | 65535 << 8 | 255).to_bytes(4, "big")

OPUS = Codec("opus", publishing_browser.SOUND_TYPE, 48_000)
VP8 = Codec("VP8", publishing_browser.VIDEO_TYPE, 90_000, publishing_browser.RTX_TYPE)
UP = Extensions(transport_cc=publishing_browser.TWCC_ID, dependency_descriptor=publishing_browser.DESCRIPTOR_ID)
DOWN = Extensions(transport_cc=subscribing_browser.TWCC_ID, dependency_descriptor=subscribing_browser.DESCRIPTOR_ID)


class WireChannel:
    """A channel whose way out is a link to the browser, if the browser is where the SFU believes it to be."""

    def __init__(self, transport: Transport) -> None:
        self.incoming = bytearray(1600)
        self.outgoing = bytearray(1600)
        self.way = new_way()
        self._served = twin.serve(self)
        self.forgotten = 0
        self._transport = transport

    def unprotect(self, length: int) -> int:
        return length

    def unprotect_rtcp(self, length: int) -> int:
        return length

    def send(self, length: int) -> None:
        self._transport.send_down(bytes(self.outgoing[:length]))

    def send_rtcp(self, packet: bytes) -> None:
        self._transport.send_down(packet)

    def share(self, copy: CopyNumbers) -> None:
        """There are no keys."""

    def allow_repeats(self, ssrc: int) -> None:
        """There is nothing that could refuse them."""

    def forget_received(self, ssrc: int) -> None:
        self.forgotten += 1

    def forget_sent(self, ssrc: int) -> None:
        self.forgotten += 1


class Transport:
    """One connection of a person."""

    def __init__(self, person: Person, kind: type[Publisher] | type[Subscriber]) -> None:
        self.person = person
        self._meeting = person.meeting
        self._address = person.address
        self._count = 0
        self._interval = CHECK_INTERVAL * min(self._meeting.slow, 2)  # consent is not slowed down further
        self._remote = Credentials(f"{person.name}-1", "browser")
        local = Credentials(f"sfu-{person.name}-1", "server")
        self._local = local
        name = f"{person.name}-{kind.__name__}"
        now = self._meeting.now
        channel = WireChannel(self)
        report_ssrc = self._meeting.router.draw_ssrc()
        self.peer: Any = kind(name, self._meeting.router, channel, local, report_ssrc=report_ssrc, now=now)
        self.browser: PublishingBrowser | SubscribingBrowser
        self._channel = channel
        self.peer.connect(self._remote)
        self.peer.secured(now=now)
        self._check(again=True)

    def send_up(self, packet: bytes) -> None:
        """From the browser, whose candidates are those of the network in which ICE began: Chromium gathers once."""
        address = self._address
        if address != self.person.address:
            return
        self.person.up.send(len(packet) + TAG, lambda: self._arrive(packet, address))

    def send_down(self, packet: bytes) -> None:
        """From the SFU, to where it believes the browser to be."""
        person = self.person
        if self.peer.agent.selected == person.address:
            person.down.send(len(packet) + TAG, lambda: self._deliver(packet))

    def _arrive(self, packet: bytes, address: tuple[str, int]) -> None:
        peer, now = self.peer, self._meeting.now
        if peer.closed or self._meeting.stands_still:
            return
        if packet[0] < 4:
            answer = peer.receive_stun(stun.parse(packet), address, now=now)
            assert answer is not None, "a check with the right credentials was not answered"
            return
        self._channel.incoming[: len(packet)] = packet
        if is_rtcp(packet[1]):
            peer.receive_rtcp(len(packet), now=now)
        else:
            peer.receive_rtp(len(packet), now=now)
            self._meeting.look_soon()

    def _deliver(self, packet: bytes) -> None:
        if self.peer.closed:
            return
        if is_rtcp(packet[1]):
            self.browser.receive_rtcp(packet)
        elif isinstance(self.browser, SubscribingBrowser):
            self.browser.receive(packet)

    def _check(self, *, again: bool = False) -> None:
        if self.peer.closed:
            return
        self._count += 1
        attributes = [
            (stun.USERNAME, f"{self._local.ufrag}:{self._remote.ufrag}".encode()),
            (stun.PRIORITY, PRIORITY),
            (stun.ICE_CONTROLLING, bytes(8)),
            (stun.USE_CANDIDATE, b""),
        ]
        transaction = struct.pack("!IQ", 0, self._count)
        self.send_up(stun.build(stun.BINDING_REQUEST, transaction, attributes, self._local.pwd))
        if again:
            self._meeting.clock.call_at(self._meeting.clock.now + self._interval, lambda: self._check(again=True))

    def restart_ice(self, number: int) -> None:
        """What signaling does on both sides of a restart; the browser's checks begin at once and repeat fast."""
        self._address = self.person.address
        self._local = Credentials(f"sfu-{self.person.name}-{number}", "server")
        self._remote = Credentials(f"{self.person.name}-{number}", "browser")
        self.peer.restart_ice(self._local)
        self.peer.connect(self._remote)
        for n in range(10):
            self._meeting.clock.call_at(self._meeting.clock.now + 0.05 * n, self._check)


class Person:
    """Somebody with a path of their own."""

    def __init__(self, meeting: Meeting, name: str, *, up: Conditions, down: Conditions) -> None:
        self.meeting, self.name = meeting, name
        number = meeting.count
        meeting.count += 1
        self.address = (f"192.0.2.{number % 250}", 50_000)
        self.up = meeting.links[f"{name} up"] = Link(meeting.clock, seed=meeting.seed + 10 * number, conditions=up)
        self.down = meeting.links[f"{name} down"] = Link(
            meeting.clock, seed=meeting.seed + 10 * number + 1, conditions=down
        )
        self.first_ssrc = 1000 * (number + 1)
        self._seed = meeting.seed + 10 * number + 2
        self.publisher: Transport | None = None
        self.subscriber: Transport | None = None
        self.held: list[TracksHeld] = []
        self.left = False
        self._generation = 1

    @property
    def tracks(self) -> list[str]:
        """What the person publishes."""
        return list(self.publisher.peer.tracks) if self.publisher else []

    @property
    def sends(self) -> PublishingBrowser:
        assert self.publisher is not None
        assert isinstance(self.publisher.browser, PublishingBrowser)
        return self.publisher.browser

    @property
    def receives(self) -> SubscribingBrowser:
        assert self.subscriber is not None
        assert isinstance(self.subscriber.browser, SubscribingBrowser)
        return self.subscriber.browser

    def publish(self, *, encodings: int = 3, clock_offset: float = 0.0) -> None:
        """Open a microphone and a camera (none for 0 encodings)."""
        meeting = self.meeting
        transport = self.publisher = Transport(self, Publisher)
        transport.browser = browser = PublishingBrowser(
            meeting.clock, transport.send_up, transport.send_up,
            seed=self._seed, first_ssrc=self.first_ssrc, encodings=encodings,
            clock_offset=clock_offset, slow=meeting.slow,
        )  # fmt: skip
        browser.camera = encodings > 0
        sound = EncodingParameters(browser.sound.ssrc)
        offers = [PublishTrack(transport.peer.transport, f"{self.name}/mic", "0", "audio", [OPUS], UP, [sound])]
        if encodings:
            picture = [
                EncodingParameters(each.ssrc, each.rtx_ssrc, each.encoding.rid if each.encoding else None)
                for each in browser.video
            ]
            name = f"{self.name}/cam"
            offers.append(PublishTrack(transport.peer.transport, name, "1", "video", [VP8], UP, picture))
        for offer in offers:
            answer = transport.peer.publish(offer)
            assert not isinstance(answer, Refused), answer

    def subscribe(self, *others: Person, height: int = 720) -> None:
        """Carry all tracks of others, and show their pictures that tall."""
        meeting = self.meeting
        transport = self.subscriber
        if transport is None:
            transport = self.subscriber = Transport(self, Subscriber)
            rtt = self.up.conditions.delay + self.down.conditions.delay
            transport.browser = SubscribingBrowser(
                meeting.clock, transport.send_up, seed=self._seed + 1, rtt=rtt, slow=meeting.slow
            )
        for track in [track for other in others for track in other.tracks]:
            codec = VP8 if track.endswith("cam") else OPUS
            answer = transport.peer.subscribe(SubscribeTrack(transport.peer.transport, track, [codec], DOWN))
            assert isinstance(answer, TrackSubscribed), answer
            self.receives.carry(track, answer.ssrc, answer.rtx_ssrc)
            # The offer and the answer cross the person's path.
            delay = self.up.conditions.delay + self.down.conditions.delay
            meeting.clock.call_at(meeting.clock.now + delay, partial(self._start, track))
        self.watch(height)

    def _start(self, track: str) -> None:
        if self.subscriber is not None and track in self.subscriber.peer.tracks:
            self.subscriber.peer.start(track, now=self.meeting.now)

    def watch(self, height: int, **heights: int) -> None:
        """Wish for every picture that tall, or for one person's (by name) otherwise."""
        assert self.subscriber is not None
        wishes = [
            TrackWish(track, heights.get(track.split("/")[0], height))
            for track in self.subscriber.peer.tracks
            if track.endswith("cam")
        ]
        answer = self.subscriber.peer.watch(WatchTracks(self.subscriber.peer.transport, wishes), now=self.meeting.now)
        assert not isinstance(answer, Refused), answer

    def change_network(self, *, outage: float) -> None:
        """Nothing passes for `outage`, then all from another address. What the client does about it, others say."""
        clock = self.meeting.clock
        self.up.conditions.outage = self.down.conditions.outage = True

        def back() -> None:
            self.up.conditions.outage = self.down.conditions.outage = False
            self.address = (self.address[0], self.address[1] + 1)

        clock.call_at(clock.now + outage, back)

    def move(self, *, detection: float, outage: float) -> None:
        """Change network, and restart ICE: the client learns of it after `detection`; then its socket must be back
        (TCP, TLS and WebSocket: three round trips) and the offers have crossed (one more)."""
        self.change_network(outage=outage)
        clock = self.meeting.clock
        rtt = self.up.conditions.delay + self.down.conditions.delay
        clock.call_at(clock.now + max(outage, detection) + 4 * rtt, self.restart_ice)

    def restart_ice(self) -> None:
        """Both connections get other credentials, on both sides."""
        self._generation += 1
        for transport in (self.publisher, self.subscriber):
            if transport is not None:
                transport.restart_ice(self._generation)

    def leave(self) -> None:
        """Go: both connections end."""
        self.left = True
        tracks = self.tracks
        for transport in (self.publisher, self.subscriber):
            if transport is not None:
                transport.peer.close()
                transport.browser.gone = True
        for other in self.meeting.people.values():
            if other is not self and other.subscriber is not None:
                for track in tracks:
                    other.receives.drop(track)
        del self.meeting.people[self.name]
        del self.meeting.links[f"{self.name} up"]
        del self.meeting.links[f"{self.name} down"]


class Meeting:
    """One room."""

    def __init__(self, *, seed: int, slow: float = 1.0) -> None:
        """Open it; with ``slow`` all that happens by itself happens so many times less often."""
        self.slow = slow
        self.patient = True
        """Machines are looked at when they asked for it; otherwise all, every time, which must make no difference."""
        self.clock = Clock()
        self.seed = seed
        self.links: dict[str, Link] = {}
        self.people: dict[str, Person] = {}
        self.count = 0
        chance = random.Random(seed + 1)
        self.router = Router(draw=lambda: chance.getrandbits(32))
        self._awake_until = 0.0
        self.ahead = 0.0
        """Seconds by which the SFU's clock is ahead of everybody's: it jumped."""
        self.stands_still = False
        """The SFU does not run, and what arrives is lost."""
        self.clock.every(TICK * slow, self.look)

    @property
    def now(self) -> float:
        """What the SFU's machines are told."""
        return self.clock.now + self.ahead

    def person(self, name: str, *, up: Conditions | None = None, down: Conditions | None = None) -> Person:
        """Somebody comes, on a path that is good where nothing else is said."""
        found = Person(self, name, up=up or Conditions(), down=down or Conditions())
        self.people[name] = found
        return found

    def look_soon(self) -> None:
        """In a slow meeting, look every 20 ms while something that arrived is passed on and reported."""
        awake = self._awake_until > self.clock.now
        self._awake_until = self.clock.now + AWAKE
        if self.slow > 1 and not awake:
            self._look_on()

    def _look_on(self) -> None:
        self.look()
        if self.clock.now < self._awake_until:
            self.clock.call_at(self.clock.now + 2 * TICK, self._look_on)

    def look(self) -> None:
        """Let the machines do what is due."""
        if self.stands_still:
            return
        now = self.now
        for person in list(self.people.values()):
            for transport in (person.publisher, person.subscriber):
                if transport is None or transport.peer.closed:
                    continue
                peer: Peer = transport.peer
                if not self.patient:
                    peer.wake()
                if peer.due <= now:
                    peer.handle_timer(now=now)
                for event in peer.events:
                    if isinstance(event, TracksHeld):
                        person.held.append(event)
                    elif isinstance(event, EncodingsWanted):
                        tell = partial(person.sends.encodings_wanted, event.active)
                        self.clock.call_at(self.clock.now + person.down.conditions.delay, tell)
                peer.events.clear()
