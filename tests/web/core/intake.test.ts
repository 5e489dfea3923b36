import { beforeEach, expect, test } from "vitest";
import { Intake, type IntakeOptions } from "../../../web/client/intake";
import type { ServerMessage } from "../../../web/client/protocol_types";
import { person } from "./fake_manager";

/** Which part was told what, in order. */
let told: unknown[][];
let intake: Intake;
let facilitates: boolean;

beforeEach(() => {
  told = [];
  facilitates = false;
  const part = (name: string) =>
    new Proxy(
      {},
      {
        get: (_target, method) =>
          method === "held"
            ? facilitates
            : (...what: unknown[]) => void told.push([`${name}.${String(method)}`, ...what]),
      },
    );
  const parts = ["room", "words", "news", "door", "media", "network", "view", "effects"].map((name) => [
    name,
    part(name),
  ]);
  const options = {
    ...Object.fromEntries(parts),
    roomId: "room",
    announce: (one: unknown) => told.push(["announce", one]),
  };
  intake = new Intake(options as IntakeOptions);
});
const names = () => told.map(([name]) => name);

test("a new group: faces first, then people, and no door for who may not open it", async () => {
  const view = { room: "room", state: "in", epoch: 1, people: [person("ana", 0)], changes: [] } as const;
  await intake.worker({ type: "group", view: { ...view, people: [...view.people], changes: [] } });
  expect(names()).toEqual(["view.learnSeeds", "room.groupChanged", "door.close", "media.membersChanged"]);
  told = [];
  facilitates = true;
  await intake.worker({ type: "group", view: { ...view, people: [...view.people], changes: [] } });
  expect(names()).not.toContain("door.close");
});

test("what is of another room is passed over", async () => {
  await intake.worker({ type: "unsaid", room: "another", id: 1 });
  intake.server({ type: "tracks_held", room: "another", tracks: [], sound_too_much: true });
  intake.server({ type: "pong", n: 1 });
  expect(told).toEqual([]);
});

test("a refusal goes to whoever asked", () => {
  const refusal = (about: string): ServerMessage => ({ type: "error", code: "rate_limited", about });
  intake.server(refusal("watch"));
  intake.server(refusal("publish"));
  expect(names()).toEqual(["network.refused", "media.refused"]);
});

test("messages that nobody can replay are told of, once, and only where one had some before", () => {
  const caughtUp = { type: "mls_caught_up", room: "room", applied: 9, seq: 12, replayed_from: 8 } as const;
  intake.catchesUp(null);
  intake.server(caughtUp);
  intake.catchesUp(7);
  intake.server(caughtUp);
  expect(told).toEqual([]);
  intake.catchesUp(6);
  intake.server(caughtUp);
  intake.server(caughtUp);
  expect(told).toEqual([["announce", { urgency: "polite", kind: "messages-missed" }]]);
});
