"""The people of one room, as the generator plays them, whatever SFU they meet on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

from sfu.control import LocalParameters
from sfu.io.dtls import Certificate
from tests.load.adapters import Adapter, AdapterError, Wish
from tests.load.inbox import Inbox
from tests.load.line import Line
from tests.load.pace import Beat, Pace
from tests.load.publisher import Publisher
from tests.load.scenarios import Scenario
from tests.load.subscriber import Subscriber

REPORTS = 1.0
"""Seconds between the reports of one connection."""
ASKING = 0.05
"""Seconds between looks at what is missing, while packets are lost on purpose."""

ALONE = 1.5
"""Seconds in which those who send do so before anybody looks: mediasoup forwards nothing of a stream that it has not
watched for a second, and joins are to be those of a meeting that is under way."""
JOIN_LIMIT = 15.0
"""Seconds in which a connection has to stand, and then a key frame has to come."""


@dataclass(frozen=True)
class Way:
    """What all the generator's connections have in common."""

    suite: str
    """One of `tests.load.line.SUITES`."""
    loss: float = 0.0
    """Share of the packets that get lost, on the way up and on the way down."""
    address: str = "127.0.0.1"


class Meeting:
    """Everybody in one room. Whoever publishes is sent on to all the others, as the scenario says."""

    def __init__(self, adapter: Adapter, room: str, scenario: Scenario, way: Way, pace: Pace, inbox: Inbox) -> None:
        self.adapter = adapter
        self.room = room
        self.scenario = scenario
        self.publishers: dict[int, Publisher] = {}
        self.subscribers: dict[int, Subscriber] = {}
        self.joins: list[float] = []
        """Seconds from the wish for a receiving connection to a key frame's first packet, while others talked."""
        self.lines: list[Line] = []
        """All that ever were."""
        self.gone_received = 0
        """What reached, or came from, those who went."""
        self.gone_expected = 0
        self.gone_sent = 0
        self.latencies: list[int] = []
        """Nanoseconds, of every packet that was opened."""
        self._beats: dict[int, list[Beat]] = {}
        self._way = way
        self._pace = pace
        self._inbox = inbox
        self._certificate = Certificate()

    def beside(self, room: str, scenario: Scenario) -> Meeting:
        """Return another meeting of the same generator, on the same server."""
        return Meeting(self.adapter, room, scenario, self._way, self._pace, self._inbox)

    async def gather(self) -> None:
        """Connect everybody: first those who send, then those who receive."""
        await self.adapter.open_room(self.room)
        for number in range(self.scenario.publishers):
            await self._publish(number)
        await asyncio.sleep(ALONE)
        # One connection after the other, and nobody waits for what another one is shown: a server that answers many
        # requests with one key frame has people wait, and is not to make everybody after them late.
        waiting = [
            await self._subscribe(number, wishes)
            for number in range(self.scenario.people)
            if (wishes := self._wishes(number))
        ]
        await asyncio.gather(*waiting)
        for publisher in self.publishers.values():
            for stream in publisher.streams:
                stream.audience = self.scenario.receivers(publisher.number, stream.form)

    async def come(self, number: int) -> None:
        """Somebody more comes, in an all-to-all meeting: sends to all and receives all."""
        await self._publish(number)
        for other in self.subscribers.values():
            other.expect(await self.adapter.extend(self.room, other.number, self.everything([number])))
        await (await self._subscribe(number, self.everything(self.publishers.keys() - {number})))
        self._count_everybody()

    async def go(self, number: int, *, quietly: bool = False) -> None:
        """Somebody goes, ``quietly`` without a word to anybody: the server has to notice."""
        for beat in self._beats.pop(number):
            beat.over = True
        publisher, subscriber = self.publishers.pop(number), self.subscribers.pop(number)
        self._count_everybody()
        self.gone_sent += sum(stream.sent for stream in publisher.streams)
        self.gone_expected += sum(stream.expected for stream in publisher.streams)
        self.gone_received += subscriber.received
        if not quietly:
            await self.adapter.leave(self.room, number)
        for person in (publisher, subscriber):
            await person.client.close(quietly=quietly)
        for other in self.subscribers.values():
            self.gone_received += other.forget(number)

    async def part(self) -> None:
        """Close every connection."""
        for beats in self._beats.values():
            for beat in beats:
                beat.over = True
        for line in self.lines:
            await line.close()

    def received(self) -> int:
        """Return how many packets reached somebody so far."""
        return self.gone_received + sum(subscriber.received for subscriber in self.subscribers.values())

    def expected(self) -> int:
        """Return how many should have, so far."""
        return self.gone_expected + sum(
            stream.expected for publisher in self.publishers.values() for stream in publisher.streams
        )

    def sent(self) -> int:
        """Return how many packets were sent so far."""
        return self.gone_sent + sum(
            stream.sent for publisher in self.publishers.values() for stream in publisher.streams
        )

    def rate(self) -> float:
        """Return how many packets a second they should send."""
        return sum(
            stream.form.rate
            for publisher in self.publishers.values()
            for stream in publisher.streams
            if stream.audience
        )

    def line(self) -> Line:
        """Return a new connection, not connected yet."""
        line = Line(self._inbox, self._way.suite, self._certificate, address=self._way.address)
        self.lines.append(line)
        return line

    async def _publish(self, number: int) -> None:
        line = self.line()
        publisher = Publisher(
            number,
            line,
            self.scenario.formats,
            transport_cc=self.adapter.transport_cc,
            dependency_descriptor=self.adapter.dependency_descriptor,
            loss=self._way.loss,
        )
        await _connect(line, await self.adapter.publish(self.room, number, line.parameters, publisher.encodings))
        self.publishers[number] = publisher
        now = time.monotonic()
        streams = publisher.streams
        for place, stream in enumerate(streams):
            # Spread over the interval, by the person's and the stream's number.
            share = (number / self.scenario.people + place / len(streams) / self.scenario.people) % 1
            stream.audience = 1  # until all are there: those who join are to see somebody
            self._beat(number, Beat(stream.send, stream.interval), now + stream.interval * share)
        self._beat(number, Beat(publisher.report, REPORTS), now + REPORTS * (number % 10) / 10)

    async def _subscribe(self, number: int, wishes: Sequence[Wish]) -> Awaitable[None]:
        """Connect somebody; return what is to be awaited until they were shown somebody."""
        begin = time.monotonic()
        line = self.line()
        subscriber = Subscriber(
            number, line, self.latencies, transport_cc=self.adapter.transport_cc, loss=self._way.loss
        )
        subscriber.not_shown = {wish.publisher for wish in wishes if wish.kind == "video" and not wish.height}
        reception = await self.adapter.subscribe(self.room, number, line.parameters, wishes)
        subscriber.expect(reception.copies)
        await _connect(line, reception.local)
        await self.adapter.connected(self.room, number)
        self._beat(number, Beat(subscriber.report, REPORTS), time.monotonic() + REPORTS * (number % 10 + 1) / 10)
        if self._way.loss:
            self._beat(number, Beat(subscriber.ask_again, ASKING), begin + ASKING)
        self.subscribers[number] = subscriber
        return asyncio.ensure_future(self._join(subscriber, begin))

    async def _join(self, subscriber: Subscriber, begin: float) -> None:
        try:
            await asyncio.wait_for(subscriber.joined.wait(), JOIN_LIMIT)
        except TimeoutError:
            raise AdapterError(f"no key frame came within {JOIN_LIMIT:.0f} s") from None
        self.joins.append(time.monotonic() - begin)

    def _beat(self, number: int, beat: Beat, first: float) -> None:
        self._beats.setdefault(number, []).append(beat)
        self._pace.add(beat, first=first)

    def _wishes(self, number: int) -> list[Wish]:
        heights = self.scenario.wishes(number)
        others = [other for other in range(self.scenario.publishers) if other != number]
        return [Wish(other, "audio") for other in others if not self.scenario.is_muted(other)] + [
            Wish(other, "video", heights.get(other, 0)) for other in others
        ]

    def everything(self, numbers: Iterable[int]) -> list[Wish]:
        """Return the wish for all that these people send, as large as they send it."""
        height = max(form.height for form in self.scenario.formats)
        return [wish for number in sorted(numbers) for wish in (Wish(number, "audio"), Wish(number, "video", height))]

    def _count_everybody(self) -> None:
        for publisher in self.publishers.values():
            for stream in publisher.streams:
                stream.audience = len(self.subscribers.keys() - {publisher.number})


async def _connect(line: Line, local: LocalParameters) -> None:
    try:
        await line.connect(local, timeout=JOIN_LIMIT)
    except TimeoutError:
        raise AdapterError(f"no connection came about within {JOIN_LIMIT:.0f} s") from None
