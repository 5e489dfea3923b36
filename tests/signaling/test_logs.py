import asyncio
import io
import logging
import re
import secrets
from collections.abc import Iterator

import pytest
from aiohttp.http_exceptions import BadStatusLine
from hypothesis import given
from hypothesis import strategies as st

from signaling import logs
from signaling.links import b64

SECRETS = [
    "AAECAwQFBgcICQoLDA0ODw",
    "gAAAAABm-x7kq0Jb5q1mA2b8vZ3v9j7_1Q",
    "192.0.2.7",
    "192.0.2.7:51234",
    "2001:db8::7",
    "[2001:db8::7]:443",
    "fe80::1%eth0",
    "::ffff:192.0.2.7",
    "5f3c2a9e-2f6a-4c3f-9c0e-1d2e3f405162.local",
    "p1.EBESExQVFhcYGRobHB0eHw.JPbtasv-EAnAMNfKVnwzyg",
    "AAECAwQFBgcICQoLDA0ODw%23p1.EBESExQVFhcY",
    "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B",
    "q83vEjRWeJCrze8SNFZ4kA==",
    "ab+cdefghijklmnopqrstu/vwx",
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    logs.set_up("debug", stream)
    yield stream
    root.handlers[:], logging.raiseExceptions = before[0], before[2]
    root.setLevel(before[1])
    logging.getLogger("aiohttp.server").removeFilter(logs._not_junk)
    logging.captureWarnings(False)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "peer {} gone", "GET /g/{} HTTP/1.1", "key={},", "('{}',)", '"{}"'])
def test_what_points_at_somebody_is_taken_out(secret: str, around: str) -> None:
    text = logs.redact(around.format(secret))
    for part in re.split(r"[\[\]#.%]", secret):
        assert len(part) < 6 or part not in text
    assert "[address]" in text or "[secret]" in text


@pytest.mark.parametrize(
    "text",
    [
        "meeting 3: participant admitted",
        "Using selector: EpollSelector",
        "media port 8081 is open",
        "at 12:34:56 two facilitators, 17 participants",
        "signaling/store.py:12 in get_group",
        "/usr/lib/python3.11/site-packages/sqlalchemy/engine",
        "aiortc 1.16.0",
        "std::string and a: b",
        "transport_connected, never_connected_and_waiting",
        "SELECT groups.id FROM groups WHERE groups.id = ?",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert logs.redact(text) == text


@given(st.binary(min_size=15, max_size=200))
def test_random_ids_and_tokens_never_pass(data: bytes) -> None:
    token = b64(data)
    if re.fullmatch("[a-z_]+|[a-z-]+|[A-Z_]+", token):
        return
    assert token not in logs.redact(f"resume with {token} failed")


@given(st.ip_addresses())
def test_no_address_ever_passes(address: object) -> None:
    if str(address) in ("::", "0.0.0.0"):
        return
    assert str(address) not in logs.redact(f"from {address} to")
    assert str(address) not in logs.redact(f"('{address}', 50000)")


@given(st.text())
def test_any_text_can_be_redacted(text: str) -> None:
    logs.redact(text)


@given(st.binary(min_size=1, max_size=40))
def test_raw_bytes_never_pass(data: bytes) -> None:
    assert repr(data) not in logs.redact(f"got {data!r} from peer")
    assert repr(data) not in logs.redact(f"got {bytearray(data)!r} from peer")


def test_an_exception_shows_where_and_never_what(written: io.StringIO) -> None:
    def inner(name: str) -> None:
        raise KeyError(name)

    try:
        try:
            inner("Sam Example")
        except KeyError as error:
            raise ExceptionGroup("for Sam Example", [ValueError("Sam Example"), OSError(5, "Sam")]) from error
    except ExceptionGroup:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "192.0.2.7")
    text = written.getvalue()
    assert "Sam" not in text
    assert "192.0.2.7" not in text
    for wanted in ("builtins.ExceptionGroup", "caused by builtins.KeyError", "with builtins.ValueError", "in inner"):
        assert wanted in text
    assert re.search(r"tests/signaling/test_logs\.py:\d+ in inner", text)


def test_an_exception_that_causes_itself_is_printed_once() -> None:
    error = ValueError("x")
    error.__context__ = error
    assert list(logs.exception_lines(error)) == ["  builtins.ValueError"]


def test_every_librarys_records_go_through_it(written: io.StringIO) -> None:
    token = secrets.token_urlsafe(16) + "A1"
    for name in ("aiortc", "aioice.ice", "aiohttp.server", "asyncio", "sqlalchemy.engine", "alembic"):
        logging.getLogger(name).warning("row (%r, %r) of %s", token, b"\x01\x02blob", "192.0.2.7")
    text = written.getvalue()
    assert text.count("[secret]") == text.count("[bytes]") == text.count("[address]") == 6
    assert token not in text
    assert "blob" not in text


def test_lines_have_time_level_and_logger(written: io.StringIO) -> None:
    logging.getLogger("hearthside.signaling").info("meeting %d: started", 3)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info hearthside\.signaling: meeting 3: started\n", written.getvalue()
    )


def test_a_message_cannot_start_a_line_of_its_own(written: io.StringIO) -> None:
    logging.getLogger("x").warning("one\n2026-01-01T00:00:00.000Z info forged")
    assert all(line.startswith("  ") for line in written.getvalue().splitlines()[1:])


def test_a_broken_log_call_shows_nothing_of_its_arguments(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("x").warning("%d", "Sam Example")
    assert "Sam" not in written.getvalue() + capsys.readouterr().err
    assert "could not be formatted" in written.getvalue()


def test_the_access_log_stays_silent(written: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("192.0.2.7 GET /g/x")
    assert written.getvalue() == ""


def test_requests_that_are_no_http_do_not_fill_the_log(written: io.StringIO) -> None:
    server = logging.getLogger("aiohttp.server")
    for level, lines in (("debug", 2), ("info", 1)):
        logs.set_up(level, written)
        written.truncate(0)
        for error in (BadStatusLine("junk"), RuntimeError("ours")):
            server.error("Error handling request", exc_info=error)
        assert written.getvalue().count("Error handling request") == lines
        assert "RuntimeError" in written.getvalue()


def test_no_statement_with_its_values_is_logged(written: io.StringIO) -> None:
    logging.getLogger("aiosqlite").debug("executing INSERT, ('m1',)")
    assert written.getvalue() == ""


async def test_an_exception_nobody_awaited_shows_nothing_of_its_text(written: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.on_loop_exception)

    async def fails(name: str) -> None:
        raise ValueError(name)

    task = loop.create_task(fails("Sam Example"))
    await asyncio.sleep(0)
    del task
    await asyncio.sleep(0)
    loop.call_exception_handler({"message": "Task failed\nfuture: Sam", "exception": ValueError("Sam Example")})
    loop.set_exception_handler(None)
    assert "unhandled in the event loop: Task failed" in written.getvalue()
    assert "Sam" not in written.getvalue()
