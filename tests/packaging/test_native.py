"""The compiled hot path: built where there is a compiler, and a sentence where there is none."""

import importlib.util
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def test_it_is_built_with_every_warning_and_loads(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("this machine has no C compiler")
    made = runpy.run_path(str(ROOT / "hatch_native.py"))["build"](ROOT, tmp_path, flags=("-Werror",))
    assert {part.parent for part in made} == {tmp_path}
    module, feedback, receive = (_load(part) for part in made)
    left = module.ffi.new("int32_t[1]")
    packet = module.ffi.new("struct packet *", {"size": 1501})
    copies = module.ffi.new("struct copy *[1]", [module.ffi.NULL])
    assert module.lib.fan_out(copies, 1, 1, packet, module.ffi.NULL, left) == 1, "too long to be looked at"
    assert feedback.lib.check_feedback(bytes(15), 15) == -1
    way = receive.ffi.new("char[512]")
    inlet = receive.ffi.new("struct inlet *", {"way": receive.ffi.cast("void *", way)})
    assert receive.lib.take(inlet, receive.ffi.new("uint8_t[12]"), 12, 0.0) == 0, "without keys all is Python's"


def _load(part: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"sfu.native.{part.name.split('.')[0]}", part)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def test_without_a_compiler_it_is_one_sentence(checkout: Path, tmp_path: Path) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho a reason >&2\nexit 1\n")
    broken.chmod(0o755)
    for built in (checkout / "sfu" / "native").glob("*.so"):  # `make run` may have been there
        built.unlink()
    for compiler, why in (("no-such-compiler", "there is no C compiler"), (str(broken), "the compiler refused it")):
        done = subprocess.run(
            [sys.executable, "hatch_native.py"],
            cwd=checkout, env={"CC": compiler, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert why in done.stderr
        assert not list((checkout / "sfu" / "native").glob("*.so"))
