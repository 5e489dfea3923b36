"""A UDP socket whose send buffer is really full: what it sent waits for a neighbour that does not answer.

On the loopback device no datagram waits. So the socket is made in a network namespace of its own, on a cable that
nobody is at the other end of: the kernel keeps datagrams there until it knows the other end's hardware address, and
counts them to the socket meanwhile. The namespace goes with the socket.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

NOBODY = ("198.51.100.2", 9)
"""Where datagrams wait for (RFC 5737: an address for examples)."""

TOOLS = {"unshare": "util-linux", "ip": "iproute2"}
"""Programs that are needed, and Debian's packages that bring them."""

MAKE = """
import socket, subprocess, sys
for command in (
    "link add name hearth0 type veth peer name hearth1",
    "addr add 198.51.100.1/24 dev hearth0",
    "link set hearth0 up",
    "link set hearth1 up",
):
    subprocess.run(["ip", *command.split()], check=True)
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
socket.send_fds(socket.socket(fileno=int(sys.argv[1])), [b"here"], [made.fileno()])
"""


def obstacle() -> str | None:
    """Why there can be none here, in a few words; None if there can."""
    if missing := sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)}):
        return f"for want of {', '.join(missing)}"
    return None if os.geteuid() == 0 else "because network namespaces need root"


def full_socket() -> socket.socket:
    """Make one. Raises `subprocess.CalledProcessError` where namespaces are forbidden even to root."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = ["unshare", "--net", sys.executable, "-c", MAKE, str(theirs.fileno())]
        subprocess.run(command, pass_fds=[theirs.fileno()], check=True)
        _, files, _, _ = socket.recv_fds(ours, 4, 1)
    made = socket.socket(fileno=files[0])
    made.setblocking(False)
    while True:
        try:
            made.sendto(bytes(1000), NOBODY)
        except BlockingIOError:
            return made
