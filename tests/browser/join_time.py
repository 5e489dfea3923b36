"""How long a join takes, from the facilitator's press on "Admit" to the first decoded remote frame.

Run: ``python -m tests.browser.join_time [--joins 20]``. Three Chromiums and the server share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from tests.browser.harness import eventually, gathering

FIRST_FRAME = """
async () => {
  for (;;) {
    for (const pc of window.__connections) {
      if (pc.connectionState === "closed") continue;
      for (const s of (await pc.getStats()).values()) {
        if (s.type === "inbound-rtp" && s.kind === "video" && s.framesDecoded > 0) return Date.now();
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
"""


async def measure(joins: int) -> list[float]:
    """Hold a meeting of two and let a third person join that often; seconds of each join."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        async with gathering(Path(folder)) as people:
            links = await people.server.create_group()
            marta, _ana = await people.meeting(links, "Marta", "Ana")
            await marta.open_panel("People")
            chi = await people.person("Chi")
            for _ in range(joins):
                await chi.knock(links.participant)
                admit = marta.button("Admit Chi")
                await admit.wait_for()
                pressed = await admit.evaluate("(button) => { const now = Date.now(); button.click(); return now; }")
                first = await asyncio.wait_for(chi.page.evaluate(FIRST_FRAME), 30)
                seconds.append((first - pressed) / 1000)
                await chi.tool("Leave").click()
                await chi.button("Rejoin").wait_for()

                async def gone() -> bool:
                    return await marta.tile("Chi").count() == 0

                await eventually(gone, "the tile of somebody who left is gone")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=20)
    joins = parser.parse_args().joins
    seconds = sorted(asyncio.run(measure(joins)))
    p95 = seconds[math.ceil(0.95 * len(seconds)) - 1]  # the nearest rank: a join that was measured
    print(f"command: python -m tests.browser.join_time --joins {joins}")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {sys.platform}")
    print(f"joins: {len(seconds)}; Admit to first decoded remote frame, seconds:")
    print(f"p50 {statistics.median(seconds):.2f}  p95 {p95:.2f}  max {seconds[-1]:.2f}")


if __name__ == "__main__":
    main()
