import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import config
from signaling.config import ConfigError, Settings

LAN = ["192.168.1.5", "2001:db8::5"]


def load(flags: dict[str, object] | None = None, environ: dict[str, str] | None = None, **more: Any) -> Settings:
    more.setdefault("addresses_of_machine", lambda: LAN)
    return config.load(flags or {}, environ or {"XDG_DATA_HOME": "/xdg"}, **more)


def test_the_defaults_are_for_this_machine_alone() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.media_ports[0]) == ("127.0.0.1", 8080, 8081)
    assert settings.media_addresses == settings.media_binds == ("127.0.0.1",)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.secure
    assert not settings.public_url_given
    assert settings.data == settings.database == Path("/xdg/hearthside")
    assert settings.trusted_proxies == ()
    assert settings.log_level == "info"


def test_flags_win_over_variables_and_those_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hearthside.toml"
    file.write_text('port = 1001\nmedia_port = 1002\nlog_level = "error"\n')
    settings = load({"port": "3001"}, {"HEARTHSIDE_PORT": "2001", "HEARTHSIDE_MEDIA_PORT": "2002"}, config=file)
    assert (settings.port, settings.media_ports[0], settings.log_level) == (3001, 2002, "error")


def test_the_file_can_be_named_by_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "hearthside.toml"
    file.write_text('data = "here"\ntls_certificate = "/etc/c.pem"\ntls_key = "k.pem"\n')
    settings = load(environ={"HEARTHSIDE_CONFIG": str(file)})
    assert settings.data == tmp_path / "here"
    assert settings.tls_certificate == Path("/etc/c.pem")
    assert settings.tls_key == tmp_path / "k.pem"


def test_every_setting_has_the_same_name_in_all_sources(tmp_path: Path) -> None:
    texts = {
        "host": "192.168.1.5",
        "port": "9000",
        "media_port": "9001",
        "media_tcp_port": "9001",
        "media_workers": "3",
        "media_address": "192.168.1.5,203.0.113.9",
        "public_url": "https://meet.example.org",
        "tls_certificate": "/c.pem",
        "tls_key": "/k.pem",
        "data": "/data",
        "database_url": "postgresql://user@host/name",
        "turn_urls": "turn:turn.example.org:3478?transport=udp,turns:[2001:db8::9]",
        "turn_secret": "a secret between us",
        "video_codec": "auto",
        "trusted_proxies": "127.0.0.1,10.0.0.0/8",
        "log_level": "debug",
    }
    assert set(texts) == set(config.READERS)
    lists = {"media_address", "trusted_proxies", "turn_urls"}
    file = tmp_path / "all.toml"
    file.write_text(
        "\n".join(
            f"{name} = {text if text.isdecimal() else text.split(',') if name in lists else repr(text)}"
            for name, text in texts.items()
        )
    )
    from_flags = load({name: text.split(",") if name in lists else text for name, text in texts.items()})
    from_environment = load(environ={f"HEARTHSIDE_{name.upper()}": text for name, text in texts.items()})
    assert from_flags == from_environment == load(config=file)
    assert from_flags.trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))
    assert from_flags.database == "postgresql://user@host/name"


@pytest.mark.parametrize(
    ("wrong", "near"), [("prot", "port"), ("media_adress", "media_address"), ("tsl_key", "tls_key")]
)
def test_an_unknown_setting_is_an_error_that_names_the_nearest(tmp_path: Path, wrong: str, near: str) -> None:
    file = tmp_path / "hearthside.toml"
    file.write_text(f'{wrong} = "1"\n')
    with pytest.raises(ConfigError, match=f"'{wrong}'; the nearest is '{near}'"):
        load(config=file)
    with pytest.raises(ConfigError, match=f"HEARTHSIDE_{wrong.upper()}; the nearest is HEARTHSIDE_{near.upper()}"):
        load(environ={f"HEARTHSIDE_{wrong.upper()}": "1"})


def test_other_programs_variables_are_left_alone() -> None:
    assert load(environ={"PORT": "1", "HEARTH": "1", "XDG_DATA_HOME": "/xdg"}) == load()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"port": "eighty"}, r"--port is not usable: a port is a number"),
        ({"port": "65536"}, r"--port is not usable"),
        ({"port": "-1"}, r"--port is not usable"),
        ({"media_port": True}, r"--media-port is not usable"),
        ({"media_address": ["example.org"]}, r"--media-address is not usable: 'example\.org' is not an IP address"),
        ({"media_address": ["0.0.0.0"]}, r"cannot send to 0\.0\.0\.0"),
        ({"media_address": []}, r"one or more are wanted"),
        ({"public_url": "meet.example.org"}, r"--public-url is not usable: write it like https://"),
        ({"public_url": "https://a.example/path"}, r"no path behind it"),
        ({"public_url": "https://user@a.example"}, r"--public-url"),
        ({"public_url": "https://a.example:99999"}, r"--public-url"),
        ({"public_url": "ftp://a.example"}, r"--public-url"),
        ({"public_url": "https://[::1"}, r"--public-url"),
        *[
            ({"public_url": f"https://{host}"}, r"--public-url is not usable: write it like .* in plain letters")
            for host in ("me et", "a.example:", "a.example;x", "a,b", "ä.example", "a'b", "", ":80", "a:0")
        ],
        ({"data": "~nobody-of-this-name/x"}, r"--data is not usable: the home folder behind ~ is not known"),
        ({"data": ""}, r"--data is not usable: a text is wanted"),
        ({"media_address": ["fe80::1"]}, r"cannot send to fe80::1"),
        ({"media_address": ["2001:db8::1%eth0"]}, r"cannot send to 2001:db8::1%eth0"),
        ({"trusted_proxies": "10.0.0.1/8"}, r"networks are written like"),
        *[
            (
                {"turn_urls": [url], "turn_secret": "s" * 16},
                rf"--turn-urls is not usable: write '{re.escape(url)}' like",
            )
            for url in (
                "turn:a:0",
                "turn:a:65536",
                "turn:a?transport=tls",
                "turn:a b",
                "turn://a",
                "turns:",
                "turn:u@a",
            )
        ],
        *[
            ({"turn_urls": ["turn:a", url], "turn_secret": "s" * 16}, rf"--turn-urls is not usable: '{url}' is not the")
            for url in ("turn.example.org", "stun:a", "https://a", "turnss:a")
        ],
        (
            {"turn_urls": "turn:a,turns:b?transport=udp", "turn_secret": "s" * 16},
            r"'turns:b\?transport=udp' can never work: turns: is TLS and goes over TCP",
        ),
        ({"turn_secret": "fifteen letters", "turn_urls": ["turn:a"]}, r"--turn-secret is not usable: it needs 16"),
        ({"turn_urls": ["turn:a"]}, r"turn_secret is missing"),
        ({"turn_secret": "s" * 16}, r"turn_urls is missing"),
        ({"video_codec": "av1"}, r"one of vp8, auto"),
        ({"media_tcp_port": "many"}, r"--media-tcp-port is not usable"),
        ({"log_level": "loud"}, r"one of debug, info, warning, error"),
        ({"host": "  "}, r"--host is not usable: a text is wanted"),
        ({"tls_key": "/k.pem"}, r"tls_certificate \(--tls-certificate\) is missing"),
        ({"tls_certificate": "/c.pem"}, r"tls_key \(--tls-key\) is missing"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_sentence(flags: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        load(flags)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_or_is_not_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(config=tmp_path / "none.toml")
    for text in (b"port == 1", b"\xff", b"[port"):
        (tmp_path / "bad.toml").write_bytes(text)
        with pytest.raises(ConfigError, match="not valid TOML"):
            load(config=tmp_path / "bad.toml")
    (tmp_path / "bad.toml").write_text('port = "x"\n')
    with pytest.raises(ConfigError, match=r"The setting 'port' in .*bad\.toml is not usable"):
        load(config=tmp_path / "bad.toml")


def test_a_user_without_a_home_folder_must_say_where_the_database_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(ConfigError, match=r"no home folder .* with --data"):
        load(environ={"X": ""})
    monkeypatch.undo()
    monkeypatch.setattr(config, "default_data", homeless)
    assert load({"data": "/data"}, {"X": ""}).data == Path("/data")


def test_media_addresses_follow_the_host() -> None:
    assert load({"host": "localhost"}).media_addresses == ("127.0.0.1",)
    assert load({"host": "::1"}).media_addresses == ("::1",)
    assert load({"host": "0.0.0.0"}).media_addresses == tuple(LAN)
    assert load({"host": "192.168.1.5"}).media_addresses == tuple(LAN)
    with pytest.raises(ConfigError, match="--media-address"):
        load({"host": "0.0.0.0"}, addresses_of_machine=list)


def test_media_is_opened_where_packets_arrive() -> None:
    own = load({"host": "0.0.0.0", "media_address": ["192.168.1.5"]})
    assert own.media_binds == ("192.168.1.5",)
    nat = load({"host": "0.0.0.0", "media_address": ["203.0.113.9"]})
    assert nat.media_addresses == ("203.0.113.9",)
    assert nat.media_binds == tuple(LAN)
    assert load({"media_address": ["127.0.0.1", "127.0.0.1"]}).media_binds == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("flags", "url"),
    [
        ({"host": "0.0.0.0"}, "http://192.168.1.5:8080"),
        ({"host": "::"}, "http://192.168.1.5:8080"),
        ({"host": "::1", "port": 80}, "http://[::1]"),
        ({"host": "[::1]"}, "http://[::1]:8080"),
        ({"public_url": "https://[2001:db8::5]:444"}, "https://[2001:db8::5]:444"),
        ({"host": "localhost"}, "http://localhost:8080"),
        (
            {"tls_certificate": "/c", "tls_key": "/k", "port": 443, "host": "meet.example.org"},
            "https://meet.example.org",
        ),
        ({"tls_certificate": "/c", "tls_key": "/k"}, "https://127.0.0.1:8080"),
        ({"public_url": "https://Meet.Example.org/"}, "https://meet.example.org"),
    ],
)
def test_the_public_url_follows_host_port_and_certificate(flags: dict[str, object], url: str) -> None:
    assert load(flags).public_url == url


def test_the_port_that_was_really_opened_enters_the_public_url() -> None:
    settings = load({"port": 0})
    assert settings.on_port(5000).public_url == "http://127.0.0.1:5000"
    given_ = load({"port": 0, "public_url": "https://meet.example.org"})
    assert given_.on_port(5000).public_url == "https://meet.example.org"
    assert settings.on_port(0) == settings


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://meet.example.org", True),
        ("http://meet.example.org", False),
        ("http://192.168.1.5:8080", False),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost:8080", True),
        ("http://demo.localhost", True),
    ],
)
def test_where_browsers_give_camera_and_keys(url: str, secure: bool) -> None:
    assert load({"public_url": url}).secure is secure


def test_this_machine_has_no_loopback_or_link_local_address_to_show() -> None:
    for address in config.machine_addresses():
        assert not address.startswith(("127.", "169.254.", "fe80:"))
        assert "%" not in address


@given(st.dictionaries(st.sampled_from(sorted(config.READERS)), st.text() | st.integers() | st.lists(st.text())))
def test_any_flags_are_settings_or_one_sentence(flags: dict[str, object]) -> None:
    try:
        settings = load(flags)
    except ConfigError:
        return
    assert settings.media_addresses
    assert settings.media_binds


def test_media_over_tcp_is_closed_unless_a_port_is_given() -> None:
    assert load().media_tcp_ports == ()
    assert load({"media_tcp_port": 0}).media_tcp_ports == ()
    assert load({"media_tcp_port": "8081", "media_workers": 2}).media_tcp_ports == (8081, 8082)


@pytest.mark.parametrize(
    "url",
    [
        "turn:turn.example.org",
        "turn:192.0.2.9:3478?transport=tcp",
        "turns:turn.example.org",
        "turns:turn.example.org:443?transport=tcp",
        "turns:[2001:db8::9]:5349",
    ],
)
def test_turn_is_taken_by_udp_tcp_and_tls(url: str) -> None:
    settings = load({"turn_urls": [url, url], "turn_secret": "s" * 16})
    assert settings.turn_urls == (url,)
    # Small letters are what every browser takes.
    loud = url.upper()
    assert load({"turn_urls": loud, "turn_secret": "s" * 16}).turn_urls == (url,)


def test_the_turn_secret_is_in_no_representation() -> None:
    settings = load({"turn_urls": ["turn:a"], "turn_secret": "THE TURN SECRET!"})
    assert settings.turn_secret == "THE TURN SECRET!"
    assert "THE TURN" not in repr(settings)


def test_each_media_worker_has_a_port_of_its_own_from_the_first_on() -> None:
    settings = load({"media_port": 9001, "media_tcp_port": 443, "media_workers": "3"})
    assert settings.media_ports == (9001, 9002, 9003)
    assert settings.media_tcp_ports == (443, 444, 445)
    assert load({"media_port": 0, "media_workers": 2}).media_ports == (0, 0)
    with pytest.raises(ConfigError, match="4 media workers need 4 ports from 65533 on: choose a lower media_port"):
        load({"media_port": 65533, "media_workers": 4})


@pytest.mark.parametrize("raw", [0, "0", -1, True, "many", 65, 1.5])
def test_an_impossible_number_of_media_workers_is_an_error(raw: object) -> None:
    with pytest.raises(ConfigError, match="--media-workers is not usable: a number from 1 to 64 is wanted"):
        load({"media_workers": raw})


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 1), (4, 3), (256, 64)])
def test_one_core_is_left_for_everything_else(monkeypatch: pytest.MonkeyPatch, cores: int, workers: int) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert len(load().media_ports) == workers
