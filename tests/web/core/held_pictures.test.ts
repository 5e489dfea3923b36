import { expect, test } from "vitest";
import { HeldPictures } from "../../../web/client/held_pictures";

test("told once when it lasts three seconds, and once when it is over as long", () => {
  const held = new HeldPictures();
  expect(held.tick(0)).toBeNull();
  held.take(["a"]);
  expect([held.tick(1000), held.tick(3900)]).toEqual([null, null]);
  held.take(["a", "b"]);
  expect([held.tick(4000), held.tick(5000)]).toEqual(["pictures-held", null]);
  expect([...held.tracks]).toEqual(["a", "b"]);
  held.take([]);
  expect([held.tick(6000), held.tick(8900), held.tick(9000), held.tick(20_000)]).toEqual([
    null,
    null,
    "pictures-back",
    null,
  ]);
});

test("what is over before that is not worth a word", () => {
  const held = new HeldPictures();
  for (let now = 0; now < 60_000; now += 1000) {
    held.take(now % 4000 < 2000 ? ["a"] : []);
    expect(held.tick(now)).toBeNull();
  }
});
