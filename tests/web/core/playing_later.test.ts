/** How long others wait to be played, over connections that are built anew and in a call of voices alone. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Message } from "../../../web/client/e2ee/manager";
import type { TrackMap } from "../../../web/client/protocol_types";
import { person } from "./fake_manager";
import { FakePeerConnection } from "./fakes";
import { Person, settle, setUp, TWO } from "./meeting_fixture";

const MARTA: Extract<Message, { type: "state" }> = {
  type: "state",
  name: "Marta",
  microphone: true,
  camera: false,
  hand: 0,
  contexts: [{ context: 1, track: "martas-voice", kind: "audio" }],
};
const TRACKS: TrackMap[] = [{ mid: "0", member: "marta", track: "martas-voice", kind: "audio" }];

let ana: Person;
beforeEach(async () => {
  setUp();
  ana = new Person();
  await ana.comeIn();
  await ana.hearSaid("marta", MARTA);
  await offer("one");
});
afterEach(async () => {
  ana.actions.leave();
  await settle();
  vi.useRealTimers();
});

const subscriber = () => FakePeerConnection.made.at(-1) as FakePeerConnection;
const target = () => subscriber().transceivers[0]?.receiver.jitterBufferTarget;

async function offer(transport: string, generation = 1): Promise<void> {
  const sdp = `o=- ${generation}\na=fingerprint:${transport}\na=ice-ufrag:${transport}\nm=audio 0`;
  await ana.hear({ type: "subscribe_offer", room: "room", generation, sdp, tracks: TRACKS });
  for (const one of FakePeerConnection.made) one.become("connected");
}

/** Lives for so many seconds on a good socket; of 50 packets a second, `again` come when they were asked for again. */
async function run(seconds: number, again = 0): Promise<void> {
  ana.socket.onSend((message) => message.type === "ping" && ana.socket.say({ type: "pong", n: message.n }));
  for (let second = 1; second <= seconds; second++) {
    const counts = { packetsReceived: 50 * second, packetsLost: 0, nackCount: again * second };
    subscriber().stats = [{ type: "inbound-rtp", kind: "audio", mid: "0", bytesReceived: 5000 * second, ...counts }];
    await vi.advanceTimersByTimeAsync(1000);
  }
}

test("a connection that is built anew waits as long as the one before", async () => {
  await ana.hearSaid("marta", { ...MARTA, uplink: "fair" });
  await run(3);
  expect(target()).toBe(170);
  await ana.loseAndResume(ana.joined({ resumed: true, media_kept: false }));
  await offer("two", 2);
  expect(target()).toBeNull();
  await run(3);
  expect(target()).toBe(170);
});

test("with Audio only too, what is lost on one's own way down is waited for although all of it came in the end", async () => {
  ana.actions.setNetwork({ audioOnly: true });
  await run(3, 5);
  expect(target()).toBe(270);
});

test("who left and came again is not waited for because of before", async () => {
  await ana.hearSaid("marta", { ...MARTA, uplink: "poor" });
  await run(3);
  expect(target()).toBe(270);
  await ana.see([person("me", 1)]);
  await run(2);
  await ana.see(TWO);
  await ana.hearSaid("marta", MARTA);
  await run(3);
  expect(target()).toBeNull();
});
