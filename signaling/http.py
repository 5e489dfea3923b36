"""Pages, static files and the two small answers beside the WebSocket (docs/protocol.md, section 2).

A group's page is the same bytes for every id: asking for it tells nobody whether a group exists. Nothing is loaded
from another origin, and the headers forbid it.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import jinja2
from aiohttp import hdrs, web
from fluent.runtime import FluentBundle, FluentResource

from signaling.database import StoreError
from signaling.links import GROUP_ID, TOLD_SECRET, b64
from signaling.listen import StartError
from signaling.store import Group

WEB = Path(__file__).parent.parent / "web"
DEFAULT_LANGUAGE = "en"
RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "ur", "yi"}
ASSET_CACHE = "public, max-age=31536000, immutable"
"""A year: an asset's name holds the hash of its bytes, so that another content has another name."""

_log = logging.getLogger("hearthside.http")

PERMISSIONS = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "clipboard-write",
    "display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid",
    "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "speaker-selection",
    "storage-access", "sync-xhr", "usb", "window-management", "xr-spatial-tracking",
)  # fmt: skip
ALLOWED = {
    "autoplay", "camera", "clipboard-write", "display-capture", "fullscreen", "microphone", "picture-in-picture",
    "screen-wake-lock", "speaker-selection",
}  # fmt: skip


_TYPES = {".js": "text/javascript", ".css": "text/css", ".ftl": "text/plain"}


@dataclass(frozen=True, slots=True)
class _Asset:
    """One built file. Nothing in it is secret, so that compressing it tells nothing."""

    type: str
    plain: bytes
    zipped: bytes

    @classmethod
    def read(cls, path: Path) -> _Asset:
        plain = path.read_bytes()
        return cls(_TYPES[path.suffix], plain, gzip.compress(plain))


class Groups(Protocol):
    """The part of the store that pages need."""

    async def get_group(self, group: str) -> Group | None:
        """The group of this id, or None."""
        ...


def security_headers(public_url: str) -> dict[str, str]:
    """What every answer carries. `connect-src` names the WebSocket too: Safari before 15.4 does not take it as self."""
    url = urlsplit(public_url)
    socket_origin = f"{'wss' if url.scheme == 'https' else 'ws'}://{url.netloc}"
    headers = {
        "Content-Security-Policy": "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"connect-src 'self' {socket_origin}",
                "img-src 'self' data: blob:",
                "media-src 'self' blob: mediastream:",
                "worker-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ]
        ),
        "Permissions-Policy": ", ".join(f"{name}=({'self' if name in ALLOWED else ''})" for name in PERMISSIONS),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    if url.scheme == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def choose_language(accept: str, known: list[str]) -> str:
    """The first of `known` that an Accept-Language header (RFC 9110, section 12.5.4) asks for, else English."""
    wishes: list[tuple[float, str]] = []
    for part in accept.split(",")[:32]:
        tag, _, parameters = part.partition(";")
        quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameters) if parameters else None
        weight = float(quality[1]) if quality else (0.0 if parameters else 1.0)
        if weight > 0:
            wishes.append((weight, tag.strip().lower()))
    by_tag = {language.lower(): language for language in known}
    for _, wish in sorted(wishes, key=lambda wish: -wish[0]):
        for candidate in (wish, wish.partition("-")[0]):
            if candidate in by_tag:
                return by_tag[candidate]
    return DEFAULT_LANGUAGE


class Pages:
    """All pages and files of one server, read once at start."""

    def __init__(self, store: Groups, public_url: str, *, folder: Path = WEB, ready: Callable[[], bool]) -> None:
        """`ready` tells whether media can be served. Raises `StartError` if the client is not built."""
        self._store = store
        self._ready = ready
        self._headers = security_headers(public_url)
        self._build = folder / "static" / "build"
        try:
            self._manifest: dict[str, str] = json.loads((self._build / "manifest.json").read_text())
        except FileNotFoundError:
            raise StartError(
                "The browser client is not built: run `make run`, or install the package with pip, which builds it."
            ) from None
        self._assets = {name: _Asset.read(self._build / name) for name in self._manifest.values()}
        self._catalogues = {
            path.parent.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("locales/*/server.ftl"))
        }
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._translators = {language: self._translator(language) for language in self._catalogues}

    def routes(self) -> list[web.RouteDef]:
        """Every address but the WebSocket's."""
        return [
            web.get("/", self._landing),
            web.get("/g/{group}", self._group),
            web.get("/api/v1/groups/{group}", self._group_record),
            web.get("/static/{name}", self._asset),
            web.get("/healthz", self._health),
            web.get("/readyz", self._readiness),
            web.get("/robots.txt", self._robots),
        ]

    def _translator(self, language: str) -> Callable[[str], str]:
        bundles = []
        for tag in dict.fromkeys([language, DEFAULT_LANGUAGE]):
            bundle = FluentBundle([tag], use_isolating=False)
            bundle.add_resource(FluentResource(self._catalogues[tag]))
            bundles.append(bundle)

        def translate(message: str) -> str:
            for bundle in bundles:
                if bundle.has_message(message):
                    pattern = bundle.get_message(message).value
                    if pattern is not None:
                        return str(bundle.format_pattern(pattern)[0])
            raise KeyError(message)

        return translate

    def _asset_url(self, name: str) -> str:
        return f"/static/{self._manifest[name]}"

    def _language(self, request: web.Request) -> str:
        return choose_language(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), list(self._catalogues))

    def _page(self, request: web.Request, template: str, status: int = 200, **values: str) -> web.Response:
        language = self._language(request)
        text = self._templates.get_template(template).render(
            t=self._translators[language],
            asset=self._asset_url,
            lang=language,
            dir="rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
            **values,
        )
        headers = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language"}
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)

    # -- Answers --------------------------------------------------------------------------------------------------

    async def _landing(self, request: web.Request) -> web.Response:
        return self._page(request, "landing.html")

    async def _group(self, request: web.Request) -> web.Response:
        words = f"client-{self._language(request)}.ftl"
        known = words if words in self._manifest else f"client-{DEFAULT_LANGUAGE}.ftl"
        page = self._page(request, "group.html", words=self._asset_url(known))
        name = request.match_info["group"]
        if GROUP_ID.fullmatch(name):
            # The script, which is the largest, goes first, on the connection that is open already. What it asks for
            # first comes beside it, and not a round trip behind.
            script = f"<{self._asset_url('app.js')}>; rel=modulepreload"
            page.headers["Link"] = f"{script}, <../api/v1/groups/{name}>; rel=preload; as=fetch; crossorigin"
        return page

    async def _group_record(self, request: web.Request) -> web.Response:
        name = request.match_info["group"]
        group = await self._store.get_group(name) if GROUP_ID.fullmatch(name) else None
        if group is None:
            return _json({"error": "unknown_group"}, 404)
        return _json(
            {
                "id": group.id,
                "root_key": group.root_key,
                "profile": b64(group.profile),
                "certificates": group.certificates,
                "revocations": group.revocations,
            }
        )

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": ASSET_CACHE, "Vary": "Accept-Encoding"}
        body = asset.plain
        if _takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            headers["Content-Encoding"] = "gzip"
            body = asset.zipped
        return web.Response(body=body, content_type=asset.type, charset="utf-8", headers=headers)

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"alive": True})

    async def _readiness(self, _: web.Request) -> web.Response:
        ready = self._ready()
        return _json({"ready": ready}, 200 if ready else 503)

    async def _robots(self, _: web.Request) -> web.Response:
        return web.Response(text="User-agent: *\nDisallow: /\n", headers={"Cache-Control": "no-store"})

    # -- What surrounds every answer ------------------------------------------------------------------------------

    @web.middleware
    async def errors(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Kind words instead of bare errors; what went wrong inside goes to the log, without its text.

        An address with a link's secret in it gets words of its own, whatever else is in it: some programs write the
        ``#`` as ``%23``, and browsers send what stands behind that. The page has no script, so that it speaks anywhere.
        """
        if TOLD_SECRET.search(f"{request.path}?{request.query_string}"):
            return self._error(request, 404, kind="told-secret")
        try:
            return await handler(request)
        except web.HTTPException as answer:
            if answer.status < 400:
                raise
            response = self._error(request, answer.status)
            if hdrs.ALLOW in answer.headers:
                response.headers[hdrs.ALLOW] = answer.headers[hdrs.ALLOW]
            return response
        except StoreError as error:
            _log.error("%s", error)
            return self._error(request, 503)
        except Exception:  # noqa: BLE001 - the last resort of a request: a kind page for the person, places for the log
            _log.exception("a request failed")
            return self._error(request, 500)

    def _error(self, request: web.Request, status: int, *, kind: str = "") -> web.Response:
        if request.path.startswith(("/api/", "/ws")):
            return _json({"error": "refused" if status < 500 else "internal"}, status)
        kind = kind or {404: "not-found", 405: "method", 413: "too-large", 500: "internal", 503: "unavailable"}.get(
            status, "request" if status < 500 else "internal"
        )
        translate = self._translators[self._language(request)]
        title, text = translate(f"error-{kind}-title"), translate(f"error-{kind}-text")
        return self._page(request, "error.html", status, title=title, text=text)

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Before any answer leaves: the security headers, and no word about the server's software."""
        response.headers.update(self._headers)
        response.headers.pop(hdrs.SERVER, None)


def _takes_gzip(accept: str) -> bool:
    """Whether an Accept-Encoding header (RFC 9110, section 12.5.3) names gzip, and not to refuse it."""
    return re.search(r"\bgzip\b(?!\s*;\s*q\s*=\s*0(\.0*)?\s*(,|$))", accept) is not None


def _json(value: dict[str, object], status: int = 200) -> web.Response:
    return web.json_response(value, status=status, headers={"Cache-Control": "no-store"})
