"""Media goes by the monotonic clock, which is read in one place; a wall clock may be set by whoever administers it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOCKS = {
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime",
    "now", "utcnow", "today",
}  # fmt: skip


def readings(package: str) -> set[tuple[str, str]]:
    """Return file and function of each clock that is named, whether it is called there or handed on."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text())
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in CLOCKS
                and isinstance(node.value, ast.Name)
                and node.value.id in ("time", "datetime", "date")
            ):
                found.add((name, f"{node.value.id}.{node.attr}"))
            if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
                found |= {(name, f"{node.module}.{each.name}") for each in node.names if each.name in CLOCKS}
    return found


def test_media_has_one_clock() -> None:
    assert readings("sfu") == {("sfu/io/worker.py", "time.monotonic")}


def test_signaling_counts_from_one_reading_of_the_wall_clock() -> None:
    """What is written for people (a log's line, a certificate's end in a command's answer) may have the calendar's."""
    wall = {name for name, clock in readings("signaling") if clock in ("time.time", "time.time_ns")}
    assert wall == {"signaling/server.py"}
    source = (ROOT / "signaling/server.py").read_text()
    assert source.count("time.time") == 1
    assert "self._offset = time.time() - time.monotonic()" in source
