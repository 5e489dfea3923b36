/**
 * One person's way through the pages: from the link to the door, into the call and out of it. Carries out what the
 * interface asks (`Actions`) and what the server says; a running meeting is call.ts's.
 */
import { toBase64url } from "./base64url";
import type { GroupAnswer, GroupProblem } from "./boot";
import { Call } from "./call";
import { callActions } from "./call_actions";
import { Connection, type SocketLike } from "./connection";
import { deviceActions } from "./device_actions";
import type { DeviceManager } from "./devices";
import type { E2eeManager, GroupReport, ManagerOptions } from "./e2ee/manager";
import { Ending } from "./ending";
import { GroupKeeper } from "./group_keeper";
import { isGroupMessage } from "./group_messages";
import { KeptDevices } from "./kept_devices";
import type { Door } from "./links";
import type { Memory, TabState } from "./memory";
import type { Actions, LeftReason, Problem } from "./model";
import { cleanName, nameProblem, numberNames } from "./names";
import { Organiser } from "./organiser";
import { organiserActions } from "./organiser_actions";
import type {
  ErrorMessage,
  JoinedMessage,
  JoinMessage,
  MlsRefusedMessage,
  ResumeMessage,
  ServerMessage,
  WaitingMessage,
} from "./protocol_types";
import { BUSY, PROBLEMS, worthSaying } from "./refusals";
import { RESERVED_NAMES } from "./reserved_names";
import type { Sound } from "./sound";
import type { Store } from "./store";

export interface SessionOptions {
  store: Store;
  devices: DeviceManager;
  sound: Sound;
  memory: Memory;
  tab: TabState;
  door: Door;
  /** As the server gave it; its root key is the link's. */
  group: GroupAnswer;
  fetchGroup(): Promise<GroupAnswer | GroupProblem>;
  /** The origin, with the path before `/g/`: links are built on it. */
  base: string;
  openSocket(): SocketLike;
  makeE2ee(options: Omit<ManagerOptions, "workerUrl">): E2eeManager;
  makeConnection(): RTCPeerConnection;
  wakeLock: { hold(): void; release(): void };
  copy(text: string): Promise<boolean>;
  reload(): void;
}

const randomId = () => toBase64url(crypto.getRandomValues(new Uint8Array(12)));

export class Session {
  readonly actions: Actions;
  readonly #connection: Connection;
  readonly #kept: KeptDevices;
  readonly #keeper: GroupKeeper;
  readonly #organiser: Organiser | null;
  readonly #ending: Ending;
  #door: Door;
  /** Of the last `challenge`: a knock is signed over it. */
  #nonce = "";
  /** From the first word of the server's welcome to the end of the call. */
  #e2ee: E2eeManager | null = null;
  #call: Call | null = null;
  /** This page has been waiting or in a call: an expired session is news to the person then. */
  #wasIn = false;
  #lost = false;

  constructor(private readonly options: SessionOptions) {
    const { store, tab, door, group } = options;
    this.#door = door;
    this.#keeper = new GroupKeeper({ door, group, tab: tab.tab, fetch: options.fetchGroup });
    this.#organiser = door.link.role === "organiser" ? this.#makeOrganiser(door) : null;
    this.#ending = new Ending((reason) => this.#finish(reason));
    store.role.value = door.link.role;
    store.ownName.value = tab.name;
    this.#kept = new KeptDevices({
      devices: options.devices,
      tab,
      save: () => this.#save(),
      announce: (announcement) => store.announce(announcement),
    });
    this.#connection = new Connection(options.openSocket, {
      hello: (nonce) => this.#hello(nonce),
      message: (message) => this.#received(message),
      lost: () => this.#connectionLost(),
      gaveUp: () => this.#gaveUp(),
    });
    this.actions = {
      agree: () => this.#agree(),
      checkName: (name) => nameProblem(name, RESERVED_NAMES),
      askToJoin: (name) => this.#askToJoin(name),
      stopWaiting: () => this.#stopWaiting(),
      leave: () => this.#leave(),
      rejoin: () => void this.#rejoin(),
      copyLink: (which) => this.#copyLink(which),
      reload: options.reload,
      ...deviceActions(options.devices, this.#kept, options.sound),
      endMeeting: () => this.#endMeeting(),
      deleteGroup: () => void this.#connection.send({ type: "delete_group" }),
      ...callActions(() => this.#call),
      ...organiserActions(this.#organiser),
    };
  }

  /** The first page: straight back into a session that this tab was in, or the page before joining. */
  begin(): void {
    const { store, tab } = this.options;
    const organiser = store.role.value === "organiser";
    if (tab.token !== null || organiser) {
      store.connection.value = "connecting";
      this.#connection.start();
    } else {
      this.#before();
    }
  }

  /** The page or the network came back. */
  wake(): void {
    this.#connection.wake();
  }

  /** The page may be about to go away; it may also stay. */
  leaving(): void {
    this.#connection.leaving();
  }

  /** The page goes away, perhaps into the browser's cache: nothing may stay open. The place in the meeting is kept. */
  hide(): void {
    this.#kept.stop();
    this.#connection.stop();
    this.#endCall();
  }

  deviceChanged(input: "microphone" | "camera"): void {
    this.#kept.changed(input);
    this.#call?.devicesChanged();
  }

  soundHeldBack(): void {
    this.options.store.announce({ urgency: "assertive", kind: "sound-blocked" });
  }

  // -- What the person does --------------------------------------------------------------------------------------

  #agree(): void {
    const { store, tab } = this.options;
    tab.agreed = true;
    store.devicesOpened.value = true;
    this.#kept.restore();
  }

  #askToJoin(name: string): void {
    const { store, tab } = this.options;
    if (nameProblem(name, RESERVED_NAMES) !== null) return;
    tab.name = cleanName(name);
    store.ownName.value = tab.name;
    this.#save();
    store.connection.value = "connecting";
    this.#connection.start();
  }

  #stopWaiting(): void {
    this.#connection.send({ type: "leave" });
    this.#connection.stop();
    this.#endCall();
    this.#forgetSession();
    this.#before();
  }

  async #rejoin(): Promise<void> {
    const { store, tab } = this.options;
    if (!tab.agreed || tab.name === "") {
      this.#before();
      return;
    }
    store.screen.value = { name: "opening" };
    // Hours may have passed: a certificate may have been renewed.
    await this.#keeper.refresh();
    if (store.screen.value.name === "opening") this.#askToJoin(tab.name);
  }

  /** Nothing is heard or seen from here from now on; the others believe the leaving by its signature. */
  #leave(): void {
    const e2ee = this.#e2ee;
    this.#kept.stop();
    const left = e2ee ? e2ee.leave() : Promise.resolve();
    void left.then(() => {
      if (this.#e2ee === e2ee) this.#finish("left");
    });
  }

  #endMeeting(): void {
    this.#ending.asked();
    this.#call?.moderation.endMeeting();
  }

  async #copyLink(which: "participant" | "facilitator" | "this"): Promise<boolean> {
    const { base } = this.options;
    const links = {
      participant: () => this.#door.participantLink(base),
      facilitator: () => this.#door.facilitatorLink(base),
      this: () => this.#door.ownLink(base),
    };
    const link = await links[which]();
    return link !== null && this.#copy(link);
  }

  async #copy(link: string): Promise<boolean> {
    const copied = await this.options.copy(link);
    if (copied) this.options.store.announce({ urgency: "polite", kind: "copied" });
    return copied;
  }

  // -- The connection ------------------------------------------------------------------------------------------------

  async #hello(nonce: string): Promise<JoinMessage | ResumeMessage> {
    const { tab, memory } = this.options;
    const { group, token } = tab;
    this.#nonce = nonce;
    if (token !== null) return { type: "resume", group, token };
    const proof = await this.#door.prove(nonce);
    if (proof.role !== "participant") return { type: "join", group, ...proof };
    return { type: "join", group, ...proof, browser: memory.mark(group, randomId) };
  }

  #received(message: ServerMessage): void {
    const { store } = this.options;
    switch (message.type) {
      case "challenge":
      case "restarting":
        break;
      case "pong":
        if (message.token) this.#keepToken(message.token);
        break;
      case "waiting":
        this.#waiting(message);
        break;
      case "door":
        if (store.screen.value.name === "waiting") {
          store.screen.value = { ...store.screen.value, facilitatorPresent: message.facilitator_present };
        }
        break;
      case "declined":
        this.#declined(message.retry_after);
        break;
      case "joined":
        this.#joined(message);
        break;
      case "organiser_ready":
        this.#endCall();
        this.#enterSession();
        void this.#organiser?.ready(message).then((facilitators) => {
          const meetingRunning = message.meeting_running;
          store.screen.value = { name: "organiser", meetingRunning, deleted: false, facilitators };
        });
        break;
      case "removed":
        if (message.reason === "faulty") this.#finish("faulty");
        else this.#over("removed");
        break;
      case "ended":
        if (message.reason === "facilitator") this.#over("ended");
        else this.#finish(message.reason === "no_facilitator" ? "no-facilitator" : message.reason);
        break;
      case "taken_over":
        this.#finish("taken-over");
        break;
      case "group_changed":
        void this.#groupChanged();
        break;
      case "error":
        this.#refused(message);
        break;
      case "mls_refused":
        this.#groupRefused(message);
        break;
      default:
        if (isGroupMessage(message)) this.#e2ee?.server(message);
        this.#call?.handle(message);
    }
  }

  #waiting({ token, member, now, facilitator_present }: WaitingMessage): void {
    const { store, tab } = this.options;
    if (this.#call) this.#endCall(); // nobody may be heard behind a page that says they are not in yet
    this.#keepToken(token);
    this.#enterSession();
    this.#manager().makeKnock({ member, nonce: this.#nonce, name: tab.name, now });
    store.screen.value = { name: "waiting", facilitatorPresent: facilitator_present, reconnecting: false };
  }

  #joined(joined: JoinedMessage): void {
    const { store } = this.options;
    const admitted = store.screen.value.name === "waiting" && !this.#lost;
    const wasLost = this.#lost;
    this.#keepToken(joined.token);
    this.#enterSession();
    if (this.#call?.meeting === joined.meeting && this.#call.self === joined.member) {
      this.#e2ee?.joined(joined);
      this.#call.resume(joined);
    } else {
      if (this.#call) this.#endCall();
      const e2ee = this.#manager();
      e2ee.joined(joined);
      this.#call = this.#makeCall(joined, e2ee);
      this.options.wakeLock.hold();
    }
    if (admitted) store.announce({ urgency: "assertive", kind: "admitted" });
    if (wasLost) this.#announceConnection("connection-back");
    store.screen.value = { name: "call" };
  }

  #makeCall(joined: JoinedMessage, e2ee: E2eeManager): Call {
    const { store, sound, devices, tab, makeConnection } = this.options;
    return new Call(joined, {
      e2ee,
      store,
      sound,
      devices,
      name: tab.name,
      hand: tab.hand?.meeting === joined.meeting ? tab.hand.seq : 0,
      send: (message) => this.#connection.send(message),
      makeConnection,
      newTrackId: randomId,
      avatarSeed: (meeting, member) => this.#door.avatarSeed(meeting, member),
      numberNames,
      handChanged: (seq) => {
        tab.hand = seq === 0 ? null : { meeting: joined.meeting, seq };
        this.#save();
      },
      muted: (everyone) => this.#kept.mute(everyone),
      ended: () => this.#ending.signed(),
    });
  }

  /** The server has us, at the door or inside: what was open before a reload opens again, and no more. */
  #enterSession(): void {
    const { store, tab } = this.options;
    const first = !this.#wasIn;
    this.#wasIn = true;
    this.#lost = false;
    store.connection.value = "fine";
    if (store.role.value === "organiser") return;
    store.devicesOpened.value = tab.agreed;
    if (first) this.#kept.restore();
  }

  #connectionLost(): void {
    const { store } = this.options;
    this.#lost = true;
    this.#e2ee?.offline();
    this.#organiser?.lost();
    store.connection.value = "reconnecting";
    const { screen } = store;
    if (screen.value.name === "waiting") screen.value = { ...screen.value, reconnecting: true };
    if (this.#call) this.#announceConnection("connection-lost");
  }

  #gaveUp(): void {
    if (this.#wasIn && this.options.store.role.value !== "organiser") this.#finish("expired");
    else this.#problem("unreachable");
  }

  #refused(message: ErrorMessage): void {
    const { store } = this.options;
    if (this.#connection.established) {
      if (worthSaying(message)) {
        store.announce({ urgency: "polite", kind: "request-refused", code: message.code });
      }
      this.#organiser?.refused(message);
      this.#call?.handle(message);
      return;
    }
    if (message.code === "session_expired") {
      if (this.#wasIn) {
        this.#finish("expired");
      } else {
        this.#connection.stop();
        this.#forgetSession();
        this.#before();
      }
      return;
    }
    if (message.code === "wait_before_knocking") {
      this.#declined(message.retry_after ?? 0);
      return;
    }
    // A session is not given up for a busy minute: the socket closes, and the next attempt comes later.
    if (this.options.tab.token !== null && BUSY.includes(message.code)) return;
    const problem = PROBLEMS[message.code];
    if (problem) this.#problem(problem);
  }

  // -- The worker ----------------------------------------------------------------------------------------------------

  /** The worker that holds the keys: one from the door to the end of the call. */
  #manager(): E2eeManager {
    if (this.#e2ee) return this.#e2ee;
    const e2ee: E2eeManager = this.options.makeE2ee({
      identity: this.#keeper.identity,
      on: (report) => {
        if (this.#e2ee === e2ee) this.#told(report);
      },
      onKeyState: (_room, member, state) => this.#call?.keyState(member, state),
      onProblem: () => this.#call?.workerLost(),
    });
    this.#e2ee = e2ee;
    return e2ee;
  }

  #told(report: GroupReport): void {
    switch (report.type) {
      case "send":
        this.#connection.send(report.message);
        if (report.message.type === "mls_catch_up") {
          this.#call?.catchesUp(report.message.epoch === null ? null : report.message.seen);
        }
        break;
      case "obstacle":
        this.#connection.send({ type: "leave" });
        this.#problem(report.obstacle);
        break;
      case "removed":
        if (report.room === this.#call?.roomId) this.#finish("removed");
        break;
      case "knock-read": // answered to who asked
      case "left":
        break;
      default:
        this.#call?.learn(report);
    }
  }

  #groupRefused(message: MlsRefusedMessage): void {
    const { store } = this.options;
    this.#e2ee?.server(message);
    if (message.code !== "full") return;
    if (message.room === null) this.#problem("meeting-full");
    else if (message.about === "mls_commit") {
      store.announce({ urgency: "polite", kind: "request-refused", code: "meeting_full" });
    }
  }

  async #groupChanged(): Promise<void> {
    const group = await this.#keeper.refresh();
    if (group) this.#e2ee?.groupChanged(group.certificates, group.revocations);
  }

  // -- The organiser ---------------------------------------------------------------------------------------------------

  #makeOrganiser(door: Door): Organiser {
    const { base, memory, store, tab, fetchGroup } = this.options;
    return new Organiser({
      door,
      base,
      now: () => Math.floor(Date.now() / 1000),
      title: () => store.title.value,
      send: (message) => this.#connection.send(message),
      fetchGroup,
      copy: (link) => this.#copy(link),
      doorChanged: (changed) => void this.#changeDoor(changed),
      recall: () => memory.organiser(tab.group),
      remember: (known) => memory.rememberOrganiser(tab.group, known),
    });
  }

  /** From here on a reload of this tab finds the new secret. */
  async #changeDoor(door: Door): Promise<void> {
    this.#door = door;
    const link = await door.ownLink(this.options.base);
    this.options.tab.fragment = link.slice(link.indexOf("#") + 1);
    this.#save();
  }

  // -- Leaving -------------------------------------------------------------------------------------------------------

  /** The server says that a facilitator did it: nothing goes on, and the page waits a moment for the proof. */
  #over(what: "removed" | "ended"): void {
    this.#connection.stop();
    this.#kept.stop();
    this.#ending.serverSays(what);
  }

  #finish(reason: LeftReason): void {
    const { store, memory, tab } = this.options;
    this.#connection.stop();
    this.#kept.stop();
    this.#endCall();
    this.#forgetSession();
    const organiser = store.role.value === "organiser";
    if (organiser && reason === "deleted") memory.forgetOrganiser(tab.group);
    store.screen.value = organiser
      ? { name: "organiser", meetingRunning: false, deleted: reason === "deleted", facilitators: [] }
      : { name: "left", reason };
  }

  #declined(retryAfter: number): void {
    this.#connection.stop();
    this.#kept.stop();
    this.#endCall();
    this.#forgetSession();
    this.options.store.screen.value = { name: "declined", retryAt: performance.now() + retryAfter * 1000 };
  }

  #problem(problem: Problem): void {
    this.#connection.stop();
    this.#kept.stop();
    this.#endCall();
    this.#forgetSession();
    this.options.store.screen.value = { name: "problem", problem };
  }

  #before(): void {
    this.options.store.connection.value = "fine";
    this.options.store.screen.value = { name: "before" };
  }

  #endCall(): void {
    this.#call?.end();
    this.#call = null;
    this.#e2ee?.close();
    this.#e2ee = null;
    this.#ending.forget();
    this.options.wakeLock.release();
    this.options.store.forgetMeeting();
  }

  /** The way back into the session is gone; the name and what was open stay for the next one. */
  #forgetSession(): void {
    this.options.tab.token = null;
    this.options.tab.hand = null;
    this.#wasIn = false;
    this.#lost = false;
    this.options.store.connection.value = "fine";
    this.#save();
  }

  // -- Small things --------------------------------------------------------------------------------------------------

  #announceConnection(kind: "connection-lost" | "connection-back"): void {
    const microphoneOn = this.options.devices.outgoing("microphone") !== null;
    this.options.store.announce({ urgency: "assertive", kind, microphoneOn });
  }

  #keepToken(token: string): void {
    this.options.tab.token = token;
    this.#save();
  }

  #save(): void {
    this.options.memory.save(this.options.tab);
  }
}
