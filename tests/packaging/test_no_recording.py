"""The sources hold nothing that could record: recordings_disabled.md names this file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The command that starts the demonstration keeps its links; the schema's writer writes documents. Neither is installed.
NOT_INSTALLED = {ROOT / "signaling" / "demo.py", ROOT / "signaling" / "schema.py"}
SERVER = sorted(
    path
    for folder in ("sfu", "signaling", "web")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
CLIENT = sorted(path for path in (ROOT / "web" / "client").rglob("*") if path.suffix in (".ts", ".tsx"))

DECODERS = {
    "av",
    "aiortc.contrib",
    "aiortc.mediastreams",
    "aiortc.codecs",
    "aiortc.rtcrtpreceiver",
    "cv2",
    "numpy",
    "wave",
}
"""Modules that decode or hold media in clear."""
FILE_WRITERS = {"write_text", "write_bytes", "makedirs", "mkstemp", "NamedTemporaryFile", "TemporaryFile", "sendfile"}
IN_THE_BROWSER = re.compile(
    r"MediaRecorder|captureStream|showSaveFilePicker|MediaStreamTrackProcessor|ImageCapture|decodeAudioData"
    r"|\.toBlob\(|\.toDataURL\(|new VideoDecoder|new AudioDecoder|\bdownload="
)
KEEPS_REJOIN_KEY = {"worker.ts", "rejoin_store.ts"}
"""The two files that may touch the browser's database: it keeps the proof of a return and nothing that was said."""


def python_recorders(source: str) -> Iterator[str]:
    """Imports of decoders and calls that write files."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if any(name == decoder or name.startswith(decoder + ".") for decoder in DECODERS):
                yield f"imports {name}"
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in FILE_WRITERS:
                yield f"calls {called}"
            if called == "open" and any(
                isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and set(value.value) & set("wax+")
                and len(value.value) <= 3
                for value in [*node.args, *(keyword.value for keyword in node.keywords)]
            ):
                yield "opens a file for writing"


def test_there_are_sources_to_look_at() -> None:
    assert len(SERVER) > 20
    assert len(CLIENT) > 10


@pytest.mark.parametrize("path", [path for path in SERVER if path not in NOT_INSTALLED], ids=lambda path: path.name)
def test_the_server_decodes_nothing_and_writes_no_file(path: Path) -> None:
    assert list(python_recorders(path.read_text())) == []


@pytest.mark.parametrize("path", CLIENT, ids=lambda path: path.name)
def test_the_page_records_nothing(path: Path) -> None:
    found = IN_THE_BROWSER.search(path.read_text())
    assert found is None, f"{path}: {found and found[0]}"
    assert path.name in KEEPS_REJOIN_KEY or "indexedDB" not in path.read_text(), path


@pytest.mark.parametrize(
    "source",
    [
        "import av",
        "from aiortc.contrib.media import MediaRecorder",
        "from aiortc import mediastreams",
        "import wave",
        "open('x', 'wb')",
        "path.open(mode='a')",
        "path.write_bytes(frame)",
        "tempfile.NamedTemporaryFile()",
    ],
)
def test_a_recorder_on_the_server_would_be_found(source: str) -> None:
    assert list(python_recorders(source))


@pytest.mark.parametrize("source", ["new MediaRecorder(stream)", "canvas.toBlob(keep)", "video.captureStream()"])
def test_a_recorder_in_the_page_would_be_found(source: str) -> None:
    assert IN_THE_BROWSER.search(source)
