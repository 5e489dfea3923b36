"""The SFU's imports go one way, and its core knows neither sockets nor clocks nor chance."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "sfu"

LAYERS = {
    "control": 0,
    "rtp": 0,
    "native": 1,
    "ice": 2,
    "streams": 2,
    "bwe": 2,
    "forwarding": 3,
    "peer": 4,
    "refusals": 4,
    "publisher": 4,
    "subscriber": 4,
    "io": 5,
}
"""Each may import from those below it and from itself; `control` is what all of them are asked in terms of."""

WORLD = {"asyncio", "logging", "random", "secrets", "select", "socket", "ssl", "threading", "time", "datetime", "os"}


def files() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def layer(path: Path) -> str:
    part = path.relative_to(ROOT).parts[0]
    return part.removesuffix(".py")


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(path: Path) -> None:
    own = layer(path)
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] not in {"signaling", "web", "tests"}
        if parts[0] == "sfu" and len(parts) > 1:
            assert LAYERS[parts[1]] < LAYERS[own] or parts[1] == own or LAYERS[own] == 4 == LAYERS[parts[1]]


@pytest.mark.parametrize(
    "path", [path for path in files() if layer(path) != "io"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_core_does_no_io(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)}.isdisjoint(WORLD)


def test_private_names_of_aiortc_and_pylibsrtp_stay_in_their_files() -> None:
    for path in files():
        modules = {name.split(".")[0] for name in imports(path)}
        if "aiortc" in modules:
            assert path == ROOT / "io" / "dtls.py"
        if "pylibsrtp._binding" in imports(path):
            assert path == ROOT / "io" / "srtp.py"


def test_files_stay_readable() -> None:
    for path in files():
        assert len(path.read_text().splitlines()) <= 420, path
