from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signaling.mls_log import LOG_BYTES, LOG_MESSAGES, LOG_SECONDS, Committed, Log


def test_one_number_counts_everything() -> None:
    log = Log(seq=7)
    assert log.start() == 8
    assert log.commit(0, "ana", b"c0", now=0.0).seq == 9
    assert log.seal(1, "ben", 1, b"said", now=0.0).seq == 10
    assert log.commit(1, "ben", b"c1", now=0.0) == Committed(11, 1, "ben", b"c1", after=9)
    assert (log.base, log.head, log.seq) == (8, 11, 11)


def test_what_somebody_missed() -> None:
    log = Log()
    log.start()
    first, second = log.commit(0, "a", b"0", now=0.0), log.commit(1, "a", b"1", now=0.0)
    assert log.commits_after(1, now=1.0) == [first, second]
    assert log.commits_after(first.seq, now=1.0) == [second]
    assert log.commits_after(second.seq, now=1.0) == []
    assert log.commits_after(second.seq + 1, now=1.0) is None


def test_numbers_from_before_a_restart_stand_for_the_registration() -> None:
    log = Log(seq=1000)
    base = log.start()
    assert log.commits_after(17, now=0.0) == []
    entry = log.commit(5, "a", b"5", now=0.0)
    assert log.commits_after(17, now=0.0) == [entry]
    assert log.commits_after(base, now=0.0) == [entry]


def test_what_is_void_leads_nowhere() -> None:
    log = Log()
    log.start()
    first = log.commit(0, "a", b"0", now=0.0)
    kept = log.seal(1, "b", 1, b"kept", now=0.0)
    bad = log.commit(1, "b", b"1", now=0.0)
    log.seal(2, "b", 2, b"void", now=0.0)
    later = log.commit(2, "c", b"2", now=0.0)
    assert log.void(bad) == later.seq + 1
    assert log.head == first.seq
    assert log.commits_after(bad.seq, now=0.0) is None
    assert log.sealed_after(0)[1] == [kept]
    instead = log.commit(1, "c", b"x", now=0.0)
    assert (instead.after, instead.seq) == (first.seq, later.seq + 2)
    assert log.commits_after(later.seq, now=0.0) is None
    assert log.commits_after(first.seq, now=0.0) == [instead]


def test_a_repeated_message_is_found() -> None:
    log = Log()
    log.start()
    entry = log.commit(0, "a", b"c", now=0.0)
    assert log.repeated("a", 0, b"c") == entry
    assert log.repeated("b", 0, b"c") is None
    said = log.seal(1, "a", 4, b"s", now=0.0)
    assert log.said("a", 4) == said
    assert log.said("a", 3) is None


def test_what_was_said_cannot_push_out_commits() -> None:
    log = Log()
    log.start()
    entry = log.commit(0, "a", b"c", now=0.0)
    for n in range(2 * LOG_MESSAGES):
        log.seal(1, "b", n, b"x", now=1.0)
    assert log.commits_after(1, now=1.0) == [entry]
    whole_from, said = log.sealed_after(entry.seq)
    assert len(said) == LOG_MESSAGES
    assert whole_from == said[0].seq > entry.seq + 1


def test_beyond_its_time_nothing_is_kept() -> None:
    log = Log()
    base = log.start()
    entry = log.commit(0, "a", b"c", now=0.0)
    log.seal(1, "a", 1, b"s", now=0.0)
    assert log.commits_after(base, now=LOG_SECONDS) == [entry]
    assert log.commits_after(base, now=LOG_SECONDS + 0.1) is None
    assert log.commits_after(entry.seq, now=LOG_SECONDS + 0.1) == []
    assert log.sealed_after(0) == (entry.seq + 2, [])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, LOG_BYTES // 3), st.integers(0, 3)), max_size=40))
def test_the_bounds_hold(entries: list[tuple[bool, int, int]]) -> None:
    log = Log()
    log.start()
    now, epoch = 0.0, 0
    for is_commit, size, pause in entries:
        now += pause
        if is_commit:
            log.commit(epoch, "a", bytes(size), now=now)
            epoch += 1
        else:
            log.seal(epoch, "a", log.seq, bytes(size), now=now)
        said = log.sealed_after(0)[1]
        commits = list(log._commits.entries)
        assert sum(len(entry.message) for entry in said) <= LOG_BYTES
        assert sum(len(entry.commit) for entry in commits) <= LOG_BYTES
        assert all(later.after == entry.seq for entry, later in pairwise(commits))
