/** Whatever the server sends in whatever state: nothing changes, nothing stops, and the meeting goes on. */
import { afterEach, expect, test, vi } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import type { GroupMessage } from "../../../../web/client/e2ee/worker_messages";
import type { ServerMessage } from "../../../../web/client/protocol_types";
import protection from "../../../vectors/mls/message-protection.suite1.json";
import commits from "../../../vectors/mls/passive-client-handling-commit.suite1.json";
import passive from "../../../vectors/mls/passive-client-welcome.suite1.json";
import welcomes from "../../../vectors/mls/welcome.suite1.json";
import { seeded } from "../../random";
import { unhex } from "../mls/world";
import { ROOM } from "./delivery";
import { type Somebody, World } from "./world";

afterEach(() => vi.unstubAllGlobals());

/** Every MLSMessage and every other long byte string in the working group's vectors. */
function vectors(): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === "string" && /^([0-9a-f]{2}){20,}$/.test(value)) found.push(toBase64url(unhex(value)));
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  for (const cases of [protection, commits, passive, welcomes]) walk(cases.slice(0, 3));
  return found;
}

const VECTORS = vectors();
const TYPES: Record<GroupMessage["type"], true> = {
  said: true,
  member_connection: true,
  member_gone: true,
  mls_registered: true,
  mls_abandoned: true,
  mls_offered: true,
  mls_committed: true,
  mls_welcomed: true,
  mls_rebase: true,
  mls_reopened: true,
  mls_caught_up: true,
  mls_must_rejoin: true,
  mls_ready: true,
  mls_refused: true,
};

/** Messages of every type, made of what was really sent, of the vectors, and of junk. */
class Junk {
  constructor(
    readonly random: () => number,
    private readonly seen: readonly ServerMessage[],
  ) {}

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  value(): unknown {
    const numbers = [0, 1, -1, 2, 5, 1.5, 2 ** 53, Number.MAX_SAFE_INTEGER];
    const texts = ["", "A", "AAAA", "not base64url!", "x".repeat(22), this.pick(VECTORS)];
    return this.pick<() => unknown>([
      () => this.pick(numbers),
      () => this.pick(texts),
      () => this.pick([null, undefined, true, [], {}, [null], [{}]]),
      () => this.bytes(this.pick(VECTORS)),
    ])();
  }

  /** The same text with some of it changed. */
  bytes(text: string): string {
    const at = Math.floor(this.random() * text.length);
    return this.pick([
      text.slice(0, at),
      text.slice(0, at) + this.pick([..."AZaz09-_"]) + text.slice(at + 1),
      text + text,
    ]);
  }

  mutated(value: unknown): unknown {
    if (this.random() < 0.1) return this.value();
    if (typeof value === "string") return this.random() < 0.4 ? this.bytes(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.mutated(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name === "type" || this.random() > 0.05)
        .map(([name, field]) => [name, name === "type" || name === "room" ? field : this.mutated(field)]),
    );
  }

  message(): GroupMessage {
    const type = this.pick(Object.keys(TYPES) as GroupMessage["type"][]);
    const seen = this.seen.filter((message) => message.type === type);
    if (seen.length && this.random() < 0.7) {
      const { type: _, room, ...fields } = this.pick(seen) as GroupMessage;
      return { ...(this.mutated({ ...fields, type }) as object), type, room } as GroupMessage;
    }
    const names = ["seq", "epoch", "sender", "n", "body", "member", "gone", "state", "key_package", "rejoin", "commit"];
    const more = ["welcome", "commits", "void_from", "after", "reports", "applied", "replayed_from", "reason", "code"];
    const fields = [...names, ...more, "about", "connected", "to"].map((name) => [name, this.value()]);
    return {
      ...Object.fromEntries(fields),
      type,
      room: this.pick([ROOM, ROOM, ROOM, "elsewhere", null]),
    } as GroupMessage;
  }
}

/** What a well-formed lie may do: send somebody to rejoin. These are left out where the test asks for no change. */
const CHANGING = new Set(["mls_must_rejoin", "mls_registered", "mls_reopened", "member_gone", "member_connection"]);

async function meeting(seed: number) {
  const world = new World(seed);
  const seen: ServerMessage[] = [];
  world.server.tamper = (_, message) => {
    seen.push(message);
    return message;
  };
  const ana = await world.facilitator("ana");
  const [ben, chi] = [await world.participant("ben"), await world.participant("chi")];
  await world.meeting(ana, ben, chi);
  await world.reload(chi);
  await world.advance(3);
  await ben.say("hello");
  await world.cut(ben);
  await world.advance(1);
  await world.resume(ben);
  await world.advance(1);
  return { world, seen, ana, ben, chi };
}

const STATES: Record<string, (world: World, somebody: Somebody) => Promise<unknown>> = {
  "in the group": async () => undefined,
  offline: (world, somebody) => world.cut(somebody),
  "catching up": async (world, somebody) => {
    await world.cut(somebody);
    world.frozen.add(somebody);
    somebody.online = true;
    world.server.resume(somebody.member);
    const joined = somebody.inbox.shift();
    if (joined?.type === "joined") await somebody.do({ type: "joined", message: joined });
  },
  "asking to come back": async (world, somebody) => {
    world.frozen.add(somebody);
    const reason = "behind" as const;
    await somebody.do({ type: "server", message: { type: "mls_must_rejoin", room: ROOM, reason } });
  },
  left: async (_, somebody) => somebody.do({ type: "leave" }),
};

test.each(Object.keys(STATES))(
  "junk to somebody %s stops nothing",
  async (state) => {
    for (let seed = 1; seed < 4; seed++) {
      const { world, seen, ana, ben, chi } = await meeting(seed);
      await STATES[state]?.(world, ben);
      const junk = new Junk(seeded(seed * 7), seen);
      for (let round = 0; round < 250; round++) await ben.do({ type: "server", message: junk.message() });
      await ben.say("still able to speak");
      expect(world.agreement(ana, chi).people).toContain("ana");
      await ana.say("and to hear");
      await world.advance(1);
      expect(chi.chats).toContain("and to hear");
    }
  },
  120_000,
);

test("junk in somebody's inbox changes neither their epoch nor anybody else's", async () => {
  for (let seed = 1; seed < 5; seed++) {
    const { world, seen, ana, ben, chi } = await meeting(seed + 50);
    const before = world.agreement(ana, ben, chi);
    const junk = new Junk(seeded(seed), seen);
    for (let round = 0; round < 200; round++) {
      const message = junk.message();
      if (CHANGING.has(message.type)) continue;
      // Numbers beyond all that come would make what is genuine look old: a server can hold anything back.
      if (message.type === "said" && message.seq > world.server.seq) continue;
      await ben.do({ type: "server", message });
    }
    expect(world.agreement(ana, ben, chi)).toEqual(before);
    await world.advance(20);
    world.agreement(ana, ben, chi);
    const dee = await world.participant("dee");
    await world.arrive(dee);
    await world.admit(ana, dee);
    await world.advance(2);
    expect(world.agreement(ana, ben, chi, dee).people).toHaveLength(4);
  }
}, 120_000);

test("junk in place of what the server tells of a meeting or a knock stops nothing", async () => {
  for (const seed of [1, 2, 3]) {
    const { world, seen, ana, ben, chi } = await meeting(seed + 90);
    const joined = seen.filter((message) => message.type === "joined");
    const knocks = seen.flatMap((message) => (message.type === "knocked" ? [message.knock] : []));
    expect([joined.length, knocks.length].every(Boolean)).toBe(true);
    const junk = new Junk(seeded(seed), seen);
    const fay = await world.facilitator("fay");
    const strangers = [fay, await world.participant("dee")];
    for (let round = 0; round < 250; round++) {
      const { type, ...fields } = junk.pick(joined);
      const message = (junk.random() < 0.1 ? junk.value() : { ...(junk.mutated(fields) as object), type }) as never;
      for (const somebody of [chi, ...strangers]) await somebody.do({ type: "joined", message });
      await ana.do({ type: "read-knock", knock: junk.mutated(junk.pick(knocks)) as never });
    }
    const before = world.agreement(ana, ben);
    await ben.say("still here");
    await world.advance(1);
    expect(ana.chats).toContain("still here");
    expect(world.agreement(ana, ben).people).toEqual(before.people);
    await world.reload(chi);
    await world.advance(20);
    expect(world.agreement(ana, ben, chi).people).toContain("chi");
  }
}, 120_000);

test("a worker without a room passes junk over", async () => {
  const world = new World();
  const ben = await world.participant("ben");
  const junk = new Junk(seeded(3), []);
  for (let round = 0; round < 100; round++) await ben.do({ type: "server", message: junk.message() });
  for (const nonce of ["", "AAAA", "x!"]) {
    await ben.do({ type: "make-knock", member: ben.member, nonce, name: "ben", now: Date.now() / 1000 });
    await ben.do({ type: "make-knock", member: nonce, nonce: ben.nonce, name: "ben", now: Date.now() / 1000 });
  }
  expect(ben.tell("send")).toEqual([]);
  await ben.do({ type: "say", room: "elsewhere", id: 1, message: { type: "end" }, to: null, slot: null });
  await ben.do({ type: "check", room: "elsewhere" });
  await ben.do({ type: "admit", knocks: ["nobody"] });
});
