"""What outlives the process: groups, and of a meeting only as much as a restarted server needs to keep its doors shut.

The database is opened in `database.py`. No name, no chat, no readable title and no attendance is ever handed to this
module; a meeting's row and its marks are deleted when it ends, and SQLite overwrites what is deleted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from signaling.database import Database

GRACE_SECONDS = 600
"""Grace time of a group for which nobody chose another: long enough for a facilitator's train through a tunnel or a new
battery. Longer leaves a circle by itself for longer, shorter ends meetings for a lost network."""

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
    """What is kept. Every method raises `database.StoreError` when the database cannot be read or written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert: Any = postgresql.insert if database.dialect == "postgresql" else sqlite.insert

    @classmethod
    async def open(cls, where: str | Path) -> Store:
        """Open a database, making and migrating it as needed. `where` is the data folder or SQLAlchemy's URL."""
        return cls(await Database.open(where))

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()

    # -- Groups ---------------------------------------------------------------------------------------------------

    async def create_group(self, group: Group) -> None:
        """Keep a new group."""
        async with self._database.begin() as connection:
            await connection.execute(_groups.insert().values(_row(group)))

    async def get_group(self, group: str) -> Group | None:
        """The group of this id, or None."""
        async with self._database.begin() as connection:
            row = (await connection.execute(sa.select(_groups).where(_groups.c.id == group))).one_or_none()
        return None if row is None else _group(row)

    async def update_group(self, group: str, change: Callable[[Group], Group]) -> Group | None:
        """Keep what `change` makes of a group, and return that; None if there is no such group.

        Reading and writing are one transaction: nothing comes between what `change` checks and what is kept. What it
        raises goes through, and nothing is changed.
        """
        async with self._database.begin() as connection:
            query = sa.select(_groups).where(_groups.c.id == group).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            changed = change(_group(row))
            await connection.execute(_groups.update().where(_groups.c.id == group).values(_row(changed)))
        await self._database.forget_deleted()
        return changed

    async def list_groups(self) -> list[tuple[str, datetime]]:
        """Ids and times of creation, oldest first."""
        query = sa.select(_groups.c.id, _groups.c.created).order_by(_groups.c.created, _groups.c.id)
        async with self._database.begin() as connection:
            rows = (await connection.execute(query)).all()
        return [(row.id, datetime.fromtimestamp(row.created, UTC)) for row in rows]

    async def uncertified_groups(self) -> int:
        """How many groups are from before certificates: their facilitators cannot come in."""
        query = sa.select(sa.func.count()).select_from(_groups).where(_groups.c.certificates == "")
        async with self._database.begin() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def existing_groups(self, ids: Collection[str]) -> set[str]:
        """Which of these groups exist. Asked every second, so that a deletion by another process is noticed."""
        if not ids:
            return set()
        async with self._database.begin() as connection:
            return set((await connection.execute(sa.select(_groups.c.id).where(_groups.c.id.in_(ids)))).scalars())

    async def delete_group(self, group: str) -> bool:
        """Delete a group, its running meeting and its marks. False if there was none."""
        async with self._database.begin() as connection:
            result = await connection.execute(_groups.delete().where(_groups.c.id == group))
        await self._database.forget_deleted()
        return result.rowcount > 0

    # -- Running meetings -----------------------------------------------------------------------------------------

    async def save_meeting(self, meeting: OpenMeeting) -> None:
        """Keep a running meeting, or what changed of it."""
        values = {"group_id": meeting.group, "room": meeting.room, "started": meeting.started}
        statement = self._insert(_meetings).values(id=meeting.meeting, **values)
        async with self._database.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def end_meeting(self, meeting: str) -> None:
        """Forget a meeting and its marks."""
        async with self._database.begin() as connection:
            await connection.execute(_meetings.delete().where(_meetings.c.id == meeting))
        await self._database.forget_deleted()

    async def add_mark(self, meeting: str, kind: MarkKind, digest: str) -> None:
        """Note a revoked session or a removed browser for as long as the meeting runs."""
        statement = self._insert(_marks).values(meeting_id=meeting, kind=kind, digest=digest)
        async with self._database.begin() as connection:
            await connection.execute(statement.on_conflict_do_nothing())

    async def load_meetings(self) -> list[tuple[OpenMeeting, list[tuple[str, str]]]]:
        """Every running meeting with its marks as (kind, digest)."""
        async with self._database.begin() as connection:
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
        async with self._database.begin() as connection:
            await connection.execute(fresh.on_conflict_do_nothing())
            query = sa.select(_server.c.value).where(_server.c.name == "key")
            key: bytes = (await connection.execute(query)).scalar_one()
            return key

    async def remember_public_url(self, url: str) -> None:
        """Keep the address under which the server runs, for links that the command line makes."""
        statement = self._insert(_server).values(name="public_url", value=url.encode())
        async with self._database.begin() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"value": url.encode()})
            )

    async def public_url(self) -> str | None:
        """The address under which the server ran last, or None if it never did."""
        query = sa.select(_server.c.value).where(_server.c.name == "public_url")
        async with self._database.begin() as connection:
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
