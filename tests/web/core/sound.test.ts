// @vitest-environment happy-dom
import { beforeEach, expect, type Mock, test, vi } from "vitest";
import { Sound } from "../../../web/client/sound";
import type { RemoteTrack } from "../../../web/client/subscriber";

const voice = (member: string): RemoteTrack => ({
  member,
  id: `voice-of-${member}`,
  kind: "audio",
  track: { id: member } as MediaStreamTrack,
  stream: new MediaStream(),
});

let sound: Sound;
let host: HTMLElement;
let heldBack: Mock<() => void>;
let play: ReturnType<typeof vi.fn>;
let routed: string[];

beforeEach(() => {
  heldBack = vi.fn<() => void>();
  play = vi.fn(async () => undefined);
  routed = [];
  HTMLMediaElement.prototype.play = play as () => Promise<void>;
  HTMLMediaElement.prototype.setSinkId = async (id: string) => void routed.push(id);
  sound = new Sound(heldBack);
  host = document.createElement("div");
});

const settle = () => new Promise((resolve) => setTimeout(resolve));

test("one audible element for each voice, inside the host, gone with the voice", () => {
  const [ana, ben] = [voice("ana"), voice("ben")];
  sound.play([ana]);
  sound.attach(host);
  sound.play([ana, ben]);
  const elements = [...host.querySelectorAll("audio")];
  expect(elements.map((element) => element.muted)).toEqual([false, false]);
  expect(play).toHaveBeenCalledTimes(2);
  sound.play([ben]);
  expect([...host.querySelectorAll("audio")]).toEqual([elements[1]]);
  sound.stop();
  expect(host.childElementCount).toBe(0);
});

test("pictures are not played here", () => {
  sound.attach(host);
  sound.play([{ ...voice("ana"), kind: "video" }]);
  expect(host.childElementCount).toBe(0);
});

test("held back by the browser it is told once, and one press plays everybody", async () => {
  play.mockRejectedValue(new DOMException("", "NotAllowedError"));
  sound.attach(host);
  sound.play([voice("ana"), voice("ben")]);
  await settle();
  expect([sound.blocked.value, heldBack.mock.calls.length]).toEqual([true, 1]);
  play.mockResolvedValue(undefined);
  await sound.turnOn();
  expect([sound.blocked.value, play.mock.calls.length]).toEqual([false, 4]);
});

test("still held back after the press, it is offered again", async () => {
  play.mockRejectedValue(new DOMException("", "NotAllowedError"));
  sound.play([voice("ana")]);
  await settle();
  await sound.turnOn();
  expect([sound.blocked.value, heldBack.mock.calls.length]).toEqual([true, 2]);
});

test("an element that is taken away while it starts is no reason to ask", async () => {
  play.mockRejectedValue(new DOMException("", "AbortError"));
  sound.play([voice("ana")]);
  await settle();
  expect(sound.blocked.value).toBe(false);
});

test("the chosen speaker plays what is there and what comes", async () => {
  sound.play([voice("ana")]);
  sound.choose("headphones");
  sound.play([voice("ben")]);
  await settle();
  expect(routed).toEqual(["headphones", "headphones"]);
});

test("voices that the system has paused, for a phone call, go on when the page is back", () => {
  sound.attach(host);
  sound.play([voice("ana"), voice("ben")]);
  const [first, second] = [...host.querySelectorAll("audio")];
  Object.defineProperty(first, "paused", { value: true });
  Object.defineProperty(second, "paused", { value: false });
  play.mockClear();
  sound.resume();
  expect(play.mock.contexts).toEqual([first]);
});
