/** Somebody who was let in, holds the group's keys, and sends what no worker of ours would. */
import { type Bytes, bytesOf, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import type { GroupWorker } from "../../../../web/client/e2ee/group/group_worker";
import { makeKnock } from "../../../../web/client/e2ee/group/knock";
import {
  type Group,
  joinFromWelcome,
  type Pending,
  processPublicMessage,
  roomPsk,
} from "../../../../web/client/e2ee/mls/adapter";
import { encodeCredential } from "../../../../web/client/e2ee/mls/credentials";
import { keyPackage, leafKey } from "../../../../web/client/e2ee/mls/messages";
import type { ToWorker } from "../../../../web/client/e2ee/worker_messages";
import { bytesFor } from "../mls/world";
import { ROOM } from "./delivery";
import { GROUP_ID, ROOM_SECRET, type Somebody, START, type World } from "./world";

export interface Rogue extends Somebody {
  group: Group | null;
  applied: number;
}

/** Knocks like everybody; what comes after is by hand. */
export async function rogue(world: World, name: string): Promise<Rogue> {
  const somebody = Object.assign(await world.participant(name), { group: null, applied: 0 }) as Rogue;
  const psk = await roomPsk(ROOM_SECRET, GROUP_ID);
  const key = await leafKey();
  const member = bytesOf(somebody.member, 16) as Bytes;
  const credential = encodeCredential({ member, rejoinKey: bytesFor(`rejoin ${name}`, 32), authority: null });
  const own = await keyPackage(credential, key, START);
  const receive = async (message: ToWorker) => {
    if (message.type === "make-knock") {
      const { ref, message: offered } = own;
      const { nonce } = message;
      const sealed = await makeKnock({ roomSecret: ROOM_SECRET, group: GROUP_ID, name, nonce, ref, leafKey: key });
      somebody.outgoing.push({ type: "knock", sealed, key_package: toBase64url(offered) });
    } else if (message.type === "server" && message.message.type === "mls_welcomed") {
      const welcome = fromBase64url(message.message.welcome);
      somebody.group = (await joinFromWelcome(welcome, own, psk, async () => true)).group;
      somebody.applied = message.message.seq;
    } else if (message.type === "server" && message.message.type === "mls_committed" && somebody.group) {
      const { commit, seq, sender } = message.message.commit;
      if (sender === somebody.member) return;
      const accept = async () => ({ accepted: true as const });
      const done = await processPublicMessage(somebody.group, fromBase64url(commit), psk, accept);
      somebody.group = done.outcome === "applied" ? done.group : somebody.group;
      somebody.applied = seq;
    }
  };
  somebody.worker = { receive, idle: Promise.resolve() } as unknown as GroupWorker;
  return somebody;
}

export function send(somebody: Rogue, { commit, welcome }: Pending): void {
  somebody.outgoing.push({
    type: "mls_commit",
    room: ROOM,
    after: somebody.applied,
    commit: toBase64url(commit),
    welcome: welcome && toBase64url(welcome),
  });
}
