"""The ``hearthside`` command. Every error is one sentence with its remedy; exit code 1, or 2 for wrong usage."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import unicodedata
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from signaling import __version__, config, links, logs
from signaling.certificates import DAY_SECONDS, LIFETIME_SECONDS, SERIAL_BYTES, issue_certificate
from signaling.config import ConfigError, Settings
from signaling.database import StoreError
from signaling.links import GROUP_ID, GroupKeys, b64
from signaling.listen import StartError, numbers, ports, tls_context
from signaling.store import GRACE_SECONDS, Group, Store

MAX_TITLE_CHARS = 200
"""Longest title, characters: four bytes each and JSON's escapes still fit the 1 KiB size class."""

MAX_GRACE_MINUTES = 120
"""Longest grace time: a meeting of the usual length. Longer would leave people in a room that nobody looks after."""

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates (UAX #9, section 2): unclosed, they turn around what stands beside the title."""

MAX_INPUT_BYTES = 65_536
"""How much of standard input is read as a title: more than any that is taken, and not without end."""

NO_SUCH_GROUP = "There is no group with this id: `hearthside group list` shows all."

Answer = TypeVar("Answer")


class Sentence(click.ClickException):
    """An error for people: the sentence alone on standard error."""

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(self.message, err=True)


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine and turn the errors that operators can mend into sentences."""
    try:
        return asyncio.run(work)
    except (ConfigError, StartError, StoreError) as error:
        raise Sentence(str(error)) from None


def load_settings(config_file: Path | None, **flags: object) -> Settings:
    """Settings from all sources; flags that were not given (None, or nothing repeated) do not count."""
    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    try:
        return config.load(given, config=config_file)
    except ConfigError as error:
        raise Sentence(str(error)) from None


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that every command takes."""
    data = click.option("--data", help="Folder of the database.")
    # Whether it can be read is for `config` to say, in one sentence and with the file's other faults.
    path = click.Path(path_type=Path, readable=False)
    file = click.option("--config", "config_file", type=path, help="Settings file (TOML).")
    return data(file(command))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hearthside", message="%(prog)s %(version)s")
def main() -> None:
    """End-to-end-encrypted video meetings for peer-support groups, on a server of your own."""


# -- serve ----------------------------------------------------------------------------------------------------------


def describe(settings: Settings) -> str:
    """What an operator needs to know of a server that has just started. No link, no group."""
    shown = ", ".join(settings.media_addresses)
    lines = [
        f"Hearthside {__version__}",
        f"  pages:  {settings.public_url}",
        f"  media:  {_media_ports(settings)}, told to browsers as {shown}",
        f"  data:   {settings.data if settings.database_url is None else 'the database of database_url'}",
    ]
    if settings.turn_urls:
        lines.append(f"  relay:  {', '.join(settings.turn_urls)}")
    if not config.is_loopback(settings.host):
        tcp = numbers([settings.port, *settings.media_tcp_ports])
        lines.append(f"  open in the firewall: TCP {tcp}, UDP {numbers(settings.media_ports)}")
    if not settings.secure:
        lines.append(
            f"Warning: {settings.public_url} is not https, so browsers will give it neither camera nor keys and nobody "
            "can join. Set --tls-certificate and --tls-key, or --public-url to the https address of a reverse proxy."
        )
    return "\n".join(lines)


def _media_ports(settings: Settings) -> str:
    tcp = f" and {ports('TCP', settings.media_tcp_ports)}" if settings.media_tcp_ports else ""
    return f"{ports('UDP', settings.media_ports)}{tcp}"


@main.command("serve")
@common
@click.option("--host", help=f"Address for pages and WebSockets.  [default: {config.DEFAULT_HOST}]")
@click.option("--port", help=f"TCP port for pages and WebSockets.  [default: {config.DEFAULT_PORT}]")
@click.option("--media-port", help=f"First UDP port for voice and picture.  [default: {config.DEFAULT_MEDIA_PORT}]")
@click.option("--media-tcp-port", help="First TCP port for those whose network blocks UDP; 0: none.  [default: 0]")
@click.option("--media-workers", help="Processes for media, each with a port of its own.  [default: cores less one]")
@click.option("--media-address", multiple=True, help="Where browsers find the media port; may repeat.")
@click.option("--public-url", help="The address as people type it, like https://meet.example.org.")
@click.option("--video-codec", help="vp8, or auto: VP9 while everybody's browser decodes it.  [default: vp8]")
@click.option("--tls-certificate", help="Certificate chain, PEM.")
@click.option("--tls-key", help="The certificate's key, PEM.")
def serve_command(config_file: Path | None, **flags: object) -> None:
    """Run the server until Ctrl-C or SIGTERM."""
    settings = load_settings(config_file, **flags)
    logs.set_up(settings.log_level)

    async def started(running: Settings, _: Store) -> None:
        click.echo(describe(running))

    from signaling.app import serve  # here, so that the other commands need not wait for the media libraries

    run(serve(settings, started))


# -- group ----------------------------------------------------------------------------------------------------------


@main.group("group")
def group_commands() -> None:
    """Create, list and delete groups. Works while the server runs."""


def clean_title(text: str) -> str:
    """A group's title as it is sealed. Raises `Sentence` if it is empty, too long or holds control characters."""
    title = unicodedata.normalize("NFC", text).strip()
    if not title:
        raise Sentence("The title is empty: give the group a name, for example 'Thursday circle'.")
    if len(title) > MAX_TITLE_CHARS:
        raise Sentence(f"The title has {len(title)} characters, and at most {MAX_TITLE_CHARS} fit: shorten it.")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in BIDI_CONTROLS for char in title):
        raise Sentence("The title holds a line break or another control character: write it on one line.")
    return title


def first_certificate(organiser: bytes, group: str, *, now: datetime) -> str:
    """A certificate for facilitator link no. 1, base64url. `organiser` is the root seed.

    It begins a day earlier: a certificate from a server whose clock is ahead should not wait for the people's clocks.
    """
    seconds = int(now.timestamp())
    issued = issue_certificate(
        organiser,
        group=links.unb64(group),
        role_key=links.public_key(links.role_seed(organiser, 1)),
        not_before=seconds - DAY_SECONDS,
        not_after=seconds + LIFETIME_SECONDS,
        serial=secrets.token_bytes(SERIAL_BYTES),
    )
    return b64(issued.encode())


async def create_group(
    store: Store, profile: links.Profile, public_url: str, *, grace_seconds: int = GRACE_SECONDS
) -> dict[str, str]:
    """Make a group's keys, keep its public half and return id and links. The profile is sealed before it is stored."""
    group = b64(secrets.token_bytes(links.GROUP_ID_BYTES))
    while group.startswith("-"):  # `group delete` would take it for an option
        group = b64(secrets.token_bytes(links.GROUP_ID_BYTES))
    keys = GroupKeys(group, secrets.token_bytes(links.ROOM_SECRET_BYTES), secrets.token_bytes(links.SEED_BYTES))
    sealed = links.seal_profile(keys.room_secret, keys.group, profile, nonce=secrets.token_bytes(links.NONCE_BYTES))
    now = datetime.now(UTC)
    await store.create_group(
        Group(
            id=keys.group,
            created=now,
            root_key=b64(keys.root_key),
            door_key=b64(keys.door_key),
            role_keys=[b64(keys.role_key(1))],
            profile=sealed,
            certificates=[first_certificate(keys.root_seed, keys.group, now=now)],
            grace_seconds=grace_seconds,
        )
    )
    return {"id": keys.group, **keys.links(public_url)}


@group_commands.command("create")
@common
@click.argument("title")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: id, participant, facilitator, organiser.")
@click.option(
    "--grace-minutes",
    type=click.IntRange(1, MAX_GRACE_MINUTES),
    default=GRACE_SECONDS // 60,
    show_default=True,
    help="How long a meeting goes on without a facilitator.",
)
@click.option("--many-screens", is_flag=True, help="Let several people share their screens at once.")
def create_command(
    config_file: Path | None, data: str | None, title: str, as_json: bool, grace_minutes: int, many_screens: bool
) -> None:
    """Create a group and print its links. TITLE '-' reads the title from standard input."""
    settings = load_settings(config_file, data=data)
    profile = links.Profile(clean_title(_standard_input() if title == "-" else title), many_screens)

    async def work() -> tuple[str, dict[str, str]]:
        store = await Store.open(settings.database)
        try:
            url = settings.public_url
            if not settings.public_url_given:
                url = await store.public_url() or url
            return url, await create_group(store, profile, url, grace_seconds=grace_minutes * 60)
        finally:
            await store.close()

    url, made = run(work())
    if as_json:
        click.echo(json.dumps(made))
    else:
        click.echo("\n".join(f"{name}: {made[name]}" for name in ("participant", "facilitator", "organiser")))
    click.echo(
        "Whoever ran this command, or reads its output, has seen the group's keys. Hand the links on over a channel "
        "you trust, then clear this screen: the server keeps no copy and cannot show them again.",
        err=True,
    )
    if not config.is_secure(url):
        click.echo(f"Warning: {url} is not https; browsers will not let anybody join from another machine.", err=True)


@group_commands.command("list")
@common
def list_command(config_file: Path | None, data: str | None) -> None:
    """List ids and dates. Titles are sealed: the server cannot read them."""
    settings = load_settings(config_file, data=data)

    async def work() -> list[tuple[str, datetime]]:
        store = await Store.open(settings.database)
        try:
            return await store.list_groups()
        finally:
            await store.close()

    for group, created in run(work()):
        click.echo(f"{group}  {created:%Y-%m-%d %H:%M} UTC")


@group_commands.command("delete")
@common
@click.argument("group", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_command(config_file: Path | None, data: str | None, group: str, yes: bool) -> None:
    """Delete a group, its links and a meeting that is running. There is no undo."""
    settings = load_settings(config_file, data=data)
    if not GROUP_ID.fullmatch(group):
        raise Sentence(NO_SUCH_GROUP)
    if not yes:
        click.confirm("Delete this group, its links and a meeting that is running? There is no undo.", abort=True)

    async def work() -> bool:
        store = await Store.open(settings.database)
        try:
            return await store.delete_group(group)
        finally:
            await store.close()

    if not run(work()):
        raise Sentence(NO_SUCH_GROUP)
    click.echo("The group is deleted; a running meeting ends within two seconds.")


# -- config ---------------------------------------------------------------------------------------------------------


@main.group("config")
def config_commands() -> None:
    """Look at the settings."""


@config_commands.command("check")
@common
def check_command(config_file: Path | None, data: str | None) -> None:
    """Read all settings as `serve` would, and print what they come to."""
    settings = load_settings(config_file, data=data)
    if settings.tls_certificate and settings.tls_key:
        try:
            tls_context(settings.tls_certificate, settings.tls_key)
        except StartError as error:
            raise Sentence(str(error)) from None
    click.echo(describe(settings))
    click.echo("These settings are good.")


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read(MAX_INPUT_BYTES).decode()
    except UnicodeDecodeError:
        raise Sentence("The title on standard input is not UTF-8 text.") from None


if __name__ == "__main__":
    main()
