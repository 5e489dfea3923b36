/**
 * Waiting for WebCrypto and streams without a clock: their work is done by other threads, in its own time. Importing this
 * file makes every operation of WebCrypto counted.
 */
let pending = 0;
/** The real one, where a test holds timers in its hand. */
const turn = globalThis.setTimeout;

for (const name of ["importKey", "deriveBits", "encrypt", "decrypt", "digest"] as const) {
  const original = crypto.subtle[name] as (...args: unknown[]) => Promise<unknown>;
  const counted = async (...args: unknown[]) => {
    pending++;
    try {
      return await original.apply(crypto.subtle, args);
    } finally {
      pending--;
    }
  };
  Object.defineProperty(crypto.subtle, name, { value: counted, configurable: true, writable: true });
}

/** Turns of the event loop without any operation under way, after which nothing more will come. */
const QUIET_TURNS = 5;

export async function settled(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet = pending === 0 ? quiet + 1 : 0) {
    await new Promise((resolve) => turn(resolve));
  }
}
