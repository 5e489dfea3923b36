/**
 * From the door to the end of a call: the worker that holds the keys, and the call that goes on behind it. The server's
 * word alone neither brings anybody in nor proves that a facilitator ended or removed anything.
 */
import { toBase64url } from "./base64url";
import type { GroupAnswer, GroupProblem } from "./boot";
import { Call } from "./call";
import type { DeviceManager } from "./devices";
import type { E2eeManager, GroupReport, IceChoice, ManagerOptions } from "./e2ee/manager";
import { Ending } from "./ending";
import { GroupKeeper } from "./group_keeper";
import { isGroupMessage } from "./group_messages";
import type { Door, Profile } from "./links";
import type { Memory, TabState } from "./memory";
import type { LeftReason, Problem } from "./model";
import { numberNames } from "./names";
import type { ClientMessage, JoinedMessage, MlsRefusedMessage, ServerMessage, WaitingMessage } from "./protocol_types";
import type { Sound } from "./sound";
import type { Store } from "./store";

export interface MeetingOptions {
  store: Store;
  devices: DeviceManager;
  sound: Sound;
  memory: Memory;
  tab: TabState;
  door: Door;
  /** As the server gave it; its root key is the link's. */
  group: GroupAnswer;
  /** The link is older than the group's room secret (`GroupKeeper.outdated`). */
  outdated: boolean;
  fetchGroup(): Promise<GroupAnswer | GroupProblem>;
  makeE2ee(options: Omit<ManagerOptions, "workerUrl">): E2eeManager;
  screens: Profile["screens"];
  makeConnection(ice: IceChoice): RTCPeerConnection;
  /** What screens are captured with; undefined without device access. */
  capture: Pick<MediaDevices, "getDisplayMedia"> | undefined;
  wakeLock: { hold(): void; release(): void };
}

export interface MeetingEvents {
  /** False while there is no socket. */
  send(message: ClientMessage): boolean;
  /** Somebody who may closes one's microphone. */
  muted(everyone: boolean): void;
  /** One's part is over. */
  finished(reason: LeftReason): void;
  /** Voice or picture, which came and went, does so no longer. */
  mediaLost(): void;
  /** With this link or device nobody comes in. */
  hindered(problem: Problem): void;
}

/** 12 random bytes: what names a track or a browser need not be longer to be met once only. */
export const randomId = () => toBase64url(crypto.getRandomValues(new Uint8Array(12)));

export class Meeting {
  readonly #keeper: GroupKeeper;
  readonly #ending: Ending;
  /** From `prepare`, or the first word of the server's welcome, to the end of the call. */
  #e2ee: E2eeManager | null = null;
  #call: Call | null = null;

  constructor(
    private readonly options: MeetingOptions,
    private readonly events: MeetingEvents,
  ) {
    const { door, group, outdated, screens, tab, fetchGroup } = options;
    this.#keeper = new GroupKeeper({ door, group, outdated, screens, tab: tab.tab, fetch: fetchGroup });
    this.#ending = new Ending(events.finished);
  }

  get call(): Call | null {
    return this.#call;
  }

  /** Nobody new comes in with this link. */
  get outdated(): boolean {
    return this.#keeper.outdated;
  }

  /** As `GroupKeeper.certifies`. */
  certifies(key: string): boolean {
    return this.#keeper.certifies(key);
  }

  /** The worker is loaded and started before it is needed: it is as large as the page. */
  prepare(): void {
    if (!this.outdated) this.#manager();
  }

  /** At the door: `nonce` is the socket's challenge. */
  knock({ member, now }: WaitingMessage, nonce: string): void {
    if (this.#call) this.close(); // nobody may be heard behind a page that says they are not in yet
    this.#manager().makeKnock({ member, nonce, name: this.options.tab.name, now });
  }

  joined(joined: JoinedMessage): void {
    this.options.store.relayAvailable.value = (joined.ice_servers ?? []).length > 0;
    if (this.#e2ee && this.#call?.meeting === joined.meeting && this.#call.self === joined.member) {
      this.#e2ee.joined(joined);
      this.#call.resume(joined);
      return;
    }
    if (this.#call) this.close();
    const e2ee = this.#manager();
    e2ee.joined(joined);
    this.#call = this.#makeCall(joined, e2ee);
    this.options.wakeLock.hold();
  }

  /** What else the server says. */
  handle(message: ServerMessage): void {
    // Whoever is in a call does not knock, and nothing is to be refused to them at the door.
    if (message.type === "mls_refused" && message.room === null && this.#call) return;
    if (isGroupMessage(message)) this.#e2ee?.server(message);
    if (message.type === "mls_refused") this.#refused(message);
    else if (message.type === "group_changed") void this.refresh();
    else this.#call?.handle(message);
  }

  /** The socket is lost, and may come back. */
  lost(): void {
    this.#e2ee?.offline();
  }

  /** The server says that a facilitator removed this person or ended the meeting: the proof may be a moment behind. */
  over(what: "removed" | "ended"): void {
    this.#call?.screen.end();
    this.#ending.serverSays(what);
  }

  /** The others believe the leaving by its signature. Finished when it was sent. */
  leave(): void {
    this.#call?.screen.end();
    const e2ee = this.#e2ee;
    const left = e2ee ? e2ee.leave() : Promise.resolve();
    void left.then(() => {
      if (this.#e2ee !== e2ee) return;
      this.close();
      this.events.finished("left");
    });
  }

  endForEveryone(): void {
    this.#ending.asked();
    this.#call?.moderation.endMeeting();
  }

  /** Certificates, revocations and links may be others by now. */
  async refresh(): Promise<void> {
    const { certificates, revocations } = this.#keeper.identity;
    const group = await this.#keeper.refresh();
    if (!group) return;
    const same =
      JSON.stringify([certificates, revocations]) === JSON.stringify([group.certificates, group.revocations]);
    if (!same) this.#e2ee?.groupChanged(group.certificates, group.revocations);
    if (!this.outdated) return;
    if (this.#call) this.#call.linksChanged();
    else if (this.#e2ee) this.#turnedAway("links-changed");
  }

  /** Everything ends, and nothing of it stays on the page; the way back is kept, for a reload or another tab. */
  close(): void {
    this.#detach()?.close();
  }

  /** Everything ends for good: the key that would prove a way back is deleted too. */
  forget(): void {
    const e2ee = this.#detach();
    // Nobody hears this leaving: what it says goes nowhere any more.
    void e2ee?.leave().then(() => e2ee.close());
  }

  #detach(): E2eeManager | null {
    const e2ee = this.#e2ee;
    this.#e2ee = null;
    this.#call?.end();
    this.#call = null;
    this.#ending.forget();
    this.options.wakeLock.release();
    this.options.store.forgetMeeting();
    return e2ee;
  }

  #makeCall(joined: JoinedMessage, e2ee: E2eeManager): Call {
    const { store, sound, devices, memory, tab, door, makeConnection, capture } = this.options;
    return new Call(joined, {
      e2ee,
      store,
      sound,
      devices,
      name: tab.name,
      hand: tab.hand?.meeting === joined.meeting ? tab.hand.seq : 0,
      send: this.events.send,
      makeConnection,
      capture,
      manyScreens: this.#keeper.screens === "many",
      newTrackId: randomId,
      avatarSeed: (meeting, member) => door.avatarSeed(meeting, member),
      numberNames,
      handChanged: (seq) => {
        tab.hand = seq === 0 ? null : { meeting: joined.meeting, seq };
        memory.save(tab);
      },
      muted: this.events.muted,
      ended: () => this.#ending.signed(),
      mediaLost: this.events.mediaLost,
    });
  }

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
        this.events.send(report.message);
        if (report.message.type === "mls_catch_up") {
          this.#call?.catchesUp(report.message.epoch === null ? null : report.message.seen);
        }
        break;
      case "obstacle":
        this.#turnedAway(report.obstacle);
        break;
      case "removed":
        if (report.room === this.#call?.roomId) this.events.finished("removed");
        break;
      case "knock-read": // answered to who asked
      case "left":
        break;
      default:
        this.#call?.learn(report);
    }
  }

  #turnedAway(problem: Problem): void {
    this.events.send({ type: "leave" });
    this.events.hindered(problem);
  }

  /** Most refusals are the worker's business. */
  #refused({ room, code, about }: MlsRefusedMessage): void {
    if (code !== "full") return;
    if (room === null) this.events.hindered("meeting-full");
    else if (about === "mls_commit") {
      this.options.store.announce({ urgency: "polite", kind: "request-refused", code: "meeting_full" });
    }
  }
}
