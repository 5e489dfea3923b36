/**
 * One real worker, and around it nothing that is: the test plays the server and everybody else. `actors` hold real MLS
 * states and obey no policy; what a victim hears, in which order and from whom, is the test's to say.
 */
import { createCommit } from "ts-mls";
import type { Proposal } from "ts-mls/proposal.js";
import { vi } from "vitest";
import { type Bytes, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { type Message, writeEnvelope } from "../../../../web/client/e2ee/envelope";
import type { EpochKeys, FrameKeys } from "../../../../web/client/e2ee/epoch_keys";
import { GroupWorker } from "../../../../web/client/e2ee/group/group_worker";
import { BrowserRejoinStore } from "../../../../web/client/e2ee/group/rejoin_store";
import {
  addAndCommit,
  adopt,
  type CommitOptions,
  createGroup,
  epoch,
  type Group,
  joinFromWelcome,
  ownLeaf,
  type Pending,
  processPublicMessage,
  roomPsk,
  sealApplication,
} from "../../../../web/client/e2ee/mls/adapter";
import { encodeCertificate } from "../../../../web/client/e2ee/mls/credentials";
import { encode, PSK_ID } from "../../../../web/client/e2ee/mls/messages";
import { suite } from "../../../../web/client/e2ee/mls/suite";
import type {
  FromWorker,
  GroupMessage,
  GroupView,
  Incident,
  ToWorker,
} from "../../../../web/client/e2ee/worker_messages";
import type { ClientMessage, Committed } from "../../../../web/client/protocol_types";
import {
  bytesFor,
  certificate,
  facilitator,
  founding,
  GROUP,
  MEETING,
  NOW,
  root,
  type Someone,
  someone,
} from "../mls/world";

export const ROOM = "room-id-1";
export const SECRET = bytesFor("room secret", 16);
export const LINK_GROUP = toBase64url(GROUP);
export const psk: Promise<Bytes> = roomPsk(SECRET, LINK_GROUP);
export const idOf = (name: string) => toBase64url(bytesFor(`member ${name}`, 16));
const accept = async () => ({ accepted: true as const });
/** Whoever means ill looks at nobody's credential. */
const anybody = async () => true;

/** Writes down what the frames are handed. */
class Frames implements FrameKeys {
  readonly epochs: EpochKeys[] = [];
  suspended = 0;
  readonly announced: string[] = [];
  epochBegan(keys: EpochKeys): void {
    this.epochs.push(keys);
  }
  everybodyReady(): void {}
  contexts(_room: string, member: string): void {
    this.announced.push(member);
  }
  suspend(): void {
    this.suspended++;
  }
  forgetRoom(): void {}
}

/** Seconds since all tests of a file began. */
let clock = 0;

type Told<Type extends FromWorker["type"]> = Extract<FromWorker, { type: Type }>;
type Sent<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

/** Whom all this is done to: a real worker. */
export class Victim {
  readonly member: string;
  readonly said: FromWorker[] = [];
  readonly frames = new Frames();
  readonly worker: GroupWorker;

  private constructor(readonly name: string) {
    this.member = idOf(name);
    const now = () => NOW + clock;
    this.worker = new GroupWorker({
      tell: (message) => this.said.push(message),
      frames: this.frames,
      now,
      clock: () => clock,
      rejoinStore: new BrowserRejoinStore(() => undefined, now),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
  }

  static async open(name: string, options: { facilitator?: boolean; revocations?: string } = {}): Promise<Victim> {
    const victim = new Victim(name);
    const identity = {
      group: LINK_GROUP,
      roomSecret: SECRET,
      rootKey: (await root).publicKey,
      roleSeed: options.facilitator ? bytesFor(`role ${name}`, 32) : null,
      certificates: [toBase64url(encodeCertificate(await certificate(name)))],
      revocations: options.revocations ?? null,
      tab: "tab",
    };
    await victim.receive({ type: "start", identity });
    return victim;
  }

  receive(message: ToWorker): Promise<void> {
    return this.worker.receive(message);
  }

  hear(message: GroupMessage): Promise<void> {
    return this.receive({ type: "server", message });
  }

  told<Type extends FromWorker["type"]>(type: Type): Told<Type>[] {
    return this.said.filter((message): message is Told<Type> => message.type === type);
  }

  sent<Type extends ClientMessage["type"]>(type: Type): Sent<Type>[] {
    return this.told("send").flatMap(({ message }) => (message.type === type ? [message as Sent<Type>] : []));
  }

  get view(): GroupView | undefined {
    return this.told("group").at(-1)?.view;
  }

  get people(): string[] {
    return this.view?.people.map(({ member }) => member) ?? [];
  }

  get incidents(): Incident[] {
    return this.told("incident").map(({ incident }) => incident);
  }

  /** What is wrong at present, in the words that the page is given. */
  get troubles(): string[] {
    return (
      this.told("troubles")
        .at(-1)
        ?.troubles.map(({ kind }) => kind) ?? []
    );
  }

  get heard(): Message[] {
    return this.told("heard").map(({ message }) => message);
  }
}

/** Lets virtual time pass for everybody. Timers must be fake. */
export async function pass(seconds: number, ...victims: Victim[]): Promise<void> {
  for (let left = seconds; left > 0; left -= 0.5) {
    clock += Math.min(left, 0.5);
    await vi.advanceTimersByTimeAsync(Math.min(left, 0.5) * 1000);
    for (const { worker } of victims) await worker.idle;
  }
}

export interface Actor {
  readonly who: Someone;
  group: Group;
}

export class Stage {
  readonly actors = new Map<string, Actor>();
  /** Who hears what is ordered. */
  readonly victims: Victim[] = [];
  seq = 10;
  /** Number of the last commit. */
  head = 10;
  #n = 0;

  /** A meeting of actors; the first founds it, with the record of a facilitator unless another is given. */
  static async of(
    facilitators: readonly string[],
    participants: readonly string[] = [],
    record?: Bytes,
  ): Promise<Stage> {
    const stage = new Stage();
    const [host, ...others] = await Promise.all([
      ...facilitators.map((name) => facilitator(name)),
      ...participants.map((name) => someone(name)),
    ]);
    if (!host) throw new Error("nobody");
    const group = await createGroup(MEETING, host.own, record ?? (await founding(host)), anybody);
    stage.actors.set(host.name, { who: host, group });
    if (others.length) await stage.add(host.name, others);
    return stage;
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name);
    if (!actor) throw new Error(`no ${name}`);
    return actor;
  }

  get epoch(): number {
    const [actor] = this.actors.values();
    return Number(actor && epoch(actor.group));
  }

  /** What the server says of the room. */
  get state() {
    return { group: toBase64url(MEETING), epoch: this.epoch, seq: this.head };
  }

  joined(victim: Victim, more: { role?: "participant" | "facilitator"; resumed?: boolean } = {}): ToWorker {
    const members = [...this.actors.keys()].map((name) => ({ id: idOf(name), role: "participant" as const }));
    const { member } = victim;
    const rooms = [
      { id: ROOM, members: [...members, { id: member, role: "participant" as const }], said_n: 0, mls: this.state },
    ];
    const message = {
      type: "joined" as const,
      token: "t".repeat(16),
      meeting: "meeting-id-1",
      member,
      now: NOW + clock,
      rooms,
    };
    return { type: "joined", message: { role: "participant", ...message, ...more } };
  }

  /** The victim knocks, and hears that they are let in; the KeyPackage for whoever adds them. */
  async knock(victim: Victim): Promise<Bytes> {
    const nonce = toBase64url(bytesFor(`nonce ${victim.name}`, 32));
    await victim.receive({ type: "make-knock", member: victim.member, nonce, name: victim.name, now: NOW + clock });
    const knock = victim.sent("knock").at(-1);
    await victim.receive(this.joined(victim));
    return fromBase64url(knock?.key_package ?? "");
  }

  /** As a facilitator without a leaf. */
  async offer(victim: Victim): Promise<Bytes> {
    await victim.receive(this.joined(victim, { role: "facilitator" }));
    return fromBase64url(victim.sent("mls_offer").at(-1)?.key_package ?? "");
  }

  /** Brings a victim in as it should be. */
  async admit(victim: Victim, by: string, as: "participant" | "facilitator" = "participant"): Promise<void> {
    const keyPackage = as === "facilitator" ? await this.offer(victim) : await this.knock(victim);
    const pending = await addAndCommit(this.actor(by).group, [keyPackage], await psk, NOW);
    const seq = await this.order(by, pending);
    await this.welcome(victim, by, pending, seq);
    this.victims.push(victim);
  }

  async welcome(victim: Victim, by: string, { welcome }: Pending, seq = this.seq): Promise<void> {
    const said = toBase64url(welcome ?? new Uint8Array(1));
    await victim.hear({ type: "mls_welcomed", room: ROOM, seq, epoch: this.epoch, sender: idOf(by), welcome: said });
  }

  async add(
    by: string,
    joiners: readonly Someone[],
    options: CommitOptions & { replaced?: number[] } = {},
  ): Promise<void> {
    const packages = joiners.map(({ own }) => own.message);
    const pending = await addAndCommit(this.actor(by).group, packages, await psk, NOW, options);
    await this.order(by, pending);
    for (const who of joiners) {
      const { group } = await joinFromWelcome(pending.welcome as Bytes, who.own, await psk, anybody);
      this.actors.set(who.name, { who, group });
    }
  }

  /** A commit takes its place: actors follow it, victims hear it unless it is kept from them. Returns its number. */
  async order(by: string, pending: Pending, keptFrom: readonly Victim[] = []): Promise<number> {
    const message = this.numbered(by, pending.commit);
    this.seq = this.head = message.seq;
    for (const [name, actor] of this.actors) {
      if (name === by) actor.group = adopt(actor.group, pending);
      else await this.#follow(name, actor, pending.commit);
    }
    for (const victim of this.victims) {
      if (!keptFrom.includes(victim)) await victim.hear({ type: "mls_committed", room: ROOM, commit: message });
    }
    return message.seq;
  }

  async #follow(name: string, actor: Actor, commit: Bytes): Promise<void> {
    const result = await processPublicMessage(actor.group, commit, await psk, accept);
    if (result.outcome === "removed") this.actors.delete(name);
    else if (result.outcome === "applied") actor.group = result.group;
  }

  /** The server's numbering, without anybody having heard of it. */
  numbered(by: string, commit: Bytes, changes: Partial<Committed> = {}): Committed {
    const { seq, head: after, epoch } = this;
    return { seq: seq + 1, epoch, sender: idOf(by), commit: toBase64url(commit), after, ...changes };
  }

  /** The server gives a forged commit to one victim alone. */
  async forge(victim: Victim, by: string, commit: Bytes, changes: Partial<Committed> = {}): Promise<void> {
    await victim.hear({ type: "mls_committed", room: ROOM, commit: this.numbered(by, commit, changes) });
  }

  /** The victim's own last commit comes back. */
  async echo(victim: Victim): Promise<void> {
    const sent = victim.sent("mls_commit").at(-1);
    if (!sent) throw new Error("nothing was committed");
    const commit = { ...this.numbered("nobody", fromBase64url(sent.commit)), sender: victim.member };
    this.seq = this.head = commit.seq;
    for (const [name, actor] of this.actors) await this.#follow(name, actor, fromBase64url(sent.commit));
    for (const other of this.victims) await other.hear({ type: "mls_committed", room: ROOM, commit });
  }

  leaf(name: string): number {
    return ownLeaf(this.actor(name).group);
  }

  /** What an actor says, sealed and numbered. */
  async words(
    by: string,
    message: Message,
    more: { to?: string; n?: number } = {},
  ): Promise<Extract<GroupMessage, { type: "said" }>> {
    const actor = this.actor(by);
    const n = more.n ?? ++this.#n;
    const sealed = await sealApplication(actor.group, writeEnvelope(n, more.to ?? null, message));
    actor.group = sealed.group;
    const { epoch } = this;
    return { type: "said", room: ROOM, seq: ++this.seq, epoch, sender: idOf(by), n, body: toBase64url(sealed.message) };
  }

  async say(by: string, message: Message, more: { to?: string; n?: number } = {}): Promise<void> {
    const said = await this.words(by, message, more);
    for (const victim of this.victims) await victim.hear(said);
  }
}

/** Any proposals at all, well signed: as a member whose program was changed. */
export async function handmade(
  actor: Actor,
  proposals: readonly Proposal[],
  authenticatedData?: Bytes,
): Promise<Pending> {
  const secret = await psk;
  const result = await createCommit(
    {
      state: actor.group.mls,
      cipherSuite: await suite(),
      pskIndex: {
        findPsk: (id) => (id.psktype === "external" && String(id.pskId) === String(PSK_ID) ? secret : undefined),
      },
    },
    {
      wireAsPublicMessage: true,
      extraProposals: [...proposals],
      ratchetTreeExtension: true,
      authenticatedData: authenticatedData ?? new Uint8Array(0),
    },
  );
  const { welcome } = result;
  return {
    commit: encode(result.commit),
    welcome: welcome ? encode({ version: "mls10", wireformat: "mls_welcome", welcome }) : null,
    next: result.newState,
  };
}
