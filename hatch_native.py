"""Compiles the hot path's twin, the C of `sfu/native`: `python hatch_native.py` puts it beside its source.

The package's build does the same (`hatch_build.py`). It needs Linux, a C compiler, Python's headers and cffi; without
them Hearthside works as well, at a higher cost per packet, and says so when it starts.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cffi import FFI

SOURCES = Path("sfu") / "native"

FLAGS = [
    "-O2", "-std=c11", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror=implicit-function-declaration",
    "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-D_DEFAULT_SOURCE",
    "-Wl,-z,relro,-z,now", "-ffp-contract=off",
]  # fmt: skip
"""Of the compiler. From the stack protector on they let a mistake in the C end the process instead of running on; the
last keeps sums as Python makes them, where a processor could multiply and add in one step without rounding between."""

PARTS = ("fan_out", "feedback", "receive")
"""Each a `.c`, and a `.h` that cffi reads; one module each."""


class BuildError(Exception):
    """The twin could not be compiled; the text says why."""


def build(root: Path, folder: Path, *, flags: tuple[str, ...] = ()) -> list[Path]:
    """Compile the twin of the checkout at ``root`` into ``folder``, with these flags more; return the files.

    Raises `BuildError`.
    """
    if sys.platform != "linux":
        raise BuildError("it knows Linux' sockets alone")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    if shutil.which(compiler[0]) is None:
        raise BuildError("there is no C compiler")
    try:
        from cffi import FFI
    except ImportError:
        raise BuildError("cffi is missing") from None
    with tempfile.TemporaryDirectory() as temporary:
        made = [_build(part, root / SOURCES, Path(temporary), FFI(), [*compiler, *FLAGS, *flags]) for part in PARTS]
        return [Path(shutil.move(each, folder / each.name)) for each in made]  # all or none: they share structures


def _build(part: str, sources: Path, folder: Path, ffi: FFI, compiler: list[str]) -> Path:
    ffi.cdef((sources / f"{part}.h").read_text())
    # Declared in Python, defined in C: one file for both, so that they cannot differ.
    ffi.set_source(f"sfu.native._{part}", (sources / f"{part}.c").read_text())
    generated, made = folder / f"_{part}.c", folder / f"_{part}.abi3.so"
    with contextlib.redirect_stdout(None):
        ffi.emit_c_code(str(generated))
    include = sysconfig.get_path("include")
    command = [*compiler, f"-I{sources}", f"-I{include}", "-o", str(made), str(generated)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"the compiler refused it: {done.stderr.strip().splitlines()[-1:]}")
    return made


if __name__ == "__main__":
    folder = Path(__file__).parent / SOURCES
    try:
        build(Path(__file__).parent, folder, flags=tuple(sys.argv[1:]))
    except BuildError as error:
        for part in PARTS:  # what was built of other sources
            (folder / f"_{part}.abi3.so").unlink(missing_ok=True)
        sys.exit(f"The compiled hot path was not built, each packet will cost more: {error}.")
