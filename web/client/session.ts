/**
 * One person's way through the pages: from the link to the door, into the call and out of it. Carries out what the
 * interface asks (`Actions`) and what the server says; what goes on behind the door is meeting.ts's.
 */
import { callActions } from "./call_actions";
import { CALL_PROBE_MS, Connection, type SocketLike } from "./connection";
import { deviceActions } from "./device_actions";
import { KeptDevices } from "./kept_devices";
import { LinkHolder } from "./link_holder";
import { Meeting, type MeetingOptions, randomId } from "./meeting";
import type { Actions, Announcement } from "./model";
import { cleanName, nameProblem } from "./names";
import { KeptNetwork } from "./network_choices";
import { Organiser } from "./organiser";
import { organiserActions } from "./organiser_actions";
import type {
  ErrorMessage,
  JoinedMessage,
  JoinMessage,
  OrganiserReadyMessage,
  ResumeMessage,
  ServerMessage,
  WaitingMessage,
} from "./protocol_types";
import { BUSY, problemOf, worthSaying } from "./refusals";
import { RESERVED_NAMES } from "./reserved_names";
import { WayOut } from "./way_out";

export interface SessionOptions extends MeetingOptions {
  /** The origin, with the path before `/g/`: links are built on it. */
  base: string;
  openSocket(): SocketLike;
  copy(text: string): Promise<boolean>;
  reload(): void;
}

export class Session {
  readonly actions: Actions;
  readonly #connection: Connection;
  readonly #kept: KeptDevices;
  readonly #network: KeptNetwork;
  readonly #links: LinkHolder;
  readonly #organiser: Organiser | null;
  readonly #meeting: Meeting;
  readonly #out: WayOut;
  /** Reading the group again, begun with the socket's opening. */
  #refreshed: Promise<void> = Promise.resolve();
  /** Of the last `challenge`: a knock is signed over it. */
  #nonce = "";
  /** The server keeps a certificate for the link's key, or kept one when it began the session that is to be resumed. */
  #certified = true;
  /** This page has been waiting or in a call: an expired session is news to the person then. */
  #wasIn = false;
  #lost = false;

  constructor(private readonly options: SessionOptions) {
    const { store, tab, door } = options;
    const announce = (announcement: Announcement) => store.announce(announcement);
    this.#links = new LinkHolder({ ...options, announce });
    this.#organiser = door.link.role === "organiser" ? this.#makeOrganiser() : null;
    this.#meeting = new Meeting(options, {
      send: (message) => this.#connection.send(message),
      muted: (everyone) => this.#kept.mute(everyone),
      finished: (reason) => this.#out.finish(reason),
      hindered: (problem) => this.#out.close({ name: "problem", problem }),
      // Desktops do not say that they are in another network, and a socket of the old one ends without a word.
      mediaLost: () => this.#connection.wake(CALL_PROBE_MS),
    });
    store.role.value = door.link.role;
    store.ownName.value = tab.name;
    this.#kept = new KeptDevices({
      devices: options.devices,
      tab,
      save: () => this.#save(),
      announce,
    });
    this.#network = new KeptNetwork({
      ...options,
      changed: (choices, before) => {
        // Never opened again by the page: switching it off leaves the camera to the person.
        if (choices.audioOnly && !before.audioOnly) options.devices.set("camera", false);
        this.#meeting.call?.networkChosen(choices, before);
      },
    });
    this.#connection = new Connection(() => this.#openSocket(), {
      hello: (nonce) => this.#hello(nonce),
      message: (message) => this.#received(message),
      lost: () => this.#connectionLost(),
      gaveUp: () => this.#gaveUp(),
    });
    this.#out = new WayOut({
      ...options,
      connection: this.#connection,
      kept: this.#kept,
      meeting: this.#meeting,
      forgotten: () => {
        this.#wasIn = false;
        this.#lost = false;
      },
    });
    this.actions = {
      agree: () => this.#agree(),
      checkName: (name) => nameProblem(name, RESERVED_NAMES),
      aboutToAsk: () => this.#aboutToAsk(),
      askToJoin: (name) => this.#askToJoin(name),
      stopWaiting: () => this.#stopWaiting(),
      leave: () => this.#leave(),
      rejoin: () => this.#rejoin(),
      copyLink: (which) => this.#links.copyLink(which),
      reload: options.reload,
      ...deviceActions(options.devices, this.#kept, options.sound),
      setNetwork: (choices) => this.#network.set(choices),
      endMeeting: () => this.#meeting.endForEveryone(),
      deleteGroup: () => void this.#connection.send({ type: "delete_group" }),
      ...callActions(() => this.#meeting.call),
      ...organiserActions(this.#organiser, this.#links),
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
      this.#out.before();
      this.#meeting.prepare();
    }
  }

  /** The page or the network came back. */
  wake(): void {
    this.#connection.wake();
  }

  /** The device is in another network, or has one again. */
  networkChanged(): void {
    const { call } = this.#meeting;
    this.#connection.wake(call ? CALL_PROBE_MS : undefined);
    call?.networkChanged();
  }

  /** Nobody sees the page, or somebody does again. */
  hidden(hidden: boolean): void {
    this.#meeting.call?.network.setHidden(hidden);
  }

  /** The page may be about to go away; it may also stay. */
  leaving(): void {
    this.#connection.leaving();
  }

  /** The page goes away, perhaps into the browser's cache: nothing may stay open. The place in the meeting is kept. */
  hide(): void {
    this.#kept.stop();
    this.#connection.stop();
    this.#meeting.close();
  }

  deviceChanged(input: "microphone" | "camera"): void {
    this.#kept.changed(input);
    this.#meeting.call?.devicesChanged();
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
    this.#aboutToAsk();
  }

  #aboutToAsk(): void {
    if (this.options.tab.agreed) this.#connection.prepare();
  }

  #askToJoin(name: string): void {
    const { store, tab } = this.options;
    if (nameProblem(name, RESERVED_NAMES) !== null) return;
    tab.name = cleanName(name);
    store.ownName.value = tab.name;
    this.#save();
    store.connection.value = "connecting";
    this.#connection.start();
    this.#meeting.prepare();
  }

  #stopWaiting(): void {
    this.#connection.send({ type: "leave" });
    this.#out.startOver();
  }

  #rejoin(): void {
    const { store, tab } = this.options;
    if (!tab.agreed || tab.name === "") {
      this.#out.before();
      return;
    }
    store.screen.value = { name: "opening" };
    this.#askToJoin(tab.name);
  }

  /** Nothing is heard or seen from here from now on. */
  #leave(): void {
    this.#kept.stop();
    this.#meeting.leave();
  }

  // -- The connection ------------------------------------------------------------------------------------------------

  /** The page may have been open for hours: a certificate may have been renewed, and links changed. */
  #openSocket(): SocketLike {
    const { store, tab, openSocket } = this.options;
    // Beside the socket's opening, not behind it: the way to the server may be long.
    const asks = tab.token === null && store.role.value !== "organiser";
    this.#refreshed = asks ? this.#meeting.refresh() : Promise.resolve();
    return openSocket();
  }

  async #hello(nonce: string): Promise<JoinMessage | ResumeMessage | null> {
    const { store, tab, memory } = this.options;
    const { group, token } = tab;
    this.#nonce = nonce;
    this.#certified = true;
    if (token !== null) return { type: "resume", group, token };
    if (store.role.value !== "organiser") {
      await this.#refreshed;
      if (this.#meeting.outdated) {
        this.#out.close({ name: "problem", problem: "links-changed" });
        return null;
      }
    }
    const proof = await this.#links.door.prove(nonce);
    this.#certified = this.#meeting.certifies(proof.key);
    if (proof.role === "organiser") return { type: "join", group, ...proof };
    if (proof.role === "facilitator") return { type: "join", group, ...proof, subscribe: true };
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
        // Of somebody who is in, that is no answer to a knock.
        if (this.#meeting.call) this.#out.over("removed");
        else this.#out.declined(message.retry_after);
        break;
      case "joined":
        this.#joined(message);
        break;
      case "organiser_ready":
        this.#organiserReady(message);
        break;
      case "removed":
        if (message.reason === "faulty") this.#out.finish("faulty");
        else if (message.reason === "revoked" && store.role.value === "facilitator") {
          this.#out.close({ name: "problem", problem: "certificate-revoked" });
        } else this.#out.over("removed");
        break;
      case "ended":
        this.#out.ended(message.reason);
        break;
      case "taken_over":
        this.#out.finish("taken-over");
        break;
      case "error":
        this.#refused(message);
        break;
      default:
        this.#meeting.handle(message);
    }
  }

  #waiting(message: WaitingMessage): void {
    const { store } = this.options;
    this.#keepToken(message.token);
    this.#enterSession();
    this.#meeting.knock(message, this.#nonce);
    const facilitatorPresent = message.facilitator_present;
    store.screen.value = { name: "waiting", facilitatorPresent, reconnecting: false };
  }

  #joined(joined: JoinedMessage): void {
    const { store } = this.options;
    const admitted = store.screen.value.name === "waiting" && !this.#lost;
    const wasLost = this.#lost;
    this.#keepToken(joined.token);
    this.#enterSession();
    this.#meeting.joined(joined);
    if (admitted) store.announce({ urgency: "assertive", kind: "admitted" });
    if (wasLost) this.#announceConnection("connection-back");
    store.screen.value = { name: "call" };
  }

  #organiserReady(message: OrganiserReadyMessage): void {
    if (!this.#organiser) return;
    this.#enterSession();
    void this.#organiser.ready(message).then((facilitators) => {
      if (!this.#wasIn) return; // the group was deleted meanwhile
      const meetingRunning = message.meeting_running;
      const { outdated } = this.#meeting;
      this.options.store.screen.value = { name: "organiser", meetingRunning, deleted: false, outdated, facilitators };
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
    this.#meeting.lost();
    this.#organiser?.lost();
    store.connection.value = "reconnecting";
    const { screen } = store;
    if (screen.value.name === "waiting") screen.value = { ...screen.value, reconnecting: true };
    if (this.#meeting.call) this.#announceConnection("connection-lost");
  }

  #gaveUp(): void {
    if (this.#wasIn && this.options.store.role.value !== "organiser") this.#out.finish("expired");
    else this.#out.close({ name: "problem", problem: "unreachable" });
  }

  #refused(message: ErrorMessage): void {
    const { store } = this.options;
    if (this.#connection.established) {
      if (worthSaying(message)) {
        store.announce({ urgency: "polite", kind: "request-refused", code: message.code });
      }
      this.#organiser?.refused(message);
      this.#meeting.handle(message);
      return;
    }
    if (message.code === "session_expired") {
      if (this.#wasIn) this.#out.finish("expired");
      else this.#out.startOver();
      return;
    }
    if (message.code === "wait_before_knocking") {
      this.#out.declined(message.retry_after ?? 0);
      return;
    }
    // A session is not given up for a busy minute: the socket closes, and the next attempt comes later.
    if (this.options.tab.token !== null && BUSY.includes(message.code)) return;
    const problem = problemOf(message.code, store.role.value, this.#certified);
    if (problem) this.#out.close({ name: "problem", problem });
  }

  // -- The organiser ---------------------------------------------------------------------------------------------------

  #makeOrganiser(): Organiser {
    const { memory, store, tab, fetchGroup } = this.options;
    return new Organiser({
      links: this.#links,
      now: () => Math.floor(Date.now() / 1000),
      title: () => store.title.value,
      screens: this.options.screens,
      named: (title) => {
        store.title.value = title;
      },
      send: (message) => this.#connection.send(message),
      fetchGroup,
      recall: () => memory.organiser(tab.group),
      remember: (known) => memory.rememberOrganiser(tab.group, known),
    });
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
