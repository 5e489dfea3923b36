"""The server: pages, WebSockets and the processes for media, from the settings to a clean end."""

from __future__ import annotations

import asyncio
import functools
import logging
import resource
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from aiohttp import web

from sfu.control import WorkerSettings
from signaling import logs
from signaling.config import Settings
from signaling.http import Pages
from signaling.listen import StartError, listen, port_sentence, tls_context
from signaling.media_worker import start_worker
from signaling.media_workers import MediaWorkers, PortError
from signaling.rate_limit import Limits
from signaling.server import Signaling
from signaling.store import Store

SHUTDOWN_SECONDS = 1.0
"""How long open requests may take to end. WebSockets were told to come back before that; pages are small."""

OTHER_FILES = 500
"""Open files beside the WebSockets: pages being fetched, the database, media. Fewer, and pages would fail first."""

MEDIA_FILES = 1_000
"""Connections that a media worker takes over TCP at each address (`sfu/io/tcp_listener.py`); it inherits the limit."""

_log = logging.getLogger("hearthside")


def allow_open_files(wanted: int) -> None:
    """Raise the soft limit of open files to `wanted`, as far as the hard one lets: it is often 1024, less than sockets
    that one person with a few addresses may open, and who then comes finds the server shut."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def worker_settings(settings: Settings) -> list[WorkerSettings]:
    """One for each media worker."""
    tcp_ports = settings.media_tcp_ports or (None,) * len(settings.media_ports)
    addresses, announced = list(settings.media_binds), list(settings.media_addresses)
    return [
        WorkerSettings(port, addresses, announced, tcp_port)
        for port, tcp_port in zip(settings.media_ports, tcp_ports, strict=True)
    ]


def worker_sentence(error: PortError) -> str:
    """Why a media worker could not be started, and what to do."""
    settings, cause = error.settings, error.cause
    if cause.errno is None:
        return "The processes for media cannot be started: the lines above may say why."
    reason = OSError(cause.errno, str(cause))
    hosts = ", ".join(settings.addresses)
    if cause.tcp:
        return port_sentence(reason, "TCP", settings.tcp_port or 0, hosts, "--media-tcp-port", "--media-address")
    return port_sentence(reason, "UDP", settings.port, hosts, "--media-port", "--media-address")


async def serve(settings: Settings, on_start: Callable[[Settings, Store], Awaitable[None]]) -> None:
    """Run until SIGINT or SIGTERM. `on_start` is called once everything answers.

    Raises `StartError` or `StoreError` if it cannot start.
    """
    allow_open_files(Limits().connections + MEDIA_FILES * len(settings.media_binds) + OTHER_FILES)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.on_loop_exception)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)

    async with AsyncExitStack() as stack:
        tls = None
        if settings.tls_certificate and settings.tls_key:
            tls = tls_context(settings.tls_certificate, settings.tls_key)
        sockets = listen(settings.host, settings.port)
        for sock in sockets:
            stack.callback(sock.close)
        settings = settings.on_port(sockets[0].getsockname()[1])

        store = await Store.open(settings.database)
        stack.push_async_callback(store.close)

        workers = MediaWorkers(
            worker_settings(settings),
            functools.partial(start_worker, log_level=settings.log_level),
            on_event=lambda event: signaling.on_event(event),
        )
        stack.push_async_callback(workers.close)
        try:
            await workers.start()
        except PortError as error:
            raise StartError(worker_sentence(error)) from None

        settings = replace(settings, media_ports=tuple(workers.ports), media_tcp_ports=tuple(workers.tcp_ports))
        signaling = Signaling(store=store, sfu=workers, settings=settings)
        pages = Pages(store, settings.public_url, ready=lambda: workers.ready and not stopping.is_set())
        app = web.Application(middlewares=[pages.errors])
        app.on_response_prepare.append(pages.add_headers)
        app.add_routes([*pages.routes(), *signaling.routes()])

        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await signaling.start()
        stack.push_async_callback(signaling.close)
        for sock in sockets:
            await web.SockSite(runner, sock, ssl_context=tls).start()

        await store.remember_public_url(settings.public_url)  # now that nothing can fail any more
        _log.info("the server is up")
        await on_start(settings, store)
        if waiting := await store.uncertified_groups():
            _log.warning(
                "groups of an older version, whose facilitators cannot come in yet: %d; "
                "their organisers open their links once to mend that",
                waiting,
            )
        await stopping.wait()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)  # a second Ctrl-C ends it at once
        _log.info("the server goes down")
        await signaling.drain()
    _log.info("the server is down")
