/**
 * What this page says to the room: states, chat, requests. Sealing, numbering and saying again after a loss are the
 * worker's; here is what an answer is about: a chat message on the screen, a hand on its way up, a request that waits.
 */
import type { ChatLog } from "./chat_log";
import type { Message } from "./e2ee/envelope";

type StateMessage = Extract<Message, { type: "state" }>;

/** A chat message that could not even be handed to a socket within this, ms, is given back to the person. */
const NOT_SENT_MS = 12_000;
/** Before a `state` that was not said is said again, ms: what stood against it is mostly the limit per second. */
const AGAIN_MS = 1_000;

export interface WordsOptions {
  chat: ChatLog;
  /** Without `to` to everybody. `slot`: of several that wait under one name only the newest is said. */
  say(id: number, message: Message, how: { to?: string; slot?: string }): void;
  withdraw(id: number): void;
  /** One's state as it is now; null while one is out of the group: on the way in it is asked for anyway. */
  ownState(): StateMessage | null;
  /** A state to everybody has its number; `hand` and `sharing` are what it told. */
  stateSaid(seq: number, hand: number | null, sharing: number | null): void;
}

export class Words {
  #id = 0;
  #stopped = false;
  #stateQueued = false;
  /** States to everybody, by id: several may be on their way at once. */
  #states = new Map<number, StateMessage>();
  #chats = new Map<number, string>();
  #waiting = new Map<number, () => void>();

  constructor(private readonly options: WordsOptions) {}

  /** One state for everybody; several changes of one moment are one. */
  queueState(): void {
    if (this.#stateQueued) return;
    this.#stateQueued = true;
    queueMicrotask(() => {
      this.#stateQueued = false;
      const state = this.#stopped ? null : this.options.ownState();
      if (state) this.#states.set(this.#say(state, { slot: "state" }), state);
    });
  }

  /** For one member alone. */
  sayState(to: string): void {
    const state = this.options.ownState();
    if (state) this.#say(state, { to, slot: `state ${to}` });
  }

  /** One's own message: on the screen at once, and on its way. */
  writeChat(sender: string, senderName: string, text: string): void {
    this.#sayChat(this.options.chat.write(sender, senderName, text, new Date()), text);
  }

  /** One that was given back is sent once more. */
  chatAgain(key: string): void {
    const message = this.options.chat.find(key);
    if (message?.state !== "not-sent") return;
    this.options.chat.again(key);
    this.#sayChat(key, message.text);
  }

  /** `answered` is called once: when it was said, or will not be. */
  tell(message: Message, to: string | null, answered?: () => void): void {
    const id = this.#say(message, to === null ? {} : { to });
    if (answered) this.#waiting.set(id, answered);
  }

  said(id: number, seq: number): void {
    const state = this.#states.get(id);
    if (!state) {
      this.#answered(id, (key) => this.options.chat.sent(key, seq));
      return;
    }
    // Those before it were said, or gave way to a newer one.
    for (const older of this.#states.keys()) if (older <= id) this.#states.delete(older);
    const { hand, sharing = 0 } = state;
    this.options.stateSaid(seq, hand, sharing);
  }

  /** It will not be said. A state is said again, unless a newer one is on its way. */
  unsaid(id: number): void {
    if (!this.#states.has(id)) {
      this.#answered(id, (key) => this.options.chat.notSent(key));
      return;
    }
    const newest = Math.max(...this.#states.keys()) === id;
    this.#states.delete(id);
    if (newest) setTimeout(() => this.queueState(), AGAIN_MS);
  }

  stop(): void {
    this.#stopped = true;
  }

  #answered(id: number, chat: (key: string) => void): void {
    const key = this.#chats.get(id);
    this.#chats.delete(id);
    if (key !== undefined) chat(key);
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
  }

  #sayChat(key: string, text: string): void {
    const id = this.#say({ type: "chat", text }, {});
    this.#chats.set(id, key);
    setTimeout(() => {
      if (this.#chats.has(id) && !this.#stopped) this.options.withdraw(id);
    }, NOT_SENT_MS);
  }

  #say(message: Message, how: { to?: string; slot?: string }): number {
    this.#id += 1;
    this.options.say(this.#id, message, how);
    return this.#id;
  }
}
