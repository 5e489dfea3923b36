"""Databases for tests: SQLite in a folder, and PostgreSQL where one is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

POSTGRESQL = os.environ.get("HEARTHSIDE_TEST_POSTGRESQL")
"""URL of a PostgreSQL database that these tests may empty. Without it the tests that need one are not collected."""

KINDS = ["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"]


async def empty_place(kind: str, folder: Path) -> str | Path:
    """Where a store of this kind can be opened that has nothing in it yet."""
    if kind == "sqlite":
        return folder / "data"
    assert POSTGRESQL
    engine = create_async_engine(sa.make_url(POSTGRESQL).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    await engine.dispose()
    return POSTGRESQL
