import { beforeEach, expect, test } from "vitest";
import type { Call } from "../../../web/client/call";
import { callActions } from "../../../web/client/call_actions";

let asked: string[];

/** Writes down what it is asked, as "name argument …". */
const recorder = (more: object = {}) =>
  new Proxy(more, {
    get: (known, name) =>
      Reflect.get(known, name) ?? ((...given: unknown[]) => void asked.push([name, ...given].map(String).join(" "))),
  });

beforeEach(() => {
  asked = [];
});

function pressEverything(call: () => Call | null): void {
  const actions = callActions(call);
  actions.raiseHand();
  actions.lowerHand();
  actions.lowerHandOf("ben");
  actions.sendChat("  hello\n");
  actions.sendChat(" \n\t ");
  actions.resendChat("own-1");
  actions.admit("knock");
  actions.admitAll();
  actions.decline("knock");
  actions.mute("ben");
  actions.muteEveryone();
  actions.remove("ben");
  actions.setLocked(true);
  actions.setCoFacilitator("ben", false);
  actions.startCheck();
  actions.markChecked();
}

test("each action reaches the call or its moderation, and an empty message nobody", () => {
  const call = recorder({ moderation: recorder() }) as Call;
  pressEverything(() => call);
  expect(asked).toEqual([
    "raiseHand",
    "lowerHand",
    "lowerHandOf ben",
    "sendChat hello",
    "resendChat own-1",
    "admit knock",
    "admitAll",
    "decline knock",
    "mute ben",
    "mute null",
    "remove ben",
    "setLocked true",
    "setCoFacilitator ben false",
    "startCheck",
    "markChecked",
  ]);
});

test("without a call nothing happens, and the call is the one of the moment", () => {
  let call: Call | null = null;
  pressEverything(() => call);
  expect(asked).toEqual([]);
  const actions = callActions(() => call);
  call = recorder() as Call;
  actions.raiseHand();
  expect(asked).toEqual(["raiseHand"]);
});
