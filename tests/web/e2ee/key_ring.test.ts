import { expect, test } from "vitest";
import { type Announced, KEYS_PER_MEMBER, KeyRing, OLD_KEY_SECONDS } from "../../../web/client/e2ee/key_ring";
import type { Place } from "../../../web/client/e2ee/worker_messages";

const ann: Place = { meeting: "m", room: "r", member: "ann", leaf: 1 };
const entry = (kid: number, salt = "s", track = "t"): Announced => ({ kid, salt, track, kind: "audio" });
const ring = () => new KeyRing((place, { kid, salt }) => `${place.room}/${place.member}/${kid}/${salt}`);
const found = (keys: KeyRing<string>, kid: number, now: number, member = "ann", room = "r") =>
  keys.lookup(room, member, kid, now).map(({ key }) => key);

test("keys are found by room, member and KID together", () => {
  const keys = ring();
  keys.announce(ann, [entry(7)], 0);
  expect(found(keys, 7, 0)).toEqual(["r/ann/7/s"]);
  expect(found(keys, 8, 0)).toEqual([]);
  expect(found(keys, 7, 0, "ben")).toEqual([]);
  expect(found(keys, 7, 0, "ann", "other room")).toEqual([]);
});

test("a key that is no longer listed goes after a while, one that is listed stays", () => {
  const keys = ring();
  keys.announce(ann, [entry(1), entry(2)], 0);
  keys.announce(ann, [entry(2)], 5);
  expect(found(keys, 1, 5 + OLD_KEY_SECONDS - 0.1)).toHaveLength(1);
  expect(found(keys, 1, 5 + OLD_KEY_SECONDS)).toHaveLength(0);
  expect(found(keys, 2, 1e6)).toHaveLength(1);
});

test("being listed again does not postpone or bring back", () => {
  const keys = ring();
  keys.announce(ann, [entry(1)], 0);
  keys.announce(ann, [], 1);
  keys.announce(ann, [], 9);
  expect(found(keys, 1, 1 + OLD_KEY_SECONDS)).toHaveLength(0);
});

test("a key that is listed once more keeps its replay window", () => {
  const keys = ring();
  keys.announce(ann, [entry(1)], 0);
  keys.lookup("r", "ann", 1, 0)[0]?.window.take(5);
  keys.announce(ann, [], 1);
  keys.announce(ann, [entry(1)], 2);
  expect(keys.lookup("r", "ann", 1, 100)[0]?.window.isFresh(5)).toBe(false);
});

test("a reloaded page's key of the same KID is tried before the old one", () => {
  const keys = ring();
  keys.announce(ann, [entry(0, "old")], 0);
  keys.announce(ann, [entry(0, "new")], 1);
  expect(found(keys, 0, 2)).toEqual(["r/ann/0/new", "r/ann/0/old"]);
  expect(found(keys, 0, 20)).toEqual(["r/ann/0/new"]);
});

test("a key's track and kind cannot change", () => {
  const keys = ring();
  keys.announce(ann, [entry(1, "s", "microphone")], 0);
  keys.announce(ann, [{ ...entry(1, "s", "camera"), kind: "video" }], 1);
  expect(keys.lookup("r", "ann", 1, 1)[0]).toMatchObject({ track: "microphone", kind: "audio" });
});

test("however many are announced, few are kept, the listed ones first", () => {
  const keys = ring();
  for (let round = 0; round < 100; round++) {
    keys.announce(
      ann,
      Array.from({ length: 10 }, (_, at) => entry(round * 10 + at)),
      round / 1000,
    );
  }
  const kept = Array.from({ length: 1000 }, (_, kid) => found(keys, kid, 0.1)).flat();
  expect(kept).toHaveLength(KEYS_PER_MEMBER);
  for (let at = 0; at < 10; at++) expect(found(keys, 990 + at, 0.1)).toHaveLength(1);
  keys.announce(
    ann,
    Array.from({ length: 500 }, (_, kid) => entry(kid)),
    0.2,
  );
  expect(Array.from({ length: 1000 }, (_, kid) => found(keys, kid, 0.2)).flat()).toHaveLength(KEYS_PER_MEMBER);
});

test("members and rooms are forgotten at once", () => {
  const keys = ring();
  keys.announce(ann, [entry(1)], 0);
  keys.announce({ ...ann, member: "ben" }, [entry(1)], 0);
  keys.forgetMember("r", "ann");
  expect(found(keys, 1, 0)).toEqual([]);
  expect(found(keys, 1, 0, "ben")).toHaveLength(1);
  keys.forgetRoom("r");
  expect(found(keys, 1, 0, "ben")).toEqual([]);
});

test("a member who is said to have left and come back does not bring back counters that were had", () => {
  const keys = ring();
  keys.announce(ann, [entry(1)], 0);
  keys.lookup("r", "ann", 1, 0)[0]?.window.take(5);
  keys.forgetMember("r", "ann");
  keys.announce(ann, [], 1);
  expect(found(keys, 1, 1)).toEqual([]);
  keys.forgetMember("r", "ann");
  keys.announce(ann, [entry(1)], 2);
  expect(keys.lookup("r", "ann", 1, 2)[0]?.window.isFresh(5)).toBe(false);
  expect(keys.lookup("r", "ann", 1, 2)[0]?.window.isFresh(6)).toBe(true);
});
