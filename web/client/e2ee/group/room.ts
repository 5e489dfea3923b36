/** One room's group: who is in it, what is committed and said, and what the page and the frames are told of it. */
import { type Bytes, toBase64url } from "../../base64url";
import type { JoinedMessage, MlsOfferedMessage, Refusal, SaidMessage } from "../../protocol_types";
import type { Message } from "../envelope";
import type { FrameKeys } from "../epoch_keys";
import { epochAuthenticator, exporter, ownLeaf } from "../mls/adapter";
import type { FromWorker, GroupMessage, Incident, Obstacle, Trouble } from "../worker_messages";
import { Committer } from "./committer";
import { type Change, epochOf, type Held, meetingOf, memberOf, personOf, self, type Time } from "./held";
import type { Link } from "./link";
import { Membership, type MembershipEvents } from "./membership";
import { type Note, Outbox } from "./outbox";
import type { RejoinStore } from "./rejoin_store";
import type { tidy } from "./shape";
import { Shown } from "./shown";
import { Ear, seal } from "./speech";
import type { Ticket } from "./ticket";
import { type CheckContext, type CheckMessage, Verification } from "./verification";
import { rosterHash, Watch } from "./watch";

/** RFC 9605 §5.2. */
const BASE_KEY = "SFrame 1.0 Base Key";
const BASE_KEY_BYTES = 16;

/** What the rooms of one worker share. */
export interface Surroundings {
  readonly link: Link;
  readonly store: RejoinStore;
  readonly frames: FrameKeys;
  readonly tell: (message: FromWorker) => void;
  readonly random: (length: number) => Bytes;
  readonly time: () => Time;
  /** A KeyPackage was used. */
  readonly spent: (ref: Bytes) => void;
  /** A member said a list of revocations. */
  readonly revocations: (list: string) => Promise<void>;
}

export class Room implements MembershipEvents {
  readonly #committer: Committer;
  readonly #membership: Membership;
  readonly #outbox = new Outbox({
    dropped: ({ id }) => id !== null && this.around.tell({ type: "unsaid", room: this.id, id }),
    said: (note) => this.#said(note, this.#membership.seen),
  });
  readonly #ear = new Ear();
  readonly #shown: Shown;
  readonly #watch = new Watch();
  readonly #verification: Verification;
  #disagree = false;

  constructor(
    readonly id: string,
    private readonly around: Surroundings,
  ) {
    const { link, store, random, time } = around;
    this.#committer = new Committer(link);
    this.#shown = new Shown(id, around.tell, () => Math.round(time().utc * 1000));
    this.#verification = new Verification(random);
    this.#membership = new Membership({ room: id, link, store, random, time, committer: this.#committer, on: this });
  }

  get #clock(): number {
    return this.around.time().clock;
  }

  // -- From the page ------------------------------------------------------------------------------------------------

  async joined(message: JoinedMessage, state: ReturnType<typeof tidy>, tickets: readonly Ticket[]): Promise<void> {
    for (const { id, connected } of state.members) this.#committer.connection(id, connected ?? true);
    for (const gone of state.gone) this.#committer.gone(gone, this.#clock);
    this.#outbox.back(state.said_n);
    this.#watch.back(this.#clock);
    const company = state.members.some(({ id }) => id !== message.member);
    await this.#membership.joined(message, state.mls, tickets, company);
    await this.#goOn();
  }

  async offline(): Promise<void> {
    this.#membership.offline();
    await this.#goOn();
  }

  async admit(member: string, keyPackage: Bytes): Promise<void> {
    this.#committer.admit(member, keyPackage, this.#clock);
    await this.#goOn();
  }

  /** See `Committer.knockedAnew`. */
  async knockedAnew(member: string, before: Bytes, keyPackage: Bytes): Promise<void> {
    this.#committer.knockedAnew(member, before, keyPackage, this.#clock);
    await this.#goOn();
  }

  async remove(member: string): Promise<void> {
    this.#committer.remove(member, this.#clock);
    await this.#goOn();
  }

  async grant(member: string, granted: boolean): Promise<void> {
    this.#committer.grant(member, granted, this.#clock);
    await this.#goOn();
  }

  /** The signature for `leave`, null while out. */
  async leave(): Promise<string | null> {
    const signature = await this.#membership.leave();
    this.around.frames.suspend(this.id);
    return signature;
  }

  async say(note: Omit<Note, "epoch">): Promise<void> {
    this.#outbox.add({ ...note, epoch: null });
    await this.#goOn();
  }

  withdraw(id: number): void {
    this.#outbox.withdraw(id);
  }

  async check(): Promise<void> {
    const { held } = this.#membership;
    if (held) await this.#verification.begin(context(held), this.#clock);
    await this.#goOn();
  }

  async markChecked(round: string): Promise<void> {
    if (this.#shown.markChecked(round, this.#membership.held)) await this.keep();
  }

  async keysDisagree(disagree: boolean): Promise<void> {
    this.#disagree = disagree;
    await this.#goOn();
  }

  /** The list of revocations is another one: everybody's standing anew. `say`: the others may not know it yet. */
  async revocationsChanged(say: boolean): Promise<void> {
    await this.#membership.judgeAnew();
    const { held } = this.#membership;
    if (!held) return;
    if (say) this.#sayRevocations(held, null);
    await this.#look(held);
    this.#shown.group(this.#membership.held);
    await this.#goOn();
  }

  // -- From the server ----------------------------------------------------------------------------------------------

  async server(message: GroupMessage): Promise<void> {
    await this.#take(message);
    await this.#goOn();
  }

  async #take(message: GroupMessage): Promise<void> {
    const membership = this.#membership;
    switch (message.type) {
      case "said":
        return this.#heard(message);
      case "member_connection":
        return this.#committer.connection(message.member, message.connected);
      case "member_gone":
        return this.#committer.gone(message.gone, this.#clock);
      case "mls_offered":
        return this.#committer.offered(message satisfies MlsOfferedMessage, this.#clock);
      case "mls_registered":
        return membership.registered(message.state);
      case "mls_abandoned":
        return membership.abandoned();
      case "mls_committed":
        return membership.committed(message.commit);
      case "mls_welcomed":
        return membership.welcomed(message.seq, message.welcome);
      case "mls_rebase":
        for (const commit of message.commits) await membership.committed(commit);
        return;
      case "mls_reopened":
        return membership.reopened(message.void_from, message.after, message.seq, message.reports);
      case "mls_caught_up":
        if ((await membership.caughtUp(message.applied, message.replayed_from)).gap) this.#outbox.gap();
        return;
      case "mls_must_rejoin":
        return membership.mustRejoin();
      case "mls_ready":
        if (membership.held && epochOf(membership.held) === message.epoch) {
          this.around.frames.everybodyReady(this.id, message.epoch);
        }
        return;
      case "mls_refused":
        return this.#refused(message.about, message.code, message.n ?? null);
    }
  }

  async #refused(about: string, code: Refusal, n: number | null): Promise<void> {
    if (about === "say" && n !== null) this.#outbox.refused(n, code, this.#clock);
    else if (about === "mls_commit") this.#committer.refused(code, this.#clock);
    else await this.#membership.refused(about, code);
  }

  // -- What is said -------------------------------------------------------------------------------------------------

  async #heard(said: SaidMessage): Promise<void> {
    const membership = this.#membership;
    const { held } = membership;
    if (!held || !membership.ready || said.seq <= membership.seen) return;
    membership.seen = said.seq;
    const own = self(held);
    if (said.sender === memberOf(own)) {
      const note = this.#outbox.echo(said.n, said.body);
      if (!note) return;
      this.#said(note, said.seq);
      if (isCheck(note.message)) await this.#verification.heard(context(held), own.leaf, note.message, this.#clock);
      return;
    }
    const heard = await this.#ear.open(held, said.body);
    if (!heard) return;
    membership.held = heard.held;
    const sender = memberOf(heard.sender);
    if (heard.forged) this.incident({ kind: "forged-request", by: sender });
    const { message } = heard;
    if (!message) return;
    if (message.type === "heartbeat") this.#watch.heard(sender, message.epoch, message.roster, this.#clock);
    else if (message.type === "revocations") await this.around.revocations(message.list);
    else if (isCheck(message)) {
      await this.#verification.heard(context(held), heard.sender.leaf, message, this.#clock);
    } else {
      if (message.type === "state") this.around.frames.contexts(this.id, sender, message.contexts);
      this.around.tell({ type: "heard", room: this.id, seq: said.seq, sender, message });
    }
  }

  #said({ id }: Note, seq: number): void {
    if (id !== null) this.around.tell({ type: "said", room: this.id, id, seq });
  }

  #say(message: Message, more: Partial<Note> = {}): void {
    this.#outbox.add({ id: null, message, to: null, slot: null, epoch: null, ...more });
  }

  /** Facilitators carry the list into the group, so that a server cannot keep it from people. */
  #sayRevocations(held: Held, to: string | null): void {
    const list = this.around.link.revocations;
    if (list && self(held).facilitator) this.#say({ type: "revocations", list }, { to, slot: `revocations ${to}` });
  }

  // -- What the membership tells ------------------------------------------------------------------------------------

  send: MembershipEvents["send"] = (message) => this.around.tell({ type: "send", message });

  obstacle(obstacle: Obstacle): void {
    this.around.tell({ type: "obstacle", obstacle });
  }

  async entered(how: "founded" | "joined" | "back"): Promise<void> {
    const { held } = this.#membership;
    if (!held) return;
    this.#shown.entered(held, how);
    this.#outbox.newLeaf();
    this.#watch.back(this.#clock);
    await this.#epoch(held, false);
    this.#sayRevocations(held, null);
    await this.keep();
  }

  async advanced(change: Change): Promise<void> {
    const { after, added, removed, refs } = change;
    const marked = this.#shown.advanced(change, (member) => this.#committer.isGone(member));
    for (const ref of refs) this.around.spent(ref);
    // Whoever comes back announces new contexts; the old ones were of a worker that is gone.
    for (const person of removed) this.around.frames.contexts(this.id, memberOf(person), []);
    const removal = removed.some((person) => !personOf(after, memberOf(person)));
    this.#outbox.epochEnded();
    await this.#committer.applied(change, this.around.time());
    await this.#epoch(after, removal);
    for (const person of added) this.#sayRevocations(after, memberOf(person));
    if (marked) await this.keep();
  }

  async wentBack(): Promise<void> {
    const { held } = this.#membership;
    if (!held) return;
    this.#shown.wentBack(held);
    this.#outbox.epochEnded();
    this.#committer.out();
    await this.#epoch(held, false);
  }

  async settled(): Promise<void> {
    if (this.#membership.held) await this.#look(this.#membership.held);
    this.#committer.repeat();
  }

  out(): void {
    this.around.frames.suspend(this.id);
    this.#disagree = false;
    this.#shown.group(this.#membership.held);
  }

  removed(by: string | null): void {
    this.out();
    if (by !== null) this.around.tell({ type: "removed", room: this.id, by });
  }

  remembered(checked: readonly Bytes[]): void {
    this.#shown.remember(checked);
  }

  refusedCommit(by: string | null, reason: string): void {
    this.incident({ kind: "forged-commit", by, reason });
  }

  // -- Telling -------------------------------------------------------------------------------------------------------

  /** A new epoch: keys first, then everything that looks at the people. */
  async #epoch(held: Held, removal: boolean): Promise<void> {
    const leaves = held.people.map((person) => ({ leaf: person.leaf, member: memberOf(person) }));
    const baseKey = await exporter(held.group, BASE_KEY, new Uint8Array(0), BASE_KEY_BYTES);
    const epoch = epochOf(held);
    this.around.frames.epochBegan({ room: this.id, epoch, baseKey, leaf: ownLeaf(held.group), leaves, removal });
    this.#disagree = false;
    await this.#look(held);
    this.#shown.group(this.#membership.held);
  }

  /** Watch and check look at the group as of now. */
  async #look(held: Held): Promise<void> {
    const people = this.#shown.people(held);
    this.#watch.people({ epoch: epochOf(held), roster: await rosterHash(held.people), people }, this.#clock);
    await this.#verification.epochChanged(context(held), this.#clock);
  }

  #tellTroubles(): void {
    const { rejoining, held, online } = this.#membership;
    let troubles: Trouble[] = [];
    if (rejoining) troubles = [{ kind: "rejoining" }];
    else if (held && online) {
      troubles = this.#watch.troubles(this.#clock);
      const known = troubles.some(({ kind }) => kind === "keys-disagree");
      if (this.#disagree && !known) troubles = [...troubles, { kind: "keys-disagree" }];
    } else return;
    this.#shown.troubles(troubles);
  }

  /** Something was tried, and refused. */
  incident(incident: Incident): void {
    this.#shown.incident(incident, this.#clock);
  }

  /** What a reload needs, in the browser's database. */
  async keep(): Promise<void> {
    const record = this.#membership.record(this.#shown.checked);
    if (record) await this.around.store.save(this.around.link.identity.tab, record);
  }

  // -- Going on ------------------------------------------------------------------------------------------------------

  get deadline(): number {
    const { deadline, ready, held, online } = this.#membership;
    const never = Number.POSITIVE_INFINITY;
    // Silence counts while the server has not answered what was missed, too.
    const watch = held && online ? (this.#watch.deadline ?? never) : never;
    if (!ready) return Math.min(deadline, watch);
    const check = this.#verification.deadline ?? never;
    return Math.min(deadline, watch, check, this.#committer.deadline, this.#outbox.deadline);
  }

  async tick(): Promise<void> {
    await this.#membership.tick();
    const { ready, held, online } = this.#membership;
    if (held && online) this.#watch.tick(this.#clock);
    if (ready) this.#verification.tick(this.#clock);
    await this.#goOn();
  }

  /** Sends what is due: after everything that happens. */
  async #goOn(): Promise<void> {
    const membership = this.#membership;
    const { held } = membership;
    if (held && membership.ready) {
      for (const effect of this.#verification.effects()) {
        if (effect.do === "say") this.#say(effect.message, { epoch: effect.epoch });
        else this.#shown.check(held, effect.view);
      }
      for (const { message } of this.#watch.effects()) {
        this.#say(message, { slot: "heartbeat", epoch: message.epoch });
      }
      await this.#sendNotes();
      await this.#commit();
    }
    this.#tellTroubles();
  }

  async #commit(): Promise<void> {
    const { held, key, applied } = this.#membership;
    if (!held || !key) return;
    const time = this.around.time();
    await this.#committer.assess(held, time);
    const { send, refused } = await this.#committer.next(held, key, time);
    if (refused.some((wish) => wish.startsWith("admit "))) this.incident({ kind: "forged-knock" });
    if (!send) return;
    const { pending } = send.prepared;
    this.send({
      type: "mls_commit",
      room: this.id,
      after: applied,
      commit: toBase64url(pending.commit),
      welcome: pending.welcome && toBase64url(pending.welcome),
      co_facilitators: send.coFacilitators && [...send.coFacilitators],
    });
  }

  async #sendNotes(): Promise<void> {
    const membership = this.#membership;
    for (const { note, sayN, body } of this.#outbox.overdue(this.#clock)) {
      this.send({ type: "say", room: this.id, n: sayN, body, to: note.to });
    }
    // What is sealed behind one's own commit would be refused: it waits for the echo.
    while (membership.held && !this.#committer.flight) {
      const parcel = this.#outbox.next(epochOf(membership.held), this.#clock);
      if (!parcel) return;
      const { note, n, sayN } = parcel;
      try {
        const { held, body } = await seal(membership.held, n, note.to, note.message);
        membership.held = held;
        this.#outbox.sent(parcel, body, this.#clock);
        this.send({ type: "say", room: this.id, n: sayN, body, to: note.to });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#outbox.unfit(parcel);
      }
    }
  }
}

function isCheck(message: Message): message is CheckMessage {
  return message.type === "check_commitment" || message.type === "check_set" || message.type === "check_reveal";
}

function context(held: Held): CheckContext {
  return {
    groupId: meetingOf(held),
    epoch: epochOf(held),
    authenticator: epochAuthenticator(held.group),
    ownLeaf: ownLeaf(held.group),
    members: new Map(held.people.map((person) => [person.leaf, memberOf(person)])),
  };
}
