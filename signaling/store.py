"""What outlives the process: groups, and of a meeting only as much as a restarted server needs to keep its doors shut.

SQLite in the data folder by default, PostgreSQL by URL. No name, no chat, no readable title and no attendance is ever
handed to this module; a meeting's row and its marks are deleted when it ends, and SQLite overwrites what is deleted.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import alembic.command
import alembic.config
import alembic.util
import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DATABASE_NAME = "hearthside.db"
BUSY_SECONDS = 5.0
"""How long a writer waits for another process's lock. Transactions take milliseconds; longer means a stuck process."""
GRACE_SECONDS = 600
"""Grace time of a group for which nobody chose another: long enough for a facilitator's train through a tunnel or a new
battery. Longer leaves a circle by itself for longer, shorter ends meetings for a lost network."""
_MIGRATION_LOCK = 0x4865_6172_7468
"""PostgreSQL advisory lock id ("Hearth"): two processes that start together must not migrate at once."""

_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""PostgreSQL's documentation, section 34.19.3."""

_metadata = sa.MetaData()
_groups = sa.Table(
    "groups",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("root_key", sa.String, nullable=False),
    sa.Column("door_key", sa.String, nullable=False),
    sa.Column("role_keys", sa.String, nullable=False),  # divided by spaces
    sa.Column("profile", sa.LargeBinary, nullable=False),
    sa.Column("certificates", sa.String, nullable=False),  # divided by spaces
    sa.Column("revocations", sa.String),
    sa.Column("grace_seconds", sa.Integer, nullable=False),
)
_meetings = sa.Table(
    "meetings",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    sa.Column("room", sa.String, nullable=False),
    sa.Column("started", sa.Float, nullable=False),
)
_marks = sa.Table(
    "marks",
    _metadata,
    sa.Column("meeting_id", sa.ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("digest", sa.String, primary_key=True),
)
_server = sa.Table(
    "server",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)


class StoreError(Exception):
    """The database cannot do what was asked. The text is one sentence for the operator, without ids or contents."""


class MisfitError(StoreError):
    """What was to be kept does not fit what is there: its group was deleted, or its id is taken. It never will fit."""


class Group(msgspec.Struct, frozen=True):
    """A standing circle, as far as the server knows it. Keys, certificates and revocations are base64url text."""

    id: str
    created: datetime
    root_key: str
    door_key: str
    role_keys: list[str]
    """Of the facilitator links that may come in: those of the certificates that are not revoked."""
    profile: bytes
    """Sealed: only holders of a link can read it."""
    certificates: list[str] = []
    """Of the facilitator links (docs/protocol.md, section 8). Empty in groups from before there were any."""
    revocations: str | None = None
    grace_seconds: int = GRACE_SECONDS
    """How long a meeting goes on without a facilitator."""

    def __repr__(self) -> str:
        """Nothing that could end up in a log."""
        return "<Group>"


class OpenMeeting(msgspec.Struct, frozen=True):
    """A meeting that runs, so that a restarted server can take its people back. Deleted at its end."""

    group: str
    meeting: str
    room: str
    started: float
    """Seconds since the epoch."""

    def __repr__(self) -> str:
        """Nothing that could end up in a log."""
        return "<OpenMeeting>"


MarkKind = Literal["session", "browser"]


class Store:
    """The database, open. Every method raises `StoreError` when the database cannot be read or written."""

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    async def open(cls, where: str | Path) -> Store:
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
        store = cls(engine, place)
        try:
            async with store._begin() as connection:
                if engine.dialect.name == "postgresql":
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                await connection.run_sync(_migrate)
        except alembic.util.CommandError:
            await store.close()
            raise StoreError(
                f"{place} was last used by a newer Hearthside: install that version again, or restore an older backup."
            ) from None
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
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

    async def _forget_deleted(self) -> None:
        """Empty SQLite's write-ahead log: ``secure_delete`` clears the database itself, old pages wait in the log."""
        if self._engine.dialect.name != "sqlite":
            return
        try:
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                driver: Any = raw.driver_connection
                cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                await cursor.close()
        except (DBAPIError, sqlite3.Error) as error:
            raise StoreError(_sentence(error, self._place)) from None

    # -- Groups ---------------------------------------------------------------------------------------------------

    async def create_group(self, group: Group) -> None:
        """Keep a new group."""
        async with self._begin() as connection:
            await connection.execute(_groups.insert().values(_row(group)))

    async def get_group(self, group: str) -> Group | None:
        """The group of this id, or None."""
        async with self._begin() as connection:
            row = (await connection.execute(sa.select(_groups).where(_groups.c.id == group))).one_or_none()
        return None if row is None else _group(row)

    async def update_group(self, group: str, change: Callable[[Group], Group]) -> Group | None:
        """Keep what `change` makes of a group, and return that; None if there is no such group.

        Reading and writing are one transaction: nothing comes between what `change` checks and what is kept. What it
        raises goes through, and nothing is changed.
        """
        async with self._begin() as connection:
            query = sa.select(_groups).where(_groups.c.id == group).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            changed = change(_group(row))
            await connection.execute(_groups.update().where(_groups.c.id == group).values(_row(changed)))
        await self._forget_deleted()
        return changed

    async def list_groups(self) -> list[tuple[str, datetime]]:
        """Ids and times of creation, oldest first."""
        query = sa.select(_groups.c.id, _groups.c.created).order_by(_groups.c.created, _groups.c.id)
        async with self._begin() as connection:
            rows = (await connection.execute(query)).all()
        return [(row.id, datetime.fromtimestamp(row.created, UTC)) for row in rows]

    async def uncertified_groups(self) -> int:
        """How many groups are from before certificates: their facilitators cannot come in."""
        query = sa.select(sa.func.count()).select_from(_groups).where(_groups.c.certificates == "")
        async with self._begin() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def existing_groups(self, ids: Collection[str]) -> set[str]:
        """Which of these groups exist. Asked every second, so that a deletion by another process is noticed."""
        if not ids:
            return set()
        async with self._begin() as connection:
            return set((await connection.execute(sa.select(_groups.c.id).where(_groups.c.id.in_(ids)))).scalars())

    async def delete_group(self, group: str) -> bool:
        """Delete a group, its running meeting and its marks. False if there was none."""
        async with self._begin() as connection:
            result = await connection.execute(_groups.delete().where(_groups.c.id == group))
        await self._forget_deleted()
        return result.rowcount > 0

    # -- Running meetings -----------------------------------------------------------------------------------------

    async def save_meeting(self, meeting: OpenMeeting) -> None:
        """Keep a running meeting, or what changed of it."""
        values = {"group_id": meeting.group, "room": meeting.room, "started": meeting.started}
        statement = self._insert(_meetings).values(id=meeting.meeting, **values)
        async with self._begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def end_meeting(self, meeting: str) -> None:
        """Forget a meeting and its marks."""
        async with self._begin() as connection:
            await connection.execute(_meetings.delete().where(_meetings.c.id == meeting))
        await self._forget_deleted()

    async def add_mark(self, meeting: str, kind: MarkKind, digest: str) -> None:
        """Note a revoked session or a removed browser for as long as the meeting runs."""
        statement = self._insert(_marks).values(meeting_id=meeting, kind=kind, digest=digest)
        async with self._begin() as connection:
            await connection.execute(statement.on_conflict_do_nothing())

    async def load_meetings(self) -> list[tuple[OpenMeeting, list[tuple[str, str]]]]:
        """Every running meeting with its marks as (kind, digest)."""
        async with self._begin() as connection:
            meetings = (await connection.execute(sa.select(_meetings).order_by(_meetings.c.started))).all()
            marks = (await connection.execute(sa.select(_marks).order_by(_marks.c.kind, _marks.c.digest))).all()
        return [
            (
                OpenMeeting(row.group_id, row.id, row.room, row.started),
                [(mark.kind, mark.digest) for mark in marks if mark.meeting_id == row.id],
            )
            for row in meetings
        ]

    # -- The server itself ----------------------------------------------------------------------------------------

    async def server_key(self) -> bytes:
        """32 random bytes, made once, for resume tokens: they hold across a restart."""
        fresh = self._insert(_server).values(name="key", value=secrets.token_bytes(32))
        async with self._begin() as connection:
            await connection.execute(fresh.on_conflict_do_nothing())
            query = sa.select(_server.c.value).where(_server.c.name == "key")
            key: bytes = (await connection.execute(query)).scalar_one()
            return key

    async def remember_public_url(self, url: str) -> None:
        """Keep the address under which the server runs, for links that the command line makes."""
        statement = self._insert(_server).values(name="public_url", value=url.encode())
        async with self._begin() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"value": url.encode()})
            )

    async def public_url(self) -> str | None:
        """The address under which the server ran last, or None if it never did."""
        query = sa.select(_server.c.value).where(_server.c.name == "public_url")
        async with self._begin() as connection:
            value = (await connection.execute(query)).scalar_one_or_none()
        return None if value is None else value.decode()


def _row(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "created": int(group.created.timestamp()),
        "root_key": group.root_key,
        "door_key": group.door_key,
        "role_keys": " ".join(group.role_keys),
        "profile": group.profile,
        "certificates": " ".join(group.certificates),
        "revocations": group.revocations,
        "grace_seconds": group.grace_seconds,
    }


def _group(row: sa.Row[Any]) -> Group:
    return Group(
        row.id,
        datetime.fromtimestamp(row.created, UTC),
        row.root_key,
        row.door_key,
        row.role_keys.split(),
        row.profile,
        row.certificates.split(),
        row.revocations,
        row.grace_seconds,
    )


# -- Opening --------------------------------------------------------------------------------------------------------


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
