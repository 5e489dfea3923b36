"""Fixtures for tests in real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser import networks
from tests.browser.firefox import obstacle
from tests.browser.harness import Gathering, gathering


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    """A server of its own and browsers at hand."""
    async with gathering(tmp_path) as found:
        yield found


WITHOUT_FIREFOX = obstacle()
WITHOUT_NETWORKS = networks.obstacle()
collect_ignore = [
    *(["test_firefox.py"] if WITHOUT_FIREFOX else []),
    *(["test_networks.py"] if WITHOUT_NETWORKS else []),
]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what is left out: what is not collected would not be missed."""
    if WITHOUT_FIREFOX:
        terminalreporter.write_line(f"tests/browser/test_firefox.py is left out, {WITHOUT_FIREFOX}.")
    if WITHOUT_NETWORKS:
        terminalreporter.write_line(f"tests/browser/test_networks.py is left out, {WITHOUT_NETWORKS}.")
