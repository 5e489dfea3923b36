"""Opening the database: where it is, how SQLite and PostgreSQL are set up, its migrations, and what its errors say.

What is kept in it is in `store.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DATABASE_NAME = "hearthside.db"
BUSY_SECONDS = 5.0
"""How long a writer waits for another process's lock. Transactions take milliseconds; longer means a stuck process."""
_MIGRATION_LOCK = 0x4865_6172_7468
"""PostgreSQL advisory lock id ("Hearth"): two processes that start together must not migrate at once."""

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""PostgreSQL's documentation, section 34.19.3."""


class StoreError(Exception):
    """The database cannot do what was asked. The text is one sentence for the operator, without ids or contents."""


class MisfitError(StoreError):
    """What was to be kept does not fit what is there: its group was deleted, or its id is taken. It never will fit."""


class Database:
    """The database, open. Every method raises `StoreError` when it cannot be read or written."""

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        self._engine = engine
        self._place = place

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @classmethod
    async def open(cls, where: str | Path) -> Database:
        """Open a database, making and migrating it as needed. `where` is the data folder or SQLAlchemy's URL."""
        url, place = _resolve(where)
        try:
            # A PostgreSQL that was restarted has closed its side of the connections that the pool keeps.
            ping = url.get_backend_name() == "postgresql"
            engine = create_async_engine(url, hide_parameters=True, pool_pre_ping=ping)
        except ModuleNotFoundError as error:
            raise StoreError(
                f"The database needs the Python package {error.name!r}: pip install {error.name}."
            ) from None
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
        database = cls(engine, place)
        try:
            async with database.begin() as connection:
                if database.dialect == "postgresql":
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                await connection.run_sync(_migrate)
        except alembic.util.CommandError:
            await database.close()
            raise StoreError(
                f"{place} was last used by a newer Hearthside: install that version again, or restore an older backup."
            ) from None
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: kept as a whole at the end, or not at all."""
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise MisfitError(
                f"{self._place} refused a change that does not fit what it holds: "
                "the group may have been deleted meanwhile."
            ) from None
        except (DBAPIError, sa.exc.TimeoutError, OSError) as error:
            raise StoreError(_sentence(error, self._place)) from None

    async def forget_deleted(self) -> None:
        """Empty SQLite's write-ahead log: ``secure_delete`` clears the database itself, old pages wait in the log."""
        if self.dialect != "sqlite":
            return
        try:
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                driver: Any = raw.driver_connection
                cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                await cursor.close()
        except (DBAPIError, sqlite3.Error) as error:
            raise StoreError(_sentence(error, self._place)) from None


def _resolve(where: str | Path) -> tuple[sa.URL, str]:
    """The URL with its asyncio driver, and how to call the place in messages. Makes the data folder, mode 0700."""
    if isinstance(where, str):
        try:
            url = sa.make_url(where)
        except ArgumentError:
            raise StoreError(
                "The setting database_url is not a database's URL, like postgresql://user@host/name."
            ) from None
        if url.get_backend_name() == "postgresql":
            return _for_asyncpg(url), "The PostgreSQL database"
        if url.get_backend_name() != "sqlite" or not url.database:
            raise StoreError("The setting database_url must begin with postgresql:// or name a file, sqlite:///FILE.")
        path = Path(url.database)
    else:
        path = where / DATABASE_NAME
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {path.parent} cannot be made: {error.strerror}; choose another: --data."
        ) from None
    place = f"The database {path}"
    try:  # once without aiosqlite, whose thread dies noisily when it cannot open its file
        sqlite3.connect(path).close()
    except sqlite3.Error as error:
        raise StoreError(_sentence(error, place)) from None
    return sa.URL.create("sqlite+aiosqlite", database=str(path)), place


def _for_asyncpg(url: sa.URL) -> sa.URL:
    """The URL as asyncpg wants it, which calls libpq's ``sslmode`` ``ssl`` and would take nothing else from here."""
    mode = url.query.get("sslmode")
    if not set(url.query) <= {"sslmode"} or not (mode is None or mode in _SSL_MODES):
        raise StoreError(f"The setting database_url takes ?sslmode= and nothing else; one of {', '.join(_SSL_MODES)}.")
    if url.port is not None and not 0 < url.port < 65536:
        raise StoreError("The setting database_url has a port that is not between 1 and 65535.")
    return url.set(drivername="postgresql+asyncpg", query={} if mode is None else {"ssl": mode})


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN below instead of sqlite3's own, which leaves DDL outside
    cursor = connection.cursor()
    try:
        for pragma in (
            f"busy_timeout={int(BUSY_SECONDS * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",  # a commit outlives a power failure: removals are told after it
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()  # the pool closes only connections that it got
        raise
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # IMMEDIATE: a transaction that begins by reading and then writes would be refused without waiting if another
    # process wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: sa.Connection) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, "head")


def _sentence(error: Exception, place: str) -> str:
    """One sentence with a remedy. Never the driver's own text: it could quote a statement or a password."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    match code and code & 0xFF:  # the primary code: extended ones add detail in the higher bits
        case sqlite3.SQLITE_FULL:
            return f"{place} cannot be written: the disk is full; free some space."
        case sqlite3.SQLITE_READONLY:
            return f"{place} is read-only; let the server write it and its folder, or choose another: --data."
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{place} cannot be opened; let the server read and write its folder, or choose another: --data."
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return f"{place} is damaged or not a database; restore a backup, or move it away to begin anew."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{place} is held by another process for more than {BUSY_SECONDS:.0f} seconds; end that process."
        case sqlite3.SQLITE_IOERR:
            return f"{place} cannot be read or written: the disk reports an error; check the disk."
    match getattr(original, "sqlstate", None):  # PostgreSQL's documentation, appendix A
        case "28000" | "28P01":
            return f"{place} refuses the user or the password in database_url; correct them."
        case "3D000":
            return f"{place} does not exist; make it with createdb, or correct database_url."
        case "42501":
            return f"{place} does not let its user make or change tables; give that user a database of their own."
        case "25006":
            return f"{place} is read-only; name the primary server in database_url."
        case "53100":
            return f"{place} cannot be written: its disk is full; free some space."
    if isinstance(error, OSError):
        return f"{place} cannot be reached; check that it runs and that database_url is right."
    return f"{place} answered with an error ({type(original).__name__}); check that it runs and its settings."
