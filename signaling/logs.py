"""The log: plain lines on standard error, and the last line of defence for the people in the meetings.

Our own log calls carry nothing about anybody. Libraries' messages may, so every record of every logger passes through
one formatter, which takes addresses and everything that looks like an id, key or token out of the message, and prints
an exception as its type and the places in the code: never its text, which may quote what was being handled.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)")
_IPV6 = re.compile(
    r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?(?:%\w+)?(?![\w:])"
)
_MDNS = re.compile(r"[\w-]+\.local\b", re.IGNORECASE)
_FINGERPRINT = re.compile(r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){7,}\b")
_FRAGMENT = re.compile(r"(?:#|%23)[pfo]\d+\.[\w.-]+")
_BASE64 = re.compile(r"(?<![\w+/])(?=[A-Za-z0-9/]*[+=])[A-Za-z0-9+/]{18,}={0,2}")
"""Only with a plus or an equals sign in it: without them it is a path."""
_RUN = re.compile(r"[A-Za-z0-9_-]{20,}")
"""20 characters at least: a group id has 22, and shorter runs would eat words."""
_WORDS = re.compile(r"[a-z_]+|[a-z-]+|[A-Z_]+")
"""Runs that are plain words: a random id of 22 characters is one of these once in 10^8."""
_BYTES = re.compile(r"""\b(?:bytearray\()?b(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)?""")


def redact(text: str) -> str:
    """Take addresses, ids, keys, tokens and raw bytes out of a log message."""
    text = _BYTES.sub("[bytes]", text)
    text = _FRAGMENT.sub("#[secret]", text)
    text = _FINGERPRINT.sub("[secret]", text)
    text = _MDNS.sub("[address]", text)
    text = _IPV6.sub(_redact_ipv6, text)
    text = _IPV4.sub("[address]", text)
    text = _BASE64.sub("[secret]", text)
    return _RUN.sub(_redact_run, text)


def _redact_ipv6(match: re.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(match[0].partition("%")[0])
    except ValueError:
        return match[0]  # a time of day, say
    return "[address]"


def _redact_run(match: re.Match[str]) -> str:
    return match[0] if _WORDS.fullmatch(match[0]) else "[secret]"


def exception_lines(error: BaseException) -> Iterator[str]:
    """An exception, its causes and its group's members: types and places in the code, no texts and no values."""
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException]] = [("", error)]
    while waiting:
        label, current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield f"  {label}{type(current).__module__}.{type(current).__qualname__}"
        yield from _frames(current.__traceback__)
        if current.__cause__ is not None:
            waiting.append(("caused by ", current.__cause__))
        elif current.__context__ is not None and not current.__suppress_context__:
            waiting.append(("while handling ", current.__context__))
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(("with ", member) for member in current.exceptions)


def _frames(places: TracebackType | None) -> Iterator[str]:
    for frame, line in traceback.walk_tb(places):
        code = frame.f_code
        yield f"    {'/'.join(Path(code.co_filename).parts[-3:])}:{line} in {code.co_name}"


class Formatter(logging.Formatter):
    """Time (UTC), level, logger, message, with nothing in it that points at a person."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and after it the places in the code if there was an exception."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's broken log call must not take the message's arguments to stderr
            message = "(a message that could not be formatted)"
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        head = f"{moment}.{int(record.msecs):03d}Z {record.levelname.lower()} {record.name}: "
        lines = [head + redact(message).replace("\n", "\n  ")]
        if record.exc_info and record.exc_info[1] is not None:
            lines.extend(exception_lines(record.exc_info[1]))
        return "\n".join(lines)


def set_up(level: str, stream: TextIO | None = None) -> logging.Handler:
    """Send every logger's records, libraries' included, through `Formatter` to `stream` (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Alembic tells at info what it does at every start; aiohttp's access log has addresses and paths: never wanted.
    logging.getLogger("alembic").setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    logging.getLogger("aiohttp.access").disabled = True
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # at debug: every statement, with its values
    server = logging.getLogger("aiohttp.server")
    server.removeFilter(_not_junk)
    if level != "debug":
        server.addFilter(_not_junk)
    logging.raiseExceptions = False  # else a failing handler prints the record's arguments
    logging.captureWarnings(True)
    return handler


def _not_junk(record: logging.LogRecord) -> bool:
    """Whether a record is about more than a request that was no HTTP: anybody can send those, without end."""
    from aiohttp.http_exceptions import HttpProcessingError  # here: media workers log too, and have no HTTP

    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def on_loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's handler for exceptions nobody awaited. Its own prints the exception's text and the task's arguments."""
    error = context.get("exception")
    logging.getLogger("hearthside").error(
        "unhandled in the event loop: %s",
        str(context.get("message", "")).partition("\n")[0],
        exc_info=error if isinstance(error, BaseException) else None,
    )
