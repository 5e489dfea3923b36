import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CALL_PROBE_MS, Connection, type ConnectionEvents } from "../../../web/client/connection";
import type { ServerMessage } from "../../../web/client/protocol_types";
import { FakeSocket } from "./fakes";

let sockets: FakeSocket[];
let events: { [K in keyof ConnectionEvents]: ReturnType<typeof vi.fn> };
let connection: Connection;

const WAITING = { type: "waiting", token: "t".repeat(16), member: "me", now: 0, facilitator_present: true } as const;
const newest = () => sockets.at(-1) as FakeSocket;

/** The server greets, the client answers, the server lets it in. */
async function welcome(): Promise<void> {
  newest().say({ type: "challenge", nonce: "nonce" });
  await vi.advanceTimersByTimeAsync(0);
  newest().say(WAITING);
}

/** Answers each ping, as a living server does. */
const answerPings = () =>
  newest().onSend((message) => message.type === "ping" && newest().say({ type: "pong", n: message.n }));

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  events = {
    hello: vi.fn(async () => ({ type: "resume", group: "group", token: "t".repeat(16) })),
    message: vi.fn(),
    lost: vi.fn(),
    gaveUp: vi.fn(),
  };
  const open = () => {
    sockets.push(new FakeSocket());
    return newest().asSocket();
  };
  connection = new Connection(open, events as unknown as ConnectionEvents, () => 0);
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

test("the challenge is answered, and what follows is handed on", async () => {
  connection.start();
  expect(connection.send({ type: "leave" })).toBe(false);
  await welcome();
  expect(events.hello).toHaveBeenCalledWith("nonce");
  expect(newest().sent).toEqual([{ type: "resume", group: "group", token: "t".repeat(16) }]);
  expect(events.message).toHaveBeenCalledWith(WAITING);
  expect(connection.established).toBe(true);
  expect(connection.send({ type: "leave" })).toBe(true);
});

test("a socket that was opened ahead is taken, and its challenge answered at once", async () => {
  connection.prepare();
  connection.prepare();
  newest().say({ type: "challenge", nonce: "ahead" });
  await vi.advanceTimersByTimeAsync(11_000);
  expect([sockets.length, newest().sent, events.hello.mock.calls]).toEqual([1, [], []]);
  connection.start();
  await vi.advanceTimersByTimeAsync(0);
  expect([sockets.length, events.hello.mock.calls]).toEqual([1, [["ahead"]]]);
  newest().say(WAITING);
  expect(connection.established).toBe(true);
  connection.prepare();
  expect(sockets).toHaveLength(1);
});

test("one whose challenge is still on its way is taken as well, and answers it then", async () => {
  connection.prepare();
  connection.start();
  expect(events.hello).not.toHaveBeenCalled();
  await welcome();
  expect([sockets.length, events.hello.mock.calls.length, connection.established]).toEqual([1, 1, true]);
});

test.each([
  ["too old", () => vi.advanceTimersByTimeAsync(12_000)],
  ["closed by the server", async () => newest().close(4001)],
  ["of another network", async () => connection.wake()],
])("one that is %s is let go, without a word, and another one opened", async (_, ends) => {
  connection.prepare();
  newest().say({ type: "challenge", nonce: "ahead" });
  await ends();
  expect(events.lost).not.toHaveBeenCalled();
  connection.start();
  expect(sockets).toHaveLength(2);
  await welcome();
  expect(events.hello.mock.calls).toEqual([["nonce"]]);
});

test("one that fails is not followed by another at every key, but when its time is over or the network is back", async () => {
  const counts: number[] = [];
  const type = () => {
    for (let key = 0; key < 20; key++) {
      connection.prepare();
      newest().close(1006);
    }
    counts.push(sockets.length);
  };
  type();
  await vi.advanceTimersByTimeAsync(11_999);
  type();
  await vi.advanceTimersByTimeAsync(1);
  type();
  connection.wake();
  type();
  expect(counts).toEqual([1, 1, 2, 3]);
});

test("after the end nothing stays open", () => {
  connection.prepare();
  connection.stop();
  expect(newest().closed).toBe(true);
});

test("a ping every ten seconds keeps it alive", async () => {
  connection.start();
  await welcome();
  answerPings();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(
    newest()
      .sent.filter((message) => message.type === "ping")
      .map((message) => message.n),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  expect(sockets).toHaveLength(1);
});

test("without a word for 25 seconds it is lost, and tried again at once", async () => {
  connection.start();
  await welcome();
  await vi.advanceTimersByTimeAsync(24_999);
  expect(events.lost).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(events.lost).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(2);
});

test("a page that is about to go believes the end of its socket only when it is still there two seconds later", async () => {
  connection.start();
  await welcome();
  connection.leaving();
  await vi.advanceTimersByTimeAsync(500);
  newest().close(1006);
  connection.wake();
  await vi.advanceTimersByTimeAsync(1_499);
  expect(events.lost).not.toHaveBeenCalled();
  expect(sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(events.lost).toHaveBeenCalledTimes(1);
  expect(sockets).toHaveLength(2);
});

test("a page that stayed loses its next socket at once", async () => {
  connection.start();
  await welcome();
  connection.leaving();
  answerPings();
  await vi.advanceTimersByTimeAsync(2_000);
  newest().close(1006);
  expect(events.lost).toHaveBeenCalledTimes(1);
});

test("attempts follow the policy, told as one loss, until two minutes are over", async () => {
  connection.start();
  await welcome();
  newest().close(1006);
  const opened: number[] = [];
  const start = performance.now();
  for (let ms = 0; ms < 130_000; ms += 100) {
    const before = sockets.length;
    await vi.advanceTimersByTimeAsync(100);
    if (sockets.length > before) {
      opened.push(performance.now() - start);
      newest().close(1006);
    }
  }
  expect(opened.slice(0, 4)).toEqual([100, 400, 1600, 4300]);
  expect(events.lost).toHaveBeenCalledTimes(1);
  expect(events.gaveUp).toHaveBeenCalledTimes(1);
  expect(opened.at(-1)).toBeLessThan(130_000);
});

test("a success starts the policy anew", async () => {
  connection.start();
  await welcome();
  newest().close(1006);
  await vi.advanceTimersByTimeAsync(0);
  newest().close(1006);
  await vi.advanceTimersByTimeAsync(300);
  await welcome();
  newest().close(1012);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(4);
  expect(events.lost).toHaveBeenCalledTimes(2);
});

test("a socket that opens and says nothing is given up after 12 seconds", async () => {
  connection.start();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(newest().closed).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(sockets).toHaveLength(2);
  expect(events.lost).not.toHaveBeenCalled();
});

test("waking up does not wait for the next turn", async () => {
  connection.start();
  await welcome();
  for (let i = 0; i < 4; i++) {
    newest().close(1006);
    await vi.advanceTimersByTimeAsync(3000);
  }
  const before = sockets.length;
  newest().close(1006);
  connection.wake();
  expect(sockets).toHaveLength(before + 1);
});

test("waking up over a dead socket is seen within four seconds", async () => {
  connection.start();
  await welcome();
  connection.wake();
  connection.wake();
  await vi.advanceTimersByTimeAsync(3_999);
  expect(events.lost).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(events.lost).toHaveBeenCalledTimes(1);
});

test("who knows that the network is awake waits less", async () => {
  connection.start();
  await welcome();
  connection.wake(CALL_PROBE_MS);
  await vi.advanceTimersByTimeAsync(CALL_PROBE_MS - 1);
  expect(events.lost).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(events.lost).toHaveBeenCalledTimes(1);
});

test("waking up over a living socket changes nothing", async () => {
  connection.start();
  await welcome();
  answerPings();
  connection.wake();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sockets).toHaveLength(1);
});

test("stopping ends it: no attempt, no event, no timer", async () => {
  connection.start();
  await welcome();
  connection.stop();
  expect(newest().closed).toBe(true);
  newest().say(WAITING);
  await vi.advanceTimersByTimeAsync(200_000);
  expect(sockets).toHaveLength(1);
  expect(events.message).toHaveBeenCalledTimes(1);
  expect(events.lost).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test("an answer that comes late goes into no newer socket", async () => {
  let finish: (hello: unknown) => void = () => undefined;
  events.hello.mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
  connection.start();
  newest().say({ type: "challenge", nonce: "first" });
  newest().close(1006);
  await vi.advanceTimersByTimeAsync(0);
  finish({ type: "resume", group: "old", token: "x" });
  await vi.advanceTimersByTimeAsync(0);
  expect(newest().sent).toEqual([]);
});

test("what this page does not understand is passed over", async () => {
  connection.start();
  await welcome();
  newest().raw("{");
  newest().say({ type: "from_the_future" } as unknown as ServerMessage);
  expect(events.message).toHaveBeenCalledTimes(1);
});
