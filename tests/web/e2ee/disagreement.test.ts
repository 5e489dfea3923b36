import { expect, test } from "vitest";
import { DISAGREE_SECONDS, Disagreement, QUIET_SECONDS } from "../../../web/client/e2ee/disagreement";

/** Frames of the epoch with these low bits, 50 a second. */
function frames(of: Disagreement, low: number, from: number, seconds: number) {
  for (let count = 0; count <= seconds * 50; count++) of.saw(low, from + count / 50);
}

test("newer frames for two seconds stop the senders, fewer do not", () => {
  const short = new Disagreement();
  frames(short, 6, 0, DISAGREE_SECONDS - 0.1);
  expect(short.active).toBe(false);
  const long = new Disagreement();
  frames(long, 6, 0, DISAGREE_SECONDS);
  expect(long.active).toBe(true);
});

test("all is well when the epoch comes", () => {
  const of = new Disagreement();
  frames(of, 6, 0, 3);
  of.began(6);
  expect(of.active).toBe(false);
  frames(of, 7, 3, 1);
  of.began(7);
  frames(of, 8, 4, 1);
  expect(of.active).toBe(false);
});

test("an epoch before the one that was seen helps nothing", () => {
  const of = new Disagreement();
  frames(of, 7, 0, 1.5);
  of.began(6);
  frames(of, 7, 1.5, 0.5);
  expect(of.active).toBe(true);
  of.began(263);
  expect(of.active).toBe(false);
});

test("without newer frames sending goes on after a while", () => {
  const of = new Disagreement();
  expect(of.deadline).toBe(Number.POSITIVE_INFINITY);
  frames(of, 6, 0, 3);
  expect(of.deadline).toBeCloseTo(3 + QUIET_SECONDS);
  of.tick(3 + QUIET_SECONDS - 0.1);
  expect(of.active).toBe(true);
  of.tick(3 + QUIET_SECONDS + 0.001);
  expect(of.active).toBe(false);
});

test("stray frames far apart are not two seconds of frames", () => {
  const of = new Disagreement();
  for (let now = 0; now < 60; now += QUIET_SECONDS) of.saw(6, now);
  expect(of.active).toBe(false);
});

test("who is out of the group disagrees with nobody", () => {
  const of = new Disagreement();
  frames(of, 6, 0, 3);
  of.clear();
  expect(of.active).toBe(false);
  of.saw(6, 3.1);
  expect(of.active).toBe(false);
});
