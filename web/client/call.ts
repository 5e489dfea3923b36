/**
 * A meeting from being let in to leaving: ties the room's state, the envelopes, the media and the devices together.
 * What the room's messages mean is decided in room.ts; here it is carried out, one message after another.
 */
import { ChatLog } from "./chat_log";
import type { E2eeManager, KeyState } from "./e2ee/manager";
import { Knocks } from "./knocks";
import { SpeakerDetector } from "./levels";
import { RoomMedia } from "./media";
import { MediaLine } from "./media_line";
import type { Announcement } from "./model";
import type {
  ClientMessage,
  ErrorMessage,
  JoinedMessage,
  RoomState,
  SaidMessage,
  ServerMessage,
  TrackMap,
} from "./protocol_types";
import { Room, type RoomEffect } from "./room";
import { rosterViews } from "./roster";
import { Saying } from "./saying";
import type { Sound } from "./sound";
import type { Store } from "./store";

/** Looks at levels and connections, ms: `audioLevel` changes every 110-125 ms, more looks would see the same twice. */
const LOOK_MS = 200;
/** A chat message that could not even be handed to a socket within this, ms, is given back to the person. */
const NOT_SENT_MS = 12_000;
/** Before a refused `state` is said again, ms, if the server names no time. */
const AGAIN_MS = 1_000;
/** The part of the devices that a call sends and shows. */
export interface OutgoingDevices {
  outgoing(input: "microphone" | "camera"): MediaStreamTrack | null;
  readonly loudness: { peak: number } | null;
  readonly stream: { readonly value: MediaStream | null };
}

export interface CallOptions {
  e2ee: E2eeManager;
  store: Store;
  sound: Sound;
  devices: OutgoingDevices;
  name: string;
  /** The number of one's raised hand before a reload of the same meeting; 0 if down. */
  hand: number;
  send(message: ClientMessage): boolean;
  makeConnection(): RTCPeerConnection;
  newTrackId(): string;
  avatarSeed(meeting: string, member: string): Promise<Uint8Array>;
  openKnock(sealed: string): Promise<string | null>;
  numberNames(names: readonly string[]): string[];
  /** One's hand went up or down; kept over a reload. */
  handChanged(seq: number): void;
}

/** Messages that belong to a running call. */
export type CallMessage = Extract<
  ServerMessage,
  {
    type:
      | "knocked"
      | "knock_gone"
      | "member_joined"
      | "member_back"
      | "member_lost"
      | "member_left"
      | "said"
      | "published"
      | "subscribe_offer"
      | "error";
  }
>;

const NO_SEED = new Uint8Array(16);

export class Call {
  readonly meeting: string;
  readonly self: string;
  readonly roomId: string;
  readonly #room: Room;
  readonly #chat = new ChatLog();
  readonly #door: Knocks;
  readonly #saying: Saying;
  readonly #detector = new SpeakerDetector();
  readonly #media: RoomMedia;
  #speaking: ReadonlySet<string> = new Set();
  #keys = new Map<string, KeyState>();
  #seeds = new Map<string, Uint8Array>();
  #lastHand: number;
  #stateQueued = false;
  readonly #line = new MediaLine();
  #ended = false;
  #looks: ReturnType<typeof setInterval> | undefined;
  #due: ReturnType<typeof setTimeout> | undefined;
  /** Messages are understood one after another, whatever opening one of them takes. */
  #incoming: Promise<void>;

  constructor(
    joined: JoinedMessage,
    private readonly options: CallOptions,
  ) {
    const state = mainRoom(joined);
    this.meeting = joined.meeting;
    this.self = joined.member;
    this.roomId = state.id;
    this.#lastHand = options.hand;
    const own = { name: options.name, ...this.#openDevices(), hand: options.hand };
    this.#room = new Room({ id: state.id, own, numberNames: options.numberNames });
    this.#saying = new Saying({
      room: state.id,
      taken: state.said_n,
      seal: (message, to) => options.e2ee.seal(state.id, message, to),
      send: options.send,
      chatLost: (key) => this.#chat.notSent(key),
    });
    this.#door = new Knocks({
      self: joined.member,
      open: options.openKnock,
      avatarSeed: (knock) => options.avatarSeed(joined.meeting, knock),
      nameOf: (member) => this.nameOf(member),
      announce: (announcement) => this.#announce(announcement),
    });
    this.#media = new RoomMedia({
      room: state.id,
      send: options.send,
      makeConnection: options.makeConnection,
      newTrackId: options.newTrackId,
      protect: (sender, track) => options.e2ee.protectSender(state.id, sender, track),
      guardReceiver: (receiver) => options.e2ee.guardReceiver(receiver),
      openReceiver: (receiver, from) => this.#openReceiver(receiver, from),
      contextsChanged: () => this.#queueState(),
      changed: () => this.#mediaChanged(),
    });
    this.#incoming = this.#begin(joined, state);
  }

  /** The session was taken up again on a new socket. */
  resume(joined: JoinedMessage): void {
    this.#then(async () => {
      const state = mainRoom(joined);
      await this.#learnSeeds(state.members.map((member) => member.id));
      this.#room.enter(joined.member, state, true, performance.now());
      for (const one of this.#saying.resume(state.said_n)) if (one.chat) this.#chat.sent(one.chat, null);
      await this.#door.take(joined.knocks ?? []);
      this.#media.resumed(joined.media_kept ?? false);
    });
  }

  handle(message: CallMessage): void {
    this.#then(() => this.#understand(message));
  }

  devicesChanged(): void {
    this.#media.setTrack("audio", this.options.devices.outgoing("microphone"));
    this.#media.setTrack("video", this.options.devices.outgoing("camera"));
    this.#room.setOwn(this.#openDevices());
    this.#settle();
  }

  keyState(member: string, state: KeyState): void {
    this.#keys.set(member, state);
    this.#draw();
  }

  /** The worker with all keys and counters died: everything is built anew, under new contexts. */
  workerLost(): void {
    this.#keys.clear();
    this.#media.rebuild();
  }

  raiseHand(): void {
    if (this.#room.own.hand !== 0) return;
    this.#room.setOwn({ hand: null });
    this.#settle();
  }

  lowerHandOf(member: string): void {
    this.#room.lowerHandOf(member);
    this.#settle();
  }

  lowerHand(): void {
    this.lowerHandOf(this.self);
  }

  sendChat(text: string): void {
    const name = this.#room.nameOf(this.self) ?? this.options.name;
    this.#sayChat(this.#chat.write(this.self, name, text, new Date()), text);
  }

  resendChat(key: string): void {
    const message = this.#chat.find(key);
    if (message?.state !== "not-sent") return;
    this.#chat.again(key);
    this.#sayChat(key, message.text);
  }

  /** Ids of the people who wait for an answer. */
  get knocks(): string[] {
    return this.#door.list.unanswered;
  }

  /** The last sequence number taken in, for `resume.seen`. */
  get seq(): number {
    return this.#room.seq;
  }

  nameOf(member: string): string {
    return this.#room.nameOf(member) ?? "";
  }

  /** Everything ends: connections, timers, keys. */
  end(): void {
    this.#ended = true;
    this.#saying.stop();
    clearInterval(this.#looks);
    clearTimeout(this.#due);
    this.#media.close();
    this.options.sound.stop();
    this.options.e2ee.leaveRoom(this.roomId);
  }

  // -- Coming in -----------------------------------------------------------------------------------------------------

  async #begin(joined: JoinedMessage, state: RoomState): Promise<void> {
    const { e2ee } = this.options;
    const leaf = state.members.find((member) => member.id === joined.member)?.leaf ?? 0;
    const place = { meeting: joined.meeting, room: state.id, member: joined.member, leaf };
    await Promise.all([e2ee.enterRoom(place), this.#learnSeeds(state.members.map((member) => member.id))]);
    if (this.#ended) return;
    this.#room.enter(joined.member, state, false, performance.now());
    this.#media.setTrack("audio", this.options.devices.outgoing("microphone"));
    this.#media.setTrack("video", this.options.devices.outgoing("camera"));
    this.#media.start();
    await this.#door.take(joined.knocks ?? []);
    this.#looks = setInterval(() => void this.#look(), LOOK_MS);
    this.#settle();
  }

  #then(step: () => void | Promise<void>): void {
    this.#incoming = this.#incoming.then(async () => {
      if (this.#ended) return;
      await step();
      this.#settle();
    });
    // A message that cannot be dealt with must not keep the following ones from being read.
    this.#incoming = this.#incoming.catch(() => undefined);
  }

  async #understand(message: CallMessage): Promise<void> {
    const now = performance.now();
    if ("room" in message && message.room !== this.roomId) return;
    if ("seq" in message && !this.#room.accept(message.seq)) return;
    switch (message.type) {
      case "member_joined":
        await this.#learnSeeds([message.member.id]);
        this.#room.memberJoined(message.member, now);
        this.#media.membersChanged();
        break;
      case "member_back":
        this.#room.memberBack(message.member, now);
        break;
      case "member_lost":
        this.#room.memberLost(message.member);
        break;
      case "member_left":
        this.#room.memberLeft(message.member);
        break;
      case "said":
        await this.#said(message);
        break;
      case "published":
        this.#media.published(message);
        break;
      case "subscribe_offer":
        this.#media.offered(message);
        break;
      case "knocked":
        await this.#door.knocked(message.knock);
        break;
      case "knock_gone":
        this.#door.gone(message);
        break;
      case "error":
        this.#refused(message);
        break;
    }
  }

  async #said(message: SaidMessage): Promise<void> {
    if (message.sender === this.self) {
      const own = this.#saying.confirm(message.n);
      if (own?.chat) this.#chat.sent(own.chat, message.seq);
      if (own?.hand !== undefined) this.#room.echoed(message.seq, own.hand);
      return;
    }
    const { sender, body, to } = message;
    if (to != null && to !== this.self) return;
    const envelope = await this.options.e2ee.open(this.roomId, { sender, body, to: to ?? undefined });
    if (envelope && !this.#ended) this.#room.heard(sender, message.seq, envelope, performance.now());
  }

  #refused(message: ErrorMessage): void {
    this.#media.refused(message);
    if (message.about !== "say" || message.n == null) return;
    const refused = this.#saying.refuse(message.n);
    if (refused?.chat) this.#chat.notSent(refused.chat);
    else if (refused && refused.to === null) {
      setTimeout(() => this.#queueState(), (message.retry_after ?? 0) * 1000 || AGAIN_MS);
    }
  }

  // -- Going out -----------------------------------------------------------------------------------------------------

  /** Carry out what the room decided, show what changed, and wake up when something is due. */
  #settle(): void {
    if (this.#ended) return;
    for (const effect of this.#room.effects()) this.#carryOut(effect);
    const { hand } = this.#room.own;
    if (hand !== null && hand !== this.#lastHand) {
      this.#lastHand = hand;
      this.options.handChanged(hand);
    }
    this.#draw();
    clearTimeout(this.#due);
    const { deadline } = this.#room;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#due = setTimeout(
      () => {
        this.#room.tick(performance.now());
        this.#settle();
      },
      Math.max(0, deadline - performance.now()),
    );
  }

  #carryOut(effect: RoomEffect): void {
    const { e2ee, store } = this.options;
    switch (effect.do) {
      case "send-state":
        if (effect.to === null) this.#queueState();
        else this.#sayState(effect.to);
        break;
      case "say":
        this.#saying.say(() => effect.message, { to: effect.to });
        break;
      case "contexts":
        e2ee.setContexts(this.roomId, effect.member, effect.leaf, effect.contexts);
        break;
      case "forget":
        e2ee.forgetMember(this.roomId, effect.member);
        this.#seeds.delete(effect.member);
        this.#keys.delete(effect.member);
        break;
      case "chat": {
        const name = this.nameOf(effect.sender);
        this.#chat.heard(effect.seq, effect.sender, name, effect.text, new Date());
        store.unread.value += 1;
        this.#announce({ urgency: "polite", kind: "chat", name, text: effect.text });
        break;
      }
      case "name-known":
        this.#chat.name(effect.member, this.nameOf(effect.member));
        break;
      case "hand-lowered-by-facilitator":
        this.#announce({ urgency: "polite", kind: "hand-lowered", name: this.nameOf(this.self) });
        break;
      case "announce":
        this.#announce(effect.announcement);
        break;
    }
  }

  /** One state for everybody; several changes before it is sealed are one. */
  #queueState(): void {
    if (this.#stateQueued || this.#ended) return;
    this.#stateQueued = true;
    this.#sayState(null);
  }

  #sayState(to: string | null): void {
    const carries: { to: string | null; hand?: number | null } = { to };
    this.#saying.say(() => {
      if (to === null) {
        this.#stateQueued = false;
        carries.hand = this.#room.own.hand;
      }
      return { type: "state", ...this.#room.own, contexts: this.#media.contexts };
    }, carries);
  }

  #sayChat(key: string, text: string): void {
    this.#saying.say(() => ({ type: "chat", text }), { to: null, chat: key });
    setTimeout(() => {
      if (this.#saying.withdraw(key)) this.#chat.notSent(key);
      this.#draw();
    }, NOT_SENT_MS);
    this.#draw();
  }

  // -- Showing -------------------------------------------------------------------------------------------------------

  #mediaChanged(): void {
    if (this.#ended) return;
    this.options.sound.play(this.#media.remoteTracks);
    this.#draw();
  }

  async #look(): Promise<void> {
    const now = performance.now();
    if (this.options.store.connection.peek() !== "reconnecting") this.#media.tick(now);
    if (this.#door.list.tick(now)) this.#draw();
    const levels = await this.#media.levels().catch(() => new Map<string, number>());
    if (this.#ended) return;
    for (const [member] of levels) if (!this.#room.member(member)?.state?.microphone) levels.delete(member);
    const { loudness } = this.options.devices;
    if (loudness) levels.set(this.self, loudness.peak);
    this.#speaking = this.#detector.update(levels, now);
    this.#draw();
  }

  #draw(): void {
    if (this.#ended) return;
    const { store, devices } = this.options;
    const video = (member: string) =>
      this.#media.remoteTracks.find((one) => one.member === member && one.kind === "video")?.stream ?? null;
    const sources = {
      speaking: this.#speaking,
      keyState: (member: string) =>
        this.#keys.get(member) ?? (this.#room.member(member)?.state ? "encrypted" : "waiting"),
      video,
      avatarSeed: (member: string) => this.#seeds.get(member) ?? NO_SEED,
      own: { ...this.#openDevices(), video: devices.stream.value },
    } as const;
    store.members.value = rosterViews(this.#room, sources, store.members.peek());
    store.chat.value = this.#chat.messages;
    store.knocks.value = this.#door.list.views;
    store.lastFacilitator.value = this.#room.onlyFacilitator;
    if (store.connection.peek() !== "reconnecting") {
      store.connection.value = this.#line.at(this.#media.state, performance.now());
    }
  }

  #openDevices(): { microphone: boolean; camera: boolean } {
    const { devices } = this.options;
    return { microphone: devices.outgoing("microphone") !== null, camera: devices.outgoing("camera") !== null };
  }

  /** The receiver opens frames of this member's leaf alone; of somebody who has no tile, nothing. */
  #openReceiver(receiver: RTCRtpReceiver, { member, track, kind }: TrackMap): boolean {
    const leaf = this.#room.member(member)?.leaf;
    if (leaf === undefined) return false;
    this.options.e2ee.openReceiver(this.roomId, receiver, { member, leaf, track, kind });
    return true;
  }

  async #learnSeeds(members: string[]): Promise<void> {
    const missing = members.filter((member) => !this.#seeds.has(member));
    const learn = async (id: string) => this.#seeds.set(id, await this.options.avatarSeed(this.meeting, id));
    await Promise.all(missing.map(learn));
  }

  #announce(announcement: Announcement): void {
    this.options.store.announce(announcement);
  }
}

/** The room that the interface shows. A member is in one room today; the protocol allows for more. */
function mainRoom(joined: JoinedMessage): RoomState {
  const state = joined.rooms[0];
  if (!state) throw new Error("joined names no room");
  return state;
}
