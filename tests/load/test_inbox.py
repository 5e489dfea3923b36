"""A batch holds what was sent, in order, with the time of arrival, and a full socket tells."""

import socket
import time

from tests.load.inbox import BATCH, SLOT, Inbox, dropped, prepare


def pair() -> tuple[socket.socket, socket.socket]:
    receiver, sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("127.0.0.1", 0))
    sender.connect(receiver.getsockname())
    prepare(receiver)
    return receiver, sender


def test_a_batch_and_the_rest() -> None:
    receiver, sender = pair()
    inbox = Inbox()
    assert inbox.read(receiver.fileno()) == 0
    begin = time.time_ns()
    sent = [bytes([number]) * (number + 1) for number in range(BATCH + 3)]
    for datagram in sent:
        sender.send(datagram)
    got: list[bytes] = []
    for count in (BATCH, 3, 0):
        assert inbox.read(receiver.fileno()) == count
        got += [bytes(inbox.view[SLOT * slot :][: inbox.lengths[slot]]) for slot in range(count)]
        arrivals = inbox.arrivals[:count]
        assert arrivals == sorted(arrivals)
        assert all(begin <= arrival <= time.time_ns() for arrival in arrivals)
    assert got == sent
    assert dropped(receiver) == 0
    receiver.close()
    sender.close()


def test_what_found_no_room_is_counted() -> None:
    receiver, sender = pair()
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(100):
        sender.send(bytes(1000))
    kept = Inbox().read(receiver.fileno())
    assert 0 < kept < 100
    assert kept + dropped(receiver) == 100
    receiver.close()
    sender.close()
