/**
 * Coming in, in round trips: a scripted server answers each message half a round trip after it was sent, and what the
 * page could have said sooner shows as a later turn. No clock decides: everything else takes no time at all.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Role } from "../../../web/client/model";
import type { ClientMessage, ServerMessage } from "../../../web/client/protocol_types";
import { Person, settle, setUp, TWO } from "./meeting_fixture";

beforeEach(setUp);
afterEach(() => vi.useRealTimers());

/** Sent by the page, by the turn in which the server reads it; turn 1 is half a round trip after the press. */
type Turns = Map<ClientMessage["type"], number>;

class ScriptedServer {
  readonly read: Turns = new Map();
  #turn = 0;
  #seen = 0;

  constructor(private readonly ana: Person) {}

  /** Half a round trip up: what the page has said by now is read, and half a one down. */
  async turn(...answers: ServerMessage[]): Promise<void> {
    this.#turn += 1;
    const sent = this.ana.socket.sent.slice(this.#seen);
    this.#seen += sent.length;
    for (const { type } of sent) if (!this.read.has(type)) this.read.set(type, this.#turn);
    await this.ana.hear(...answers);
  }
}

const CHALLENGE: ServerMessage = { type: "challenge", nonce: "nonce" };

/** From the agreement on the socket opens, and has its challenge while the name is typed. */
async function press(role: Role): Promise<[Person, ScriptedServer]> {
  const ana = new Person(role);
  ana.session.begin();
  ana.actions.agree();
  await ana.hear(CHALLENGE);
  ana.actions.aboutToAsk();
  expect(ana.sockets.map(({ sent }) => sent)).toEqual([[]]);
  ana.actions.askToJoin("Ana");
  await settle();
  return [ana, new ScriptedServer(ana)];
}

test("from being let in, one turn: both connections are offered or asked for, and the server's first offer is answered", async () => {
  const [ana, server] = await press("participant");
  const waiting = { token: "waiting-token-0001", member: "me", now: 1_700_000_000, facilitator_present: true };
  await server.turn({ type: "waiting", ...waiting });
  expect(server.read.get("join")).toBe(1);
  expect(ana.e2ee.knocksMade).toHaveLength(1);
  // The server sends its first offer unasked, behind `joined`.
  const sdp = "o=- 1 1 IN IP4 0.0.0.0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\nm=audio 9 0\r\na=mid:0\r\na=inactive\r\n";
  await server.turn(ana.joined(), { type: "subscribe_offer", room: "room", generation: 1, sdp, tracks: [] });
  await server.turn();
  expect([server.read.get("publish"), server.read.get("subscribe_answer")]).toEqual([3, 3]);
  expect(server.read.has("subscribe"), "a question whose answer is there already").toBe(false);
  // Keys and others' words come while the connections are made; the first tile is asked for in the same turn.
  await ana.see(TWO);
  const contexts = [{ context: 0, track: "camera", kind: "video" }];
  const said = { name: "Marta", microphone: true, camera: true, hand: 0, sharing: 0, uplink: "good", contexts };
  await ana.hearSaid("marta", { type: "state", ...said });
  ana.actions.showPicture("marta", "camera", 360);
  await settle();
  expect(ana.sent("watch").at(-1)?.tiles).toEqual([{ member: "marta", track: "camera", height: 360 }]);
});

test("a facilitator's own way in: nothing is waited for but `joined`, and the worker is there before it", async () => {
  const [ana, server] = await press("facilitator");
  const { options } = ana.e2ee;
  await server.turn(ana.joined({ role: "facilitator", members: [{ id: "me", role: "facilitator" }] }));
  await server.turn();
  expect([server.read.get("join"), server.read.get("publish")]).toEqual([1, 2]);
  expect(ana.sent("join")[0]).toMatchObject({ subscribe: true });
  expect(ana.e2ee.options).toBe(options);
});

test("the group is read once for each socket, while that opens", async () => {
  const asked = vi.fn();
  const ana = new Person("facilitator");
  Object.defineProperty(ana, "group", { get: () => asked() ?? ana.firstGroup });
  ana.session.begin();
  await settle();
  expect(asked).not.toHaveBeenCalled();
  ana.actions.agree();
  ana.actions.askToJoin("Marta");
  expect(asked).toHaveBeenCalledTimes(1);
  await ana.greet();
  expect(ana.sent("join")).toHaveLength(1);
  expect(asked).toHaveBeenCalledTimes(1);
});

test("who comes back after a reload asks: the server makes its first offer only to who has just come in", async () => {
  const [ana, server] = await press("participant");
  await server.turn(ana.joined({ resumed: true }));
  await server.turn();
  expect([server.read.get("publish"), server.read.get("subscribe")]).toEqual([2, 2]);
});
