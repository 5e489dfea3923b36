"""Janus 1.x with its VideoRoom, as Debian packages it, driven over its WebSocket on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from sfu.control import LocalParameters, RemoteParameters
from tests.load.adapters import AdapterError, Copy, Encoding, Reception, Wish, sdp
from tests.load.process import start_pinned, stop

SHIM = Path(__file__).with_name("loopback_shim.c")
START_LIMIT = 15.0
"""Seconds until the WebSocket has to answer; Janus makes an RSA key first."""
ANSWER_LIMIT = 10.0
"""Seconds for each answer."""
BITRATE = 20_000_000
"""Bit/s that publishers are told they may send: the generator does not obey, and is not to be told to."""

# Nothing but the VideoRoom and the WebSocket, no log but of faults. ICE-lite, as the others of this comparison are.
_CONFIG = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{folder}/plugins"
    transports_folder = "{folder}/transports"
    events_folder = "{folder}/none"
    loggers_folder = "{folder}/none"
    debug_level = 2
    session_timeout = 0
}}
media: {{
    ipv6 = {ipv6}
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
"""
_WEBSOCKETS = """
general: {{
    json = "compact"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
    wss = false
}}
"""
_VIDEOROOM = """
general: {
    string_ids = true
}
"""


class Janus:
    """The server's process and one session of its API; each connection of a person is a handle of the plugin."""

    name = "janus"
    does = (
        "1.1.2, Debian's package, with VideoRoom alone; threads and a UDP port for each connection; NACK and RTX for "
        "pictures, PLI, simulcast, transport-wide feedback to publishers; numbers what it sends, but no estimate, "
        "pacing or probes; its VideoRoom does not negotiate the Dependency Descriptor, and is sent layers without it"
    )
    transport_cc = 3
    dependency_descriptor = 0

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._session = 0
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._manager = 0
        self._handles: dict[tuple[str, int, str], int] = {}
        self._remotes: dict[int, RemoteParameters] = {}
        """Of subscribers, by handle."""
        self._known: dict[int, set[int]] = {}
        """SSRCs that a subscriber was told of, by handle."""
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int:
        """See `Adapter`."""
        assert self._process is not None
        return self._process.pid

    def missing(self) -> str:
        """See `Adapter`."""
        if not shutil.which("janus"):
            return "there is no janus: apt install janus"
        if not shutil.which("cc"):
            return "there is no C compiler, which makes Janus see the loopback interface: apt install gcc libc6-dev"
        return "" if _library("plugins/libjanus_videoroom.so") else "janus has no VideoRoom where Debian puts it"

    async def start(self, address: str, core: int) -> None:
        """See `Adapter`."""
        self._folder = tempfile.TemporaryDirectory(prefix="load-janus-")
        folder = Path(self._folder.name)
        port = _free_port()
        config = _CONFIG.format(folder=folder, address=address, ipv6="true" if ":" in address else "false")
        (folder / "janus.jcfg").write_text(config)
        (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
        (folder / "janus.plugin.videoroom.jcfg").write_text(_VIDEOROOM)
        for name in ("plugins/libjanus_videoroom.so", "transports/libjanus_websockets.so"):
            (folder / name).parent.mkdir()
            library = _library(name)
            if library is None:
                raise AdapterError(f"janus has no {name}")
            (folder / name).symlink_to(library)
        shim = folder / "shim.so"
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(SHIM), "-ldl"]
        await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
        with (folder / "log").open("wb") as log:
            self._process = start_pinned(
                ["janus", "-F", str(folder), "-C", str(folder / "janus.jcfg")],
                core,
                stdout=log,
                environment={"LD_PRELOAD": str(shim)},
            )
        self._http = aiohttp.ClientSession()
        deadline = time.monotonic() + START_LIMIT
        while self._socket is None:
            try:
                self._socket = await self._http.ws_connect(
                    f"ws://127.0.0.1:{port}", protocols=["janus-protocol"], max_msg_size=0
                )
            except aiohttp.ClientError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AdapterError("janus did not start: " + (folder / "log").read_text()[-500:]) from None
                await asyncio.sleep(0.1)
        self._reader = asyncio.create_task(self._read(self._socket))
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        self._manager = await self._attach()

    async def open_room(self, room: str) -> None:
        """See `Adapter`."""
        extensions = ("audiolevel_ext", "videoorient_ext", "playoutdelay_ext")
        await self._message(
            self._manager,
            {"request": "create", "room": room, "publishers": 1000, "bitrate": BITRATE, "videocodec": "vp8"}
            | dict.fromkeys(extensions, False),
        )

    async def publish(
        self, room: str, person: int, remote: RemoteParameters, encodings: Sequence[Encoding]
    ) -> LocalParameters:
        """See `Adapter`."""
        handle = self._handles[room, person, "up"] = await self._attach()
        answer = await self._message(
            handle,
            {"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": str(person)},
            {"type": "offer", "sdp": sdp.offer(remote, encodings, self.transport_cc)},
        )
        return sdp.parse(answer["jsep"]["sdp"]).local()

    async def subscribe(self, room: str, person: int, remote: RemoteParameters, wishes: Sequence[Wish]) -> Reception:
        """See `Adapter`."""
        handle = self._handles[room, person, "down"] = await self._attach()
        self._remotes[handle] = remote
        self._known[handle] = set()
        body = {"request": "join", "ptype": "subscriber", "room": room, "streams": _streams(wishes)}
        event = await self._message(handle, body)
        copies = await self._accept(handle, event, wishes)
        return Reception(sdp.parse(event["jsep"]["sdp"]).local(), copies)

    async def connected(self, room: str, person: int) -> None:
        """See `Adapter`. Janus asks for key frames by itself."""

    async def extend(self, room: str, person: int, wishes: Sequence[Wish]) -> list[Copy]:
        """See `Adapter`."""
        handle = self._handles[room, person, "down"]
        event = await self._message(handle, {"request": "subscribe", "streams": _streams(wishes)})
        return await self._accept(handle, event, wishes)

    async def leave(self, room: str, person: int) -> None:
        """See `Adapter`."""
        for way in ("down", "up"):
            handle = self._handles.pop((room, person, way), None)
            if handle is not None:
                self._remotes.pop(handle, None)
                await self._ask({"janus": "detach", "handle_id": handle})

    async def give_back(self) -> None:
        """See `Adapter`. It cannot."""

    async def stop(self) -> None:
        """See `Adapter`."""
        tasks = [*self._answering, *([self._reader] if self._reader else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
        if self._process is not None:
            await asyncio.to_thread(stop, self._process)
        if self._folder is not None:
            self._folder.cleanup()

    async def _accept(self, handle: int, event: dict[str, Any], wishes: Sequence[Wish]) -> list[Copy]:
        """Answer an offer; return what is new in it, and say which layers are wished for."""
        offered = sdp.parse(event["jsep"]["sdp"])
        await self._answer(handle, offered)
        by_mid = {section.first("mid"): section for section in offered.media}
        copies = []
        layers = []
        for stream in event["plugindata"]["data"]["streams"]:
            section = by_mid[stream["mid"]]
            ssrc, rtx_ssrc = section.ssrcs
            if not section.is_active or not ssrc or ssrc in self._known[handle]:
                continue
            self._known[handle].add(ssrc)
            wish = next(one for one in wishes if (str(one.publisher), one.kind) == (stream["feed_id"], stream["type"]))
            copies.append(Copy(wish.publisher, wish.kind, ssrc, rtx_ssrc))
            if wish.kind == "video":
                layers.append({"mid": stream["mid"], "substream": min(2, wish.height // 360)})
        if layers:
            await self._message(handle, {"request": "configure", "streams": layers})
        return copies

    async def _answer(self, handle: int, offered: sdp.Description) -> None:
        answer = sdp.answer(self._remotes[handle], offered, self.transport_cc)
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})

    async def _attach(self) -> int:
        answer = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(answer["data"]["id"])

    async def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        request = {"janus": "message", "handle_id": handle, "body": body}
        answer = await self._ask(request | ({"jsep": jsep} if jsep else {}))
        data = answer.get("plugindata", {}).get("data", {})
        if "error" in data:
            raise AdapterError(f"{body['request']} was refused: {data['error']}")
        return answer

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        transaction = str(next(self._numbers))
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        session = {"session_id": self._session} if self._session else {}
        await self._socket.send_json(request | session | {"transaction": transaction})
        try:
            answer = await asyncio.wait_for(future, ANSWER_LIMIT)
        except TimeoutError:
            raise AdapterError(f"{request['janus']} was not answered") from None
        finally:
            del self._waiting[transaction]
        if answer["janus"] == "error":
            raise AdapterError(f"{request['janus']} was refused: {answer['error']['reason']}")
        return answer

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            event = message.json()
            if event["janus"] == "ack":
                continue
            waiting = self._waiting.get(event.get("transaction", ""))
            if waiting is not None:
                if not waiting.done():
                    waiting.set_result(event)
            elif "jsep" in event and event["sender"] in self._remotes:
                # Somebody went: Janus offers all its subscribers anew.
                offered = sdp.parse(event["jsep"]["sdp"])
                task = asyncio.create_task(self._answer_unasked(event["sender"], offered))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    async def _answer_unasked(self, handle: int, offered: sdp.Description) -> None:
        with contextlib.suppress(AdapterError):  # that subscriber went meanwhile
            await self._answer(handle, offered)


def _streams(wishes: Sequence[Wish]) -> list[dict[str, str]]:
    """Name what is wished for; a picture that is not shown is not."""
    shown = [wish for wish in wishes if wish.kind == "audio" or wish.height]
    return [{"feed": str(wish.publisher), "mid": wish.kind} for wish in shown]


def _library(name: str) -> Path | None:
    return next(iter(sorted(Path("/usr/lib").glob(f"*/janus/{name}"))), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
