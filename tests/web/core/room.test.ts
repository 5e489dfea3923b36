import { beforeEach, describe, expect, test } from "vitest";
import type { Message } from "../../../web/client/e2ee/manager";
import type { GroupView, KeyChange, Person } from "../../../web/client/e2ee/worker_messages";
import { numberNames } from "../../../web/client/names";
import { Room, type RoomEffect, type RoomOptions } from "../../../web/client/room";
import { seeded } from "../random";
import { person } from "./fake_manager";

/** No screen shared, nothing wrong with the network. */
const QUIET = { sharing: 0, uplink: "good" } as const;

const state = (name: string, more: Partial<Extract<Message, { type: "state" }>> = {}): Message => ({
  type: "state",
  name,
  microphone: true,
  camera: true,
  hand: 0,
  contexts: [],
  ...more,
});

let epoch: number;
let changes: KeyChange[];
const view = (people: Person[], ...more: [KeyChange["kind"], string][]): GroupView => {
  epoch += 1;
  const told = more.map(([kind, member]) => ({ kind, members: [member], by: "marta", at: epoch }));
  changes = [...changes, ...told];
  return { room: "room", state: "in", epoch, people, changes };
};
const OUT: GroupView = { room: "room", state: "out", epoch: 0, people: [], changes: [] };
const TWO = [person("marta", 0, "facilitator"), person("me", 1)];
const ANA = person("ana", 2);

let room: Room;
const make = (more: Partial<RoomOptions> = {}) =>
  new Room({
    self: "me",
    role: "participant",
    own: { name: "Me", microphone: true, camera: false, hand: 0, ...QUIET },
    numberNames,
    ...more,
  });
const announced = (effects: RoomEffect[]) =>
  effects.flatMap((one) => (one.do === "announce" ? [one.announcement] : []));
const sent = (effects: RoomEffect[]) => effects.filter((one) => one.do === "send-state" || one.do === "say");

beforeEach(() => {
  [epoch, changes] = [0, []];
  room = make();
  room.groupChanged(view(TWO), 0);
});

test("before the group is known there is oneself alone, whatever the server lists", () => {
  const fresh = make();
  fresh.connections([{ id: "ghost" }, { id: "me" }], false);
  fresh.heard("ghost", 1, state("Ghost"), 0);
  expect(fresh.members.map((one) => one.id)).toEqual(["me"]);
  expect([fresh.ready, fresh.effects(), fresh.deadline]).toEqual([false, [], Number.POSITIVE_INFINITY]);
});

test("coming in: everybody learns one's state, and nobody who was there is announced", () => {
  const effects = room.effects();
  expect(effects).toEqual([{ do: "send-state", to: null }]);
  room.heard("marta", 11, state("Marta"), 5);
  expect(announced(room.effects())).toEqual([]);
  expect(room.nameOf("marta")).toBe("Marta");
});

test("a newcomer is announced by name once it is known, and gets one's state alone", () => {
  room.effects();
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 1000);
  expect(room.effects()).toEqual([]);
  room.tick(room.deadline);
  expect(room.effects()).toEqual([{ do: "send-state", to: "ana" }]);
  room.heard("ana", 12, state("Ana"), 1100);
  expect(announced(room.effects())).toEqual([{ urgency: "polite", kind: "joined", name: "Ana" }]);
  room.heard("ana", 13, state("Ana", { camera: false }), 1200);
  expect(announced(room.effects())).toEqual([]);
});

test("an old change that is told again makes nobody a newcomer twice", () => {
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 1000);
  room.tick(1020);
  room.effects();
  room.groupChanged(view([...TWO, ANA], ["renewed", "marta"]), 2000);
  room.tick(2020);
  expect(room.effects().filter((one) => one.do === "send-state")).toEqual([]);
});

test("who has left keeps the name, to say why the keys are new", () => {
  room.heard("marta", 11, state("Marta"), 5);
  room.groupChanged(view([person("me", 1)], ["left", "marta"]), 1000);
  expect([room.member("marta"), room.nameOf("marta"), room.nameOf("nobody")]).toEqual([undefined, "Marta", null]);
  for (let n = 0; n < 128; n++) {
    room.groupChanged(view([person("me", 1), person(`p${n}`, 2)]), 1001);
    room.heard(`p${n}`, 12 + n, state(`P${n}`), 1001);
  }
  room.groupChanged(view([person("me", 1)]), 1002);
  expect([room.nameOf("marta"), room.nameOf("p127")]).toEqual([null, "P127"]);
});

test("a facilitator whose link is withdrawn is told", () => {
  const leader = make({ role: "facilitator" });
  leader.groupChanged(view([person("me", 1, "facilitator")]), 0);
  leader.effects();
  leader.groupChanged(view([person("me", 1)]), 1);
  expect(announced(leader.effects())).toEqual([{ urgency: "assertive", kind: "facilitator-withdrawn" }]);
});

test("where others were checked, a newcomer who was not is pointed out", () => {
  const checked = [person("marta", 0, "facilitator", true), person("me", 1)];
  room.groupChanged(view(checked), 500);
  room.groupChanged(view([...checked, ANA], ["joined", "ana"]), 1000);
  room.effects();
  room.heard("ana", 12, state("Ana"), 1100);
  expect(announced(room.effects()).map((one) => one.kind)).toEqual(["joined", "newcomer-unchecked"]);
});

test("many who come at once are answered by one state for all", () => {
  room.effects();
  const many = Array.from({ length: 10 }, (_, at) => person(`member-${at}`, at + 2));
  const joins = many.map((one) => ["joined", one.member] as [KeyChange["kind"], string]);
  room.groupChanged(view([...TWO, ...many], ...joins), 1000);
  room.tick(1020);
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
});

test("who comes back gets one's state, is not announced, and keeps the tile meanwhile", () => {
  room.heard("marta", 11, state("Marta"), 5);
  room.effects();
  room.groupChanged(view(TWO, ["back", "marta"]), 1000);
  expect([room.nameOf("marta"), room.member("marta")?.told]).toEqual(["Marta", false]);
  room.tick(1020);
  expect(room.effects()).toEqual([{ do: "send-state", to: "marta" }]);
  room.tick(3000);
  expect(room.effects()).toEqual([{ do: "say", message: { type: "resend" }, to: "marta" }]);
});

test("out of the group the people stay, nothing is due, and the way in tells everybody anew", () => {
  room.heard("marta", 11, state("Marta"), 5);
  room.effects();
  room.groupChanged(OUT, 1000);
  expect([room.ready, room.members.length, room.deadline]).toEqual([false, 2, Number.POSITIVE_INFINITY]);
  changes = [];
  room.groupChanged(view([...TWO, ANA]), 5000);
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
  expect(room.deadline).toBe(7000); // by then who was silent is asked
  room.heard("ana", 12, state("Ana"), 5100);
  expect(announced(room.effects()).map((one) => one.kind)).toEqual(["joined"]);
});

test("a missing state is asked for after two seconds, and not for ever", () => {
  room.effects();
  const asked: number[] = [];
  for (let now = 0; now <= 60_000; now += 500) {
    room.tick(now);
    if (room.effects().some((one) => one.do === "say" && one.message.type === "resend" && one.to === "marta"))
      asked.push(now);
  }
  expect(asked).toEqual([2000, 4000, 6000, 8000, 10_000]);
  expect(room.deadline).toBe(Number.POSITIVE_INFINITY);
});

test("asking for one's state is answered at most every two seconds", () => {
  room.effects();
  for (const now of [0, 500, 1999, 2500]) {
    room.heard("marta", 20 + now, { type: "resend" }, now);
    room.tick(now + 20);
  }
  expect(room.effects().filter((one) => one.do === "send-state")).toHaveLength(2);
});

test("hands stand in the order of their numbers, the same for sender and receiver", () => {
  room.effects();
  room.setOwn({ hand: null });
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
  room.heard("marta", 12, state("Marta"), 0);
  room.heard("marta", 13, state("Marta", { hand: null }), 0);
  room.echoed(14, null);
  expect([room.handPlace("marta"), room.handPlace("me"), room.own.hand]).toEqual([1, 2, 14]);
  expect(announced(room.effects()).filter((one) => one.kind === "hand-raised")).toEqual([
    { urgency: "polite", kind: "hand-raised", name: "Marta", place: 1 },
    { urgency: "polite", kind: "hand-raised", name: "Me", place: 2 },
  ]);
  // Later states repeat the number; a second null does not move it.
  room.heard("marta", 15, state("Marta", { hand: null }), 0);
  room.heard("marta", 16, state("Marta", { hand: 13 }), 0);
  expect(room.handPlace("marta")).toBe(1);
  room.heard("marta", 17, state("Marta", { hand: 0 }), 0);
  expect([room.handPlace("marta"), room.handPlace("me")]).toEqual([0, 1]);
});

test("nobody comes before others in the order of hands by a number from before their own was down, or from before they came", () => {
  room.heard("marta", 5, state("Marta"), 0);
  room.setOwn({ hand: null });
  room.echoed(8, null);
  room.heard("marta", 9, state("Marta", { hand: 1 }), 0);
  expect([room.handPlace("me"), room.handPlace("marta")]).toEqual([1, 2]);
  room.heard("marta", 10, state("Marta", { hand: 2 }), 0);
  expect([room.handPlace("me"), room.handPlace("marta")]).toEqual([1, 2]);
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 0);
  room.heard("ana", 11, state("Ana", { hand: 3 }), 0);
  expect(["me", "marta", "ana"].map((id) => room.handPlace(id))).toEqual([1, 2, 3]);
});

test("a hand that went up while one was away has its place, also of somebody who came meanwhile", () => {
  room.heard("marta", 5, state("Marta"), 0);
  room.groupChanged(OUT, 0);
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 0);
  room.heard("marta", 60, state("Marta", { hand: 45 }), 0);
  room.heard("ana", 61, state("Ana", { hand: 40 }), 0);
  expect([room.handPlace("ana"), room.handPlace("marta")]).toEqual([1, 2]);
});

test("a hand that is lowered before its echo came stays down", () => {
  room.setOwn({ hand: null });
  room.setOwn({ hand: 0 });
  room.echoed(12, null);
  expect([room.own.hand, room.handPlace("me")]).toEqual([0, 0]);
});

test("while one's hand has no number nobody is told a state alone", () => {
  room.effects();
  room.setOwn({ hand: null });
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 1000);
  room.effects();
  room.tick(1500);
  expect(sent(room.effects())).toEqual([]);
  room.echoed(12, null);
  room.tick(1600);
  expect(sent(room.effects())).toEqual([{ do: "send-state", to: "ana" }]);
});

test("a raised hand outlives a reload of the same meeting", () => {
  const again = make({ own: { name: "Me", microphone: false, camera: false, hand: 7, ...QUIET } });
  again.groupChanged(view(TWO), 0);
  expect(again.handPlace("me")).toBe(1);
});

test("only a facilitator lowers one's hand", () => {
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 0);
  room.setOwn({ hand: null });
  room.echoed(12, null);
  room.effects();
  room.heard("ana", 13, { type: "lower_hand", member: "me" }, 0);
  expect(room.own.hand).toBe(12);
  room.heard("marta", 14, { type: "lower_hand", member: "ana" }, 0);
  expect(room.own.hand).toBe(12);
  room.heard("marta", 15, { type: "lower_hand", member: "me" }, 0);
  expect(room.own.hand).toBe(0);
  expect(room.effects()).toContainEqual({ do: "hand-lowered-by-facilitator" });
});

test("lowering somebody's hand asks that member; one's own is simply lowered", () => {
  room.effects();
  room.lowerHandOf("marta");
  expect(room.effects()).toEqual([{ do: "say", message: { type: "lower_hand", member: "marta" }, to: "marta" }]);
  room.lowerHandOf("nobody");
  expect(room.effects()).toEqual([]);
});

const ROLES = ["participant", "co_facilitator", "facilitator"] as const;

test.each([
  ["participant", "me", []],
  ["participant", null, []],
  ["co_facilitator", "me", ["participant"]],
  ["co_facilitator", null, ["participant"]],
  ["facilitator", "me", ["participant", "co_facilitator"]],
  ["facilitator", null, ["participant"]],
] as const)("a %s's mute of %s is obeyed by %j", (by, target, obeying) => {
  for (const own of ROLES) {
    const one = make({ role: own });
    one.groupChanged(view([person("marta", 0, by), person("me", 1, own)]), 0);
    one.effects();
    one.heard("marta", 5, { type: "mute", member: "ana" }, 0);
    expect(one.effects()).toEqual([]);
    one.heard("marta", 6, { type: "mute", member: target }, 0);
    const mutes = (obeying as readonly string[]).includes(own);
    expect(one.effects()).toEqual(mutes ? [{ do: "mute", everyone: target === null }] : []);
  }
});

test("the end and the lock are a facilitator's word", () => {
  const people = [...TWO, person("chi", 2, "co_facilitator"), person("ana", 3)];
  room.groupChanged(view(people), 0);
  room.effects();
  for (const id of ["chi", "ana", "ghost", "me"]) {
    room.heard(id, 5, { type: "end" }, 0);
    room.heard(id, 6, { type: "locked", locked: true }, 0);
  }
  expect(room.effects()).toEqual([]);
  room.heard("marta", 7, { type: "locked", locked: true }, 0);
  room.heard("marta", 8, { type: "end" }, 0);
  expect(room.effects()).toEqual([{ do: "lock", locked: true, by: "marta" }, { do: "end" }]);
});

test("a role that is granted or withdrawn is told, one's own first of all", () => {
  room.heard("marta", 4, state("Marta"), 0);
  room.groupChanged(view([...TWO, ANA], ["joined", "ana"]), 0);
  room.heard("ana", 5, state("Ana"), 0);
  room.effects();
  const [marta, me] = TWO as [Person, Person];
  const co = (one: Person): Person => ({ ...one, role: "co_facilitator" });
  room.groupChanged(view([marta, co(me), co(ANA)], ["granted", "ana"]), 0);
  expect(announced(room.effects())).toEqual([
    { urgency: "assertive", kind: "co-facilitator-made", name: "Me", self: true },
    { urgency: "polite", kind: "co-facilitator-made", name: "Ana", self: false },
  ]);
  room.groupChanged(view([marta, co(me), ANA], ["withdrawn", "ana"]), 0);
  expect(announced(room.effects())).toEqual([
    { urgency: "polite", kind: "co-facilitator-withdrawn", name: "Ana", self: false },
  ]);
  expect(room.member("me")?.role).toBe("co_facilitator");
});

test("names that look alike are numbered in order of the leaves, and one hears of one's own", () => {
  room.effects();
  room.heard("marta", 11, state("me"), 0);
  expect([room.nameOf("marta"), room.nameOf("me")]).toEqual(["me", "Me (2)"]);
  expect(announced(room.effects())).toContainEqual({ urgency: "polite", kind: "renamed", name: "Me (2)" });
});

test("losing and leaving: the tile stays for the one and goes for the other", () => {
  room.heard("marta", 11, state("Marta"), 0);
  room.effects();
  room.connection("marta", false);
  expect([room.member("marta")?.connected, room.member("me")?.connected]).toEqual([false, true]);
  room.connection("marta", true);
  expect(room.member("marta")?.connected).toBe(true);
  room.groupChanged(view([person("me", 1)], ["left", "marta"]), 0);
  const effects = room.effects();
  expect(effects).toContainEqual({ do: "forget", member: "marta" });
  expect(announced(effects)).toEqual([{ urgency: "polite", kind: "left", name: "Marta" }]);
  expect(room.member("marta")).toBeUndefined();
});

test("the server's word about sockets dims tiles and makes none", () => {
  room.connections([{ id: "me" }, { id: "ghost" }], true);
  expect(room.members.map((one) => [one.id, one.connected])).toEqual([
    ["marta", false],
    ["me", true],
  ]);
  room.connection("me", false);
  room.connection("ghost", true);
  expect(room.members.map((one) => one.id)).toEqual(["marta", "me"]);
  expect(room.member("me")?.connected).toBe(true);
  room.connections([{ id: "marta" }, { id: "me" }], true);
  expect(room.member("marta")?.connected).toBe(true);
});

test("who is the last facilitator is told by the group's roles", () => {
  const self = person("me", 1, "facilitator");
  room.groupChanged(view([person("marta", 0, "facilitator"), self]), 0);
  expect(room.onlyFacilitator).toBe(false);
  room.connection("marta", false);
  expect(room.onlyFacilitator).toBe(true);
});

test("what changes nothing is not said", () => {
  room.effects();
  room.setOwn({ microphone: true });
  expect(room.effects()).toEqual([]);
  room.setOwn({ microphone: false });
  expect(room.effects()).toEqual([{ do: "send-state", to: null }]);
});

test("two members who hear the same room agree on every hand, whatever was said in which order", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed);
    const pick = (below: number) => Math.floor(random() * below);
    const ids = ["ana", "ben", "chi"];
    const people = ids.map((id, leaf) => person(id, leaf));
    const rooms = ids.map((id) => {
      const one = make({ self: id, own: { name: id, microphone: true, camera: true, hand: 0, ...QUIET } });
      one.groupChanged(view(people), 0);
      one.effects();
      return one;
    });
    let seq = 0;
    const waiting: { sender: number; message: Message }[] = [];
    const collect = () =>
      rooms.forEach((one, sender) => {
        for (const effect of one.effects())
          if (effect.do === "send-state" && effect.to === null)
            waiting.push({ sender, message: state(ids[sender] as string, { hand: one.own.hand }) });
      });
    const deliver = ({ sender, message }: { sender: number; message: Message }) => {
      seq += 1;
      rooms.forEach((other, index) => {
        if (index !== sender) other.heard(ids[sender] as string, seq, message, 0);
        else if (message.type === "state") other.echoed(seq, message.hand);
      });
      collect();
    };
    for (let step = 0; step < 80; step++) {
      const one = rooms[pick(3)] as Room;
      if (pick(2)) one.setOwn({ hand: one.own.hand === 0 ? null : 0 });
      else one.setOwn({ microphone: !one.own.microphone });
      collect();
      // Each sender's messages stay in order; those of several senders mix.
      while (waiting.length > pick(4)) deliver(waiting.shift() as { sender: number; message: Message });
    }
    for (const one of rooms) one.setOwn({ microphone: !one.own.microphone });
    collect();
    while (waiting.length > 0) deliver(waiting.shift() as { sender: number; message: Message });
    // A last state of everybody repeats the numbers; from then on all see the same order.
    rooms.forEach((one, sender) => {
      deliver({ sender, message: state(ids[sender] as string, { hand: one.own.hand }) });
    });
    const places = rooms.map((one) => ids.map((id) => one.handPlace(id)));
    expect(places[1]).toEqual(places[0]);
    expect(places[2]).toEqual(places[0]);
  }
});

describe("shared screens", () => {
  const SCREEN = { context: 9, track: "a-screen", kind: "video", screen: true } as const;
  const kinds = (room: Room) =>
    room.effects().flatMap((effect) => (effect.do === "announce" ? [effect.announcement.kind] : []));

  test("are known by what their owner signed, with the number at which they began", () => {
    room.heard("marta", 5, state("Marta"), 0);
    kinds(room);
    room.heard("marta", 6, state("Marta", { contexts: [SCREEN], sharing: null }), 0);
    expect(kinds(room)).toEqual(["screen-shared"]);
    expect(room.sharers).toEqual([{ id: "marta", since: 6 }]);
    room.heard("marta", 9, state("Marta", { contexts: [SCREEN], sharing: 6, microphone: true }), 0);
    expect([kinds(room), room.sharers[0]?.since]).toEqual([[], 6]);
    expect([room.trackOf("marta", "video", true), room.trackOf("marta", "video", false)]).toEqual(["a-screen", null]);
    expect(room.tracks).toEqual([{ member: "marta", track: "a-screen", kind: "video", screen: true }]);
    room.heard("marta", 12, state("Marta"), 0);
    expect([kinds(room), room.sharers]).toEqual([["screen-stopped"], []]);
  });

  test("somebody who came later learns of them by a state with their number; without a screen the number is nothing", () => {
    room.heard("marta", 50, state("Marta", { contexts: [SCREEN], sharing: 6 }), 0);
    expect(room.sharers).toEqual([{ id: "marta", since: 6 }]);
    room.heard("marta", 60, state("Marta", { sharing: 6 }), 0);
    expect(room.sharers).toEqual([]);
  });

  test("nobody ends another's screen by a number from before they began", () => {
    room.heard("marta", 5, state("Marta"), 0);
    room.heard("marta", 9, state("Marta", { contexts: [SCREEN], sharing: 1 }), 0);
    expect(room.sharers).toEqual([{ id: "marta", since: 9 }]);
    room.heard("marta", 11, state("Marta", { contexts: [SCREEN], sharing: 6 }), 0);
    expect(room.sharers).toEqual([{ id: "marta", since: 9 }]);
    room.groupChanged(view([...TWO, person("ben", 2)]), 0);
    room.heard("ben", 20, state("Ben", { contexts: [SCREEN], sharing: 1 }), 0);
    expect(room.sharers).toContainEqual({ id: "ben", since: 20 });
  });

  test("of somebody without a socket hold nobody up", () => {
    room.heard("marta", 6, state("Marta", { contexts: [SCREEN], sharing: null }), 0);
    room.connection("marta", false);
    expect(room.sharers).toEqual([]);
  });

  test("one's own has its number from the first state that is numbered with it", () => {
    room.setOwn({ sharing: null });
    room.echoed(20, 0, 0); // said before
    expect(room.own.sharing).toBeNull();
    room.echoed(21, 0, null);
    room.echoed(22, 0, null);
    expect(room.own.sharing).toBe(21);
  });
});
