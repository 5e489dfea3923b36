import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from signaling import cli, demo
from signaling.certificates import (
    DAY_SECONDS,
    LIFETIME_SECONDS,
    Certificate,
    apply_update,
    decode_certificate,
    issue_certificate,
    issue_revocations,
)
from signaling.links import Link, Profile, b64, door_seed, parse_link, public_key, role_seed, seal_profile, unb64
from signaling.listen import tls_context
from signaling.messages import UpdateGroup
from signaling.store import Group, Store

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def test_demonstration_links_are_kept_and_follow_the_address(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "data")
    file = tmp_path / ".demo" / "links.json"
    try:
        first, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080", NOW)
        assert note is not None
        assert file.stat().st_mode & 0o777 == 0o600
        again, note = await demo.demonstration_links(store, file, "https://192.168.1.5:9000", NOW)
        assert note is None
        assert again["id"] == first["id"]
        for role in ("participant", "facilitator", "organiser"):
            assert again[role] == first[role].replace("http://127.0.0.1:8080", "https://192.168.1.5:9000")
        assert json.loads(file.read_text()) == again

        await store.delete_group(first["id"])
        new, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080", NOW)
        assert "no longer in the database" in str(note)
        assert new["id"] != first["id"]

        file.write_text("{")
        newer, note = await demo.demonstration_links(store, file, "http://127.0.0.1:8080", NOW)
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


# -- The demonstration group's certificate ---------------------------------------------------------------------------


class Demonstration:
    """A demonstration group that was made just now."""

    def __init__(self, store: Store, file: Path) -> None:
        self.store, self.file = store, file

    async def start(self, now: datetime = NOW) -> str | None:
        made, note = await demo.demonstration_links(self.store, self.file, "http://127.0.0.1:8080", now)
        self.organiser: Link = parse_link(made["organiser"])
        return note

    async def group(self) -> Group:
        found = await self.store.get_group(self.organiser.group)
        assert found is not None
        return found

    async def certificates(self) -> list[Certificate]:
        return [decode_certificate(unb64(text)) for text in (await self.group()).certificates]

    async def change(self, **fields: object) -> None:
        await self.store.update_group(self.organiser.group, lambda group: msgspec.structs.replace(group, **fields))

    async def update(self, update: UpdateGroup) -> None:
        await self.store.update_group(self.organiser.group, lambda group: apply_update(group, update))


@pytest.fixture
async def demonstration(tmp_path: Path) -> AsyncIterator[Demonstration]:
    store = await Store.open(tmp_path / "data")
    made = Demonstration(store, tmp_path / ".demo" / "links.json")
    await made.start()
    yield made
    await store.close()


async def test_a_good_certificate_is_kept(demonstration: Demonstration) -> None:
    before = await demonstration.group()
    assert await demonstration.start(datetime.now(UTC) + timedelta(days=369)) is None
    assert await demonstration.group() == before


@pytest.mark.parametrize("days", [371, 401, 4000])
async def test_a_certificate_that_ends_soon_is_issued_anew(demonstration: Demonstration, days: int) -> None:
    (old,) = await demonstration.certificates()
    later = datetime.now(UTC) + timedelta(days=days)
    assert await demonstration.start(later) is None
    (new,) = await demonstration.certificates()
    assert new.role_key == old.role_key
    assert new.serial != old.serial
    assert new.not_after == int(later.timestamp()) + LIFETIME_SECONDS
    assert new.not_before == int(later.timestamp()) - DAY_SECONDS


async def test_a_group_from_before_certificates_gets_one(demonstration: Demonstration) -> None:
    await demonstration.change(certificates=[])
    assert await demonstration.start() is None
    (new,) = await demonstration.certificates()
    group = await demonstration.group()
    new.verify(root_key=unb64(group.root_key), group=unb64(group.id))
    assert group.role_keys == [b64(new.role_key)]


async def test_other_facilitators_keep_theirs_and_a_revoked_link_stays_so(demonstration: Demonstration) -> None:
    group = await demonstration.group()
    second = issue_certificate(
        demonstration.organiser.seed,
        group=unb64(group.id),
        role_key=public_key(role_seed(demonstration.organiser.seed, 2)),
        not_before=0,
        not_after=1,
        serial=bytes(8),
    )
    await demonstration.update(UpdateGroup(certificates=[*group.certificates, b64(second.encode())]))
    assert await demonstration.start(NOW + timedelta(days=4000)) is None
    own, kept = await demonstration.certificates()
    assert kept == second
    revocations = issue_revocations(
        demonstration.organiser.seed, group=unb64(group.id), version=1, date=0, serials=(own.serial,)
    )
    await demonstration.update(UpdateGroup(revocations=b64(revocations.encode())))
    before = await demonstration.group()
    assert await demonstration.start(NOW + timedelta(days=8000)) is None
    assert await demonstration.group() == before


async def test_links_that_were_changed_make_a_new_group(demonstration: Demonstration) -> None:
    group = demonstration.organiser.group
    secret = bytes(16)
    profile = b64(seal_profile(secret, group, Profile("Circle"), nonce=bytes(12)))
    await demonstration.update(UpdateGroup(door_key=b64(public_key(door_seed(secret))), profile=profile))
    assert "links were changed" in str(await demonstration.start())
    assert demonstration.organiser.group != group


async def test_a_kept_organiser_link_of_another_group_makes_a_new_group(demonstration: Demonstration) -> None:
    kept = json.loads(demonstration.file.read_text())
    kept["organiser"] = kept["organiser"].rpartition(".")[0] + "." + b64(bytes(32))
    demonstration.file.write_text(json.dumps(kept))
    await demonstration.change(certificates=[])
    assert "could not be read" in str(await demonstration.start())
    assert len(await demonstration.certificates()) == 1
