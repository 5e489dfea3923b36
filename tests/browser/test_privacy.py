"""What a meeting leaves behind: nothing in the log, the database or on disk that names anybody."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.async_api import Request, expect

from tests.browser.harness import Gathering, frames_grow, gathering

pytestmark = pytest.mark.browser

TITLE = "Quiet Thursday circle"
NAMES = ("Marta Unverwechselbar", "Ana Einzigartig", "Chi Besonders")
CHAT = "Seventeen herons stood in the rain"


async def hold_a_meeting(people: Gathering) -> list[str]:
    """A meeting with everything in it; returns the secrets and ids that nobody may find again."""
    links = await people.server.create_group(TITLE)
    requests: list[str] = []
    marta, ana, chi = await people.meeting(links, *NAMES)
    for person in (marta, ana, chi):
        person.page.on("request", lambda request: requests.append(_url(request)))
    await frames_grow(marta, 2)
    await ana.say(CHAT)
    await marta.open_panel("Chat")
    await expect(marta.page.get_by_role("log").get_by_text(CHAT)).to_be_visible()
    await chi.tool("Raise hand").click()
    await ana.page.reload()
    await ana.in_call()
    await marta.open_panel("People")
    await marta.button(f"Remove {NAMES[2]}").click()
    await marta.page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(chi.toolbar).to_have_count(0)
    tokens = await ana.page.evaluate("() => Object.values(sessionStorage).join(' ')")
    secrets = [
        part
        for link in (links.participant, links.facilitator, links.organiser)
        for part in link.split("#")[1].split(".")[1:]
    ]
    secrets += re.findall(r"gAAAA[A-Za-z0-9_=-]{20,}", tokens)
    await marta.button("End meeting for everyone").click()
    await marta.page.get_by_role("dialog").get_by_role("button", name="End meeting", exact=True).click()
    await expect(ana.toolbar).to_have_count(0)
    assert all(url.startswith((people.server.url, "blob:", "data:")) for url in requests), (
        "the browser talks to no other origin"
    )
    return [links.id, *secrets]


def _url(request: Request) -> str:
    return request.url


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


async def test_the_log_of_a_whole_meeting_names_nobody(tmp_path: Path) -> None:
    settings = {"HEARTHSIDE_LOG_LEVEL": "DEBUG"}
    async with gathering(tmp_path, settings=settings, module="tests.browser.faulty_server") as people:
        secrets = await hold_a_meeting(people)
        # A fault whose text names a group and an address.
        fault = f"{people.server.url}/fault/{secrets[0]}"
        assert await asyncio.to_thread(_status, fault) == 500
        # A participant link whose `#` was written as `%23`: the secret is in the path.
        told = f"{people.server.url}/g/{secrets[0]}%23p1.{secrets[1]}.{secrets[2]}"
        assert await asyncio.to_thread(_status, told) == 404
        # Junk on the media port and a message that cannot be read are part of a meeting's log too.
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", people.server.media_port)
        )
        for junk in (b"", b"\x00", b"\x80" * 40, b"\x16\xfe\xfd" + bytes(50)):
            transport.sendto(junk)
        transport.close()
        await asyncio.sleep(0.5)
    log = people.server.log.read_text()
    assert " debug asyncio" in log, "the log was read at DEBUG"
    assert re.search(r"builtins\.RuntimeError\n(    .+\n)*    \S+faulty_server\.py:\d+ in _fails", log), (
        "a traceback is there"
    )
    for word in (TITLE, CHAT, *NAMES, *(name.split()[1] for name in NAMES), *secrets):
        assert word not in log
    listening = {f"127.0.0.1:{people.server.port}", f"127.0.0.1:{people.server.media_port}"}
    addresses = set(re.findall(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?", log))
    assert addresses <= listening | {"127.0.0.1"}, "only the listening addresses"
    for transition in ("meeting", "admitted", "removed", "ended"):
        assert transition in log.lower(), f"the life-cycle line of {transition!r} is there"


# The whole file system read-only for the server, its data folder apart: a writer of anything else would meet EROFS.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"'


async def test_a_whole_meeting_runs_on_a_read_only_file_system_but_for_its_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    async with gathering(tmp_path, prefix=[*namespace, "bash", "-c", READ_ONLY, str(data)]) as people:
        root = Path(f"/proc/{people.server.pid}/root")
        with pytest.raises(OSError, match="Read-only"):
            (root / "tmp" / "written").touch()
        before = _files(data)
        secrets = await hold_a_meeting(people)
        assert {path.name for path in _files(data) - before} <= {"hearthside.db-wal", "hearthside.db-shm"}
    kept = b"".join(path.read_bytes() for path in _files(data))
    for word in (TITLE, CHAT, *NAMES, *secrets[1:]):
        assert word.encode() not in kept
    database = sqlite3.connect(data / "hearthside.db")
    tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
    counts = {table: database.execute(f'select count(*) from "{table}"').fetchone()[0] for table in tables}
    database.close()
    running = {table for table in tables if "meeting" in table or "mark" in table}
    assert running, "a running meeting has tables"
    assert all(counts[table] == 0 for table in running), "and they are empty after it"


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}
