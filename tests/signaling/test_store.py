import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from signaling.database import DATABASE_NAME, MisfitError, StoreError
from signaling.store import Group, OpenMeeting, Store
from tests.signaling.databases import KINDS, POSTGRESQL, empty_place


def group(name: str = "AAECAwQFBgcICQoLDA0ODw") -> Group:
    return Group(
        id=name,
        created=datetime(2026, 5, 1, 12, tzinfo=UTC),
        root_key="root",
        door_key="door",
        role_keys=["role1", "role2"],
        profile=b"\x01sealed profile",
        certificates=["certificate1", "certificate2"],
        revocations=None,
        grace_seconds=900,
    )


FIRST_VERSION = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
CREATE TABLE groups (id VARCHAR NOT NULL PRIMARY KEY, created BIGINT NOT NULL, root_key VARCHAR NOT NULL,
    door_key VARCHAR NOT NULL, role_keys VARCHAR NOT NULL, profile BLOB NOT NULL);
CREATE TABLE meetings (id VARCHAR NOT NULL PRIMARY KEY, group_id VARCHAR NOT NULL REFERENCES groups (id)
    ON DELETE CASCADE, room VARCHAR NOT NULL, started FLOAT NOT NULL);
CREATE TABLE marks (meeting_id VARCHAR NOT NULL REFERENCES meetings (id) ON DELETE CASCADE, kind VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, PRIMARY KEY (meeting_id, kind, digest));
CREATE TABLE server (name VARCHAR NOT NULL PRIMARY KEY, value BLOB NOT NULL);
"""
"""What the first version left on the disk."""


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    return await empty_place(request.param, tmp_path)


@pytest.fixture
async def any_store(place: str | Path) -> AsyncIterator[Store]:
    opened = await Store.open(place)
    yield opened
    await opened.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """On SQLite, for what only a file can show."""
    opened = await Store.open(tmp_path / "data")
    yield opened
    await opened.close()


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_a_group_is_kept_listed_and_deleted(any_store: Store) -> None:
    await any_store.create_group(group())
    assert await any_store.get_group(group().id) == group()
    assert await any_store.list_groups() == [(group().id, group().created)]
    assert await any_store.delete_group(group().id)
    assert not await any_store.delete_group(group().id)
    assert await any_store.get_group(group().id) is None
    assert await any_store.list_groups() == []


async def test_a_group_is_changed_whole_or_not_at_all(any_store: Store) -> None:
    other = group("a" * 22)
    await any_store.create_group(group())
    await any_store.create_group(other)
    changed = msgspec.structs.replace(
        group(),
        door_key="other door",
        role_keys=[],
        profile=b"other profile",
        certificates=[],
        revocations="revocations",
        grace_seconds=60,
    )
    assert await any_store.update_group(group().id, lambda found: changed if found == group() else found) == changed
    assert await any_store.get_group(group().id) == changed

    def refuse(_: Group) -> Group:
        raise ValueError("not signed")

    with pytest.raises(ValueError, match="not signed"):
        await any_store.update_group(group().id, refuse)
    assert await any_store.get_group(group().id) == changed
    assert await any_store.get_group(other.id) == other
    assert await any_store.update_group("b" * 22, refuse) is None


async def test_changes_made_at_once_do_not_undo_each_other(place: str | Path) -> None:
    opened = await asyncio.gather(*(Store.open(place) for _ in range(2)))
    await opened[0].create_group(msgspec.structs.replace(group(), certificates=[]))

    def add(name: str) -> Callable[[Group], Group]:
        return lambda found: msgspec.structs.replace(found, certificates=[*found.certificates, name])

    await asyncio.gather(*(opened[n % 2].update_group(group().id, add(f"certificate{n}")) for n in range(10)))
    kept = await opened[0].get_group(group().id)
    assert kept is not None
    assert sorted(kept.certificates) == [f"certificate{n}" for n in range(10)]
    for one in opened:
        await one.close()


async def test_which_groups_exist(any_store: Store) -> None:
    await any_store.create_group(group("a" * 22))
    await any_store.create_group(group("b" * 22))
    assert await any_store.existing_groups(["a" * 22, "c" * 22]) == {"a" * 22}
    assert await any_store.existing_groups([]) == set()


async def test_a_meeting_and_its_marks_last_until_its_end(any_store: Store) -> None:
    await any_store.create_group(group())
    meeting = OpenMeeting(group().id, "meeting1", "room1", 1000.5)
    await any_store.save_meeting(meeting)
    await any_store.add_mark("meeting1", "session", "digest")
    await any_store.add_mark("meeting1", "session", "digest")
    await any_store.add_mark("meeting1", "browser", "digest")
    await any_store.save_meeting(meeting)
    assert await any_store.load_meetings() == [(meeting, [("browser", "digest"), ("session", "digest")])]
    await any_store.end_meeting("meeting1")
    await any_store.end_meeting("meeting1")
    assert await any_store.load_meetings() == []
    await any_store.save_meeting(meeting)
    assert await any_store.load_meetings() == [(meeting, [])]


async def test_deleting_a_group_forgets_its_meeting(any_store: Store) -> None:
    await any_store.create_group(group())
    await any_store.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    await any_store.add_mark("meeting1", "session", "digest")
    await any_store.delete_group(group().id)
    assert await any_store.load_meetings() == []
    with pytest.raises(MisfitError, match="deleted meanwhile"):
        await any_store.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    with pytest.raises(MisfitError):
        await any_store.add_mark("meeting1", "session", "digest")


async def test_everything_survives_reopening(place: str | Path) -> None:
    first = await Store.open(place)
    key = await first.server_key()
    await first.create_group(group())
    await first.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    await first.remember_public_url("https://meet.example.org")
    await first.close()
    again = await Store.open(place)
    assert await again.server_key() == key
    assert len(key) == 32
    assert await again.get_group(group().id) == group()
    assert len(await again.load_meetings()) == 1
    assert await again.public_url() == "https://meet.example.org"
    await again.close()


async def test_the_public_url_is_the_last_one(any_store: Store) -> None:
    assert await any_store.public_url() is None
    await any_store.remember_public_url("http://127.0.0.1:8080")
    await any_store.remember_public_url("https://meet.example.org")
    assert await any_store.public_url() == "https://meet.example.org"


async def test_two_processes_share_the_database(place: str | Path) -> None:
    opened = await asyncio.gather(*(Store.open(place) for _ in range(4)))
    keys = await asyncio.gather(*(one.server_key() for one in opened))
    assert len(set(keys)) == 1
    await asyncio.gather(*(one.create_group(group(f"{index:022}")) for index, one in enumerate(opened)))
    for one in opened:
        assert len(await one.list_groups()) == 4
        await one.close()


async def test_what_is_deleted_leaves_nothing_on_the_disk(tmp_path: Path, store: Store) -> None:
    data = tmp_path / "data"
    await store.create_group(group())
    await store.save_meeting(OpenMeeting(group().id, "MEETING-ID", "ROOM-ID", 1.0))
    await store.add_mark("MEETING-ID", "session", "SESSION-DIGEST")
    assert b"SESSION-DIGEST" in everything_on_disk(data)
    assert b"sealed profile" in everything_on_disk(data)
    new = msgspec.structs.replace(group(), profile=b"other title", certificates=["certificate3"])
    await store.update_group(group().id, lambda _: new)
    for gone in (b"sealed profile", b"certificate1"):
        assert gone not in everything_on_disk(data)
    assert b"certificate3" in everything_on_disk(data)
    await store.end_meeting("MEETING-ID")
    for gone in (b"SESSION-DIGEST", b"MEETING-ID", b"ROOM-ID"):
        assert gone not in everything_on_disk(data)
    await store.delete_group(group().id)
    for gone in (b"other title", b"certificate3", group().id.encode()):
        assert gone not in everything_on_disk(data)


async def test_records_do_not_show_themselves() -> None:
    assert repr(group()) == "<Group>"
    assert repr(OpenMeeting("g", "m", "r", 1.0)) == "<OpenMeeting>"


# -- Older versions, and a full disk ------------------------------------------------------------------------------


async def test_groups_of_the_first_version_are_kept_and_have_no_certificates(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.executescript(FIRST_VERSION)
    connection.execute(
        "INSERT INTO groups VALUES (?, ?, 'root', 'door', 'role1 role2', ?)",
        (group().id, int(group().created.timestamp()), b"\x01sealed profile"),
    )
    connection.execute("INSERT INTO meetings VALUES ('meeting1', ?, 'room1', 1000.5)", (group().id,))
    connection.execute("INSERT INTO server VALUES ('key', ?)", (bytes(32),))
    connection.commit()
    connection.close()
    for _ in range(2):  # an upgrade happens once
        store = await Store.open(tmp_path)
        old = msgspec.structs.replace(group(), certificates=[], grace_seconds=600)
        assert await store.get_group(group().id) == old
        assert await store.load_meetings() == [(OpenMeeting(group().id, "meeting1", "room1", 1000.5), [])]
        assert await store.server_key() == bytes(32)
        assert await store.uncertified_groups() == 1
        await store.close()
    store = await Store.open(tmp_path)
    await store.update_group(group().id, lambda _: group())
    assert await store.get_group(group().id) == group()
    assert await store.uncertified_groups() == 0
    await store.close()


async def test_a_full_disk_is_told_and_nothing_is_half_kept(store: Store, tmp_path: Path) -> None:
    await store.create_group(group("a" * 22))

    def limit(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    async with store._database._engine.connect() as connection:
        await connection.run_sync(limit)
        raw = await connection.get_raw_connection()
        pages = await (await raw.driver_connection.execute("PRAGMA page_count")).fetchone()  # type: ignore[union-attr]
        assert pages[0] > 1
    big = Group("b" * 22, group().created, "r", "d", ["k"], bytes(100_000))
    with pytest.raises(StoreError, match="the disk is full"):
        await store.create_group(big)
    assert await store.existing_groups(["a" * 22, "b" * 22]) == {"a" * 22}


# -- Any order of calls --------------------------------------------------------------------------------------------

IDS = st.sampled_from(["a" * 22, "b" * 22])
MEETINGS = st.sampled_from(["m1", "m2", "m3"])


class StoreAgainstModel(RuleBasedStateMachine):
    """The store does what three dictionaries do, whatever the order."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        place = self.run(empty_place(self.kind, Path(self.folder.name)))
        self.store = self.run(Store.open(place))
        self.groups: dict[str, str | None] = {}
        self.meetings: dict[str, tuple[str, set[tuple[str, str]]]] = {}

    def teardown(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(name=IDS)
    def create(self, name: str) -> None:
        if name in self.groups:
            with pytest.raises(StoreError):
                self.run(self.store.create_group(group(name)))
        else:
            self.run(self.store.create_group(group(name)))
            self.groups[name] = None

    @rule(name=IDS, revocations=st.none() | st.sampled_from(["one", "two"]))
    def update(self, name: str, revocations: str | None) -> None:
        changed = self.run(
            self.store.update_group(name, lambda found: msgspec.structs.replace(found, revocations=revocations))
        )
        if name in self.groups:
            assert changed.revocations == revocations
            self.groups[name] = revocations
        else:
            assert changed is None

    @rule(name=IDS)
    def delete(self, name: str) -> None:
        assert self.run(self.store.delete_group(name)) == (name in self.groups)
        self.groups.pop(name, None)
        self.meetings = {meeting: held for meeting, held in self.meetings.items() if held[0] != name}

    @rule(name=IDS, meeting=MEETINGS)
    def save(self, name: str, meeting: str) -> None:
        record = OpenMeeting(name, meeting, "room", 1.0)
        if name in self.groups:
            self.run(self.store.save_meeting(record))
            self.meetings[meeting] = (name, self.meetings.get(meeting, ("", set()))[1])
        else:
            with pytest.raises(StoreError):
                self.run(self.store.save_meeting(record))

    @rule(meeting=MEETINGS)
    def end(self, meeting: str) -> None:
        self.run(self.store.end_meeting(meeting))
        self.meetings.pop(meeting, None)

    @rule(meeting=MEETINGS, kind=st.sampled_from(["session", "browser"]), digest=st.sampled_from("xy"))
    def mark(self, meeting: str, kind: Any, digest: str) -> None:
        if meeting in self.meetings:
            self.run(self.store.add_mark(meeting, kind, digest))
            self.meetings[meeting][1].add((kind, digest))
        else:
            with pytest.raises(StoreError):
                self.run(self.store.add_mark(meeting, kind, digest))

    @invariant()
    def same(self) -> None:
        assert {found for found, _ in self.run(self.store.list_groups())} == self.groups.keys()
        kept = {name: self.run(self.store.get_group(name)) for name in self.groups}
        assert {name: found.revocations for name, found in kept.items()} == self.groups
        loaded = self.run(self.store.load_meetings())
        assert {record.meeting: (record.group, set(marks)) for record, marks in loaded} == self.meetings


TestStoreAgainstModel = StoreAgainstModel.TestCase
TestStoreAgainstModel.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)

if POSTGRESQL:

    class PostgresqlAgainstModel(StoreAgainstModel):
        kind = "postgresql"

    TestPostgresqlAgainstModel = PostgresqlAgainstModel.TestCase
    TestPostgresqlAgainstModel.settings = TestStoreAgainstModel.settings
