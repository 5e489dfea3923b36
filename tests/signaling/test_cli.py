import asyncio
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from signaling import __version__, cli, links
from signaling.certificates import decode_certificate
from signaling.store import Group, Store
from tests.browser.server import free_port


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("HEARTHSIDE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))


def hearthside(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli.main, arguments, input=given)


def sentence(result: Result, code: int = 1) -> str:
    """The one sentence that an error is."""
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_the_version() -> None:
    assert hearthside("--version").stdout == f"hearthside {__version__}\n"


def stored(data: Path, name: str) -> Group:
    """The group of this id as the server keeps it."""

    async def work() -> Group | None:
        store = await Store.open(data)
        try:
            return await store.get_group(name)
        finally:
            await store.close()

    found = asyncio.run(work())
    assert found is not None
    return found


# -- Groups ----------------------------------------------------------------------------------------------------------


def test_a_group_is_created_with_a_sealed_title(tmp_path: Path) -> None:
    result = hearthside("group", "create", " Thursday circle ", "--json", "--data", str(tmp_path))
    made = json.loads(result.stdout)
    assert list(made) == ["id", "participant", "facilitator", "organiser"]
    assert "has seen the group's keys" in result.stderr

    group = stored(tmp_path, made["id"])
    link = links.parse_link(made["organiser"])
    assert links.open_profile(link.room_secret, link.group, group.profile) == ("Thursday circle", False)
    participant, facilitator = links.parse_link(made["participant"]), links.parse_link(made["facilitator"])
    assert group.root_key == links.b64(links.public_key(link.seed))
    assert group.door_key == links.b64(links.public_key(participant.seed))
    assert group.role_keys == [links.b64(links.public_key(facilitator.seed))]
    assert participant.root_fingerprint == links.fingerprint(links.public_key(link.seed))
    (certificate,) = [decode_certificate(links.unb64(text)) for text in group.certificates]
    certificate.verify(root_key=links.public_key(link.seed), group=links.unb64(made["id"]))
    assert certificate.role_key == links.public_key(facilitator.seed)
    created = int(group.created.timestamp())
    assert (certificate.not_before, certificate.not_after) == (created - 86_400, created + 400 * 86_400)
    assert (group.revocations, group.grace_seconds) == (None, 600)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Thursday" not in on_disk
    for url in (made["participant"], made["facilitator"], made["organiser"]):
        for part in url.partition("#")[2].split(".")[1:]:
            assert part.encode() not in on_disk
            assert links.unb64(part) not in on_disk


def test_a_group_may_have_several_screens(tmp_path: Path) -> None:
    made = json.loads(
        hearthside("group", "create", "Circle", "--json", "--data", str(tmp_path), "--many-screens").stdout
    )
    link = links.parse_link(made["participant"])
    sealed = stored(tmp_path, made["id"]).profile
    assert links.open_profile(link.room_secret, link.group, sealed) == links.Profile("Circle", many_screens=True)


@pytest.mark.parametrize("minutes", [1, 120])
def test_the_grace_time_is_kept(tmp_path: Path, minutes: int) -> None:
    create = ("group", "create", "Circle", "--json", "--data", str(tmp_path), "--grace-minutes", str(minutes))
    made = json.loads(hearthside(*create).stdout)
    assert list(made) == ["id", "participant", "facilitator", "organiser"]
    assert stored(tmp_path, made["id"]).grace_seconds == minutes * 60


@pytest.mark.parametrize("minutes", ["0", "121", "-5", "ten"])
def test_a_grace_time_that_cannot_be_is_wrong_usage(tmp_path: Path, minutes: str) -> None:
    result = hearthside("group", "create", "Circle", "--data", str(tmp_path), "--grace-minutes", minutes)
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_links_are_printed_by_role(tmp_path: Path) -> None:
    lines = hearthside("group", "create", "Circle", "--data", str(tmp_path)).stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["participant", "facilitator", "organiser"]
    assert all(re.search(r"http://127\.0\.0\.1:8080/g/[\w-]{22}#[pfo]1\.", line) for line in lines)


def test_the_title_is_read_from_standard_input(tmp_path: Path) -> None:
    result = hearthside("group", "create", "-", "--json", "--data", str(tmp_path), given="Gruppe ümlaut\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["id"]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("  ", "empty"),
        ("x" * 201, "201 characters"),
        ("a\nb", "control character"),
        ("a\x07b", "control character"),
        ("a\u202eb", "control character"),
    ],
)
def test_a_title_that_cannot_be_is_refused(tmp_path: Path, title: str, words: str) -> None:
    assert words in sentence(hearthside("group", "create", title, "--data", str(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_standard_input_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "not UTF-8" in sentence(hearthside("group", "create", "-", "--data", str(tmp_path), given=b"\xff\xfe"))


def test_the_longest_title_fits(tmp_path: Path) -> None:
    assert hearthside("group", "create", "🌿" * 200, "--data", str(tmp_path)).exit_code == 0


def test_links_carry_the_address_under_which_the_server_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def remember() -> None:
        store = await Store.open(tmp_path)
        await store.remember_public_url("https://meet.example.org")
        await store.close()

    asyncio.run(remember())
    create = ("group", "create", "Circle", "--json", "--data", str(tmp_path))
    assert json.loads(hearthside(*create).stdout)["participant"].startswith("https://meet.example.org/g/")
    monkeypatch.setenv("HEARTHSIDE_PUBLIC_URL", "https://other.example.org")
    assert json.loads(hearthside(*create).stdout)["participant"].startswith("https://other.example.org/g/")


def test_an_address_where_nobody_can_join_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHSIDE_PUBLIC_URL", "http://meet.example.org")
    assert "Warning" in hearthside("group", "create", "Circle", "--data", str(tmp_path)).stderr


def test_the_list_shows_ids_and_dates_and_no_titles(tmp_path: Path) -> None:
    made = [
        json.loads(hearthside("group", "create", title, "--json", "--data", str(tmp_path)).stdout)["id"]
        for title in ("Thursday circle", "Friday circle")
    ]
    result = hearthside("group", "list", "--data", str(tmp_path))
    lines = result.stdout.splitlines()
    assert sorted(line.partition("  ")[0] for line in lines) == sorted(made)
    assert all(re.fullmatch(r"\S{22}  \d{4}-\d\d-\d\d \d\d:\d\d UTC", line) for line in lines)
    assert "circle" not in result.output


def test_a_group_is_deleted(tmp_path: Path) -> None:
    made = json.loads(hearthside("group", "create", "Circle", "--json", "--data", str(tmp_path)).stdout)
    delete = ("group", "delete", made["id"], "--data", str(tmp_path))
    asked = hearthside(*delete, given="n\n")
    assert asked.exit_code == 1
    assert "no undo" in asked.output
    assert hearthside("group", "list", "--data", str(tmp_path)).stdout
    assert hearthside(*delete, "--yes").exit_code == 0
    assert hearthside("group", "list", "--data", str(tmp_path)).stdout == ""
    assert "no group with this id" in sentence(hearthside(*delete, "--yes"))
    for wrong in ("nope", "\udcff"):  # without asking first
        assert "no group with this id" in sentence(hearthside("group", "delete", wrong, "--data", str(tmp_path)))


def test_an_id_is_never_taken_for_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = [b"\xf8" * 16, b"\x01" * 16, b"\x02" * 16, b"\x03" * 32, b"\x04" * 12, b"\x05" * 8]
    monkeypatch.setattr(secrets, "token_bytes", lambda size: draws.pop(0))
    made = json.loads(hearthside("group", "create", "Circle", "--json", "--data", str(tmp_path)).stdout)
    assert made["id"] == links.b64(b"\x01" * 16)
    assert draws == []


# -- Settings and errors ---------------------------------------------------------------------------------------------


def test_settings_are_shown_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "hearthside.toml"
    file.write_text(
        'host = "0.0.0.0"\nmedia_address = ["192.0.2.5"]\npublic_url = "https://meet.example.org"\n'
        'database_url = "postgresql://user:PASSWORD@host/name"\nmedia_tcp_port = 8443\n'
        'turn_urls = ["turn:turn.example.org"]\nturn_secret = "PASSWORD of the relay"\n'
    )
    result = hearthside("config", "check", "--config", str(file))
    assert result.exit_code == 0
    for words in (
        "https://meet.example.org",
        "UDP port 8081 and TCP port 8443",
        "192.0.2.5",
        "TCP 8080 and 8443, UDP 8081",
        "relay:  turn:turn.example.org",
        "These settings are good.",
    ):
        assert words in result.stdout
    assert "PASSWORD" not in result.output
    assert "Warning" not in result.stdout


def test_an_address_without_https_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHSIDE_PUBLIC_URL", "http://meet.example.org")
    result = hearthside("config", "check")
    assert "Warning: http://meet.example.org is not https" in result.stdout
    assert "--tls-certificate" in result.stdout


@pytest.mark.parametrize(
    "command", [("serve",), ("group", "create", "x"), ("group", "list"), ("group", "delete", "x"), ("config", "check")]
)
def test_every_command_takes_data_and_config(command: tuple[str, ...], tmp_path: Path) -> None:
    text = hearthside(*command, "--help").stdout
    assert "--data" in text
    assert "--config" in text
    (tmp_path / "bad.toml").write_text("prot = 1\n")
    result = hearthside(*command, "--config", str(tmp_path / "bad.toml"))
    assert "unknown setting 'prot'; the nearest is 'port'" in sentence(result)


def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTHSIDE_PROT", "1")
    assert "nearest is HEARTHSIDE_PORT" in sentence(hearthside("group", "list"))


def test_files_that_may_not_be_read_are_left_to_our_own_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.toml").write_text("port = 'x'\n")
    monkeypatch.setattr(os, "access", lambda *_: False)  # what click would ask, and answer with three lines of its own
    result = hearthside("group", "list", "--config", str(tmp_path / "bad.toml"), "--data", str(tmp_path))
    assert "'port' in" in sentence(result)


def test_wrong_usage_is_exit_code_2() -> None:
    for arguments in (("serv",), ("serve", "--prot", "1"), ("group", "create"), ("group", "delete")):
        assert hearthside(*arguments).exit_code == 2


def test_a_data_folder_that_cannot_be_used() -> None:
    assert "choose another: --data" in sentence(hearthside("group", "list", "--data", "/proc/self/none"))


# -- The whole server, as a process ------------------------------------------------------------------------------------


def start(*arguments: str, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "signaling.cli", "serve", "--data", str(data), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(cli.__file__).parent.parent,
    )  # fmt: skip


def read_until(process: subprocess.Popen[str], words: str) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"the server ended: {process.communicate()[1]}")


def test_serve_tells_of_groups_that_wait_for_certificates(tmp_path: Path) -> None:
    made = json.loads(hearthside("group", "create", "Circle", "--json", "--data", str(tmp_path)).stdout)

    async def age() -> None:
        store = await Store.open(tmp_path)
        await store.update_group(made["id"], lambda group: msgspec.structs.replace(group, certificates=[]))
        await store.close()

    for waiting in (False, True):
        process = start("--port", "0", "--media-port", "0", data=tmp_path)
        try:
            read_until(process, "data:")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
            process.communicate()
        assert ("cannot come in yet: 1;" in err) == waiting, err
        assert made["id"] not in err
        asyncio.run(age())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_tells_what_operators_need_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = start("--port", "0", "--media-port", "0", data=tmp_path)
    try:
        lines = read_until(process, "data:")
        port = int(re.search(r"pages: +http://127\.0\.0\.1:(\d+)", "".join(lines))[1])  # type: ignore[index]
        media = re.search(r"UDP port (\d+), told to browsers as 127\.0\.0\.1", "".join(lines))
        assert media is not None
        assert int(media[1]) > 0
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in connection.recv(1000)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert "/g/" not in "".join(lines) + out + err  # serve never prints a link
    assert "Traceback" not in err
    assert "the server is down" in err


def test_a_taken_media_port_is_named_with_its_flag(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        media = holder.getsockname()[1]
        process = start("--port", "0", "--media-port", str(media), data=tmp_path)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert f"UDP port {media} is taken by another program" in err
    made = hearthside("group", "create", "Circle", "--data", str(tmp_path)).stdout
    assert "participant: http://127.0.0.1:8080/g/" in made  # not the address of a start that failed
    assert "--media-port" in err
    assert "Traceback" not in err


def test_a_taken_port_of_any_media_worker_is_named(tmp_path: Path) -> None:
    first = free_port(socket.SOCK_DGRAM, 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", first + 2))
        process = start("--port", "0", "--media-port", str(first), "--media-workers", "3", data=tmp_path)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert f"UDP port {first + 2} is taken by another program" in err
    assert "Traceback" not in err


def test_a_taken_media_port_over_tcp_is_named_with_its_flag(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        media = holder.getsockname()[1]
        process = start("--port", "0", "--media-port", "0", "--media-tcp-port", str(media), data=tmp_path)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert f"TCP port {media} is taken by another program" in err
    assert "--media-tcp-port" in err
    assert "Traceback" not in err


def test_a_damaged_database_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "hearthside.db").write_text("junk" * 1000)
    process = start("--port", "0", "--media-port", "0", data=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip().splitlines()[-1].endswith("restore a backup, or move it away to begin anew.")
    assert "Traceback" not in err
