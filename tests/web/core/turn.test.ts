import { describe, expect, test } from "vitest";
import { Turn } from "../../../web/client/turn";
import { seeded } from "../random";

describe("a turn", () => {
  test("begins with the number of the message that begins it, and keeps it while that is repeated", () => {
    const turn = new Turn(0);
    turn.claimed(0, 4);
    for (const [claim, seq] of [
      [null, 7],
      [null, 8],
      [7, 9],
    ] as const) {
      turn.claimed(claim, seq);
      expect(turn.since).toBe(7);
    }
    turn.claimed(0, 10);
    expect(turn.since).toBe(0);
  });

  test("of somebody who was here before oneself began when they say", () => {
    const turn = new Turn(0);
    turn.claimed(3, 50);
    expect(turn.since).toBe(3);
  });

  test("did not begin before it last ended, nor before they came: then the claim's own number counts", () => {
    const [ended, newcomer] = [new Turn(0), new Turn(20)];
    ended.claimed(0, 20);
    for (const turn of [ended, newcomer]) {
      turn.claimed(20, 30);
      expect(turn.since).toBe(30);
      turn.claimed(21, 31);
      expect(turn.since).toBe(30);
    }
  });

  test("may have begun where nothing was heard of them in between", () => {
    const turn = new Turn(20);
    turn.claimed(21, 30);
    expect(turn.since).toBe(21);
  });
});

test("whatever is claimed, nobody gets a number from before they were last known to wait, or from before the one they have", () => {
  const random = seeded(4711);
  const pick = (below: number) => Math.floor(random() * below);
  for (let round = 0; round < 100; round++) {
    let idle = pick(2) * 10;
    const turn = new Turn(idle);
    let before = 0;
    for (let seq = idle + 1; seq < idle + 30; seq += 1 + pick(3)) {
      const claim = [null, 0, pick(seq + 1), pick(seq + 40)][pick(4)] as number | null;
      turn.claimed(claim, seq);
      if (claim === 0) idle = seq;
      expect(turn.since === 0).toBe(claim === 0);
      if (claim !== 0) expect(turn.since).toBeGreaterThanOrEqual(before || idle + 1);
      before = turn.since;
    }
  }
});
