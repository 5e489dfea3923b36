/** Tickets: a KeyPackage of one's own, and the Welcome that answers it. */
import { beforeAll, expect, test } from "vitest";
import { type Bytes, toBase64url } from "../../../../web/client/base64url";
import { Link } from "../../../../web/client/e2ee/group/link";
import { BrowserRejoinStore, type RejoinKey } from "../../../../web/client/e2ee/group/rejoin_store";
import { makeTicket, openWelcome, type Ticket } from "../../../../web/client/e2ee/group/ticket";
import { addAndCommit, createGroup } from "../../../../web/client/e2ee/mls/adapter";
import { decodeCredential, encodeCertificate } from "../../../../web/client/e2ee/mls/credentials";
import { CredentialError } from "../../../../web/client/e2ee/mls/fields";
import { readKeyPackage } from "../../../../web/client/e2ee/mls/messages";
import {
  bytesFor,
  certificate,
  facilitator,
  founding,
  MEETING,
  type Member,
  meeting,
  NOW,
  PSK,
  someone,
} from "../mls/world";
import { idOf, link, names } from "./circle";

let ana: Member;
let ben: Member;
let rejoinKey: RejoinKey;
beforeAll(async () => {
  [ana, ben] = (await meeting(await facilitator("ana"), [await someone("ben")])) as [Member, Member];
  const store = new BrowserRejoinStore(
    () => undefined,
    () => NOW,
  );
  rejoinKey = await store.newKey();
});

const guest = (proven = false) =>
  makeTicket(link, null, { member: idOf("dee"), meeting: null, rejoinKey, proven }, NOW);
async function welcome(ticket: Ticket, { group } = ana): Promise<Bytes> {
  const { welcome: made } = await addAndCommit(group, [ticket.own.message], await PSK, NOW);
  if (!made) throw new Error("no welcome");
  return made;
}

test("a participant's names an id and the rejoin key, and no facilitator", async () => {
  const { own, key } = await guest();
  const { identity, key: leafKey } = await readKeyPackage(own.message);
  expect(leafKey).toEqual(key.publicKey);
  expect(decodeCredential(identity)).toMatchObject({ rejoinKey: rejoinKey.publicKey, authority: null });
  const who = { member: "not an id", meeting: null, rejoinKey, proven: false };
  await expect(makeTicket(link, null, who, NOW)).rejects.toThrow(CredentialError);
});

test("a facilitator's carries the certificate, for one meeting", async () => {
  const good = await certificate("fay");
  const roleSeed = bytesFor("role fay", 32);
  const certificates = [toBase64url(encodeCertificate(good))];
  const hers = await Link.open({ ...link.identity, roleSeed, certificates });
  const who = { member: idOf("fay"), rejoinKey, proven: true };
  const at = async (where: Bytes | null) => {
    const { own } = await makeTicket(hers, good, { ...who, meeting: where }, NOW);
    return decodeCredential((await readKeyPackage(own.message)).identity).authority;
  };
  expect((await at(MEETING))?.certificate).toEqual(good);
  expect((await at(MEETING))?.signature).not.toEqual((await at(bytesFor("another", 16)))?.signature);
  expect(await at(null)).toBeNull();
});

test("a Welcome opens with its own ticket, once everything fits", async () => {
  const [ticket, other] = [await guest(), await guest()];
  const letter = await welcome(ticket);
  const held = await openWelcome(letter, ticket, MEETING, link, NOW);
  if (typeof held === "string") throw new Error(held);
  expect(names(held)).toEqual([idOf("ana"), idOf("ben"), idOf("dee")]);
  expect(await openWelcome(letter, other, MEETING, link, NOW)).toBe("foreign");
  expect(await openWelcome(letter.slice(0, -1), ticket, MEETING, link, NOW)).toBe("malformed");
});

test("a Welcome into another group, or one that is too old, is not believed", async () => {
  const ticket = await guest();
  const id = bytesFor("another meeting", 16);
  const host = await facilitator("ana", { meeting: id });
  const elsewhere = await createGroup(id, host.own, await founding(host, id), link.authenticate(id));
  const letter = await welcome(ticket, { who: host, group: elsewhere });
  expect(typeof (await openWelcome(letter, ticket, id, link, NOW))).toBe("object");
  // Its facilitators' leaves were not signed for this meeting.
  expect(await openWelcome(letter, ticket, MEETING, link, NOW)).toBe("invalid");
  const quiet = await createGroup(id, ben.who.own, await founding(host, id), link.authenticate(id));
  expect(await openWelcome(await welcome(ticket, { who: ben.who, group: quiet }), ticket, MEETING, link, NOW)).toBe(
    "another-group",
  );
  expect(await openWelcome(await welcome(ticket), ticket, MEETING, link, NOW + 4 * 86_400)).toBe("bad-founding");
});

test("somebody who proved a rejoin may be let in by anybody, a newcomer not", async () => {
  const [newcomer, back] = [await guest(), await guest(true)];
  expect(await openWelcome(await welcome(newcomer, ben), newcomer, MEETING, link, NOW)).toBe("may-not-add");
  expect(typeof (await openWelcome(await welcome(back, ben), back, MEETING, link, NOW))).toBe("object");
});
