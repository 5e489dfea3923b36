"""Hold meetings on one or several SFUs in turn, on this machine and with the same generator, and print what they cost.

Each SFU runs on the first core, the generator on the last. Figures are medians of the runs that count: a run during
which more than 2 % of either core was stolen or others' is disturbed, dropped, said and repeated; one in which the
generator was the bottleneck is INVALID. docs/benchmarks.md, "The yardstick", says what each figure is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.load.adapters import Adapter, AdapterError
from tests.load.adapters.hearthside import Hearthside
from tests.load.adapters.janus import Janus
from tests.load.adapters.mediasoup import Mediasoup
from tests.load.compare import compare, line
from tests.load.kill import WORKERS
from tests.load.line import SUITES
from tests.load.machine import ALLOWED, GENERATOR_CORE, describe
from tests.load.measure import Plan, Run, measure
from tests.load.meeting import Way
from tests.load.record import Record, Tried, revision, unfinished
from tests.load.result import HEAD, median
from tests.load.scenarios import SCENARIOS, traffic
from tests.load.spread import Spread
from tests.load.trouble import KINDS

ADAPTERS: dict[str, type[Adapter]] = {adapter.name: adapter for adapter in (Hearthside, Janus, Mediasoup)}
TRIES = 3
"""Runs that are tried for each that is to count."""


async def run_one(plan: Plan, sfu: str) -> Run:
    """Hold the plan's meetings on that SFU. Raises as `measure` does."""
    return await measure(ADAPTERS[sfu](), plan)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; exits where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="scenarios:\n"
        + "\n".join(f"  {name:<12} {traffic(one)}" for name, one in SCENARIOS.items())
        + "\n\nSFUs:\n"
        + "\n".join(f"  {name:<12} {adapter.does}" for name, adapter in ADAPTERS.items()),
    )
    parser.add_argument(
        "scenarios", nargs="*", default=["6", "12", "1-to-20"], help="of those below, or all; 6 12 1-to-20"
    )
    parser.add_argument("--sfu", default="hearthside", help="of those below, in turn: a,b,c or all; hearthside")
    parser.add_argument("--runs", type=int, default=3, help="runs that have to count, of each scenario and SFU; 3")
    parser.add_argument("--tries", type=int, help=f"runs at most; {TRIES} times --runs")
    parser.add_argument("--seconds", type=float, default=8.0, help="of measured traffic in each run; 8")
    parser.add_argument("--suite", choices=SUITES, default="gcm128", help="of SRTP, with every SFU; gcm128")
    parser.add_argument("--loss", type=float, default=0.0, help="percent of packets lost, up and down, the first time")
    parser.add_argument("--churn", type=float, default=0.0, help="seconds after which one goes and another comes")
    parser.add_argument("--hostile", choices=[*KINDS, "all"], help="trouble beside the meeting")
    parser.add_argument("--json", type=Path, help="keep all runs here; what was interrupted goes on from FILE.part")
    parser.add_argument("--address", default="127.0.0.1", help="a loopback address; this tool floods")
    chosen = parser.parse_args(arguments)
    if not ipaddress.ip_address(chosen.address).is_loopback:
        parser.error("only loopback addresses: this tool is not for other people's machines")
    chosen.sfu = list(ADAPTERS) if chosen.sfu == "all" else chosen.sfu.split(",")
    if unknown := set(chosen.sfu) - set(ADAPTERS):
        parser.error(f"no such SFU: {', '.join(sorted(unknown))}")
    if chosen.scenarios == ["all"]:
        chosen.scenarios = list(SCENARIOS)
    if unknown := set(chosen.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if chosen.churn and not all(SCENARIOS[name].all_to_all for name in chosen.scenarios):
        parser.error("people come and go only where all send to all")
    if not 0 <= chosen.loss < 100 or chosen.runs < 1 or chosen.seconds <= 0 or chosen.churn < 0:
        parser.error("--loss is a percentage, the others are positive")
    chosen.tries = chosen.tries or TRIES * chosen.runs
    return chosen


def main() -> None:
    """Print the table."""
    chosen = parse(sys.argv[1:])
    for sfu in chosen.sfu:
        if missing := ADAPTERS[sfu]().missing():
            sys.exit(f"{sfu} cannot be measured here: {missing}")
    # Whoever ends the tool ends the server too: it runs in a session of its own.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(OSError):  # a machine with one core measures there
        os.sched_setaffinity(0, {GENERATOR_CORE})
    record = begin(chosen, f"python -m tests.load {shlex.join(sys.argv[1:])}".rstrip())
    print(f"machine: {record.machine}; load {os.getloadavg()[0]:.1f}")
    print(f"command: {record.command}")
    print(f"SRTP: {chosen.suite} with every SFU; latency: from the generator's send to the kernel's stamp of arrival")
    for sfu, does in record.does.items():
        print(f"{sfu}: {does}")
    for name, sent in record.traffic.items():
        print(f"{name}: {sent}")
    print(HEAD)

    def keep() -> None:
        record.date = time.strftime("%Y-%m-%d")
        if chosen.json:
            record.save(unfinished(chosen.json))

    for name, done in record.tried.items():
        way = Way(chosen.suite, chosen.loss / 100, chosen.address)
        plan = Plan(name, SCENARIOS[name], way, chosen.seconds, chosen.churn)
        run = partial(run_one, plan)
        asyncio.run(compare(done, run, chosen.runs, chosen.tries, after_each=keep))
        for sfu, tried in done.items():
            print(line(sfu, name, tried, chosen.runs), flush=True)
        if chosen.hostile:
            asyncio.run(beside(plan, KINDS if chosen.hostile == "all" else [chosen.hostile], done))
    if chosen.json:
        record.save(chosen.json)
        unfinished(chosen.json).unlink(missing_ok=True)


def begin(chosen: argparse.Namespace, command: str) -> Record:
    """Return an empty record, or what is there of the same comparison, which was interrupted."""
    record = Record(
        command,
        describe(),
        revision(),
        "",
        chosen.runs,
        {sfu: ADAPTERS[sfu].does for sfu in chosen.sfu},
        {name: traffic(SCENARIOS[name]) for name in chosen.scenarios},
        {name: {sfu: Tried() for sfu in chosen.sfu} for name in chosen.scenarios},
    )
    if chosen.json and (part := unfinished(chosen.json)).exists():
        before = Record.load(part)
        if before.is_same(record):
            print(f"goes on with {sum(one.tries for each in before.tried.values() for one in each.values())} runs")
            return before
        print(f"{part.name} is of another command, machine or version, and is written over")
    return record


async def beside(plan: Plan, hostile: list[str], done: dict[str, Tried]) -> None:
    """Print how the others fare beside somebody hostile, one run each, and what the machine does by itself."""
    for sfu, tried in done.items():
        if not tried.runs:
            continue
        quiet = median([run.result for run in tried.runs])
        for name in hostile:
            start: Callable[[], Adapter] = ADAPTERS[sfu]
            alone = quiet
            try:
                if name == "kill" and sfu == Hearthside.name:  # it is about workers, which the table has none of
                    start = partial(Spread, WORKERS)
                    alone = (await measure(start(), plan)).result
                    print(f"{alone}  nothing beside", flush=True)
                run = await measure(start(), replace(plan, hostile=name))
            except (AdapterError, OSError) as error:
                print(f"{plan.name:>11} {sfu:>10} beside {name} FAILED: {type(error).__name__}: {error}", flush=True)
                continue
            left = f"; {run.left / 2**20:+.1f} MiB in all, afterwards"
            word = f"; INVALID: the generator {run.invalid}" if run.invalid else ""
            word += f"; disturbed (to {run.disturbed:.0%})" if run.disturbed > ALLOWED else ""
            print(f"{run.result}  beside {name}: {run.result.against(alone)}{left}{word}", flush=True)
        again = (await measure(ADAPTERS[sfu](), plan)).result
        print(f"{again}  quiet again, what the machine does by itself: {again.against(quiet)}", flush=True)


if __name__ == "__main__":
    main()
