/** One's own way into a group. */
import { beforeEach, describe, expect, test } from "vitest";
import { type Bytes, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { Entry, REPEAT } from "../../../../web/client/e2ee/group/entry";
import { epochOf, meetingOf } from "../../../../web/client/e2ee/group/held";
import { Link } from "../../../../web/client/e2ee/group/link";
import { BrowserRejoinStore } from "../../../../web/client/e2ee/group/rejoin_store";
import { addAndCommit } from "../../../../web/client/e2ee/mls/adapter";
import { encodeCertificate } from "../../../../web/client/e2ee/mls/credentials";
import { readKeyPackage } from "../../../../web/client/e2ee/mls/messages";
import { rejoinStatement } from "../../../../web/client/e2ee/mls/statements";
import { verify } from "../../../../web/client/e2ee/mls/verify";
import type { ClientMessage, JoinedMessage } from "../../../../web/client/protocol_types";
import { bytesFor, certificate, facilitator, MEETING, type Member, meeting, NOW, PSK, someone } from "../mls/world";
import { at, idOf, link } from "./circle";

const state = { group: toBase64url(MEETING), epoch: 1, seq: 1 };
let store: BrowserRejoinStore;
let obstacles: string[];
let kept: number;
beforeEach(() => {
  store = new BrowserRejoinStore(
    () => undefined,
    () => NOW,
  );
  [obstacles, kept] = [[], 0];
});

async function entry(name: string, certificates: readonly string[] | null = null): Promise<Entry> {
  const roleSeed = certificates && bytesFor(`role ${name}`, 32);
  const own = await Link.open({ ...link.identity, roleSeed, certificates: certificates ?? [] });
  Object.assign(own, { psk: await PSK });
  const made = new Entry({
    room: "room-room",
    link: own,
    store,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    time: () => at(0),
    obstacle: (obstacle) => obstacles.push(obstacle),
    keep: async () => void kept++,
  });
  made.joined(joined(name), []);
  return made;
}

const joined = (name: string): JoinedMessage => ({
  type: "joined",
  token: "t".repeat(16),
  meeting: "meeting-id",
  member: idOf(name),
  role: "participant",
  now: NOW,
  rooms: [],
});
const certified = async (name: string) => entry(name, [toBase64url(encodeCertificate(await certificate(name)))]);

type Offer = Extract<ClientMessage, { type: "mls_offer" }>;
async function offered(by: Entry, where = state): Promise<Offer & { seconds: number }> {
  const asked = await by.offer(where);
  if (asked === null || asked === "no-proof") throw new Error(String(asked));
  return { ...(asked.message as Offer), seconds: asked.seconds };
}
async function welcome(host: Member, { key_package }: Offer): Promise<Bytes> {
  const made = await addAndCommit(host.group, [fromBase64url(key_package)], await PSK, NOW);
  return made.welcome as Bytes;
}

test("a participant without a place has nothing to ask by, and founds nothing", async () => {
  const ben = await entry("ben");
  expect(await ben.offer(state)).toBe("no-proof");
  expect(await ben.found()).toBeNull();
  expect([ben.hasPlace, ben.hasTickets, ben.record([])]).toEqual([false, false, null]);
});

test("a facilitator founds a group, each time another, that they alone are in", async () => {
  const fay = await certified("fay");
  const [one, two] = [await fay.found(), await fay.found()];
  if (!one || !two) throw new Error("not founded");
  expect(meetingOf(one.held)).not.toEqual(meetingOf(two.held));
  expect([epochOf(one.held), one.held.people.map(({ facilitator }) => facilitator)]).toEqual([0, [true]]);
  expect(fay.sit(one)).toBe(false);
  expect(fay.record([])).toMatchObject({ group: meetingOf(one.held), member: idOf("fay") });
});

test("what stands in the way is told once", async () => {
  const fay = await entry("fay", []);
  expect([await fay.found(), await fay.offer(state), await fay.found()]).toEqual([null, null, null]);
  expect(obstacles).toEqual(["certificate-missing"]);
});

describe("on the strength of a certificate", () => {
  let host: Member;
  beforeEach(async () => {
    [host] = (await meeting(await facilitator("ana"), [await someone("mal")])) as [Member, Member];
  });

  test("the same KeyPackage is offered until a Welcome or a lost socket", async () => {
    const fay = await certified("fay");
    const first = await offered(fay);
    expect(first).toMatchObject({ type: "mls_offer", seconds: REPEAT });
    expect(first.rejoin).toBeUndefined();
    expect(await offered(fay)).toEqual(first);
    fay.offerAnother();
    expect((await offered(fay)).key_package).not.toBe(first.key_package);
    const elsewhere = { ...state, group: toBase64url(bytesFor("another", 16)) };
    expect((await offered(fay, elsewhere)).key_package).not.toBe((await offered(fay)).key_package);
  });

  test("a Welcome that nobody should believe spoils its KeyPackage", async () => {
    const fay = await certified("fay");
    const first = await offered(fay);
    const letter = await welcome(host, first);
    expect(await fay.open(letter.slice(0, -1), MEETING)).toBe("malformed");
    expect((await offered(fay)).key_package).not.toBe(first.key_package);
  });

  test("a good one gives the group, whichever of the last KeyPackages it is for", async () => {
    const fay = await certified("fay");
    const first = await offered(fay);
    fay.offerAnother();
    await offered(fay);
    const opened = await fay.open(await welcome(host, first), MEETING);
    if (opened === null || typeof opened === "string") throw new Error(String(opened));
    expect(opened.held.people).toHaveLength(3);
    expect(fay.sit(opened)).toBe(false);
    expect([fay.hasPlace, fay.hasTickets]).toEqual([true, false]);
    const stranger = await offered(await certified("gil"));
    expect(await fay.open(await welcome(host, stranger), MEETING)).toBeNull();
  });
});

describe("in the place of one's old leaf", () => {
  const keys = [bytesFor("old", 32), bytesFor("newer", 32)];

  async function back(): Promise<Entry> {
    const record = {
      meeting: "meeting-id",
      member: idOf("ben"),
      group: MEETING,
      keys,
      checked: [keys[0] as Bytes],
    };
    await store.save("tab", { ...record, key: await store.newKey() });
    const ben = await entry("ben");
    expect(await ben.recall({ ...joined("ben"), meeting: "another" })).toBeNull();
    expect(await ben.recall(joined("chi"))).toBeNull();
    expect(await ben.recall(joined("ben"))).toEqual([keys[0]]);
    return ben;
  }

  test("each key that may hold it is tried, the newest first, and what is offered is kept before", async () => {
    const ben = await back();
    const { key: rejoin } = ben.record([]) ?? {};
    for (const [turn, old] of [keys[1], keys[0], keys[1]].entries()) {
      const { key_package, rejoin: signature, seconds } = await offered(ben);
      expect(kept).toBe(turn + 1);
      expect(seconds).toBeLessThan(REPEAT);
      const { ref, key } = await readKeyPackage(fromBase64url(key_package));
      const statement = rejoinStatement(MEETING, old as Bytes, ref);
      expect(await verify(rejoin?.publicKey as Bytes, statement, fromBase64url(signature ?? ""))).toBe(true);
      expect(ben.record([])?.keys).toEqual([...keys, key]);
    }
  });

  test("which is in no other group, and gone once it is forgotten", async () => {
    const ben = await back();
    expect(await ben.offer({ ...state, group: toBase64url(bytesFor("another", 16)) })).toBe("no-proof");
    expect([ben.isAnother(idOf("ben")), ben.isAnother(idOf("chi"))]).toEqual([false, true]);
    await offered(ben);
    expect(ben.hasTickets).toBe(true);
    ben.dropTickets();
    ben.forget();
    expect([ben.hasTickets, ben.hasPlace, await ben.offer(state)]).toEqual([false, false, "no-proof"]);
  });
});
