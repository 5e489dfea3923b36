import { beforeAll, describe, expect, test } from "vitest";
import { toBase64url, utf8 } from "../../../../web/client/base64url";
import type { Message } from "../../../../web/client/e2ee/envelope";
import { epochOf, type Held } from "../../../../web/client/e2ee/group/held";
import { Ear, seal } from "../../../../web/client/e2ee/group/speech";
import { emptyCommit, groupId, sealApplication } from "../../../../web/client/e2ee/mls/adapter";
import { compare } from "../../../../web/client/e2ee/mls/fields";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { type Grants, grantsStatement } from "../../../../web/client/e2ee/mls/statements";
import { apply, facilitator, type Member, meeting, someone } from "../mls/world";
import { held, idOf } from "./circle";

let members: [Member, Member, Member];
let [ana, ben, chi]: [Held, Held, Held] = [] as unknown as [Held, Held, Held];
let grants: Grants;
beforeAll(async () => {
  members = (await meeting(await facilitator("ana"), [await someone("ben"), await someone("chi")])) as typeof members;
  const [host, helper] = members;
  const keys = [helper.who.rejoin.publicKey].sort(compare);
  const signature = await signWithLeaf(host.who.key, grantsStatement(groupId(host.group), 1, keys));
  grants = { epoch: 1, keys, issuer: host.who.credential, issuerKey: host.who.key.publicKey, signature };
  [ana, ben, chi] = (await Promise.all(members.map((member) => held(member, grants)))) as [Held, Held, Held];
});

const chat = (text: string): Message => ({ type: "chat", text });
const all: Message[] = [
  { type: "chat", text: "hello" },
  { type: "resend" },
  { type: "mute", member: null },
  { type: "mute", member: idOf("chi") },
  { type: "lower_hand", member: idOf("chi") },
  { type: "locked", locked: true },
  { type: "end" },
  { type: "heartbeat", epoch: 1, roster: toBase64url(new Uint8Array(32)) },
];

describe("what is said", () => {
  test("is heard once, by those whom it is for", async () => {
    const { body } = await seal(ana, 1, null, chat("hello"));
    const ear = new Ear();
    const heard = await ear.open(chi, body);
    expect(heard).toMatchObject({ message: chat("hello"), forged: false, sender: { leaf: 0 } });
    expect(await ear.open(heard?.held ?? chi, body)).toBeNull();
    const { body: toBen } = await seal(ana, 2, idOf("ben"), chat("psst"));
    expect((await new Ear().open(ben, toBen))?.message).toEqual(chat("psst"));
    expect((await new Ear().open(chi, toBen))?.message).toBeNull();
    expect(await new Ear().open(ana, body)).toBeNull();
  });

  test("counts up for each leaf: what was sealed again is heard once", async () => {
    const ear = new Ear();
    let [from, to] = [ana, chi];
    const said: (Message | null)[] = [];
    for (const n of [1, 2, 2, 1, 7, 3, 8]) {
      const sealed = await seal(from, n, null, chat(String(n)));
      from = sealed.held;
      const heard = await ear.open(to, sealed.body);
      to = heard?.held ?? to;
      said.push(heard?.message ?? null);
    }
    expect(said.map((message) => (message?.type === "chat" ? message.text : null))).toEqual([
      "1",
      "2",
      null,
      null,
      "7",
      null,
      "8",
    ]);
    const other = await seal(ben, 1, null, chat("mine"));
    expect((await ear.open(to, other.body))?.message).toEqual(chat("mine"));
  });

  test("is believed as far as the sender's role goes", async () => {
    const may: Record<string, string[]> = {};
    for (const [name, who] of Object.entries({ ana, ben, chi })) {
      const listener = name === "chi" ? ben : chi;
      const forged = await Promise.all(
        all.map(async (message) => (await new Ear().open(listener, (await seal(who, 1, null, message)).body))?.forged),
      );
      may[name] = all.filter((_, at) => !forged[at]).map(({ type }) => type);
    }
    expect(may["ana"]).toEqual(all.map(({ type }) => type));
    expect(may["ben"]).toEqual(["chat", "resend", "mute", "mute"]);
    expect(may["chi"]).toEqual(["chat", "resend"]);
  });

  test("a heartbeat of somebody whose certificate was revoked a moment ago is passed over, and no attempt", async () => {
    const revoked = { ...chi, people: chi.people.map((person) => ({ ...person, facilitator: false })) };
    const hear = async (message: Message) => new Ear().open(revoked, (await seal(ana, 1, null, message)).body);
    const heartbeat: Message = { type: "heartbeat", epoch: 1, roster: toBase64url(new Uint8Array(32)) };
    expect(await hear(heartbeat)).toMatchObject({ message: null, forged: false });
    expect(await hear({ type: "end" })).toMatchObject({ message: null, forged: true });
  });

  test("nobody mutes a facilitator by name", async () => {
    const { body } = await seal(ben, 1, null, { type: "mute", member: idOf("ana") });
    expect(await new Ear().open(ana, body)).toMatchObject({ message: null, forged: false });
    expect((await new Ear().open(chi, body))?.message).toMatchObject({ type: "mute" });
  });

  test("in an epoch that is over is not heard, whatever keys are kept", async () => {
    const { body } = await seal(ana, 1, null, chat("late"));
    const pending = await emptyCommit(ana.group);
    const later = await held({ group: await apply(members[2].group, pending.commit) });
    expect(epochOf(later)).toBe(epochOf(chi) + 1);
    expect(await new Ear().open(later, body)).toBeNull();
  });

  test("that is no envelope, or no MLS message, changes nothing", async () => {
    const { message } = await sealApplication(ana.group, utf8("no json"));
    expect(await new Ear().open(chi, toBase64url(message))).toMatchObject({ message: null, forged: false });
    for (const body of ["", "!", "AAAA", toBase64url(message.slice(0, -1))]) {
      expect(await new Ear().open(chi, body)).toBeNull();
    }
  });

  test("has a longest length", async () => {
    await expect(seal(ana, 1, null, chat("x".repeat(17_000)))).rejects.toThrow(RangeError);
  });
});

test("many that went missing stand in nobody's way, more than the keys of an epoch are stepped over cost no time", async () => {
  const bodies: string[] = [];
  let speaker = ben;
  for (let n = 1; n <= 130; n++) {
    const sealed = await seal(speaker, n, null, chat("hello"));
    speaker = sealed.held;
    bodies.push(sealed.body);
  }
  const heard = async (at: number) => (await new Ear().open(ana, bodies[at] as string))?.message;
  expect(await heard(128)).toEqual(chat("hello"));
  expect(await heard(129)).toBeUndefined();
  // What came before a message that was too far ahead still opens, and so does that one then.
  const ear = new Ear();
  const first = await ear.open(ana, bodies[60] as string);
  expect((await ear.open(first?.held as Held, bodies[129] as string))?.message).toEqual(chat("hello"));
});
