/** People who hold a group, without workers: what the tests of the engine's parts share. */
import { toBase64url } from "../../../../web/client/base64url";
import { type Held, memberOf, type Time } from "../../../../web/client/e2ee/group/held";
import { Link } from "../../../../web/client/e2ee/group/link";
import { groupId, roster } from "../../../../web/client/e2ee/mls/adapter";
import { people } from "../../../../web/client/e2ee/mls/policy";
import type { Grants } from "../../../../web/client/e2ee/mls/statements";
import { bytesFor, type Member, NOW, PSK, root } from "../mls/world";

/** The link of the tests in mls/world.ts. */
export const link = await Link.open({
  group: toBase64url(bytesFor("group", 16)),
  roomSecret: bytesFor("room secret", 16),
  rootKey: (await root).publicKey,
  roleSeed: null,
  certificates: [],
  revocations: null,
  tab: "tab",
});
// Their pre-shared key is derived from another text for the group's id.
Object.assign(link, { psk: await PSK });

export const at = (clock: number): Time => ({ utc: NOW + clock, clock });

export async function held({ group }: Pick<Member, "group">, grants: Grants | null = null): Promise<Held> {
  return { group, people: await people(roster(group), link.trust(groupId(group)), NOW), grants };
}

export const idOf = (name: string): string => toBase64url(bytesFor(`member ${name}`, 16));
export const names = (of: Held): string[] => of.people.map(memberOf);
