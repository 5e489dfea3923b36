/** Stand-ins for what a browser brings along. */
import type { SocketLike } from "../../../web/client/connection";
import type { ClientMessage, ServerMessage } from "../../../web/client/protocol_types";

export class FakeStorage implements Storage {
  #items = new Map<string, string>();
  /** As a browser does when storage is full or forbidden. */
  broken = false;

  [key: string]: unknown;

  get length(): number {
    return this.#items.size;
  }

  entries(): IterableIterator<[string, string]> {
    return this.#items.entries();
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    if (this.broken) throw new DOMException("forbidden", "SecurityError");
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.broken) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }

  clear(): void {
    this.#items.clear();
  }
}

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: (ClientMessage & { n?: number })[] = [];
  closed = false;
  #listener: ((message: ClientMessage & { n: number }) => unknown) | undefined;

  asSocket(): SocketLike {
    return this as unknown as SocketLike;
  }

  send(text: string): void {
    const message = JSON.parse(text);
    this.sent.push(message);
    this.#listener?.(message);
  }

  /** Called by either end; the client hears of it only while it listens. */
  close(code = 1000): void {
    this.closed = true;
    this.onclose?.({ code });
  }

  onSend(listener: (message: ClientMessage & { n: number }) => unknown): void {
    this.#listener = listener;
  }

  /** The server says something. */
  say(message: ServerMessage): void {
    this.raw(JSON.stringify(message));
  }

  raw(data: unknown): void {
    this.onmessage?.({ data });
  }
}
