"""Fixtures for tests in real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import playwright
import pytest

from tests.browser import networks
from tests.browser.firefox import obstacle
from tests.browser.harness import Gathering, chromium_path, gathering
from tests.browser.namespaces import Machines
from tests.browser.ui_gallery import Gallery, open_gallery


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Gathering]:
    """A server of its own and browsers at hand."""
    async with gathering(tmp_path) as found:
        yield found


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Machines of their own, where they can be made."""
    with Machines(tmp_path) as found:
        yield found


@pytest.fixture
async def apart(tmp_path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gathering]:
    """A server and browsers on machines of their own, with https; Playwright's driver is on Firefox's."""
    node = Path(playwright.__file__).parent / "driver" / "node"
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(machines.wrapper("firefox", str(node))))
    monkeypatch.setenv("CHROMIUM", str(machines.wrapper("chromium", chromium_path())))
    async with gathering(tmp_path, **machines.server()) as found:
        yield found


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """One bundle of the interface and one browser for all tests of a file."""
    with open_gallery(tmp_path_factory.mktemp("gallery")) as opened:
        yield opened


WITHOUT_FIREFOX = obstacle()
WITHOUT_NETWORKS = networks.obstacle()
NEED_NETWORKS = ["test_networks.py", "test_moving.py", "test_relay_only.py"]
collect_ignore = [
    *(["test_firefox.py", "test_firefox_layers.py"] if WITHOUT_FIREFOX else []),
    *(NEED_NETWORKS if WITHOUT_NETWORKS else []),
]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what is left out: what is not collected would not be missed."""
    if WITHOUT_FIREFOX:
        terminalreporter.write_line(
            f"tests/browser/test_firefox.py and test_firefox_layers.py are left out, {WITHOUT_FIREFOX}."
        )
    if WITHOUT_NETWORKS:
        terminalreporter.write_line(f"tests/browser/{', '.join(NEED_NETWORKS)} are left out, {WITHOUT_NETWORKS}.")
