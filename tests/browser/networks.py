"""Networks that people sit in: such as block UDP, and a TURN server that helps them out. Needs root (namespaces)."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser import namespaces
from tests.browser.namespaces import ADDRESSES, Machines

TOOLS = {"nft": "nftables", "turnserver": "coturn"}
"""Programs that are needed, and Debian's packages that bring them."""

TURN_SECRET = "a secret of this test alone"
CLONE_NEWNET = 0x40000000
"""setns(2): a network namespace."""


def missing_packages() -> list[str]:
    """Debian's packages without which these networks cannot be made."""
    return sorted({*namespaces.missing_packages(), *(package for tool, package in TOOLS.items() if not _found(tool))})


def obstacle() -> str | None:
    """Why they cannot be made here, in a few words; None if they can."""
    if missing := missing_packages():
        return f"for want of {', '.join(missing)}"
    return None if os.geteuid() == 0 else "because network namespaces need root"


def block_udp(machines: Machines, name: str) -> None:
    """No datagram leaves that machine any more, as in many a hospital's guest network."""
    rules = (
        "add table inet guests; add chain inet guests out { type filter hook output priority 0; }; "
        "add rule inet guests out meta l4proto udp drop"
    )
    subprocess.run([*machines.inside(name), _found("nft"), rules], check=True)


@contextmanager
def sitting_at(machines: Machines, name: str) -> Iterator[None]:
    """Have this thread open its sockets on that machine."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(namespace: int) -> None:
        if libc.setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    holder = machines.inside(name)[1].removeprefix("--net=")
    home, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(holder, os.O_RDONLY)
    try:
        enter(there)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(home)
        os.close(there)


@contextmanager
def turn_server(machines: Machines, name: str, folder: Path) -> Iterator[str]:
    """Debian's coturn on that machine, set up as docs/operations.md says (without TLS); yields its address."""
    address = ADDRESSES[name]
    settings = folder / "turnserver.conf"
    settings.write_text(
        f"listening-ip={address}\nrelay-ip={address}\nlistening-port=3478\nmin-port=50000\nmax-port=50050\n"
        f"use-auth-secret\nstatic-auth-secret={TURN_SECRET}\nrealm=meet.example.org\n"
        f"no-multicast-peers\ndenied-peer-ip=0.0.0.0-255.255.255.255\nallowed-peer-ip={ADDRESSES['server']}\n"
        f"no-tls\nno-dtls\nno-cli\nsimple-log\nlog-file={folder / 'turn.log'}\n"
        f"pidfile={folder / 'turn.pid'}\nuserdb={folder / 'turn.db'}\n"
    )
    process = subprocess.Popen(
        [*machines.inside(name), _found("turnserver"), "-c", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_listener(machines, name)
        yield address
    finally:
        process.terminate()
        process.wait()


def _await_listener(machines: Machines, name: str) -> None:
    for _ in range(100):
        listening = subprocess.run([*machines.inside(name), "ss", "-ltn"], capture_output=True, text=True, check=True)
        if ":3478 " in listening.stdout:
            return
        time.sleep(0.1)
    raise TimeoutError("the TURN server does not listen")


def _found(tool: str) -> str:
    """The program's path, "" if it is not installed; Debian keeps some in /usr/sbin, which is not in every PATH."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""
