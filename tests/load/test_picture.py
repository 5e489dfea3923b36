"""What the README shows is what was measured, and the picture can be read without seeing it."""

import itertools
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from tests.load import picture
from tests.load.machine import ALLOWED
from tests.load.measure import Run
from tests.load.picture import BEGIN, END, draw, fill, long_table, short_table
from tests.load.record import Record, Tried
from tests.load.result import Result
from tests.load.scenarios import SCENARIOS

SVG = "{http://www.w3.org/2000/svg}"


def tried(load: float, core: float, *, disturbed: float = 0.0) -> Tried:
    result = Result("", "", expected=load, received=load, cpu=core, p50=100.0, p99=400.0, memory=2.0**20, join=0.1)
    return Tried([Run(result, disturbed, "")])


@pytest.fixture
def record() -> Record:
    names = ("hearthside", "janus", "mediasoup")
    loads = {"6": 3_300.0, "12": 14_520.0, "20": 41_800.0, "30": 95_700.0, "10x4": 13_200.0}
    cost = {"hearthside": 7e-6, "janus": 14e-6, "mediasoup": 8e-6}
    done = {name: {sfu: tried(load, load * cost[sfu]) for sfu in names} for name, load in loads.items()}
    traffic = dict.fromkeys(loads, "sound")
    return Record("command", "machine", "abc", "2026-01-02", 1, dict.fromkeys(names, "much"), traffic, done)


def test_the_documents_show_what_was_measured() -> None:
    record = Record.load(picture.DATA)
    assert picture.PICTURE.read_text() == draw(record)
    for path, content in ((picture.README, short_table(record)), (picture.BENCHMARKS, long_table(record))):
        text = path.read_text()
        assert fill(text, content) == text, f"{path.name} shows something else than was measured: {picture.__doc__}"


def test_every_scenario_and_server_was_measured_or_it_is_said() -> None:
    record = Record.load(picture.DATA)
    assert record.tried.keys() <= SCENARIOS.keys()
    assert all(f"| {picture.people(one)} | all | - |" in long_table(record) for one in picture.missing(record))
    assert all(done.keys() == picture.NAMES.keys() for done in record.tried.values())


def test_a_line_for_each_scenario(record: Record) -> None:
    lines = short_table(record).splitlines()
    assert lines[3] == "| 12, all to all | 14,520 | 7.0 µs, p99 0.40 ms | 14.0 µs, p99 0.40 ms | 8.0 µs, p99 0.40 ms |"
    assert lines[-1] == "`command`, 2026-01-02, version abc; machine. One run each."
    assert len([line for line in long_table(record).splitlines() if line.startswith("| 12, all to all | ")]) == 3


def test_what_does_not_count_is_said_beside_the_figure(record: Record) -> None:
    record.tried["12"]["janus"] = tried(14_520.0, 0.2, disturbed=2 * ALLOWED)
    record.tried["6"]["janus"] = Tried([], ["OSError: why"])
    lines = short_table(record).splitlines()
    assert "13.8 µs, p99 0.40 ms (disturbed)" in lines[3]
    assert "| FAILED |" in lines[2]
    assert lines[-1].endswith("are not to be quoted:** 6, all to all, Janus; 12, all to all, Janus.")
    assert "0 of 1 (disturbed)" in long_table(record)


def test_scenarios_that_are_newer_than_the_record_are_said_to_be_missing(record: Record) -> None:
    del record.tried["12"]
    cells = " | ".join(["not measured yet"] * 3)
    assert f"| 12, all to all | 14,520 | {cells} |" in short_table(record)


def test_losses_are_told(record: Record) -> None:
    run = record.tried["30"]["janus"].runs[0]
    record.tried["30"]["janus"].runs[0] = replace(run, result=replace(run.result, received=0.9 * run.result.expected))
    assert "10.0% lost" in short_table(record)


def test_the_picture_shows_every_figure_and_says_it_in_words(record: Record) -> None:
    root = ElementTree.fromstring(draw(record))
    assert root.attrib["role"] == "img"
    named = root.attrib["aria-labelledby"].split()
    assert [each.attrib["id"] for each in root if each.tag in (f"{SVG}title", f"{SVG}desc")] == named
    words = root.findtext(f"{SVG}desc") or ""
    assert "Janus: 14.0 µs (6, all to all), 14.0 µs (10 rooms of 4)" in words
    marks = [each for each in root.iter(f"{SVG}g") if "mark" in each.attrib["class"]]
    assert len(marks) == 15
    assert len([each for each in marks if "hollow" in each.attrib["class"]]) == 3
    curves = list(root.iter(f"{SVG}polyline"))
    assert [len(each.attrib["points"].split()) for each in curves] == [4, 4, 4]
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
    assert "busy" not in draw(record)
    record.tried["6"]["janus"] = tried(3_300.0, 0.2, disturbed=2 * ALLOWED)
    assert "The machine was busy" in draw(record)


def test_names_at_the_ends_of_curves_keep_apart(record: Record) -> None:
    root = ElementTree.fromstring(draw(record))
    names = [each for each in root.iter(f"{SVG}text") if "name" in each.attrib["class"]]
    heights = sorted(float(each.attrib["y"]) for each in names)
    assert len(heights) == 3
    assert all(low - high >= picture.APART - 0.1 for high, low in itertools.pairwise(heights))


def test_a_table_stands_between_its_marks() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert fill(text, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter"
    assert fill(fill(text, "new"), "new") == fill(text, "new")
    with pytest.raises(ValueError, match="no place"):
        fill("before", "new")
