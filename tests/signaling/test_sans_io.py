"""The core of signaling has no sockets, clock, random or log: all of it comes in, and goes out as effects."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SIGNALING = Path(__file__).parents[2] / "signaling"
CORE = [
    "addresses",
    "admission",
    "effects",
    "group_state",
    "live_group",
    "machine",
    "meeting",
    "messages",
    "mls_delivery",
    "mls_effects",
    "mls_jury",
    "mls_log",
    "mls_messages",
    "mls_rules",
    "mls_sessions",
    "moderation",
    "outcomes",
    "permissions",
    "rate_limit",
    "room",
    "session",
    "translation",
]
FORBIDDEN = {"asyncio", "aiohttp", "logging", "random", "secrets", "socket", "sqlalchemy", "threading", "time", "uuid"}
SHELL = {"database", "media", "server", "store", "wire"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_is_pure(module: str) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse((SIGNALING / f"{module}.py").read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                imported |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=str(source), names=names):
                package, _, rest = source.partition(".")
                own = {rest} if rest else {alias.name for alias in names}
                imported |= {f"signaling.{name}" for name in own} if package == "signaling" else {package}
    assert not imported & FORBIDDEN
    assert not imported & {f"signaling.{name}" for name in SHELL}
