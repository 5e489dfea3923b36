"""Machines of their own for the server and the browsers: Linux network namespaces, joined by a bridge.

Firefox never connects to a server on the loopback address, and gathers candidates only where there is a default route:
it needs a network, which a test machine need not have. A namespace lives as long as a process in it. Ours is held by a
`cat` that ends with its standard input, so that nothing is left behind however the tests end.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

TOOLS = {"unshare": "util-linux", "nsenter": "util-linux", "ip": "iproute2"}
"""Programs that are needed, and Debian's packages that bring them."""

ADDRESSES = {"server": "10.77.0.2", "firefox": "10.77.0.1", "chromium": "10.77.0.3"}
"""IPv4, by machine. They exist in these namespaces alone, so that they never meet the real machine's."""


def missing_packages() -> list[str]:
    """Debian's packages without which there can be no machines."""
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})


class Machines:
    """One namespace for each name in `ADDRESSES`; all can reach each other, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holders: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Machines:
        try:
            for name in ADDRESSES:
                self._holders[name] = self._hold()
            self._ip("server", "link add hearth type bridge")
            self._ip("server", "link set hearth up")
            self._ip("server", f"addr add {ADDRESSES['server']}/24 dev hearth")
            for name, address in ADDRESSES.items():
                self._ip(name, "link set lo up")
                if name == "server":
                    continue
                self._ip("server", f"link add {name} type veth peer name eth0 netns {self._holders[name].pid}")
                self._ip("server", f"link set {name} master hearth up")
                self._ip(name, f"addr add {address}/24 dev eth0")
                self.plug(name)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def inside(self, name: str) -> list[str]:
        """What stands before a command to run it on that machine."""
        return ["nsenter", f"--net=/proc/{self._holders[name].pid}/ns/net", "--"]

    def server(self) -> dict[str, Any]:
        """What `harness.gathering` takes to run its server on that machine, with https: elsewhere browsers want it."""
        return {"host": ADDRESSES["server"], "tls": True, "prefix": self.inside("server")}

    def plug(self, name: str) -> None:
        """Join that machine to the network."""
        self._ip(name, "link set eth0 up")
        self._ip(name, f"route add default via {ADDRESSES['server']}")

    def unplug(self, name: str) -> None:
        """Pull that machine's cable. Its address stays, its routes go."""
        self._ip(name, "link set eth0 down")

    def move(self, name: str, address: str) -> None:
        """Take that machine into another network: its old address is gone, and what was bound to it with it."""
        self._ip(name, "addr flush dev eth0 scope global")
        self._ip(name, f"addr add {address}/24 dev eth0")
        self._ip(name, f"route add default via {ADDRESSES['server']}")

    def wrapper(self, name: str, program: str) -> Path:
        """A program that runs `program` on that machine."""
        path = self._folder / f"{Path(program).name}-on-{name}"
        path.write_text(f'#!/bin/sh\nexec {shlex.join([*self.inside(name), program])} "$@"\n')
        path.chmod(0o755)
        return path

    def _hold(self) -> subprocess.Popen[bytes]:
        holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"here\n")
        holder.stdin.flush()
        if holder.stdout.readline() != b"here\n":  # what comes back comes from inside
            holder.wait()
            raise RuntimeError("no network namespace could be made: is this root, in a container that allows it?")
        return holder

    def _ip(self, name: str, command: str) -> None:
        subprocess.run([*self.inside(name), "ip", *command.split()], check=True)

    def _end(self) -> None:
        for holder in self._holders.values():
            holder.communicate()
        self._holders.clear()
