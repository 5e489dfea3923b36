import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from signaling import demo
from signaling.listen import StartError, listen, ports, tls_context


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    pem, key = demo.make_certificate(["192.0.2.5"], datetime.now(UTC))
    (folder / "c.pem").write_bytes(pem)
    (folder / "k.pem").write_bytes(key)
    return folder / "c.pem", folder / "k.pem"


def test_bad_tls_files_are_each_a_sentence(tls: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, key = tls
    assert isinstance(tls_context(certificate, key), ssl.SSLContext)
    other = tmp_path / "other.pem"
    other.write_bytes(demo.make_certificate([], datetime.now(UTC))[1])
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    locked = tmp_path / "locked.pem"
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    locked.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )
    for files, words in (
        ((tmp_path / "none.pem", key), "TLS certificate .* cannot be read: No such file"),
        ((certificate, tmp_path / "none.pem"), "TLS key .* cannot be read"),
        ((certificate, other), "does not belong to the certificate"),
        ((junk, key), "not a TLS certificate and its key"),
        ((certificate, junk), "not a TLS certificate and its key"),
        ((certificate, locked), "without a password"),
    ):
        with pytest.raises(StartError, match=words) as caught:
            tls_context(*files)
        assert "\n" not in str(caught.value)


def test_a_port_that_is_taken_is_named_with_its_flag() -> None:
    (holder,) = listen("127.0.0.1", 0)
    try:
        port = holder.getsockname()[1]
        with pytest.raises(StartError, match=rf"TCP port {port} is taken .*--port or HEARTHSIDE_PORT"):
            listen("127.0.0.1", port)
    finally:
        holder.close()


def test_a_host_that_is_not_this_machines_is_named() -> None:
    with pytest.raises(StartError, match="not an address of this machine: choose another with --host"):
        listen("192.0.2.77", 0)
    for host in ("no-such-host.invalid", "a..b", "x" * 300):
        with pytest.raises(StartError, match="is not known"):
            listen(host, 0)


def test_localhost_is_opened_on_one_port_for_all_its_addresses() -> None:
    sockets = listen("localhost", 0)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
    finally:
        for sock in sockets:
            sock.close()


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([8081], "UDP port 8081"),
        ([8081, 8082], "UDP ports 8081 and 8082"),
        ([8081, 8082, 8083], "UDP ports 8081 to 8083"),
        ([9000, 8081, 8082], "UDP ports 8081, 8082 and 9000"),
        ([443, 443], "UDP port 443"),
    ],
)
def test_ports_are_told_in_words(found: list[int], text: str) -> None:
    assert ports("UDP", found) == text
