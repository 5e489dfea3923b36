/**
 * A meeting from being let in to leaving: ties the group's people, what they say, the media and the devices together.
 * What it means is decided in room.ts; here it is carried out, one message after another.
 */
import { CallNetwork } from "./call_network";
import { CallScreen } from "./call_screen";
import { CallView, type OutgoingDevices } from "./call_view";
import { ChatLog } from "./chat_log";
import type { Message } from "./e2ee/envelope";
import { type E2eeManager, type IceChoice, peerConnectionConfiguration } from "./e2ee/manager";
import { EncryptionNews } from "./encryption_news";
import { contradicted } from "./ending";
import { type CallNews, Intake } from "./intake";
import { Knocks } from "./knocks";
import { Looks } from "./looks";
import { RoomMedia } from "./media";
import type { Announcement, KeyState, NetworkChoices } from "./model";
import { Moderation } from "./moderation";
import type { ClientMessage, JoinedMessage, RoomState, ServerMessage, TrackMap } from "./protocol_types";
import { Room } from "./room";
import { RoomEffects } from "./room_effects";
import { ScreenShare } from "./screen_share";
import type { Sound } from "./sound";
import type { Store } from "./store";
import { Words } from "./words";

export interface CallOptions {
  e2ee: E2eeManager;
  store: Store;
  sound: Sound;
  devices: OutgoingDevices;
  name: string;
  /** The number of one's raised hand before a reload of the same meeting; 0 if down. */
  hand: number;
  send(message: ClientMessage): boolean;
  makeConnection(ice: IceChoice): RTCPeerConnection;
  capture: Pick<MediaDevices, "getDisplayMedia"> | undefined;
  manyScreens: boolean;
  newTrackId(): string;
  avatarSeed(meeting: string, member: string): Promise<Uint8Array>;
  numberNames(names: readonly string[]): string[];
  /** One's hand went up or down; kept over a reload. */
  handChanged(seq: number): void;
  /** Somebody who may closes one's microphone. */
  muted(everyone: boolean): void;
  /** A facilitator signed that the meeting is over. */
  ended(): void;
  /** The connections that carried voice and picture do so no longer, or bring nothing more. */
  mediaLost(): void;
}

export class Call {
  readonly meeting: string;
  readonly self: string;
  readonly roomId: string;
  readonly moderation: Moderation;
  readonly network: CallNetwork;
  readonly screen: CallScreen;
  readonly #room: Room;
  readonly #chat = new ChatLog();
  readonly #door: Knocks;
  readonly #words: Words;
  readonly #news: EncryptionNews;
  readonly #media: RoomMedia;
  readonly #view: CallView;
  readonly #effects: RoomEffects;
  readonly #intake: Intake;
  readonly #looks: Looks;
  #iceServers: JoinedMessage["ice_servers"];
  #lastHand: number;
  #mediaStood = false;
  #ended = false;
  #due: ReturnType<typeof setTimeout> | undefined;
  /** Messages are understood one after another, whatever reading one of them takes. */
  #incoming: Promise<void>;

  constructor(
    joined: JoinedMessage,
    private readonly options: CallOptions,
  ) {
    const state = mainRoom(joined);
    const { e2ee, numberNames } = options;
    this.meeting = joined.meeting;
    this.self = joined.member;
    this.roomId = state.id;
    this.#lastHand = options.hand;
    this.#iceServers = joined.ice_servers;
    const own = {
      name: options.name,
      ...this.#openDevices(),
      hand: options.hand,
      sharing: 0,
      uplink: "good" as const,
    };
    this.#room = new Room({ self: joined.member, role: joined.role, own, numberNames });
    const announce = (announcement: Announcement) => this.#announce(announcement);
    this.#words = new Words({
      chat: this.#chat,
      say: (id, message, how) => e2ee.say(state.id, id, message, how),
      withdraw: (id) => e2ee.withdraw(state.id, id),
      ownState: () => this.#ownState(),
      stateSaid: (seq, hand, sharing) => this.#room.echoed(seq, hand, sharing),
    });
    this.#news = new EncryptionNews({ announce, nameOf: (member) => this.#room.nameOf(member) });
    this.#door = new Knocks({
      self: joined.member,
      holds: () => this.#room.member(this.self)?.role !== "participant",
      read: (knock) => e2ee.readKnock(knock),
      avatarSeed: (knock) => options.avatarSeed(joined.meeting, knock),
      nameOf: (member) => this.nameOf(member),
      announce,
      changed: () => this.#draw(),
    });
    this.#media = new RoomMedia({
      room: state.id,
      send: options.send,
      makeConnection: () => options.makeConnection(this.#ice),
      newTrackId: options.newTrackId,
      protect: (sender, track, codec) => e2ee.protectSender(state.id, sender, track, codec),
      guardReceiver: (receiver) => e2ee.guardReceiver(receiver),
      openReceiver: (receiver, from) => this.#openReceiver(receiver, from),
      contextsChanged: () => this.#words.queueState(),
      subscribing: () => this.network.renew(),
      changed: () => this.#mediaChanged(),
    });
    const { room, media } = { room: this.#room, media: this.#media };
    this.network = new CallNetwork({
      roomId: state.id,
      room,
      media,
      store: options.store,
      send: options.send,
      announce,
      changed: () => this.#settle(),
    });
    const share = new ScreenShare({ media: options.capture, changed: () => this.#screenChanged() });
    this.screen = new CallScreen({ room, media, share, many: options.manyScreens, announce });
    this.moderation = new Moderation({
      room: state.id,
      e2ee,
      words: this.#words,
      waiting: this.#door.list,
      news: this.#news,
      send: options.send,
      refused: () => announce({ urgency: "polite", kind: "request-refused", code: "offline" }),
    });
    this.#view = new CallView({
      store: options.store,
      sound: options.sound,
      devices: options.devices,
      room: this.#room,
      chat: this.#chat,
      waiting: this.#door.list,
      news: this.#news,
      media: this.#media,
      network: this.network,
      screen: this.screen,
      avatarSeed: (member) => options.avatarSeed(joined.meeting, member),
    });
    this.#view.locked = joined.locked ?? false;
    this.#effects = new RoomEffects({
      room: this.#room,
      store: options.store,
      chat: this.#chat,
      words: this.#words,
      view: this.#view,
      network: this.network,
      muted: options.muted,
      ended: options.ended,
    });
    this.#intake = new Intake({
      roomId: state.id,
      room: this.#room,
      words: this.#words,
      news: this.#news,
      door: this.#door,
      media: this.#media,
      network: this.network,
      view: this.#view,
      effects: this.#effects,
      announce,
    });
    this.#looks = new Looks({
      room: this.#room,
      media: this.#media,
      waiting: this.#door.list,
      view: this.#view,
      network: this.network,
      online: () => options.store.connection.peek() !== "reconnecting",
      still: () => options.mediaLost(),
    });
    this.#incoming = this.#begin(joined, state);
  }

  /** The session was taken up again on a new socket. */
  resume(joined: JoinedMessage): void {
    this.#then(() => {
      this.#room.connections(mainRoom(joined).members, true);
      this.#door.take(joined.knocks ?? []);
      // A restarted server, which knows no group yet, has forgotten the lock too: the first facilitator says it again.
      const forgotten = this.#view.locked && !joined.locked && !mainRoom(joined).mls && joined.role === "facilitator";
      this.#effects.lock(joined.locked ?? false, null);
      if (forgotten) this.moderation.setLocked(true);
      this.#iceServers = joined.ice_servers;
      this.#media.configure(peerConnectionConfiguration(this.#ice));
      this.#media.resumed(joined.media_kept ?? false);
      // What was wished for meanwhile found no socket, and a restarted server knows nothing.
      this.network.renew();
    });
  }

  /** What is none of the call's business is passed over. */
  handle(message: ServerMessage): void {
    this.#then(() => this.#intake.server(message));
  }

  /** What the worker tells. */
  learn(news: CallNews): void {
    this.#then(() => this.#intake.worker(news));
  }

  /** The worker asks the server for what was missed; `seen` is the highest number that it has, null if it has nothing. */
  catchesUp(seen: number | null): void {
    this.#intake.catchesUp(seen);
  }

  devicesChanged(): void {
    this.#sendDevices();
    this.#room.setOwn(this.#openDevices());
    this.#settle();
  }

  keyState(member: string, state: KeyState): void {
    this.#view.keyState(member, state);
    this.#draw();
  }

  /** The worker with all keys and counters died: connections are built anew, and the new one asks its way back in. */
  workerLost(): void {
    this.#then(() => {
      this.#room.keysLost();
      this.#view.forgetKeys();
      this.#media.rebuild();
    });
  }

  networkChanged(): void {
    this.#media.networkChanged();
  }

  networkChosen(choices: NetworkChoices, before: NetworkChoices): void {
    this.network.choose(choices);
    if (choices.relayOnly === before.relayOnly) return;
    // What goes another way than the person wants must not go on.
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
    this.#words.writeChat(this.self, this.#room.nameOf(this.self) ?? this.options.name, text);
    this.#draw();
  }

  resendChat(key: string): void {
    this.#words.chatAgain(key);
    this.#draw();
  }

  nameOf(member: string): string {
    return this.#room.nameOf(member) ?? "";
  }

  /** The group is kept under another room secret by now: who is in stays in, and nobody comes in by a new link. */
  linksChanged(): void {
    this.#then(() => {
      if (this.#door.held) this.#announce({ urgency: "polite", kind: "links-changed" });
    });
  }

  /** Whether what the group tells speaks against the server's reason for the end. */
  contradicts(reason: "empty" | "no_facilitator"): boolean {
    return contradicted(reason, this.#room, this.#news.troubles);
  }

  /** Everything ends: connections and timers. */
  end(): void {
    this.#ended = true;
    this.#words.stop();
    this.screen.end();
    this.network.end();
    this.#looks.stop();
    clearTimeout(this.#due);
    this.#media.close();
    this.options.sound.stop();
  }

  // -- Coming in -----------------------------------------------------------------------------------------------------

  async #begin(joined: JoinedMessage, state: RoomState): Promise<void> {
    this.#room.connections(state.members, joined.resumed ?? false);
    this.#sendDevices();
    this.#media.setSaving(this.options.store.network.peek().dataSaver);
    // First of all, before the page is drawn and before the keys are there: nothing leaves the worker until then, and
    // the connections need their time too.
    this.#media.start({ offered: !joined.resumed });
    await this.#view.learnSeeds([joined.member]);
    if (this.#ended) return;
    this.#door.take(joined.knocks ?? []);
    this.#looks.start();
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

  // -- Going out -----------------------------------------------------------------------------------------------------

  #mediaChanged(): void {
    const stands = this.#media.state === "connected";
    if (this.#mediaStood && !stands) this.options.mediaLost();
    this.#mediaStood = stands;
    this.#draw();
  }

  /** Carry out what the room decided, show what changed, and wake up when something is due. */
  #settle(): void {
    if (this.#ended) return;
    this.screen.check();
    this.#effects.carryOut();
    this.network.tell(performance.now());
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

  /** Null while one is out of the group. */
  #ownState(): Extract<Message, { type: "state" }> | null {
    return this.#room.ready ? { type: "state", ...this.#room.own, contexts: this.#media.contexts } : null;
  }

  // -- Showing -------------------------------------------------------------------------------------------------------

  #draw(): void {
    if (!this.#ended) this.#view.draw();
  }

  #sendDevices(): void {
    for (const source of ["microphone", "camera"] as const) {
      this.#media.setTrack(source, this.options.devices.outgoing(source));
    }
  }

  #screenChanged(): void {
    if (this.#ended) return;
    this.screen.changed();
    this.#settle();
  }

  /** "Relay only" where there is a relay: without one nothing would ever connect. */
  get #ice(): IceChoice {
    const servers = this.#iceServers ?? [];
    return { servers, relayOnly: servers.length > 0 && this.options.store.network.peek().relayOnly };
  }

  #openDevices(): { microphone: boolean; camera: boolean } {
    const { devices } = this.options;
    return { microphone: devices.outgoing("microphone") !== null, camera: devices.outgoing("camera") !== null };
  }

  /** The receiver opens frames of this member's keys alone; of somebody who has no tile, nothing. */
  #openReceiver(receiver: RTCRtpReceiver, { member, track, kind }: TrackMap): boolean {
    if (member === this.self || !this.#room.member(member)) return false;
    this.options.e2ee.openReceiver(this.roomId, receiver, { member, track, kind });
    return true;
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
