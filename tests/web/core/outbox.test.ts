import { expect, test } from "vitest";
import { Outbox } from "../../../web/client/outbox";
import { seeded } from "../random";

const numbers = (list: { n: number }[]) => list.map((one) => one.n);

test("numbers go on after what the room already took", () => {
  const outbox = new Outbox(41);
  expect(outbox.add("a", { to: null }).added.n).toBe(42);
  expect(outbox.add("b", { to: "member" }).added.n).toBe(43);
});

test("after a loss only what the room did not take is sent again, in order", () => {
  const outbox = new Outbox(0);
  for (const body of ["a", "b", "c"]) outbox.add(body, { to: null }).added.transmitted = true;
  const { taken, again } = outbox.resume(2);
  expect(numbers(taken)).toEqual([1, 2]);
  expect(again.map((one) => one.body)).toEqual(["c"]);
  expect(outbox.add("d", { to: null }).added.n).toBe(4);
});

test("a confirmed message is not sent again", () => {
  const outbox = new Outbox(0);
  outbox.add("a", { to: null }).added.transmitted = true;
  expect(outbox.confirm(1)?.body).toBe("a");
  expect(outbox.confirm(1)).toBeNull();
  expect(outbox.resume(0).again).toEqual([]);
});

test("what never left the page and lies under the taken numbers gets a new one", () => {
  const outbox = new Outbox(0);
  outbox.add("a", { to: null });
  const { again } = outbox.resume(5);
  expect(numbers(again)).toEqual([6]);
});

test("a chat message is taken back only while nobody can have it", () => {
  const outbox = new Outbox(0);
  outbox.add("a", { to: null, chat: "key-a" });
  outbox.add("b", { to: null, chat: "key-b" }).added.transmitted = true;
  expect(outbox.withdraw("key-a")).toBe(true);
  expect(outbox.withdraw("key-b")).toBe(false);
  expect(outbox.resume(0).again.map((one) => one.body)).toEqual(["b"]);
});

test("the bound gives up the oldest", () => {
  const outbox = new Outbox(0);
  for (let i = 0; i < 256; i++) expect(outbox.add(String(i), { to: null }).lost).toBeNull();
  expect(outbox.add("256", { to: null }).lost?.body).toBe("0");
});

test("whatever is lost and confirmed when: each body is taken once, in order, and numbers rise", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const outbox = new Outbox(0);
    const room: { n: number; body: string }[] = [];
    let taken = 0;
    let online = true;
    let said = 0;
    const deliver = (one: { n: number; body: string; transmitted: boolean }) => {
      if (!online) return;
      one.transmitted = true;
      if (Math.floor(random() * 4) === 0) online = false; // the socket dies; this one may or may not have arrived
      if (!online && Math.floor(random() * 2) === 0) return;
      if (one.n <= taken) return;
      taken = one.n;
      room.push({ n: one.n, body: one.body });
      if (online) outbox.confirm(one.n);
    };
    const reconnect = () => {
      online = true;
      for (const one of outbox.resume(taken).again) deliver(one);
    };
    for (let step = 0; step < 60; step++) {
      if (Math.floor(random() * 3) === 0) reconnect();
      else {
        said += 1;
        deliver(outbox.add(String(said), { to: null }).added);
      }
    }
    for (let tries = 0; tries < 200 && room.length < said; tries++) reconnect();
    expect(room.map((one) => one.body)).toEqual(Array.from({ length: said }, (_, i) => String(i + 1)));
    expect(numbers(room)).toEqual([...numbers(room)].sort((a, b) => a - b));
  }
});
