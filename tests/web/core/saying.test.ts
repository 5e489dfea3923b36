import { beforeEach, expect, test } from "vitest";
import type { Message } from "../../../web/client/e2ee/manager";
import type { ClientMessage, SayMessage } from "../../../web/client/protocol_types";
import { Saying } from "../../../web/client/saying";

let sent: SayMessage[];
let lost: string[];
let online: boolean;
let saying: Saying;
const chat = (text: string): Message => ({ type: "chat", text });
const settle = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  [sent, lost, online] = [[], [], true];
  let slower = 3;
  saying = new Saying({
    room: "room",
    taken: 4,
    seal: async (message, to) => {
      // Sealing takes as long as it takes; the order must not depend on it.
      for (let turn = slower--; turn > 0; turn--) await Promise.resolve();
      if (message.type === "chat" && message.text === "too long") throw new RangeError("too long");
      return `${message.type === "chat" ? message.text : message.type} to ${to ?? "all"}`;
    },
    send: (message: ClientMessage) => {
      if (online) sent.push(message as SayMessage);
      return online;
    },
    chatLost: (key) => lost.push(key),
  });
});

test("said in order, numbered on from what the room took", async () => {
  saying.say(() => chat("one"), { to: null });
  saying.say(() => chat("two"), { to: "ana" });
  saying.say(() => chat("three"), { to: null });
  await settle();
  expect(sent).toEqual([
    { type: "say", room: "room", n: 5, body: "one to all" },
    { type: "say", room: "room", n: 6, body: "two to ana", to: "ana" },
    { type: "say", room: "room", n: 7, body: "three to all" },
  ]);
});

test("a message is composed when its turn comes", async () => {
  let text = "old";
  saying.say(() => chat("first"), { to: null });
  saying.say(() => chat(text), { to: null });
  text = "new";
  await settle();
  expect(sent.map((message) => message.body)).toEqual(["first to all", "new to all"]);
});

test("said without a socket it goes out with the next one, once", async () => {
  online = false;
  saying.say(() => chat("late"), { to: null, chat: "key" });
  await settle();
  online = true;
  expect(saying.resume(4)).toEqual([]);
  expect(saying.resume(5).map((one) => one.chat)).toEqual(["key"]);
  expect(sent.map((message) => message.n)).toEqual([5]);
});

test("what cannot be sealed is told, and holds nothing else up", async () => {
  saying.say(() => chat("too long"), { to: null, chat: "key" });
  saying.say(() => chat("after"), { to: null });
  await settle();
  expect(lost).toEqual(["key"]);
  expect(sent.map((message) => [message.n, message.body])).toEqual([[5, "after to all"]]);
});

test("after the end nothing more is sealed or sent", async () => {
  saying.say(() => chat("never"), { to: null });
  saying.stop();
  await settle();
  expect(sent).toEqual([]);
});
