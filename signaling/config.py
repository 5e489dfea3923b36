"""Operators' settings: flags win over ``HEARTHSIDE_*`` variables, those over one TOML file, and that over the defaults.

A setting has one name everywhere: ``media_address`` is ``--media-address``, ``HEARTHSIDE_MEDIA_ADDRESS`` (several
divided by commas) and ``media_address = [...]``. A name that does not exist is an error, so that a slip of the pen
never silently leaves a default in force.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ifaddr

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "HEARTHSIDE_"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
DEFAULT_MEDIA_PORT = 8081
_URL_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?")
"""Host and port of a URL. It goes into a header as it stands: no spaces, commas or letters that need punycode."""
_TURN_URL = re.compile(r"turns?:([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?(\?transport=(udp|tcp))?")
"""RFC 7065, section 3.1, in small letters."""
VIDEO_CODECS = ("vp8", "auto")
MIN_TURN_SECRET = 16
"""Characters of `turn_secret`. Whoever guesses it may use the relay for anything; `openssl rand -hex 32` has 64."""
MAX_MEDIA_WORKERS = 64
"""More than cores of any machine that this was thought for; each takes 60 MB of memory before anybody comes."""
LOG_LEVELS = ("debug", "info", "warning", "error")


class ConfigError(Exception):
    """Settings that cannot be used. The text is one sentence for the operator and names the setting."""


@dataclass(frozen=True)
class Settings:
    """What an operator decides, complete and checked."""

    host: str
    """Address or name on which pages and WebSockets are served."""
    port: int
    media_ports: tuple[int, ...]
    """A UDP port for each media worker: everybody's voice and picture, a room's all on one of them."""
    media_tcp_ports: tuple[int, ...]
    """The same over TCP, for networks that block UDP; empty: closed."""
    media_addresses: tuple[str, ...]
    """Where browsers find the media port: told to them as ICE candidates."""
    media_binds: tuple[str, ...]
    """This machine's addresses on which the media port is opened."""
    public_url: str
    """Scheme, host and port as people type them; no path, no slash at the end."""
    public_url_given: bool
    """False where `public_url` was derived from host, port and certificate."""
    tls_certificate: Path | None
    tls_key: Path | None
    data: Path
    """The folder of the SQLite database."""
    database_url: str | None
    """SQLAlchemy's form, where it is not SQLite in `data`. It may hold a password: never print it."""
    turn_urls: tuple[str, ...]
    """The TURN server that browsers may use, by UDP or TCP (``turn:``) and by TLS (``turns:``), in small letters."""
    turn_secret: str | None = field(repr=False)
    """What it shares with us: never print it."""
    video_codec: str
    """"vp8", or "auto": VP9 while everybody in a room decodes it."""
    trusted_proxies: tuple[Network, ...]
    """Whose ``X-Forwarded-For`` counts."""
    log_level: str

    @property
    def database(self) -> str | Path:
        """What `Store.open` takes: a URL, or the data folder."""
        return self.database_url or self.data

    def on_port(self, port: int) -> Settings:
        """These settings with the port that was really opened (0 asks for any free one)."""
        if port == self.port:
            return self
        url = self.public_url
        if not self.public_url_given:
            url = _derived_url(self.host, port, self.tls_certificate is not None, self.media_addresses)
        return replace(self, port=port, public_url=url)

    @property
    def secure(self) -> bool:
        """Whether people can join under `public_url`."""
        return is_secure(self.public_url)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`; browsers treat ``localhost`` and its subdomains so as well."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(public_url: str) -> bool:
    """Whether browsers give pages of this address camera, microphone and keys (a secure context)."""
    url = urlsplit(public_url)
    return url.scheme == "https" or is_loopback(url.hostname or "")


def machine_addresses() -> list[str]:
    """This machine's IPv4 and global IPv6 addresses, loopback and link-local ones left out."""
    found = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            address = ipaddress.ip_address(text)
            if address.is_loopback or address.is_link_local:
                continue
            if address.version == 4 or address.is_global:
                found.append(text)
    return sorted(set(found), key=lambda text: (":" in text, text))


def default_media_workers() -> int:
    """As many as this process may use cores, but one for everything else; one at least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores - 1, 1), MAX_MEDIA_WORKERS)


# -- One reader a kind of value: from a text (flag, variable) or a TOML value ----------------------------------------


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("a text is wanted")
    return raw.strip()


def _port(raw: object) -> int:
    if isinstance(raw, str) and raw.strip().isdecimal():
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= 65535:
        raise ValueError("a port is a number from 1 to 65535, or 0 for any free one")
    return raw


def _host(raw: object) -> str:
    return _text(raw).removeprefix("[").removesuffix("]")  # people know IPv6 addresses from URLs


def _path(raw: object) -> Path:
    try:
        return Path(_text(raw)).expanduser()
    except RuntimeError:
        raise ValueError("the home folder behind ~ is not known") from None


def _list(raw: object) -> list[str]:
    if isinstance(raw, str):
        raw = [part for part in raw.split(",") if part.strip()]
    if not isinstance(raw, list | tuple) or not raw:
        raise ValueError("one or more are wanted")
    return [_text(part) for part in raw]


def _addresses(raw: object) -> tuple[str, ...]:
    found = []
    for text in _list(raw):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise ValueError(f"{text!r} is not an IP address") from None
        local = address.version == 6 and (address.is_link_local or address.scope_id)
        if address.is_unspecified or address.is_multicast or local:
            raise ValueError(f"browsers cannot send to {text}; give an address that they can reach")
        found.append(str(address))
    return tuple(dict.fromkeys(found))


def _networks(raw: object) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in _list(raw))
    except ValueError as error:
        raise ValueError(f"networks are written like 10.0.0.0/8 or 127.0.0.1 ({error})") from None


def _url(raw: object) -> str:
    text = _text(raw)
    try:
        url = urlsplit(text)
        known = url.scheme in ("http", "https") and _URL_HOST.fullmatch(url.netloc) and url.port != 0
    except ValueError:
        known = None
    if not known or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError("write it like https://meet.example.org, in plain letters and with no path behind it")
    return f"{url.scheme}://{url.netloc.lower()}"


def _turn_urls(raw: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_turn_url(text.lower()) for text in _list(raw)))


def _turn_url(text: str) -> str:
    if not text.startswith(("turn:", "turns:")):
        raise ValueError(f"{text!r} is not the address of a TURN server, which begins with turn: or turns:")
    url = _TURN_URL.fullmatch(text)
    if url is None or int(url[2] or 0) > 65_535:
        raise ValueError(f"write {text!r} like turn:turn.example.org:3478?transport=udp or turns:turn.example.org:5349")
    if text.startswith("turns:") and url[4] == "udp":
        # That would be DTLS (RFC 7350), which no browser speaks to a relay: the address would never be tried.
        raise ValueError(f"{text!r} can never work: turns: is TLS and goes over TCP; leave ?transport=udp out")
    return text


def _turn_secret(raw: object) -> str:
    secret = _text(raw)
    if len(secret) < MIN_TURN_SECRET:
        raise ValueError(f"it needs {MIN_TURN_SECRET} characters at least; `openssl rand -hex 32` makes a good one")
    return secret


def _codec(raw: object) -> str:
    text = _text(raw).lower()
    if text not in VIDEO_CODECS:
        raise ValueError(f"one of {', '.join(VIDEO_CODECS)} is wanted")
    return text


def _tcp_port(raw: object) -> int | None:
    return _port(raw) or None


def _workers(raw: object) -> int:
    if isinstance(raw, str) and raw.strip().isdecimal():
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool) or not 1 <= raw <= MAX_MEDIA_WORKERS:
        raise ValueError(f"a number from 1 to {MAX_MEDIA_WORKERS} is wanted")
    return raw


def _level(raw: object) -> str:
    text = _text(raw).lower()
    if text not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)} is wanted")
    return text


READERS: dict[str, Callable[[object], Any]] = {
    "host": _host,
    "port": _port,
    "media_port": _port,
    "media_tcp_port": _tcp_port,
    "media_workers": _workers,
    "media_address": _addresses,
    "public_url": _url,
    "tls_certificate": _path,
    "tls_key": _path,
    "data": _path,
    "database_url": _text,
    "turn_urls": _turn_urls,
    "turn_secret": _turn_secret,
    "video_codec": _codec,
    "trusted_proxies": _networks,
    "log_level": _level,
}


# -- Putting the sources together ------------------------------------------------------------------------------------


def _nearest(name: str, known: list[str]) -> str:
    return difflib.get_close_matches(name, known, n=1, cutoff=0)[0]


def _read(reader: Callable[[object], Any], raw: object, called: str) -> Any:
    try:
        return reader(raw)
    except ValueError as error:
        raise ConfigError(f"{called} is not usable: {error}.") from None


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The settings file {path} is not valid TOML: {error}.") from None
    values = {}
    for name, raw in table.items():
        if name not in READERS:
            near = _nearest(name, list(READERS))
            raise ConfigError(f"The settings file {path} has an unknown setting {name!r}; the nearest is {near!r}.")
        values[name] = _read(READERS[name], raw, f"The setting {name!r} in {path}")
        if isinstance(values[name], Path):
            values[name] = path.parent / values[name]
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {PREFIX + name.upper(): name for name in READERS}
    values = {}
    for variable, raw in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG":
            continue
        if variable not in known:
            near = _nearest(variable, [*known, PREFIX + "CONFIG"])
            raise ConfigError(f"The environment has an unknown setting {variable}; the nearest is {near}.")
        values[known[variable]] = _read(READERS[known[variable]], raw, f"The variable {variable}")
    return values


def default_data(environ: Mapping[str, str]) -> Path:
    """Where the database lies if nobody says otherwise: the XDG data folder, the same from every working directory.

    Raises `ConfigError` where there is no home folder.
    """
    try:
        return _path(environ.get("XDG_DATA_HOME") or "~/.local/share") / "hearthside"
    except ValueError:
        raise ConfigError("This user has no home folder for the database: choose a folder with --data.") from None


def _derived_url(host: str, port: int, secure: bool, media_addresses: tuple[str, ...]) -> str:
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = media_addresses[0]
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == (443 if secure else 80) else f":{port}"
    return f"{'https' if secure else 'http'}://{shown}{suffix}"


def _ports(first: int | None, count: int, name: str) -> tuple[int, ...]:
    """One for each worker, from the first on; any free ones for 0. Raises `ConfigError`."""
    if first is None:
        return ()
    if first == 0:
        return (0,) * count
    if first + count - 1 > 65535:
        raise ConfigError(f"{count} media workers need {count} ports from {first} on: choose a lower {name}.")
    return tuple(range(first, first + count))


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
    *,
    config: Path | None = None,
    addresses_of_machine: Callable[[], list[str]] = machine_addresses,
) -> Settings:
    """Put all sources together. `flags` holds those that were given. Raises `ConfigError`."""
    if config is None and environ.get(PREFIX + "CONFIG"):
        config = _read(_path, environ[PREFIX + "CONFIG"], f"The variable {PREFIX}CONFIG")
    values = _from_file(config) if config else {}
    values |= _from_environment(environ)
    for name, raw in flags.items():
        values[name] = _read(READERS[name], raw, f"--{name.replace('_', '-')}")

    host = values.get("host", DEFAULT_HOST)
    port = values.get("port", DEFAULT_PORT)
    certificate, key = values.get("tls_certificate"), values.get("tls_key")
    if (certificate is None) != (key is None):
        missing = "tls_key" if key is None else "tls_certificate"
        raise ConfigError(f"TLS needs certificate and key: {missing} (--{missing.replace('_', '-')}) is missing.")

    if ("turn_urls" in values) != ("turn_secret" in values):
        missing = "turn_secret" if "turn_urls" in values else "turn_urls"
        raise ConfigError(f"TURN needs its addresses and the secret: {missing} is missing.")

    workers = values.get("media_workers") or default_media_workers()
    media_ports = _ports(values.get("media_port", DEFAULT_MEDIA_PORT), workers, "media_port")
    media_tcp_ports = _ports(values.get("media_tcp_port"), workers, "media_tcp_port")

    local = addresses_of_machine()
    announced = values.get("media_address")
    if announced is None:
        if is_loopback(host):
            announced = ("::1",) if host == "::1" else ("127.0.0.1",)
        elif local:
            announced = tuple(local)
        else:
            raise ConfigError("This machine has no address of its own; say where it can be reached: --media-address.")
    # Each address gets its own socket, so that an answer leaves from the address that was asked. An address that is
    # not this machine's stands for it behind NAT: then packets may arrive on any of its own.
    own = all(text in local or is_loopback(text) for text in announced)
    binds = announced if own or not local else tuple(local)

    return Settings(
        host=host,
        port=port,
        media_ports=media_ports,
        media_tcp_ports=media_tcp_ports,
        media_addresses=announced,
        media_binds=binds,
        public_url=values.get("public_url") or _derived_url(host, port, certificate is not None, announced),
        public_url_given="public_url" in values,
        tls_certificate=certificate,
        tls_key=key,
        data=(values.get("data") or default_data(environ)).absolute(),
        database_url=values.get("database_url"),
        turn_urls=values.get("turn_urls", ()),
        turn_secret=values.get("turn_secret"),
        video_codec=values.get("video_codec", VIDEO_CODECS[0]),
        trusted_proxies=values.get("trusted_proxies", ()),
        log_level=values.get("log_level", "info"),
    )
