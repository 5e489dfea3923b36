"""What ``make run`` starts, by `demo_run`: the server and a demonstration group, whose links it prints each time.

Kept out of ``hearthside serve``, which never creates a group or prints a link, and out of the installed package.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signaling import config, logs
from signaling.certificates import DAY_SECONDS, apply_update, decode_certificate, decode_revocations
from signaling.cli import Sentence, create_group, describe, first_certificate, load_settings, run
from signaling.config import Settings
from signaling.links import Profile, b64, parse_link, public_key, unb64
from signaling.messages import UpdateGroup
from signaling.store import Group, Store

ROOT = Path(__file__).parent.parent
DEMO = ROOT / ".demo"
TITLE = "Demonstration circle"
CERTIFICATE_DAYS = 30
"""Validity of the self-signed certificate. A week before its end the next start makes another."""
RENEW_SECONDS = 30 * DAY_SECONDS
"""How long before its end the next start issues the facilitator link's certificate anew."""


def write_private(path: Path, data: bytes) -> None:
    """Write a file that nobody else may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    new.replace(path)


def make_certificate(addresses: list[str], now: datetime) -> tuple[bytes, bytes]:
    """A self-signed certificate for these addresses and this machine's loopback, and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hearthside demonstration")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ["127.0.0.1", "::1", *addresses]]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), private


def certificate_covers(pem: bytes, addresses: list[str], now: datetime) -> bool:
    """Whether a certificate is good for another week and for all these addresses."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    covered = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return covered.issuperset(addresses) and certificate.not_valid_after_utc > now + timedelta(days=7)


def public_flags(addresses: list[str], folder: Path, now: datetime) -> dict[str, object]:
    """Flags for the local network, with a certificate made if there is no good one. Raises `Sentence`."""
    if not addresses:
        raise Sentence("This machine has no address in a local network: connect it, or run plain `make run`.")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.exists() and key.exists() and certificate_covers(certificate.read_bytes(), addresses, now)):
        pem, private = make_certificate(addresses, now)
        write_private(key, private)
        write_private(certificate, pem)
    return {"host": "0.0.0.0", "tls_certificate": str(certificate), "tls_key": str(key)}  # noqa: S104 - asked for


def certify(group: Group, root_seed: bytes, role_key: str, now: datetime) -> Group:
    """The group with a certificate that is good for some time yet for this role key. A revoked link stays revoked."""
    revoked = decode_revocations(unb64(group.revocations)).serials if group.revocations else ()
    kept = []
    for text in group.certificates:
        found = decode_certificate(unb64(text))
        if b64(found.role_key) == role_key:
            if found.serial in revoked or found.not_after >= now.timestamp() + RENEW_SECONDS:
                return group
        else:
            kept.append(text)
    return apply_update(group, UpdateGroup(certificates=[first_certificate(root_seed, group.id, now=now), *kept]))


async def demonstration_links(
    store: Store, file: Path, public_url: str, now: datetime
) -> tuple[dict[str, str], str | None]:
    """The demonstration group's links for this address, and why a new group was made if one was."""
    note = None
    try:
        kept = json.loads(file.read_text())  # noqa: ASYNC240 - nothing is served yet that could wait
        participant, facilitator, organiser = (
            parse_link(kept[name]) for name in ("participant", "facilitator", "organiser")
        )
        role_key = b64(public_key(facilitator.seed))
        known = await store.update_group(kept["id"], lambda group: certify(group, organiser.seed, role_key, now))
    except FileNotFoundError:
        known, note = None, "There were no demonstration links yet: a new demonstration group was made."
    except (OSError, ValueError, KeyError, TypeError):
        known, note = None, f"{file} could not be read: a new demonstration group was made."
    else:
        if known is None:
            note = "The demonstration group was no longer in the database: a new one was made."
        elif known.door_key != b64(public_key(participant.seed)):
            known, note = None, "The demonstration group's links were changed: a new demonstration group was made."
    if known is None:
        kept = await create_group(store, Profile(TITLE), public_url)
    origin = urlsplit(public_url)
    made = {
        name: value if name == "id" else urlsplit(value)._replace(scheme=origin.scheme, netloc=origin.netloc).geturl()
        for name, value in kept.items()
    }
    write_private(file, json.dumps(made, indent=2).encode() + b"\n")
    return made, note


@click.command()
@click.option("--public", is_flag=True, help="Serve the local network, with a self-signed certificate.")
def main(public: bool) -> None:
    """Run the server with a demonstration group."""
    flags: dict[str, object] = {}
    if config.PREFIX + "DATA" not in os.environ:
        flags["data"] = str(ROOT / "data")
    if public:
        flags |= public_flags(config.machine_addresses(), DEMO, datetime.now(UTC))
    settings = load_settings(None, **flags)
    logs.set_up(settings.log_level)

    async def started(running: Settings, store: Store) -> None:
        made, note = await demonstration_links(store, DEMO / "links.json", running.public_url, datetime.now(UTC))
        click.echo(describe(running))
        if public:
            click.echo("The certificate is self-signed: browsers warn once; choose to go on.")
        if note:
            click.echo(note)
        for name in ("participant", "facilitator", "organiser"):
            click.echo(f"{name}: {made[name]}")
        sys.stdout.flush()

    from signaling.app import serve  # after the settings are known to be good: it loads the media libraries

    run(serve(settings, started))
