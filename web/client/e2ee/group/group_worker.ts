/**
 * The groups of one person's rooms, inside the worker: takes the page's and the server's messages one after another, and
 * wakes up when something is due. What goes wrong with a message changes nothing and holds nobody up; what goes wrong with
 * this program rejects the promise of `receive`, so that the page hears of it.
 */
import type { Bytes } from "../../base64url";
import type { FrameKeys } from "../epoch_keys";
import { CredentialError } from "../mls/fields";
import { MlsError } from "../mls/messages";
import type { FromWorker, ToWorker } from "../worker_messages";
import { Door } from "./door";
import type { Time } from "./held";
import { Link } from "./link";
import type { RejoinStore } from "./rejoin_store";
import { Room, type Surroundings } from "./room";
import { isJoined, isKnock, isWellFormed, tidy } from "./shape";

/** Longest sleep, seconds: a timer is cheap, and setTimeout takes 24 days at most. */
const LONGEST_SLEEP = 60;

interface Options {
  tell(message: FromWorker): void;
  readonly frames: FrameKeys;
  /** UTC seconds. */
  now(): number;
  /** Seconds of a clock that only rises. */
  clock(): number;
  readonly rejoinStore: RejoinStore;
  /** That many random bytes. */
  readonly random: (length: number) => Bytes;
}

export class GroupWorker {
  #queue: Promise<void> = Promise.resolve();
  #at: { surroundings: Surroundings; door: Door; link: Link } | null = null;
  readonly #rooms = new Map<string, Room>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: Options) {}

  /** Resolves when the message has had its effect. Messages about frames have none here. */
  receive(message: ToWorker): Promise<void> {
    return this.#run(() => this.#receive(message));
  }

  /** The frames of a room are in another epoch than these keys, or no longer. */
  keysDisagree(room: string, disagree: boolean): Promise<void> {
    return this.#run(async () => this.#rooms.get(room)?.keysDisagree(disagree));
  }

  /** When everything so far has had its effect. */
  get idle(): Promise<void> {
    return this.#queue;
  }

  /** One thing at a time: every step reads and replaces the state. */
  #run(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work).finally(() => this.#sleep());
    this.#queue = done.catch(() => undefined);
    return done;
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const deadline = Math.min(...[...this.#rooms.values()].map((room) => room.deadline));
    if (!Number.isFinite(deadline)) return;
    const seconds = Math.min(Math.max(deadline - this.options.clock(), 0), LONGEST_SLEEP);
    this.#timer = setTimeout(() => void this.#run(() => this.#tick()), Math.ceil(seconds * 1000));
  }

  async #tick(): Promise<void> {
    for (const room of this.#rooms.values()) {
      if (room.deadline <= this.options.clock()) await room.tick();
    }
  }

  #time = (): Time => ({ utc: this.options.now(), clock: this.options.clock() });

  async #start(identity: Extract<ToWorker, { type: "start" }>["identity"]): Promise<void> {
    const { tell, frames, random, rejoinStore: store } = this.options;
    const link = await Link.open(identity);
    const door = new Door(link, store);
    const surroundings: Surroundings = {
      link,
      store,
      frames,
      tell: (message) => tell(message),
      random,
      time: this.#time,
      spent: (ref) => door.spent(ref),
      revocations: async (list) => {
        if (await link.hearRevocations(list)) await this.#revocationsChanged(false);
      },
    };
    this.#at = { link, door, surroundings };
  }

  async #revocationsChanged(say: boolean): Promise<void> {
    for (const room of this.#rooms.values()) await room.revocationsChanged(say);
  }

  async #receive(message: ToWorker): Promise<void> {
    if (message.type === "start") return this.#start(message.identity);
    if (!this.#at) throw new Error(`${message.type} before start`);
    const { link, door, surroundings } = this.#at;
    const { tell } = this.options;
    switch (message.type) {
      case "group-changed":
        if (await link.update(message.certificates, message.revocations)) await this.#revocationsChanged(true);
        return;
      case "make-knock":
        // At the door, if not from a room: whether what is held there is good for anything, `joined` will say.
        for (const room of this.#rooms.values()) await room.offline();
        return this.#knock(door, message);
      case "read-knock": {
        if (!isKnock(message.knock)) return;
        const { id } = message.knock;
        const before = door.visitor(id);
        const name = await door.read(message.knock);
        tell({ type: "knock-read", knock: id, name });
        const [room] = this.#rooms.values();
        const visitor = door.visitor(id);
        if (name === null) room?.incident({ kind: "forged-knock" });
        // Only under the name that was on the button when it was pressed, without another one between.
        else if (visitor && before && name === before.name) {
          await room?.knockedAnew(id, before.keyPackage, visitor.keyPackage);
        }
        return;
      }
      case "joined": {
        if (!isJoined(message.message)) return;
        const tickets = door.takeTickets();
        for (const id of this.#rooms.keys()) {
          if (!message.message.rooms.some((state) => state.id === id)) this.#rooms.delete(id);
        }
        for (const [at, state] of message.message.rooms.entries()) {
          const room = this.#rooms.get(state.id) ?? new Room(state.id, surroundings);
          this.#rooms.set(state.id, room);
          await room.joined(message.message, tidy(state), at === 0 ? tickets : []);
        }
        return;
      }
      case "server":
        if (!isWellFormed(message.message)) return;
        if (message.message.type === "mls_refused" && message.message.room === null) {
          if (message.message.code === "clock") tell({ type: "obstacle", obstacle: "clock" });
          return;
        }
        return this.#rooms.get(message.message.room as string)?.server(message.message);
      case "offline":
        for (const room of this.#rooms.values()) await room.offline();
        return;
      case "admit":
        for (const id of message.knocks) {
          const visitor = door.visitor(id);
          // People are let into the meeting's first room.
          const [room] = this.#rooms.values();
          if (visitor) await room?.admit(id, visitor.keyPackage);
        }
        return;
      case "remove":
        for (const room of this.#rooms.values()) await room.remove(message.member);
        return;
      case "co-facilitator":
        for (const room of this.#rooms.values()) await room.grant(message.member, message.granted);
        return;
      case "leave":
        return this.#leave();
      case "say":
        return this.#rooms.get(message.room)?.say(message);
      case "withdraw":
        return this.#rooms.get(message.room)?.withdraw(message.id);
      case "check":
        return this.#rooms.get(message.room)?.check();
      case "mark-checked":
        return this.#rooms.get(message.room)?.markChecked(message.round);
      case "forget-room":
        this.#rooms.delete(message.room);
        return;
      default:
        return;
    }
  }

  async #knock(door: Door, message: Extract<ToWorker, { type: "make-knock" }>): Promise<void> {
    try {
      const made = await door.knock(message, this.#time());
      if (typeof made === "string") this.options.tell({ type: "obstacle", obstacle: made });
      else this.options.tell({ type: "send", message: made });
    } catch (error) {
      // The server made up an id or a nonce that is none: nothing can be sealed for it.
      const theirs = error instanceof CredentialError || error instanceof RangeError || error instanceof MlsError;
      if (!theirs) throw error;
    }
  }

  async #leave(): Promise<void> {
    let leaving: string | null = null;
    for (const room of this.#rooms.values()) leaving ??= await room.leave();
    this.#rooms.clear();
    this.options.tell({ type: "send", message: { type: "leave", leaving } });
    this.options.tell({ type: "left" });
  }
}
