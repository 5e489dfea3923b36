"""What strangers and bad members send changes nothing for anybody else. Seeds: `tests/fuzz/datagrams/`."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sfu.control import ConnectTransport, OpenTransport, TransportConnected, TransportOpened
from sfu.ice import stun
from sfu.io.link import KNOWN_BURST
from sfu.rtp.rtcp import Nack, PictureLossIndication
from tests.sfu.client import Client
from tests.sfu.fakes import DELTA, KEY, rtp
from tests.sfu.io.conftest import Meeting, until

SEEDS = sorted((Path(__file__).parents[2] / "fuzz" / "datagrams").glob("*.bin"))

HIDDEN_ALERT = b"\x17\xfe\xfd" + bytes(8) + b"\0\1x" + b"\x15\xfe\xfd" + bytes(8) + b"\0\2" + b"\2\50"
"""A fatal alert in clear, behind another record."""


class Talk:
    """Two people in the middle of a meeting, who will notice if anything goes wrong."""

    def __init__(self, meeting: Meeting, up: Client, down: Client) -> None:
        self.meeting = meeting
        self.up = up
        self.down = down
        self.sequence = 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind(("127.0.0.1", 0))
        self.server = ("127.0.0.1", meeting.worker.port)

    async def goes_on(self, packets: int = 20) -> None:
        """Send from one to the other and see all of it arrive, and nothing else."""
        before = len(self.heard)
        for _ in range(packets):
            self.sequence += 1
            self.up.send_rtp(rtp(1000, self.sequence, KEY if self.sequence == 1 else DELTA))
        await until(lambda: len(self.heard) >= before + packets)
        assert len(self.heard) == before + packets
        assert all(packet.endswith((KEY, DELTA)) for packet in self.heard)
        assert self.down.refused == 0

    @property
    def heard(self) -> list[bytes]:
        return [packet for packet in self.down.received if packet[1] & 0x7F == 100]

    def tables(self) -> tuple[int, ...]:
        """Everything that a stranger must not make grow."""
        worker = self.meeting.worker
        return (
            len(worker._mux.endpoints),
            sum(len(opened.routes) for opened in worker._mux.entrances),
            len(worker._links),
            len(asyncio.all_tasks()),
        )

    def answers(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.sock.recv(2000))
            except BlockingIOError:
                return found


@pytest.fixture
async def talk(meeting: Meeting) -> AsyncIterator[Talk]:
    up, down, _ = await meeting.pair()
    talk = Talk(meeting, up, down)
    await talk.goes_on()
    meeting.events.clear()
    yield talk
    talk.sock.close()


def test_there_are_seeds() -> None:
    assert len(SEEDS) > 30


async def test_junk_from_strangers_meets_silence(talk: Talk) -> None:
    before = talk.tables()
    for seed in SEEDS:
        talk.sock.sendto(seed.read_bytes(), talk.server)
    await talk.goes_on()
    assert talk.answers() == []
    assert talk.tables() == before
    assert talk.meeting.events == []


async def test_junk_from_a_members_own_address_disturbs_nobody(talk: Talk) -> None:
    """As if somebody forged it: everything but a DTLS or RTP packet with the right keys is noise."""
    before = talk.tables()
    for seed in SEEDS:
        talk.up.send_raw(seed.read_bytes())
        talk.down.send_raw(seed.read_bytes())
    await talk.goes_on()
    assert talk.tables() == before
    assert talk.meeting.events == []


@pytest.mark.parametrize("junk", [*(seed.read_bytes() for seed in SEEDS), HIDDEN_ALERT])
async def test_junk_before_the_handshake(meeting: Meeting, junk: bytes) -> None:
    opened = await meeting.worker.request(OpenTransport("room", "late", "late", "publish"))
    assert isinstance(opened, TransportOpened)
    client = Client()
    meeting.clients.append(client)
    await meeting.worker.request(ConnectTransport("late", client.parameters))
    client.local, client.server = opened.local, ("127.0.0.1", meeting.worker.port)
    client.check()
    await until(lambda: client.stun_answers)
    for _ in range(3):
        client.send_raw(junk)
    await client.connect(opened.local)
    await until(lambda: meeting.events)
    assert meeting.events == [TransportConnected("late")]


async def test_wrong_credentials_meet_silence(talk: Talk) -> None:
    before = talk.tables()
    assert talk.up.local is not None
    wrong = [
        talk.up.build_check(pwd="wrong"),
        talk.up.build_check(username=f"{talk.up.local.ice_ufrag}:somebody"),
        talk.up.build_check(username="nobody:nobody"),
        talk.up.build_check(username=talk.up.local.ice_ufrag),
        stun.build(stun.BINDING_REQUEST, bytes(12), [], "wrong"),
    ]
    for datagram in wrong:
        talk.sock.sendto(datagram, talk.server)
    await talk.goes_on()
    assert talk.answers() == []
    assert talk.tables() == before


async def test_a_repeated_check_from_elsewhere_does_not_move_the_media(talk: Talk) -> None:
    """A browser's check that nominates nothing, sent again from another address: that gains one answer, no media.

    One that nominates does move the media, until the browser's next check: a lite agent sends no checks of its own by
    which it could tell (RFC 8445 section 2.5), and who sends it again can do nothing with what comes.
    """
    check = talk.up.build_check(nominate=False)
    for _ in range(5):
        talk.sock.sendto(check, talk.server)
    await talk.goes_on()
    assert all(len(answer) <= len(check) for answer in talk.answers())


async def test_repeated_packets_count_once(talk: Talk) -> None:
    await talk.goes_on()
    talk.sequence += 1
    sealed = talk.up.protect(rtp(1000, talk.sequence, DELTA))
    before = len(talk.heard)
    for _ in range(50):
        talk.up.send_raw(sealed)
    await until(lambda: len(talk.heard) > before)
    await talk.goes_on()
    assert len(talk.heard) == before + 1 + 20


async def test_a_member_cannot_speak_under_anothers_ssrc(talk: Talk) -> None:
    mallory, _, _ = await talk.meeting.pair(1)
    link = talk.meeting.worker._links["up1"]
    for sequence in range(1, 200):
        mallory.send_rtp(rtp(1000, talk.sequence + sequence, KEY))
        mallory.send_rtp(rtp(2000, sequence, b"\0\1" + KEY, payload_type=97))
    await until(lambda: link.peer.refusals.total == 398)
    await talk.goes_on()


async def test_a_member_cannot_ask_on_behalf_of_others(talk: Talk) -> None:
    _, eavesdropper, _ = await talk.meeting.pair(1)
    numbers = [int.from_bytes(packet[2:4], "big") for packet in talk.heard]
    ssrc = int.from_bytes(talk.heard[0][8:12], "big")
    eavesdropper.send_rtcp(Nack(1, ssrc, numbers).to_bytes())
    eavesdropper.send_rtcp(PictureLossIndication(1, ssrc).to_bytes())
    await asyncio.sleep(0.05)
    assert [packet for packet in eavesdropper.received if packet[1] & 0x7F in (100, 101)] == []
    await talk.goes_on()


async def test_changed_packets_are_dropped(talk: Talk) -> None:
    chance = random.Random(7)
    refused = talk.meeting.worker._links["up0"].peer.refusals.total
    for _ in range(100):
        talk.sequence += 1
        sealed = bytearray(talk.up.protect(rtp(1000, talk.sequence, DELTA)))
        sealed[chance.randrange(12, len(sealed))] ^= 1 << chance.randrange(8)
        talk.up.send_raw(bytes(sealed))
    await until(lambda: talk.meeting.worker._links["up0"].peer.refusals.total == refused + 100)
    await talk.goes_on()


async def test_forged_handshakes_from_a_known_address_are_limited(talk: Talk) -> None:
    for _ in range(int(KNOWN_BURST) * 3):
        talk.up.send_raw(b"\x16\xfe\xfd" + bytes(40))
    await talk.goes_on()
    assert talk.meeting.events == []


async def test_a_flood_from_a_stranger(talk: Talk) -> None:
    """Ten thousand datagrams: none is answered, none is remembered, and the loop goes on."""
    before = talk.tables()
    chance = random.Random(1)
    begin = time.monotonic()
    for number in range(10_000):
        talk.sock.sendto(chance.randbytes(chance.randrange(0, 200)), talk.server)
        if number % 500 == 0:
            await talk.goes_on(2)
    await talk.goes_on()
    assert talk.answers() == []
    assert talk.tables() == before
    assert time.monotonic() - begin < 60
