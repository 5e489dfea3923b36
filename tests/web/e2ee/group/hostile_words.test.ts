/** What a malicious server and members who help it try with what is said: forging, replaying, and marks by old ids. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { readEnvelope } from "../../../../web/client/e2ee/envelope";
import { INCIDENT_SECONDS } from "../../../../web/client/e2ee/group/shown";
import { Verification } from "../../../../web/client/e2ee/group/verification";
import {
  addAndCommit,
  emptyCommit,
  epochAuthenticator,
  openApplication,
  removeAndCommit,
} from "../../../../web/client/e2ee/mls/adapter";
import { encodeRevocations, issueRevocations } from "../../../../web/client/e2ee/mls/credentials";
import { signingKey } from "../../../../web/client/ed25519";
import { bytesFor, GROUP, MEETING, NOW, root, someone } from "../mls/world";
import { idOf, pass, psk, ROOM, Stage, Victim } from "./stage";

beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterAll(() => void vi.useRealTimers());

/** Fay and Fin facilitate, Ben and Mal take part; Vic is the victim. */
let stage: Stage;
let vic: Victim;
beforeEach(async () => {
  stage = await Stage.of(["fay", "fin"], ["ben", "mal"]);
  vic = await Victim.open("vic");
  await stage.admit(vic, "fay");
});

const chat = (text: string) => ({ type: "chat" as const, text });

describe("a word", () => {
  test("is its signer's, whoever the server says it is from", async () => {
    const said = await stage.words("mal", chat("I am Fay"));
    await vic.hear({ ...said, sender: idOf("fay") });
    expect(vic.told("heard")).toMatchObject([{ sender: idOf("mal"), message: { text: "I am Fay" } }]);
  });

  test("is heard once, under whatever number it comes", async () => {
    const said = await stage.words("ben", chat("once"));
    await vic.hear(said);
    await vic.hear(said);
    await vic.hear({ ...said, seq: said.seq + 5 });
    expect(vic.heard).toEqual([chat("once")]);
  });

  test("under a number that its sender used before is dropped", async () => {
    await stage.say("mal", chat("one"), { n: 7 });
    await stage.say("mal", chat("two"), { n: 7 });
    await stage.say("mal", chat("three"), { n: 6 });
    await stage.say("mal", chat("four"), { n: 8 });
    expect(vic.heard).toEqual([chat("one"), chat("four")]);
  });

  test("comes in the order of numbers or not at all", async () => {
    const [first, second] = [await stage.words("ben", chat("first")), await stage.words("ben", chat("second"))];
    await vic.hear(second);
    await vic.hear(first);
    expect(vic.heard).toEqual([chat("second")]);
  });

  test("that the server held back behind another's is not heard any more", async () => {
    const [question, answer] = [await stage.words("ben", chat("agreed?")), await stage.words("mal", chat("yes"))];
    await vic.hear(answer);
    await vic.hear(question);
    expect(vic.heard).toEqual([chat("yes")]);
  });

  test("that the server put together or changed is not heard", async () => {
    const said = await stage.words("ben", chat("yes"));
    const bytes = fromBase64url(said.body);
    for (const at of [0, 20, bytes.length >> 1, bytes.length - 1]) {
      const bent = bytes.slice();
      bent[at] = (bent[at] as number) ^ 1;
      await vic.hear({ ...said, seq: ++stage.seq, body: toBase64url(bent) });
    }
    await vic.hear({ ...said, seq: ++stage.seq, body: toBase64url(bytesFor("junk", 300)) });
    await vic.hear({ ...said, seq: ++stage.seq, body: "!" });
    expect(vic.heard).toEqual([]);
    await vic.hear({ ...said, seq: ++stage.seq });
    expect(vic.heard).toEqual([chat("yes")]);
  });

  test("for another is not heard, wherever the server sends it", async () => {
    const said = await stage.words("ben", chat("between us"), { to: idOf("mal") });
    await vic.hear(said);
    await vic.hear({ ...said, seq: ++stage.seq, to: vic.member });
    expect(vic.heard).toEqual([]);
  });

  test("that was held back until the keys changed is not heard any more", async () => {
    const late = await stage.words("ben", chat("late"));
    await stage.order("fay", await emptyCommit(stage.actor("fay").group));
    await vic.hear({ ...late, seq: ++stage.seq });
    expect(vic.heard).toEqual([]);
  });

  test("by somebody who was removed is not heard any more", async () => {
    const last = await stage.words("mal", chat("one more thing"));
    await stage.order("fay", await removeAndCommit(stage.actor("fay").group, [stage.leaf("mal")]));
    await vic.hear({ ...last, seq: ++stage.seq });
    expect(vic.heard).toEqual([]);
    expect(vic.frames.epochs.at(-1)?.removal).toBe(true);
  });
});

describe("a request in a facilitator's name", () => {
  const requests = [
    { type: "mute", member: null },
    { type: "lower_hand", member: idOf("vic") },
    { type: "locked", locked: true },
    { type: "end" },
    { type: "heartbeat", epoch: 1, roster: toBase64url(bytesFor("roster", 32)) },
  ] as const;

  test("has no effect when a participant signed it, and people are told by whom", async () => {
    for (const request of requests) {
      await stage.say("mal", request);
      await pass(INCIDENT_SECONDS, vic);
    }
    expect(vic.heard).toEqual([]);
    expect(vic.incidents).toEqual(requests.map(() => ({ kind: "forged-request", by: idOf("mal") })));
  });

  test("also when the server says that a facilitator did", async () => {
    const said = await stage.words("mal", { type: "end" });
    await vic.hear({ ...said, sender: idOf("fay") });
    expect(vic.heard).toEqual([]);
    expect(vic.incidents).toEqual([{ kind: "forged-request", by: idOf("mal") }]);
  });

  test("is heard when a facilitator signed it", async () => {
    for (const request of requests) await stage.say("fay", request);
    expect(vic.heard.map(({ type }) => type)).toEqual(["mute", "lower_hand", "locked", "end"]);
    expect(vic.incidents).toEqual([]);
  });
});

describe("marks", () => {
  test("go with the person, not with an id that the server hands out again", async () => {
    await vic.receive({ type: "check", room: ROOM });
    const view = vic.told("check").at(-1)?.view;
    expect(view?.state).toBe("gathering");
    await checkWith("ben");
    const done = vic.told("check").at(-1)?.view;
    expect(done).toMatchObject({ state: "done", took: expect.arrayContaining([idOf("ben"), idOf("vic")]) });
    await stage.order("fay", await removeAndCommit(stage.actor("fay").group, [stage.leaf("ben")]));
    await stage.add("fay", [await someone("ben", { rejoinSeed: bytesFor("somebody else", 32) })]);
    await vic.receive({ type: "mark-checked", room: ROOM, round: done?.round ?? "" });
    const ben = vic.view?.people.find(({ member }) => member === idOf("ben"));
    expect(ben).toMatchObject({ checked: false });
  });

  test("are given to those who took part, and not to others", async () => {
    await vic.receive({ type: "check", room: ROOM });
    await checkWith("ben");
    const done = vic.told("check").at(-1)?.view;
    expect([...(done?.silent ?? [])].sort()).toEqual(["fay", "fin", "mal"].map(idOf).sort());
    await vic.receive({ type: "mark-checked", room: ROOM, round: done?.round ?? "" });
    const checked = vic.view?.people.filter((person) => person.checked).map(({ member }) => member);
    expect(checked?.sort()).toEqual([idOf("ben"), vic.member].sort());
  });

  /** One actor answers the round that Vic has started; the others stay silent. */
  async function checkWith(name: string): Promise<void> {
    const actor = stage.actor(name);
    const check = new Verification((length) => crypto.getRandomValues(new Uint8Array(length)));
    const context = {
      groupId: MEETING,
      epoch: stage.epoch,
      authenticator: epochAuthenticator(actor.group),
      ownLeaf: stage.leaf(name),
      members: new Map(vic.view?.people.map(({ leaf, member }) => [leaf, member])),
    };
    const own = vic.view?.people.find(({ self }) => self)?.leaf as number;
    let told = 0;
    for (let step = 0; step < 20 && vic.told("check").at(-1)?.view.state !== "done"; step++) {
      const says = vic.sent("say").slice(told);
      told += says.length;
      for (const said of says) {
        const opened = await openApplication(actor.group, fromBase64url(said.body));
        actor.group = opened.group;
        const message = readEnvelope(opened.content)?.message;
        await vic.hear({ ...said, type: "said", seq: ++stage.seq, epoch: stage.epoch, sender: vic.member, to: null });
        if (message?.type.startsWith("check_")) await check.heard(context, own, message as never, 0);
      }
      for (const effect of check.effects()) if (effect.do === "say") await stage.say(name, effect.message);
      await pass(1, vic);
    }
  }
});

test("a list of revocations that a member carries in works, though the server keeps it back", async () => {
  const fields = { group: GROUP, version: 3, date: Math.floor(NOW), serials: [bytesFor("fin", 8)] };
  const list = toBase64url(encodeRevocations(await issueRevocations(await root, fields)));
  await stage.say("fay", { type: "revocations", list });
  expect(vic.view?.people.find(({ member }) => member === idOf("fin"))?.role).toBe("participant");
  const ghost = await someone("ghost");
  const { commit } = await addAndCommit(stage.actor("fin").group, [ghost.own.message], await psk, NOW);
  await stage.forge(vic, "fin", commit);
  expect(vic.incidents).toEqual([{ kind: "forged-commit", by: idOf("fin"), reason: "may-not-add" }]);
  await stage.say("fin", { type: "end" });
  expect(vic.heard).toEqual([]);
});

test("a list of revocations that the root did not sign, or an older one, changes nothing", async () => {
  const fields = { group: GROUP, version: 3, date: Math.floor(NOW), serials: [bytesFor("fin", 8)] };
  const forged = await issueRevocations(await signingKey(bytesFor("another root", 32)), fields);
  const newer = await issueRevocations(await root, { ...fields, version: 4, serials: [] });
  const older = await issueRevocations(await root, fields);
  for (const list of [forged, newer, older]) {
    await stage.say("mal", { type: "revocations", list: toBase64url(encodeRevocations(list)) });
    await vic.receive({ type: "group-changed", certificates: [], revocations: toBase64url(encodeRevocations(list)) });
    expect(vic.view?.people.find(({ member }) => member === idOf("fin"))?.role).toBe("facilitator");
  }
});
