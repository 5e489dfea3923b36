import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChatLog } from "../../../web/client/chat_log";
import type { Message } from "../../../web/client/e2ee/manager";
import { Words } from "../../../web/client/words";

type State = Extract<Message, { type: "state" }>;
const STATE: State = { type: "state", name: "Me", microphone: true, camera: true, hand: 0, contexts: [] };

let said: { id: number; message: Message; how: object }[];
let withdrawn: number[];
let hands: [number, number | null][];
let screens: [number, number | null][];
let own: State | null;
let chat: ChatLog;
let words: Words;

beforeEach(() => {
  vi.useFakeTimers();
  [said, withdrawn, hands, screens, own, chat] = [[], [], [], [], STATE, new ChatLog()];
  words = new Words({
    chat,
    say: (id, message, how) => said.push({ id, message, how }),
    withdraw: (id) => withdrawn.push(id),
    ownState: () => own,
    stateSaid: (seq, hand, sharing) => {
      hands.push([seq, hand]);
      screens.push([seq, sharing]);
    },
  });
});
afterEach(() => vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
/** Returns the key of one's own message. */
const write = (text: string): string => {
  words.writeChat("me", "Me", text);
  return chat.messages.at(-1)?.key ?? "";
};

test("several changes of one moment are one state, and out of the group none", async () => {
  words.queueState();
  words.queueState();
  own = { ...STATE, microphone: false };
  await settle();
  expect(said.map(({ message, how }) => [message, how])).toEqual([[own, { slot: "state" }]]);
  words.queueState();
  own = null;
  await settle();
  words.sayState("ana");
  expect(said).toHaveLength(1);
});

test("a state for one member waits under that member's name", () => {
  words.sayState("ana");
  expect(said[0]?.how).toEqual({ to: "ana", slot: "state ana" });
  words.said(1, 9);
  expect(hands).toEqual([]);
});

test("the number of a state is told with the hand and the screen that it carried", async () => {
  own = { ...STATE, hand: null, sharing: null };
  words.queueState();
  await settle();
  words.queueState();
  await settle();
  words.said(2, 12); // the first gave way to the second
  words.said(1, 13);
  expect([hands, screens]).toEqual([[[12, null]], [[12, null]]]);
  own = STATE; // which says nothing of a screen
  words.queueState();
  await settle();
  words.said(3, 14);
  expect(screens.at(-1)).toEqual([14, 0]);
});

test("a state that is not said is said again, unless a newer one is on its way", async () => {
  words.queueState();
  await settle();
  words.queueState();
  await settle();
  words.unsaid(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(said).toHaveLength(2);
  words.unsaid(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(said).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(said).toHaveLength(3);
});

test("a chat message gets its place, or is given back", () => {
  const [first, second] = [write("one"), write("two")];
  words.said(1, 7);
  words.unsaid(2);
  expect([chat.find(first), chat.find(second)]).toMatchObject([{ state: "sent", seq: 7 }, { state: "not-sent" }]);
  expect(said.map(({ how }) => how)).toEqual([{}, {}]);
});

test("what was given back is sent again when asked, and nothing else is", () => {
  const [first, second] = [write("one"), write("two")];
  words.unsaid(1);
  for (const key of [first, second, "no such message"]) words.chatAgain(key);
  expect(said.map(({ message }) => "text" in message && message.text)).toEqual(["one", "two", "one"]);
  expect(chat.find(first)?.state).toBe("sending");
  words.said(3, 7);
  expect(chat.find(first)).toMatchObject({ state: "sent", seq: 7 });
});

test("what has not been answered for twelve seconds is asked back, once", async () => {
  write("one");
  write("two");
  words.said(1, 7);
  await vi.advanceTimersByTimeAsync(11_900);
  expect(withdrawn).toEqual([]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(withdrawn).toEqual([2]);
});

test("who asks hears once that it was said, or that it was not", () => {
  const answered = vi.fn();
  words.tell({ type: "end" }, null, answered);
  words.tell({ type: "mute", member: "ana" }, "ana", answered);
  words.tell({ type: "resend" }, "ana");
  expect(said.map(({ how }) => how)).toEqual([{}, { to: "ana" }, { to: "ana" }]);
  words.said(1, 5);
  words.said(1, 6);
  words.unsaid(2);
  words.said(3, 7);
  words.unsaid(99);
  expect(answered).toHaveBeenCalledTimes(2);
});

test("after the end nothing is said", async () => {
  words.queueState();
  write("one");
  words.stop();
  await vi.advanceTimersByTimeAsync(20_000);
  expect([said.length, withdrawn]).toEqual([1, []]);
});
