import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signaling import cli, demo
from signaling.listen import tls_context
from signaling.store import Store


async def test_demonstration_links_are_kept_and_follow_the_address(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "data")
    file = tmp_path / ".demo" / "links.json"
    try:
        first, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080")
        assert note is not None
        assert file.stat().st_mode & 0o777 == 0o600
        again, note = await demo.demonstration_links(store, file, "https://192.168.1.5:9000")
        assert note is None
        assert again["id"] == first["id"]
        for role in ("participant", "facilitator", "organiser"):
            assert again[role] == first[role].replace("http://127.0.0.1:8080", "https://192.168.1.5:9000")
        assert json.loads(file.read_text()) == again

        await store.delete_group(first["id"])
        new, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080")
        assert "no longer in the database" in str(note)
        assert new["id"] != first["id"]

        file.write_text("{")
        newer, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080")
        assert "could not be read" in str(note)
        assert newer["id"] != new["id"]
    finally:
        await store.close()


def test_the_certificate_is_made_anew_when_it_no_longer_fits(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    flags = demo.public_flags(["192.0.2.5", "2001:db8::5"], tmp_path, now)
    first = Path(str(flags["tls_certificate"])).read_bytes()
    tls_context(Path(str(flags["tls_certificate"])), Path(str(flags["tls_key"])))
    assert Path(str(flags["tls_key"])).stat().st_mode & 0o777 == 0o600
    demo.public_flags(["192.0.2.5"], tmp_path, now + timedelta(days=1))
    assert (tmp_path / "certificate.pem").read_bytes() == first
    demo.public_flags(["192.0.2.6"], tmp_path, now)
    second = (tmp_path / "certificate.pem").read_bytes()
    assert second != first
    demo.public_flags(["192.0.2.6"], tmp_path, now + timedelta(days=24))
    assert (tmp_path / "certificate.pem").read_bytes() != second
    assert not demo.certificate_covers(b"junk", [], now)
    with pytest.raises(cli.Sentence, match="no address in a local network"):
        demo.public_flags([], tmp_path, now)
