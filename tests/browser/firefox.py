"""The installed Firefox, driven by Playwright over WebDriver BiDi, so that the same `Person` sits at either browser."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, Playwright

from tests.browser import namespaces

ROOT = Path(__file__).resolve().parents[2]

PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # Sound without a gesture, and without a sound device.
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.cubeb.force_mock_context": True,
    # Nothing that looks for a network other than ours.
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # WebDriver BiDi alone, without Chromium's protocol.
    "remote.active-protocols": 1,
}


def firefox_path() -> str:
    """The Firefox to drive: ``FIREFOX``, or the first that is installed. Raises RuntimeError, naming the package."""
    for name in (os.environ.get("FIREFOX"), "firefox-esr", "firefox"):
        if name and (found := shutil.which(name)):
            return found
    raise RuntimeError("no Firefox found: install Debian's package `firefox-esr`, or set FIREFOX to a Firefox's path")


def missing_packages() -> list[str]:
    """Debian's packages without which Firefox cannot be tested here."""
    missing = namespaces.missing_packages()
    try:
        firefox_path()
    except RuntimeError:
        missing.append("firefox-esr")
    return missing


def obstacle() -> str | None:
    """Why Firefox cannot be tested here, in a few words; None if it can."""
    if missing := missing_packages():
        return f"for want of {', '.join(missing)}"
    return None if os.geteuid() == 0 else "because network namespaces need root"


async def launch_firefox(playwright: Playwright, folder: Path) -> Browser:
    """A headless Firefox with fake devices. It runs where Playwright's driver runs: BiDi listens on loopback alone."""
    starter = folder / "firefox-with-relay"
    starter.write_text(
        f"#!/bin/sh\ncd {shlex.quote(str(ROOT))} || exit\n"
        f'exec {shlex.quote(sys.executable)} -m tests.browser.bidi_relay "$@"\n'
    )
    starter.chmod(0o755)
    return await playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=starter,
        env={**os.environ, "FIREFOX": firefox_path()},
        firefox_user_prefs=PREFERENCES,
    )
