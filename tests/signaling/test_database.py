"""Opening databases, and what their errors say. What is kept in them is in ``test_store.py``."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from signaling import database as database_module
from signaling.database import DATABASE_NAME, Database, MisfitError, StoreError
from tests.signaling.databases import POSTGRESQL, empty_place


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """On SQLite, for what only a file can show."""
    opened = await Database.open(tmp_path / "data")
    yield opened
    await opened.close()


async def ask(database: Database) -> None:
    """Use it."""
    async with database.begin() as connection:
        await connection.exec_driver_sql("SELECT 1")


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    async def half() -> None:
        async with database.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO server VALUES ('one', x'00')")
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    async with database.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM server")).scalar_one() == 0


async def test_what_does_not_fit_is_told_apart_from_what_fails(database: Database) -> None:
    with pytest.raises(MisfitError, match="deleted meanwhile"):
        async with database.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO marks VALUES ('no meeting', 'session', 'digest')")
    with pytest.raises(StoreError, match="answered with an error") as caught:
        async with database.begin() as connection:
            await connection.exec_driver_sql("SELECT SECRET FROM nowhere")
    assert not isinstance(caught.value, MisfitError)
    assert "SECRET" not in str(caught.value)


async def test_the_write_ahead_log_is_emptied_on_demand(tmp_path: Path, database: Database) -> None:
    log = tmp_path / "data" / f"{DATABASE_NAME}-wal"
    await database.forget_deleted()
    assert log.stat().st_size == 0
    async with database.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO server VALUES ('one', x'00')")
    assert log.stat().st_size > 0
    await database.forget_deleted()
    assert log.stat().st_size == 0


async def test_the_data_folder_is_for_its_owner_alone(tmp_path: Path, database: Database) -> None:
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_commit_is_on_the_disk(database: Database) -> None:
    async with database.begin() as connection:
        pragmas = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer Hearthside"):
        await Database.open(tmp_path)


async def test_an_empty_database_of_an_older_version_is_brought_up(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / DATABASE_NAME).close()
    database = await Database.open(tmp_path)
    async with database.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM groups")).scalar_one() == 0
    await database.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"not a database at all, " * 100)
    with pytest.raises(StoreError, match="not a database; restore a backup"):
        await Database.open(tmp_path)


async def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made.*--data"):
        await Database.open(tmp_path / "data")


async def test_a_data_folder_that_cannot_hold_files_is_named() -> None:
    with pytest.raises(StoreError, match=r"cannot be (opened|made).*--data"):
        await Database.open(Path("/proc/self"))


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
    database: Database, monkeypatch: pytest.MonkeyPatch, code: int, sentence: str
) -> None:
    def refuse(*_: Any) -> None:
        error = sqlite3.OperationalError("quotes SECRET")
        error.sqlite_errorcode = code
        raise DBAPIError("INSERT SECRET", None, error)

    monkeypatch.setattr(type(database._engine), "begin", refuse)
    with pytest.raises(StoreError, match=sentence) as caught:
        await ask(database)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_lock_that_is_held_too_long_is_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "data" / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    late = None
    try:
        with pytest.raises(StoreError, match="held by another process"):
            late = await Database.open(tmp_path / "data")
    finally:
        other.execute("ROLLBACK")
        other.close()
        if late:
            await late.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "not a url", "sqlite://", "oracle:///x"])
async def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="database_url"):
        await Database.open(url)


async def test_a_database_file_can_be_named_by_url(tmp_path: Path) -> None:
    await (await Database.open(f"sqlite:///{tmp_path}/other.db")).close()
    assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("127.0.0.1:1/name", "cannot be reached|pip install"),
        ("127.0.0.1:99999/name", "port that is not between"),
        ("127.0.0.1/name?sslmode=perhaps", r"takes \?sslmode= and nothing else; one of disable, "),
        ("127.0.0.1/name?options=x", r"takes \?sslmode= and nothing else"),
    ],
)
async def test_a_postgresql_url_that_leads_nowhere_never_shows_its_password(where: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        await Database.open(f"postgresql://user:PASSWORD@{where}")
    assert "PASSWORD" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("28P01", "refuses the user or the password"),
        ("3D000", "createdb"),
        ("42501", "a database of their own"),
        ("25006", "the primary server"),
        ("53100", "disk is full"),
        ("42P01", "answered with an error"),
    ],
)
async def test_each_refusal_of_postgresql_has_its_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch, state: str, sentence: str
) -> None:
    class RefusedError(Exception):
        sqlstate = state

    def refuse(*_: Any) -> None:
        raise DBAPIError("INSERT SECRET", None, RefusedError("quotes SECRET"))

    monkeypatch.setattr(type(database._engine), "begin", refuse)
    with pytest.raises(StoreError, match=sentence) as caught:
        await ask(database)
    assert "SECRET" not in str(caught.value)


if POSTGRESQL:

    async def test_a_real_postgresql_refuses_in_these_words() -> None:
        url = sa.make_url(str(POSTGRESQL))
        for wrong, sentence in (
            (url.set(database="no_such_database"), "createdb"),
            (url.set(username="nobody-of-this-name", password="PASSWORD"), "refuses the user"),
        ):
            with pytest.raises(StoreError, match=sentence):
                await Database.open(wrong.render_as_string(hide_password=False))

    async def test_connections_that_postgresql_has_closed_are_made_anew(tmp_path: Path) -> None:
        where = await empty_place("postgresql", tmp_path)
        first, second = await Database.open(where), await Database.open(where)
        async with second.begin() as connection:
            others = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                             " AND datname = current_database()")  # fmt: skip
            await connection.execute(others)
        await ask(first)
        await first.close()
        await second.close()
