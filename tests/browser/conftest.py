"""Fixtures for tests in real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.harness import Gathering, gathering


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    """A server of its own and browsers at hand."""
    async with gathering(tmp_path) as found:
        yield found
