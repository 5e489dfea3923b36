/** The chat as one person sees it: what arrived, in the room's order, and one's own messages on their way. */
import type { ChatMessage } from "./model";

/** Messages kept on the screen; a meeting's chat vanishes with it anyway. */
const MOST = 1000;

export class ChatLog {
  #messages: ChatMessage[] = [];
  #keys = 0;

  /** In the room's order, unsent ones last. */
  get messages(): ChatMessage[] {
    return this.#messages;
  }

  /** One's own message, on its way. Returns its key. */
  write(sender: string, senderName: string, text: string, at: Date): string {
    this.#keys += 1;
    const key = `own-${this.#keys}`;
    this.#put({ seq: 0, key, sender, senderName, own: true, text, at, state: "sending" });
    return key;
  }

  heard(seq: number, sender: string, senderName: string, text: string, at: Date): void {
    this.#put({ seq, key: `seq-${seq}-${sender}`, sender, senderName, own: false, text, at, state: "sent" });
  }

  /** The room took it; `seq` null where only that is known, and not its place. */
  sent(key: string, seq: number | null): void {
    const found = this.find(key);
    if (found && found.state !== "sent") this.#put({ ...found, seq: seq ?? this.#lastSeq(), state: "sent" });
    else if (found && seq !== null) this.#put({ ...found, seq });
  }

  notSent(key: string): void {
    const found = this.find(key);
    if (found?.state === "sending") this.#put({ ...found, state: "not-sent" });
  }

  /** The person asked to send it once more. */
  again(key: string): void {
    const found = this.find(key);
    if (found?.state === "not-sent") this.#put({ ...found, state: "sending" });
  }

  find(key: string): ChatMessage | undefined {
    return this.#messages.find((message) => message.key === key);
  }

  /** The name of somebody whose words came before their name did. */
  name(sender: string, senderName: string): boolean {
    const nameless = (message: ChatMessage) => message.sender === sender && message.senderName === "";
    if (!this.#messages.some(nameless)) return false;
    this.#messages = this.#messages.map((message) => (nameless(message) ? { ...message, senderName } : message));
    return true;
  }

  #lastSeq(): number {
    return Math.max(0, ...this.#messages.map((message) => message.seq));
  }

  #put(message: ChatMessage): void {
    const rest = this.#messages.filter((other) => other.key !== message.key);
    const place = (one: ChatMessage) => (one.seq === 0 ? Number.POSITIVE_INFINITY : one.seq);
    let index = rest.length;
    // Equal places keep the order of writing; only what has a place moves before what has none.
    while (index > 0 && place(rest[index - 1] as ChatMessage) > place(message)) index -= 1;
    if (place(message) === Number.POSITIVE_INFINITY && this.find(message.key)) {
      index = this.#messages.findIndex((other) => other.key === message.key);
    }
    rest.splice(index, 0, message);
    this.#messages = rest.slice(-MOST);
  }
}
