import asyncio
import sqlite3
import stat
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy.exc import DBAPIError

from signaling import store as store_module
from signaling.store import DATABASE_NAME, Group, MisfitError, OpenMeeting, Store, StoreError


def group(name: str = "AAECAwQFBgcICQoLDA0ODw") -> Group:
    return Group(name, datetime(2026, 5, 1, 12, tzinfo=UTC), "root", "door", ["role1", "role2"], b"\x01sealed profile")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "data")
    yield opened
    await opened.close()


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_a_group_is_kept_listed_and_deleted(store: Store) -> None:
    await store.create_group(group())
    assert await store.get_group(group().id) == group()
    assert await store.list_groups() == [(group().id, group().created)]
    assert await store.delete_group(group().id)
    assert not await store.delete_group(group().id)
    assert await store.get_group(group().id) is None
    assert await store.list_groups() == []


async def test_which_groups_exist(store: Store) -> None:
    await store.create_group(group("a" * 22))
    await store.create_group(group("b" * 22))
    assert await store.existing_groups(["a" * 22, "c" * 22]) == {"a" * 22}
    assert await store.existing_groups([]) == set()


async def test_a_meeting_and_its_marks_last_until_its_end(store: Store) -> None:
    await store.create_group(group())
    meeting = OpenMeeting(group().id, "meeting1", "room1", 1000.5)
    await store.save_meeting(meeting)
    await store.add_mark("meeting1", "session", "digest")
    await store.add_mark("meeting1", "session", "digest")
    await store.add_mark("meeting1", "browser", "digest")
    await store.save_meeting(meeting)
    assert await store.load_meetings() == [(meeting, [("browser", "digest"), ("session", "digest")])]
    await store.end_meeting("meeting1")
    await store.end_meeting("meeting1")
    assert await store.load_meetings() == []
    await store.save_meeting(meeting)
    assert await store.load_meetings() == [(meeting, [])]


async def test_deleting_a_group_forgets_its_meeting(store: Store) -> None:
    await store.create_group(group())
    await store.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    await store.add_mark("meeting1", "session", "digest")
    await store.delete_group(group().id)
    assert await store.load_meetings() == []
    with pytest.raises(MisfitError, match="deleted meanwhile"):
        await store.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    with pytest.raises(MisfitError):
        await store.add_mark("meeting1", "session", "digest")


async def test_everything_survives_reopening(tmp_path: Path) -> None:
    first = await Store.open(tmp_path)
    key = await first.server_key()
    await first.create_group(group())
    await first.save_meeting(OpenMeeting(group().id, "meeting1", "room1", 1.0))
    await first.remember_public_url("https://meet.example.org")
    await first.close()
    again = await Store.open(tmp_path)
    assert await again.server_key() == key
    assert len(key) == 32
    assert await again.get_group(group().id) == group()
    assert len(await again.load_meetings()) == 1
    assert await again.public_url() == "https://meet.example.org"
    await again.close()


async def test_the_public_url_is_the_last_one(store: Store) -> None:
    assert await store.public_url() is None
    await store.remember_public_url("http://127.0.0.1:8080")
    await store.remember_public_url("https://meet.example.org")
    assert await store.public_url() == "https://meet.example.org"


async def test_two_processes_share_the_database(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(Store.open(tmp_path) for _ in range(4)))
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
    await store.end_meeting("MEETING-ID")
    for gone in (b"SESSION-DIGEST", b"MEETING-ID", b"ROOM-ID"):
        assert gone not in everything_on_disk(data)
    await store.delete_group(group().id)
    for gone in (b"sealed profile", group().id.encode()):
        assert gone not in everything_on_disk(data)


async def test_the_data_folder_is_for_its_owner_alone(tmp_path: Path, store: Store) -> None:
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_commit_is_on_the_disk(store: Store) -> None:
    async with store._begin() as connection:
        pragmas = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


async def test_records_do_not_show_themselves() -> None:
    assert repr(group()) == "<Group>"
    assert repr(OpenMeeting("g", "m", "r", 1.0)) == "<OpenMeeting>"


# -- What may stand in the way ------------------------------------------------------------------------------------


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await (await Store.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer Hearthside"):
        await Store.open(tmp_path)


async def test_an_empty_database_of_an_older_version_is_brought_up(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / DATABASE_NAME).close()
    store = await Store.open(tmp_path)
    assert await store.list_groups() == []
    await store.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database at all, " * 100)
    with pytest.raises(StoreError, match="not a database; restore a backup"):
        await Store.open(tmp_path)


async def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made.*--data"):
        await Store.open(tmp_path / "data")


async def test_a_data_folder_that_cannot_hold_files_is_named() -> None:
    with pytest.raises(StoreError, match=r"cannot be (opened|made).*--data"):
        await Store.open(Path("/proc/self"))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_READONLY, "read-only"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "read-only"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk reports an error"),
        (sqlite3.SQLITE_BUSY, "another process"),
        (sqlite3.SQLITE_MISUSE, "answered with an error"),
    ],
)
async def test_each_refusal_of_sqlite_has_its_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: int, sentence: str
) -> None:
    def refuse(*_: Any) -> None:
        error = sqlite3.OperationalError("quotes SECRET")
        error.sqlite_errorcode = code
        raise DBAPIError("INSERT SECRET", None, error)

    monkeypatch.setattr(type(store._engine), "begin", refuse)
    with pytest.raises(StoreError, match=sentence) as caught:
        await store.list_groups()
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_full_disk_is_told_and_nothing_is_half_kept(store: Store, tmp_path: Path) -> None:
    await store.create_group(group("a" * 22))

    def limit(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    async with store._engine.connect() as connection:
        await connection.run_sync(limit)
        raw = await connection.get_raw_connection()
        pages = await (await raw.driver_connection.execute("PRAGMA page_count")).fetchone()  # type: ignore[union-attr]
        assert pages[0] > 1
    big = Group("b" * 22, group().created, "r", "d", ["k"], bytes(100_000))
    with pytest.raises(StoreError, match="the disk is full"):
        await store.create_group(big)
    assert await store.existing_groups(["a" * 22, "b" * 22]) == {"a" * 22}


async def test_a_lock_that_is_held_too_long_is_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "data" / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    late = None
    try:
        with pytest.raises(StoreError, match="held by another process"):
            late = await Store.open(tmp_path / "data")
    finally:
        other.execute("ROLLBACK")
        other.close()
        if late:
            await late.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "not a url", "sqlite://", "oracle:///x"])
async def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="database_url"):
        await Store.open(url)


async def test_a_database_file_can_be_named_by_url(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/other.db")
    await store.close()
    assert (tmp_path / "other.db").exists()


async def test_postgresql_that_cannot_be_reached_never_shows_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        await Store.open("postgresql://user:PASSWORD@127.0.0.1:1/name")
    assert "PASSWORD" not in str(caught.value)


# -- Any order of calls --------------------------------------------------------------------------------------------

IDS = st.sampled_from(["a" * 22, "b" * 22])
MEETINGS = st.sampled_from(["m1", "m2", "m3"])


class StoreAgainstModel(RuleBasedStateMachine):
    """The store does what three dictionaries do, whatever the order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.store = self.loop.run_until_complete(Store.open(Path(self.folder.name)))
        self.groups: set[str] = set()
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
            self.groups.add(name)

    @rule(name=IDS)
    def delete(self, name: str) -> None:
        assert self.run(self.store.delete_group(name)) == (name in self.groups)
        self.groups.discard(name)
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
        assert {found for found, _ in self.run(self.store.list_groups())} == self.groups
        loaded = self.run(self.store.load_meetings())
        assert {record.meeting: (record.group, set(marks)) for record, marks in loaded} == self.meetings


TestStoreAgainstModel = StoreAgainstModel.TestCase
TestStoreAgainstModel.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
