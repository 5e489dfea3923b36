import { expect, test } from "vitest";
import { ChatLog } from "../../../web/client/chat_log";

const AT = new Date(0);
const texts = (log: ChatLog) => log.messages.map((message) => message.text);

test("messages stand in the room's order, whatever order they came in", () => {
  const log = new ChatLog();
  log.heard(5, "ana", "Ana", "second", AT);
  log.heard(3, "ben", "Ben", "first", AT);
  log.heard(9, "ana", "Ana", "third", AT);
  expect(texts(log)).toEqual(["first", "second", "third"]);
});

test("one's own waits at the end, then takes its place", () => {
  const log = new ChatLog();
  const key = log.write("me", "Me", "mine", AT);
  log.heard(7, "ana", "Ana", "later in the room", AT);
  expect(texts(log)).toEqual(["later in the room", "mine"]);
  expect(log.find(key)).toMatchObject({ state: "sending", own: true, seq: 0 });
  log.sent(key, 6);
  expect(texts(log)).toEqual(["mine", "later in the room"]);
  expect(log.find(key)).toMatchObject({ state: "sent", seq: 6 });
});

test("two own messages keep their order while both wait, whatever happens to the first", () => {
  const log = new ChatLog();
  const first = log.write("me", "Me", "first", AT);
  log.write("me", "Me", "second", AT);
  log.notSent(first);
  expect(texts(log)).toEqual(["first", "second"]);
  expect(log.find(first)?.state).toBe("not-sent");
  log.again(first);
  expect(log.find(first)?.state).toBe("sending");
});

test("a message that arrived is never shown as not sent", () => {
  const log = new ChatLog();
  const key = log.write("me", "Me", "mine", AT);
  log.sent(key, 4);
  log.notSent(key);
  expect(log.find(key)?.state).toBe("sent");
});

test("known to have arrived without its place, it stands last, and moves when the place comes", () => {
  const log = new ChatLog();
  log.heard(8, "ana", "Ana", "eight", AT);
  const key = log.write("me", "Me", "mine", AT);
  log.sent(key, null);
  expect(log.find(key)).toMatchObject({ state: "sent", seq: 8 });
  log.sent(key, 2);
  expect(texts(log)).toEqual(["mine", "eight"]);
});

test("words that came before the name get it when it comes", () => {
  const log = new ChatLog();
  log.heard(1, "ana", "", "hello", AT);
  expect(log.name("ben", "Ben")).toBe(false);
  expect(log.name("ana", "Ana")).toBe(true);
  expect(log.messages[0]?.senderName).toBe("Ana");
});

test("keys are unique, and the list is bounded", () => {
  const log = new ChatLog();
  for (let seq = 1; seq <= 1100; seq++) log.heard(seq, "ana", "Ana", String(seq), AT);
  expect(log.messages).toHaveLength(1000);
  expect(new Set(log.messages.map((message) => message.key)).size).toBe(1000);
  expect(log.messages[0]?.seq).toBe(101);
});
