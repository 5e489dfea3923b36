/** Says things to the room: sealed, numbered and sent in the order in which they were said, and again after a loss. */
import type { Message } from "./e2ee/manager";
import { Outbox, type Unsent } from "./outbox";
import type { ClientMessage } from "./protocol_types";

export interface SayingOptions {
  room: string;
  /** The last number that the room already took from this session. */
  taken: number;
  seal(message: Message, to?: string): Promise<string>;
  /** False while there is no socket. */
  send(message: ClientMessage): boolean;
  /** This chat message will not be sent by itself. */
  chatLost(key: string): void;
}

export class Saying {
  readonly #outbox: Outbox;
  #queue: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly options: SayingOptions) {
    this.#outbox = new Outbox(options.taken);
  }

  /** `compose` is called when the message's turn has come, so that a state tells the newest. */
  say(compose: () => Message, carries: { to: string | null; chat?: string; hand?: number | null }): void {
    this.#queue = this.#queue
      .then(async () => {
        if (this.#stopped) return;
        const body = await this.options.seal(compose(), carries.to ?? undefined);
        const { added, lost } = this.#outbox.add(body, carries);
        if (lost?.chat) this.options.chatLost(lost.chat);
        this.#transmit(added);
      })
      .catch(() => {
        // Sealing refuses only what is too long, or a room that was left meanwhile.
        if (carries.chat) this.options.chatLost(carries.chat);
      });
  }

  /** After a loss: sends again what the room did not take. Returns what it had taken. */
  resume(taken: number): Unsent[] {
    const outcome = this.#outbox.resume(taken);
    for (const one of outcome.again) this.#transmit(one);
    return outcome.taken;
  }

  confirm(n: number): Unsent | null {
    return this.#outbox.confirm(n);
  }

  refuse(n: number): Unsent | null {
    return this.#outbox.refuse(n);
  }

  withdraw(chat: string): boolean {
    return this.#outbox.withdraw(chat);
  }

  stop(): void {
    this.#stopped = true;
  }

  #transmit(one: Unsent): void {
    const { n, body, to } = one;
    const message: ClientMessage = { type: "say", room: this.options.room, n, body, ...(to === null ? {} : { to }) };
    if (this.options.send(message)) one.transmitted = true;
  }
}
