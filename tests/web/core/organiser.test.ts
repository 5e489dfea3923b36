/** The organiser's page against a server that keeps what it is sent, and against one that shows what is old. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fromBase64url, toBase64url } from "../../../web/client/base64url";
import {
  decodeCertificate,
  encodeCertificate,
  issueCertificate,
  openRevocations,
  verifyCertificate,
} from "../../../web/client/e2ee/mls/credentials";
import { type SigningKey, signingKey } from "../../../web/client/ed25519";
import { LinkHolder } from "../../../web/client/link_holder";
import { Door, parseLink, roleSeedOf } from "../../../web/client/links";
import { freshTab, Memory, type OrganiserMemory } from "../../../web/client/memory";
import type { FacilitatorLink } from "../../../web/client/model";
import { Organiser } from "../../../web/client/organiser";
import type { OrganiserReadyMessage, UpdateGroupMessage } from "../../../web/client/protocol_types";
import vectors from "../../vectors/links.json";
import { FakeStorage } from "./fakes";

const [example] = vectors.cases;
const LINK = example?.links.organiser as string;
const BASE = example?.input.public_url as string;
const DAY = 86_400;
const NOW = 1_800_000_000;

let root: SigningKey;
let trust: { rootKey: SigningKey["publicKey"]; group: SigningKey["publicKey"] };
let now: number;
let copied: string[];
let updates: UpdateGroupMessage[];
let kept: { certificates: string[]; revocations: string | null; profile: string; door_key: string };
let memory: OrganiserMemory;
/** What the server does with an update. */
let behaviour: "keeps" | "refuses" | "loses the answer" | "loses the update" | "offline";
let links: FacilitatorLink[];
let holder: LinkHolder;
let storage: FakeStorage;
let organiser: Organiser;
let busy: Promise<unknown>;

beforeEach(async () => {
  const door = await Door.of(parseLink(LINK));
  root = await signingKey(parseLink(LINK).seed as SigningKey["publicKey"]);
  trust = { rootKey: root.publicKey, group: fromBase64url(example?.input.group as string) };
  [now, copied, updates, behaviour, links] = [NOW, [], [], "keeps", []];
  kept = { certificates: [], revocations: null, profile: example?.sealed_profile as string, door_key: "first" };
  memory = { highest: 0, revocations: null };
  storage = new FakeStorage();
  holder = new LinkHolder({
    door,
    base: BASE,
    memory: new Memory(storage, null),
    tab: freshTab(door.link.group, LINK.split("#")[1] as string),
    copy: async (text) => copied.push(text) > 0,
    announce: () => undefined,
  });
  organiser = open();
});
afterEach(() => vi.useRealTimers());

let title: string;
beforeEach(() => {
  title = "Thursday circle";
});

function open(): Organiser {
  busy = Promise.resolve();
  return new Organiser({
    links: holder,
    now: () => now,
    title: () => title,
    screens: "many",
    named: (name) => {
      title = name;
    },
    send: (update) => {
      if (behaviour === "offline") return false;
      updates.push(update);
      busy = busy.then(() => serve(update));
      return true;
    },
    fetchGroup: async () => ({ ...kept, root_key: toBase64url(root.publicKey) }),
    recall: () => memory,
    remember: (known) => {
      memory = known;
    },
  });
}

const shown = (): OrganiserReadyMessage => ({
  type: "organiser_ready",
  meeting_running: false,
  certificates: kept.certificates,
  revocations: kept.revocations,
});

async function serve({ type: _, ...parts }: UpdateGroupMessage): Promise<void> {
  if (behaviour === "refuses") return organiser.refused({ type: "error", code: "bad_group", about: "update_group" });
  if (behaviour !== "loses the update") kept = { ...kept, ...(parts as Partial<typeof kept>) };
  if (behaviour === "keeps") links = await organiser.ready(shown());
  else organiser.lost();
}

/** The page is opened, and has done what it does by itself: what is asked of it comes after that. */
async function begin(): Promise<void> {
  links = await organiser.ready(shown());
  await organiser.revoke("no such link");
}

const certificates = () => kept.certificates.map((text) => decodeCertificate(fromBase64url(text)));
const states = () => links.map(({ number, state }) => [number, state]);
const serialOf = (number: number) => links.find((one) => one.number === number)?.serial as string;
const revoked = async () =>
  kept.revocations ? openRevocations(fromBase64url(kept.revocations), trust) : { version: 0, serials: [] };

test("a group from before certificates gets its first one when the organiser opens the page", async () => {
  await begin();
  expect(states()).toEqual([[1, "good"]]);
  const [certificate] = certificates();
  await verifyCertificate(certificate as NonNullable<typeof certificate>, trust);
  expect(toBase64url(certificate?.roleKey as Uint8Array)).toBe(example?.role_keys[0]);
  expect([certificate?.notBefore, certificate?.notAfter]).toEqual([NOW - DAY, NOW + 400 * DAY]);
  expect(links[0]?.expires).toEqual(new Date((NOW + 400 * DAY) * 1000));
  expect(copied).toEqual([]);
  await begin();
  expect(updates).toHaveLength(1);
});

test("further facilitators get further numbers, and their links are copied", async () => {
  await begin();
  expect(await organiser.addFacilitator()).toBe(true);
  expect(await organiser.addFacilitator()).toBe(true);
  expect(states()).toEqual([
    [1, "good"],
    [2, "good"],
    [3, "good"],
  ]);
  const seeds = copied.map((link) => toBase64url(parseLink(link).seed as Uint8Array));
  expect(seeds[0]).toBe(example?.role_seeds[1]);
  expect(certificates().map(({ roleKey }) => toBase64url(roleKey))).toContain(example?.role_keys[1]);
  expect(new Set(certificates().map(({ serial }) => toBase64url(serial))).size).toBe(3);
});

test("a revoked link stays listed as such, with every certificate it has, and its number is not given out again", async () => {
  await begin();
  await organiser.addFacilitator();
  now += 100 * DAY;
  expect(await organiser.renew(serialOf(2))).toBe(true);
  const theirs = certificates().filter(({ roleKey }) => toBase64url(roleKey) === example?.role_keys[1]);
  expect(theirs).toHaveLength(2);
  expect(await organiser.revoke(serialOf(2))).toBe(true);
  const list = await revoked();
  expect([list.version, list.serials.length]).toEqual([1, 2]);
  expect(states()).toEqual([
    [1, "good"],
    [2, "revoked"],
  ]);
  expect(await organiser.renew(serialOf(2))).toBe(false);
  await organiser.addFacilitator();
  expect(states().at(-1)).toEqual([3, "good"]);
  await organiser.revoke(serialOf(3));
  expect([(await revoked()).version, (await revoked()).serials.length]).toEqual([2, 3]);
});

test("a renewal lasts anew for the same link, and what has long expired is dropped", async () => {
  await begin();
  const first = serialOf(1);
  now += 380 * DAY;
  await begin();
  expect(states()).toEqual([[1, "expires-soon"]]);
  now += 30 * DAY;
  await begin();
  expect(states()).toEqual([[1, "expired"]]);
  expect(await organiser.renew(first)).toBe(true);
  expect(states()).toEqual([[1, "good"]]);
  expect([certificates().length, serialOf(1) === first]).toEqual([1, false]);
  expect(await organiser.renew(first)).toBe(false);
  expect(await organiser.revoke("nothing")).toBe(false);
});

test.each(["refuses", "loses the update", "offline"] as const)("a server that %s is not believed", async (how) => {
  await begin();
  behaviour = how;
  expect(await organiser.addFacilitator()).toBe(false);
  expect(await organiser.revoke(serialOf(1))).toBe(false);
  expect(await organiser.changeLinks()).toBe(false);
  expect(copied).toEqual([]);
  behaviour = "keeps";
  expect(await organiser.addFacilitator()).toBe(true);
});

test("a server that never answers is given up", async () => {
  await begin();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  behaviour = "loses the update";
  organiser.lost = () => undefined;
  let added: boolean | null = null;
  void organiser.addFacilitator().then((done) => {
    added = done;
  });
  while (added === null) {
    await vi.advanceTimersByTimeAsync(1_000);
    await crypto.subtle.digest("SHA-256", new Uint8Array(1)); // signing takes real turns
  }
  expect(added).toBe(false);
});

test("new links: secret, door and title change, roles stay, and this tab keeps the new link", async () => {
  await begin();
  await holder.copyLink("participant");
  expect(await organiser.changeLinks()).toBe(true);
  await holder.copyLink("participant");
  await holder.copyLink("this");
  await holder.copyFacilitatorLink(1);
  const [before, participant, own, facilitator] = copied.map(parseLink);
  expect(participant?.roomSecret).not.toEqual(before?.roomSecret);
  expect(participant?.rootFingerprint).toEqual(before?.rootFingerprint);
  expect([own?.roomSecret, facilitator?.roomSecret]).toEqual([participant?.roomSecret, participant?.roomSecret]);
  expect(own?.seed).toEqual(parseLink(LINK).seed);
  expect(toBase64url(facilitator?.seed as Uint8Array)).toBe(example?.role_seeds[0]);
  const participants = await Door.of(participant as NonNullable<typeof participant>);
  expect((await participants.prove("n")).key).toBe(kept.door_key);
  expect(await participants.openProfile(kept.profile)).toEqual({ title: "Thursday circle", screens: "many" });
  expect(copied[2]).toContain(JSON.parse(storage.getItem("hearthside") as string).fragment);
});

test("an organiser whose link is outdated can change the links again, and give the group its name anew", async () => {
  title = "";
  await begin();
  expect(await organiser.changeLinks("Friday circle")).toBe(true);
  expect(title).toBe("Friday circle");
  await holder.copyLink("participant");
  const participants = await Door.of(parseLink(copied[0] as string));
  expect(await participants.openProfile(kept.profile)).toEqual({ title: "Friday circle", screens: "many" });
});

test("the answer to new links may be lost: what the server keeps tells", async () => {
  await begin();
  behaviour = "loses the answer";
  expect(await organiser.changeLinks()).toBe(true);
  await holder.copyLink("participant");
  expect(parseLink(copied[0] as string).roomSecret).not.toEqual(parseLink(LINK).roomSecret);
});

test("a server that goes back to an older list gets nothing signed that the newer one held back", async () => {
  await begin();
  await organiser.addFacilitator();
  const old = kept;
  await organiser.revoke(serialOf(2));
  const [revokedSerial] = (await revoked()).serials;
  kept = old;
  organiser = open();
  await begin(); // the list that was lost is handed in again
  expect((await revoked()).version).toBe(1);
  kept = { ...old, certificates: [] };
  behaviour = "loses the update";
  organiser = open();
  await begin();
  behaviour = "keeps";
  expect(await organiser.addFacilitator()).toBe(true);
  expect(states()).toEqual([[3, "good"]]);
  await organiser.revoke(serialOf(3));
  const list = await revoked();
  expect([list.version, list.serials.map(toBase64url)]).toEqual([
    2,
    expect.arrayContaining([toBase64url(revokedSerial as Uint8Array)]),
  ]);
});

test("a group whose links were all hidden is not given link no. 1 again", async () => {
  await begin();
  kept = { ...kept, certificates: [], revocations: null };
  organiser = open();
  const sent = updates.length;
  await begin();
  expect([updates.length, states()]).toEqual([sent, []]);
});

test("what somebody else signed, or was signed for another group, is neither shown nor kept", async () => {
  const roleKey = (await signingKey(await roleSeedOf(parseLink(LINK).seed as SigningKey["publicKey"], 2))).publicKey;
  const fields = { group: trust.group, roleKey, notBefore: 0, notAfter: NOW + DAY, serial: new Uint8Array(8) };
  const foreign = await signingKey(new Uint8Array(32));
  const texts = await Promise.all([
    issueCertificate(foreign, fields),
    issueCertificate(root, { ...fields, group: new Uint8Array(16) }),
    issueCertificate(root, { ...fields, roleKey: foreign.publicKey }),
  ]);
  kept.certificates = [...texts.map((one) => toBase64url(encodeCertificate(one))), "junk", ""];
  kept.revocations = "junk";
  await begin();
  expect(states()).toEqual([[1, "good"]]);
  expect(kept.certificates).toHaveLength(2); // one's own, and the one of a key that is none of the 64
});
