"""The two repairs of the sources: made once, and refused where the sources are others."""

from pathlib import Path

import pytest

from tests.load.mediasoup.build import REPAIRS, repair


def write(folder: Path) -> None:
    for name in {name for name, _, _ in REPAIRS}:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(f"before {old} after\n" for other, old, _ in REPAIRS if other == name))


def test_repairs_are_made_once(tmp_path: Path) -> None:
    write(tmp_path)
    repair(tmp_path)
    once = [(tmp_path / name).read_text() for name, _, _ in REPAIRS]
    for text, (_, old, new) in zip(once, REPAIRS, strict=True):
        assert new in text
        assert old not in text
    repair(tmp_path)
    assert [(tmp_path / name).read_text() for name, _, _ in REPAIRS] == once


def test_other_sources_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / REPAIRS[0][0]).write_text("something else")
    with pytest.raises(ValueError, match="is not that of mediasoup"):
        repair(tmp_path)
