"""Opening what the server listens on: TCP port and certificate, with a sentence for whatever stands in the way."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path


class StartError(Exception):
    """The server cannot start. The text is one sentence with the remedy."""


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Load certificate chain and key. Raises `StartError`."""

    def no_password() -> str:
        raise StartError(f"The TLS key {key} is encrypted: give the server a key without a password.")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    for path, name in ((certificate, "certificate"), (key, "key")):
        try:
            path.read_bytes()
        except OSError as error:
            raise StartError(f"The TLS {name} {path} cannot be read: {error.strerror} (--tls-{name}).") from None
    try:
        context.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise StartError(f"The TLS key {key} does not belong to the certificate {certificate}.") from None
        raise StartError(f"{certificate} and {key} are not a TLS certificate and its key in PEM form.") from None
    return context


def listen(host: str, port: int) -> list[socket.socket]:
    """Open the TCP port on every address that `host` stands for. Raises `StartError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):  # the second for what cannot be a name at all
        raise StartError(f"The host {host!r} is not known; give an address of this machine: --host.") from None
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
            chosen = sockets[0].getsockname()[1] if len(sockets) > 1 else port
            sock.bind((address[0], chosen, *address[2:]))
            sock.listen(128)
            sock.setblocking(False)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise StartError(port_sentence(error, "TCP", port, host, "--port", "--host")) from None
    return sockets


def numbers(found: Sequence[int]) -> str:
    """Ports in words: "8080 and 8443", "8081 to 8084"."""
    wanted = sorted(set(found))
    if len(wanted) > 2 and wanted[-1] - wanted[0] == len(wanted) - 1:
        return f"{wanted[0]} to {wanted[-1]}"
    *rest, last = map(str, wanted)
    return f"{', '.join(rest)} and {last}" if rest else last


def ports(kind: str, found: Sequence[int]) -> str:
    """The same with the noun: "UDP port 8081"."""
    return f"{kind} port{'s' if len(set(found)) > 1 else ''} {numbers(found)}"


def port_sentence(error: OSError, kind: str, port: int, host: str, port_flag: str, host_flag: str) -> str:
    """Why a port could not be opened, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"{kind} port {port} is taken by another program: end that one, or choose another port with {port_flag} "
            f"or {'HEARTHSIDE_' + port_flag.strip('-').replace('-', '_').upper()}."
        )
    if error.errno == errno.EACCES:
        return f"{kind} port {port} needs more rights than this user has: choose one above 1023 with {port_flag}."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: choose another with {host_flag}."
    return f"{kind} port {port} on {host} cannot be opened: {error.strerror} ({port_flag}, {host_flag})."
