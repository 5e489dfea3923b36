import { beforeEach, describe, expect, test } from "vitest";
import { type Note, Outbox } from "../../../../web/client/e2ee/group/outbox";
import { seeded } from "../../random";

let dropped: (number | null)[];
let said: (number | null)[];
let outbox: Outbox;
beforeEach(() => {
  dropped = [];
  said = [];
  outbox = new Outbox({ dropped: ({ id }) => dropped.push(id), said: ({ id }) => said.push(id) });
});

const note = (id: number, more: Partial<Note> = {}): Note => ({
  id,
  message: { type: "chat", text: String(id) },
  to: null,
  slot: null,
  epoch: null,
  ...more,
});

/** Seals and sends all that may go: `n` and `sayN` of each. */
function flush(epoch = 1, now = 0): [number | null, number, number][] {
  const sent: [number | null, number, number][] = [];
  for (let parcel = outbox.next(epoch, now); parcel; parcel = outbox.next(epoch, now)) {
    outbox.sent(parcel, `${epoch} ${parcel.n}`, now);
    sent.push([parcel.note.id, parcel.n, parcel.sayN]);
  }
  return sent;
}

describe("the outbox", () => {
  test("sends in order, and forgets what was echoed", () => {
    for (const id of [1, 2, 3]) outbox.add(note(id));
    expect(flush()).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    expect(outbox.echo(1, "another body")).toBeNull();
    expect(outbox.echo(1, "1 1")).toMatchObject({ id: 1 });
    expect(outbox.echo(1, "1 1")).toBeNull();
    expect(flush()).toEqual([]);
  });

  test("seals anew, under the same numbers, what an epoch's end left unsaid", () => {
    for (const id of [1, 2]) outbox.add(note(id));
    flush();
    outbox.echo(1, "1 1");
    outbox.epochEnded();
    expect(outbox.echo(2, "1 2")).toBeNull();
    expect(flush(2)).toEqual([[2, 2, 3]]);
  });

  test("gives what a later echo overtook a number above it", () => {
    for (const id of [1, 2, 3]) outbox.add(note(id));
    flush();
    expect(outbox.echo(2, "1 2")).toMatchObject({ id: 2 });
    expect(flush()).toEqual([[1, 4, 4]]);
    expect(outbox.echo(3, "1 3")).toMatchObject({ id: 3 });
    expect(flush()).toEqual([]);
  });

  test("waits a second after a refusal that passes", () => {
    outbox.add(note(1));
    flush(1, 10);
    outbox.refused(1, "stale", 10);
    expect(flush(1, 10.5)).toEqual([]);
    expect(outbox.deadline).toBe(11);
    expect(flush(1, 11)).toEqual([[1, 1, 2]]);
    outbox.refused(1, "stale", 11);
    expect(outbox.deadline).toBe(16);
    expect(dropped).toEqual([]);
  });

  test("drops what the server will never take", () => {
    outbox.add(note(1));
    outbox.add(note(2));
    flush();
    outbox.refused(1, "malformed", 0);
    expect(dropped).toEqual([1]);
    expect(flush()).toEqual([]);
  });

  test("replaces what waits in the same slot, and nothing that has left", () => {
    outbox.add(note(1, { slot: "state" }));
    outbox.add(note(2, { slot: "state" }));
    expect(dropped).toEqual([1]);
    flush();
    outbox.add(note(3, { slot: "state" }));
    outbox.add(note(4, { slot: "other" }));
    expect(dropped).toEqual([1]);
    expect(flush()).toEqual([
      [3, 2, 2],
      [4, 3, 3],
    ]);
  });

  test("withdraws only what has not left", () => {
    outbox.add(note(1));
    flush();
    outbox.add(note(2));
    outbox.withdraw(1);
    outbox.withdraw(2);
    outbox.withdraw(3);
    expect(dropped).toEqual([2]);
  });

  test("drops what means something in an epoch that is over", () => {
    outbox.add(note(1, { epoch: 1 }));
    outbox.add(note(2));
    flush();
    outbox.epochEnded();
    expect(flush(2)).toEqual([[2, 2, 3]]);
    expect(dropped).toEqual([1]);
  });

  test("sends again after a lost socket what the room did not take", () => {
    for (const id of [1, 2, 3]) outbox.add(note(id));
    flush();
    outbox.back(2);
    expect(flush()).toEqual([[3, 3, 4]]);
    expect(outbox.echo(1, "1 1")).toMatchObject({ id: 1 });
    outbox.gap();
    expect(said).toEqual([2]);
  });

  test("after a reload goes on above what the room took", () => {
    outbox.back(41);
    outbox.add(note(1));
    expect(flush()).toEqual([[1, 1, 42]]);
  });

  test("counts anew for another leaf", () => {
    for (const id of [1, 2, 3]) outbox.add(note(id));
    flush();
    outbox.back(1);
    outbox.newLeaf();
    expect(said).toEqual([1]);
    expect(flush(5)).toEqual([
      [2, 1, 4],
      [3, 2, 5],
    ]);
  });

  test("repeats what has no answer, as it was", () => {
    outbox.add(note(1));
    flush(1, 100);
    expect(outbox.overdue(104)).toEqual([]);
    expect(outbox.deadline).toBe(105);
    expect(outbox.overdue(105)).toMatchObject([{ sayN: 1, body: "1 1" }]);
    expect(outbox.overdue(105)).toEqual([]);
  });

  test("is bounded, on its way and waiting", () => {
    for (let id = 0; id < 300; id++) outbox.add(note(id));
    expect(dropped).toHaveLength(44);
    expect(flush()).toHaveLength(16);
  });

  test("drops what does not fit", () => {
    outbox.add(note(1));
    const parcel = outbox.next(1, 0);
    if (parcel) outbox.unfit(parcel);
    expect(dropped).toEqual([1]);
    expect(outbox.next(1, 0)).toBeNull();
  });

  test("whatever happens: each note ends once, and numbers rise on the wire", () => {
    for (let seed = 1; seed < 200; seed++) {
      const random = seeded(seed);
      const ended = new Map<number | null, number>();
      const end = ({ id }: Note) => ended.set(id, (ended.get(id) ?? 0) + 1);
      outbox = new Outbox({ dropped: end, said: end });
      let [epoch, now, id, taken, lastSay] = [1, 0, 0, 0, 0];
      /** What the server holds: numbers that it took, in order. */
      const log: { sayN: number; body: string; n: number }[] = [];
      let wire: { sayN: number; body: string; n: number; epoch: number }[] = [];
      const send = () => {
        for (let parcel = outbox.next(epoch, now); parcel; parcel = outbox.next(epoch, now)) {
          expect(parcel.sayN).toBeGreaterThan(lastSay);
          lastSay = parcel.sayN;
          const body = `${epoch} ${parcel.n} ${parcel.sayN}`;
          outbox.sent(parcel, body, now);
          wire.push({ sayN: parcel.sayN, body, n: parcel.n, epoch });
        }
      };
      for (let turn = 0; turn < 60; turn++) {
        const dice = Math.floor(random() * 6);
        now += random();
        if (dice < 2) outbox.add(note(id++, { slot: random() < 0.3 ? "slot" : null }));
        else if (dice === 2) {
          const next = wire.shift();
          if (next && next.epoch !== epoch) outbox.refused(next.sayN, "stale", now);
          else if (next) {
            taken = next.sayN;
            log.push(next);
            const echoed = outbox.echo(next.sayN, next.body);
            if (echoed) end(echoed);
          }
        } else if (dice === 3) {
          epoch++;
          outbox.epochEnded();
        } else if (dice === 4 && random() < 0.3) {
          wire = [];
          outbox.back(taken);
        }
        send();
      }
      for (let turn = 0; turn < 400; turn++) {
        now++;
        const next = wire.shift();
        if (next && next.epoch !== epoch) outbox.refused(next.sayN, "stale", now);
        else if (next) {
          log.push(next);
          const echoed = outbox.echo(next.sayN, next.body);
          if (echoed) end(echoed);
        }
        send();
      }
      expect([...ended.values()].every((times) => times === 1)).toBe(true);
      expect(ended.size).toBe(id);
      expect(log.map(({ n }) => n)).toEqual([...new Set(log.map(({ n }) => n))].sort((a, b) => a - b));
    }
  });
});
