/** Both sides of the door. */
import { beforeEach, expect, test } from "vitest";
import { toBase64url } from "../../../../web/client/base64url";
import { Door } from "../../../../web/client/e2ee/group/door";
import { BrowserRejoinStore } from "../../../../web/client/e2ee/group/rejoin_store";
import { TICKETS } from "../../../../web/client/e2ee/group/ticket";
import type { Knock } from "../../../../web/client/protocol_types";
import { bytesFor, NOW, YEAR } from "../mls/world";
import { at, idOf, link } from "./circle";

let outside: Door;
let inside: Door;
const store = new BrowserRejoinStore(
  () => undefined,
  () => NOW,
);
beforeEach(() => {
  outside = new Door(link, store);
  inside = new Door(link, store);
});

const nonceOf = (socket: number) => toBase64url(bytesFor(`nonce ${socket}`, 32));
async function knock(socket = 1, name = "Dee", member = idOf("dee")): Promise<Knock> {
  const made = await outside.knock({ member, nonce: nonceOf(socket), name, now: NOW }, at(0));
  if (typeof made === "string") throw new Error(made);
  const { sealed, key_package } = made;
  return { id: member, sealed, key_package, nonce: nonceOf(socket), waiting_seconds: 0 };
}

test("whoever knocks is read by name, and can be let in by the KeyPackage that they knocked with", async () => {
  const given = await knock();
  expect(await inside.read(given)).toBe("Dee");
  const [ticket] = outside.takeTickets();
  expect(inside.visitor(given.id)?.keyPackage).toEqual(ticket?.own.message);
  expect(ticket).toMatchObject({ proven: false });
  expect(inside.visitor(idOf("eve"))).toBeNull();
});

test("a knock that is not genuine takes away what was known of its id", async () => {
  const given = await knock();
  await inside.read(given);
  expect(await inside.read({ ...given, nonce: nonceOf(2) })).toBeNull();
  expect(inside.visitor(given.id)).toBeNull();
});

test("a KeyPackage that was used opens no door again", async () => {
  const given = await knock();
  await inside.read(given);
  inside.spent(inside.visitor(given.id)?.ref ?? new Uint8Array(0));
  expect(await inside.read(given)).toBeNull();
});

test("the last tickets are kept, of one id and one rejoin key, and handed over once", async () => {
  for (let socket = 1; socket <= TICKETS + 1; socket++) await knock(socket);
  const tickets = outside.takeTickets();
  expect(tickets).toHaveLength(TICKETS);
  expect(new Set(tickets.map(({ rejoinKey }) => String(rejoinKey.publicKey))).size).toBe(1);
  expect(new Set(tickets.map(({ key }) => String(key.publicKey))).size).toBe(TICKETS);
  expect(outside.takeTickets()).toEqual([]);
  await knock(8);
  await knock(9, "Dee", idOf("somebody else"));
  expect(outside.takeTickets()).toHaveLength(1);
});

test("a clock that is far off is said instead of a knock", async () => {
  const asked = { member: idOf("dee"), nonce: nonceOf(1), name: "Dee", now: NOW + YEAR };
  expect(await outside.knock(asked, at(0))).toBe("clock");
  expect(outside.takeTickets()).toEqual([]);
});

test("visitors who are never answered are forgotten, the oldest first", async () => {
  const first = await knock(1);
  await inside.read(first);
  const one = await knock(2, "Eve", idOf("eve"));
  await inside.read(one);
  for (let at = 0; at < 255; at++) {
    const member = toBase64url(bytesFor(`visitor ${at}`, 16));
    await inside.read(await knock(1000 + at, "Eve", member));
  }
  expect(inside.visitor(first.id)).toBeNull();
  expect(inside.visitor(one.id)).not.toBeNull();
}, 60_000);
