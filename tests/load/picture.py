"""Draw what was measured: `python -m tests.load.picture`.

Reads `docs/yardstick.json`, writes `docs/images/cost.svg`, and the tables between the marks in README.md and
docs/benchmarks.md. Nothing in these comes from anywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from pathlib import Path

from tests.load.aims import aims
from tests.load.record import Record
from tests.load.scenarios import SCENARIOS, outgoing

ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs/yardstick.json"
PICTURE = ROOT / "docs/images/cost.svg"
README = ROOT / "README.md"
BENCHMARKS = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- written by tests/load/picture.py -->", "<!-- /written -->"

NAMES = {"hearthside": "Hearthside", "janus": "Janus", "mediasoup": "mediasoup"}
PEOPLE = {
    "1-to-20": "1 to 20",
    "10x4": "10 rooms of 4",
    "one-speaker": "30, one large and eight small pictures each",
    "simulcast": "12, simulcast",
    "12-layers": "12, all to all, with temporal layers and the Dependency Descriptor",
}
"""How scenarios are called where that is not "so many, all to all"."""
NOT_YET = "not measured yet"

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 640, 84, 376
"""Pixels: the picture, and the field of the curves in it."""
FIRST, LAST = 2_000, 120_000
"""Packets a second at the left and right edge."""
STEP = 5
"""Microseconds between two lines of the grid."""
APART = 16
"""Pixels between two names at the ends of curves."""

_STYLE = """
text { font: 13px system-ui, sans-serif } text.head { font-size: 16px; font-weight: 600 } text.name { font-weight: 600 }
.paper, .mark.hollow { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
.hearthside { stroke: #0969da; fill: #0969da } .janus { stroke: #bc4c00; fill: #bc4c00 }
.mediasoup { stroke: #1a7f37; fill: #1a7f37 }
.mark { stroke-width: 2 } polyline.curve { fill: none; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
.paper, .mark.hollow { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
.hearthside { stroke: #58a6ff; fill: #58a6ff } .janus { stroke: #f0883e; fill: #f0883e }
.mediasoup { stroke: #3fb950; fill: #3fb950 }
}
"""


def people(scenario: str) -> str:
    """Return what a scenario is called in a table."""
    return PEOPLE.get(scenario, f"{scenario}, all to all")


def short_table(record: Record) -> str:
    """Return the README's table: cost and slowest packets of each scenario and SFU."""
    sfus = list(record.does)
    head = ["people", "packets out/s", *(NAMES[sfu] for sfu in sfus)]
    lines = [_row(head), _row(["---"] * len(head))]
    for scenario, done in record.tried.items():
        cells = []
        for sfu in sfus:
            result, remark = done[sfu].figures(record.wanted), done[sfu].remark(record.wanted)
            if result is None:
                cells.append(remark)
                continue
            lost = 1 - result.received / result.expected
            told = f"{result.cost:.1f} µs, p99 {_milliseconds(result.p99)}"
            told += f", {lost:.1%} lost" if lost >= 0.0005 else ""
            cells.append(f"{told} ({remark})" if remark else told)
        lines.append(_row([people(scenario), f"{outgoing(SCENARIOS[scenario]):,}", *cells]))
    lines += [_row([people(one), f"{outgoing(SCENARIOS[one]):,}", *[NOT_YET] * len(sfus)]) for one in missing(record)]
    return "\n".join([*lines, "", _source(record)])


def long_table(record: Record) -> str:
    """Return all figures, a line for each scenario and SFU."""
    head = ["people", "SFU", "packets out/s", "µs a packet", "of a core", "p50", "p99", "lost", "memory each", "join"]
    lines = [_row([*head, "runs that count"]), _row(["---"] * (len(head) + 1))]
    for scenario, done in record.tried.items():
        for sfu, tried in done.items():
            result, remark = tried.figures(record.wanted), tried.remark(record.wanted)
            count = f"{len(tried.counting)} of {tried.tries}" + (f" ({remark})" if remark else "")
            if result is None:
                lines.append(_row([people(scenario), NAMES[sfu], *["-"] * 8, count]))
                continue
            figures = [
                f"{result.received:,.0f}",
                f"{result.cost:.1f}",
                f"{result.cpu:.1%}",
                _milliseconds(result.p50),
                _milliseconds(result.p99),
                f"{max(0.0, 1 - result.received / result.expected):.2%}",
                f"{result.memory / 2**20:.2f} MiB",
                f"{1000 * result.join:.0f} ms",
            ]
            lines.append(_row([people(scenario), NAMES[sfu], *figures, count]))
    lines += [_row([people(one), "all", *["-"] * 8, NOT_YET]) for one in missing(record)]
    does = [f"- {NAMES[sfu]}: {told}." for sfu, told in record.does.items()]
    sends = [f"- {people(scenario)}: {told}." for scenario, told in record.traffic.items()]
    return "\n".join([*lines, "", _source(record), "", *does, "", *sends, "", aims_table(record)])


def aims_table(record: Record) -> str:
    """Return what is aimed at, what was measured of it, and whether that is reached."""
    lines = [_row(["aimed at", "at most", "measured", "so it is"]), _row(["---"] * 4)]
    told = aims(record, {scenario: people(scenario) for scenario in SCENARIOS})
    return "\n".join([*lines, *(_row(aim.row(record)) for aim in told)])


def missing(record: Record) -> list[str]:
    """Return the scenarios that are newer than the record."""
    return [scenario for scenario in SCENARIOS if scenario not in record.tried]


def draw(record: Record) -> str:
    """Return the picture: cost against load, a curve for each SFU where all send to all, and a mark for all else."""
    shown = dict(_points(record))
    top = STEP * math.ceil(max((each for points in shown.values() for _, _, each in points), default=1.0) / STEP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">',
        '<title id="t">CPU time for each forwarded packet, against packets forwarded in a second</title>',
        f'<desc id="d">{escape(_described(record, shown))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        '<text class="ink head" x="20" y="30">What forwarding one packet costs</text>',
        '<text class="faint" x="20" y="52">Microseconds of CPU time for each packet out, everything included; less is'
        " better.</text>",
    ]
    if any(tried.remark(record.wanted) for done in record.tried.values() for tried in done.values()):
        told = "The machine was busy with other things: some of these figures are not to be quoted."
        parts.append(f'<text class="ink" x="20" y="70">{told}</text>')
    for value in range(0, top + 1, STEP):
        y = _y(value, top)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="faint" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{value} µs</text>')
    for value in (2_000, 5_000, 10_000, 20_000, 50_000, 100_000):
        x = _x(value)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{BOTTOM}" y2="{BOTTOM + 5}"/>')
        parts.append(f'<text class="faint" x="{x:.1f}" y="{BOTTOM + 20}" text-anchor="middle">{value:,}</text>')
    note = "packets out a second; joined: 6, 12, 20 and 30 people, all to all; hollow: the other scenarios"
    parts.append(f'<text class="faint" x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">{note}</text>')
    ends = []
    for sfu, points in shown.items():
        curve = [(_x(load), _y(each, top)) for scenario, load, each in points if SCENARIOS[scenario].all_to_all_once]
        if curve:
            joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in curve)
            parts.append(f'<polyline class="curve {sfu}" points="{joined}"/>')
            ends.append((curve[-1][1], sfu))
        for scenario, load, each in points:
            hollow = "" if SCENARIOS[scenario].all_to_all_once else " hollow"
            told = f"{NAMES[sfu]}, {people(scenario)}: {each:.1f} µs at {load:,.0f} packets a second"
            shape = _shape(sfu, _x(load), _y(each, top))
            parts.append(f'<g class="mark {sfu}{hollow}"><title>{escape(told)}</title>{shape}</g>')
    lowest = -math.inf
    for y, sfu in sorted(ends):
        lowest = max(y, lowest + APART)
        parts.append(_shape(sfu, RIGHT + 16, lowest).replace("/>", f' class="mark {sfu}"/>'))
        parts.append(f'<text class="ink name" x="{RIGHT + 28}" y="{lowest + 4:.1f}">{NAMES[sfu]}</text>')
    return "\n".join([*parts, "</svg>", ""])


def fill(text: str, content: str) -> str:
    """Return a document with what stands between its two marks replaced; raises ValueError if they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document has no place for a table")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def main() -> None:
    """Write all that is shown of the data."""
    record = Record.load(DATA)
    PICTURE.write_text(draw(record))
    for path, content in ((README, short_table(record)), (BENCHMARKS, long_table(record))):
        path.write_text(fill(path.read_text(), content))


def _points(record: Record) -> Iterator[tuple[str, list[tuple[str, float, float]]]]:
    """Give for each SFU scenario, packets a second and cost, by rising load."""
    for sfu in record.does:
        points = [
            (scenario, result.received, result.cost)
            for scenario, done in record.tried.items()
            if (result := done[sfu].figures(record.wanted)) is not None
        ]
        yield sfu, sorted(points, key=lambda point: point[1])


def _described(record: Record, shown: dict[str, list[tuple[str, float, float]]]) -> str:
    told = [
        f"{NAMES[sfu]}: " + ", ".join(f"{each:.1f} µs ({people(scenario)})" for scenario, _, each in points)
        for sfu, points in shown.items()
    ]
    return f"Measured on {record.date}. " + ". ".join(told) + "."


def _source(record: Record) -> str:
    disturbed = [
        f"{people(scenario)}, {NAMES[sfu]}"
        for scenario, done in record.tried.items()
        for sfu, tried in done.items()
        if tried.remark(record.wanted)
    ]
    runs = f"Medians of {record.wanted} runs." if record.wanted > 1 else "One run each."
    told = f"`{record.command}`, {record.date}, version {record.revision}; {record.machine}. {runs}"
    if disturbed:
        all_of_them = len(disturbed) == sum(map(len, record.tried.values()))
        which = "all of them" if all_of_them else "; ".join(disturbed)
        told += f" **The machine was busy with other things, and these figures are not to be quoted:** {which}."
    return told


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f} ms"


def _x(load: float) -> float:
    share = math.log(max(FIRST, min(LAST, load)) / FIRST) / math.log(LAST / FIRST)
    return LEFT + share * (RIGHT - LEFT)


def _y(value: float, top: float) -> float:
    return BOTTOM - value / top * (BOTTOM - TOP)


def _shape(sfu: str, x: float, y: float) -> str:
    """Return a mark that can be told from the others without colours."""
    if sfu == "janus":
        return f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'
    if sfu == "mediasoup":
        return f'<path d="M{x:.1f} {y - 6:.1f} l6.5 11 h-13 z"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>'


if __name__ == "__main__":
    main()
