import { beforeEach, expect, test } from "vitest";
import { ScreenShare } from "../../../web/client/screen_share";
import { FakeScreens, FakeTrack, fakeMediaGlobals } from "./fakes";

let media: FakeScreens;
let changes: number;
let share: ScreenShare;
const WANTED = () => true;

beforeEach(() => {
  fakeMediaGlobals();
  [media, changes] = [new FakeScreens(), 0];
  share = new ScreenShare({ media, changed: () => changes++ });
});

test("what the person chose is sent, sharp before smooth, with its sound where it is given", async () => {
  expect(await share.start(WANTED)).toBe("shared");
  expect([share.shared?.video, share.shared?.audio, changes]).toEqual([media.opened[0], null, 1]);
  expect(media.opened[0]?.contentHint).toBe("text");
  media.answer = async () => [new FakeTrack("audio"), new FakeTrack("video")];
  await share.start(WANTED);
  expect(share.shared?.audio).toBe(media.opened[1]);
  expect(media.opened[0]?.readyState).toBe("ended"); // the one before
});

test("ended by the browser's own bar, or by the page: everything of it stops", async () => {
  media.answer = async () => [new FakeTrack("audio"), new FakeTrack("video")];
  await share.start(WANTED);
  media.opened[1]?.unplug();
  expect([share.shared, media.opened[0]?.readyState, changes]).toEqual([null, "ended", 2]);
  await share.start(WANTED);
  share.stop();
  share.stop();
  expect([media.opened.every(({ readyState }) => readyState === "ended"), changes]).toEqual([true, 4]);
});

test("refused, or not possible here", async () => {
  media.answer = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  expect(await share.start(WANTED)).toBe("refused");
  media.answer = async () => [new FakeTrack("audio")];
  expect(await share.start(WANTED)).toBe("refused");
  expect(media.opened[0]?.readyState).toBe("ended");
  const phone = new ScreenShare({ media: {} as MediaDevices, changed: () => undefined });
  expect([phone.supported, await phone.start(WANTED)]).toEqual([false, "unsupported"]);
  expect(await new ScreenShare({ media: undefined, changed: () => undefined }).start(WANTED)).toBe("unsupported");
});

test("one choice at a time, and nothing is asked while somebody else shares", async () => {
  let choose: (tracks: FakeTrack[]) => void = () => undefined;
  media.answer = () => new Promise((resolve) => (choose = resolve));
  const first = share.start(WANTED);
  expect(await share.start(WANTED)).toBe("refused");
  choose([new FakeTrack("video")]);
  expect([await first, await share.start(() => false), media.opened.length]).toEqual(["shared", "busy", 1]);
});

test("somebody who began while the person chose was first", async () => {
  let free = true;
  media.answer = async () => {
    free = false;
    return [new FakeTrack("video")];
  };
  expect(await share.start(() => free)).toBe("busy");
  expect([media.opened[0]?.readyState, share.shared, changes]).toEqual(["ended", null, 0]);
});
