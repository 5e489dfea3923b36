/** Stand-ins for what a browser brings along. */

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
