import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from fluent.syntax import FluentParser, ast
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from signaling import http
from signaling.database import StoreError
from signaling.http import Pages
from signaling.links import TOLD_SECRET, b64
from signaling.listen import StartError
from signaling.store import Group

KNOWN = "AAECAwQFBgcICQoLDA0ODw"
OTHER = "BBECAwQFBgcICQoLDA0ODw"


class Groups:
    """A store that holds one group, or is out of order."""

    asked = 0
    broken: Exception | None = None
    revocations: str | None = None

    async def get_group(self, group: str) -> Group | None:
        self.asked += 1
        if self.broken:
            raise self.broken
        moment = datetime(2026, 5, 1, tzinfo=UTC)
        found = Group(
            KNOWN, moment, "ROOT-KEY", "DOOR-KEY", ["ROLE-KEY"], b"\x01profile", ["CERTIFICATE"], self.revocations
        )
        return found if group == KNOWN else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The real templates and catalogues, with a client that was built in a moment."""
    (tmp_path / "templates").symlink_to(http.WEB / "templates")
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "en").symlink_to(http.WEB / "locales" / "en")
    hebrew = tmp_path / "locales" / "he"
    hebrew.mkdir()
    (hebrew / "server.ftl").write_text("error-not-found-title = הדף אינו כאן\n")
    build = tmp_path / "static" / "build"
    build.mkdir(parents=True)
    (build / "app-1.js").write_text("export {};")
    (build / "app-2.css").write_text("body {}")
    (build / "client-en-3.ftl").write_text("a = b\n")
    (build / "secret.txt").write_text("not in the manifest")
    (build / "manifest.json").write_text(
        json.dumps({"app.js": "app-1.js", "app.css": "app-2.css", "client-en.ftl": "client-en-3.ftl"})
    )
    return tmp_path


@pytest.fixture
def groups() -> Groups:
    return Groups()


Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(folder: Path, groups: Groups) -> AsyncIterator[Client]:
    pages = Pages(groups, "https://meet.example.org", folder=folder, ready=lambda: groups.broken is None)
    app = web.Application(middlewares=[pages.errors])
    app.on_response_prepare.append(pages.add_headers)

    async def fails(_: web.Request) -> web.Response:
        raise RuntimeError("SECRET")

    async def too_large(_: web.Request) -> web.Response:
        raise web.HTTPRequestEntityTooLarge(1, 2)

    app.add_routes([*pages.routes(), web.get("/fails", fails), web.get("/too-large", too_large)])
    async with TestClient(TestServer(app)) as found:
        yield found


async def test_the_landing_page_names_only_this_origin(client: Client) -> None:
    answer = await client.get("/")
    text = await answer.text()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "/static/app-2.css" in text
    assert not re.search(r"(src|href|action)=[\"']?(https?:)?//", text)


async def test_no_page_holds_script_or_style_of_its_own(client: Client) -> None:
    for path in ("/", f"/g/{KNOWN}", "/none"):
        text = await (await client.get(path)).text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert "<style" not in text
        assert not re.search(r"\s(style|on[a-z]+)=", text)
        assert "<title>Hearthside</title>" in text
        # Of what link previews read there is the title alone.
        assert not re.search(r"(property|name|itemprop)=[\"']?(og:|twitter:|description|image|article:)", text)


async def test_a_groups_page_is_the_same_bytes_for_every_id(client: Client, groups: Groups) -> None:
    pages = {await (await client.get(f"/g/{name}")).read() for name in (KNOWN, OTHER, "x", "%F0%9F%8C%BF")}
    assert len(pages) == 1
    assert groups.asked == 0
    assert b"/static/app-1.js" in pages.pop()


async def test_what_the_pages_script_asks_for_first_comes_beside_it(client: Client, groups: Groups) -> None:
    """On a phone's network each round trip that one waits for another costs half a second."""
    answer = await client.get(f"/g/{KNOWN}", headers={"Accept-Language": "he"})
    script, record = answer.headers["Link"].split(", ")
    assert script == "</static/app-1.js>; rel=modulepreload"
    assert record == f"<../api/v1/groups/{KNOWN}>; rel=preload; as=fetch; crossorigin"
    assert '<link rel="preload" as="fetch" crossorigin href="/static/client-en-3.ftl">' in await answer.text()
    assert groups.asked == 0
    for junk in ("x", "%3E%3B%20rel=preload", f"{KNOWN}%0d%0aX-Evil:1"):
        assert "Link" not in (await client.get(f"/g/{junk}")).headers


async def test_a_groups_record_is_sealed_and_no_more_than_needed(client: Client, groups: Groups) -> None:
    answer = await client.get(f"/api/v1/groups/{KNOWN}")
    assert await answer.json() == {
        "id": KNOWN,
        "root_key": "ROOT-KEY",
        "profile": b64(b"\x01profile"),
        "certificates": ["CERTIFICATE"],
        "revocations": None,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    groups.revocations = "REVOCATIONS"
    assert (await (await client.get(f"/api/v1/groups/{KNOWN}")).json())["revocations"] == "REVOCATIONS"


@pytest.mark.parametrize("name", [OTHER, "x", "a" * 23, "a" * 5000, "../etc", "%00"])
async def test_an_unknown_group_is_not_found(client: Client, name: str) -> None:
    answer = await client.get(f"/api/v1/groups/{name}")
    assert answer.status in (400, 404)
    assert "error" in await answer.text()


async def test_an_id_that_is_none_never_reaches_the_store(client: Client, groups: Groups) -> None:
    await client.get("/api/v1/groups/x")
    assert groups.asked == 0


async def test_assets_are_kept_for_ever_under_their_hashed_names(client: Client) -> None:
    for name, kind in (
        ("app-1.js", "text/javascript; charset=utf-8"),
        ("app-2.css", "text/css; charset=utf-8"),
        ("client-en-3.ftl", "text/plain; charset=utf-8"),
    ):
        answer = await client.get(f"/static/{name}")
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("accept", "zipped"),
    [("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.8", True), ("identity", False), ("gzip;q=0, br", False),
     ("gzip; q=0.0", False), ("gzip;q=0.5", True), ("", False), ("xgzip", False)],
)  # fmt: skip
async def test_assets_are_zipped_for_who_can_read_it(client: Client, accept: str, *, zipped: bool) -> None:
    """The page's script and worker are 500 kB, and a phone's network takes seconds for what can be a third of it."""
    answer = await client.get("/static/app-1.js", headers={"Accept-Encoding": accept})
    assert answer.headers.get("Content-Encoding") == ("gzip" if zipped else None)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert await answer.text() == "export {};"


async def test_nothing_else_is_zipped(client: Client) -> None:
    """A secret beside what somebody else chose would be told by the size (BREACH, CVE-2013-3587)."""
    for path in ("/", f"/g/{KNOWN}", f"/api/v1/groups/{KNOWN}"):
        answer = await client.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/static/secret.txt", "/static/manifest.json", "/static/..%2f..%2ftemplates%2fbase.html", "/static/app.js"]
)
async def test_nothing_but_the_manifests_files_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize(
    "path", ["/", f"/g/{KNOWN}", f"/api/v1/groups/{KNOWN}", "/static/app-1.js", "/none", "/fails", "/healthz"]
)
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    assert "Server" not in headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == "'self'"
    assert policy["connect-src"] == "'self' wss://meet.example.org"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    permissions = dict(part.split("=") for part in headers["Permissions-Policy"].split(", "))
    for name in ("camera", "microphone", "display-capture", "screen-wake-lock"):
        assert permissions[name] == "(self)"
    for name in ("geolocation", "usb", "payment", "browsing-topics"):
        assert permissions[name] == "()"


def test_hsts_is_for_https_alone() -> None:
    headers = http.security_headers("http://127.0.0.1:8080")
    assert "Strict-Transport-Security" not in headers
    assert "connect-src 'self' ws://127.0.0.1:8080;" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "method", "status", "title"),
    [
        ("/none", "GET", 404, "This page is not here"),
        ("/", "POST", 405, "This address works differently"),
        ("/too-large", "GET", 413, "That was more than fits"),
        ("/fails", "GET", 500, "Something went wrong on our side"),
    ],
)
async def test_errors_are_pages_with_kind_words(
    client: Client, path: str, method: str, status: int, title: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.request(method, path)
    text = await answer.text()
    assert answer.status == status
    assert title in text
    assert "SECRET" not in text
    assert "Traceback" not in text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        f"/g/{KNOWN}%23p1.EBESExQVFhcYGRobHB0eHw.JPbtasv-EAnAMNfKVnwzyg",
        f"/g/{KNOWN}%23f1.EBESExQVFhcYGR",  # cut off as well
        f"/g/{KNOWN}%2523o1.EBESExQVFhcYGRobHB0eHw.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        f"/g/{KNOWN}?p1.EBESExQVFhcYGRobHB0eHw.JPbtasv-EAnAMNfKVnwzyg",
        f"/g/{KNOWN}p1.EBESExQVFhcYGRobHB0eHw.JPbtasv-EAnAMNfKVnwzyg",
        f"/g/{KNOWN}/p1.EBESExQVFhcYGRobHB0eHw.JPbtasv-EAnAMNfKVnwzyg",
        f"/fails?{KNOWN}%23p1.EBESExQVFhcYGRobHB0eHw",
    ],
)
async def test_a_link_whose_secret_was_sent_along_is_to_be_asked_for_anew(
    client: Client, groups: Groups, path: str
) -> None:
    answer = await client.get(URL(path, encoded=True))
    text = await answer.text()
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert "This link told us its secret" in text
    assert "ask the person who sent it for a new one" in text
    assert "<script" not in text
    assert "EBESExQVFhcY" not in text
    assert groups.asked == 0


async def test_no_address_of_the_build_looks_like_a_secret() -> None:
    """Nor does any other: a page of its own for a file would leave the client without it."""
    for stem in ("app-f123456789", "client-de-p1", "e2ee-worker-o12"):
        for suffix in (".js", ".css", ".ftl"):
            assert not TOLD_SECRET.search(f"/static/{stem}{suffix}?")


async def test_a_wrong_method_says_which_are_right(client: Client) -> None:
    assert "GET" in (await client.post("/")).headers["Allow"]


async def test_a_store_out_of_order_is_unavailable(client: Client, groups: Groups) -> None:
    groups.broken = StoreError("The disk is full.")
    assert (await client.get(f"/api/v1/groups/{KNOWN}")).status == 503
    assert (await client.get(f"/g/{KNOWN}")).status == 200
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/readyz")).status == 503
    groups.broken = None
    assert (await client.get("/readyz")).status == 200


async def test_search_engines_are_sent_away(client: Client) -> None:
    assert await (await client.get("/robots.txt")).text() == "User-agent: *\nDisallow: /\n"


async def test_a_page_speaks_the_readers_language_and_direction(client: Client) -> None:
    answer = await client.get("/none", headers={"Accept-Language": "he-IL, en;q=0.5"})
    text = await answer.text()
    assert '<html lang="he" dir="rtl">' in text
    assert "הדף אינו כאן" in text
    assert "Open the link from your invitation again" in text  # what the catalogue lacks is in English
    assert answer.headers["Vary"] == "Accept-Language"
    assert answer.headers["Content-Language"] == "he"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("pt-BR,de;q=0.5", "pt-BR"),
        ("pt-PT,de;q=0.5", "de"),
        ("fr, de;q=0", "en"),
        ("en;q=0.1, de;q=0.9", "de"),
        ("DE", "de"),
        ("*", "en"),
        (";;;,,q=", "en"),
        ("de;q=2", "en"),
    ],
)
def test_the_language_is_the_first_that_is_known(accept: str, language: str) -> None:
    assert http.choose_language(accept, ["en", "de", "pt-BR"]) == language


@given(st.text())
def test_any_accept_language_gives_a_known_one(accept: str) -> None:
    assert http.choose_language(accept, ["en", "de"]) in ("en", "de")


def test_a_client_that_was_not_built_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="not built: run `make run`"):
        Pages(Groups(), "https://meet.example.org", folder=tmp_path, ready=lambda: True)


# -- Catalogues ------------------------------------------------------------------------------------------------------


def messages_of(path: Path) -> dict[str, Any]:
    entries = FluentParser().parse(path.read_text()).body
    assert not [entry for entry in entries if isinstance(entry, ast.Junk)], f"{path} has lines that are not Fluent"
    found: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, ast.Message):
            assert entry.id.name not in found, f"{entry.id.name} twice in {path}"
            found[entry.id.name] = entry
    return found


CATALOGUES = sorted(http.WEB.glob("locales/*/server.ftl"))


def used_messages() -> set[str]:
    used = set()
    for template in (http.WEB / "templates").glob("*.html"):
        used |= set(re.findall(r"""\bt\(["']([\w-]+)["']\)""", template.read_text()))
    for kind in ("not-found", "method", "too-large", "internal", "unavailable", "request", "told-secret"):
        used |= {f"error-{kind}-title", f"error-{kind}-text"}
    return used


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_every_catalogue_has_what_the_pages_use_and_no_more(path: Path) -> None:
    assert set(messages_of(path)) == used_messages()


def test_the_mark_has_a_size_of_its_own_while_the_stylesheet_is_on_its_way() -> None:
    marks = [
        mark
        for template in (http.WEB / "templates").glob("*.html")
        for mark in re.findall(r'<svg class="mark"[^>]*>', template.read_text())
    ]
    assert marks
    for mark in marks:
        assert 'width="28" height="28" fill="none"' in mark


def test_permissions_name_only_features_that_chromium_knows() -> None:
    # It warns in everybody's console about each name that it does not know.
    assert not {"bluetooth", "web-share"} & set(http.PERMISSIONS)
