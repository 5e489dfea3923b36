import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { E2eeManager } from "../../../web/client/e2ee/manager";
import type { EncryptionNews } from "../../../web/client/encryption_news";
import { Moderation } from "../../../web/client/moderation";
import type { ClientMessage } from "../../../web/client/protocol_types";
import { WaitingList } from "../../../web/client/waiting_list";
import type { Words } from "../../../web/client/words";
import { FakeManager } from "./fake_manager";
import { knock } from "./meeting_fixture";

const SEED = new Uint8Array(16);
let asked: string[];
let sent: ClientMessage[];
let told: { type: string; to: string | null; answered?: (() => void) | undefined }[];
let waiting: WaitingList;
let news: { check: { state: string; round: string } | null };
let moderation: Moderation;
let online: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  online = true;
  const manager = new FakeManager({} as FakeManager["options"]);
  [asked, sent, told, waiting, news] = [manager.asked, [], [], new WaitingList(), { check: null }];
  const words = {
    tell: ({ type }: { type: string }, to: string | null, answered?: () => void) => told.push({ type, to, answered }),
  };
  moderation = new Moderation({
    room: "room",
    e2ee: manager.asManager() satisfies E2eeManager,
    words: words as unknown as Words,
    waiting,
    news: news as unknown as EncryptionNews,
    send: (message) => online && sent.push(message) > 0,
    refused: () => asked.push("refused"),
  });
});
afterEach(() => vi.useRealTimers());

test("only who knocks genuinely and waits is let in; anybody may be declined", () => {
  waiting.knocked(knock("ana"), "Ana", SEED, 0);
  waiting.knocked(knock("forged"), null, SEED, 0);
  for (const id of ["ana", "forged", "nobody"]) moderation.admit(id);
  moderation.admitAll();
  moderation.decline("forged");
  expect(asked).toEqual(["admit ana", "admit ana"]);
  expect(sent).toEqual([{ type: "decline", knock: "forged" }]);
});

test("admitting all where nobody waits asks for nothing", () => {
  moderation.admitAll();
  expect(asked).toEqual([]);
});

test("the end is asked for once, after its signed word or half a second", () => {
  moderation.endMeeting();
  expect([told[0]?.type, sent]).toEqual(["end", []]);
  told[0]?.answered?.();
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([{ type: "end_meeting" }]);
  moderation.endMeeting();
  vi.advanceTimersByTime(499);
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(1);
  told[1]?.answered?.();
  expect(sent).toHaveLength(2);
});

test("a mute goes to whom it is for, the lock to everybody and to the door", () => {
  moderation.mute("ana");
  moderation.mute(null);
  moderation.setLocked(false);
  expect(told.map(({ type, to }) => [type, to])).toEqual([
    ["mute", "ana"],
    ["mute", null],
    ["locked", null],
  ]);
  expect(sent).toEqual([{ type: "lock", locked: false }]);
});

test("without a socket nothing is half done: the door keeps its lock and the word unsaid, and the person hears of it", () => {
  online = false;
  moderation.setLocked(true);
  moderation.decline("ana");
  expect([asked, told, sent]).toEqual([["refused", "refused"], [], []]);
});

test("an end that finds no socket is asked for with its signed word, once that is said", () => {
  online = false;
  moderation.endMeeting();
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([]);
  online = true;
  told[0]?.answered?.();
  expect(sent).toEqual([{ type: "end_meeting" }]);
});

test("removal and roles are commits, and only a round that is done is marked", () => {
  moderation.remove("ana");
  moderation.setCoFacilitator("ana", true);
  moderation.startCheck();
  moderation.markChecked();
  news.check = { state: "revealing", round: "r" };
  moderation.markChecked();
  news.check = { state: "done", round: "r" };
  moderation.markChecked();
  expect(asked).toEqual(["remove ana", "co-facilitator ana true", "check room", "mark r"]);
});
