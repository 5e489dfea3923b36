/**
 * One person's way through the pages: from the link to the door, into the call and out of it. Carries out what the
 * interface asks (`Actions`) and what the server says; a running meeting is call.ts's.
 */
import { toBase64url } from "./base64url";
import { Call, type CallMessage } from "./call";
import { callActions } from "./call_actions";
import { Connection, type SocketLike } from "./connection";
import { deviceActions } from "./device_actions";
import type { DeviceManager } from "./devices";
import type { E2eeManager, ManagerOptions } from "./e2ee/manager";
import { KeptDevices } from "./kept_devices";
import type { Door } from "./links";
import type { Memory, TabState } from "./memory";
import type { Actions, LeftReason, Problem } from "./model";
import { cleanName, nameProblem, numberNames } from "./names";
import type { ErrorMessage, JoinedMessage, JoinMessage, ResumeMessage, ServerMessage } from "./protocol_types";
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
  /** The origin, with the path before `/g/`: links are built on it. */
  base: string;
  openSocket(): SocketLike;
  makeE2ee(options: Pick<ManagerOptions, "onKeyState" | "onProblem">): E2eeManager;
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
  #e2ee: E2eeManager | null = null;
  #call: Call | null = null;
  /** This page has been waiting or in a call: an expired session is news to the person then. */
  #wasIn = false;
  #lost = false;

  constructor(private readonly options: SessionOptions) {
    const { store, tab, door } = options;
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
      rejoin: () => this.#rejoin(),
      copyLink: (which) => this.#copyLink(which),
      reload: options.reload,
      ...deviceActions(options.devices, this.#kept, options.sound),
      ...callActions(
        () => this.#call,
        (message) => this.#connection.send(message),
      ),
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
    this.#forgetSession();
    this.#before();
  }

  #rejoin(): void {
    const { store, tab } = this.options;
    if (!tab.agreed || tab.name === "") {
      this.#before();
      return;
    }
    store.screen.value = { name: "opening" };
    this.#askToJoin(tab.name);
  }

  #leave(): void {
    this.#connection.send({ type: "leave" });
    this.#finish("left");
  }

  async #copyLink(which: "participant" | "facilitator" | "this"): Promise<boolean> {
    const { door, base, copy, store } = this.options;
    const links = {
      participant: () => door.participantLink(base),
      facilitator: () => door.facilitatorLink(base),
      this: () => door.ownLink(base),
    };
    const link = await links[which]();
    const copied = link !== null && (await copy(link));
    if (copied) store.announce({ urgency: "polite", kind: "copied" });
    return copied;
  }

  // -- The connection ------------------------------------------------------------------------------------------------

  async #hello(nonce: string): Promise<JoinMessage | ResumeMessage> {
    const { door, tab, memory } = this.options;
    const { group } = tab;
    const participant = door.link.role === "participant";
    const sealed = participant && tab.name !== "" ? await door.sealKnock(tab.name) : null;
    if (tab.token !== null) {
      const call = this.#call;
      return {
        type: "resume",
        group,
        token: tab.token,
        ...(sealed && !call ? { sealed } : {}),
        ...(call ? { seen: { [call.roomId]: call.seq } } : {}),
      };
    }
    const proof = await door.prove(nonce);
    if (!participant) return { type: "join", group, ...proof };
    return { type: "join", group, ...proof, sealed, browser: memory.mark(group, randomId) };
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
        this.#endCall(); // nobody may be heard behind a page that says they are not in yet
        this.#keepToken(message.token);
        this.#enterSession();
        store.screen.value = {
          name: "waiting",
          facilitatorPresent: message.facilitator_present,
          reconnecting: false,
        };
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
        store.screen.value = { name: "organiser", meetingRunning: message.meeting_running, deleted: false };
        break;
      case "removed":
        this.#finish("removed");
        break;
      case "ended":
        this.#finish(message.reason === "facilitator" ? "ended" : message.reason);
        break;
      case "taken_over":
        this.#finish("taken-over");
        break;
      case "muted":
        this.#kept.mute(message.everyone ?? false);
        break;
      case "error":
        this.#refused(message);
        break;
      default:
        this.#call?.handle(message satisfies CallMessage);
    }
  }

  #joined(joined: JoinedMessage): void {
    const { store, tab, door } = this.options;
    const admitted = store.screen.value.name === "waiting" && !this.#lost;
    const wasLost = this.#lost;
    this.#keepToken(joined.token);
    this.#enterSession();
    if (this.#call?.meeting === joined.meeting && this.#call.self === joined.member) {
      this.#call.resume(joined);
    } else {
      this.#endCall();
      const e2ee = this.options.makeE2ee({
        onKeyState: (_room, member, state) => this.#call?.keyState(member, state),
        onProblem: () => this.#call?.workerLost(),
      });
      this.#e2ee = e2ee;
      this.#call = new Call(joined, {
        e2ee,
        store,
        sound: this.options.sound,
        devices: this.options.devices,
        name: tab.name,
        hand: tab.hand?.meeting === joined.meeting ? tab.hand.seq : 0,
        send: (message) => this.#connection.send(message),
        makeConnection: this.options.makeConnection,
        newTrackId: randomId,
        avatarSeed: (meeting, member) => door.avatarSeed(meeting, member),
        openKnock: (sealed) => door.openKnock(sealed),
        numberNames,
        handChanged: (seq) => {
          tab.hand = seq === 0 ? null : { meeting: joined.meeting, seq };
          this.#save();
        },
      });
      this.options.wakeLock.hold();
    }
    if (admitted) store.announce({ urgency: "assertive", kind: "admitted" });
    if (wasLost) this.#announceConnection("connection-back");
    store.screen.value = { name: "call" };
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

  // -- Leaving -------------------------------------------------------------------------------------------------------

  #finish(reason: LeftReason): void {
    const { store } = this.options;
    this.#connection.stop();
    this.#kept.stop();
    this.#endCall();
    this.#forgetSession();
    const organiser = store.role.value === "organiser";
    store.screen.value = organiser
      ? { name: "organiser", meetingRunning: false, deleted: reason === "deleted" }
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
