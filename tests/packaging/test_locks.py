import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"]


def locked(name: str) -> dict[str, str]:
    """Each requirement of a lock file with the lines that belong to it."""
    found: dict[str, str] = {}
    for line in (ROOT / name).read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==", line):
            current = re.sub(r"[._]", "-", match[1]).lower()
            found[current] = found.get(current, "") + line
        elif line.startswith("    "):
            found[current] += line
    return found


def names(requirements: list[object]) -> set[str]:
    """Names of the packages in pyproject.toml's lists."""
    return {
        re.sub(r"[._]", "-", re.split(r"[\[<>=~! ]", text)[0]).lower() for text in requirements if isinstance(text, str)
    }


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    packages = locked(name)
    assert packages
    for package, lines in packages.items():
        assert "--hash=sha256:" in lines, package


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert names(project["project"]["dependencies"]) <= set(locked("requirements.lock"))
    assert names(groups["dev"]) <= set(locked("requirements-dev.lock"))
    assert names(groups["build"]) <= set(locked("requirements-build.lock"))


def test_the_locks_agree_with_each_other() -> None:
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    for package, lines in run.items():
        assert re.findall(r"==([\w.]+)", dev[package]) == re.findall(r"==([\w.]+)", lines), package


def test_the_clients_packages_are_pinned_and_locked_without_a_host() -> None:
    package = json.loads((ROOT / "web" / "package.json").read_text())
    text = (ROOT / "web" / "package-lock.json").read_text()
    lock = json.loads(text)["packages"]
    assert '"resolved"' not in text
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
        assert lock[f"node_modules/{name}"]["version"] == version
        assert lock[f"node_modules/{name}"]["integrity"].startswith("sha512-")


def test_every_platforms_optional_packages_are_listed() -> None:
    # `npm ci` refuses a lock file that lacks one, also on platforms that would not install it.
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    for holder, entry in lock.items():
        for name in entry.get("optionalDependencies", {}):
            assert f"node_modules/{name}" in lock or f"{holder}/node_modules/{name}" in lock, name
