/** The rule that the simulation plays too (tests/sim/voice_pauses.py): who rests when, of twelve with the same draws. */
import { expect, test } from "vitest";
import { VoicePauses } from "../../../web/client/voice_pauses";
import vector from "../../vectors/voice_pauses.json";

test("who rests when is as in the vector", () => {
  let drawn = 0;
  const pauses = new VoicePauses(() => vector.draws[drawn++ % vector.draws.length] ?? 0);
  const changes: { at: number; paused: string[] }[] = [];
  for (let now = 0; now < 80_000; now += 500) {
    const voices = new Map(Array.from({ length: now < 50_000 ? 12 : 9 }, (_, n) => [`v${n}`, 0]));
    voices.set("v0", 0.1);
    if (now >= 20_000 && now < 22_000) voices.set("v5", 0.1);
    pauses.tooMuch(now >= 6_000 && now < 30_000);
    const paused = [...pauses.update(voices, now)].sort();
    if (paused.join() !== changes.at(-1)?.paused.join() || changes.length === 0) {
      changes.push({ at: now / 1000, paused });
    }
  }
  expect(changes).toEqual(vector.changes);
});
