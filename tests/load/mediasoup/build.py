"""Build mediasoup's media worker: `python -m tests.load.mediasoup.build`, six minutes of one core.

The npm package of 3.8.4 carries the sources of the worker and of all that it links. Needed: Node.js 20, make, a C++
compiler, and a Python of 3.11 or 3.12, which its build tool runs on. Two lines of these sources are older than today's
Python and C library, and are changed first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCES = FOLDER / "node_modules/mediasoup/worker"
WORKER = SOURCES / "out/Release/mediasoup-worker"

REPAIRS = (
    # Python 3.10 took the old names of abstract collections away.
    ("deps/gyp/pylib/gyp/common.py", "import collections\n", "import collections.abc\n"),
    ("deps/gyp/pylib/gyp/common.py", "collections.MutableSet", "collections.abc.MutableSet"),
    # glibc 2.34 made SIGSTKSZ a call of sysconf, which returns a long.
    (
        "deps/libwebrtc/deps/abseil-cpp/abseil-cpp/absl/debugging/failure_signal_handler.cc",
        "std::max(SIGSTKSZ, 65536)",
        "std::max<size_t>(SIGSTKSZ, 65536)",
    ),
)


def missing() -> list[str]:
    """Return the programs that the build needs and does not find."""
    return [program for program in ("node", "npm", "make", "c++") if not shutil.which(program)]


def repair(sources: Path) -> None:
    """Change what today's tools refuse; raises ValueError where a line is not as it is known."""
    for name, old, new in REPAIRS:
        path = sources / name
        text = path.read_text()
        if new not in text:
            if text.count(old) != 1:
                raise ValueError(f"{name} is not that of mediasoup 3.8.4")
            path.write_text(text.replace(old, new))


def main() -> None:
    """Install the package, build, and say where the worker is."""
    if lacking := missing():
        sys.exit(f"mediasoup's worker needs {', '.join(lacking)} to be built")
    subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, check=True)
    repair(SOURCES)
    environment = os.environ | {"PYTHON": sys.executable, "CORES": str(os.cpu_count() or 1)}
    subprocess.run(["make", "-C", str(SOURCES)], env=environment, check=True)
    print(WORKER)


if __name__ == "__main__":
    main()
